"""Pyramids come apart and together again without loss."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.filters import blend, collapsed, expanded, gaussian_pyramid, laplacian_pyramid, reduced

RNG = np.random.default_rng(0)


@given(rows=st.integers(1, 20), cols=st.integers(1, 20), levels=st.integers(1, 5))
def test_a_laplacian_pyramid_collapses_to_the_picture(rows, cols, levels):
    image = np.random.default_rng(rows * 32 + cols).random((rows, cols, 2))
    levels = min(levels, min(rows, cols).bit_length())
    assert_allclose(collapsed(laplacian_pyramid(image, levels=levels)), image, atol=1e-12)


def test_steps_down_and_up_are_opencvs():
    image = RNG.random((33, 48)).astype(np.float32)
    assert_allclose(reduced(image), cv2.pyrDown(image), atol=1e-6)
    small = RNG.random((16, 24)).astype(np.float32)
    up = cv2.pyrUp(small, dstsize=(48, 32))
    assert_allclose(expanded(small, (32, 48))[:-2, :-2], up[:-2, :-2], atol=1e-6)


@pytest.mark.parametrize("grid", [(8, 8), (9, 7), (1, 5)])
def test_an_even_tone_stays_at_every_size(grid):
    flat = np.full(grid, 0.25)
    assert_allclose(reduced(flat), 0.25)
    assert_allclose(expanded(reduced(flat), grid), 0.25)


def test_blending_a_picture_with_itself_changes_nothing():
    image = RNG.integers(0, 65536, (32, 32, 3), np.uint16)
    assert_array_equal(blend(image, image, RNG.random((32, 32)), levels=4), image)


def test_a_seam_is_wide_for_large_forms_and_hard_with_one_level():
    dark, light = np.zeros((64, 64)), np.ones((64, 64))
    left = np.arange(64) * np.ones((64, 1)) < 32
    hard = blend(light, dark, left, levels=1)
    assert_array_equal(hard, left)
    soft = blend(light, dark, left, levels=5)
    assert np.abs(np.diff(soft[32])).max() < 0.1
    assert soft[32, 0] > 0.95
    assert soft[32, -1] < 0.05


def test_what_does_not_fit_is_refused():
    with pytest.raises(BadUsage, match="1 to 4 pyramid levels, got 5"):
        gaussian_pyramid(np.zeros((8, 9)), levels=5)
    with pytest.raises(GridMismatch, match="expanded"):
        expanded(np.zeros((4, 4)), (9, 8))
    with pytest.raises(GridMismatch, match="share a grid"):
        blend(np.zeros((4, 4)), np.zeros((4, 4)), np.zeros((5, 4)), levels=1)
    with pytest.raises(BadUsage, match="one depth"):
        blend(np.zeros((4, 4)), np.zeros((4, 4), np.uint8), np.zeros((4, 4)), levels=1)
