"""What the screen shows, against the colour library at full precision."""

import imagecodecs
import numpy as np
import pytest

from tratteggio.files.display import TOLERANCE, Tone, conversion_of
from tratteggio.files.icc import to_srgb8
from tratteggio.painting import Metadata, Scan

D65 = [0.3127, 0.3290, 1.0]
WIDE = [0.64, 0.33, 1, 0.21, 0.71, 1, 0.15, 0.06, 1]
PROFILES = {
    "none": None,
    "srgb": imagecodecs.cms_profile("srgb"),
    "wide": imagecodecs.cms_profile("rgb", whitepoint=D65, primaries=WIDE, gamma=2.2),
    "linear": imagecodecs.cms_profile("rgb", whitepoint=D65, primaries=WIDE, gamma=1.0),
}
DEPTHS = {"uint8": 255, "uint16": 65535, "float32": 1.0}


def samples(depth, channels=3, seed=0):
    shares = np.random.default_rng(seed).random((96, 96, channels)) * DEPTHS[depth]
    return (np.rint(shares) if depth != "float32" else shares).astype(depth)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("profile", PROFILES)
def test_tables_show_what_the_colour_library_shows(profile, depth):
    array, icc = samples(depth), PROFILES[profile]
    conversion = conversion_of(Scan(array, metadata=Metadata(icc=icc)))
    assert conversion.exact is None  # a matrix profile never takes the slow way
    shown = conversion.shown(array, Tone())
    assert np.abs(shown.astype(int) - to_srgb8(array, icc)).max() <= TOLERANCE


@pytest.mark.parametrize("depth", DEPTHS)
def test_grey_is_shown_grey(depth):
    array = samples(depth, channels=1)
    shown = conversion_of(Scan(array[..., 0])).shown(array, Tone())
    assert (shown[..., 0] == shown[..., 2]).all()
    assert np.abs(shown.astype(int) - to_srgb8(array, None)).max() <= 1


def test_a_damaged_profile_is_shown_as_srgb():
    array = samples("uint8")
    scan = Scan(array, metadata=Metadata(icc=b"this is no profile"))
    assert np.abs(conversion_of(scan).shown(array, Tone()).astype(int) - array).max() <= 1


def test_nan_and_infinity_are_shown_black_and_white():
    array = np.array([[[np.nan], [np.inf], [-np.inf], [0.5]]], np.float32)
    shown = conversion_of(Scan(array[..., 0])).shown(array, Tone())
    assert shown[0, :, 0].tolist() == [0, 255, 0, 128]


def test_a_stated_white_is_shown_white():
    array = np.array([[[4095], [2048], [65535]]], np.uint16)
    scan = Scan(array[..., 0], metadata=Metadata(white=4095))
    assert conversion_of(scan).shown(array, Tone())[0, :, 0].tolist() == [255, 128, 255]


def test_one_stop_doubles_the_light():
    """sRGB 0.5 is 0.2140 of light; 0.4281 is sRGB 0.6858, level 175 (IEC 61966-2-1)."""
    array = np.full((1, 1, 1), 32768, np.uint16)
    conversion = conversion_of(Scan(array[..., 0]))
    assert conversion.shown(array, Tone(exposure=1))[0, 0, 0] == 175


def test_contrast_stretches_between_black_and_white_point():
    array = np.array([[[51], [102], [152], [204]]], np.uint8)
    conversion = conversion_of(Scan(array[..., 0]))
    shown = conversion.shown(array, Tone(black=0.4, white=0.8))
    assert shown[0, :, 0].tolist() == [0, 0, 125, 255]
    negative = conversion.shown(array, Tone(black=1, white=0))
    assert negative[0, :, 0].tolist() == [204, 153, 103, 51]


def test_floats_above_white_can_be_brought_back():
    array = np.array([[[2.0]]], np.float32)
    conversion = conversion_of(Scan(array[..., 0]))
    assert conversion.shown(array, Tone())[0, 0, 0] == 255
    assert conversion.shown(array, Tone(exposure=-3))[0, 0, 0] < 255
