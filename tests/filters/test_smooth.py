"""Smoothing: the worked numbers of the lecture, SciPy, scikit-image and brute force."""

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import signal

from tratteggio.errors import BadPixels, BadUsage, UnknownName
from tratteggio.filters import bilateral, box, correlate, gaussian, median, non_local_means, weighted, wiener
from tratteggio.filters.smooth import gaussian_reach

RNG = np.random.default_rng(0)
NOISY = RNG.integers(0, 65536, (40, 50, 3), np.uint16)
BORDERS = {  # of NumPy's padding
    "reflect": "symmetric",
    "mirror": "reflect",
    "replicate": "edge",
    "zero": "constant",
    "wrap": "wrap",
}


def lecture_square():
    """90 on rows 2 to 6 and columns 3 to 7 but for one pixel, and one 90 below."""
    square = np.zeros((10, 10), np.uint8)
    square[2:7, 3:8] = 90
    square[5, 4] = 0
    square[8, 2] = 90
    return square


def test_the_lectures_moving_average():
    table = """0 10 20 30 30 30 20 10
               0 20 40 60 60 60 40 20
               0 30 60 90 90 90 60 30
               0 30 50 80 80 90 60 30
               0 30 50 80 80 90 60 30
               0 20 30 50 50 60 40 20
               10 20 30 30 30 30 20 10
               10 10 10 0 0 0 0 0"""
    expected = np.array([row.split() for row in table.splitlines()], int)
    assert_array_equal(box(lecture_square(), size=3)[1:-1, 1:-1], expected)


def test_the_lectures_gaussian():
    """Sigma 1, 5 x 5: the slide's weights have the sum 0.98181; ours are what a Gaussian cut wider gives."""
    spot = np.zeros((11, 11))
    spot[5, 5] = 1
    table = gaussian(spot, sigma=1)[3:8, 3:8]
    corner = [[0.003, 0.013, 0.022], [0.013, 0.059, 0.097], [0.022, 0.097, 0.159]]
    assert_allclose(table[:3, :3], corner, atol=0.0006)
    assert_allclose(table.sum(), 0.98181, atol=3e-4)
    assert_allclose(table, table[::-1, ::-1].T, atol=1e-15)


def test_the_lectures_separable_kernel():
    """Rows give 11, 18, 18, the column 65."""
    part = np.array([[2, 3, 3], [3, 5, 5], [4, 4, 6]], np.uint8)
    rows = correlate(part, np.array([[1, 2, 1]]))
    assert_array_equal(rows[:, 1], [11, 18, 18])
    assert correlate(rows, np.array([[1], [2], [1]]))[1, 1] == 65
    assert correlate(part, np.outer([1, 2, 1], [1, 2, 1]))[1, 1] == 65


def test_the_lectures_weighted_averages():
    row = np.tile(np.array([0, 0, 0, 160, 0, 0, 0], np.uint8), (7, 1))
    assert_array_equal(weighted(row, weights=(1, 1, 1, 1, 1))[3], [0, 32, 32, 32, 32, 32, 0])
    assert_array_equal(weighted(row, weights=(1, 4, 6, 4, 1))[3], [0, 10, 40, 60, 40, 10, 0])


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("convolution", [False, True])
def test_a_kernel_is_summed_as_brute_force_does(border, convolution):
    kernel = RNG.standard_normal((3, 5))
    padded = np.pad(NOISY[:8, :9, 0].astype(float), ((1, 1), (2, 2)), BORDERS[border])
    weights = kernel[::-1, ::-1] if convolution else kernel
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    expected = (windows * weights).sum(axis=(-1, -2))
    answer = correlate(NOISY[:8, :9, 0], kernel, border=border, convolution=convolution)
    assert_allclose(answer, expected, rtol=1e-6, atol=1e-2)


def test_a_partial_border_counts_what_is_inside():
    image = RNG.random((6, 7))
    corner = image[:2, :2].mean()
    assert_allclose(box(image, size=3, border="partial")[0, 0], corner)
    for smooth in (
        box(np.ones((6, 7)), size=5, border="partial"),
        gaussian(np.ones((9, 9, 2)), sigma=1, border="partial"),
    ):
        assert_allclose(smooth, 1)


@pytest.mark.parametrize("filtered", [box, lambda x: gaussian(x, sigma=1.3)])
def test_rows_and_columns_make_the_full_kernel(filtered):
    spot = np.zeros((21, 21))
    spot[10, 10] = 1
    kernel = filtered(spot)
    assert np.linalg.matrix_rank(kernel, tol=1e-12) == 1
    image = NOISY[:30, :30, 0].astype(float)
    assert_allclose(filtered(image), correlate(image, kernel), rtol=1e-9)


@pytest.mark.parametrize(("first", "second"), [(2.0, 2.0), (1.5, 3.0)])
def test_two_gaussians_are_one_of_the_sigma_by_pythagoras(first, second):
    image = RNG.random((64, 64))
    twice = gaussian(gaussian(image, sigma=first), sigma=second)
    assert_allclose(twice, gaussian(image, sigma=np.hypot(first, second)), atol=5e-4)


def test_each_depth_comes_back_rounded():
    exact = gaussian(NOISY.astype(np.float64), sigma=1.5)
    assert_allclose(gaussian(NOISY, sigma=1.5), exact, atol=0.51)
    assert gaussian(NOISY, sigma=1.5).dtype == np.uint16
    eight = (NOISY >> 8).astype(np.uint8)
    assert_allclose(box(eight, size=5), box(eight.astype(np.float64), size=5), atol=0.5001)
    assert median(eight).dtype == np.uint8


def test_the_median_takes_out_single_pixels():
    image = np.full((9, 9, 3), 0.5, np.float32)
    image[2, 3] = 1
    image[6, 6] = 0
    assert_array_equal(median(image, size=3), 0.5)
    channel = NOISY[..., 1]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(channel, 2, "symmetric"), (5, 5))
    assert_array_equal(median(NOISY, size=5)[..., 1], np.median(windows, axis=(-1, -2)))


def test_the_bilateral_filter_is_its_formula():
    image = RNG.random((12, 13)).astype(np.float32)
    reach, padded = 3, np.pad(image.astype(float), 3, "symmetric")
    total, weight = np.zeros(image.shape), np.zeros(image.shape)
    for down in range(-reach, reach + 1):
        for across in range(-reach, reach + 1):
            if down**2 + across**2 > reach**2:
                continue
            there = padded[reach + down :, reach + across :][:12, :13]
            near = np.exp(-(down**2 + across**2) / (2 * 1.5**2))
            alike = np.exp(-((there - image) ** 2) / (2 * 0.2**2))
            total, weight = total + near * alike * there, weight + near * alike
    assert_allclose(bilateral(image, sigma=1.5, likeness=0.2), total / weight, atol=1e-4)


@pytest.mark.parametrize("smooth", [bilateral, non_local_means])
def test_filters_that_keep_edges_keep_a_step_and_take_noise_off(smooth):
    step = np.where(np.arange(48) < 24, 0.25, 0.75) * np.ones((48, 1))
    noisy = (step + 0.03 * RNG.standard_normal(step.shape)).clip(0, 1)
    for depth, top in ((np.uint8, 255), (np.uint16, 65535), (np.float32, 1)):
        image = (noisy * top).astype(depth)
        error = np.abs(smooth(image).astype(float) / top - step)
        assert error.mean() < 0.6 * np.abs(noisy - step).mean()
        assert error[:, 22:26].max() < 0.2  # a Gaussian would be off by a quarter


def test_non_local_means_is_opencvs_at_16_bit():
    expected = cv2.fastNlMeansDenoising(
        np.ascontiguousarray(NOISY[..., 2]),
        h=[0.3 * 65535],
        templateWindowSize=3,
        searchWindowSize=7,
        normType=cv2.NORM_L1,
    )
    assert_array_equal(non_local_means(NOISY, strength=0.3, patch=3, search=7)[..., 2], expected)


def test_wiener_is_scipys_away_from_the_edge():
    image = RNG.random((30, 30))
    expected = signal.wiener(image, 5, noise=0.2**2)
    assert_allclose(wiener(image, size=5, noise=0.2)[2:-2, 2:-2], expected[2:-2, 2:-2], atol=1e-12)


def test_wiener_leaves_detail_and_smooths_the_rest():
    flat = 0.5 + 0.02 * RNG.standard_normal((40, 40))
    assert wiener(flat, noise=0.02).std() < 0.4 * flat.std()
    strong = RNG.random((40, 40))
    assert_allclose(wiener(strong, noise=0.001), strong, atol=1e-3)


def test_even_oversized_and_empty_windows_are_refused():
    for refused in (
        lambda: box(NOISY, size=4),
        lambda: median(NOISY, size=0),
        lambda: wiener(NOISY, size=6, noise=0.1),
        lambda: non_local_means(NOISY, patch=4),
        lambda: weighted(NOISY, weights=(1, 1)),
        lambda: correlate(NOISY, np.ones((2, 3))),
    ):
        with pytest.raises(BadUsage, match="odd number of pixels"):
            refused()
    with pytest.raises(BadUsage, match=r"40 rows x 50 columns"):
        box(NOISY, size=81)
    with pytest.raises(BadUsage, match="use a smaller window"):
        gaussian(NOISY, sigma=10)
    for sigma in (0, -1, np.nan, np.inf):
        with pytest.raises(BadUsage, match="sigma is a number above 0"):
            gaussian(NOISY, sigma=sigma)
    with pytest.raises(BadUsage, match="sum that is not 0"):
        weighted(NOISY, weights=(-1, 0, 1))
    with pytest.raises(UnknownName, match="did you mean 'reflect'"):
        box(NOISY, border="refelct")
    with pytest.raises(UnknownName, match="partial"):
        median(NOISY, border="partial")
    with pytest.raises(BadPixels, match="bilateral takes floats from 0"):
        bilateral(np.full((9, 9), 300.0))
    with pytest.raises(BadUsage, match="shape"):
        box(np.zeros((3, 0)))


def test_the_reach_of_a_gaussian_is_where_its_weights_end():
    for sigma in (0.5, 1.0, 2.3):
        spot = np.zeros((41, 41))
        spot[20, 20] = 1
        rows = np.flatnonzero(gaussian(spot, sigma=sigma).any(axis=1))
        assert (rows[0], rows[-1]) == (20 - gaussian_reach(sigma), 20 + gaussian_reach(sigma))
