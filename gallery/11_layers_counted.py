"""Layers, counted: why nets for pictures are convolutions.

A picture of 200 x 200 and as many answers. If every answer sees every pixel there are 1.6 thousand million
weights; if each sees 10 x 10, four million; if all of these share their weights, and there are a hundred
kinds, ten thousand.

Nothing of it takes memory: torch counts on the device "meta".
"""

from pathlib import Path

import torch
from torch import nn

from tratteggio import models
from tratteggio.models import parameters
from wall import Wall, build


def hang(wall: Wall) -> None:
    with torch.device("meta"):
        full = nn.Linear(200 * 200, 40_000, bias=False)
        # Each answer has a window of its own: as many groups as answers, of one window each.
        local = nn.Conv1d(40_000, 40_000, 10 * 10, groups=40_000, bias=False)
        shared = nn.Conv2d(1, 100, 10, bias=False)
        answers = nn.Conv2d(3, 6, 5)(torch.empty(1, 3, 32, 32))
        halved = nn.MaxPool2d(2)(answers)
        flat = nn.Flatten()(torch.empty(1, 3, 32, 32))
    wall.check("weights, all seen by all", parameters(full), 1_600_000_000)
    wall.check("weights, 10 x 10 each of its own", parameters(local), 4_000_000)
    wall.check("weights, a hundred filters 10 x 10 shared", parameters(shared), 10_000)
    wall.check("six filters 5 x 5 over 32 x 32 x 3: rows and columns", answers.shape[2], 28)
    wall.check("and as many planes as filters", answers.shape[1], 6)
    wall.check("a maximum of 2 x 2, stride 2, of these", halved.shape[2], 14)
    wall.check("32 x 32 x 3 laid flat", flat.shape[1], 3072)

    with torch.device("meta"):
        rows = [[name, f"{parameters(models.build(name)):,}"] for name in models.names()]
    wall.say("The nets of this installation:")
    wall.table(["Net", "Parameters"], rows)


if __name__ == "__main__":
    build(Path(__file__))
