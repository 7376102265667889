"""Colour transforms of RGB, there and back, and what is done in them (Szeliski 2022, 2.3.2 and 3.1.2).

Values are floats: red, green and blue of 0 .. 1, coded as sRGB.
"""

from __future__ import annotations

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.filters._window import floats, require_finite, require_image
from tratteggio.painting.pixels import COLOURS, LUMA, Array, to_depth

_YCBCR = np.array([LUMA, (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312)])
"""From red, green, blue (ITU-R BT.601, full range)."""


def to_ycbcr(rgb: Array) -> Array:
    """Return luma of 0 .. 1 and two differences of colour of -0.5 .. 0.5: (H, W, 3).

    Raises:
        BadUsage: not (H, W, 3) of floats.

    Example:
        >>> to_ycbcr(np.array([[[1.0, 0.0, 0.0]]])).round(3)
        array([[[ 0.299, -0.169,  0.5  ]]])
    """
    _require_rgb(rgb)
    return np.asarray(rgb @ _YCBCR.T.astype(rgb.dtype))


def from_ycbcr(planes: Array) -> Array:
    """Undo `to_ycbcr`.

    Raises:
        BadUsage: not (H, W, 3) of floats.
    """
    _require_rgb(planes)
    return np.asarray(planes @ np.linalg.inv(_YCBCR).T.astype(planes.dtype))


def to_hsv(rgb: Array) -> Array:
    """Return hue (0 .. 1, red at 0), saturation and value of 0 .. 1: (H, W, 3) (Smith 1978).

    Raises:
        BadUsage: not (H, W, 3) of floats.

    Example:
        >>> to_hsv(np.array([[[0.0, 0.5, 0.0]]])).round(3)
        array([[[0.333, 1.   , 0.5  ]]])
    """
    _require_rgb(rgb)
    value, least = rgb.max(axis=2), rgb.min(axis=2)
    span = value - least
    some = np.where(span > 0, span, 1)
    red, green, blue = np.moveaxis(rgb, 2, 0)
    hue = np.select(
        [value == red, value == green],
        [(green - blue) / some % 6, (blue - red) / some + 2],
        (red - green) / some + 4,
    )
    saturation = np.where(value > 0, span / np.where(value > 0, value, 1), 0)
    return np.stack([np.where(span > 0, hue / 6, 0), saturation, value], axis=2)


def from_hsv(hsv: Array) -> Array:
    """Undo `to_hsv`.

    Raises:
        BadUsage: not (H, W, 3) of floats.
    """
    _require_rgb(hsv)
    hue, saturation, value = np.moveaxis(hsv, 2, 0)
    place = (np.array([5, 3, 1], hsv.dtype) + 6 * hue[..., None]) % 6
    dip = np.clip(np.minimum(place, 4 - place), 0, 1)
    return np.asarray(value[..., None] * (1 - saturation[..., None] * dip))


def saturation(image: Array, *, gain: float) -> Array:
    """Make colours more or less vivid: differences from luma are multiplied, luma stays.

    Args:
        image: (H, W, 3) RGB; uint8, uint16 or float. Of another number of channels it has no colour, and
            comes back as it is.
        gain: 0 makes grey, 1 changes nothing, above 1 makes vivid.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, or a gain below 0 or not finite.
    """
    require_image(image)
    require_finite("gain", gain)
    if gain < 0:
        raise BadUsage(f"gain is 0 or above, got {gain:g}")
    if image.ndim == 2 or image.shape[2] != COLOURS:
        return image.copy()
    values = image.astype(floats(image.dtype))
    # Summed one by one: a product of matrices adds in another order for another window.
    luma = sum(weight * values[..., [channel]] for channel, weight in enumerate(LUMA))
    return to_depth(luma + gain * (values - luma), image.dtype)


def grey_world(image: Array) -> Array:
    """Balance colours so that their means are equal (Buchsbaum 1980); brightness stays, on average.

    It looks at the whole picture. A painting that is mostly warm becomes too cold: compare.

    Args:
        image: (H, W, 3) RGB; uint8, uint16 or float. Of another number of channels it comes back as it is.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture.
    """
    require_image(image)
    if image.ndim == 2 or image.shape[2] != COLOURS:
        return image.copy()
    means = image.mean(axis=(0, 1), dtype=np.float64)
    gains = np.where(means > 0, means.mean() / np.where(means > 0, means, 1), 1).astype(floats(image.dtype))
    return to_depth(image * gains, image.dtype)


def _require_rgb(rgb: Array) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != COLOURS or rgb.dtype.kind != "f":
        raise BadUsage(f"a colour transform takes floats (H, W, 3), got {rgb.dtype.name} {rgb.shape}")
