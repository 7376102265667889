"""Wavelets: pictures come back from them, energy is kept, and noise goes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tratteggio.errors import BadUsage
from tratteggio.filters import gaussian_noise, haar, starlet, unhaar, wavelet
from tratteggio.filters.wavelets import _noise_of
from tratteggio.metrics import psnr
from tratteggio.phantom import panel

RNG = np.random.default_rng(0)


def test_the_levels_of_a_starlet_sum_to_the_picture() -> None:
    picture = RNG.random((40, 50, 3))
    assert_allclose(sum(starlet(picture, levels=3)), picture, atol=1e-12)


def test_noise_in_each_level_is_as_the_wavelets_norm_says() -> None:
    """Starck, Murtagh, Fadili 2010, table 3.1 for a B3 spline in two dimensions: 0.89, 0.20, 0.086, 0.041."""
    assert_allclose(_noise_of(4), [0.889, 0.200, 0.086, 0.041], atol=0.002)


def test_haar_keeps_energy_and_is_undone() -> None:
    picture = RNG.random((24, 16))
    turned = haar(picture, levels=3)
    assert_allclose((turned**2).sum(), (picture**2).sum())
    assert_allclose(unhaar(turned, levels=3), picture, atol=1e-12)
    assert_allclose(turned[:3, :2], 8 * picture.reshape(3, 8, 2, 8).mean(axis=(1, 3)))


def test_haar_of_two_by_two_by_hand() -> None:
    """Sums and differences of 1 2 / 3 5, halved."""
    assert_allclose(haar(np.array([[1.0, 2.0], [3.0, 5.0]]), levels=1), [[5.5, -1.5], [-2.5, 0.5]])


def test_thresholds_take_off_noise_and_keep_paint() -> None:
    truth = panel(128, 128, seed=1, cracks=0, losses=0).painted.read()
    noisy = gaussian_noise(truth, sigma=0.1)
    gained = psnr(truth, wavelet(noisy, noise=0.1), data_range=255) - psnr(truth, noisy, data_range=255)
    assert gained > 4
    assert_allclose(wavelet(truth, noise=0.1, threshold=0.0), truth, atol=1)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadUsage, match="crop it to multiples of 4"):
        haar(np.zeros((6, 8)), levels=2)
    with pytest.raises(BadUsage, match="1 to 6 levels, got 9"):
        starlet(np.zeros((99, 99)), levels=9)
    with pytest.raises(BadUsage, match="a threshold is 0 or above"):
        wavelet(np.zeros((99, 99)), noise=0.1, threshold=-1)
