"""The U-Net of partial convolutions that fills lacunae, as published, and its plain forerunner.

Eight layers halve the picture while the lacunae close, eight double it again, each beside what the encoder
saw at that size; features and the masks of where they are known are joined alike.

    layer        kernel, stride   channels                          normalised, activation
    1            7, 2             3 -> 64                           see below
    2, 3         5, 2             64 -> 128 -> 256                  yes, ReLU
    4 ... 8      3, 2             256 -> 512 -> 512 ...             yes, ReLU
    9 ... 12     3, 1             512 + 512 -> 512                  yes, LeakyReLU(0.2)
    13, 14, 15   3, 1             512 + 256 -> 256 -> 128 -> 64     yes, LeakyReLU(0.2)
    16           3, 1             64 + 3 (the input) -> 3           no, none

Convolution weights 32,848,849 (the bias of layer 16, and of layer 1 in `pconv-512`, not counted).

Names:
    pconv-256: layer 1 normalised and without activation, as in "Dunhuang image restoration", a poster at
        256 x 256 after Yu et al. 2019, "Dunhuang Grottoes painting dataset and benchmark".
    pconv-512: layer 1 not normalised, with ReLU: Liu et al. 2018, "Image inpainting for irregular holes
        using partial convolutions", at 512 x 512.
    conv-256: the poster's first attempt: the same table with plain convolutions and without skips.
    pconv-256-quarter, conv-256-quarter: with a quarter of the channels, for two cores.

The number is the side that a form was made for; each takes any height and width.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Self

from torch import Tensor, nn
from torch.nn import functional

from tratteggio.layers import PartialConv2d, PartialUpConv2d
from tratteggio.models.tensors import admit, crop
from tratteggio.registry import unknown

NAMES = ("pconv-256", "pconv-512", "conv-256", "pconv-256-quarter", "conv-256-quarter")

KERNELS = (7, 5, 5, 3, 3, 3, 3, 3)
WIDTHS = (1, 2, 4, 8, 8, 8, 8, 8)  # times the channels of layer 1
COLOURS = 3


def build(name: str) -> nn.Module:
    """Build one of `NAMES`.

    Raises:
        UnknownName: it is none of them.
    """
    if name not in NAMES:
        raise unknown("model", name, NAMES)
    width = 16 if name.endswith("quarter") else 64
    if name.startswith("conv"):
        return ConvNet(width=width)
    return PConvUNet(width=width, first_norm=name != "pconv-512")


class PConvUNet(nn.Module):
    """The U-Net of the table.

    What it is padded with up to whole multiples of 256 counts as lost. In training a batch holds two
    pictures of 256 x 256 or more: batch normalisation must see two numbers per channel at the bottom.

    Args:
        width: channels of layer 1.
        first_norm: layer 1 is normalised and has no activation; else it has a bias and a ReLU.

    Attributes:
        encoder: layers 1 to 8.
        decoder: layers 9 to 16.

    Shapes:
        x (B, 3, H, W) with 0 .. 1, known (B, 1, H, W) with 1 = known, 0 = lost
        -> y (B, 3, H, W), the whole picture as the net sees it; only what was lost is a proposal
    """

    multiple = 2 ** len(KERNELS)

    def __init__(self, *, width: int, first_norm: bool) -> None:
        super().__init__()
        widths = [COLOURS, *(width * times for times in WIDTHS)]
        self.encoder = nn.ModuleList()
        for kernel, (before, after) in zip(KERNELS, pairwise(widths), strict=True):
            first = before == COLOURS
            activation: nn.Module = nn.Identity() if first and first_norm else nn.ReLU()
            norm = first_norm or not first
            convolution = PartialConv2d(before, after, kernel, 2, kernel // 2, bias=not norm)
            self.encoder.append(_Down(convolution, norm=norm, activation=activation))
        self.decoder = nn.ModuleList()
        for skip, below in reversed(list(pairwise(widths))):
            last = skip == COLOURS
            activation = nn.Identity() if last else nn.LeakyReLU(0.2)
            joined = PartialUpConv2d(below, skip, skip, bias=last)
            self.decoder.append(_Up(joined, norm=not last, activation=activation))
        self._norms_frozen = False
        first_weights(self)

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        """Propose a whole picture; `known` is 1 where paint is known and 0 where it is lost."""
        *skips, (y, seen) = self._descend(x, known)
        for layer in self.decoder:
            y, seen = layer(y * seen, seen, *skips.pop())
        return crop(y, (x.shape[2], x.shape[3]))

    def encode(self, x: Tensor, known: Tensor) -> Tensor:
        """Give what layer 8 sees, (B, 8 width, H / 256, W / 256), rounded up; 0 where that is nothing."""
        return self._descend(x, known)[-1][0]

    def _descend(self, x: Tensor, known: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Give the input and the features of each layer of the encoder, with where they are known.

        Both the next layer and the decoder take them gated: 0 where lost.
        """
        steps = [admit(x, known, multiple=self.multiple)]
        for layer in self.encoder:
            y, seen = layer(*steps[-1])
            steps.append((y * seen, seen))
        return steps

    def freeze_encoder_norms(self) -> None:
        """Keep the batch norms of the encoder as they are from now on, whatever `train()` is called with.

        For fine-tuning: lacunae bias the statistics of what the encoder sees (Liu et al. 2018). Statistics,
        scale and offset all stay.
        """
        self._norms_frozen = True
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Set the net to training (or not); frozen norms stay frozen."""
        super().train(mode)
        if self._norms_frozen:
            for norm in self.encoder.modules():
                if isinstance(norm, nn.BatchNorm2d):
                    norm.eval().requires_grad_(False)
        return self


class ConvNet(nn.Module):
    """The table with plain convolutions and nothing carried across: the poster's first attempt.

    It is not told where paint is lost, only given 0 there. Arguments, shapes and attributes as `PConvUNet`.
    """

    multiple = 2 ** len(KERNELS)

    def __init__(self, *, width: int) -> None:
        super().__init__()
        widths = [COLOURS, *(width * times for times in WIDTHS)]
        steps = list(pairwise(widths))
        self.encoder = nn.Sequential()
        for kernel, (before, after) in zip(KERNELS, steps, strict=True):
            self.encoder.append(nn.Conv2d(before, after, kernel, stride=2, padding=kernel // 2, bias=False))
            self.encoder.extend([nn.BatchNorm2d(after), nn.ReLU()])
        self.decoder = nn.Sequential()
        for after, before in reversed(steps[1:]):
            self.decoder.extend(
                [nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, padding=1, bias=False)]
            )
            self.decoder.extend([nn.BatchNorm2d(after), nn.LeakyReLU(0.2)])
        self.decoder.extend([nn.Upsample(scale_factor=2), nn.Conv2d(width, COLOURS, 3, padding=1)])
        first_weights(self)

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        """Propose a whole picture."""
        y: Tensor = self.decoder(self.encode(x, known))
        return crop(y, (x.shape[2], x.shape[3]))

    def encode(self, x: Tensor, known: Tensor) -> Tensor:
        """Give the features of layer 8: (B, 8 width, H / 256, W / 256), rounded up."""
        features: Tensor = self.encoder(admit(x, known, multiple=self.multiple)[0])
        return features


class _Layer(nn.Module):
    """Partial convolution, batch normalisation or a bias, activation; the last two leave no place at 0."""

    def __init__(self, convolution: PartialConv2d, *, norm: bool, activation: nn.Module) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = nn.BatchNorm2d(convolution.out_channels) if norm else nn.Identity()
        self.activation = activation


class _Down(_Layer):
    def forward(self, x: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        y, seen = self.convolution(x, known, gated=True)
        return self.activation(self.norm(y)), seen


class _Up(_Layer):
    def forward(
        self, coarse: Tensor, coarse_known: Tensor, fine: Tensor, fine_known: Tensor
    ) -> tuple[Tensor, Tensor]:
        y, seen = self.convolution(coarse, coarse_known, fine, fine_known)
        return self.activation(self.norm(y)), seen


def doubled(x: Tensor) -> Tensor:
    """Repeat each pixel 2 x 2."""
    return functional.interpolate(x, scale_factor=2, mode="nearest")


def first_weights(net: nn.Module) -> None:
    """Draw the weights of every convolution so that what flows back through a ReLU keeps its size.

    Normal, by the fan of the output (He et al. 2015, eq. 14, doi:10.1109/ICCV.2015.123); biases 0. Weights
    on the device "meta", which are to be loaded, are let be: torch would import its compiler for them.
    """
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d) and not layer.weight.is_meta:
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
