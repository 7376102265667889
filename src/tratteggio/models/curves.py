"""Curves that brighten a picture pixel by pixel, from a net that has learnt without knowing what is right.

    x (B, 3, H, W) -> seven convolutions 3 x 3, the later ones with what the earlier ones saw beside it
      3 -> 32 -> 32 -> 32 -> 32, 64 -> 32, 64 -> 32, 64 -> 24, ReLU, and tanh at the end: 79,416 parameters
    24 maps of -1 .. 1 are 8 for each colour; eight times x <- x + a (x² - x)

Each step keeps 0 and 1 where they are and never turns the order of levels round. As published, a positive a
darkens. The maps are smooth, so `maps` of a reduced picture serve the large one.

Source: Guo, Li, Guo, Loy, Hou, Kwong, Cong, "Zero-reference deep curve estimation for low-light image
enhancement", CVPR 2020 (Zero-DCE), eq. 3 and supplement.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.errors import BadUsage
from tratteggio.losses.lighting import Curved
from tratteggio.registry import unknown

STEPS, WIDTH = 8, 32
NAMES = ("curves",)


def build(name: str) -> CurveNet:
    """Build one of `NAMES`.

    Raises:
        UnknownName: it is none of them.
    """
    if name not in NAMES:
        raise unknown("model", name, NAMES)
    return CurveNet()


def curved(x: Tensor, maps: Tensor) -> Tensor:
    """Bend a picture along its maps.

    Args:
        x: (B, 3, H, W), 0 .. 1.
        maps: (B, 24, H, W), -1 .. 1: red, green and blue of the first step, then of the next.

    Example:
        >>> maps = torch.zeros(1, 24, 1, 1)
        >>> maps[:, :3] = -1  # one step: x - (x² - x)
        >>> curved(torch.full((1, 3, 1, 1), 0.5), maps).ravel()
        tensor([0.7500, 0.7500, 0.7500])
    """
    for a in maps.chunk(STEPS, dim=1):
        x = x + a * (x.square() - x)
    return x


def read_off(maps: Tensor, rows: Tensor, cols: Tensor) -> Tensor:
    """Read the maps of a whole picture, reduced, at other places, between the four nearest.

    Args:
        maps: (B, 24, H, W).
        rows: (h,), where the places lie, as shares of the height.
        cols: (w,), as shares of the width.

    Returns:
        (B, 24, h, w)

    Example:
        At the middles of its own pixels it is itself:

        >>> maps, middles = torch.rand(1, 24, 4, 4), (torch.arange(4) + 0.5) / 4
        >>> torch.allclose(read_off(maps, middles, middles), maps, atol=1e-6)
        True
    """
    y, x = torch.meshgrid(2 * rows - 1, 2 * cols - 1, indexing="ij")
    places = torch.stack([x, y], dim=-1).expand(len(maps), -1, -1, -1)
    return functional.grid_sample(maps, places, padding_mode="border", align_corners=False)


class CurveNet(nn.Module):
    """The net of the page.

    Shapes:
        x (B, 3, H, W), 0 .. 1 -> y (B, 3, H, W), 0 .. 1; in training `Curved`
    """

    def __init__(self) -> None:
        super().__init__()
        widths = ((3, WIDTH), *[(WIDTH, WIDTH)] * 3, *[(2 * WIDTH, WIDTH)] * 2, (2 * WIDTH, 3 * STEPS))
        self.layers = nn.ModuleList(nn.Conv2d(inner, outer, 3, padding=1) for inner, outer in widths)
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d) and not layer.weight.is_meta:
                nn.init.normal_(layer.weight, 0.0, 0.02)  # so small that the curves begin nearly straight

    def maps(self, x: Tensor) -> Tensor:
        """Find the maps of a picture (B, 3, H, W): (B, 24, H, W).

        Raises:
            BadUsage: it has not 3 channels.
        """
        if x.dim() != 4 or x.shape[1] != 3:
            raise BadUsage(f"curves are found for RGB (B, 3, H, W), got {tuple(x.shape)}")
        first, second, third, fourth = self.layers[0], self.layers[1], self.layers[2], self.layers[3]
        x1 = functional.relu(first(x))
        x2 = functional.relu(second(x1))
        x3 = functional.relu(third(x2))
        x4 = functional.relu(fourth(x3))
        x5 = functional.relu(self.layers[4](torch.cat([x3, x4], dim=1)))
        x6 = functional.relu(self.layers[5](torch.cat([x2, x5], dim=1)))
        found: Tensor = torch.tanh(self.layers[6](torch.cat([x1, x6], dim=1)))
        return found

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor | Curved:  # noqa: ARG002
        """Brighten a picture.

        Args:
            x: a dark picture.
            known: not used.
        """
        maps = self.maps(x)
        image = curved(x, maps)
        return Curved(image, maps, x) if self.training else image
