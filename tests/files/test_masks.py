"""White is lost, whatever the file; a mask is never resized."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image, ImageOps

from tratteggio import files
from tratteggio.errors import BadUsage, GridMismatch, UnreadableFile, UnsupportedFile
from tratteggio.files.rasters import Stored, to_display, to_stored
from tratteggio.painting import Lacunae, Metadata, Region, Scan

rng = np.random.default_rng(0)
LOST = rng.random((40, 56)) < 0.3
WHITE = {"uint8": 255, "uint16": 65535}


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("suffix", ["tif", "png"])
def test_white_is_lost_at_any_depth_and_alpha_is_left_aside(tmp_path, caplog, dtype, channels, suffix):
    levels = LOST.astype(dtype) * np.array(WHITE[dtype], dtype)
    image = levels if channels == 1 else np.stack([levels] * channels, axis=-1)
    if channels in (2, 4):
        image[..., -1] = 0
    files.write(image, tmp_path / f"mask.{suffix}", alpha=channels in (2, 4))
    lacunae = files.read_lacunae(tmp_path / f"mask.{suffix}")
    assert_array_equal(lacunae.read(), LOST, strict=True)
    assert_array_equal(lacunae.read(Region(3, 5, 20, 30)), LOST[3:20, 5:30])
    assert not caplog.records


@pytest.mark.parametrize(
    "save", [{}, {"compression": "group4"}, {"compression": "packbits"}, {"compression": "group3"}]
)
def test_one_bit_tiff_masks(tmp_path, save):
    Image.fromarray(LOST).save(tmp_path / "mask.tif", **save)
    assert_array_equal(files.read_lacunae(tmp_path / "mask.tif").read(), LOST)


def test_one_bit_tiff_masks_that_call_white_zero(tmp_path):
    Image.fromarray(~LOST).save(tmp_path / "mask.tif", tiffinfo={262: 0})
    with tifffile.TiffFile(tmp_path / "mask.tif") as tiff:
        assert (tiff.pages[0].photometric, tiff.pages[0].bitspersample) == (0, 1)
    with Image.open(tmp_path / "mask.tif") as seen:
        assert_array_equal(files.read_lacunae(tmp_path / "mask.tif").read(), np.asarray(seen))


def test_one_bit_png_masks(tmp_path):
    Image.fromarray(LOST).save(tmp_path / "mask.png")
    assert_array_equal(files.read_lacunae(tmp_path / "mask.png").read(), LOST)


@pytest.mark.parametrize(
    ("dtype", "levels", "lost"),
    [("uint8", [0, 1, 127, 128, 254, 255], 3), ("uint16", [0, 1, 32767, 32768, 65534, 65535], 3)],
)
def test_grey_levels_are_binarised_at_half_and_a_note_gives_their_share(
    tmp_path, caplog, dtype, levels, lost
):
    files.write(np.array([levels], dtype), tmp_path / "mask.tif")
    assert_array_equal(files.read_lacunae(tmp_path / "mask.tif").read(), [[False] * 3 + [True] * lost])
    assert "66.7 %" in caplog.text
    assert "binarised at 50 %" in caplog.text


def test_the_mean_of_the_colours_decides(tmp_path):
    files.write(np.array([[[255, 0, 0], [255, 255, 0], [255, 128, 0]]], np.uint8), tmp_path / "mask.png")
    assert_array_equal(files.read_lacunae(tmp_path / "mask.png").read(), [[False, True, True]])


def test_jpeg_masks_are_read_and_their_fringes_noted(tmp_path, caplog):
    blocks = np.kron(LOST[:8, :8], np.ones((16, 16))) > 0
    Image.fromarray(blocks).convert("L").save(tmp_path / "mask.jpg", quality=60)
    lost = files.read_lacunae(tmp_path / "mask.jpg").read()
    assert_array_equal(lost, blocks)


def test_palette_and_float_masks_are_refused(tmp_path):
    Image.fromarray(LOST.astype(np.uint8)).convert("P").save(tmp_path / "a.png")
    with pytest.raises(UnsupportedFile, match="palette"):
        files.read_lacunae(tmp_path / "a.png")
    files.write(LOST.astype(np.float32), tmp_path / "b.tif")
    with pytest.raises(UnsupportedFile, match="float32 values, but a mask is 1, 8 or 16 bit"):
        files.read_lacunae(tmp_path / "b.tif")
    with pytest.raises(UnreadableFile):
        files.read_lacunae(tmp_path / "none.png")
    with pytest.raises(BadUsage, match="folder"):
        files.read_lacunae(tmp_path)


def test_another_size_is_refused_naming_both(tmp_path):
    files.write_lacunae(Lacunae(LOST), tmp_path / "mask.png")
    scan = Scan(np.zeros((41, 56), np.uint8), name="panel.tif")
    with pytest.raises(GridMismatch, match=r"mask.png is 40 x 56 and panel.tif is 41 x 56"):
        files.read_lacunae(tmp_path / "mask.png", scan)


def test_empty_and_full_masks_are_masks(tmp_path):
    for value in (0, 255):
        files.write(np.full((4, 5), value, np.uint8), tmp_path / "mask.png")
        assert files.read_lacunae(tmp_path / "mask.png").share == value / 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientations_are_those_that_pillow_shows(orientation):
    image = rng.integers(0, 256, (5, 7, 3), np.uint8)
    pillow = Image.fromarray(image)
    pillow.getexif()[274] = orientation
    shown = np.asarray(ImageOps.exif_transpose(pillow))
    assert_array_equal(to_display(image, orientation), shown)
    assert_array_equal(to_stored(shown, orientation), image)
    stored = Stored(shown, orientation)
    assert stored.shape == image.shape
    assert_array_equal(stored[0:5, 0:7], image)
    assert_array_equal(stored[1:4, 2:7], image[1:4, 2:7])


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_mask_drawn_on_the_displayed_scan_is_turned_back_and_a_note_says_so(tmp_path, caplog, orientation):
    scan = Scan(np.zeros((40, 56), np.uint8), metadata=Metadata(orientation=orientation), name="panel.tif")
    files.write_lacunae(Lacunae(np.ascontiguousarray(to_display(LOST, orientation))), tmp_path / "mask.tif")
    lacunae = files.read_lacunae(tmp_path / "mask.tif", scan)
    assert_array_equal(lacunae.read(), LOST)
    assert f"orientation {orientation}" in caplog.text


def test_an_ambiguous_turn_is_left_alone_but_noted(tmp_path, caplog):
    scan = Scan(np.zeros((40, 56), np.uint8), metadata=Metadata(orientation=3), name="panel.tif")
    files.write_lacunae(Lacunae(LOST), tmp_path / "mask.tif")
    assert_array_equal(files.read_lacunae(tmp_path / "mask.tif", scan).read(), LOST)
    assert "taken in stored order" in caplog.text
    caplog.clear()
    files.write_lacunae(Lacunae(LOST), tmp_path / "mask.tif", metadata=Metadata(orientation=3))
    files.read_lacunae(tmp_path / "mask.tif", scan)
    assert not caplog.records


def test_a_mask_file_is_grey_with_sharp_edges(tmp_path):
    files.write_lacunae(Lacunae(LOST), tmp_path / "mask.png")
    with Image.open(tmp_path / "mask.png") as seen:
        assert_array_equal(np.asarray(seen), np.where(LOST, 255, 0))
    with pytest.raises(BadUsage, match="blurs"):
        files.write_lacunae(Lacunae(LOST), tmp_path / "mask.jpg")
