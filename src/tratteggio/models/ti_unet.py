"""Translation-invariant U-Net: finds damage pixel by pixel, at several scales, without subsampling.

In a plain U-Net pooling halves the grid, and what is found depends on where the grid begins. Here pooling
keeps every pixel, and convolutions reach further instead: level i has dilation 2^i. Moved by any whole number
of pixels, the painting gives the same answers, moved.

    left 0                                              right 0 -> head
      maximum of 2, stride 1                  up, crop and join
        left 1, dilation 2                      right 1
          maximum of 3, stride 1        up, crop and join
            left 2, dilation 4    (depth 2)

    block    convolutions 3 x 3 of dilation 2^i, each followed by ELU and batch norm
    up       convolution 2 x 2 of dilation 2^i, linear, batch norm; i is the level it leads to
    head     convolution 1 x 1: one number for each class, before softmax (or sigmoid, of one class)

No convolution pads, so the answer is smaller than what is shown by `loss_px`, all around alike:

    convolutions a block   depth 0   1    2    3     4
    1                      2         10   26   58    122
    2                      4         18   46   102   214

Names: "ti-unet" is the net of depth 1 for RGB and two classes, "ti-unet:channels=9,depth=2" another one.

Source: Meeus, Huang, Zizakic, Xie, Devolder, Dubois, Martens, Pižurica, "Assisting classical paintings
restoration: efficient paint loss detection and descriptor-based inpainting using shared pretraining", SPIE
2020, and Meeus et al., ISPA 2019; widths and order of layers as in the first author's code
(github.com/infelane/lamb-segmentation). First weights are ours (Glorot).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.errors import BadUsage
from tratteggio.filters import ground
from tratteggio.models.fpcae import glorot
from tratteggio.options import Option, parse
from tratteggio.registry import unknown

NAMES = ("ti-unet",)

COLOURS = 3
DEEPEST = 10
WIDEST = 999


@dataclass(frozen=True)
class Form:
    """What a net is like.

    Attributes:
        channels: of what it looks at. classes: of what it answers. depth: levels below the first. filters:
        channels of every layer within. convolutions: of a block. cell: side in pixels of what is seen as one:
        the net then works on a grid so much coarser, with the pixels
            of a cell side by side, and answers for each. Moves by multiples of it are what it is invariant
            to.
    """

    channels: int = 3
    classes: int = 2
    depth: int = 1
    filters: int = 10
    convolutions: int = 2
    cell: int = 1

    @property
    def loss_px(self) -> int:
        """Pixels along each axis that the answer is smaller than what is shown; even."""
        deepest = 1 << self.depth
        return self.cell * (2 * self.convolutions * (3 * deepest - 2) + 2 * (deepest - 1))


def build(name: str) -> TiUnet:
    """Build the net, in the form that the name goes on with.

    Raises:
        UnknownName: another net, or no such property of its form.
        BadUsage: a property that is no whole number from 1 to 999 (depth: from 0 to 10).

    Example:
        >>> build("ti-unet:channels=9,depth=2").form
        Form(channels=9, classes=2, depth=2, filters=10, convolutions=2, cell=1)
    """
    kind, given = parse(name, _options)
    for key, value in given.items():
        least, most = (0, DEEPEST) if key == "depth" else (1, WIDEST)
        if not least <= value <= most:
            raise BadUsage(f"{key} of {kind} must be a whole number from {least} to {most}, got {value}")
    return TiUnet(Form(**given))


def _options(kind: str) -> dict[str, Option]:
    if kind not in NAMES:
        raise unknown("model", kind, NAMES)
    return {key: Option(int, default) for key, default in asdict(Form()).items()}


class TiUnet(nn.Module):
    """The net of the table.

    Attributes:
        form: what it is like.

    Shapes:
        x (B, channels or more, H, W), H and W larger than `form.loss_px` and multiples of `form.cell`
        -> logits (B, classes, H - loss_px, W - loss_px), of the pixels in the middle of x

    Example:
        >>> net = build("ti-unet:depth=2")
        >>> net(torch.rand(1, 3, 50, 60)).shape[2:], net.form.loss_px
        (torch.Size([4, 14]), 46)
    """

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form = form
        k = form.filters
        levels = range(form.depth + 1)
        shown = form.channels * form.cell**2
        self.left = nn.ModuleList(_block(k if i else shown, form, dilation=2**i) for i in levels)
        self.up = nn.ModuleList(_up(k, dilation=2**i) for i in levels[:-1])
        self.right = nn.ModuleList(_block(2 * k, form, dilation=2**i) for i in levels[:-1])
        self.head = nn.Conv2d(k, form.classes * form.cell**2, 1)
        glorot(self)

    def from_rgb(self, x: Tensor) -> Tensor:
        """Make what the net takes of light (B, 3, H, W): as it is, or with contrast and texture beside it.

        Beyond the border it is mirrored, so far that each pixel is answered for, and to whole cells.

        Returns:
            (B, channels, rows, cols): H and W, `form.loss_px` more, and what is missing of a cell at the end.

        Raises:
            BadUsage: the net takes neither three channels nor those of `filters.ground`.
        """
        if self.form.channels not in (COLOURS, ground.PLANES):
            raise BadUsage(
                f"a net that takes {self.form.channels} channels looks at other scans as well, and cannot be "
                "shown a picture"
            )
        planes = x.detach().cpu().numpy()
        if self.form.channels == ground.PLANES:
            planes = np.stack([ground.planes(np.moveaxis(image, 0, -1)) for image in planes])
        half = self.form.loss_px // 2
        beyond = [(half, half + -side % self.form.cell) for side in planes.shape[2:]]
        return torch.from_numpy(np.pad(planes, ((0, 0), (0, 0), *beyond), mode="symmetric")).to(x)

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Answer for each pixel in the middle how likely each class is, as logits.

        Args:
            x: (B, channels, H, W), 0 .. 1; further channels (the truth, in training) are not looked at.
            known: not used: what is found depends on what is seen alone.

        Raises:
            BadUsage: too few channels, or a picture that is not larger than `form.loss_px` or no multiple of
                `form.cell`.
        """
        channels, short, cell = self.form.channels, self.form.loss_px, self.form.cell
        sides = x.shape[2:]
        if x.dim() != 4 or x.shape[1] < channels or min(sides) <= short or any(n % cell for n in sides):
            raise BadUsage(
                f"this net takes (B, {channels}, H, W) of more than {short} pixels a side, whole cells of "
                f"{cell}, got {tuple(x.shape)}"
            )
        cells = functional.pixel_unshuffle(x[:, : self.form.channels], self.form.cell)
        seen = [self.left[0](cells)]
        for level in range(1, self.form.depth + 1):
            seen.append(self.left[level](_maximum(seen[-1], 2 ** (level - 1) + 1)))
        y = seen[-1]
        for level in reversed(range(self.form.depth)):
            y = self.up[level](y)
            y = self.right[level](torch.cat([_middle(seen[level], y), y], dim=1))
        return functional.pixel_shuffle(self.head(y), self.form.cell)


def _block(channels: int, form: Form, *, dilation: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for number in range(form.convolutions):
        inner = channels if number == 0 else form.filters
        convolution = nn.Conv2d(inner, form.filters, 3, dilation=dilation)
        layers += [convolution, nn.ELU(), nn.BatchNorm2d(form.filters)]
    return nn.Sequential(*layers)


def _up(filters: int, *, dilation: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(filters, filters, 2, dilation=dilation), nn.BatchNorm2d(filters))


def _maximum(x: Tensor, side: int) -> Tensor:
    """Take the maximum over a row, then over a column: what a square has, at less cost."""
    return functional.max_pool2d(functional.max_pool2d(x, (1, side), stride=1), (side, 1), stride=1)


def _middle(x: Tensor, y: Tensor) -> Tensor:
    """Crop x to the grid of y; the difference is even, as a level loses on its way down what it loses up."""
    off = (x.shape[2] - y.shape[2]) // 2
    return x[..., off : x.shape[2] - off, off : x.shape[3] - off]
