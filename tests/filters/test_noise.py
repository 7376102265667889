"""Noise has the statistics that it states, and lies fixed on the painting."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tratteggio.errors import BadUsage
from tratteggio.filters import gaussian_noise, impulse, salt_and_pepper

GREY = np.full((300, 400, 3), 32768, np.uint16)
KINDS = (
    lambda image, **more: salt_and_pepper(image, share=0.2, **more),
    lambda image, **more: impulse(image, share=0.2, **more),
    lambda image, **more: gaussian_noise(image, sigma=0.05, **more),
)


def test_salt_and_pepper_are_as_many_of_each_and_hit_whole_pixels():
    noisy = salt_and_pepper(GREY, share=0.2)
    assert (noisy == noisy[..., :1]).all()
    black, white = ((noisy[..., 0] == level).mean() for level in (0, 65535))
    assert black == pytest.approx(0.1, abs=0.004)
    assert white == pytest.approx(0.1, abs=0.004)


def test_impulses_are_white_only():
    noisy = impulse(GREY, share=0.2)
    assert set(np.unique(noisy)) == {32768, 65535}
    assert (noisy[..., 0] == 65535).mean() == pytest.approx(0.2, abs=0.005)


def test_gaussian_noise_has_its_sigma_and_mean_and_is_independent():
    added = gaussian_noise(np.zeros((300, 400, 3)), sigma=0.05, mean=0.01)
    assert added.std() == pytest.approx(0.05, rel=0.01)
    assert added.mean() == pytest.approx(0.01, abs=0.001)
    neighbours = [(added[1:], added[:-1]), (added[..., 0], added[..., 1]), (added[:44], added[256:])]
    for one, other in neighbours:
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.02


@pytest.mark.parametrize("noisy", KINDS)
def test_the_same_seed_gives_the_same_bits_at_a_place_in_any_window(noisy):
    whole = noisy(GREY, seed=3)
    assert_array_equal(noisy(GREY, seed=3), whole)
    assert (noisy(GREY, seed=4) != whole).any()
    for top, left, bottom, right in ((0, 0, 20, 20), (250, 250, 270, 300), (130, 60, 299, 400)):
        part = noisy(GREY[top:bottom, left:right], seed=3, origin=(top, left))
        assert_array_equal(part, whole[top:bottom, left:right])


def test_what_is_out_of_range_is_refused():
    with pytest.raises(BadUsage, match=r"share from 0 to 1, got 1\.5"):
        salt_and_pepper(GREY, share=1.5)
    with pytest.raises(BadUsage, match="sigma is a number above 0"):
        gaussian_noise(GREY, sigma=0)
    with pytest.raises(BadUsage, match="seed"):
        impulse(GREY, share=0.1, seed=-1)
