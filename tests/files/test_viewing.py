"""What is said and shown of a file: `inspect`, `overview`, colours through profiles."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageCms

from tratteggio import files
from tratteggio.files.icc import profile_name, srgb_profile, to_8bit, to_srgb8
from tratteggio.files.rasters import to_display
from tratteggio.painting import Metadata, Region, Scan

rng = np.random.default_rng(0)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_inspect_says_what_other_readers_find(tmp_path):
    image = rng.integers(0, 65536, (200, 5000, 3), np.uint16)
    metadata = Metadata((600.0, 600.0), "inch", 6, SRGB)
    files.write(image, tmp_path / "a.tif", metadata=metadata, compression="zstd")
    found = files.inspect(tmp_path / "a.tif")
    assert json.loads(json.dumps(found)) == found
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        levels = [list(level.shape[:2]) for level in tiff.pages[0].pages]
    assert found == {
        "file": str(tmp_path / "a.tif"),
        "format": "tiff",
        "rows": 200,
        "cols": 5000,
        "channels": 3,
        "depth": "uint16",
        "white": 65535,
        "alpha": False,
        "compression": "zstd",
        "layout": "tiles",
        "levels": levels,
        "pages": 1,
        "profile": "sRGB built-in",
        "resolution": [600.0, 600.0],
        "unit": "inch",
        "um_per_px": 25_400 / 600,
        "orientation": 6,
        "exif": False,
        "xmp": False,
        "file_bytes": (tmp_path / "a.tif").stat().st_size,
        "pixel_bytes": image.nbytes,
        "by_region": True,
        "picture": "page 1",
        "sha256": files.sha256(tmp_path / "a.tif"),
    }


def test_inspect_knows_what_must_be_decoded_whole(tmp_path):
    image = rng.integers(0, 256, (500, 400, 4), np.uint8)
    files.write(image, tmp_path / "a.png", alpha=True)
    found = files.inspect(tmp_path / "a.png")
    assert (found["by_region"], found["layout"], found["compression"]) == (False, "whole", "deflate")
    assert (found["channels"], found["alpha"], found["profile"]) == (3, True, None)
    tifffile.imwrite(tmp_path / "a.tif", image[..., 0], compression="lzw", rowsperstrip=500)
    assert not files.inspect(tmp_path / "a.tif")["by_region"]
    tifffile.imwrite(tmp_path / "b.tif", image[..., 0], rowsperstrip=500)
    assert files.inspect(tmp_path / "b.tif")["by_region"]


@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(1, 90),
    cols=st.integers(1, 90),
    longest=st.integers(1, 100),
    orientation=st.integers(1, 8),
)
def test_an_overview_keeps_proportions_and_is_never_larger(rows, cols, longest, orientation):
    scan = Scan(np.full((rows, cols, 3), 77, np.uint8), metadata=Metadata(orientation=orientation))
    shown = files.overview(scan, longest=longest)
    assert (shown == 77).all()
    assert max(shown.shape[:2]) == min(longest, max(rows, cols))
    stored = shown.shape[:2] if orientation < 5 else shown.shape[1::-1]
    scale = min(1, longest / max(rows, cols))
    assert abs(stored[0] - rows * scale) <= 1
    assert abs(stored[1] - cols * scale) <= 1


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_overview_is_the_mean_of_blocks(dtype, channels):
    image = rng.random((700, 400, channels))
    top = 1 if dtype == "float32" else np.iinfo(dtype).max
    stored = (image * top).astype(dtype)
    scan = Scan(stored if channels > 1 else stored[..., 0], alpha=channels == 4)
    shown = files.overview(scan, longest=70)
    exact = (stored[..., :3] / top * 255).reshape(70, 10, 40, 10, -1).mean(axis=(1, 3))
    assert abs(shown - exact).max() <= 1.01


def test_an_overview_reads_a_level_of_the_pyramid_if_there_is_one(tmp_path):
    smooth = np.add.outer(np.arange(300), np.arange(4800) // 16).astype(np.uint16) * 80
    files.write(smooth, tmp_path / "a.tif")
    scan = files.read(tmp_path / "a.tif")

    class Forbidden:
        shape, dtype, levels = smooth.shape, smooth.dtype, scan.pixels.levels

    quick = files.overview(scan, longest=600, pixels=Forbidden())
    assert abs(quick.astype(int) - files.overview(Scan(smooth), longest=600)).max() <= 1


def test_an_overview_of_a_region_is_that_region_upright():
    image = rng.integers(0, 256, (50, 60, 3), np.uint8)
    scan = Scan(image, metadata=Metadata(orientation=8))
    shown = files.overview(scan, region=Region(5, 6, 25, 46))
    assert_array_equal(shown, to_display(image[5:25, 6:46], 8))


def test_other_pixels_can_be_shown_in_the_place_of_a_scan():
    scan = Scan(np.zeros((8, 8, 3), np.uint8))
    assert (files.overview(scan, pixels=np.full((8, 8, 3), 9, np.uint8)) == 9).all()


def test_depth_is_rounded_never_truncated():
    v = np.arange(65536, dtype=np.uint16)
    assert_array_equal(to_8bit(v), np.rint(v / 257))
    assert_array_equal(to_8bit(np.array([0, 0.5, 1, 2, -1, np.nan], np.float32)), [0, 128, 255, 255, 0, 0])


def srgb_to_lab(rgb: np.ndarray) -> np.ndarray:
    """The closed form: IEC 61966-2-1, Bradford to D50, CIE 15."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_d50 = np.array(
        [
            [0.4360747, 0.3850649, 0.1430804],
            [0.2225045, 0.7168786, 0.0606169],
            [0.0139322, 0.0971045, 0.7141733],
        ]
    )
    t = linear @ to_d50.T / np.array([0.9642, 1.0, 0.8251])
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("icc", [None, SRGB])
def test_lab_of_srgb_is_the_closed_form_at_full_depth(dtype, icc):
    exact = rng.random((30, 40, 3))
    stored = exact.astype(dtype) if dtype == "float32" else np.rint(exact * np.iinfo(dtype).max).astype(dtype)
    rgb = stored / (1 if dtype == "float32" else np.iinfo(dtype).max)
    assert_allclose(files.to_lab(stored, icc), srgb_to_lab(rgb.astype(float)), atol=0.06)


def test_neighbouring_16_bit_levels_have_different_lab():
    levels = np.arange(30_000, 30_010, dtype=np.uint16)
    lab = files.to_lab(np.stack([levels] * 3, axis=-1)[None], None)
    assert (np.diff(lab[0, :, 0]) > 0).all()


def test_lab_of_grey_is_neutral():
    lab = files.to_lab(np.array([[0, 128, 255]], np.uint8), None)
    assert_allclose(lab[0, [0, 2], 0], [0, 100], atol=0.01)
    assert abs(lab[..., 1:]).max() < 0.02
    grey = bytes(imagecodecs.cms_profile("gray", gamma=2.2))
    assert_allclose(files.to_lab(np.array([[255]], np.uint8), grey), [[[100, 0, 0]]], atol=0.05)


def test_profiles_are_obeyed_as_littlecms_does_through_pillow():
    adobe = bytes(imagecodecs.cms_profile("adobergb"))
    image = rng.integers(0, 256, (20, 20, 3), np.uint8)
    expected = ImageCms.profileToProfile(
        Image.fromarray(image),
        ImageCms.ImageCmsProfile(io.BytesIO(adobe)),
        ImageCms.createProfile("sRGB"),
    )
    assert abs(to_srgb8(image, adobe).astype(int) - np.asarray(expected)).max() <= 1
    deep = to_srgb8(image.astype(np.uint16) * 257, adobe)
    assert abs(deep.astype(int) - np.asarray(expected)).max() <= 1


@pytest.mark.parametrize("icc", [b"nonsense", bytes(imagecodecs.cms_profile("gray", gamma=2.2))])
def test_a_profile_that_does_not_fit_is_left_aside_with_a_note(icc, caplog):
    image = rng.integers(0, 256, (4, 4, 3), np.uint8)
    assert_array_equal(to_srgb8(image, icc), image)
    assert "sRGB is assumed" in caplog.text
    assert_array_equal(files.to_lab(image, icc), files.to_lab(image, None))


def test_the_door_opens_without_codecs():
    heavy = "{'tifffile', 'imagecodecs', 'PIL', 'torch'}"
    heavy = f"import sys, tratteggio.files; print(sorted({heavy} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def test_the_profile_of_srgb_says_so_is_always_the_same_and_changes_no_srgb():
    profile = srgb_profile()
    assert "sRGB" in profile_name(profile)
    assert profile == srgb_profile()
    assert int.from_bytes(profile[24:26], "big") == 2000  # the year that it says it was made in
    rgb = np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8)
    assert np.abs(to_srgb8(rgb, profile).astype(int) - rgb).max() <= 1
