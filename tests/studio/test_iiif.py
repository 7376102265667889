"""The scans of the studio as IIIF images of level 2."""

import httpx
import imagecodecs
import numpy as np
import pytest
from PIL import Image

from tratteggio import files
from tratteggio.errors import BadUsage
from tratteggio.files.display import TOLERANCE
from tratteggio.painting import Metadata, Region
from tratteggio.studio.iiif_request import parse_request

GRID = (600, 1000)


def ask(region="full", size="max", rotation="0", quality="default", suffix="jpg"):
    return parse_request(GRID, region=region, size=size, rotation=rotation, quality=quality, suffix=suffix)


@pytest.mark.parametrize(
    ("region", "found"),
    [
        ("full", Region(0, 0, 600, 1000)),
        ("square", Region(0, 200, 600, 800)),
        ("10,20,30,40", Region(20, 10, 60, 40)),
        ("990,590,100,100", Region(590, 990, 600, 1000)),
        ("pct:10,50,20,25", Region(300, 100, 450, 300)),
        ("pct:33.3,0,0.5,100", Region(0, 333, 600, 338)),
    ],
)
def test_regions(region, found):
    assert ask(region).region == found


@pytest.mark.parametrize(
    ("size", "found"),
    [
        ("max", (600, 1000)),
        ("500,", (300, 500)),
        (",300", (300, 500)),
        ("pct:10", (60, 100)),
        ("7,9", (9, 7)),
        ("!500,500", (300, 500)),
        ("!2000,300", (300, 500)),
        ("!1,1", (1, 1)),
    ],
)
def test_sizes(size, found):
    assert ask(size=size).size == found


REFUSED = {
    "region": ["", "0,0,0,9", "1000,0,9,9", "-1,0,5,5", "1,2,3", "pct:100,0,5,5", "a", "0,0,1e3,5", "5" * 99],
    "size": ["", "full", "0,", ",0", "1001,", ",601", "pct:101", "pct:0", "^max", "^2000,", "!2000,9000"],
    "rotation": ["", "45", "-90", "!", "x", "22.5", "720", "nan"],
    "quality": ["", "colour", "native", "grey"],
    "suffix": ["", "webp", "tif", "jp2", "pdf", "JPG"],
}  # fmt: skip


@pytest.mark.parametrize(("part", "text"), [(part, one) for part in REFUSED for one in REFUSED[part]])
def test_what_is_malformed_or_not_offered_is_refused(part, text):
    with pytest.raises(BadUsage):
        ask(**{part: text})


def test_the_largest_answer_is_bounded():
    words = {"rotation": "0", "quality": "default", "suffix": "jpg"}
    assert parse_request((80_000, 120_000), region="full", size="max", **words).size == (1365, 2048)
    with pytest.raises(BadUsage, match="more than 2048 pixels a side"):
        parse_request((80_000, 120_000), region="full", size="4096,", **words)


def test_the_description_is_that_of_level_2(studio):
    answer = studio.client.get("/iiif/rgb/info.json")
    info = answer.json()
    assert info["id"] == f"{studio.origin}/iiif/rgb"
    assert (info["profile"], info["height"], info["width"], info["maxWidth"]) == ("level2", 700, 600, 2048)
    assert answer.headers["content-type"] == "application/json"
    linked = studio.client.get("/iiif/rgb/info.json", headers={"Accept": "application/ld+json"})
    assert linked.headers["content-type"].startswith("application/ld+json")
    assert studio.client.get("/iiif/rgb").headers["location"] == "/iiif/rgb/info.json"


def picture(studio, path):
    answer = studio.client.get(f"/iiif/rgb/{path}")
    assert answer.status_code == 200, answer.text
    decode = imagecodecs.png_decode if path.endswith("png") else imagecodecs.jpeg8_decode
    return decode(answer.content)


def assert_alike(found, wanted):
    """Tables of the screen and the colour library agree to a level or two."""
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted).max() <= TOLERANCE


def test_pictures_are_those_of_the_scan(studio, panel):
    whole = files.overview(files.read(panel), longest=9999)
    assert_alike(picture(studio, "full/max/0/default.png"), whole)
    assert_alike(picture(studio, "20,30,100,50/max/0/color.png"), whole[30:80, 20:120])
    turned = np.rot90(whole[30:80, 20:120][:, ::-1], -1)
    assert_alike(picture(studio, "20,30,100,50/max/!90/default.png"), turned)
    grey = picture(studio, "20,30,100,50/max/0/gray.png")
    assert (grey[..., 0] == grey[..., 2]).all()
    assert set(np.unique(picture(studio, "full/100,/0/bitonal.png"))) == {0, 255}
    small = np.asarray(Image.fromarray(whole).resize((150, 175), Image.Resampling.BOX))
    assert np.abs(picture(studio, "full/150,/0/default.png").astype(int) - small).mean() < 1
    assert picture(studio, "pct:0,0,50,50/!64,64/270/default.jpg").shape == (55, 64, 3)


def test_a_scan_with_an_orientation_is_upright(panel, opening):
    scan = files.read(panel)
    files.write(scan.pixels, panel, metadata=Metadata(orientation=6))
    whole = files.overview(files.read(panel), longest=9999)
    with opening(panel) as studio:
        assert studio.client.get("/iiif/rgb/info.json").json()["width"] == 700
        assert_alike(picture(studio, "40,30,100,50/max/0/default.png"), whole[30:80, 40:140])


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("xray/info.json", 404),
        ("xray/full/max/0/default.jpg", 404),
        ("..%2f..%2fetc/info.json", 404),
        ("rgb/full/max/0/default", 404),
        ("rgb/full/max/0/default.tif", 400),
        ("rgb/9999,0,1,1/max/0/default.jpg", 400),
        ("rgb/full/^max/0/default.jpg", 400),
        ("rgb/full/max/45/default.jpg", 400),
    ],
)
def test_bad_requests_are_answered(studio, path, code):
    answer = studio.client.get(f"/iiif/{path}")
    assert answer.status_code == code
    assert code == 404 or list(answer.json()) == ["error"]


def test_the_guard_stands_before_images_too(studio):
    """No answer without the cookie, to another site, or to anything that would change."""
    path = f"{studio.origin}/iiif/rgb/info.json"
    assert httpx.get(path).status_code == 403
    assert studio.client.get(path, headers={"Origin": "http://evil.example"}).status_code == 403
    assert studio.client.get(path, headers={"Host": "evil.example"}).status_code == 421
    assert studio.client.post(path, headers={"Origin": studio.origin}, json={}).status_code in (404, 405)
    assert "access-control-allow-origin" not in studio.client.get(path).headers
