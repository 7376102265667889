"""The tensor door: the one place where pixels become what nets see, and come back.

Outside, a colour array is (h, w, C) in its own depth and `lost` is True where paint is lost. Inside, x is
(1, C, h, w) float32 with 0 for black and 1 for white, and `known` (1, 1, h, w) float32, 1 where paint is
known. What a lacuna holds stays outside: x is 0 there.

White is what the scan states, else that of the dtype, and is never guessed from the data: uint8 ends at 255,
uint16 at 65535, and float scans are taken as 0 .. 1. Floats may go beyond and are passed on as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import DTypeLike, NDArray
from torch import Tensor
from torch.nn import functional

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.layers.known import as_runs
from tratteggio.painting.pixels import Array, Lost

WHITE = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0, "float64": 1.0}


def to_tensors(colour: Array, lost: Lost, *, white: float | None = None) -> tuple[Tensor, Tensor]:
    """Bring paint and lacunae in.

    Args:
        colour: (h, w, C), uint8, uint16, float32 or float64 (which is rounded to float32).
        lost: (h, w), True where paint is lost; such pixels may hold anything, NaN too.
        white: the sample that becomes 1, see `Scan.white`; None: that of the dtype.

    Returns:
        x (1, C, h, w) and known (1, 1, h, w), both float32, in memory of their own.

    Raises:
        GridMismatch: colour and lost differ in rows or columns.
        BadUsage: another dtype or number of dimensions.

    Example:
        >>> x, known = to_tensors(np.full((2, 3, 1), 51, np.uint8), np.eye(2, 3, dtype=bool))
        >>> x[0, 0], known[0, 0]
        (tensor([[0.0000, 0.2000, 0.2000],
                 [0.2000, 0.0000, 0.2000]]),
         tensor([[0., 1., 1.],
                 [1., 0., 1.]]))
    """
    top = _white(colour.dtype) if white is None else white
    if colour.ndim != 3 or lost.ndim != 2 or lost.dtype != np.bool_:
        raise BadUsage(
            "nets take colour (h, w, C) and a boolean array (h, w), "
            f"got {colour.dtype} {colour.shape} and {lost.dtype} {lost.shape}"
        )
    if colour.shape[:2] != lost.shape:
        raise GridMismatch(f"colour is {colour.shape[:2]} and lost is {lost.shape} (rows, columns)")
    x = colour.astype(np.float32) / np.float32(top)
    x[lost] = 0
    known = torch.from_numpy(~lost).float()[None, None]
    return torch.from_numpy(x).movedim(-1, 0)[None].contiguous(), known


def to_units(y: Tensor, dtype: DTypeLike) -> NDArray[np.float32]:
    """Bring an answer out in the units of a scan, unrounded: what an engine returns as its fill.

    Args:
        y: (1, C, h, w), 0 .. 1 and what lies beyond; on any device.
        dtype: of the scan: 0 .. 1 becomes 0 .. 255 for uint8.

    Returns:
        (h, w, C) float32.

    Raises:
        BadUsage: y holds more than one picture, or no scan has that dtype.
    """
    if y.dim() != 4 or y.shape[0] != 1:
        raise BadUsage(f"one picture (1, C, h, w) comes out at a time, got {tuple(y.shape)}")
    array: NDArray[np.float32] = y.detach()[0].movedim(0, -1).float().cpu().contiguous().numpy()
    return array * np.float32(_white(np.dtype(dtype)))


def to_pixels(y: Tensor, dtype: DTypeLike) -> Array:
    """Bring an answer out as pixels of a scan: the inverse of `to_tensors`, exact for integers.

    Integers are rounded to the nearest, and what lies beyond black or white becomes black or white, since
    they cannot hold it; floats come out as they are.

    Args:
        y: (1, C, h, w), 0 .. 1 and what lies beyond; on any device.
        dtype: of the scan.

    Returns:
        (h, w, C) of that dtype.

    Raises:
        BadUsage: y holds more than one picture, or no scan has that dtype.
    """
    units = to_units(y, dtype)
    if np.dtype(dtype).kind == "f":
        return units.astype(dtype)
    return np.rint(units).clip(0, _white(np.dtype(dtype))).astype(dtype)


def admit(x: Tensor, known: Tensor, *, multiple: int) -> tuple[Tensor, Tensor]:
    """Let in what is known and nothing else: the first step of every net that fills lacunae.

    Args:
        x: (B, C, H, W); lost pixels may hold anything, NaN too.
        known: (B, 1, H, W), or (1, 1, H, W) for the whole batch; cut at one half.
        multiple: rows and columns that the net can halve all the way, in pixels.

    Returns:
        x with 0 where lost and known (B, 1, ...) of 0 and 1 in its dtype, both extended by `pad`.

    Raises:
        GridMismatch: known has another grid than x.
        BadUsage: its batch or channels do not fit.
    """
    if known.dim() != 4 or known.shape[1] != 1:
        raise BadUsage(
            f"a net takes one mask of what is known for all colours, (B, 1, H, W), got {tuple(known.shape)}"
        )
    ((_, mask),) = as_runs(known, x)
    mask = mask.expand(len(x), -1, -1, -1)
    # Not x * mask: NaN * 0 is NaN.
    return pad(torch.where(mask > 0, x, 0), mask, multiple=multiple)


def pad(x: Tensor, known: Tensor, *, multiple: int) -> tuple[Tensor, Tensor]:
    """Extend right and down to whole multiples with what is not known: 0 in x, 0 in known.

    Args:
        x: (B, C, H, W).
        known: (B, 1, H, W).
        multiple: of rows and of columns, in pixels.

    Returns:
        both, extended; as they are if they fit already.
    """
    rows, cols = x.shape[-2:]
    more = (0, -cols % multiple, 0, -rows % multiple)
    if not any(more):
        return x, known
    return functional.pad(x, more), functional.pad(known, more)


def crop(y: Tensor, grid: tuple[int, int]) -> Tensor:
    """Cut the extension off again: (B, C, H', W') -> (B, C, *grid)."""
    return y[..., : grid[0], : grid[1]]


def _white(dtype: np.dtype[Any]) -> float:
    if dtype.name not in WHITE:
        raise BadUsage(f"nets see scans of {', '.join(WHITE)}, got {dtype.name}")
    return WHITE[dtype.name]
