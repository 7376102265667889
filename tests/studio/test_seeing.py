"""What is seen: white balance, false colour, and the look that is kept for the next time."""

import io
import json
import os

import numpy as np
import pytest
from PIL import Image

from tratteggio import files
from tratteggio.painting import Scan, Stack


@pytest.fixture
def examined(tmp_path):
    """A warm grey panel whose infrared has a dark square."""
    colour = np.full((64, 80, 3), (180, 120, 60), np.uint8)
    colour[:18, :18] = 0
    infrared = np.full((64, 80), 200, np.uint8)
    infrared[20:40, 20:40] = 10
    scans = Scan(colour, modality="rgb"), Scan(infrared, modality="irr")
    files.write_stack(Stack(scans), tmp_path / "panel.ome.zarr", history={"verb": "test"})
    return tmp_path / "panel.ome.zarr"


def picture(studio, path):
    return np.asarray(Image.open(io.BytesIO(studio.get(path).content))).astype(int)


def test_a_grey_place_becomes_grey(examined, opening):
    with opening(examined) as studio:
        tone = studio.get("neutral?scan=rgb&row=50&col=50").json()
        words = "&".join(f"{name}={value}" for name, value in tone.items())
        shown = picture(studio, f"tiles/scan/rgb/0/0/0?{words}")[50, 50]
        assert np.ptp(shown) <= 2
        assert abs(shown[1] - 120) <= 2  # green stays
        for place, why in (("scan=irr&row=50&col=50", "grey"), ("scan=rgb&row=0&col=0", "too dark")):
            answer = studio.get(f"neutral?{place}")
            assert (answer.status_code, why in answer.json()["error"]) == (400, True)


def test_false_colour_shows_infrared_in_red(examined, opening):
    with opening(examined) as studio:
        shown = picture(studio, "tiles/false/mix/0/0/0?r=irr:0&g=rgb:0&b=rgb:1")
        assert np.abs(shown[50, 60] - (200, 180, 120)).max() <= 3
        assert np.abs(shown[30, 30] - (10, 180, 120)).max() <= 3
        brighter = picture(studio, "tiles/false/mix/0/0/0?r=irr:0&g=rgb:0&b=rgb:1&irr.exposure=1")
        assert brighter[50, 60, 0] > 240  # the tone of each scan counts
        assert np.abs(brighter[50, 60, 1:] - (180, 120)).max() <= 3
        for wrong in ("r=irr:0&g=rgb:0", "r=irr:3&g=rgb:0&b=rgb:1", "r=../x:0&g=rgb:0&b=rgb:1"):
            assert studio.get(f"tiles/false/mix/0/0/0?{wrong}").status_code == 400


def test_the_look_is_kept_for_the_next_time(examined, opening):
    look = json.dumps({"tones": {"rgb": {"exposure": 1}}})
    with opening(examined) as studio:
        assert studio.get("facts").json()["view"] is None
        assert studio.post("look", {"view": look}).status_code == 200
        assert studio.post("look", {"view": "x" * 20_000}).status_code == 400
        key = studio.get("facts").json()["key"]
    with opening(examined) as studio:
        assert studio.get("facts").json()["view"] == look
        assert studio.get("facts").json()["key"] != key  # a browser keeps tiles of the former one


def test_a_file_that_is_changed_or_vanishes_is_told(panel, opening):
    with opening(panel) as studio:
        assert studio.get("state").json()["source"] == "same"
        os.utime(panel, (1, 1))
        assert studio.get("state").json()["source"] == "changed"
        panel.unlink()
        assert studio.get("state").json()["source"] == "missing"
