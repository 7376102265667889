"""IIIF images are opened as scans, those of others with suspicion."""

from __future__ import annotations

import functools
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from numpy.testing import assert_array_equal

import tratteggio as tg
from formats.conftest import COLS, ROWS, damaged
from tratteggio import files, treatment
from tratteggio.errors import UnreadableFile, UnsupportedFile
from tratteggio.painting import Region, Scan


@pytest.fixture
def image(published: Path, tmp_path: Path) -> Path:
    """The description of a published picture, to spoil."""
    shutil.copytree(published / "rgb", tmp_path / "rgb")
    return tmp_path / "rgb" / "info.json"


class Server:
    """A web server on this machine, which can be told to answer otherwise."""

    def __init__(self, folder: Path) -> None:
        self.moved: dict[str, str] = {}
        told, asked = self.moved, self.asked = self.moved, []

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                if self.path in told:
                    self.send_response(302)
                    self.send_header("Location", told[self.path])
                    self.end_headers()
                else:
                    super().do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def served(image: Path) -> Iterator[Server]:
    server = Server(image.parent.parent)
    yield server
    server.close()


def test_an_image_is_a_scan_of_8_bit_and_that_is_said(image: Path, caplog: pytest.LogCaptureFixture) -> None:
    stack = tg.open(image)
    scan = stack.primary
    assert (scan.grid, scan.dtype, scan.channels, list(stack)) == ((ROWS, COLS), np.uint8, 3, ["rgb"])
    assert "JPEG of 8 bit, not the samples of the scan" in caplog.text
    whole = scan.read()
    assert np.abs(whole.astype(int) - files.overview(Scan(damaged()), longest=COLS)).mean() < 1.5
    region = Region(500, 500, 530, 1030)
    assert_array_equal(scan.read(region), whole[region.slices])
    assert tg.open(image.parent).primary.grid == (ROWS, COLS)  # the folder does as well
    assert files.read(image / "rgb").grid == (ROWS, COLS)


def test_a_proposal_for_an_image_finds_its_source_again(image: Path, tmp_path: Path) -> None:
    lost = np.zeros((ROWS, COLS), bool)
    lost[100:110, 100:110] = True
    tg.inpaint(image, lost, engine="diffusion").save(tmp_path / "out.tif")
    assert treatment.reopen(tmp_path / "out.tif").original.grid == (ROWS, COLS)
    history = files.read_history(tmp_path / "out.tif.history.json")
    assert history["source"]["sha256"] == files.sha256_pixels(tg.open(image).primary.pixels)


def test_only_the_tiles_of_a_region_are_fetched_over_the_web(served: Server) -> None:
    scan = tg.open(f"{served.address}/rgb/info.json").primary
    assert scan.name == f"{served.address}/rgb/info.json/rgb"
    served.asked.clear()
    scan.read(Region(0, 0, 20, 600))
    assert served.asked == [
        "/rgb/0,0,512,512/512,512/0/default.jpg",
        "/rgb/512,0,512,512/512,512/0/default.jpg",
    ]
    served.asked.clear()
    scan.read(step=2)
    assert all(part.split("/")[2] in ("0,0,1024,700", "1024,0,276,700") for part in served.asked)


def test_a_proposal_for_an_image_on_the_web_needs_its_address_again(served: Server, tmp_path: Path) -> None:
    address, lost = f"{served.address}/rgb/info.json", np.zeros((ROWS, COLS), bool)
    lost[100:110, 100:110] = True
    tg.inpaint(address, lost, engine="diffusion").save(tmp_path / "out.tif")
    source = files.read_history(tmp_path / "out.tif.history.json")["source"]
    assert "file" not in source
    assert treatment.reopen(tmp_path / "out.tif", source=address).lacunae.lost_px == 100
    with pytest.raises(UnreadableFile, match="its source None is not there; give it with `source=FILE`"):
        treatment.reopen(tmp_path / "out.tif")


def test_a_redirection_is_followed_within_a_server_only(served: Server) -> None:
    first, other = "/rgb/0,0,512,512/512,512/0/default.jpg", "/rgb/512,0,512,512/512,512/0/default.jpg"
    served.moved[first] = other
    scan = tg.open(f"{served.address}/rgb/info.json").primary
    scan.read(Region(0, 0, 9, 9))
    elsewhere = served.address.replace("127.0.0.1", "localhost")
    served.moved[first] = f"{elsewhere}{other}"
    scan = tg.open(f"{served.address}/rgb/info.json").primary
    with pytest.raises(UnreadableFile, match=r"redirects to another server \(http://localhost"):
        scan.read(Region(0, 0, 9, 9))
    served.moved[first] = "file:///etc/passwd"
    with pytest.raises(UnreadableFile, match="'file:///etc/passwd' is not allowed"):
        scan.read(Region(0, 0, 9, 9))


def test_what_a_server_does_not_have_is_named(served: Server, image: Path) -> None:
    tile = image.parent / "0,0,512,512" / "512,512" / "0" / "default.jpg"
    tile.unlink()
    with pytest.raises(UnreadableFile, match=r"512,512/0/default\.jpg: the server answered 404"):
        tg.open(f"{served.address}/rgb/info.json").primary.read(Region(0, 0, 9, 9))
    with pytest.raises(UnreadableFile, match=r"default\.jpg is missing, so the IIIF image is not whole"):
        tg.open(image).primary.read(Region(0, 0, 9, 9))
    with pytest.raises(UnreadableFile, match="answered 404"):
        tg.open(f"{served.address}/nothing/info.json")
    served.close()
    with pytest.raises(UnreadableFile, match="cannot be reached: .*; check the address"):
        tg.open(f"{served.address}/rgb/info.json")


def test_a_tile_of_another_size_or_kind_is_refused(image: Path) -> None:
    tile = image.parent / "0,0,512,512" / "512,512" / "0" / "default.jpg"
    tile.write_bytes(imagecodecs.jpeg8_encode(np.zeros((600, 512, 3), np.uint8)))
    with pytest.raises(
        UnreadableFile, match="has 600 rows x 512 columns, but its description asks for 512 x 512"
    ):
        tg.open(image).primary.read(Region(0, 0, 9, 9))
    tile.write_bytes(b"<html>please sign in</html>")
    with pytest.raises(UnreadableFile, match="is no sound JPEG"):
        tg.open(image).primary.read(Region(0, 0, 9, 9))
    tile.write_bytes(b"\xff\xd8" + bytes(4 << 20))
    with pytest.raises(UnreadableFile, match="has more than 2,097,152 bytes"):
        tg.open(image).primary.read(Region(0, 0, 9, 9))


HOSTILE = {
    "no width": {"width": None},
    "a width of 0": {"width": 0},
    "a negative height": {"height": -5},
    "a width in words": {"width": "1300"},
    "a width beyond all": {"width": 10**12},
    "more than there is": {"width": 100_000, "height": 100_000},
    "tiles of 0": {"tiles": [{"width": 0, "scaleFactors": [1]}]},
    "tiles of 0 rows": {"tiles": [{"width": 512, "height": 0, "scaleFactors": [1]}]},
    "tiles beyond memory": {
        "width": 1_000_000, "height": 1_000_000, "tiles": [{"width": 900_000, "scaleFactors": [1]}],
    },
    "no factors": {"tiles": [{"width": 512, "scaleFactors": []}]},
    "factors of 0": {"tiles": [{"width": 512, "scaleFactors": [0, 1]}]},
    "factors without end": {"tiles": [{"width": 512, "scaleFactors": list(range(1, 999))}]},
    "no tiles at full size": {"tiles": [{"width": 512, "scaleFactors": [2, 4]}]},
    "tiles that are no list": {"tiles": 7},
    "another context": {"@context": "http://iiif.io/api/image/9/context.json"},
    "a context that is a list of lists": {"@context": [[[]]]},
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_description_is_one_sentence(image: Path, what: str) -> None:
    document = json.loads(image.read_text()) | HOSTILE[what]
    image.write_text(json.dumps({key: value for key, value in document.items() if value is not None}))
    with pytest.raises(UnreadableFile) as error:
        tg.open(image)
    assert str(image.parent) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": ' + b"[" * 5000, b"\xff\xfe", b"null"])
def test_a_description_that_is_none_is_one_sentence(image: Path, content: bytes) -> None:
    image.write_bytes(content)
    with pytest.raises(UnreadableFile, match="info.json"):
        tg.open(image)


def test_the_address_that_a_description_states_is_not_followed(image: Path) -> None:
    document = json.loads(image.read_text()) | {"id": "http://127.0.0.1:9/elsewhere"}
    image.write_text(json.dumps(document))
    tg.open(image).primary.read(Region(0, 0, 9, 9))


def test_images_of_version_2_are_read(image: Path) -> None:
    """Their sizes are named by the width alone (Image API 2.1, section 4.7)."""
    for file in list(image.parent.rglob("default.jpg")):
        size = file.parents[1]
        size.rename(size.with_name("full" if size.name == "max" else f"{size.name.split(',')[0]},"))
    two = {
        "@context": "http://iiif.io/api/image/2/context.json",
        "profile": ["http://iiif.io/api/image/2/level0.json"],
    }
    image.write_text(json.dumps(json.loads(image.read_text()) | two))
    scan = tg.open(image).primary
    assert np.abs(scan.read().astype(int) - files.overview(Scan(damaged()), longest=COLS)).mean() < 1.5
    assert scan.read(step=2).shape == (ROWS // 2, COLS // 2, 3)


def test_images_without_tiles_are_read_whole_or_in_tiles_that_the_server_makes(image: Path) -> None:
    document = json.loads(image.read_text())
    whole = tg.open(image).primary.read()
    del document["tiles"]
    image.write_text(json.dumps(document | {"profile": "level2"}))
    assert_array_equal(tg.open(image).primary.read(), whole)
    image.write_text(json.dumps(document))
    scan = tg.open(image).primary
    assert not scan.pixels.by_region
    assert np.abs(scan.read().astype(int) - whole).mean() < 1
    image.write_text(json.dumps(document | {"width": 500_000, "height": 500_000}))
    with pytest.raises(UnsupportedFile, match="offers no tiles"):
        tg.open(image)
