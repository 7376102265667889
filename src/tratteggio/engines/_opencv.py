"""OpenCV's inpainting at any depth: each of its methods gets the representation in which it is exact.

Measured with OpenCV 5.0. `cv2.inpaint` takes 8 bit, 16 bit and float, but its formulas hold absolute
constants: Telea's adds up to 1.4 levels of gradient sign, whatever a level is worth, and rounds; on floats
of 0 .. 1 the answer is up to six times the range off, Navier-Stokes 1.4 times. So every channel goes in as
float32 over 0 .. 2**20, where such constants vanish. `cv2.xphoto.inpaint` takes 16 bit and float as well,
but computes and answers in 8 bit; see `engines/fsr.py`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from tratteggio.extras import optional
from tratteggio.painting.pixels import Array, Lost

with optional(
    "cv2",
    needs="the engines telea, navier_stokes and fsr need OpenCV",
    install="pip install 'tratteggio[cv]'",
):
    import cv2

WIDE_RANGE = 2.0**20  # levels; float32 still resolves 1/8 of one


def march(colour: Array, lost: Lost, *, method: Literal["telea", "navier_stokes"], radius: int) -> Array:
    """Fill (h, w, channels) where lost with `cv2.inpaint`, inwards from the rims; returns float64."""
    flag = {"telea": cv2.INPAINT_TELEA, "navier_stokes": cv2.INPAINT_NS}[method]
    rows, cols = lost.shape
    # With a single row or column, OpenCV reads memory beyond the picture: give it a twin.
    twin = ((0, int(rows == 1)), (0, int(cols == 1)))
    lost, colour = np.pad(lost, twin, mode="edge"), np.pad(colour, (*twin, (0, 0)), mode="edge")
    mask = lost.astype(np.uint8)
    fill = np.empty(colour.shape)
    for channel in range(colour.shape[2]):
        values = colour[..., channel].astype(np.float64)
        low, high = known_range(values, lost)
        levels = np.where(lost, 0, (values - low) * (WIDE_RANGE / (high - low))).astype(np.float32)
        fill[..., channel] = low + cv2.inpaint(levels, mask, radius, flag) * ((high - low) / WIDE_RANGE)
    return fill[:rows, :cols]


def known_range(values: Array, lost: Lost) -> tuple[float, float]:
    """Return the least and the greatest known value; 1 more for the latter if they are equal."""
    known = values[~lost]
    low, high = float(known.min()), float(known.max())
    return (low, high) if high > low else (low, low + 1)


def extrapolate(levels: Array, lost: Lost) -> Array:
    """Frequency-selective reconstruction (fast) of (h, w) or (h, w, 3) uint8, sides multiples of 16."""
    # OpenCV wants contiguous arrays, black where lost in the picture and in the mask (0 = to be filled).
    picture = np.ascontiguousarray(np.where(lost.reshape(lost.shape + (1,) * (levels.ndim - 2)), 0, levels))
    answer: Array = np.zeros_like(picture)
    cv2.xphoto.inpaint(picture, np.where(lost, 0, 255).astype(np.uint8), answer, cv2.xphoto.INPAINT_FSR_FAST)
    return answer
