"""Multigrid against a brute-force solve of Laplace's equation."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.filters import diffusion
from tratteggio.filters.diffusion import diffuse


def brute_force(image: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Each lost pixel is the mean of the neighbours that exist: one dense system."""
    rows, cols = lost.shape
    system, rhs = np.eye(lost.size), np.where(lost[..., None], 0, image).reshape(lost.size, -1)
    for row, col in np.argwhere(lost):
        near = [(row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)]
        near = [(r, c) for r, c in near if 0 <= r < rows and 0 <= c < cols]
        for r, c in near:
            system[row * cols + col, r * cols + c] = -1 / len(near)
    return np.linalg.solve(system, rhs).reshape(image.shape)


def damage(rows: int, cols: int, share: float, seed: int):
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.standard_normal((rows, cols)), 2)
    lost = noise >= np.quantile(noise, 1 - share)
    lost[rows // 2, cols // 2] = False
    return rng.random((rows, cols, 2)), lost


@given(rows=st.integers(1, 30), cols=st.integers(1, 30), share=st.floats(0, 1), seed=st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_it_solves_laplaces_equation(rows, cols, share, seed):
    image, lost = damage(rows, cols, share, seed)
    assert_allclose(diffuse(image, lost), brute_force(image, lost), atol=0.05)


def test_more_cycles_converge_to_the_solution(monkeypatch):
    image, lost = damage(40, 33, 0.4, 3)
    exact = brute_force(image, lost)
    errors = []
    for cycles in (1, 2, 4, 8, 16):
        monkeypatch.setattr(diffusion, "CYCLES", cycles)
        errors.append(np.abs(diffuse(image, lost) - exact).max())
    assert errors[-1] < 1e-5
    assert sorted(errors, reverse=True) == errors


@given(seed=st.integers(0, 999), share=st.floats(0.01, 0.95))
@settings(max_examples=15, deadline=None)
def test_the_fill_stays_within_the_known_range_and_known_pixels_stay(seed, share):
    image, lost = damage(25, 40, share, seed)
    got = diffuse(image, lost)
    assert got.dtype == np.float32
    assert_array_equal(got[~lost], image[~lost].astype(np.float32))
    assert got[lost].min() >= image[~lost].min() - 0.02
    assert got[lost].max() <= image[~lost].max() + 0.02


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 2), (3, 40_000), (40_000, 1), (7, 5, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_any_shape_and_depth(shape, dtype):
    lost = np.ones(shape[:2], bool)
    assert_array_equal(diffuse(np.full(shape, 9, dtype), lost), np.zeros(shape))
    lost[0, -1] = False
    got = diffuse(np.full(shape, 9, dtype), lost)
    assert got.shape == shape
    assert_array_equal(got, 9)


def test_what_lost_pixels_hold_does_not_count_even_nan():
    image, lost = damage(20, 20, 0.3, 0)
    expected = diffuse(image, lost)
    image[lost] = np.nan
    assert_array_equal(diffuse(image, lost), expected)


def test_16_bit_keeps_its_depth():
    image = np.tile(np.linspace(30_000, 30_300, 64), (64, 1)).astype(np.uint16)
    lost = np.zeros((64, 64), bool)
    lost[20:40, 20:40] = True
    assert_allclose(diffuse(image, lost)[lost], image[lost], atol=5)


def test_wrong_input_is_refused():
    with pytest.raises(GridMismatch, match=r"\(3, 4\)"):
        diffuse(np.zeros((3, 4)), np.zeros((4, 3), bool))
    with pytest.raises(BadUsage, match="uint8"):
        diffuse(np.zeros((3, 4)), np.zeros((3, 4), np.uint8))


def test_a_megapixel_takes_seconds_at_most():
    """A coarse guard against quadratic cost: half a second is usual."""
    image, lost = np.ones((1024, 1024, 3), np.float32), np.ones((1024, 1024), bool)
    lost[:, ::100] = False
    start = time.perf_counter()
    diffuse(image, lost)
    assert time.perf_counter() - start < 15
