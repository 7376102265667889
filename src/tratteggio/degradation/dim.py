"""Too little light: a gamma, a gain and a little noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tratteggio.degradation._ranges import uniform_like
from tratteggio.errors import BadUsage

LOSES = False


def make(*, gamma: float = 3.5, gain: float = 0.1, noise: float = 0.01) -> Dim:
    """Return the rule; options as in `Dim`."""
    return Dim(gamma, gain, noise)


@dataclass(frozen=True)
class Dim:
    """Take light away.

    Attributes:
        gamma: the largest; drawn from 1 on.
        gain: the smallest; drawn up to 1.
        noise: the largest standard deviation; drawn from 0 on.
    """

    gamma: float
    gain: float
    noise: float

    def __post_init__(self) -> None:
        if not (1 <= self.gamma < math.inf and 0 < self.gain <= 1 and 0 <= self.noise < math.inf):
            raise BadUsage(
                "to dim takes a gamma from 1 up, a gain above 0 and up to 1 and noise from 0 up, "
                f"got {self.gamma}, {self.gain} and {self.noise}"
            )

    def __call__(self, truth: Tensor) -> Tensor:
        """Return (B, C, H, W), 0 .. 1."""
        spans = ((1.0, self.gamma), (self.gain, 1.0), (0.0, self.noise))
        gamma, gain, noise = (uniform_like(truth, *span) for span in spans)
        return darken(truth, gamma=gamma, gain=gain, noise=noise)


def darken(truth: Tensor, *, gamma: Tensor | float, gain: Tensor | float, noise: Tensor | float) -> Tensor:
    """Return gain * truth ** gamma with noise of a standard deviation, in 0 .. 1."""
    return (gain * truth**gamma + noise * torch.randn_like(truth)).clamp(0, 1)
