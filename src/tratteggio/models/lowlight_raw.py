"""From what a sensor wrote in the dark to a picture: denoised, demosaiced and toned by one U-Net.

    raw (B, 1, H, W) -> `layers.bayer.pack`: black level off, amplified, cut at white -> (B, 4, H / 2, W / 2)
      -> twice 3 x 3 convolution of n, maximum of 2 x 2, for n = 32, 64, 128, 256
      -> twice 3 x 3 of 512
      -> transposed 2 x 2 to n, beside it what was there on the way down, twice 3 x 3 of n, for n = 256 .. 32
      -> 1 x 1 to 12 channels -> 2 x 2 pixels of RGB each: (B, 3, H, W)

Leaky ReLU of slope 0.2 follows each 3 x 3 convolution. `lowlight-raw` is as published. `lowlight-raw-narrow`,
which can be trained without a GPU, begins with 12 channels instead of 32, and mends plain developing, see
`developed`. Of the raw as it is and of its means over 3 x 3 and 9 x 9 cells it weighs, for each cell, how
much to take of each, and adds 12 channels as above: it need not learn to demosaic and to tone.

Source: Chen, Chen, Xu, Koltun, "Learning to see in the dark", CVPR 2018, section 4. The narrow one is ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.errors import BadUsage
from tratteggio.layers.tone import displayed
from tratteggio.registry import unknown

MOST_RATIO = 300.0  # to which exposures were amplified
NAMES = ("lowlight-raw", "lowlight-raw-narrow")
HALVINGS = 4
TONE = 2.2  # nearly the tone curve of sRGB
MEANS = (1, 3, 9)  # sides in cells of what the narrow net weighs
STEP = 2 * 2**HALVINGS  # windows begin where all halvings have a whole cell
# Two convolutions at each size, on the way down and, but for the smallest, on the way up; in pixels.
REACH = 2 * (2 * sum(2**k for k in range(HALVINGS + 1)) + 2 * sum(2**k for k in range(HALVINGS)))


def build(name: str) -> LowlightRaw:
    """Build one of `NAMES`.

    Raises:
        UnknownName: it is none of them.
    """
    if name not in NAMES:
        raise unknown("model", name, NAMES)
    return LowlightRaw(32) if name == "lowlight-raw" else LowlightRaw(12, mending=True)


def developed(x: Tensor) -> Tensor:
    """Develop packed raw plainly: missing colours are means of the nearest, toned as sRGB.

    Args:
        x: (B, 4, h, w) as from `layers.bayer.pack`.

    Returns:
        (B, 3, 2 h, 2 w), 0 .. 1.

    Example:
        >>> white = developed(torch.ones(1, 4, 2, 3))
        >>> white.shape, round(white.min().item(), 4)
        (torch.Size([1, 3, 4, 6]), 1.0)
    """
    red, blue = (torch.zeros_like(x) for _ in range(2))
    green = x.clone()
    red[:, 0], blue[:, 3], green[:, 0], green[:, 3] = x[:, 0], x[:, 3], 0, 0
    there = torch.zeros(3, 4, 1, 1).to(x)
    there[0, 0], there[1, 1], there[1, 2], there[2, 3] = 1, 1, 1, 1
    kernel = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]).to(x)[None, None]
    planes = []
    for colour, mask in zip((red, green, blue), there, strict=True):
        sums = functional.conv2d(functional.pixel_shuffle(colour, 2), kernel, padding=1)
        counts = functional.pixel_shuffle(mask.expand(1, 4, *x.shape[2:]), 2)
        planes.append(sums / functional.conv2d(counts, kernel, padding=1))
    return displayed(torch.cat(planes, dim=1))


class LowlightRaw(nn.Module):
    """The U-Net of the page.

    Args:
        width: channels at the full size of the cells.
        mending: add the answer to the raw as developed plainly.

    Shapes:
        x (B, 4, h, w) as from `layers.bayer.pack`, h and w multiples of 16 -> y (B, 3, 2 h, 2 w)
    """

    def __init__(self, width: int, *, mending: bool = False) -> None:
        super().__init__()
        self.mending = mending
        widths = [width * 2**k for k in range(HALVINGS + 1)]
        self.down = nn.ModuleList(
            _twice(inner, outer) for inner, outer in zip([4, *widths], widths, strict=False)
        )
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * n, n, 2, stride=2, bias=False) for n in widths[-2::-1])
        self.merged = nn.ModuleList(_twice(2 * n, n) for n in widths[-2::-1])
        self.last = nn.Conv2d(width, 12 + len(MEANS) * mending, 1)
        if mending and not self.last.weight.is_meta:  # begins with mending nothing
            nn.init.zeros_(self.last.weight)
            nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def from_rgb(self, x: Tensor) -> Tensor:
        """Make of a picture (B, 3, H, W) what a sensor in good light would give: packed, without noise."""
        light = x**TONE
        red, green, blue = light[:, :1], light[:, 1:2], light[:, 2:3]
        return torch.cat(
            [red[..., ::2, ::2], green[..., ::2, 1::2], green[..., 1::2, ::2], blue[..., 1::2, 1::2]], dim=1
        )

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Answer with the picture.

        Args:
            x: packed.
            known: not used.

        Raises:
            BadUsage: not 4 channels, or sides that cannot be halved four times.
        """
        if x.dim() != 4 or x.shape[1] != 4 or any(n % 2**HALVINGS for n in x.shape[2:]):
            raise BadUsage(
                f"this net takes packed raw (B, 4, h, w) with sides of whole {2**HALVINGS}, "
                f"got {tuple(x.shape)}"
            )
        packed, ways = x, []
        for level, convolutions in enumerate(self.down):
            x = convolutions(functional.max_pool2d(x, 2) if level else x)
            ways.append(x)
        for up, merged, beside in zip(self.up, self.merged, ways[-2::-1], strict=True):
            x = merged(torch.cat([up(x), beside], dim=1))
        answer = self.last(x)
        mended: Tensor = functional.pixel_shuffle(answer[:, :12], 2)
        return mended + _blend(packed, answer[:, 12:].softmax(dim=1)) if self.mending else mended


def _blend(x: Tensor, shares: Tensor) -> Tensor:
    """Develop packed raw plainly, and its means, and take of each the share (B, 3, h, w) of its cell."""
    shares = shares.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    means = [
        functional.avg_pool2d(x, side, stride=1, padding=side // 2, count_include_pad=False) for side in MEANS
    ]
    return torch.stack([developed(mean) for mean in means], dim=1).mul(shares[:, :, None]).sum(dim=1)


def _twice(inner: int, outer: int) -> nn.Sequential:
    slope = 0.2
    return nn.Sequential(
        nn.Conv2d(inner, outer, 3, padding=1), nn.LeakyReLU(slope, inplace=True),
        nn.Conv2d(outer, outer, 3, padding=1), nn.LeakyReLU(slope, inplace=True),
    )  # fmt: skip
