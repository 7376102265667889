"""A small net that fills lacunae: it learns what a smooth fill of the same lacunae lacks.

A thin plate under tension, solved on a pyramid in a few steps a level, gives a first fill in milliseconds.
Its tone, blurred over 8 pixels, is taken off the picture, and what is left is brought to one strength: what
matters is how brushwork and edges go on, not how light or how contrasted the paint is (with tone left in,
ten times as strong, 750 steps on 8 patches taught nothing; without, 80 did). A U-Net from a half down to a
sixteenth of the picture's size sees the detail of the damaged paint, through a partial convolution that no
lacuna dims, and the detail of the first fill with where that stands. From there on all is known and
convolutions are plain. The answer is a correction of the first fill, and 0 before any training.

    size     channels   on the way down                      on the way up
    1 / 2    32         paint 5 x 5 + first fill 3 x 3       1 residual block, then the 2 x 2 pixels
    1 / 4    64         3 x 3, 2 residual blocks             2
    1 / 8    96         3 x 3, 2                             2
    1 / 16   128        3 x 3, 2

1.8 million parameters, 7 MB. There is no batch normalisation: a fill does not depend on what else is in
its batch. The pyramid of means is the pull of Gortler et al. 1996, "The lumigraph", section 3.4
(doi:10.1145/237170.237200); the plate is that of Smith and Wessel 1990, "Gridding with continuous curvature
splines in tension" (doi:10.1190/1.1442837); the correction over a cheap answer is that of Kim et al. 2016,
"Accurate image super-resolution using very deep convolutional networks".
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.layers import PartialConv2d
from tratteggio.models.pconv_unet import doubled, first_weights
from tratteggio.models.tensors import admit, crop, pad
from tratteggio.registry import unknown

NAMES = ("pconv-compact",)

COLOURS = 3
CELL = 2  # side in pixels of what the first size sees as one: 2 x 2
WIDTHS = (32, 64, 96, 128)
BLOCKS_DOWN = (0, 2, 2, 2)
BLOCKS_UP = (1, 2, 2)
TONE = 8  # side in pixels of the means that tone is made of; divides `multiple`
FAINTEST = 0.004  # detail weaker than one level of 8 bit is not made stronger than that

TENSION = 2.0  # of the plate, against its bending; 1 to 4 measure alike on paintings
STEPS = 4  # on each level; 16 bring 0.1 dB more, in four times the time


def build(name: str) -> nn.Module:
    """Build the one net of `NAMES`.

    Raises:
        UnknownName: it is another.
    """
    if name not in NAMES:
        raise unknown("model", name, NAMES)
    return PConvCompact()


class PConvCompact(nn.Module):
    """The net of the table.

    Attributes:
        encoder: what looks at the picture and halves it.
        decoder: what doubles it again and answers.

    Shapes:
        x (B, 3, H, W) with 0 .. 1, known (B, 1, H, W) with 1 = known, 0 = lost
        -> y (B, 3, H, W), the whole picture as the net sees it; only what was lost is a proposal
    """

    multiple = CELL * 2 ** (len(WIDTHS) - 1)

    def __init__(self) -> None:
        super().__init__()
        self.encoder = _Encoder()
        self.decoder = _Decoder()
        first_weights(self)
        self.apply(_silence)

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        """Propose a whole picture; `known` is 1 where paint is known and 0 where it is lost."""
        seen = self.look(x, known)
        return crop(self.answer(seen, seen.sizes), (x.shape[2], x.shape[3]))

    def encode(self, x: Tensor, known: Tensor) -> Tensor:
        """Give the features of the smallest size: (B, 128, H / 16, W / 16), rounded up."""
        return self.look(x, known).sizes[-1]

    def look(self, x: Tensor, known: Tensor) -> Seen:
        """Take the first fill and see what it lacks."""
        paint, mask = admit(x, known, multiple=self.multiple)
        first = first_fill(paint, mask)
        tone = tone_of(first)
        strength = strength_of(paint - tone, mask)
        sizes = self.encoder((paint - tone) / strength, mask, (first - tone) / strength)
        return Seen(first, tone, strength, sizes)

    def answer(self, seen: Seen, sizes: list[Tensor]) -> Tensor:
        """Correct the first fill by features of all sizes; rows and columns are multiples of 16."""
        correction: Tensor = self.decoder(sizes)
        return seen.first + correction * seen.strength


class Seen(NamedTuple):
    """What the net knows of a picture before it answers, with rows and columns in multiples of 16.

    Attributes:
        first: (B, 3, H, W), the first fill.
        tone: (B, 3, H, W), what is left of that without detail.
        strength: (B, 1, 1, 1), of the known detail.
        sizes: features at a half, a quarter, an eighth and a sixteenth.
    """

    first: Tensor
    tone: Tensor
    strength: Tensor
    sizes: list[Tensor]


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.paint = PartialConv2d(COLOURS, WIDTHS[0], 5, stride=CELL, padding=2)
        self.first = nn.Conv2d((COLOURS + 1) * CELL**2, WIDTHS[0], 3, padding=1)
        self.blocks = _blocks(WIDTHS[0], BLOCKS_DOWN[0])
        self.sizes = nn.ModuleList(
            nn.Sequential(nn.Conv2d(larger, smaller, 3, 2, 1), nn.ReLU(inplace=True), _blocks(smaller, count))
            for (larger, smaller), count in zip(pairwise(WIDTHS), BLOCKS_DOWN[1:], strict=True)
        )

    def forward(self, paint: Tensor, known: Tensor, first: Tensor) -> list[Tensor]:
        features, _ = self.paint(paint, known)
        cells = functional.pixel_unshuffle(torch.cat([first, known], dim=1), CELL)
        sizes = [self.blocks(features.add_(self.first(_as(paint, cells))).relu_())]
        for smaller in self.sizes:
            sizes.append(smaller(sizes[-1]))
        return sizes


class _Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.narrower = nn.ModuleList(nn.Conv2d(smaller, larger, 1) for larger, smaller in pairwise(WIDTHS))
        self.blocks = nn.ModuleList(_blocks(*of) for of in zip(WIDTHS, BLOCKS_UP, strict=False))
        self.answer = nn.Conv2d(WIDTHS[0], COLOURS * CELL**2, 3, padding=1)

    def forward(self, sizes: list[Tensor]) -> Tensor:
        y = sizes[-1]
        for narrower, blocks, skip in reversed(list(zip(self.narrower, self.blocks, sizes, strict=False))):
            y = blocks(skip + doubled(narrower(y)))
        return functional.pixel_shuffle(self.answer(y), CELL)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(width, width, 3, padding=1)
        self.answer = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        # In place: no gradient needs what a convolution answered, and new memory costs as much as arithmetic.
        y: Tensor = self.answer(self.inner(x).relu_())
        return y.add_(x)


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(_Residual(width) for _ in range(count)))


def _silence(module: nn.Module) -> None:
    """Let what is added to something begin at 0, so that depth costs no stability without norms."""
    if isinstance(module, _Residual | _Decoder):
        nn.init.zeros_(module.answer.weight)


def _as(like: Tensor, x: Tensor) -> Tensor:
    """Lay x out in memory as `like`; pixel_unshuffle forgets it, and convolutions then fall back."""
    last = like.is_contiguous(memory_format=torch.channels_last)
    return x.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)


def tone_of(first: Tensor) -> Tensor:
    """Return what is left of a first fill (B, C, H, W) when all detail is gone; sides are multiples of 8."""
    return _smoothly(functional.avg_pool2d(first, TONE), times=TONE)


def strength_of(detail: Tensor, known: Tensor) -> Tensor:
    """Measure how strong the known detail of each picture is: (B, 1, 1, 1), root of its mean square."""
    squares = (detail.square() * known).mean(dim=1, keepdim=True).sum(dim=(2, 3), keepdim=True)
    counts = known.sum(dim=(2, 3), keepdim=True).clamp(min=1)
    return (squares / counts).sqrt() + FAINTEST


@torch.no_grad()
def first_fill(x: Tensor, known: Tensor) -> Tensor:
    """Fill lacunae with nearly a thin plate under tension, from a pyramid of means of the known paint.

    The picture is halved until one pixel is left, each pixel the mean of those of its four that are known;
    on the way back lost pixels are interpolated from the next coarser size and settled in `STEPS` steps. No
    gradient flows through it.

    Args:
        x: (B, C, H, W), 0 where lost.
        known: (B, 1, H, W) of 0 and 1.

    Returns:
        (B, C, H, W): known pixels as they are; 0 everywhere if nothing is known. In narrow lacunae it may
        go somewhat beyond the range of the known paint, as gradients run on.

    Example:
        A constant comes back:

        >>> known = torch.ones(1, 1, 5, 7)
        >>> known[..., 1:4, 2:] = 0
        >>> torch.allclose(first_fill(3 * known, known), torch.tensor(3.0))
        True
    """
    rows, cols = x.shape[2:]
    if rows == cols == 1:
        return x
    even, mask = pad(x, known, multiple=2)
    share = functional.avg_pool2d(mask, 2)
    means = functional.avg_pool2d(even, 2) / share.clamp(min=0.25)
    coarse = _smoothly(first_fill(means, (share > 0).to(x.dtype)), times=2)
    lost = 1 - known
    return _relax(x + lost * crop(coarse, (rows, cols)), lost)


def _relax(y: Tensor, lost: Tensor) -> Tensor:
    """Go `STEPS` steps of Chebyshev's iteration towards the plate: bending of the bending = tension of it.

    The operator's spectrum ends at 8² + 8 `TENSION`. What lies far below that end is left to coarser levels.
    """
    highest = 64 + 8 * TENSION
    lowest = highest / (STEPS**2 + 4)
    centre, half = (highest + lowest) / 2, (highest - lowest) / 2
    length = 1 / centre
    step = _force(y, lost)
    y = y.add(step, alpha=length)
    for k in range(1, STEPS):
        share = (half * length) ** 2 / (2 if k == 1 else 4)
        length = 1 / (centre - share / length)
        step = _force(y, lost).add_(step, alpha=share)
        y.add_(step, alpha=length)
    return y


def _force(y: Tensor, lost: Tensor) -> Tensor:
    """Return what pulls each lost pixel towards the plate."""
    bend = _bend(y)
    return _bend(bend).sub_(bend, alpha=TENSION).mul_(-lost)


def _bend(y: Tensor) -> Tensor:
    """Return the five-point Laplacian; at the border the outermost pixels go on."""
    wide = functional.pad(y, (1, 1, 1, 1), mode="replicate")
    bend = wide[..., 1:-1, :-2] + wide[..., 1:-1, 2:]
    return bend.add_(wide[..., :-2, 1:-1]).add_(wide[..., 2:, 1:-1]).sub_(y, alpha=4)


def _smoothly(x: Tensor, *, times: int) -> Tensor:
    """Interpolate linearly to so many times the size."""
    return functional.interpolate(x, scale_factor=times, mode="bilinear", align_corners=False)
