"""Nodes cover what is lost; labels begin where nothing is."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.patches.lattice import CORNERS, SIDES, box_sums, lay, nearest_whole


def damage(rows: int, cols: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    lost = np.zeros((rows, cols), bool)
    for _ in range(3):
        top, left = rng.integers(0, rows), rng.integers(0, cols)
        lost[top : top + 5, left : left + 7] = True
    return lost


CASES = [(20, 27, 0), (32, 32, 1), (9, 40, 2), (8, 8, 3)]


def test_box_sums_are_those_of_loops():
    values = np.random.default_rng(0).random((7, 9))
    naive = [[values[r : r + 3, c : c + 3].sum() for c in range(7)] for r in range(5)]
    assert_allclose(box_sums(values, 3), naive)


@pytest.mark.parametrize(("rows", "cols", "seed"), CASES)
@pytest.mark.parametrize("patch", [4, 6, 8])
def test_a_label_is_a_patch_within_the_painting_that_holds_nothing_lost(rows, cols, seed, patch):
    lost = damage(rows, cols, seed)
    lattice = lay(lost, patch=patch)
    (top, _), (left, _) = lattice.border
    for row, col in np.ndindex(lattice.whole.shape):
        r, c = row - top, col - left
        within = min(r, c) >= 0 and r + patch <= rows and c + patch <= cols
        expected = within and not lost[r : r + patch, c : c + patch].any()
        assert lattice.whole[row, col] == expected


@pytest.mark.parametrize(("rows", "cols", "seed"), CASES)
def test_every_lost_pixel_lies_in_four_nodes_and_every_node_holds_one(rows, cols, seed):
    lattice = lay(damage(rows, cols, seed), patch=8)
    patches = lattice.at[:, None] + lattice.square.ravel()
    assert lattice.lost.ravel()[patches].any(axis=1).all()
    on = np.bincount(patches.ravel(), minlength=lattice.lost.size)
    assert (on[lattice.lost.ravel()] == 4).all()


@pytest.mark.parametrize(("rows", "cols", "seed"), CASES)
def test_neighbours_lie_where_they_should(rows, cols, seed):
    lattice = lay(damage(rows, cols, seed), patch=8)
    places = {(r, c): n for n, (r, c) in enumerate(zip(lattice.rows, lattice.cols, strict=True))}
    for node, (r, c) in enumerate(zip(lattice.rows, lattice.cols, strict=True)):
        expected = [places.get((r + down, c + right), -1) for down, right in SIDES + CORNERS]
        assert lattice.around[node].tolist() == expected


def test_the_nearest_label_is_the_nearest():
    lattice = lay(damage(20, 27, 0), patch=6)
    rows, cols = np.nonzero(lattice.whole)
    width = lattice.whole.shape[1]
    found_rows, found_cols = np.divmod(nearest_whole(lattice), width)
    for at, (row, col) in enumerate(np.ndindex(lattice.whole.shape)):
        assert lattice.whole[found_rows[at], found_cols[at]]
        squared = (found_rows[at] - row) ** 2 + (found_cols[at] - col) ** 2
        assert squared == ((rows - row) ** 2 + (cols - col) ** 2).min()


def test_the_border_comes_off_as_it_went_on():
    lattice = lay(damage(21, 27, 0), patch=8)
    values = np.random.default_rng(0).random((21, 27, 2))
    assert_array_equal(lattice.without_border(lattice.with_border(values)), values)
    assert lattice.with_border(values).shape[:2] == lattice.lost.shape
