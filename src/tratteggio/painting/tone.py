"""From stored values to linear light and back: where colours mix as they do in the eye.

The sRGB curve (IEC 61966-2-1) is assumed whatever profile the file embeds: the curves of the usual RGB
profiles lie close to it, and both ways are taken with the same curve, so an error nearly cancels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting.pixels import Array
from tratteggio.painting.pixels import white as white_of

Light = NDArray[np.float64]

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear sRGB (Rec. 709)
MIDDLE = 0.18  # linear light halfway between black and white to the eye


def to_light(values: Array, white: float | None = None) -> Light:
    """Decode stored values to linear light, 1 = white; the floats of a scan go on above 1 and below 0.

    Args:
        values: of any depth.
        white: the value that stands for white; None: that of the dtype.

    Example:
        >>> to_light(np.array([0, 188, 255], np.uint8)).round(2)
        array([0. , 0.5, 1. ])
    """
    scaled = values / (white_of(values.dtype) if white is None else white)
    size = np.abs(scaled)
    light = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.copysign(light, scaled), dtype=np.float64)


def from_light(light: Light, dtype: np.dtype[Any], white: float | None = None) -> Array:
    """Encode linear light at a depth: rounded for integers, held in range for them and for a stated white."""
    top = white_of(dtype) if white is None else white
    size = np.abs(light)
    coded = np.where(size <= 0.0031308, size * 12.92, 1.055 * size ** (1 / 2.4) - 0.055)
    values = np.copysign(coded, light) * top
    if dtype.kind == "u":
        values = np.rint(values)
    if dtype.kind == "u" or white is not None:
        values = values.clip(0, top)
    return values.astype(dtype)


def luminance(light: Light) -> Light:
    """Return how light a colour is: (..., channels) -> (..., 1); the mean if not three channels."""
    if light.shape[-1] == len(LUMINANCE):
        return np.asarray((light * LUMINANCE).sum(axis=-1, keepdims=True))
    return np.asarray(light.mean(axis=-1, keepdims=True))
