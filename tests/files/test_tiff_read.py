"""TIFF by region equals TIFF read whole by tifffile, over compressions, layouts, depths and channels."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tratteggio import files
from tratteggio.errors import UnsupportedFile
from tratteggio.formats._tiff.pixels import RawPixels, SegmentCache

COMPRESSIONS = [None, "lzw", "zlib", "zstd", "packbits"]
LAYOUTS: list[dict[str, Any]] = [{"rowsperstrip": 7}, {"rowsperstrip": 1000}, {"tile": (16, 32)}]
DEPTHS = ["uint8", "uint16", "float32", "float64"]


def noise(shape: tuple[int, ...], dtype: str, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if dtype.startswith("float"):
        return rng.random(shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    compression=st.sampled_from(COMPRESSIONS),
    layout=st.sampled_from(LAYOUTS),
    dtype=st.sampled_from(DEPTHS),
    channels=st.integers(1, 4),
    planar=st.booleans(),
    big=st.booleans(),
    order=st.sampled_from("<>"),
    predict=st.booleans(),
    grid=st.tuples(st.integers(1, 50), st.integers(1, 70)),
    data=st.data(),
)
def test_a_region_equals_the_same_region_of_the_whole(
    tmp_path, compression, layout, dtype, channels, planar, big, order, predict, grid, data
):
    image = noise((*grid, channels) if channels > 1 else grid, dtype)
    separate = planar and channels > 1
    path = tmp_path / "scan.tif"
    tifffile.imwrite(
        path,
        np.moveaxis(image, -1, 0) if separate else image,
        bigtiff=big,
        byteorder=order,
        photometric="rgb" if channels >= 3 else "minisblack",
        planarconfig=("separate" if separate else "contig") if channels > 1 else None,
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
        compression=compression,
        predictor=predict and compression not in (None, "packbits"),
        metadata=None,
        **layout,
    )
    scan = files.read(path)
    assert (scan.grid, scan.dtype, scan.alpha) == (grid, np.dtype(dtype), channels in (2, 4))
    assert_array_equal(scan.read(), image, strict=True)
    top, left = data.draw(st.integers(0, grid[0])), data.draw(st.integers(0, grid[1]))
    rows, cols = (
        slice(top, data.draw(st.integers(top, grid[0] + 3))),
        slice(left, data.draw(st.integers(left, grid[1]))),
    )
    assert_array_equal(scan.pixels[rows, cols], image[rows, cols], strict=True)


@pytest.mark.parametrize("layout", [{"rowsperstrip": 16}, {"tile": (16, 32)}])
@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_in_tiff_is_read_as_rgb(tmp_path, layout, channels):
    ramp = np.linspace(0, 255, 64 * 96).reshape(64, 96).astype(np.uint8)
    image = ramp if channels == 1 else np.stack([ramp, ramp[::-1], 255 - ramp], axis=-1)
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, image, compression="jpeg", photometric="rgb" if channels == 3 else None, **layout)
    scan = files.read(path)
    assert_array_equal(scan.pixels[5:40, 20:70], tifffile.imread(path)[5:40, 20:70])
    assert abs(scan.read().astype(int) - image).max() < 24


def test_every_page_of_a_subifd_pyramid_is_a_level(tmp_path):
    image = noise((256, 128, 3), "uint16")
    path = tmp_path / "pyramid.tif"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(image, subifds=2, tile=(64, 64), photometric="rgb")
        tiff.write(image[::2, ::2], subfiletype=1, tile=(64, 64), photometric="rgb")
        tiff.write(image[::4, ::4], subfiletype=1, tile=(64, 64), photometric="rgb")
    pixels = files.read(path).pixels
    assert [level.shape for level in pixels.levels] == [(128, 64, 3), (64, 32, 3)]
    assert_array_equal(pixels.levels[1][10:50, 3:30], image[::4, ::4][10:50, 3:30])


def test_pages_of_falling_size_are_a_pyramid_and_no_note_is_given(tmp_path, caplog):
    image = noise((256, 128), "uint8")
    path = tmp_path / "pyramid.tif"
    with tifffile.TiffWriter(path) as tiff:
        for step in (1, 2, 4):
            tiff.write(image[::step, ::step], subfiletype=int(step > 1))
    pixels = files.read(path).pixels
    assert [level.shape for level in pixels.levels] == [(128, 64), (64, 32)]
    assert pixels.pages == 1
    assert not caplog.records


def test_of_several_pages_the_first_is_read_and_a_note_says_so(tmp_path, caplog):
    pages = noise((3, 20, 30), "uint8")
    tifffile.imwrite(tmp_path / "pages.tif", pages, photometric="minisblack", metadata=None)
    assert_array_equal(files.read(tmp_path / "pages.tif").read(), pages[0])
    assert "3 pages" in caplog.text


def previewed(path: Path, *, preview: tuple[int, int], kind: int = 0, photometric: Any = "rgb") -> np.ndarray:
    """A small first page, and in its SubIFD the picture of 60 x 80."""
    image = noise((60, 80) if photometric == 32803 else (60, 80, 3), "uint16")
    with tifffile.TiffWriter(path) as tiff:
        small = noise((*preview, 3), "uint8")
        tiff.write(small, subifds=1, subfiletype=kind, photometric="rgb", metadata=None, description="Inv. 3")
        tiff.write(image, photometric=photometric, metadata=None)
    return image


@pytest.mark.parametrize("kind", [0, 1])
def test_a_picture_in_a_subifd_is_found_behind_its_preview(tmp_path, caplog, kind):
    path = tmp_path / "a.tif"
    image = previewed(path, preview=(15, 20), kind=kind)
    scan = files.read(path)
    assert_array_equal(scan.read(), image)
    assert "the image in SubIFD 1 of page 1 is the largest (60 rows x 80 columns) and is read" in caplog.text
    assert files.inspect(path)["picture"] == "SubIFD 1 of page 1"
    assert b"Inv. 3" in scan.metadata.exif
    again = pickle.loads(pickle.dumps(scan))
    assert_array_equal(again.read(), image)


def test_a_large_preview_is_a_preview_if_its_proportions_are_those_of_the_picture(tmp_path):
    path = tmp_path / "a.tif"
    image = previewed(path, preview=(30, 40))
    assert_array_equal(files.read(path).read(), image)


def test_two_large_pictures_of_which_none_is_a_preview_are_refused(tmp_path):
    previewed(tmp_path / "a.tif", preview=(50, 50))
    with pytest.raises(
        UnsupportedFile, match="50 rows x 50 columns and 60 rows x 80 columns.*extract one of them"
    ):
        files.read(tmp_path / "a.tif")


@pytest.mark.parametrize("photometric", [32803, 34892])
@pytest.mark.parametrize("name", ["a.TIF", "b.tiff"])
def test_camera_raw_under_another_name_is_refused_by_name(tmp_path, photometric, name):
    previewed(tmp_path / name, preview=(15, 20), kind=1, photometric=photometric)
    for reader in (files.read, files.inspect, files.read_lacunae):
        with pytest.raises(UnsupportedFile, match=f"{name} is camera raw .60 rows x 80 columns."):
            reader(tmp_path / name)


def test_a_thumbnail_on_the_first_page_is_not_the_scan(tmp_path, caplog):
    pages = [noise((6, 8), "uint8"), noise((60, 80), "uint8"), noise((60, 80), "uint8", seed=1)]
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for page in pages:
            tiff.write(page, photometric="minisblack", metadata=None)
    assert_array_equal(files.read(tmp_path / "a.tif").read(), pages[1])
    assert "the image in page 2 is the largest" in caplog.text


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("meaning", [0, 9408])
def test_a_last_channel_that_is_not_opacity_is_refused(tmp_path, channels, meaning):
    image = noise((8, 9, channels), "uint8")
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, image, photometric="rgb" if channels == 4 else "minisblack", planarconfig="contig",
        extrasamples=[0], metadata=None,
    )  # fmt: skip
    with tifffile.TiffFile(path) as tiff:
        tag = tiff.pages[0].tags[338]
        place = tag.valueoffset
    data = bytearray(path.read_bytes())
    data[place : place + 2] = meaning.to_bytes(2, "little")
    path.write_bytes(data)
    for reader in (files.read, files.read_lacunae):
        with pytest.raises(UnsupportedFile, match=f"{channels} channels without saying what the last one is"):
            reader(path)


def test_pixels_travel_to_other_processes_by_path(tmp_path):
    image = noise((40, 50, 3), "uint16")
    tifffile.imwrite(tmp_path / "scan.tif", image, photometric="rgb", compression="zlib")
    pixels = pickle.loads(pickle.dumps(files.read(tmp_path / "scan.tif").pixels))
    assert_array_equal(pixels[3:9, 4:8], image[3:9, 4:8])


def test_a_scan_handed_out_cannot_alter_its_source(tmp_path):
    image = noise((64, 64), "uint8")
    tifffile.imwrite(tmp_path / "scan.tif", image, compression="zlib", tile=(32, 32))
    scan = files.read(tmp_path / "scan.tif")
    scan.pixels[0:32, 0:32][:] = 0
    assert_array_equal(scan.read(), image)


def test_the_cache_holds_its_bytes_but_always_one_segment():
    cache = SegmentCache(most_bytes=100)
    for index in range(3):
        cache.put(index, np.zeros(40, np.uint8))
    assert [cache.get(index) is not None for index in range(3)] == [False, True, True]
    cache.put(3, np.zeros(1000, np.uint8))
    assert [cache.get(index) is not None for index in range(4)] == [False, False, False, True]


def test_one_huge_uncompressed_strip_is_read_by_rows(tmp_path):
    """A sparse file of 5 GB: reading it whole would not fit this test's patience."""
    path = tmp_path / "huge.tif"
    rows, cols = 40_000, 65_000
    tifffile.imwrite(path, shape=(rows, cols), dtype="uint16", bigtiff=True, photometric="minisblack")
    with tifffile.TiffFile(path) as tiff:
        start = tiff.pages[0].dataoffsets[0]
    with Path(path).open("rb+") as file:
        file.seek(start + (39_998 * cols + 60_000) * 2)
        file.write(np.arange(5, dtype="<u2").tobytes())
    pixels = files.read(path).pixels
    assert isinstance(pixels.base, RawPixels)
    assert_array_equal(pixels[39_998:40_000, 60_000:60_005], [[0, 1, 2, 3, 4], [0] * 5])


def test_slices_with_steps_are_read(tmp_path):
    samples = noise((8, 8), "uint8")
    tifffile.imwrite(tmp_path / "scan.tif", samples)
    assert_array_equal(files.read(tmp_path / "scan.tif").pixels[::2, 1:7:3], samples[::2, 1:7:3])
