"""Similarity by distance from the edge: the same as a plain walk over all crops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.metrics import edge_distance_ssim

RNG = np.random.default_rng(0)


def walked(reference, result, window, data_range=1.0):
    """Eq. 4 and 6 of the paper, crop by crop."""
    n, rows, cols = reference.shape
    found = {}
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    for k in range(n):
        for y1 in range(rows - window + 1):
            for x1 in range(cols - window + 1):
                a, b = (of[k, y1 : y1 + window, x1 : x1 + window] for of in (reference, result))
                d = min(x1, cols - (x1 + window)) + min(y1, rows - (y1 + window))
                ma, mb, sab = a.mean(), b.mean(), ((a - a.mean()) * (b - b.mean())).mean()
                above = (2 * ma * mb + c1) * (2 * sab + c2)
                below = (ma**2 + mb**2 + c1) * (a.var() + b.var() + c2)
                found.setdefault(d, []).append(above / below)
    return {d: (np.mean(values), len(values) // n) for d, values in sorted(found.items())}


@given(rows=st.integers(4, 13), cols=st.integers(4, 13), window=st.integers(1, 4), seed=st.integers(0, 99))
@settings(max_examples=15)
def test_it_is_what_a_walk_over_all_crops_finds(rows, cols, window, seed):
    rng = np.random.default_rng(seed)
    reference = rng.random((2, rows, cols))
    result = np.clip(reference + rng.normal(0, 0.2, reference.shape), 0, 1)
    curve = edge_distance_ssim(reference, result, data_range=1.0, window=window)
    expected = walked(reference, result, window)
    assert curve.distance.tolist() == list(expected)
    assert curve.windows.tolist() == [count for _, count in expected.values()]
    np.testing.assert_allclose(curve.ssim, [value for value, _ in expected.values()], rtol=0, atol=1e-10)


def test_patches_of_32_have_the_distances_of_figure_6():
    patch = RNG.random((32, 32))
    curve = edge_distance_ssim(patch, patch, data_range=1.0)
    assert curve.distance.tolist() == list(range(25))
    assert curve.windows[[0, 1, 11, 12, 13, 23, 24]].tolist() == [4, 8, 48, 48, 44, 4, 1]
    assert curve.windows.sum() == 625
    np.testing.assert_allclose(curve.ssim, 1, atol=1e-12)


def test_a_corner_is_the_ssim_of_scikit_image_of_that_corner():
    reference, result = RNG.random((2, 8, 8))
    curve = edge_distance_ssim(reference, result, data_range=1.0)
    options = {"data_range": 1.0, "win_size": 7, "use_sample_covariance": False}
    _, full = structural_similarity(reference, result, full=True, **options)
    seven = edge_distance_ssim(reference[:7, :7], result[:7, :7], data_range=1.0, window=7)
    assert seven.ssim[0] == pytest.approx(full[3, 3], abs=1e-12)
    assert curve.windows.tolist() == [1]


def test_only_what_is_wrong_at_the_corners_shows_at_distance_0():
    reference = RNG.random((32, 32))
    result = reference.copy()
    result[0, 0] += 2
    curve = edge_distance_ssim(reference, result, data_range=1.0)
    assert curve.ssim[0] < 0.999
    np.testing.assert_allclose(curve.ssim[1:], 1, atol=1e-12)


def test_depth_is_a_unit():
    reference, result = RNG.integers(0, 256, (2, 3, 20, 20), dtype=np.uint8)
    eight = edge_distance_ssim(reference, result, data_range=255)
    unit = edge_distance_ssim(reference / 255, result / 255, data_range=1.0)
    np.testing.assert_allclose(eight.ssim, unit.ssim, rtol=0, atol=1e-12)


def test_flat_patches_have_a_value():
    flat = np.full((1, 16, 16), 0.7)
    assert np.isfinite(edge_distance_ssim(flat, np.zeros_like(flat), data_range=1.0).ssim).all()
    np.testing.assert_allclose(edge_distance_ssim(flat, flat, data_range=1.0).ssim, 1)


def test_what_cannot_be_compared_is_refused():
    patch = np.zeros((16, 16))
    with pytest.raises(GridMismatch, match=r"\(16, 16\) and \(16, 15\)"):
        edge_distance_ssim(patch, patch[:, 1:], data_range=1.0)
    with pytest.raises(GridMismatch, match="one shape"):
        edge_distance_ssim(np.zeros((2, 16, 16, 3)), np.zeros((2, 16, 16, 3)), data_range=1.0)
    with pytest.raises(BadUsage, match="no window of 17 x 17 pixels fits into patches of 16 x 16"):
        edge_distance_ssim(patch, patch, data_range=1.0, window=17)
