"""Sharpening, Wiener by frequency, components, colours, grids, templates, frames, joining: against others."""

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skimage import color
from skimage.feature import match_template as by_skimage

from tratteggio import filters
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.metrics import psnr
from tratteggio.phantom import panel

RNG = np.random.default_rng(0)


def paint(side: int = 96) -> np.ndarray:
    return panel(side, side, seed=2, cracks=0, losses=0).painted.read()


def test_an_unsharp_mask_adds_what_a_blur_takes_away() -> None:
    light = RNG.random((20, 30))
    blurred = filters.gaussian(light, sigma=1.5)
    assert_allclose(filters.unsharp(light, sigma=1.5, amount=2), light + 2 * (light - blurred), atol=1e-6)
    assert_array_equal(filters.unsharp(light, sigma=1.5, amount=2, least=1.0), light)


def test_wiener_by_frequency_takes_off_noise_and_undoes_a_blur() -> None:
    truth = paint()
    noisy = filters.gaussian_noise(truth, sigma=0.1)
    assert psnr(truth, filters.fourier_wiener(noisy, noise=0.1), data_range=255) > (
        psnr(truth, noisy, data_range=255) + 3
    )
    soft = filters.gaussian(truth, sigma=1.5)
    taken = filters.gaussian_noise(soft, sigma=0.004)
    sharp = filters.fourier_wiener(taken, noise=0.004, blur=1.5)
    assert psnr(truth, sharp, data_range=255) > psnr(truth, taken, data_range=255) + 1
    assert_allclose(sharp.mean(), taken.mean(), atol=0.5)


def test_components_are_counted_as_opencv_counts_them() -> None:
    mask = RNG.random((60, 70)) > 0.75
    found = filters.find_components(mask)
    count, _, stats, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    assert len(found.areas) == count - 1
    assert sorted(found.areas) == sorted(stats[1:, cv2.CC_STAT_AREA])
    assert_allclose(np.sort(found.centres[:, 1]), np.sort(centres[1:, 0]), atol=1e-9)


def test_small_pieces_are_dropped_and_others_keep_every_pixel() -> None:
    mask = np.zeros((20, 20), np.uint8)
    mask[2, 2:5], mask[10, 1:11] = 255, 255
    dropped = filters.drop_small(mask, area=4)
    assert not dropped[2].any()
    assert_array_equal(dropped[10], mask[10])


def test_hue_saturation_and_value_are_those_of_skimage_and_come_back() -> None:
    rgb = RNG.random((9, 8, 3))
    rgb[0, 0], rgb[0, 1] = 0.4, 0.0  # grey, black
    assert_allclose(filters.to_hsv(rgb), color.rgb2hsv(rgb), atol=1e-12)
    assert_allclose(filters.from_hsv(filters.to_hsv(rgb)), rgb, atol=1e-12)
    assert_allclose(filters.from_ycbcr(filters.to_ycbcr(rgb)), rgb, atol=1e-12)


def test_saturation_keeps_luma_and_a_grey_world_has_equal_means() -> None:
    picture = paint()
    luma = np.array([0.299, 0.587, 0.114])
    assert_allclose(filters.saturation(picture, gain=0.3) @ luma, picture @ luma, atol=0.6)
    assert_array_equal(filters.saturation(picture[..., 0], gain=3), picture[..., 0])
    assert np.ptp(filters.grey_world(picture / 255).mean(axis=(0, 1))) < 1e-6


@pytest.mark.parametrize(("kernel", "flag"), [("linear", cv2.INTER_LINEAR), ("nearest", cv2.INTER_NEAREST)])
def test_enlarging_is_that_of_opencv(kernel: str, flag: int) -> None:
    light = RNG.random((11, 13)).astype(np.float32)
    expected = cv2.resize(light, (39, 33), interpolation=flag)
    assert_allclose(filters.resample(light, (33, 39), kernel=kernel), expected, atol=1e-5)


@pytest.mark.parametrize("kernel", ["nearest", "linear", "cubic", "lanczos"])
def test_a_constant_stays_and_a_smooth_wave_is_interpolated(kernel: str) -> None:
    assert_allclose(filters.resample(np.full((7, 9), 0.3), (5, 31), kernel=kernel), 0.3)
    x = np.arange(60) + 0.5
    fine = (np.arange(240) + 0.5) / 4
    wave = np.repeat(np.sin(x / 6)[None], 4, axis=0)
    away = np.abs(filters.resample(wave, (4, 240), kernel=kernel)[0] - np.sin(fine / 6))[20:-20].max()
    assert away < {"nearest": 0.1, "linear": 0.005, "cubic": 0.001, "lanczos": 0.006}[kernel]


def test_decimation_without_a_blur_folds_fine_waves_onto_coarse_ones() -> None:
    """A wave of 3 pixels, of which every fourth is kept, looks like one of 12."""
    wave = np.repeat(np.sin(2 * np.pi * np.arange(240) / 3)[None], 8, axis=0)
    assert filters.decimate(wave, step=4, smooth=False).std() > 0.6
    assert filters.decimate(wave, step=4).std() < 0.1


def test_a_template_is_found_as_by_skimage() -> None:
    picture = paint() / 255
    part = picture[30:42, 50:65]
    scores = filters.match_template(picture, part)
    assert np.unravel_index(scores.argmax(), scores.shape) == (30, 50)
    assert scores.max() == pytest.approx(1)
    grey = picture.mean(axis=2)
    expected = by_skimage(grey, grey[30:42, 50:65])
    assert_allclose(filters.match_template(grey, grey[30:42, 50:65]), expected, atol=1e-6)


def test_the_average_of_frames_has_less_noise_by_the_root_of_their_number() -> None:
    frames = [filters.gaussian_noise(np.full((100, 100), 0.5), sigma=0.1, seed=k) for k in range(16)]
    assert filters.average(frames).std() == pytest.approx(0.025, rel=0.05)
    frames[3] = np.ones((100, 100))
    assert abs(filters.average(frames, middle=True).mean() - 0.5) < 0.01


def test_pictures_are_joined_and_bands_shown_at_full_size() -> None:
    one, other = np.full((32, 40), 0.2), np.full((32, 40), 0.8)
    assert_allclose(filters.lay_over(one, other, share=0.25), 0.35, atol=1e-6)
    joined = filters.blend_across(one, other, across=0.5, levels=3)
    assert joined[:, 0] == pytest.approx(0.2, abs=0.02)
    assert joined[:, -1] == pytest.approx(0.8, abs=0.02)
    light = RNG.random((33, 41))
    bands = [2 * (filters.laplacian(light, level=k) - 0.5) for k in (1, 2)]
    assert_allclose(sum(bands) + filters.coarse(light, level=2), light, atol=1e-6)


def test_what_cannot_be_is_refused() -> None:
    light = np.zeros((8, 8))
    for refused, sentence in (
        (lambda: filters.resample(light, (0, 3)), "a grid has 1 row"),
        (lambda: filters.resample(light, (3, 3), kernel="cube"), "no kernel named 'cube'"),
        (lambda: filters.decimate(light, step=1), "step is 2 up to the shorter side"),
        (lambda: filters.match_template(light, np.zeros((9, 2))), "at most as large"),
        (lambda: filters.match_template(light, light), "a template of one value"),
        (lambda: filters.average([light]), "two frames or more, got 1"),
        (lambda: filters.lay_over(light, light, share=2), "share lies in 0 .. 1"),
        (lambda: filters.coarse(light, level=0), "level is 1 and more"),
        (lambda: filters.saturation(light, gain=-1), "gain is 0 or above"),
        (lambda: filters.fourier_wiener(light, noise=0.1, blur=-1), "blur is 0 or the sigma"),
        (lambda: filters.to_hsv(light), "floats .H, W, 3."),
        (lambda: filters.drop_small(light, area=1), "area is 2 to 4,096"),
    ):
        with pytest.raises((BadUsage, LookupError), match=sentence):
            refused()
    with pytest.raises(GridMismatch, match="frames share a shape"):
        filters.average([light, light[:4]])
