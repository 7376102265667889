"""Pixels at places between pixels: one cubic resampling, wide enough not to alias.

The kernel is Keys' cubic with a = -1/2 (Catmull-Rom; IEEE Trans. ASSP 29, 1981, eq. 15). Where the source is
finer than the target, the kernel is stretched by as much, so that it averages what it leaves out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.align.transform import Floats, inside
from tratteggio.painting import Pixels
from tratteggio.painting.pixels import Array

REACH = 2.0  # the kernel is 0 beyond, in target pixels


def resample(pixels: Pixels, places: Floats, *, stretch: float = 1.0) -> tuple[Array, NDArray[np.bool_]]:
    """Return the values at (h, w, 2) places of lazy pixels, and which places lie on them.

    Only the part of the pixels around the places is read. At the rim the outermost pixels are repeated;
    places beyond the rim get some value and count as not seen.

    Args:
        pixels: (H, W) or (H, W, C).
        places: (row, column), pixel centres at integers.
        stretch: source pixels per target pixel, as far as above 1.

    Returns:
        (h, w) or (h, w, C) float32 (float64 for float64 or complex for complex pixels), (h, w) bool.
    """
    rows, cols = pixels.shape[:2]
    seen = inside(places, (rows, cols))
    kind = np.result_type(np.dtype(pixels.dtype), np.float16)
    kind = np.promote_types(np.float32, kind) if kind.itemsize < 8 or kind.kind == "c" else kind
    if not seen.any():
        return np.zeros((*places.shape[:2], *pixels.shape[2:]), kind), seen
    stretch = max(1.0, stretch)
    margin = int(np.ceil(REACH * stretch)) + 1
    top, left = (max(0, int(places[seen][:, k].min()) - margin) for k in (0, 1))
    bottom, right = (
        min(side, int(places[seen][:, k].max()) + margin + 2) for k, side in enumerate((rows, cols))
    )
    window = np.asarray(pixels[top:bottom, left:right]).astype(kind)
    flat = window.reshape(-1, *window.shape[2:])
    downs, down_weights = _taps(places[..., 0], stretch, top, bottom, kind)
    acrosses, across_weights = _taps(places[..., 1], stretch, left, right, kind)
    wider = (...,) + (None,) * (window.ndim - 2)
    total = np.zeros((*places.shape[:2], *window.shape[2:]), kind)
    for down, down_weight in zip(downs, down_weights, strict=True):
        start = down * window.shape[1]
        line = np.zeros_like(total)
        for across, across_weight in zip(acrosses, across_weights, strict=True):
            line += across_weight[wider] * flat[start + across]
        total += down_weight[wider] * line
    return total, seen


def _taps(
    places: Floats, stretch: float, first: int, end: int, kind: np.dtype[Any]
) -> tuple[list[NDArray[np.intp]], list[Array]]:
    """Return, along one axis, the pixels that count at each place (from `first` on) and their weights."""
    start = np.floor(places - REACH * stretch).astype(np.intp) + 1
    count = int(np.ceil(2 * REACH * stretch))
    weights = [_keys(np.abs(start + k - places) / stretch) for k in range(count)]
    total = sum(weights)
    real = np.zeros((), kind).real.dtype
    indices = [np.clip(start + k, first, end - 1) - first for k in range(count)]
    return indices, [(weight / total).astype(real) for weight in weights]


def _keys(x: Floats) -> Floats:
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, np.where(x < REACH, far, 0.0))
