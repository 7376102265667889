"""Painted strokes become labels: by exact colours, on the scan's own grid, and nothing else is taken."""

import numpy as np
import pytest
from PIL import Image

from tratteggio import files
from tratteggio.damage import CLASSES
from tratteggio.errors import BadUsage, GridMismatch, UnsupportedFile
from tratteggio.painting import Labels, Scan
from tratteggio.painting.labels import KINDS
from tratteggio.painting.legend import FORMER_STROKES

RED, GREEN, YELLOW, WHITE = (255, 0, 0), (0, 160, 80), (255, 210, 0), (255, 255, 255)
SCAN = Scan(np.zeros((6, 8, 3), np.uint8), name="panel.tif")


def sheet(tmp_path, array: np.ndarray, name: str = "strokes.png"):
    path = tmp_path / name
    Image.fromarray(array).save(path)
    return path


def codes_of(kind: str) -> int:
    return 1 + KINDS.index(kind)


def test_each_colour_of_the_palette_says_one_thing(tmp_path):
    array = np.zeros((6, 8, 3), np.uint8)
    array[0], array[1, :4], array[2, 2], array[3, 3], array[4] = RED, GREEN, YELLOW, (255, 255, 0), WHITE
    labels = files.read_labels(sheet(tmp_path, array), SCAN)
    assert labels.counts == {"paint": 4, "loss": 8, "crack": 2}
    assert (labels.codes[0] == codes_of("loss")).all()
    assert (labels.codes[1, :4] == codes_of("paint")).all()
    assert labels.of("crack").sum() == 2
    assert not labels.codes[4:].any(), "white and black say nothing"


def test_strokes_have_the_colours_of_damage_maps(tmp_path):
    array = np.zeros((6, 8, 3), np.uint8)
    array[0], array[1] = CLASSES["loss"].colour, CLASSES["crack"].colour
    assert files.read_labels(sheet(tmp_path, array), SCAN).counts == {"loss": 8, "crack": 8}


def test_strokes_of_16_bit_have_the_same_colours(tmp_path):
    array = np.zeros((6, 8, 3), np.uint16)
    array[0], array[1] = np.array(GREEN) * 257, np.array(YELLOW) * 257
    files.write(array, tmp_path / "strokes.png")
    assert files.read_labels(tmp_path / "strokes.png", SCAN).counts == {"paint": 8, "crack": 8}


@pytest.mark.parametrize(("colour", "meaning"), FORMER_STROKES.items())
@pytest.mark.parametrize("opacity", [(), (255,)])
def test_former_colours_are_refused_with_their_former_meaning(tmp_path, colour, meaning, opacity):
    array = np.zeros((6, 8, 3 + len(opacity)), np.uint8)
    array[0], array[1] = (*RED, *opacity), (*colour, *opacity)
    with pytest.raises(
        BadUsage, match=f"former stroke colours for {meaning}; blue now means scratch.*green #00a050"
    ):
        files.read_labels(sheet(tmp_path, array), SCAN)


def test_what_is_transparent_says_nothing_whatever_its_colour(tmp_path):
    array = np.zeros((6, 8, 4), np.uint8)
    array[..., :3] = (17, 99, 3)
    array[0] = (*RED, 255)
    assert files.read_labels(sheet(tmp_path, array), SCAN).counts == {"loss": 8}


def test_colours_that_are_not_in_the_palette_are_listed(tmp_path):
    array = np.zeros((6, 8, 3), np.uint8)
    array[0], array[1, :3], array[2, 0] = RED, (254, 0, 0), (255, 128, 0)
    with pytest.raises(BadUsage, match=r"\(254, 0, 0\) 3 times, \(255, 128, 0\) 1 times"):
        files.read_labels(sheet(tmp_path, array), SCAN)


def test_a_soft_rim_of_half_opacity_is_listed(tmp_path):
    array = np.zeros((6, 8, 4), np.uint8)
    array[0], array[1] = (*RED, 255), (*RED, 128)
    with pytest.raises(BadUsage, match=r"\(255, 0, 0, 128\) 8 times"):
        files.read_labels(sheet(tmp_path, array), SCAN)


def test_only_the_most_frequent_of_many_strange_colours_are_named(tmp_path):
    array = np.zeros((6, 8, 3), np.uint8)
    array[..., 1] = np.arange(1, 49).reshape(6, 8)
    with pytest.raises(BadUsage, match="and 43 more"):
        files.read_labels(sheet(tmp_path, array), SCAN)


def test_labels_of_another_size_are_refused_with_both_sizes(tmp_path):
    with pytest.raises(GridMismatch, match="6 rows x 9 columns and panel.tif has 6 rows x 8"):
        files.read_labels(sheet(tmp_path, np.zeros((6, 9, 3), np.uint8)), SCAN)


def test_a_sheet_without_strokes_is_refused(tmp_path):
    with pytest.raises(BadUsage, match="no strokes; paint strokes in red"):
        files.read_labels(sheet(tmp_path, np.zeros((6, 8, 3), np.uint8)), SCAN)


def test_a_grey_sheet_is_refused(tmp_path):
    with pytest.raises(UnsupportedFile, match="grey"):
        files.read_labels(sheet(tmp_path, np.zeros((6, 8), np.uint8)), SCAN)


def test_codes_that_mean_nothing_are_no_labels():
    with pytest.raises(BadUsage, match=r"0 \.\. 3"):
        Labels(np.full((2, 2), 4, np.uint8))
