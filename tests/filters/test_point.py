"""Point operations against closed forms and OpenCV."""

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.errors import BadPixels, BadUsage, GridMismatch
from tratteggio.filters import brightness, clahe, composite, contrast, equalise, gamma, histogram, matte

RNG = np.random.default_rng(0)
GREY = RNG.integers(40, 200, (32, 48), np.uint8)


def test_the_lectures_contrast_and_brightness():
    """g = 1.1 f and g = f + 16, held to the range."""
    levels = np.array([[0, 100, 231, 232, 240, 255]], np.uint8)
    assert_array_equal(contrast(levels, gain=1.1), [[0, 110, 254, 255, 255, 255]])
    assert_array_equal(brightness(levels, by=16 / 255), [[16, 116, 247, 248, 255, 255]])


def test_floats_go_on_beyond_black_and_white():
    assert_allclose(contrast(np.array([[0.5, 2.0]]), gain=-2), [[-1, -4]])


def test_brightness_means_the_same_at_every_depth():
    wide = GREY.astype(np.uint16) * 257
    assert_allclose(brightness(wide, by=0.1) / 65535, brightness(GREY, by=0.1) / 255, atol=0.5 / 255)


def test_gamma_keeps_black_and_white_and_undoes_its_inverse():
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    bright = gamma(levels, exponent=0.5)
    assert (bright[0, 0], bright[-1, -1]) == (0, 65535)
    assert_allclose(bright, np.sqrt(levels / 65535) * 65535, atol=0.51)
    floats = RNG.random((9, 9))
    assert_allclose(gamma(gamma(floats, exponent=2.2), exponent=1 / 2.2), floats, atol=1e-12)


def test_equalising_8_bit_is_opencvs():
    assert_allclose(equalise(GREY), cv2.equalizeHist(GREY).astype(int), atol=1)
    assert_array_equal(
        equalise(np.dstack([GREY, 255 - GREY])), np.dstack([equalise(GREY), equalise(255 - GREY)])
    )


def test_equalised_values_are_spread_evenly():
    dark = RNG.random((100, 100)) ** 2
    shares = np.sort(equalise(dark).ravel())
    assert_allclose(shares, np.linspace(0, 1, shares.size), atol=5e-3)


def test_a_part_is_equalised_by_the_histogram_of_the_whole():
    whole = equalise(GREY)
    assert_array_equal(equalise(GREY[5:9, 7:30], histogram=histogram(GREY)), whole[5:9, 7:30])


def test_one_value_has_nothing_to_spread():
    for flat in (np.full((5, 5), 77, np.uint8), np.full((5, 5), 0.25, np.float32)):
        assert_allclose(equalise(flat), flat, atol=1e-5)


def test_clahe_is_opencvs_by_channel():
    expected = cv2.createCLAHE(3.0, (4, 4))
    colour = np.dstack([GREY, 255 - GREY, GREY // 2])
    by_channel = np.dstack([expected.apply(np.ascontiguousarray(colour[..., k])) for k in range(3)])
    assert_array_equal(clahe(colour, clip=3.0, tiles=4), by_channel)
    wide = GREY.astype(np.uint16) * 257
    assert_allclose(clahe(wide / 65535, clip=3.0, tiles=4), expected.apply(wide) / 65535, atol=1e-9)


def test_a_composite_gives_each_picture_its_share():
    front, back = np.full((2, 2, 3), 200, np.uint8), np.full((2, 2, 3), 100, np.uint8)
    shares = np.array([[0.0, 0.25], [0.5, 1.0]])
    assert_array_equal(composite(front, back, shares)[..., 1], [[100, 125], [150, 200]])


def test_a_matte_is_found_again_from_black_and_white():
    opacity = RNG.random((20, 20)).astype(np.float32)
    thing = RNG.random((20, 20, 3)).astype(np.float32)
    before = [composite(thing, np.full_like(thing, level), opacity) for level in (0, 1)]
    assert_allclose(matte(*before), opacity, atol=1e-6)


def test_what_cannot_be_is_refused_in_one_sentence():
    with pytest.raises(BadUsage, match="above 0, got 0"):
        gamma(GREY, exponent=0)
    with pytest.raises(BadPixels, match=r"0 and above, got -0\.5"):
        gamma(np.array([[-0.5]]), exponent=2)
    with pytest.raises(BadPixels, match=r"0 \(black\) to 1 \(white\)"):
        equalise(np.array([[0, 3.5]]))
    with pytest.raises(BadPixels, match="nan"):
        equalise(np.array([[0, np.nan]]))
    with pytest.raises(BadUsage, match="int64"):
        contrast(np.zeros((2, 2), np.int64), gain=1)
    with pytest.raises(BadUsage, match="got 40"):
        clahe(GREY, tiles=40)
    with pytest.raises(BadUsage, match="depth"):
        composite(GREY, GREY / 255, np.ones(GREY.shape))
    with pytest.raises(GridMismatch, match="matte"):
        composite(GREY, GREY, np.ones((2, 2)))
    with pytest.raises(BadUsage, match="from 0 to 1"):
        composite(GREY, GREY, np.full(GREY.shape, 2.0))
