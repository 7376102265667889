"""What an enhancer is shown of a patch in training: noisier, dimmer, or as a sensor took it. By name.

    noise    Gaussian noise of a standard deviation that is told          C + 1 channels
    dim      a gamma, a gain and a little noise: too little light         C channels
    raw      what a sensor wrote in the dark, packed and amplified        4 channels of half the size

The net answers with the patch as it was. Chance comes from torch's global random numbers, which the loop
seeds anew in each step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from tratteggio.errors import BadUsage
from tratteggio.models.lowlight_raw import pack
from tratteggio.options import Option, require_valid
from tratteggio.registry import unknown
from tratteggio.training.sensor import BLACK, WHITE, Exposure, expose

Spoil = Callable[[Tensor], Tensor]
"""truth (B, C, H, W), 0 .. 1 -> what the net is shown of it."""


@dataclass(frozen=True)
class Noise:
    """Add Gaussian noise; its level goes along as one channel more.

    Attributes:
        strongest: standard deviation, 0 .. 1, each picture has one between 0 and this.
    """

    strongest: float = 55 / 255

    def __post_init__(self) -> None:
        if not 0 < self.strongest < math.inf:
            raise BadUsage(f"strongest noise must be above 0, got {self.strongest}")

    def __call__(self, truth: Tensor) -> Tensor:
        """Return (B, C + 1, H, W): noisy, not clipped, and the standard deviation."""
        level = _even(truth, 0.0, self.strongest)
        return torch.cat([truth + level * torch.randn_like(truth), level.expand_as(truth[:, :1])], dim=1)


@dataclass(frozen=True)
class Dim:
    """Take light away: gain * truth ** gamma, and a little noise.

    Attributes:
        gamma: the largest; drawn from 1 on.
        gain: the smallest; drawn up to 1.
        noise: the largest standard deviation; drawn from 0 on.
    """

    gamma: float = 3.5
    gain: float = 0.1
    noise: float = 0.01

    def __post_init__(self) -> None:
        if not (1 <= self.gamma < math.inf and 0 < self.gain <= 1 and 0 <= self.noise < math.inf):
            raise BadUsage(
                "to dim takes a gamma from 1 up, a gain above 0 and up to 1 and noise from 0 up, "
                f"got {self.gamma}, {self.gain} and {self.noise}"
            )

    def __call__(self, truth: Tensor) -> Tensor:
        """Return (B, C, H, W), 0 .. 1."""
        gamma, gain, noise = (
            _even(truth, *span) for span in ((1.0, self.gamma), (self.gain, 1.0), (0.0, self.noise))
        )
        return (gain * truth**gamma + noise * torch.randn_like(truth)).clamp(0, 1)


@dataclass(frozen=True)
class Raw:
    """Take the picture with a sensor in the dark, see `training.sensor`, and amplify what it wrote.

    Attributes:
        least, most: ratio of the light wanted to the light there was; small ones as often as large ones.
    """

    least: float = 10.0
    most: float = 300.0

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most < math.inf:
            raise BadUsage(f"ratios of light go from 1 up, least before most, got {self.least}, {self.most}")

    def __call__(self, truth: Tensor) -> Tensor:
        """Return (B, 4, H / 2, W / 2), 0 .. 1: R, G, G, B of each 2 x 2 pixels."""
        how = Exposure(
            ratio=_even(truth, math.log(self.least), math.log(self.most)).exp(),
            electrons=_even(truth, math.log(5_000), math.log(30_000)).exp(),
            read_noise=_even(truth, math.log(1.5), math.log(6)).exp(),
            red=_even(truth, 1.5, 2.4),
            blue=_even(truth, 1.3, 2.0),
        )
        balance = (how.red, 1.0, how.blue)
        return pack(expose(truth, how), black=BLACK, white=WHITE, ratio=how.ratio, balance=balance)


def _even(truth: Tensor, low: float, high: float) -> Tensor:
    """Draw evenly, one number a picture: (B, 1, 1, 1)."""
    return low + (high - low) * torch.rand(len(truth), 1, 1, 1, device=truth.device)


_KINDS: dict[str, type[Noise | Dim | Raw]] = {"noise": Noise, "dim": Dim, "raw": Raw}


def names() -> list[str]:
    """List what patches can be spoilt by, in alphabetical order."""
    return sorted(_KINDS)


def spoiler(name: str, options: Mapping[str, Any]) -> Spoil:
    """Return what spoils patches, by name.

    Args:
        name: one of `names()`.
        options: its attributes; what is not set keeps its default.

    Raises:
        UnknownName: nothing has that name, or it has no such option.
        BadUsage: an option that is no number, or out of its range.

    Example:
        >>> spoiler("noise", {"strongest": 0.1})
        Noise(strongest=0.1)
    """
    if name not in _KINDS:
        raise unknown("way to spoil patches", name, _KINDS)
    require_valid(name, options, {field.name: Option(float, field.default) for field in fields(_KINDS[name])})
    return _KINDS[name](**options)
