"""Counting weights: why nets for images use convolutions.

The input is an image of 200 x 200, and there are as many outputs. If every output sees every pixel, the layer
has 1.6 thousand million weights. If each output sees 10 x 10 pixels, it has four million. If all outputs
share their weights, with a hundred filters, it has ten thousand.

The count needs no memory: torch counts on the device "meta".
"""

from pathlib import Path

import torch
from torch import nn

from example import Example, build
from tratteggio import models
from tratteggio.models import parameters


def show(example: Example) -> None:
    with torch.device("meta"):
        full = nn.Linear(200 * 200, 40_000, bias=False)
        # Each output has its own window: as many groups as outputs.
        local = nn.Conv1d(40_000, 40_000, 10 * 10, groups=40_000, bias=False)
        shared = nn.Conv2d(1, 100, 10, bias=False)
        outputs = nn.Conv2d(3, 6, 5)(torch.empty(1, 3, 32, 32))
        halved = nn.MaxPool2d(2)(outputs)
        flat = nn.Flatten()(torch.empty(1, 3, 32, 32))
    example.check("weights if every output sees every pixel", parameters(full), 1_600_000_000)
    example.check("weights if each output has its own 10 x 10", parameters(local), 4_000_000)
    example.check("weights of a hundred shared filters 10 x 10", parameters(shared), 10_000)
    example.check("rows of six filters 5 x 5 on 32 x 32 x 3", outputs.shape[2], 28)
    example.check("channels, as many as filters", outputs.shape[1], 6)
    example.check("rows after a maximum of 2 x 2 with stride 2", halved.shape[2], 14)
    slice_of = torch.tensor([[1.0, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]])
    pooled = nn.MaxPool2d(2)(slice_of[None])[0]
    example.check(
        "maximum of 2 x 2, stride 2, of 1 1 2 4 / 5 6 7 8 / 3 2 1 0 / 1 2 3 4", pooled, [[6, 8], [3, 4]]
    )
    example.check("32 x 32 x 3 as a vector", flat.shape[1], 3072)

    with torch.device("meta"):
        rows = [[name, f"{parameters(models.build(name)):,}"] for name in models.names()]
    example.say("The nets of this installation:")
    example.table(["Net", "Parameters"], rows)


if __name__ == "__main__":
    build(Path(__file__))
