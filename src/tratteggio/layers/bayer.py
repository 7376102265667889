"""Colour filters of a Bayer sensor, R G / G B: one colour a pixel, and its raw packed by cells."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

Balance = tuple[Tensor | float, Tensor | float, Tensor | float]


def mosaic(x: Tensor) -> Tensor:
    """Keep one colour of each pixel: R G / G B.

    Args:
        x: (B, 3, H, W), H and W even.

    Returns:
        (B, 1, H, W)

    Example:
        >>> rgb = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1).expand(1, 3, 2, 2)
        >>> mosaic(rgb)[0, 0]
        tensor([[1., 2.],
                [2., 3.]])
    """
    y = x[:, 1:2].clone()
    y[:, 0, ::2, ::2] = x[:, 0, ::2, ::2]
    y[:, 0, 1::2, 1::2] = x[:, 2, 1::2, 1::2]
    return y


def pack(
    raw: Tensor,
    *,
    black: float,
    white: float,
    ratio: Tensor | float,
    balance: Balance = (1.0, 1.0, 1.0),
) -> Tensor:
    """Bring what a Bayer sensor wrote into the form that the net sees.

    min(max(raw - black, 0) / (white - black) * ratio * balance, 1), cell by cell.

    Args:
        raw: (B, 1, H, W), R G / G B, H and W even, in the units of the sensor.
        black, white: what it writes without light, and at most.
        ratio: by which the light is amplified; a number or (B, 1, 1, 1).
        balance: by which red, green and blue are amplified besides, so that grey is grey.

    Returns:
        (B, 4, H / 2, W / 2), 0 .. 1: R, G, G, B.

    Example:
        >>> pack(torch.tensor([[[[600.0, 700.0], [400.0, 900.0]]]]), black=500, white=1500, ratio=3.0).ravel()
        tensor([0.3000, 0.6000, 0.0000, 1.0000])
    """
    red, green, blue = balance
    cells = functional.pixel_unshuffle(raw - black, 2).clamp(min=0) * (ratio / (white - black))
    parts = [cells[:, k : k + 1] * gain for k, gain in enumerate((red, green, green, blue))]
    return torch.cat(parts, dim=1).clamp(max=1)
