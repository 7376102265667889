"""The compact net that enlarges: what the bicubic enlargement lacks, worked out on the small grid.

    layer                    weights, x2    x3        x4
    5 x 5,  1 -> 32                 800    800       800
    3 x 3, 32 -> 32, four times  36,864    36,864    36,864
    3 x 3, 32 -> scale²           1,152     2,592     4,608
    all                          38,816    40,256    42,272    without biases

Leaky ReLU (0.1) after each but the last, whose channels are the scale x scale pixels of each small pixel
(depth to space); they are added to the bicubic enlargement. Nothing is padded. Of the size of SRCNN, but each
weight is used once for scale² pixels.

Sources: Dong, Loy, Tang, "Accelerating the super-resolution convolutional neural network", ECCV 2016 (the
small grid); Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel
convolutional neural network", CVPR 2016 (depth to space); Kim, Lee, Lee, "Accurate image super-resolution
using very deep convolutional networks", CVPR 2016 (what bicubic lacks). Widths and depth are ours.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from tratteggio.layers.bicubic import REACH, enlarged_within
from tratteggio.models._enlarging import Enlarger, begin_small, scale_of
from tratteggio.options import name_of
from tratteggio.registry import unknown

NAMES = ("superres",)
WIDTH, DEPTH = 32, 4


def build(name: str) -> Superres:
    """Build the net, as "superres:scale=2".

    Raises:
        UnknownName: another name.
        BadUsage: a scale other than 2, 3 and 4.
    """
    kind = name_of(name)
    if kind not in NAMES:
        raise unknown("model", kind, NAMES)
    return Superres(scale_of(name))


class Superres(Enlarger):
    """The net of the table."""

    reach = 2 + DEPTH + 1

    def __init__(self, scale: int) -> None:
        super().__init__(scale)
        layers: list[nn.Module] = [nn.Conv2d(1, WIDTH, 5), nn.LeakyReLU(0.1)]
        for _ in range(DEPTH):
            layers += [nn.Conv2d(WIDTH, WIDTH, 3), nn.LeakyReLU(0.1)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(WIDTH, scale**2, 3))
        begin_small(self.layers)

    def within(self, low: Tensor) -> Tensor:
        """Add to the bicubic enlargement what it lacks."""
        lacking = functional.pixel_shuffle(self.layers(low), self.scale)
        spare = self.reach - REACH
        return enlarged_within(low[..., spare:-spare, spare:-spare], self.scale) + lacking
