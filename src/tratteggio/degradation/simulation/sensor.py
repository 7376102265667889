"""A camera's sensor in little light: what it would have written down of an image.

    display 0 .. 1 -> linear light -> one colour a pixel (Bayer) -> less light -> electrons -> 14 bits

Electrons come at random, one by one, so their number is Poisson's; reading them out adds Gaussian noise; and
what is written down is a whole number. The tone curve is that of sRGB.

Sources: Chen, Chen, Xu, Koltun, "Learning to see in the dark", CVPR 2018 (black level, ratios); Foi,
Trimeche, Katkovnik, Egiazarian, "Practical Poissonian-Gaussian noise modeling and fitting for single-image
raw-data", IEEE Transactions on Image Processing, 2008 (the noise). Ranges are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tratteggio.layers.bayer import mosaic
from tratteggio.layers.tone import linear

BLACK, WHITE = 512.0, 16383.0
"""Levels of a 14-bit sensor: what it writes without light, and the most it can write."""


@dataclass(frozen=True)
class Exposure:
    """How little light there was, and how the sensor took it; each a number or (B, 1, 1, 1).

    Attributes:
        ratio: how many times more light the picture would have needed.
        electrons: that a pixel holds when it is white.
        read_noise: standard deviation of reading out, in electrons.
        red, blue: how many times less sensitive to these the sensor is than to green.
    """

    ratio: Tensor | float
    electrons: Tensor | float = 15_000.0
    read_noise: Tensor | float = 3.0
    red: Tensor | float = 2.0
    blue: Tensor | float = 1.6


def expose(x: Tensor, how: Exposure) -> Tensor:
    """Expose an image. Uses torch's global random numbers.

    The mean of what is written is BLACK + (WHITE - BLACK) light / ratio, and its variance, in electrons,
    that mean above BLACK (Poisson) plus read_noise², plus 1/12 of a level for rounding.

    Args:
        x: (B, 3, H, W) as displayed, 0 .. 1, H and W even.
        how: the exposure.

    Returns:
        (B, 1, H, W) whole numbers 0 .. 16383, as floats.
    """
    light = linear(x)
    seen = torch.cat([light[:, :1] / how.red, light[:, 1:2], light[:, 2:] / how.blue], dim=1)
    wanted = mosaic(seen) * (how.electrons / how.ratio)
    electrons = torch.poisson(wanted) + torch.randn_like(wanted) * how.read_noise
    return (BLACK + electrons * ((WHITE - BLACK) / how.electrons)).round().clamp(0, WHITE)
