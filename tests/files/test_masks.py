"""White is lost, whatever the file; a mask is never resized."""

from __future__ import annotations

from pathlib import Path

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
def test_white_is_lost_at_any_depth_whether_there_is_alpha_or_not(tmp_path, caplog, dtype, channels, suffix):
    levels = LOST.astype(dtype) * np.array(WHITE[dtype], dtype)
    image = levels if channels == 1 else np.stack([levels] * channels, axis=-1)
    if channels in (2, 4):
        image[..., -1] = WHITE[dtype]
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
    assert "lighter than 50 %" in caplog.text


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
    with pytest.raises(
        GridMismatch, match=r"mask.png has 40 rows x 56 columns and panel.tif has 41 rows x 56"
    ):
        files.read_lacunae(tmp_path / "mask.png", scan)


def test_empty_and_full_masks_are_masks(tmp_path):
    for value in (0, 255):
        files.write(np.full((4, 5), value, np.uint8), tmp_path / "mask.png")
        assert files.read_lacunae(tmp_path / "mask.png").share == value / 255


def layer(colour: int, opaque: np.ndarray, clear: int = 0) -> np.ndarray:
    """An RGBA layer with strokes of one grey; what is clear may have another colour."""
    grey = np.where(opaque, colour, clear).astype(np.uint8)
    return np.stack([grey, grey, grey, np.where(opaque, 255, 0).astype(np.uint8)], axis=-1)


def opened(tmp_path: Path, image: np.ndarray, *, name: str = "mask.png") -> Lacunae:
    files.write(image, tmp_path / name, alpha=image.ndim == 3 and image.shape[2] in (2, 4))
    return files.read_lacunae(tmp_path / name)


@pytest.mark.parametrize("clear", [0, 255])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_what_is_transparent_is_not_marked_whatever_its_colour(tmp_path, clear, suffix):
    lacunae = opened(tmp_path, layer(255, LOST, clear), name=f"mask.{suffix}")
    assert_array_equal(lacunae.read(), LOST)
    assert lacunae.marked == "opaque white pixels"


@pytest.mark.parametrize("clear", [0, 255])
@pytest.mark.parametrize("channels", [2, 4])
def test_dark_strokes_on_a_clear_layer_are_lost_and_a_note_names_the_channel(
    tmp_path, caplog, clear, channels
):
    lacunae = opened(tmp_path, layer(30, LOST, clear)[..., -channels:])
    assert_array_equal(lacunae.read(), LOST)
    assert lacunae.marked == "opaque strokes"
    assert f"alpha channel (channel {channels} of {channels}); its opaque strokes are taken" in caplog.text


@pytest.mark.parametrize("colour", [(255, 0, 0), (255, 160, 160), (0, 220, 60)])
def test_coloured_strokes_on_a_clear_layer_are_lost_with_their_soft_rims(tmp_path, colour):
    image = layer(0, LOST, 0)
    image[LOST, :3] = colour
    image[:4][LOST[:4], :3] = (0, 0, 255)  # a second colour
    image[4:6][LOST[4:6], 3] = 100  # a rim
    lost = LOST.copy()
    lost[4:6] = False
    lacunae = opened(tmp_path, image)
    assert lacunae.marked == "opaque strokes"
    assert_array_equal(lacunae.read(), lost)


def test_a_coloured_picture_with_clear_places_is_no_layer_of_strokes(tmp_path):
    image = layer(0, LOST, 0)
    image[LOST, :3] = np.random.default_rng(1).integers(0, 256, (LOST.sum(), 3))
    with pytest.raises(UnsupportedFile):
        opened(tmp_path, image)


def copied(tmp_path: Path, suffix: str = "png") -> tuple[Scan, Path, np.ndarray]:
    """A painting, and a copy of it with three strokes in red, saved again with small changes."""
    painting = np.random.default_rng(3).integers(40, 200, (80, 90, 3)).astype(np.uint8)
    painting[60:70] = (250, 2, 2)  # paint in the marker's colour
    copy = np.clip(painting.astype(int) + np.random.default_rng(4).integers(-9, 10, painting.shape), 0, 255)
    lost = np.zeros((80, 90), bool)
    lost[5:12, 20:40] = lost[30:50, 70:75] = True
    copy[lost] = (255, 0, 0)
    file = tmp_path / f"copy.{suffix}"
    Image.fromarray(copy.astype(np.uint8)).save(file)
    return Scan(painting), file, lost


def test_a_marker_colour_on_a_copy_of_the_painting_is_lost(tmp_path):
    scan, file, lost = copied(tmp_path)
    lacunae = files.read_lacunae(file, scan)
    assert_array_equal(lacunae.read(), lost)
    assert lacunae.marked == "pixels in #ff0000 (more than 6 % from the scan)"


def test_a_copy_with_several_colours_does_not_say_what_is_lost(tmp_path):
    scan, file, lost = copied(tmp_path)
    copy = np.asarray(Image.open(file)).copy()
    copy[:20][lost[:20]] = (0, 255, 0)
    Image.fromarray(copy).save(file)
    with pytest.raises(UnsupportedFile, match="several colours"):
        files.read_lacunae(file, scan)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_mask_of_zeros_and_ones_is_refused_with_what_to_do(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "m.tif", LOST.astype(dtype))
    with pytest.raises(
        UnsupportedFile, match=f"largest sample of .*m.tif is 1, but .* by {WHITE[dtype]} and"
    ):
        files.read_lacunae(tmp_path / "m.tif")


def test_white_and_black_strokes_on_a_clear_layer_keep_their_meaning(tmp_path):
    image = layer(255, LOST)
    image[:10][LOST[:10]] = (0, 0, 0, 255)
    lost = LOST.copy()
    lost[:10] = False
    assert_array_equal(opened(tmp_path, image).read(), lost)


def test_a_dark_picture_with_clear_holes_does_not_say_what_is_lost(tmp_path):
    with pytest.raises(UnsupportedFile, match="mask.png has no white, only an alpha channel"):
        opened(tmp_path, layer(0, ~LOST, 0))


def test_a_painting_with_clear_holes_is_no_mask(tmp_path):
    """Its lightest paint must not be taken for what is lost."""
    image = layer(0, ~LOST)
    image[..., :3] = np.random.default_rng(0).integers(40, 220, image.shape[:2])[..., None]
    with pytest.raises(UnsupportedFile, match="a picture with clear places rather than a mask"):
        opened(tmp_path, image)


def test_strokes_of_several_dark_colours_do_not_say_what_is_lost(tmp_path):
    image = layer(0, LOST)
    image[:10, :, 0] = np.where(LOST[:10], 200, 0)
    with pytest.raises(UnsupportedFile, match="whether opaque or transparent pixels are lost"):
        opened(tmp_path, image)


def test_a_layer_that_is_half_transparent_is_refused(tmp_path):
    image = layer(255, LOST)
    image[..., 3] //= 2
    with pytest.raises(UnsupportedFile, match="half-transparent"):
        opened(tmp_path, image)


def test_soft_rims_of_strokes_are_binarised_at_half_opacity_with_a_note(tmp_path, caplog):
    image = layer(255, np.ones((4, 6), bool))
    image[..., 3] = [0, 0, 127, 128, 255, 255]
    assert_array_equal(opened(tmp_path, image).read(), [[False] * 3 + [True] * 3] * 4)
    assert "33.3 %" in caplog.text


def test_premultiplied_strokes_are_judged_by_their_own_colour(tmp_path):
    image = np.zeros((2, 6, 4), np.uint8)
    image[0, :4] = 255
    image[0, 4] = (100, 100, 100, 140)  # light grey, 182, at an opacity of 140
    tifffile.imwrite(tmp_path / "mask.tif", image, photometric="rgb", extrasamples=["assocalpha"])
    assert_array_equal(files.read_lacunae(tmp_path / "mask.tif").read()[0], [True] * 5 + [False])


def test_a_colour_that_stands_for_clear_is_not_marked(tmp_path):
    grey = np.where(LOST, 254, 255).astype(np.uint8)  # both are white; 255 is clear
    Image.fromarray(grey).save(tmp_path / "mask.png", transparency=255)
    assert_array_equal(files.read_lacunae(tmp_path / "mask.png").read(), LOST)
    Image.fromarray(~LOST).save(tmp_path / "bits.png", transparency=1)
    lacunae = files.read_lacunae(tmp_path / "bits.png")
    assert_array_equal(lacunae.read(), LOST)
    assert lacunae.marked == "opaque strokes"


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


@pytest.mark.parametrize("orientation", [2, 3, 4])
def test_an_ambiguous_turn_is_refused_until_the_user_says_how_the_mask_lies(tmp_path, caplog, orientation):
    scan = Scan(np.zeros((40, 56), np.uint8), metadata=Metadata(orientation=orientation), name="panel.tif")
    mask = tmp_path / "mask.tif"
    files.write_lacunae(Lacunae(LOST), mask)
    with pytest.raises(BadUsage, match="`mask_orientation=displayed` .* or `mask_orientation=stored`"):
        files.read_lacunae(mask, scan)
    assert_array_equal(files.read_lacunae(mask, scan, mask_orientation="stored").read(), LOST)
    turned = files.read_lacunae(mask, scan, mask_orientation="displayed").read()
    assert_array_equal(turned, to_stored(LOST, orientation))
    caplog.clear()
    files.write_lacunae(Lacunae(LOST), mask, metadata=Metadata(orientation=orientation))
    assert_array_equal(files.read_lacunae(mask, scan).read(), LOST)
    assert not caplog.records


def test_a_mask_file_is_grey_with_sharp_edges(tmp_path):
    files.write_lacunae(Lacunae(LOST), tmp_path / "mask.png")
    with Image.open(tmp_path / "mask.png") as seen:
        assert_array_equal(np.asarray(seen), np.where(LOST, 255, 0))
    with pytest.raises(BadUsage, match="blurs"):
        files.write_lacunae(Lacunae(LOST), tmp_path / "mask.jpg")


def test_black_is_lost_if_white_is_known(tmp_path):
    Image.fromarray(np.where(LOST, 0, 255).astype(np.uint8)).save(tmp_path / "m.png")
    lacunae = files.read_lacunae(tmp_path / "m.png", mask_sense="known")
    assert_array_equal(lacunae.read(), LOST)
    assert lacunae.marked == "black pixels"
    Image.fromarray(layer(30, LOST)).save(tmp_path / "m.png")
    with pytest.raises(UnsupportedFile, match="cannot stand for lost"):
        files.read_lacunae(tmp_path / "m.png", mask_sense="known")
