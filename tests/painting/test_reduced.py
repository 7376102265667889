"""Reading at reduced scale: equal to a plain mean of blocks, with copies and without, whatever is read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tratteggio import files
from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.painting import Lacunae, Region, Restoration, Scan, Stack, read_reduced
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.reduced import levels_of

RNG = np.random.default_rng(5)


def plain_means(array: np.ndarray, step: int) -> np.ndarray:
    """Take the mean of each block by itself, block after block."""
    rows, cols = (-(-side // step) for side in array.shape[:2])
    out = np.empty((rows, cols, *array.shape[2:]))
    for i in range(rows):
        for j in range(cols):
            out[i, j] = array[i * step : (i + 1) * step, j * step : (j + 1) * step].mean(axis=(0, 1))
    return out


class Pyramidal(LazyPixels):
    """Pixels with copies of given factors; the pixels themselves may be forbidden to be read."""

    def __init__(self, array: np.ndarray, factors: list[int], *, down: bool = False, forbidden: bool = False):
        self.array, self.forbidden = array, forbidden
        self.levels = []
        for factor in factors:
            means = np.rint(plain_means(array, factor)).astype(array.dtype)
            rows, cols = (side // factor for side in array.shape[:2])
            self.levels.append(means[:rows, :cols] if down else means)

    @property
    def shape(self):
        return self.array.shape

    @property
    def dtype(self):
        return self.array.dtype

    def _read(self, region):
        assert not self.forbidden, "full-size pixels were read"
        return self.array[region.slices]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), rows=st.integers(1, 40), cols=st.integers(1, 40), step=st.integers(1, 45))
def test_a_part_read_at_a_step_is_part_of_the_block_means_of_the_whole(data, rows, cols, step):
    channels = data.draw(st.sampled_from([(), (1,), (3,)]))
    dtype = data.draw(st.sampled_from(["uint8", "uint16", "float32"]))
    array = (RNG.random((rows, cols, *channels)) * 250).astype(dtype)
    top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    region = Region(top, left, data.draw(st.integers(top + 1, rows)), data.draw(st.integers(left + 1, cols)))
    exact = plain_means(array, step)[
        top // step : -(-region.bottom // step), left // step : -(-region.right // step)
    ]
    read = Scan(array).read(region, step=step)
    if step == 1:
        assert_array_equal(read, array[region.slices])
        return
    assert read.dtype == array.dtype
    assert read.shape == exact.shape
    np.testing.assert_allclose(read, exact, atol=0.5 + 1e-6 if array.dtype.kind == "u" else 1e-4)


@pytest.mark.parametrize("down", [False, True], ids=["rounded up", "rounded down"])
@pytest.mark.parametrize("grid", [(64, 96), (37, 51), (65, 13)])
@pytest.mark.parametrize("step", [2, 4, 6, 12])
def test_a_copy_is_read_in_place_of_the_pixels(down, grid, step):
    smooth = np.add.outer(np.arange(grid[0]), np.arange(grid[1])).astype(np.uint16) * 40
    pixels = Pyramidal(smooth, [2, 4], down=down, forbidden=True)
    read = read_reduced(pixels, step=step)
    exact = plain_means(smooth, step)
    assert read.shape == exact.shape
    off = np.abs(read.astype(float) - exact)
    assert off[: grid[0] // step, : grid[1] // step].max() <= 1
    # What a copy that was rounded down lacks is stood in for by what lies beside it.
    assert off.max() <= 40 * 2 * step


def test_a_step_that_no_copy_divides_is_read_from_the_pixels():
    array = RNG.integers(0, 256, (40, 40), np.uint8)
    assert_array_equal(read_reduced(Pyramidal(array, [2, 4]), step=5), read_reduced(array, step=5))


def test_a_copy_of_other_proportions_is_not_used():
    class Odd:
        shape, dtype = (40, 40), np.dtype(np.uint8)
        levels = (np.zeros((20, 13), np.uint8), np.zeros((27, 27), np.uint8))

    assert levels_of(Odd()) == []


def test_a_damaged_copy_gives_way_to_the_pixels_with_a_note(caplog):
    class Damaged(LazyPixels):
        shape, dtype = (20, 20), np.dtype(np.uint8)

        def _read(self, region):
            raise UnreadableFile("tile 3 cannot be decoded")

    array = RNG.integers(0, 256, (40, 40), np.uint8)
    pixels = Pyramidal(array, [])
    pixels.levels = [Damaged()]
    assert_array_equal(read_reduced(pixels, step=4), read_reduced(array, step=4))
    assert "tile 3 cannot be decoded" in caplog.text


def test_wide_blocks_are_read_in_parts(monkeypatch):
    monkeypatch.setattr("tratteggio.painting.reduced.BAND_PX", 64)
    array = RNG.integers(0, 256, (50, 70, 3), np.uint8)
    assert_array_equal(read_reduced(array, step=7), np.rint(plain_means(array, 7)).astype(np.uint8))


def test_what_lies_beyond_the_pixels_is_cut_off_and_a_step_of_0_is_refused():
    array = RNG.integers(0, 256, (10, 10), np.uint8)
    assert read_reduced(array, Region(8, 8, 30, 30), step=4).shape == (1, 1)
    assert read_reduced(array, Region(20, 0, 30, 10), step=4).size == 0
    with pytest.raises(BadUsage, match="step"):
        Scan(array).read(step=0)


def test_not_a_number_stays_in_its_block():
    array = np.ones((8, 8), np.float32)
    array[1, 5] = np.nan
    assert np.isnan(read_reduced(array, step=4)).tolist() == [[False, True], [False, False]]


def proposal(original: Scan, lost: np.ndarray) -> Restoration:
    fill = RNG.integers(0, 256, (*original.grid, original.channels)).astype(original.dtype)
    return Restoration(original, Lacunae(lost), fill, np.zeros(original.grid, np.float32), {})


def test_a_proposal_over_a_pyramid_reads_full_size_only_at_lacunae(monkeypatch):
    array = RNG.integers(0, 256, (96, 128, 3), np.uint8)
    lost = np.zeros((96, 128), bool)
    lost[40:44, 61:70] = True

    class AtLacunae(Pyramidal):
        def _read(self, region):
            assert not region.meet(Region(40, 61, 44, 70)).empty
            assert region.rows * region.cols <= 32 * 32
            return self.array[region.slices]

    pixels = AtLacunae(array, [4, 8])
    restoration = proposal(Scan(pixels), lost)
    plain = np.where(lost[..., None], np.asarray(restoration.fill), array)
    monkeypatch.setattr("tratteggio.painting.restoration.TILE_PX", 32)
    read = read_reduced(restoration.pixels, step=8)
    assert np.abs(read - plain_means(plain, 8)).max() <= 1


@pytest.mark.parametrize("name", ["a.tif", "a.ome.zarr"])
def test_a_pyramid_on_disk_is_read_at_its_levels(tmp_path, name, monkeypatch):
    smooth = np.add.outer(np.arange(600), np.arange(4800)).astype(np.uint16) * 8
    if name.endswith(".zarr"):
        files.write_stack(Stack((Scan(smooth),)), tmp_path / name)
        scan = files.read_stack(tmp_path / name).primary
    else:
        files.write(smooth, tmp_path / name)
        scan = files.read(tmp_path / name)
    assert levels_of(scan.pixels)
    region = Region(96, 160, 500, 4004)
    exact = plain_means(smooth, 8)[12:63, 20:501]
    monkeypatch.setattr(type(scan.pixels), "_read", forbid_full_size(type(scan.pixels), smooth.shape))
    read = scan.read(region, step=8)
    assert np.abs(read - exact).max() <= 1


def forbid_full_size(kind, shape):
    real = kind._read

    def read(self, region):
        assert self.shape != shape, "full-size pixels were read"
        return real(self, region)

    return read
