"""A painting divided by its textures, and blocks that are alike found wherever they lie."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.painting import Region
from tratteggio.patches.context import SMALLEST, Blocks, chi_square, divide, gabor, shares, textons_of


def stripes(rows: int, cols: int, *, across: bool) -> np.ndarray:
    along = np.arange(rows)[:, None] if across else np.arange(cols)[None]
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * 0.3 * along) + np.zeros((rows, cols))
    return (wave + np.random.default_rng(0).normal(0, 0.02, (rows, cols))).astype(np.float32)


def two_cloths() -> np.ndarray:
    """Stripes across on the left of column 90, upright ones on the right."""
    picture = stripes(128, 160, across=True)
    picture[:, 90:] = stripes(128, 160, across=False)[:, 90:]
    return picture


def numbers_of(blocks: Blocks) -> np.ndarray:
    """Number of the block that each pixel lies in; fails where blocks overlap."""
    numbers = np.full(blocks.grid, -1)
    for number, place in enumerate(blocks.places):
        assert (numbers[place.slices] == -1).all()
        numbers[place.slices] = number
    return numbers


@pytest.mark.parametrize("grid", [(128, 160), (97, 61), (16, 300), (1, 1), (2, 1)])
def test_blocks_tile_the_picture(grid):
    rng = np.random.default_rng(1)
    blocks = divide(rng.random(grid).astype(np.float32), rng.random(grid) > 0.2)
    assert (numbers_of(blocks) >= 0).all()
    assert_allclose(blocks.histograms.sum(axis=1)[blocks.reliable], 1, rtol=1e-6)


def test_blocks_are_divided_until_each_holds_one_texture_or_is_small():
    known = np.ones((128, 160), bool)
    blocks = divide(two_cloths(), known)
    assert len(divide(stripes(128, 160, across=True), known).places) == 4, "one cloth: quarters alone"
    assert len(blocks.places) > 4
    for place in blocks.places:
        pure = place.right <= 90 or place.left >= 90
        assert pure or place.cols < 2 * SMALLEST or min(90 - place.left, place.right - 90) < SMALLEST


def test_a_block_matches_its_own_cloth_wherever_that_lies():
    blocks = divide(two_cloths(), np.ones((128, 160), bool))
    where = np.zeros(blocks.grid, bool)
    where[100, 10] = True
    matched = [blocks.places[number] for number in blocks.matching(blocks.around(where))]
    assert len(matched) > 1
    assert all(place.left < 90 for place in matched)
    assert any(place.bottom <= 64 for place in matched), "the upper quarter is as good"


def test_where_a_block_is_hardly_known_those_beside_it_speak():
    known = np.ones((128, 160), bool)
    known[70:, 84:] = False
    blocks = divide(two_cloths(), known)
    where = np.zeros(blocks.grid, bool)
    where[120, 150] = True
    around = blocks.around(where)
    assert blocks.reliable[around].all()
    assert not blocks.reliable[numbers_of(blocks)[120, 150]]
    nothing = Blocks(blocks.places, blocks.grid, np.zeros(len(blocks.places), bool), blocks.histograms)
    assert len(nothing.matching(nothing.around(where))) == 0


def test_the_best_match_comes_first_and_each_once():
    histograms = shares(np.array([[8, 0], [8, 1], [0, 8], [8, 0], [7, 1]]))
    places = tuple(Region(0, k, 1, k + 1) for k in range(5))
    blocks = Blocks(places, (1, 5), np.array([True, True, True, True, False]), histograms)
    assert blocks.matching(np.array([0])).tolist() == [0, 3, 1]
    assert blocks.matching(np.array([2])).tolist()[0] == 2


def test_filters_answer_to_their_own_direction():
    across, upright = (
        gabor(stripes(64, 64, across=way))[16:-16, 16:-16].mean((0, 1)) for way in (True, False)
    )
    assert (
        across[:6].argmax() == 3
    )  # angles of frequencies are counted from the columns, in steps of 30 degrees
    assert upright[:6].argmax() == 0


def test_distances_of_histograms_are_symmetric_and_run_from_0_to_1():
    rng = np.random.default_rng(0)
    one, other = (shares(rng.integers(0, 9, (5, 18))) for _ in range(2))
    assert_allclose(chi_square(one, other), chi_square(other, one))
    assert_array_equal(chi_square(one, one), 0)
    half = (one + other) / 2
    expected = [
        sum((a - m) ** 2 / m for a, m in zip(x, y, strict=True) if m > 0)
        for x, y in zip(one, half, strict=True)
    ]
    assert_allclose(chi_square(one, other), expected, rtol=1e-5)
    assert chi_square(np.array([1.0, 0, 0]), np.array([0, 0.5, 0.5])) == 1


def test_flat_paint_has_one_texton():
    assert (textons_of(np.full((40, 40), 0.5, np.float32), np.ones((40, 40), bool)) == 0).all()
