"""Rectangles of the grid: their algebra is that of sets of pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tratteggio.painting import Region

GRID = (12, 9)
edges = st.tuples(st.integers(0, 12), st.integers(0, 9), st.integers(0, 12), st.integers(0, 9))
regions = edges.map(lambda e: Region(min(e[0], e[2]), min(e[1], e[3]), max(e[0], e[2]), max(e[1], e[3])))


def pixels(region: Region) -> set[tuple[int, int]]:
    marked = np.zeros(GRID, bool)
    marked[region.slices] = True
    return set(map(tuple, np.argwhere(marked).tolist()))


@given(a=regions, b=regions)
def test_what_two_share_is_their_intersection(a: Region, b: Region) -> None:
    meet = a.meet(b)
    assert meet.empty == (not pixels(a) & pixels(b))
    if not meet.empty:
        assert pixels(meet) == pixels(a) & pixels(b)


@given(a=regions, b=regions)
def test_joined_they_hold_both(a: Region, b: Region) -> None:
    assert a.join(b).holds(a)
    assert a.join(b).holds(b)


@given(region=regions, height=st.integers(1, 13))
def test_bands_cover_each_row_once(region: Region, height: int) -> None:
    bands = list(region.bands(height))
    assert [row for band in bands for row in range(band.top, band.bottom)] == list(
        range(region.top, region.bottom)
    )
    assert all(band.rows <= height and band.left == region.left for band in bands)


@given(region=regions, by=st.integers(0, 4))
def test_growing_stays_on_the_grid(region: Region, by: int) -> None:
    grown = region.grow(by, within=GRID)
    assert Region.whole(GRID).holds(grown)
    assert grown.holds(region)


@given(region=regions, origin=regions)
def test_a_crop_of_a_crop_is_the_region(region: Region, origin: Region) -> None:
    if not origin.holds(region) or region.empty:
        return
    picture = np.arange(GRID[0] * GRID[1]).reshape(GRID)
    np.testing.assert_array_equal(
        picture[origin.slices][region.relative_to(origin).slices], picture[region.slices]
    )


@pytest.mark.parametrize("region", [Region(3, 3, 3, 8), Region(3, 3, 8, 3), Region(5, 5, 2, 9)])
def test_without_rows_or_columns_it_is_empty(region: Region) -> None:
    assert region.empty


@given(region=regions, side=st.integers(1, 7))
def test_cells_are_those_of_one_lattice_and_cover_the_region(region: Region, side: int) -> None:
    cells = list(region.cells(side, within=GRID))
    lattice = set(Region.whole(GRID).tiles(side))
    assert set(cells) <= lattice
    assert len(cells) == len(set(cells))
    if not region.empty:
        assert set(cells) == {cell for cell in lattice if not cell.meet(region).empty}
