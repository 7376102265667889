"""Hybrid images and spectra against Fourier transforms."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.filters import hybrid, sigma_at, spectrum, strip

RNG = np.random.default_rng(0)
NEAR, FAR = RNG.random((2, 64, 64))


def test_a_hybrid_of_a_picture_with_itself_and_one_cut_off_is_the_picture():
    assert_allclose(hybrid(NEAR, NEAR, low=8, high=8), NEAR, atol=1e-12)


def test_the_spectrum_of_a_hybrid_is_the_weighted_sum():
    """F(H) = F(far) G_low + F(near) (1 - G_high), on a picture that goes on round the edge."""
    cycles = np.hypot(*np.meshgrid(*[np.fft.fftfreq(64) * 64] * 2))
    low, high = (0.5 ** ((cycles / cut) ** 2) for cut in (6, 12))  # one half at the cut-off
    expected = np.fft.fft2(FAR) * low + np.fft.fft2(NEAR) * (1 - high)
    answer = np.fft.fft2(hybrid(NEAR, FAR, low=6, high=12, border="wrap"))
    assert_allclose(answer, expected, atol=2e-3 * np.abs(expected).max())


@pytest.mark.parametrize("cycles", [4, 8])
def test_the_gain_at_the_cut_off_is_one_half(cycles):
    wave = np.sin(2 * np.pi * cycles * np.arange(128) / 128) * np.ones((128, 1))
    shown = hybrid(np.zeros_like(wave), wave, low=cycles, high=20, border="wrap")
    assert_allclose(shown, wave / 2, atol=2e-3)


def test_part_of_a_larger_picture_is_cut_off_by_the_side_of_the_whole():
    whole = hybrid(NEAR, FAR, low=30, high=40)
    part = hybrid(NEAR[:40, :40], FAR[:40, :40], low=30, high=40, side=64)
    assert_array_equal(part[:30, :30], whole[:30, :30])


def test_a_strip_shows_ever_smaller_copies_on_one_line():
    shown = strip(np.full((16, 24, 3), 100, np.uint8), steps=3)
    assert shown.shape == (16, 24 + 12 + 6, 3)
    assert_array_equal(shown[8:, 24:36], 100)
    assert_array_equal(shown[:8, 24:36], 255)
    assert_array_equal(shown[12:, 36:], 100)


def test_a_wave_shows_as_two_spots_where_its_frequency_lies():
    rows, cols = np.mgrid[:32, :48]
    wave = 0.5 + 0.25 * np.cos(2 * np.pi * (3 * rows / 32 + 5 * cols / 48))
    for depth, top in ((np.float64, 1), (np.uint16, 65535)):
        shown = spectrum((wave * top).astype(depth)) / top
        spots = {tuple(spot) for spot in np.argwhere(shown > 0.9)}
        assert spots == {(16, 24), (16 + 3, 24 + 5), (16 - 3, 24 - 5)}


def test_a_flat_picture_is_all_mean():
    shown = spectrum(np.full((8, 8), 0.5))
    assert shown[4, 4] == 1
    assert np.count_nonzero(shown) == 1


def test_what_cannot_be_is_refused_in_one_sentence():
    with pytest.raises(GridMismatch, match="one shape"):
        hybrid(NEAR, FAR[:5], low=4, high=8)
    with pytest.raises(BadUsage, match="one depth"):
        hybrid(NEAR, FAR.astype(np.float32), low=4, high=8)
    with pytest.raises(BadUsage, match="cycles per image"):
        sigma_at(0, 100)
    with pytest.raises(BadUsage, match="1 to 8 steps"):
        strip(NEAR, steps=0)
