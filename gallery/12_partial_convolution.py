"""Partial convolution: a lacuna is not black paint.

A plain convolution takes what is lost for black and dims all around it. A partial one sums what is known,
scales by how much of its window that was, and tells where anything was seen: lacunae close from layer to
layer.

Source: Liu et al., "Image inpainting for irregular holes using partial convolutions", 2018, eq. 1 and 2.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from tratteggio.layers import PartialConv2d
from wall import Wall, build


def shown(x: Tensor) -> np.ndarray:
    return x[0].movedim(0, -1).clamp(0, 1).numpy()


def hang(wall: Wall) -> None:
    panel = wall.panel()
    paint = torch.from_numpy(panel.painted.read()).float().movedim(-1, 0)[None] / 255
    known = torch.from_numpy(~panel.lacunae.read()).float()[None, None]
    wall.hang(shown(paint * known), "Lost places are 0")

    mean = PartialConv2d(3, 3, 9, padding=4, groups=3, bias=False)
    nn.init.constant_(mean.weight, 1 / 81)
    with torch.no_grad():
        plain = nn.functional.conv2d(paint * known, mean.weight, padding=4, groups=3)
        partial, seen = mean(paint, known)
        one, _ = mean(torch.ones_like(paint), known)
    wall.hang(shown(plain), "Plain mean over 9 x 9: dark around lacunae, and at the border")
    wall.hang(shown(partial), "Partial mean: neither; where a window saw nothing, the place stays lost")
    wall.check("the partial mean of white is white", one[seen.expand_as(one) > 0], 1.0, within=1e-5)

    three = PartialConv2d(1, 1, 3, padding=1)
    left = [known]
    with torch.no_grad():
        while not bool(left[-1].all()):
            left.append(three(left[-1], left[-1])[1])
    wall.say(f"Partial convolutions 3 x 3 until nothing is lost any more: {len(left) - 1}.")

    part = torch.ones(1, 1, 3, 3)
    part[..., :2] = 0
    part[..., 2, 0] = 1  # 4 of 9 are known
    sums = PartialConv2d(1, 1, 3, bias=False)
    nn.init.ones_(sums.weight)
    with torch.no_grad():
        wall.check("4 of 9 known: scaled by 9/4", float(sums(torch.ones(1, 1, 3, 3), part)[0]), 9.0)


if __name__ == "__main__":
    build(Path(__file__))
