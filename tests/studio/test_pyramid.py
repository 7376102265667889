"""The lattice of tiles."""

import pytest

from tratteggio.painting import Region
from tratteggio.studio.pyramid import TILE, halvings, tile_region


@pytest.mark.parametrize("grid", [(1, 1), (3, 40_000), (20_000, 20_000), (TILE, TILE), (TILE + 1, 5)])
def test_one_tile_holds_the_whole_at_the_last_halving(grid):
    last = halvings(grid)
    assert tile_region(grid, last, 0, 0) == Region.whole(grid)
    assert tile_region(grid, last, 0, 1) is None
    assert tile_region(grid, last + 1, 0, 0) is None
    assert tile_region(grid, 0, -1, 0) is None
