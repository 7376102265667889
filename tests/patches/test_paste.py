"""Paths of least difference against all paths, and patches pasted."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.patches.lattice import lay
from tratteggio.patches.paste import cut, mean, paste


@pytest.mark.parametrize(("length", "width"), [(1, 3), (5, 3), (6, 4), (7, 2)])
def test_the_cut_costs_no_more_than_any_path(length, width):
    differ = np.random.default_rng(0).random((6, length, width))
    shares = cut(differ)
    paths = [
        path
        for path in itertools.product(range(width), repeat=length)
        if all(abs(a - b) <= 1 for a, b in itertools.pairwise(path))
    ]
    for one, share in zip(differ, shares, strict=True):
        (path,) = [np.argmax(share == 0.5, axis=1)]
        assert ((share == 0.5).sum(axis=1) == 1).all()
        assert (np.abs(np.diff(path)) <= 1).all()
        least = min(one[np.arange(length), list(p)].sum() for p in paths)
        assert one[np.arange(length), path].sum() == pytest.approx(least)


def test_left_of_the_cut_nothing_is_laid_and_right_of_it_all():
    differ = np.ones((1, 3, 4))
    differ[0, [0, 1, 2], [2, 1, 2]] = 0
    assert_array_equal(cut(differ)[0], [[0, 0, 0.5, 1], [0, 0.5, 1, 1], [0, 0, 0.5, 1]])


def periodic(rows: int, cols: int) -> np.ndarray:
    tile = np.random.default_rng(0).random((8, 8, 3))
    return np.tile(tile, (rows // 8 + 1, cols // 8 + 1, 1))[:rows, :cols]


def test_patches_that_agree_are_laid_without_a_trace():
    """Labels one period off what is lost: whatever the order and the cuts, the painting comes back."""
    truth, lost = periodic(40, 48), np.zeros((40, 48), bool)
    lost[16:28, 18:30] = True
    lattice = lay(lost, patch=8)
    whole = lattice.whole.ravel()
    labels = np.empty(len(lattice.at), int)
    for node, at in enumerate(lattice.at):
        steps = [8 * (r * lattice.lost.shape[1] + c) for r in (-2, -1, 0, 1, 2) for c in (-2, -1, 0, 1, 2)]
        labels[node] = next(at + step for step in steps if whole[at + step])
    wave = np.random.default_rng(1).permutation(len(labels))
    values = lattice.with_border(np.where(lost[..., None], 0, truth))
    laid, covered = paste(lattice, values, labels, wave)
    assert covered[lattice.lost].all()
    assert_allclose(lattice.without_border(laid), truth, atol=1e-12)


def test_all_of_the_first_patch_is_laid_where_none_was_before():
    lost = np.zeros((24, 24), bool)
    lost[10, 10] = True
    lattice = lay(lost, patch=8)
    values = lattice.with_border(np.random.default_rng(0).random((24, 24, 3)))
    label = np.flatnonzero(lattice.whole)[0]
    one = replace(lattice, at=lattice.at[:1], around=np.full((1, 8), -1))
    laid, covered = paste(one, values, np.array([label]), np.array([0]))
    square = lattice.square.ravel()
    assert_array_equal(laid.reshape(-1, 3)[lattice.at[0] + square], values.reshape(-1, 3)[label + square])
    assert covered.sum() == 64


def test_the_mean_is_that_of_the_patches_on_a_pixel_by_their_windows():
    lost = np.zeros((24, 24), bool)
    lost[9:15, 9:15] = True
    lattice = lay(lost, patch=8)
    rng = np.random.default_rng(0)
    values = lattice.with_border(rng.random((24, 24, 2)))
    labels = rng.choice(np.flatnonzero(lattice.whole), (len(lattice.at), 2))
    laid, covered = mean(lattice, values, labels)
    width = values.shape[1]
    window = np.hanning(10)[1:-1]
    total, weight = np.zeros_like(values), np.zeros(values.shape[:2])
    for at, both in zip(lattice.at, labels, strict=True):
        for label, share in zip(both, (1, 0.5), strict=True):
            here, there = (
                (slice(r, r + 8), slice(c, c + 8)) for r, c in (divmod(at, width), divmod(label, width))
            )
            total[here] += share * np.outer(window, window)[..., None] * values[there]
            weight[here] += share * np.outer(window, window)
    assert_array_equal(covered, weight > 0)
    assert_allclose(laid[covered], total[covered] / weight[covered][:, None], rtol=1e-12)
    assert_array_equal(laid[~covered], values[~covered])
