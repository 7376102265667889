"""Tiles of any halving are means of the pixels, from a pyramid or without."""

import numpy as np
import pytest

from tratteggio import files
from tratteggio.files.pyramid import halved
from tratteggio.painting import Region, Stack
from tratteggio.painting.pixels import block_means
from tratteggio.studio.pyramid import TILE, halvings, read_reduced, tile_region


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("halving", [0, 1, 3])
@pytest.mark.parametrize("shape", [(640, 700, 3), (333, 1001)])
def test_a_reduced_tile_is_the_mean_of_blocks(dtype, halving, shape):
    array = (np.random.default_rng(0).random(shape) * (1 if dtype == "float32" else 255)).astype(dtype)
    region = tile_region(shape[:2], 1, 0, 0)
    got = read_reduced(array, region, halving)
    wanted = block_means(array[region.slices], 1 << halving, dtype=np.float64)
    assert got.dtype == array.dtype
    assert np.abs(got - (wanted if dtype == "float32" else np.rint(wanted))).max() <= 1e-6


def test_levels_of_a_file_are_used_and_say_the_same(tmp_path):
    array = np.random.default_rng(0).integers(0, 65536, (1500, 1300, 3), np.uint16)
    from tratteggio.painting import Scan

    files.write_stack(Stack((Scan(array),)), tmp_path / "a.ome.zarr", history={"verb": "test"})
    pixels = files.read_stack(tmp_path / "a.ome.zarr").primary.pixels
    assert len(pixels.levels) >= 1
    region = Region(0, 0, 1024, 1024)
    read = []
    plain = type(pixels).__getitem__
    try:
        type(pixels).__getitem__ = lambda self, key: (read.append(self.shape), plain(self, key))[1]
        got = read_reduced(pixels, region, 1)
    finally:
        type(pixels).__getitem__ = plain
    assert read == [(750, 650, 3)]
    assert (got == halved(array)[:512, :512]).all()


@pytest.mark.parametrize("grid", [(1, 1), (3, 40_000), (20_000, 20_000), (TILE, TILE), (TILE + 1, 5)])
def test_one_tile_holds_the_whole_at_the_last_halving(grid):
    last = halvings(grid)
    assert tile_region(grid, last, 0, 0) == Region.whole(grid)
    assert tile_region(grid, last, 0, 1) is None
    assert tile_region(grid, last + 1, 0, 0) is None
    assert tile_region(grid, 0, -1, 0) is None
