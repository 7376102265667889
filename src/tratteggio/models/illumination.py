"""What light fell on a dark picture: an illumination S, by which the picture is divided.

    the picture at 128 x 128 -> three convolutions 3 x 3 of stride 2, 16, 32 and 64 channels: (64, 16, 16)
      local:  two convolutions 3 x 3 of 64
      global: two of stride 2, mean, two linear layers: 64 numbers, added everywhere
      -> ReLU -> 1 x 1 to 8 x 12: a grid (12, 8, 16, 16) of 3 x 4 matrices, 8 levels of the guide deep
    the picture at its own size -> guide (H, W) of 0 .. 1: the mean of three curves of mixed colours
      -> each pixel reads its matrix A off the grid, between the eight nearest
      -> S = max(sigmoid(A [r g b 1]), I) of each pixel -> enhanced = I / S

So edges of S are those of the picture, whatever the size of the grid. S >= I keeps the answer within 0 .. 1.

Sources: Wang, Zhang, Fu, Shen, Zheng, Jia, "Underexposed photo enhancement using deep illumination
estimation", CVPR 2019, eq. 1; Gharbi, Chen, Barron, Hasinoff, Durand, "Deep bilateral learning for real-time
image enhancement", 2017 (grid, guide, slicing). Widths, half the side of the small picture and the sigmoid
are ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.errors import BadUsage
from tratteggio.losses.lighting import Lit
from tratteggio.registry import unknown

SIDE = 128  # of the picture that the grid is found from
LEVELS, CELLS = 8, 16  # of the grid: along the guide, along each side
KNOTS = 8  # of the curves of the guide
LEAST = 1e-4  # of the illumination, by which black is divided
NAMES = ("illumination",)


def build(name: str) -> IlluminationNet:
    """Build one of `NAMES`.

    Raises:
        UnknownName: it is none of them.
    """
    if name not in NAMES:
        raise unknown("model", name, NAMES)
    return IlluminationNet()


class IlluminationNet(nn.Module):
    """The net of the page.

    Shapes:
        x (B, 3, H, W), 0 .. 1 -> y (B, 3, H, W), 0 .. 1; in training `Lit`
    """

    def __init__(self) -> None:
        super().__init__()
        self.splat = nn.Sequential(_conv(3, 16, 2), _conv(16, 32, 2), _conv(32, 64, 2))
        self.local = nn.Sequential(_conv(64, 64, 1), nn.Conv2d(64, 64, 3, padding=1, bias=False))
        self.everywhere = nn.Sequential(
            _conv(64, 64, 2), _conv(64, 64, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(64, 64), nn.ReLU(inplace=True), nn.Linear(64, 64),
        )  # fmt: skip
        self.matrices = nn.Conv2d(64, 12 * LEVELS, 1)
        self.mix = nn.Conv2d(3, 3, 1)
        self.knots = nn.Parameter(torch.empty(3, KNOTS))
        self.slopes = nn.Parameter(torch.empty(3, KNOTS))
        if not self.knots.is_meta:
            self._begin()

    @torch.no_grad()
    def _begin(self) -> None:
        """Begin with the mean of the colours as the guide, and an illumination near one half."""
        self.mix.weight.copy_(torch.eye(3)[..., None, None] + 0.01 * torch.randn(3, 3, 1, 1))
        nn.init.zeros_(self.mix.bias)  # type: ignore[arg-type]
        self.knots.copy_(torch.linspace(0, 1, KNOTS + 1)[:-1].expand(3, -1))
        nn.init.zeros_(self.slopes)
        self.slopes[:, 0] = 1.0
        self.matrices.weight.mul_(0.1)

    def grid(self, small: Tensor) -> Tensor:
        """Find the grid of a picture.

        Args:
            small: (B, 3, 128, 128), 0 .. 1: the whole picture, whatever its shape was.

        Returns:
            (B, 12, 8, 16, 16): the 3 x 4 numbers of a matrix, by level of the guide, row and column.

        Raises:
            BadUsage: another size or number of channels.
        """
        if small.shape[1:] != (3, SIDE, SIDE):
            raise BadUsage(f"the grid is found from (B, 3, {SIDE}, {SIDE}), got {tuple(small.shape)}")
        features = self.splat(small)
        mixed = functional.relu(self.local(features) + self.everywhere(features)[..., None, None])
        found: Tensor = self.matrices(mixed).reshape(-1, 12, LEVELS, CELLS, CELLS)
        return found

    def guide(self, x: Tensor) -> Tensor:
        """Tell each pixel its level: (B, 3, H, W) -> (B, 1, H, W), 0 .. 1."""
        mixed = self.mix(x)
        total = torch.zeros_like(mixed)
        for k in range(KNOTS):  # one after the other: all at once would take the memory of eight pictures
            knot, slope = (part[:, k].view(1, 3, 1, 1) for part in (self.knots, self.slopes))
            total = total + slope * functional.relu(mixed - knot)
        return total.mean(dim=1, keepdim=True).clamp(0, 1)

    def illumination(self, x: Tensor, grid: Tensor, rows: Tensor, cols: Tensor) -> Tensor:
        """Read the illumination of a window off the grid.

        Args:
            x: (B, 3, h, w), 0 .. 1, the window.
            grid: of the whole picture.
            rows: (h,), where the middles of its rows lie in the whole, 0 .. 1.
            cols: (w,), the same of its columns.

        Returns:
            S (B, 3, h, w), x <= S <= 1, and at least 1e-4.
        """
        guide = self.guide(x)
        places = torch.stack(
            [
                (2 * cols - 1).expand(len(x), len(rows), -1),
                (2 * rows - 1)[:, None].expand(len(x), -1, len(cols)),
                2 * guide[:, 0] - 1,
            ],
            dim=-1,
        )[:, None]
        matrices = functional.grid_sample(grid, places, padding_mode="border", align_corners=False)[:, :, 0]
        red, green, blue, constant = matrices.chunk(4, dim=1)
        s = torch.sigmoid(red * x[:, :1] + green * x[:, 1:2] + blue * x[:, 2:] + constant)
        return torch.maximum(s, x).clamp(min=LEAST)

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor | Lit:  # noqa: ARG002
        """Divide a picture by its illumination.

        Args:
            x: a dark picture, whole.
            known: not used.
        """
        grid = self.grid(reduced(x))
        s = self.illumination(x, grid, middles(x.shape[2]).to(x), middles(x.shape[3]).to(x))
        return Lit(x / s, s, x) if self.training else x / s


def reduced(x: Tensor) -> Tensor:
    """Bring a whole picture to the size from which the grid is found: (B, 3, H, W) -> (B, 3, 128, 128)."""
    if x.shape[2:] == (SIDE, SIDE):
        return x
    return functional.interpolate(x, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)


def middles(size: int, first: int = 0, last: int | None = None) -> Tensor:
    """Give the middles of pixels first .. last - 1 of `size` along an axis, as shares of it.

    Example:
        >>> middles(4)
        tensor([0.1250, 0.3750, 0.6250, 0.8750])
    """
    return (torch.arange(first, size if last is None else last) + 0.5) / size


def _conv(inner: int, outer: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inner, outer, 3, stride=stride, padding=1), nn.ReLU(inplace=True))
