"""Fills as a whole: what must come back exactly, and what may not change."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from tratteggio.patches import Hint, fill_from_patches
from tratteggio.patches.pyramid import double, halve


def fill(colour: np.ndarray, lost: np.ndarray, seed: int = 0):
    return fill_from_patches(colour, lost, patch=8, rng=np.random.default_rng(seed))


def weave(rows: int, cols: int, period: int) -> np.ndarray:
    tile = np.random.default_rng(3).integers(0, 256, (period, period, 3))
    times = rows // period + 1, cols // period + 1, 1
    return np.tile(tile, times)[:rows, :cols].astype(np.uint8)


@pytest.mark.parametrize("period", [2, 5, 8, 11])
def test_a_periodic_texture_comes_back_exactly(period):
    truth, lost = weave(96, 104, period), np.zeros((96, 104), bool)
    lost[30:50, 20:34] = lost[60:66, 70:95] = True
    found = fill(truth, lost)
    assert_array_equal(np.rint(found.colours[lost]), truth[lost])
    assert found.sure[lost].min() > 0.99


def test_an_edge_runs_on_through_a_wide_lacuna():
    truth = np.full((128, 128, 1), 40, np.uint8)
    truth[:, 70:] = 200
    truth += np.random.default_rng(0).integers(0, 9, truth.shape).astype(np.uint8)
    lost = np.zeros((128, 128), bool)
    lost[40:90, 45:95] = True
    found = fill(truth, lost).colours[..., 0]
    right = (found > 120) == (truth[..., 0] > 120)
    assert right[lost].mean() > 0.97


def test_texture_is_kept_where_smooth_fills_lose_it():
    grain = np.random.default_rng(0).integers(60, 190, (128, 128, 1)).astype(np.uint8)
    lost = np.zeros((128, 128), bool)
    lost[40:80, 40:90] = True
    found = fill(grain, lost).colours[..., 0]
    inside, around = np.diff(found[44:76, 44:86], axis=1), np.diff(grain[:36, :, 0].astype(float), axis=1)
    assert 0.7 < (inside**2).mean() / (around**2).mean() < 1.3


def test_without_a_whole_patch_there_is_no_fill():
    lost = np.zeros((40, 40), bool)
    lost[::7] = True
    assert fill(np.zeros((40, 40, 3), np.uint8), lost) is None
    assert fill(np.zeros((7, 200, 3), np.uint8), np.eye(7, 200, dtype=bool)) is None


def test_what_lies_in_a_lacuna_does_not_count_not_even_nan():
    colours, lost = np.random.default_rng(0).random((50, 60, 3)), np.zeros((50, 60), bool)
    lost[20:30, 10:40] = True
    other = np.where(lost[..., None], np.nan, colours)
    assert_array_equal(fill(other, lost).colours[lost], fill(colours, lost).colours[lost])


def test_one_colour_is_filled_with_itself_and_surely():
    lost = np.zeros((40, 40), bool)
    lost[10:20, 10:30] = True
    found = fill(np.full((40, 40, 3), 1234, np.uint16), lost)
    assert_array_equal(found.colours, 1234)
    assert_array_equal(found.sure, np.where(lost, 1, 0))


def test_a_fill_of_a_fine_texture_is_surer_than_one_of_noise():
    lost = np.zeros((96, 104), bool)
    lost[40:60, 40:60] = True
    noise = np.random.default_rng(0).integers(0, 256, (96, 104, 3)).astype(np.uint8)
    assert fill(weave(96, 104, 8), lost).sure[lost].mean() > 2 * fill(noise, lost).sure[lost].mean()


def test_halving_takes_the_mean_of_the_known():
    colours = np.array([[1.0, 3, 9], [5, 100, 9]])[..., None]
    known = np.array([[True, True, True], [True, False, False]])
    means, count = halve(colours, known)
    assert_allclose(means[..., 0], [[3, 9]])
    assert_array_equal(count, [[3, 1]])


@pytest.mark.parametrize("shape", [(8, 10), (7, 9)])
def test_doubling_keeps_a_ramp_straight(shape):
    coarse = np.add.outer(2.0 * np.arange(4), np.arange(5))[..., None]
    fine = double(coarse, shape)[..., 0]
    rows, cols = (np.arange(side) / 2 - 0.25 for side in shape)
    assert_allclose(fine[1:-1, 1:-1], np.add.outer(2 * rows, cols)[1:-1, 1:-1])


def hinted(truth: np.ndarray, lost: np.ndarray, *hints: Hint) -> np.ndarray:
    return fill_from_patches(truth, lost, patch=8, rng=np.random.default_rng(0), hints=hints).colours


def relief(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((160, 160))
    smooth = ndimage.gaussian_filter(noise, 5, mode="wrap")
    return (smooth / smooth.std())[..., None]


def test_a_hint_tells_which_patches_lie_where_no_paint_does():
    shown = relief(1)
    truth, lost = 128 + 40 * shown, np.zeros((160, 160), bool)
    lost[50:110, 50:110] = True
    seen = np.ones_like(lost)

    def misfit(*hints: Hint) -> float:
        return float(np.abs(hinted(truth, lost, *hints) - truth)[lost].mean())

    assert misfit(Hint(-shown, seen)) < 0.6 * misfit()


def test_a_hint_that_is_not_told_changes_nothing():
    truth, lost = 128 + 40 * relief(2), np.zeros((160, 160), bool)
    lost[50:90, 50:90] = True
    blind = Hint(relief(3), np.zeros_like(lost))
    assert_array_equal(hinted(truth, lost, blind), hinted(truth, lost))
    half = ~lost & (np.arange(160) < 100)
    told = [Hint(np.where(half[..., None], relief(3), other), half) for other in (0, 1e3)]
    assert_array_equal(*(hinted(truth, lost, one) for one in told))
