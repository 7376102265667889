"""Gaussian noise whose standard deviation is an input of the net: C + 1 channels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tratteggio.degradation._ranges import uniform_like
from tratteggio.errors import BadUsage

LOSES = False


def make(*, strongest: float = 55 / 255) -> Noise:
    """Return the rule; options as in `Noise`."""
    return Noise(strongest)


@dataclass(frozen=True)
class Noise:
    """Add Gaussian noise; its level is added as one more channel.

    Attributes:
        strongest: standard deviation, 0 .. 1, each image has one between 0 and this.
    """

    strongest: float

    def __post_init__(self) -> None:
        if not 0 < self.strongest < math.inf:
            raise BadUsage(f"strongest noise must be above 0, got {self.strongest}")

    def __call__(self, truth: Tensor) -> Tensor:
        """Return (B, C + 1, H, W): noisy, not clipped, and the standard deviation."""
        return add_noise(truth, uniform_like(truth, 0.0, self.strongest))


def add_noise(truth: Tensor, level: Tensor) -> Tensor:
    """Add noise of given standard deviations (B, 1, 1, 1), and the level as the last channel."""
    return torch.cat([truth + level * torch.randn_like(truth), level.expand_as(truth[:, :1])], dim=1)
