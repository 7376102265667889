"""Derivatives, bands, morphology and distances against scikit-image, closed forms and brute force."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from skimage import filters, morphology

from tratteggio.errors import BadUsage, UnknownName
from tratteggio.filters import (
    band_pass,
    closing,
    correlate,
    dilate,
    distance,
    erode,
    gaussian,
    opening,
    sobel,
    steerable,
)

RNG = np.random.default_rng(0)
IMAGE = RNG.random((32, 40))


def test_the_lectures_sobel_kernels():
    vertical = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    for edges, kernel in (("vertical", vertical), ("horizontal", vertical.T)):
        for convolution in (False, True):
            expected = np.abs(correlate(IMAGE, kernel, convolution=convolution)) / 4
            assert_allclose(sobel(IMAGE, edges=edges), expected, atol=1e-12)


def test_the_length_of_both_is_scikit_images():
    assert_allclose(sobel(IMAGE) / np.sqrt(2), filters.sobel(IMAGE), atol=1e-12)


def test_a_step_from_black_to_white_gives_the_whole_range():
    step = np.repeat([[0, 0, 0, 255, 255, 255]], 5, axis=0).astype(np.uint8)
    assert_array_equal(sobel(step, edges="vertical")[2], [0, 0, 255, 255, 0, 0])
    assert not sobel(step, edges="horizontal").any()


def test_a_steerable_filter_points_where_it_is_told():
    rows, cols = np.mgrid[:41, :41] / 100
    ramp = 0.3 * cols + 0.4 * rows
    for degrees in (0, 30, 90, 200):
        angle = np.deg2rad(degrees)
        slope = steerable(ramp, sigma=2, degrees=degrees, zero=0)[20, 20]
        assert slope == pytest.approx((0.3 * np.cos(angle) + 0.4 * np.sin(angle)) / 100, rel=1e-3)
    assert_allclose(
        steerable(IMAGE, sigma=1, degrees=180, zero=0), -steerable(IMAGE, sigma=1, zero=0), atol=1e-12
    )


def test_a_band_is_the_difference_of_two_scales_about_mid_grey():
    band = band_pass(IMAGE, fine=1, coarse=2, zero=0)
    assert_allclose(band, gaussian(IMAGE, sigma=1) - gaussian(IMAGE, sigma=2), atol=1e-12)
    flat = np.full((20, 20, 3), 200, np.uint8)
    assert_array_equal(band_pass(flat, fine=1, coarse=2), 128)


def test_morphology_is_scikit_images_in_the_middle():
    levels = RNG.integers(0, 65536, (24, 25), np.uint16)
    square = morphology.footprint_rectangle((5, 5))
    pairs = (
        (erode, morphology.erosion),
        (dilate, morphology.dilation),
        (opening, morphology.opening),
        (closing, morphology.closing),
    )
    for ours, theirs in pairs:
        assert_array_equal(
            ours(np.dstack([levels, levels]), size=5)[4:-4, 4:-4, 1], theirs(levels, square)[4:-4, 4:-4]
        )


def test_opening_twice_changes_nothing_more_and_only_darkens():
    once = opening(IMAGE, size=3)
    assert_array_equal(opening(once, size=3), once)
    assert (once <= IMAGE).all()
    assert (closing(IMAGE, size=3) >= IMAGE).all()


def test_distances_are_those_to_the_nearest_dark_pixel():
    bright = RNG.random((18, 22)) > 0.03
    everywhere = np.argwhere(np.ones_like(bright))
    nearest = cdist(everywhere, np.argwhere(~bright)).min(axis=1).reshape(bright.shape)
    assert_allclose(distance(bright.astype(float), most=6), np.minimum(nearest, 6) / 6, atol=1e-12)
    assert_array_equal(distance(np.full((9, 9), 255, np.uint8), most=4), 255)


def test_what_cannot_be_is_refused_in_one_sentence():
    with pytest.raises(UnknownName, match="did you mean 'vertical'"):
        sobel(IMAGE, edges="vertikal")
    with pytest.raises(BadUsage, match="fine 3, coarse 1"):
        band_pass(IMAGE, fine=3, coarse=1)
    with pytest.raises(BadUsage, match="odd"):
        erode(IMAGE, size=2)
    with pytest.raises(UnknownName, match="partial"):
        steerable(IMAGE, sigma=1, border="partial")
    with pytest.raises(BadUsage, match="smaller"):
        distance(IMAGE, most=32)
    with pytest.raises(BadUsage, match="share"):
        band_pass(IMAGE, fine=1, coarse=2, zero=128)
