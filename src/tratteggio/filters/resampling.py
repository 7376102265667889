"""Interpolation and decimation: a picture on a finer or a coarser grid (Szeliski 2022, 3.5.1 and 3.5.2).

Interpolation asks which wave of the samples lies between them; the kernels differ in how sharp and how even
they are. Decimation without a blur before folds fine waves onto coarse ones: aliasing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadUsage
from tratteggio.filters._window import floats, require_image
from tratteggio.painting.pixels import Array, to_depth
from tratteggio.registry import unknown

Kernel = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _box(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((x >= -0.5) & (x < 0.5), np.float64)


def _tent(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(1 - np.abs(x), 0))


def _cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys 1981, with a = -1/2."""
    d = np.abs(x)
    near, far = 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


def _lanczos(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """A sinc under the main lobe of a wider one, three zeros to each side (Duchon 1979)."""
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


KERNELS: Mapping[str, tuple[Kernel, int]] = {
    "nearest": (_box, 1), "linear": (_tent, 1), "cubic": (_cubic, 2), "lanczos": (_lanczos, 3)
}  # fmt: skip
"""Name -> kernel and how far it reaches, in samples."""


def resample(image: Array, grid: tuple[int, int], *, kernel: str = "cubic", smooth: bool = True) -> Array:
    """Bring a picture to another grid.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        grid: (rows, columns) of the answer, 1 and more.
        kernel: "nearest", "linear", "cubic" or "lanczos".
        smooth: on a coarser grid, widen the kernel by as much, so that finer waves are not folded onto
            coarser ones; False takes samples as they are.

    Returns:
        (rows, columns) or (rows, columns, C), of the depth of the image. Pixels are areas: the borders of
        both grids coincide; beyond them the last pixel goes on.

    Raises:
        UnknownName: no such kernel.
        BadUsage: no picture, or a grid without pixels.
    """
    require_image(image)
    if kernel not in KERNELS:
        raise unknown("kernel", kernel, KERNELS)
    if min(grid) < 1:
        raise BadUsage(f"a grid has 1 row and 1 column at least, got {grid}")
    values = image.astype(floats(image.dtype))
    for axis, side in enumerate(grid):
        weights = _weights(values.shape[axis], side, kernel, smooth=smooth).astype(values.dtype)
        values = np.moveaxis(np.tensordot(weights, values, axes=(1, axis)), 0, axis)
    return to_depth(values, image.dtype)


def _weights(before: int, after: int, kernel: str, *, smooth: bool) -> NDArray[np.float64]:
    """Return how much each sample counts for each new one: (after, before), rows that sum to 1."""
    shape, reach = KERNELS[kernel]
    step = before / after
    wide = max(step, 1.0) if smooth else 1.0
    centres = (np.arange(after) + 0.5) * step - 0.5
    first = np.floor(centres - reach * wide).astype(int)
    offsets = np.arange(2 * math.ceil(reach * wide) + 2)
    places = first[:, None] + offsets
    counts = shape((places - centres[:, None]) / wide)
    counts /= counts.sum(axis=1, keepdims=True)
    weights = np.zeros((after, before))
    np.add.at(weights, (np.arange(after)[:, None], places.clip(0, before - 1)), counts)
    return weights


def decimate(image: Array, *, step: int, smooth: bool = True) -> Array:
    """Keep every so many pixels: with a blur before, or as they are.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        step: 2 or more, at most the shorter side.
        smooth: False folds waves finer than 2 step pixels onto coarser ones.

    Returns:
        (H // step, W // step) or with C, of the depth of the image.

    Raises:
        BadUsage: no picture, or another step.
    """
    require_image(image)
    if not 2 <= step <= min(image.shape[:2]):
        raise BadUsage(f"step is 2 up to the shorter side of the picture, got {step}")
    rows, cols = (side // step for side in image.shape[:2])
    part = image[: rows * step, : cols * step]
    return resample(part, (rows, cols)) if smooth else part[::step, ::step].copy()
