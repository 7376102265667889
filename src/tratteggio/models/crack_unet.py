"""A compact net that finds cracks: a U-Net that sees 2 x 2 pixels as one and answers for each of the four.

Its input is of even contrast (`detectors._light.even_planes`), so it needs no norms; what is 0 there, scans
that a painting lacks among it, says nothing. Each size has two residual blocks on the way down and one on the
way up; the smallest has seen about 100 pixels across, enough to tell a crack from a brush stroke that ends.

    size     channels
    1 / 2    24         the four pixels of each colour and scan side by side, 3 x 3
    1 / 4    40         3 x 3 of stride 2
    1 / 8    64         3 x 3 of stride 2
    1 / 16   64         3 x 3 of stride 2

569 thousand parameters, 2.3 MB; about 20 thousand products a pixel.

Source: Ronneberger, Fischer, Brox, "U-Net: convolutional networks for biomedical image segmentation", MICCAI
2015; pixels side by side after Shi et al., "Real-time single image and video super-resolution using an
efficient sub-pixel convolutional neural network", CVPR 2016. Widths and blocks are ours.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.errors import BadUsage
from tratteggio.registry import unknown

NAMES = ("crack-unet",)

PLANES = 6
CELL = 2
WIDTHS = (24, 40, 64, 64)
MULTIPLE = CELL * 2 ** (len(WIDTHS) - 1)
EVEN = 2.5  # by which light is about as strong as planes of even contrast
RARE = -3.0  # first answer everywhere, as log odds: cracks take some five per cent of a painting


def build(name: str) -> CrackUnet:
    """Build the one net of `NAMES`.

    Raises:
        UnknownName: it is another.
    """
    if name not in NAMES:
        raise unknown("model", name, NAMES)
    return CrackUnet()


class CrackUnet(nn.Module):
    """The net of the table.

    Attributes:
        multiple: it answers alike what is moved by so many pixels.
        finds: the class of damage.

    Shapes:
        x (B, 6, H, W) -> log odds of a crack (B, 1, H, W)
    """

    multiple = MULTIPLE
    finds = "crack"

    def __init__(self) -> None:
        super().__init__()
        first, *_ = WIDTHS
        self.stem = nn.Conv2d(PLANES * CELL**2, first, 3, padding=1)
        self.down = nn.ModuleList(
            nn.Conv2d(wide, narrow, 3, stride=2, padding=1) for wide, narrow in pairwise(WIDTHS)
        )
        self.seen = nn.ModuleList(nn.Sequential(_Block(width), _Block(width)) for width in WIDTHS)
        self.up = nn.ModuleList(nn.Conv2d(narrow, wide, 1) for wide, narrow in pairwise(WIDTHS))
        self.told = nn.ModuleList(_Block(width) for width in WIDTHS[:-1])
        self.answer = nn.Conv2d(first, CELL**2, 1)
        nn.init.zeros_(self.answer.weight)
        assert self.answer.bias is not None
        nn.init.constant_(self.answer.bias, RARE)

    def from_rgb(self, x: Tensor) -> Tensor:
        """Make of light (B, 3, H, W) what the net takes, to look inside it: colours, and no other scan."""
        return torch.cat([EVEN * (x - 0.5), torch.zeros_like(x)], dim=1)

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Answer the log odds that each pixel lies in a crack.

        Args:
            x: planes of even contrast.
            known: not used: nothing is filled.

        Raises:
            BadUsage: another number of planes.
        """
        if x.dim() != 4 or x.shape[1] != PLANES:
            raise BadUsage(f"the net looks at {PLANES} planes (B, {PLANES}, H, W), got {tuple(x.shape)}")
        rows, cols = x.shape[2:]
        x = functional.pad(x, (0, -cols % MULTIPLE, 0, -rows % MULTIPLE))
        x = functional.relu(self.stem(functional.pixel_unshuffle(x, CELL)))
        sizes = [self.seen[0](x)]
        for down, seen in zip(self.down, self.seen[1:], strict=True):
            sizes.append(seen(functional.relu(down(sizes[-1]))))
        x = sizes.pop()
        for up, told in zip(reversed(self.up), reversed(self.told), strict=True):
            x = told(sizes.pop() + functional.interpolate(up(x), scale_factor=2.0, mode="nearest"))
        answer: Tensor = functional.pixel_shuffle(self.answer(x), CELL)
        return answer[..., :rows, :cols]


class _Block(nn.Module):
    """Two convolutions whose answer is added to what came; nothing at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.two = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        nn.init.zeros_(self.two.weight)
        bias = self.two.bias
        assert bias is not None
        nn.init.zeros_(bias)

    def forward(self, x: Tensor) -> Tensor:
        """Add what two convolutions see."""
        return functional.relu(x + self.two(functional.relu(self.one(x))))
