"""The page of the studio in a real browser: what a user does, and what they see."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from studio_page import FRONTEND, why_no_browser
from tratteggio import files
from tratteggio.painting import Stack
from tratteggio.phantom import multimodal

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(bool(why_no_browser()), reason=why_no_browser() or "there is a browser")


@pytest.fixture(scope="module")
def examined(tmp_path_factory):
    """A panel in colour and in infrared."""
    stack = multimodal(640, 520, seed=3, depth="uint16", motif="landscape").stack
    folder = tmp_path_factory.mktemp("examined")
    scans = (replace(stack["rgb_during"], modality="rgb"), stack["irr"])
    files.write_stack(Stack(scans, title="Panel"), folder / "panel.ome.zarr", history={"verb": "test"})
    return folder / "panel.ome.zarr"


@pytest.fixture
def panel_stack(examined, tmp_path):
    shutil.copytree(examined, tmp_path / "panel.ome.zarr")
    return tmp_path / "panel.ome.zarr"


@pytest.fixture
def drive(chromium):
    return lambda scenario, studio: drive_scenario(chromium, scenario, studio)


def drive_scenario(chromium, scenario, studio):
    words = [shutil.which("node"), HERE / "browser.mjs", FRONTEND, chromium, scenario]
    done = subprocess.run(
        [*map(str, words), studio.door.address],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["outside"] == []  # no request leaves the machine
    assert told["errors"] == []
    return told["said"]


def test_from_the_first_look_to_a_verified_proposal(panel_stack, open_page, drive):
    with open_page(panel_stack) as studio:
        said = drive("work", studio)
    assert said["marked"]["loss"] > 100
    assert set(said["values"]) == {"rgb", "irr"}
    assert max(said["values"]["rgb"]) > 255  # full depth
    assert (said["detect"], said["preview"]) == ("done", "done")
    assert said["fill"]["passed"] is True
    assert "panel.proposal-1.report.html" in said["told"]
    assert said["again"]["marks"]["counts"] == said["marked"]
    assert "proposal-1" in [fill["id"] for fill in said["again"]["fills"]]
    assert [entry["what"] for entry in said["again"]["log"]] == ["fill", "report"]


def test_a_folder_its_paintings_and_the_look_that_comes_back(panel_stack, open_page, drive):
    with open_page(panel_stack.parent) as studio:
        said = drive("folder", studio)
    assert said["names"] == ["Panel"]
    assert abs(said["infrared"][0] - said["before"][0]) > 5  # infrared is another picture
    assert abs(said["infrared"][1] - said["before"][0]) < 3  # red is shown as green
    assert said["again"]["mix"] == ["irr:0", "rgb:0", "rgb:1"]
    assert said["again"]["red"] != 1
    for name, value in said["stand"].items():
        assert abs(said["again"]["stand"][name] - value) < 1e-3


def test_findings_a_selection_and_a_choice_for_one_lacuna(panel_stack, open_page, drive):
    with open_page(panel_stack) as studio:
        said = drive("pieces", studio)
    assert sum(said["marked"].values()) == said["first"]["px"]  # the second was rejected
    assert 0 < said["selected"] < said["more"]
    assert said["steps"] == 2  # another tolerance takes the place of the first selection
    assert said["log"][-2:] == ["choose", "choose"]


def test_two_fingers_move_the_view_and_one_draws(panel_stack, open_page, drive):
    with open_page(panel_stack) as studio:
        said = drive("touch", studio)
    assert said["after"]["zoom"] > 1.5 * said["before"]["zoom"]
    assert said["pinched"] == 0  # what the first finger began is taken back
    assert said["drawn"] == 1
    assert not said["wide"]


def test_undo_and_redo_are_equal_in_pixels(panel_stack, open_page, drive):
    with open_page(panel_stack) as studio:
        said = drive("strokes", studio)
    assert said["empty"]["marked"] == 0
    assert 0 < said["one"]["marked"] < said["two"]["marked"]
    assert said["three"]["marked"] < said["two"]["marked"]
    assert said["counts"]["loss"] > 0
    assert said["counts"]["crack"] > 0
    assert said["back"] == [said["two"], said["one"], said["empty"]]
    assert said["forth"] == [said["one"], said["two"], said["three"]]
    assert said["dab"] == 4


def test_a_tab_closed_in_the_middle_of_a_stroke_loses_that_stroke_at_most(panel_stack, open_page, drive):
    with open_page(panel_stack) as studio:
        said = drive("closed", studio)
    assert said["marks"]["undo"] in (1, 2)


def test_the_curtain_cuts_at_its_line_at_any_zoom_and_turn(panel_stack, open_page, drive):
    with open_page(panel_stack) as studio:
        said = drive("curtain", studio)
    for sides in said:
        assert sides["right"] > 0.99, said
        assert sides["left"] < 0.5, said


def test_nothing_serious_stands_in_the_way_of_anyone(panel_stack, open_page, drive):
    with open_page(panel_stack) as studio:
        assert drive("accessible", studio) == []
