"""A net that fills lacunae: a correction of a smooth fill, by a U-Net whose depth is awake.

It begins like `pconv_compact`: a thin plate under tension fills the lacunae at once, the tone of that fill is
taken off, the detail is brought to one strength, and a partial convolution reads the detail of the damaged
paint so that no lacuna dims it. The deep half is different. In `pconv-compact` 82 of 96 features at an eighth
of the size were never above 0, and none of 128 at a sixteenth: plain ReLUs behind strided convolutions
without a shortcut, rates of 1e-3 and a clip of 100 pushed them below 0, where no gradient reaches them. Here
the deep half has leaky ReLUs, its first weights are drawn for their slope, and what it tells the shallow half
begins small but not at 0, so that gradients reach every weight from the first step on. The shallow half keeps
plain ReLUs, behind which the weights that it begins with were learnt.

    size     channels   on the way down                      on the way up
    1 / 2    32         paint 5 x 5 + first fill 3 x 3       2 residual blocks, then the 2 x 2 pixels
    1 / 4    64         3 x 3, 3 residual blocks             3
    1 / 8    96         3 x 3, 2                             2
    1 / 16   128        3 x 3, 4 with steps of 1, 2, 1, 2

2.5 million parameters, 10 MB. A feature at a sixteenth sees 160 pixels to every side beyond its own 16. The
shallow layers have the names and sizes of those of `pconv-compact`, so that a run may begin with what that
net learnt (`inherited`).

Sources: those of `pconv_compact`; Maas, Hannun, Ng 2013, "Rectifier nonlinearities improve neural network
acoustic models" (leaky ReLU); He et al. 2015 (doi:10.1109/ICCV.2015.123), eq. 15 (first weights for it); Yu
and Koltun 2016, "Multi-scale context aggregation by dilated convolutions".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.layers import PartialConv2d
from tratteggio.models.pconv_compact import PConvCompact, first_fill, strength_of, tone_of
from tratteggio.models.pconv_unet import doubled
from tratteggio.models.tensors import admit, crop
from tratteggio.phantom import panel
from tratteggio.registry import unknown

NAMES = ("pconv-deep",)

COLOURS = 3
CELL = 2  # side in pixels of what the first size sees as one: 2 x 2
WIDTHS = (32, 64, 96, 128)
STEPS_DOWN = ((), (1, 1, 1), (1, 1), (1, 2, 1, 2))  # of the first convolution of each block
STEPS_UP = ((1, 1), (1, 1, 1), (1, 1))
LEAK = 0.1  # slope below 0
WHISPER = 0.1  # of the first weights of what a deeper size tells a shallower one

LISTENED, SIDE = 4, 128  # phantoms that tell which features of `pconv-compact` never answer, and their pixels
SHALLOW = 2  # sizes with plain ReLUs, which begin with weights of `pconv-compact`: a half and a quarter


def build(name: str) -> nn.Module:
    """Build the one net of `NAMES`.

    Raises:
        UnknownName: it is another.
    """
    if name not in NAMES:
        raise unknown("model", name, NAMES)
    return PConvDeep()


class PConvDeep(nn.Module):
    """The net of the table.

    Attributes:
        encoder: reads the picture and halves it.
        decoder: doubles it again and answers.

    Shapes:
        x (B, 3, H, W) with 0 .. 1, known (B, 1, H, W) with 1 = known, 0 = lost
        -> y (B, 3, H, W), the whole picture as the net sees it; only what was lost is a proposal
    """

    multiple = CELL * 2 ** (len(WIDTHS) - 1)

    def __init__(self) -> None:
        super().__init__()
        self.encoder = _Encoder()
        self.decoder = _Decoder()
        _first_weights(self)

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        """Propose a whole picture; `known` is 1 where paint is known and 0 where it is lost."""
        first, strength, sizes = self._look(x, known)
        return crop(first + self.decoder(sizes) * strength, (x.shape[2], x.shape[3]))

    def encode(self, x: Tensor, known: Tensor) -> Tensor:
        """Give the features of the smallest size: (B, 128, H / 16, W / 16), rounded up."""
        return self._look(x, known)[2][-1]

    def _look(self, x: Tensor, known: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Return the first fill, how strong the known detail is, and features of all sizes."""
        paint, mask = admit(x, known, multiple=self.multiple)
        first = first_fill(paint, mask)
        tone = tone_of(first)
        strength = strength_of(paint - tone, mask)
        return first, strength, self.encoder((paint - tone) / strength, mask, (first - tone) / strength)

    def inherited(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
        """Choose which weights of `pconv-compact` this net begins with: those of the sizes that are awake.

        In these, too, some features inside residual blocks never answer. They are drawn anew, and what
        they tell begins at 0: the net then fills as `pconv-compact` does, and they can learn.

        Args:
            tensors: weights by name.

        Returns:
            some of them, by the names that they have here; the others keep their first weights. None if
            they are not those of `pconv-compact`.
        """
        compact = PConvCompact()
        if tensors.keys() != compact.state_dict().keys():
            return None
        compact.load_state_dict(dict(tensors))
        asleep = ("encoder.sizes.1.", "encoder.sizes.2.", "decoder.narrower.1.", "decoder.narrower.2.",
                  "decoder.blocks.2.")  # fmt: skip
        mine = self.state_dict()
        kept = {
            name: tensor.clone()
            for name, tensor in tensors.items()
            if name in mine and not name.startswith(asleep)
        }
        for block, features in _silent(compact).items():
            if f"{block}.inner.weight" in kept:
                kept[f"{block}.inner.weight"][features] = mine[f"{block}.inner.weight"][features]
                kept[f"{block}.inner.bias"][features] = 0
                kept[f"{block}.answer.weight"][:, features] = 0
        return kept


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.paint = PartialConv2d(COLOURS, WIDTHS[0], 5, stride=CELL, padding=2)
        self.first = nn.Conv2d((COLOURS + 1) * CELL**2, WIDTHS[0], 3, padding=1)
        self.blocks = _blocks(0, STEPS_DOWN[0])
        self.sizes = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(WIDTHS[size - 1], WIDTHS[size], 3, 2, 1),
                nn.LeakyReLU(_leak(size), inplace=True),
                _blocks(size, STEPS_DOWN[size]),
            )
            for size in range(1, len(WIDTHS))
        )

    def forward(self, paint: Tensor, known: Tensor, first: Tensor) -> list[Tensor]:
        features, _ = self.paint(paint, known)
        cells = functional.pixel_unshuffle(torch.cat([first, known], dim=1), CELL)
        features = features.add_(self.first(_as(paint, cells))).relu_()
        sizes = [self.blocks(features)]
        for smaller in self.sizes:
            sizes.append(smaller(sizes[-1]))
        return sizes


class _Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.narrower = nn.ModuleList(nn.Conv2d(smaller, larger, 1) for larger, smaller in pairwise(WIDTHS))
        self.blocks = nn.ModuleList(_blocks(*of) for of in enumerate(STEPS_UP))
        self.answer = nn.Conv2d(WIDTHS[0], COLOURS * CELL**2, 3, padding=1)

    def forward(self, sizes: list[Tensor]) -> Tensor:
        y = sizes[-1]
        for narrower, blocks, skip in reversed(list(zip(self.narrower, self.blocks, sizes, strict=False))):
            y = blocks(skip + doubled(narrower(y)))
        return functional.pixel_shuffle(self.answer(y), CELL)


class _Residual(nn.Module):
    def __init__(self, size: int, step: int) -> None:
        super().__init__()
        width, self.leak = WIDTHS[size], _leak(size)
        self.inner = nn.Conv2d(width, width, 3, padding=step, dilation=step)
        self.answer = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        # In place: no gradient needs what a convolution answered, and new memory costs as much as arithmetic.
        y: Tensor = self.answer(functional.leaky_relu_(self.inner(x), self.leak))
        return y.add_(x)


def _blocks(size: int, steps: Sequence[int]) -> nn.Sequential:
    return nn.Sequential(*(_Residual(size, step) for step in steps))


def _leak(size: int) -> float:
    """Return the slope below 0 of the activations at a size."""
    return 0.0 if size < SHALLOW else LEAK


def _silent(net: PConvCompact) -> dict[str, Tensor]:
    """Find the features inside the residual blocks of a net that never answer, by block."""
    loudest: dict[str, Tensor] = {}

    def listen(name: str, answer: Tensor) -> None:
        here = answer.amax(dim=(0, 2, 3))
        loudest[name] = torch.maximum(loudest.get(name, here), here)

    for name, layer in net.named_modules():
        if name.endswith(".inner"):
            layer.register_forward_hook(lambda _layer, _x, answer, name=name: listen(name, answer))
    with torch.no_grad():
        for seed in range(LISTENED):
            net(*_damaged(seed))
    return {name.removesuffix(".inner"): (top <= 0).nonzero()[:, 0] for name, top in loudest.items()}


def _damaged(seed: int) -> tuple[Tensor, Tensor]:
    """Return a phantom with squares lost, and where it is known."""
    scan = panel(SIDE, SIDE, seed=seed, cracks=0, losses=0).painted
    x = torch.from_numpy(scan.colour()).permute(2, 0, 1)[None].float() / 255
    known = torch.ones(1, 1, SIDE, SIDE)
    known[..., 20:28, 10:90] = known[..., 48:80, 40:72] = 0
    return x, known


def _first_weights(net: PConvDeep) -> None:
    """Draw weights for leaky ReLUs; what is added to something begins at 0 or small, as norms are absent."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d) and not module.weight.is_meta:
            nn.init.kaiming_normal_(module.weight, a=LEAK, mode="fan_out", nonlinearity="leaky_relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in net.modules():
        if isinstance(module, _Residual | _Decoder):
            nn.init.zeros_(module.answer.weight)
    with torch.no_grad():
        for name, weight in net.decoder.narrower.named_parameters():
            weight.mul_(WHISPER if name.endswith("weight") else 1.0)


def _as(like: Tensor, x: Tensor) -> Tensor:
    """Lay x out in memory as `like`; pixel_unshuffle forgets it, and convolutions then fall back."""
    last = like.is_contiguous(memory_format=torch.channels_last)
    return x.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
