"""A small residual net that takes noise off one channel, told how strong the noise is.

    x (B, 2, H, W), one channel and the standard deviation of its noise
      -> each 2 x 2 pixels side by side, and the level: (B, 5, H / 2, W / 2)
      -> 10 convolutions 3 x 3 of 48 channels, ReLU after all but the last -> the noise (B, 4, H / 2, W / 2)
      -> the channel minus its noise, pixels back in their places

As the level is an input, one net serves all of them, and a map of levels serves noise that varies from
place to place. At half the size a convolution costs a quarter and sees twice as far. One channel, so that
infrared, X-rays and colour are served by one net: of RGB see `Denoiser.clean`.

Sources: Zhang, Zuo, Zhang, "FFDNet: toward a fast and flexible solution for CNN-based image denoising", IEEE
Transactions on Image Processing, 2018; Zhang, Zuo, Chen, Meng, Zhang, "Beyond a Gaussian denoiser", 2017
(answering with the noise); Dabov, Foi, Katkovnik, Egiazarian, "Color image denoising via sparse 3D
collaborative filtering", ICIP 2007 (opponent colours). Widths are ours: FFDNet has 15 layers of 64 for one
channel, with batch norms, and answers with the picture.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.errors import BadUsage
from tratteggio.registry import unknown

LAYERS, WIDTH = 10, 48
REACH = 2 * LAYERS  # pixels: each convolution sees 1 cell of 2 x 2 further
STEP = 2  # windows begin at even rows and columns: so do the cells
MIDDLING = 0.05  # noise that a scan under ultraviolet may have, as a share of white
NAMES = ("denoiser",)

_THIRD, _HALF, _SIXTH = (n**-0.5 for n in (3, 2, 6))
OPPONENT = (
    (_THIRD, _THIRD, _THIRD),  # how bright
    (_HALF, 0.0, -_HALF),  # red against blue
    (_SIXTH, -2 * _SIXTH, _SIXTH),  # purple against green
)
"""Orthonormal, so that white noise of RGB is white noise of the same strength in each plane."""
LOUDER = 1.5
"""Times that noise is told stronger than it is in the two planes of colour: paint changes there less than in
brightness, from which the net has learnt. Of 1, 1.4, 1.8 and 2.4, all above 1 gain 0.1 to 0.3 dB on paintings
that it has learnt from, and 1.4 to 1.8 the most."""


def build(name: str) -> Denoiser:
    """Build one of `NAMES`.

    Raises:
        UnknownName: it is none of them.
    """
    if name not in NAMES:
        raise unknown("model", name, NAMES)
    return Denoiser()


class Denoiser(nn.Module):
    """The net of the page.

    Attributes:
        colours: 1.

    Shapes:
        x (B, 2, H, W): light around 0 .. 1, and its noise -> y (B, 1, H, W)
    """

    colours = 1

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(5, WIDTH, 3, padding=1), nn.ReLU(inplace=True)]
        for _ in range(LAYERS - 2):
            layers += [nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers, nn.Conv2d(WIDTH, 4, 3, padding=1))
        for layer in self.body:
            if isinstance(layer, nn.Conv2d) and not layer.weight.is_meta:
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def from_rgb(self, x: Tensor) -> Tensor:
        """Make of light what the net takes, to look inside it: how bright it is, and a middling level."""
        bright = x.mean(dim=1, keepdim=True)
        return torch.cat([bright, torch.full_like(bright, MIDDLING)], dim=1)

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Take the noise off.

        Args:
            x: noisy channel and level; odd sides are gone on with their last row or column.
            known: not used.

        Raises:
            BadUsage: another number of channels.
        """
        if x.dim() != 4 or x.shape[1] != 2:
            raise BadUsage(
                f"this net takes one channel and the level of its noise, (B, 2, H, W), got {tuple(x.shape)}"
            )
        rows, cols = x.shape[2:]
        x = functional.pad(x, (0, cols % 2, 0, rows % 2), mode="replicate")
        cells = functional.pixel_unshuffle(x[:, :1], 2)
        noise = self.body(torch.cat([cells, x[:, 1:, ::2, ::2]], dim=1))
        y: Tensor = functional.pixel_shuffle(cells - noise, 2)
        return y[..., :rows, :cols]

    def clean(self, x: Tensor, level: float | Tensor) -> Tensor:
        """Take white noise off a picture of any number of channels.

        RGB is seen as three opponent planes, in which paint differs most and least: its noise is the same in
        all, so brightness, in which the three colours add up, stands out of it. Other channels are
        taken one by one.

        Args:
            x: (1, C, H, W), light around 0 .. 1.
            level: standard deviation of the noise in each channel, one number or (H, W).

        Returns:
            (1, C, H, W)
        """
        sigma = torch.as_tensor(level, dtype=x.dtype, device=x.device).expand(x.shape[2:])
        if x.shape[1] != 3:
            cleaned = self._each(x.movedim(1, 0), sigma, torch.ones(x.shape[1]))
            return cleaned.movedim(0, 1)
        turn: Tensor = torch.tensor(OPPONENT, device=x.device)
        # Into the range that the net has learnt: brightness goes up to sqrt(3), the others lie around 0.
        scale = torch.tensor([_THIRD, _HALF, _HALF], device=x.device).view(3, 1, 1, 1)
        middle = torch.tensor([0.0, 0.5, 0.5], device=x.device).view(3, 1, 1, 1)
        planes = torch.tensordot(turn, x[0], 1)[:, None] * scale + middle
        times = scale.ravel() * torch.tensor([1.0, LOUDER, LOUDER], device=x.device)
        cleaned = (self._each(planes, sigma, times) - middle) / scale
        rgb: Tensor = torch.tensordot(turn.T, cleaned[:, 0], 1)
        return rgb[None]

    def _each(self, planes: Tensor, level: Tensor, times: Tensor) -> Tensor:
        """Clean planes (C, 1, H, W) one after the other, which takes the memory of one."""
        cleaned = [
            self(torch.cat([plane[None], float(factor) * level[None, None]], dim=1))
            for plane, factor in zip(planes, times, strict=True)
        ]
        return torch.cat(cleaned)
