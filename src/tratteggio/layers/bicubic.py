"""Pictures reduced and enlarged by whole factors with the cubic kernel, as `imresize` of MATLAB does both.

The kernel is that of Keys with a = -0.5. To reduce by s it is stretched by s, so that what the smaller grid
cannot hold is averaged away and does not fold back as moiré. Beyond the border the picture is mirrored, its
outermost pixel repeated. Pixels are squares: pixel j of the smaller grid covers pixels j s to j s + s - 1 of
the larger one.

Source: Keys, "Cubic convolution interpolation for digital image processing", IEEE Trans. Acoustics, Speech,
and Signal Processing 29(6), 1981, eq. 15.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tratteggio.errors import BadUsage

REACH = 2  # pixels about a pixel that its enlargement depends on

Doubles = NDArray[np.float64]


def reduced(x: Tensor, scale: int) -> Tensor:
    """Reduce pictures: (B, C, H, W) -> (B, C, H / scale, W / scale), float32 at least.

    Raises:
        BadUsage: scale is below 1, or H or W is no multiple of it.

    Example:
        A slope stays one:

        >>> reduced(torch.arange(12.0).expand(1, 1, 4, 12), 2)[0, 0, 0, 2:-2]
        tensor([4.5000, 6.5000])
    """
    if scale < 1 or any(side % scale for side in x.shape[2:]):
        raise BadUsage(f"{tuple(x.shape[2:])} pixels cannot be reduced {scale} times; crop to a multiple")
    x = _exact(x)
    taps = torch.from_numpy(_reducing(scale)).to(x)
    with torch.autocast(x.device.type, enabled=False):
        planes = mirrored(x, 3 * scale // 2).flatten(0, 1)[:, None]
        planes = functional.conv2d(planes, taps[None, None, :, None], stride=(scale, 1))
        planes = functional.conv2d(planes, taps[None, None, None, :], stride=(1, scale))
    return planes.reshape(*x.shape[:2], *planes.shape[2:])


def enlarged(x: Tensor, scale: int) -> Tensor:
    """Enlarge pictures: (B, C, H, W) -> (B, C, H scale, W scale), float32 at least.

    Raises:
        BadUsage: scale is below 1.

    Example:
        >>> enlarged(torch.arange(6.0).expand(1, 1, 1, 6), 2)[0, 0, 0, 4:8]
        tensor([1.7500, 2.2500, 2.7500, 3.2500])
    """
    return enlarged_within(mirrored(x, REACH), scale)


def enlarged_within(x: Tensor, scale: int) -> Tensor:
    """Enlarge what lies 2 pixels within the border: (B, C, H, W) -> (B, C, (H - 4) scale, (W - 4) scale).

    Raises:
        BadUsage: scale is below 1.
    """
    if scale < 1:
        raise BadUsage(f"pictures are enlarged by whole factors from 1 on, got {scale}")
    x = _exact(x)
    taps = torch.from_numpy(_enlarging(scale)).to(x)
    with torch.autocast(x.device.type, enabled=False):
        phases = functional.conv2d(x.flatten(0, 1)[:, None], taps)
        planes = functional.pixel_shuffle(phases, scale)
    return planes.reshape(*x.shape[:2], *planes.shape[2:])


def mirrored(x: Tensor, pixels: int) -> Tensor:
    """Go on with the mirror image beyond the border, its outermost pixel repeated; a picture may be smaller.

    Example:
        >>> mirrored(torch.tensor([[[[1, 2]]]]), 2)[0, 0, 0]
        tensor([2, 1, 1, 2, 2, 1])
    """
    for axis in (2, 3):
        side = x.shape[axis]
        at = torch.arange(-pixels, side + pixels, device=x.device) % (2 * side)
        x = x.index_select(axis, torch.minimum(at, 2 * side - 1 - at))
    return x


def _exact(x: Tensor) -> Tensor:
    """Raise half precision to float32: its products would cost what a picture of 8 bits has."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def kernel(distance: Doubles) -> Doubles:
    """Return the weight of a pixel at a distance, in pixels."""
    d = np.abs(distance)
    near = 1.5 * d**3 - 2.5 * d**2 + 1
    far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    weights: Doubles = np.where(d <= 1, near, np.where(d < 2, far, 0.0))
    return weights


@cache
def _reducing(scale: int) -> Doubles:
    """Return the weights of the pixels about a pixel of the smaller grid."""
    reach = 3 * scale // 2
    weights = kernel((np.arange(-reach, scale + reach) - (scale - 1) / 2) / scale)
    return np.asarray(weights / weights.sum())


@cache
def _enlarging(scale: int) -> Doubles:
    """Return for each of the scale x scale pixels in a pixel the weights of 5 x 5 about it."""
    beyond = (np.arange(scale) + 0.5) / scale - 0.5
    rows = kernel(np.arange(-REACH, REACH + 1) - beyond[:, None])
    return np.asarray(np.einsum("ay,bx->abyx", rows, rows).reshape(scale**2, 1, 5, 5))
