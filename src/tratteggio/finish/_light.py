"""From stored values to linear light and back: where colours mix as they do in the eye.

The sRGB curve (IEC 61966-2-1) is assumed whatever profile the file embeds: the curves of the usual RGB
profiles lie close to it, and both ways are taken with the same curve, so an error nearly cancels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting.pixels import Array

Light = NDArray[np.float64]

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear sRGB (Rec. 709)
MIDDLE = 0.18  # linear light halfway between black and white to the eye


def to_light(values: Array) -> Light:
    """Decode stored values to linear light, 1 = white; the floats of a scan go on above 1 and below 0.

    Example:
        >>> to_light(np.array([0, 188, 255], np.uint8)).round(2)
        array([0. , 0.5, 1. ])
    """
    scaled = values / _white(values.dtype)
    size = np.abs(scaled)
    light = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.copysign(light, scaled), dtype=np.float64)


def from_light(light: Light, dtype: np.dtype[Any]) -> Array:
    """Encode linear light at a depth: rounded and held in range for integers, as it is for floats."""
    size = np.abs(light)
    coded = np.where(size <= 0.0031308, size * 12.92, 1.055 * size ** (1 / 2.4) - 0.055)
    values = np.copysign(coded, light) * _white(dtype)
    if dtype.kind == "u":
        values = np.rint(values).clip(0, _white(dtype))
    return values.astype(dtype)


def luminance(light: Light) -> Light:
    """Return how light a colour is: (..., channels) -> (..., 1); the mean if not three channels."""
    if light.shape[-1] == len(LUMINANCE):
        return np.asarray((light * LUMINANCE).sum(axis=-1, keepdims=True))
    return np.asarray(light.mean(axis=-1, keepdims=True))


def _white(dtype: np.dtype[Any]) -> float:
    return float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0
