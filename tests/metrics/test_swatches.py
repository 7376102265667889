"""Sliced Wasserstein distance of patches: it compares what patches there are, not where they lie."""

import numpy as np
import pytest
from scipy import ndimage, stats

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.metrics import patch_distance

RNG = np.random.default_rng(0)
PAINT = ndimage.gaussian_filter(RNG.normal(0, 40, (60, 70, 3)), (1, 2, 0))
EVERYWHERE = np.ones((60, 70), bool)


def test_it_is_the_mean_of_one_dimensional_distances():
    """SciPy's Wasserstein distance along each vector, on patches that a loop cuts out."""
    where = np.zeros((20, 22), bool)
    where[5:15, 4:18] = RNG.random((10, 14)) < 0.5
    one, two = PAINT[:20, :22], PAINT[30:50, 40:62]
    sets = []
    for picture in (one, two):
        boxes = [picture[r - 2 : r + 3, c - 2 : c + 3] for r, c in zip(*np.nonzero(where), strict=True)]
        sets.append(np.array([(b - b.mean(axis=(0, 1))).transpose(2, 0, 1).ravel() for b in boxes]))
    vectors = np.random.default_rng(3).standard_normal((75, 8))
    vectors /= np.linalg.norm(vectors, axis=0)
    expected = np.mean([stats.wasserstein_distance(*(s @ v for s in sets)) for v in vectors.T])
    found = patch_distance(one, two, where=where, side=5, projections=8, seed=3)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("side", [5, 9])
def test_paint_moved_to_another_place_is_far_nearer_than_paint_blurred(side):
    moved, blurred = np.roll(PAINT, 7, axis=0), ndimage.gaussian_filter(PAINT, (3, 3, 0))
    near, far = (patch_distance(PAINT, other, where=EVERYWHERE, side=side) for other in (moved, blurred))
    assert near < far / 5


def test_tone_alone_does_not_count_and_units_do():
    assert patch_distance(PAINT, PAINT + np.array([9, -4, 30]), where=EVERYWHERE) == pytest.approx(
        0, abs=1e-4
    )
    double = patch_distance(2 * PAINT, PAINT, where=EVERYWHERE)
    assert double > 0
    assert patch_distance(4 * PAINT, 2 * PAINT, where=EVERYWHERE) == pytest.approx(2 * double, rel=1e-5)
    assert patch_distance(PAINT, 2 * PAINT, where=EVERYWHERE) == pytest.approx(double)


def test_of_many_patches_a_share_tells_about_the_same(monkeypatch):
    other = ndimage.gaussian_filter(PAINT, (1, 1, 0))
    every = patch_distance(PAINT, other, where=EVERYWHERE)
    monkeypatch.setattr("tratteggio.metrics.swatches.MOST", 500)
    assert patch_distance(PAINT, other, where=EVERYWHERE) == pytest.approx(every, rel=0.1)


def test_where_no_patch_is_whole_there_is_no_distance():
    rim = np.ones((6, 6), bool)
    rim[2:4, 2:4] = False
    assert np.isnan(patch_distance(np.zeros((6, 6)), np.zeros((6, 6)), where=rim, side=5))


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(GridMismatch, match=r"\(60, 70, 3\)"):
        patch_distance(PAINT, PAINT[..., 0], where=EVERYWHERE)
    with pytest.raises(BadUsage, match="got 4"):
        patch_distance(PAINT, PAINT, where=EVERYWHERE, side=4)
    with pytest.raises(BadUsage, match="projection"):
        patch_distance(PAINT, PAINT, where=EVERYWHERE, projections=0)
