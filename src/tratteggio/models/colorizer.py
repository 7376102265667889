"""Colours for grey: from lightness alone, a distribution over 313 colours for every 4 x 4 pixels.

Nothing is pooled: strides of 2 bring the picture down to an eighth, dilated convolutions look far there, and
a transposed convolution brings it back to a quarter.

    block   convolutions                      output, H x W x 1 ->    compact
    1       3 x 3, the second of stride 2     H/2 x W/2 x 64          16
    2       3 x 3, the second of stride 2     H/4 x W/4 x 128         32
    3       3 x 3, the third of stride 2      H/8 x W/8 x 256         64
    4       three of 3 x 3                    H/8 x W/8 x 512         128
    5, 6    three of 3 x 3, dilation 2        H/8 x W/8 x 512         128
    7       three of 3 x 3                    H/8 x W/8 x 512         128
    8       transposed 4 x 4 of stride 2,     H/4 x W/4 x 256         64
            two of 3 x 3
    answer  1 x 1                             H/4 x W/4 x 313         313

ReLU after each but the last, batch norm after blocks 1 to 7.

Names:
    colorizer: the published widths.
    colorizer-compact: a quarter of them, which two cores can train.
    colorizer-l2, colorizer-compact-l2: the same up to the answer, which is a* and b* themselves: the baseline
        that becomes sepia.

A distribution becomes a colour by its annealed mean, see `annealed_mean`.

Source: Zhang, Isola, Efros, "Colorful image colorization", ECCV 2016; layers as in the authors' release.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.errors import BadUsage
from tratteggio.layers.lab import shown, to_lab
from tratteggio.losses.colours import CLASSES
from tratteggio.models.tensors import crop
from tratteggio.registry import unknown

WIDTHS = {
    "colorizer": (64, 128, 256, 512, 256),
    "colorizer-compact": (16, 32, 64, 128, 64),
    "colorizer-compact-l2": (16, 32, 64, 128, 64),
    "colorizer-l2": (64, 128, 256, 512, 256),
}
NAMES = tuple(WIDTHS)

CELL = 4  # side in pixels of what gets one colour
MULTIPLE = 8
LONGEST = 224  # longer side in pixels of the paintings that the compact net learns from, see its recipe
TEMPERATURE = 0.38
AB_UNIT = 110.0  # the largest a* or b* of a class


def build(name: str) -> Colorizer:
    """Build one of `NAMES`.

    Raises:
        UnknownName: it is none of them.
    """
    if name not in WIDTHS:
        raise unknown("model", name, NAMES)
    return Colorizer(WIDTHS[name], classes=not name.endswith("-l2"))


class Colorizer(nn.Module):
    """The net of the table.

    Args:
        widths: channels of blocks 1, 2, 3, 4 to 7, and 8.
        classes: whether it answers a distribution, or a* and b* themselves.
    """

    def __init__(self, widths: tuple[int, int, int, int, int], *, classes: bool) -> None:
        super().__init__()
        first, second, third, deep, last = widths
        self.classes = classes
        self.blocks = nn.Sequential(
            *_block(1, first, first, stride=2),
            *_block(first, second, second, stride=2),
            *_block(second, third, third, third, stride=2),
            *_block(third, deep, deep, deep),
            *_block(deep, deep, deep, deep, dilation=2),
            *_block(deep, deep, deep, deep, dilation=2),
            *_block(deep, deep, deep, deep),
        )
        self.up = nn.Sequential(
            nn.ConvTranspose2d(deep, last, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(last, last, 3, padding=1), nn.ReLU(),
            nn.Conv2d(last, last, 3, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.answer = nn.Conv2d(last, len(CLASSES) if classes else 2, 1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        # Begin from a nearly even distribution, or from grey.
        nn.init.normal_(self.answer.weight, std=0.01)

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Colour a picture by its lightness alone; in training, answer what an objective judges.

        Args:
            x: (B, 3, H, W), sRGB of 0 .. 1; in training, sides are multiples of 8. Its colour is not seen.
            known: not used.

        Returns:
            in training, `scores`; else the picture in its new colours, (B, 3, H, W) of 0 .. 1, each pixel as
            light as it was.

        Raises:
            BadUsage: sides that are no multiples of 8, in training.
        """
        light = to_lab(x)[:, :1]
        if self.training:
            return self.scores(light)
        ab = functional.interpolate(self.coarse(light), scale_factor=CELL, mode="bilinear")
        return shown(torch.cat([light, crop(ab, (x.shape[2], x.shape[3]))], dim=1))

    def coarse(self, light: Tensor, *, temperature: float = TEMPERATURE) -> Tensor:
        """Settle on one colour for every 4 x 4 pixels of a picture of any size.

        Args:
            light: (B, 1, H, W), L* in 0 .. 100.
            temperature: see `annealed_mean`; a net that answers a* and b* themselves has none.

        Returns:
            (B, 2, h, w), a* and b*; h = 2 * ceil(H / 8), so the last row may lie beyond the picture.
        """
        rows, cols = light.shape[2:]
        more = (0, -cols % MULTIPLE, 0, -rows % MULTIPLE)
        scores = self.scores(functional.pad(light, more, mode="replicate"))
        return annealed_mean(scores, temperature=temperature) if self.classes else scores

    def scores(self, light: Tensor) -> Tensor:
        """Answer logits of the 313 classes, or a* and b*.

        Args:
            light: (B, 1, H, W), L* in 0 .. 100.

        Returns:
            (B, 313, H / 4, W / 4), or (B, 2, H / 4, W / 4).

        Raises:
            BadUsage: sides that are no multiples of 8.
        """
        if any(n % MULTIPLE for n in light.shape[2:]):
            raise BadUsage(f"sides must be multiples of {MULTIPLE} pixels, got {tuple(light.shape)}")
        answer: Tensor = self.answer(self.up(self.blocks((light - 50) / 100)))
        return answer if self.classes else AB_UNIT * answer


def annealed_mean(scores: Tensor, *, temperature: float = TEMPERATURE) -> Tensor:
    """Return the mean colour of a distribution that is sharpened first (eq. 5).

    Args:
        scores: (B, 313, h, w), logarithms of a distribution, up to a constant.
        temperature: 1 is the mean, which is dull; 0 the most probable class, vivid and patchy; 0.38 the
            published way between.

    Returns:
        (B, 2, h, w), a* and b*.

    Raises:
        BadUsage: a temperature below 0 or above 1.

    Example:
        >>> scores = torch.full((1, 313, 1, 1), -9.0)
        >>> scores[0, 5] = 9
        >>> annealed_mean(scores, temperature=0).flatten() == CLASSES[5]
        tensor([True, True])
    """
    if not 0 <= temperature <= 1:
        raise BadUsage(f"the temperature of a mean lies in 0 .. 1, got {temperature}")
    classes = CLASSES.to(scores)
    if temperature == 0:
        return classes[scores.argmax(dim=1)].movedim(-1, 1)
    # Logarithms of the distribution are scores up to a constant, which softmax does not mind.
    return torch.einsum("bqhw,qc->bchw", torch.softmax(scores / temperature, dim=1), classes)


def _block(*widths: int, stride: int = 1, dilation: int = 1) -> Iterator[nn.Module]:
    """Give convolutions from width to width, the last of them with a stride, and a batch norm."""
    for number, (before, after) in enumerate(pairwise(widths), start=2):
        step = stride if number == len(widths) else 1
        yield nn.Conv2d(before, after, 3, stride=step, padding=dilation, dilation=dilation)
        yield nn.ReLU()
    yield nn.BatchNorm2d(widths[-1])
