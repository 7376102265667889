"""SRCNN: a bicubic enlargement, sharpened by three convolutions of its luminance.

    layer      915                 935                 955
    patches    9 x 9,  1 -> 64     9 x 9,  1 -> 64     9 x 9,  1 -> 64
    mapping    1 x 1, 64 -> 32     3 x 3, 64 -> 32     5 x 5, 64 -> 32
    joining    5 x 5, 32 ->  1     5 x 5, 32 ->  1     5 x 5, 32 ->  1
    weights    8,032               24,416              57,184             without biases

ReLU after the first two. Nothing is padded, so that no border is learnt.

First weights are ours: one feature hands the picture on as it is, so that a net begins as the bicubic
enlargement; the others begin small at the end, as published (a deviation of 0.001).

Source: Dong, Loy, He, Tang, "Learning a deep convolutional network for image super-resolution", ECCV 2014;
"Image super-resolution using deep convolutional networks", TPAMI 38(2), 2016.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tratteggio.layers.bicubic import REACH, enlarged_within
from tratteggio.models._enlarging import Enlarger, begin_small, scale_of
from tratteggio.options import name_of
from tratteggio.registry import unknown

MAPPINGS = {"srcnn-915": 1, "srcnn-935": 3, "srcnn-955": 5}
NAMES = tuple(MAPPINGS)


def build(name: str) -> Srcnn:
    """Build one of `NAMES`, as "srcnn-915:scale=3".

    Raises:
        UnknownName: it is none of them.
        BadUsage: a scale other than 2, 3 and 4.
    """
    kind = name_of(name)
    if kind not in MAPPINGS:
        raise unknown("model", kind, NAMES)
    return Srcnn(scale_of(name), mapping=MAPPINGS[kind])


class Srcnn(Enlarger):
    """The net of the table.

    Args:
        scale: 2, 3 or 4.
        mapping: side of the middle kernel, in pixels.
    """

    def __init__(self, scale: int, *, mapping: int) -> None:
        super().__init__(scale)
        self.layers = nn.Sequential(
            nn.Conv2d(1, 64, 9), nn.ReLU(), nn.Conv2d(64, 32, mapping), nn.ReLU(), nn.Conv2d(32, 1, 5)
        )
        self.reach = REACH + math.ceil((4 + mapping // 2 + 2) / scale)
        _begin_as_given(self.layers)

    def within(self, low: Tensor) -> Tensor:
        """Enlarge by bicubic interpolation, then sharpen."""
        answer: Tensor = self.layers(enlarged_within(low, self.scale))
        return answer


@torch.no_grad()
def _begin_as_given(layers: nn.Sequential) -> None:
    """Let the first feature of each layer hand on what it is given."""
    for conv in begin_small(layers):
        middle = conv.kernel_size[0] // 2
        conv.weight[0] = 0
        conv.weight[0, 0, middle, middle] = 1
