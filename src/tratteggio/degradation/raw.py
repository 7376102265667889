"""What a sensor writes in the dark, packed and amplified: 4 channels of half the size."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from tratteggio.degradation._ranges import uniform_like
from tratteggio.degradation.simulation.sensor import BLACK, WHITE, Exposure, expose
from tratteggio.errors import BadUsage
from tratteggio.layers.bayer import pack

LOSES = False


def make(*, least: float = 10.0, most: float = 300.0) -> Raw:
    """Return the rule; options as in `Raw`."""
    return Raw(least, most)


@dataclass(frozen=True)
class Raw:
    """Expose the image with a sensor in the dark (`simulation.sensor`) and amplify what it wrote.

    Attributes:
        least, most: ratio of the light wanted to the light there was; small ones as often as large ones.
    """

    least: float
    most: float

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most < math.inf:
            raise BadUsage(f"ratios of light go from 1 up, least before most, got {self.least}, {self.most}")

    def __call__(self, truth: Tensor) -> Tensor:
        """Return (B, 4, H / 2, W / 2), 0 .. 1: R, G, G, B of each 2 x 2 pixels."""
        how = Exposure(
            ratio=uniform_like(truth, math.log(self.least), math.log(self.most)).exp(),
            electrons=uniform_like(truth, math.log(5_000), math.log(30_000)).exp(),
            read_noise=uniform_like(truth, math.log(1.5), math.log(6)).exp(),
            red=uniform_like(truth, 1.5, 2.4),
            blue=uniform_like(truth, 1.3, 2.0),
        )
        balance = (how.red, 1.0, how.blue)
        return pack(expose(truth, how), black=BLACK, white=WHITE, ratio=how.ratio, balance=balance)
