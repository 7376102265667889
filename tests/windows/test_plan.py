"""Laws of the plan: every lost pixel is proposed, once in all, by windows that the mask alone decides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tratteggio.painting import Lacunae, Region
from tratteggio.windows import plan
from tratteggio.windows.plan import FEATHER, WIDEST


def spots(shape: tuple[int, int], seed: int, n: int, largest: int) -> np.ndarray:
    """Rectangles of lost paint at random places."""
    rng = np.random.default_rng(seed)
    lost = np.zeros(shape, bool)
    for _ in range(n):
        top, left = rng.integers(0, shape[0]), rng.integers(0, shape[1])
        rows, cols = rng.integers(1, largest + 1, 2)
        lost[top : top + rows, left : left + cols] = True
    return lost


def weights(lost: np.ndarray, **options: int) -> np.ndarray:
    """Sum of the weights with which the windows propose each lost pixel."""
    lacunae = Lacunae(lost)
    laid = plan(lacunae, **options)
    total = np.zeros(lost.shape, np.float64)
    for window in laid.windows:
        writes = window.writes(laid.grid).meet(window.box) if window.wide else window.box
        own = np.isin(laid.groups.label_map(writes), window.groups) & lost[writes.slices]
        weight = window.weight(writes, laid.grid) if window.wide else 1.0
        total[writes.slices] += own * weight
    return total


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 700),
    cols=st.integers(1, 700),
    seed=st.integers(0, 99),
    capacity=st.sampled_from([50, 1000, 10**6]),
    halo=st.integers(1, 40),
)
def test_each_lost_pixel_is_proposed_and_no_other(rows, cols, seed, capacity, halo):
    lost = spots((rows, cols), seed, n=12, largest=80)
    np.testing.assert_array_equal(weights(lost, halo=halo, capacity=capacity) > 0, lost)


def test_a_lacuna_wider_than_any_window_is_cut_into_pieces_whose_weights_sum_to_one():
    lost = np.zeros((300, 3000), bool)
    lost[100:140, 5:2990] = True
    laid = plan(Lacunae(lost), halo=8, capacity=10**9)
    assert all(window.wide for window in laid.windows)
    assert len(list(laid.windows)) > 3000 // WIDEST
    np.testing.assert_allclose(weights(lost, halo=8, capacity=10**9), lost, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 99), tile=st.sampled_from([1, 512, 700, 1024, 10**6]))
def test_the_tile_gathers_windows_but_never_changes_them(seed, tile):
    lacunae = Lacunae(spots((1300, 900), seed, n=30, largest=60))
    windows = set(plan(lacunae, halo=10, capacity=5000, tile=tile).windows)
    assert windows == set(plan(lacunae, halo=10, capacity=5000, tile=2048).windows)


def test_thousands_of_cracks_are_not_thousands_of_windows():
    rng = np.random.default_rng(0)
    lost = np.zeros((2048, 2048), bool)
    for row, col in rng.integers(0, 2040, (5000, 2)):
        lost[row : row + 6, col] = True
    assert len(list(plan(Lacunae(lost), halo=8, capacity=10**6).windows)) < 100


def test_areas_without_lacunae_are_in_no_window():
    lost = np.zeros((4096, 4096), bool)
    lost[4000:4010, 4000:4010] = True
    (tile,) = plan(Lacunae(lost), halo=16, capacity=10**6).tiles
    assert tile.box.rows <= 10 + 2 * 16 + 2 * 16
    assert tile.box.cols <= 10 + 2 * 16 + 2 * 16


def test_no_window_of_a_wide_group_holds_more_lost_pixels_than_the_engine_takes():
    lost = np.zeros((1024, 1024), bool)
    lost[100:900, 100:900] = True
    laid = plan(Lacunae(lost), halo=4, capacity=60_000)
    assert max(int(lost[window.box.slices].sum()) for window in laid.windows) <= 60_000


@pytest.mark.parametrize("edge", ["top", "bottom"])
def test_the_blend_does_not_fade_towards_the_edge_of_the_painting(edge):
    lost = np.ones((600, 600), bool)
    lost[300, 300] = False
    laid = plan(Lacunae(lost), halo=4, capacity=1)
    window = next(w for w in laid.windows if (w.core.top == 0 if edge == "top" else w.core.bottom == 600))
    row = 0 if edge == "top" else 599
    middle = (window.core.left + window.core.right) // 2
    assert window.weight(Region(row, middle, row + 1, middle + 1), (600, 600))[0, 0] == 1


def test_one_large_loss_does_not_make_the_windows_of_a_whole_net_small():
    lost = np.zeros((2048, 2048), bool)
    lost[::64] = lost[:, ::64] = True
    sparse = len(list(plan(Lacunae(lost), halo=4, capacity=40_000).windows))
    lost[1000:1400, 1000:1400] = True
    assert len(list(plan(Lacunae(lost), halo=4, capacity=40_000).windows)) < 4 * sparse


def test_neighbours_overlap_by_the_feather_on_both_sides():
    lost = np.ones((64, 2048), bool)
    lost[0, 0] = False
    laid = plan(Lacunae(lost), halo=4, capacity=10**9)
    first, second = sorted(laid.windows, key=lambda w: w.core.left)[:2]
    assert first.writes(laid.grid).right - second.writes(laid.grid).left == 2 * FEATHER


def test_what_a_piece_of_a_wide_group_shows_is_filled_with_it_and_not_once_more():
    lost = spots((1500, 1500), 1, 60, 5)
    lost[700:702, :] = lost[:, 700:702] = True  # a net that is too wide for one window
    lacunae, halo = Lacunae(lost), 40
    laid = plan(lacunae, halo=halo, capacity=10**6)
    guests = [label for window in laid.windows if window.wide for label in window.groups[1:]]
    assert len(guests) == len(set(guests)) > 10
    assert not set(guests) & {label for window in laid.windows if not window.wide for label in window.groups}
    for window in laid.windows:
        for label in window.groups[1:]:
            region = laid.groups.regions[label - 1]
            assert window.box.holds(region.grow(halo, within=laid.grid))
            assert not window.wide or window.writes(laid.grid).holds(region)
    # Without this, each of the nine squares of the grid would be shown twice.
    assert len(list(laid.windows)) < 9 + 5
    assert ((weights(lost, halo=halo, capacity=10**6) > 0) == lost).all()
