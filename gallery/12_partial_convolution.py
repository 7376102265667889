"""Partial convolution: a lacuna is not black paint.

A plain convolution treats lost pixels as black and darkens the paint around them. A partial convolution sums
the known pixels, scales by the share of the window that is known, and returns where anything was known. So
lacunae become smaller from layer to layer.

Source: Liu et al., "Image inpainting for irregular holes using partial convolutions", 2018, eq. 1 and 2.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from example import Example, build
from tratteggio.layers import PartialConv2d


def to_image(x: Tensor) -> np.ndarray:
    return x[0].movedim(0, -1).clamp(0, 1).numpy()


def show(example: Example) -> None:
    panel = example.panel()
    paint = torch.from_numpy(panel.painted.read()).float().movedim(-1, 0)[None] / 255
    known = torch.from_numpy(~panel.lacunae.read()).float()[None, None]
    example.show(to_image(paint * known), "Lost pixels are 0")

    mean = PartialConv2d(3, 3, 9, padding=4, groups=3, bias=False)
    nn.init.constant_(mean.weight, 1 / 81)
    with torch.no_grad():
        plain = nn.functional.conv2d(paint * known, mean.weight, padding=4, groups=3)
        partial, seen = mean(paint, known)
        one, _ = mean(torch.ones_like(paint), known)
    example.show(to_image(plain), "Plain mean over 9 x 9: dark around lacunae and at the border")
    example.show(
        to_image(partial), "Partial mean: not darker; a pixel stays lost if its window has no known pixel"
    )
    example.check("the partial mean of white is white", one[seen.expand_as(one) > 0], 1.0, within=1e-5)

    three = PartialConv2d(1, 1, 3, padding=1)
    left = [known]
    with torch.no_grad():
        while not bool(left[-1].all()):
            left.append(three(left[-1], left[-1])[1])
    example.say(f"Number of partial convolutions 3 x 3 until no pixel is lost: {len(left) - 1}.")

    part = torch.ones(1, 1, 3, 3)
    part[..., :2] = 0
    part[..., 2, 0] = 1  # 4 of 9 are known
    sums = PartialConv2d(1, 1, 3, bias=False)
    nn.init.ones_(sums.weight)
    with torch.no_grad():
        example.check("4 of 9 known: scaled by 9/4", float(sums(torch.ones(1, 1, 3, 3), part)[0]), 9.0)


if __name__ == "__main__":
    build(Path(__file__))
