"""Maps of classes as files."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from tratteggio import files
from tratteggio.damage import PALETTE
from tratteggio.errors import BadUsage, UnreadableFile, UnsupportedFile
from tratteggio.painting import Metadata

NUMBERS = {colour: number for number, colour in enumerate(PALETTE)}


def indices() -> np.ndarray:
    return np.random.default_rng(0).integers(0, len(PALETTE), (301, 77)).astype(np.uint8)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_classes_come_back_and_others_see_a_palette(tmp_path, suffix):
    path = tmp_path / f"map.{suffix}"
    files.write_indexed(indices(), path, PALETTE, metadata=Metadata(resolution=(120.0, 120.0), unit="cm"))
    assert_array_equal(files.read_indexed(path, NUMBERS), indices())
    with Image.open(path) as opened:
        assert opened.mode == "P"
        assert opened.info["dpi"][0] == pytest.approx(304.8, rel=1e-3)
        assert_array_equal(np.asarray(opened), indices())
        assert_array_equal(np.asarray(opened.convert("RGB")), np.array(PALETTE, np.uint8)[indices()])


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_a_map_may_have_been_painted_in_rgb(tmp_path, suffix):
    Image.fromarray(np.array(PALETTE, np.uint8)[indices()]).save(tmp_path / f"painted.{suffix}")
    assert_array_equal(files.read_indexed(tmp_path / f"painted.{suffix}", NUMBERS), indices())


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_what_is_transparent_is_sound_whatever_its_colour(tmp_path, suffix):
    painted = np.concatenate(
        [np.array(PALETTE, np.uint8)[indices()], np.full((301, 77, 1), 255, np.uint8)], axis=2
    )
    painted[:9, :9] = (255, 255, 255, 0)
    painted[9:12, :9, 3] = 0
    Image.fromarray(painted).save(tmp_path / f"painted.{suffix}")
    expected = indices()
    expected[:12, :9] = 0
    assert_array_equal(files.read_indexed(tmp_path / f"painted.{suffix}", NUMBERS), expected)


def test_colours_that_stand_for_nothing_are_listed(tmp_path):
    painted = np.array(PALETTE, np.uint8)[indices()]
    painted[3, 4], painted[8, 8] = (1, 2, 3), (255, 255, 254)
    Image.fromarray(painted).save(tmp_path / "painted.png")
    with pytest.raises(
        UnsupportedFile, match=r"#010203, #fffffe; the colours of the classes are #000000, #dc1e28"
    ):
        files.read_indexed(tmp_path / "painted.png", NUMBERS)


def test_files_that_are_no_maps_are_refused(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(tmp_path / "deep.png")
    for name, error in (
        ("broken.png", UnreadableFile),
        ("none.png", UnreadableFile),
        ("deep.png", UnsupportedFile),
    ):
        with pytest.raises(error, match=name):
            files.read_indexed(tmp_path / name, NUMBERS)
    with pytest.raises(BadUsage, match="suffix"):
        files.write_indexed(indices(), tmp_path / "map.jpg", PALETTE)
