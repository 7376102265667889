"""Autoencoders of registered scans: what a patch of a painting holds, in 80 numbers for every 8 x 8 pixels.

An encoder brings all modalities of a patch down to a latent grid, a decoder brings them back; what the two
cannot pass on is lost. With partial layers neither the border of a patch nor the zeros that a transposed
convolution inserts count as paint.

    layer   kernel, stride   pad, crop   32 x 32 x C ->     parameters, C = 11
    E1      4, 2             1 + 1       16 x 16 x 16       2,832
    E2      4, 2             1 + 1        8 x  8 x 32       8,224
    E3      3, 2             0 + 1        4 x  4 x 128      36,992
    E4      2, 1             none         3 x  3 x 80       41,040
    D1      2, 1             none         4 x  4 x 128      41,088
    D2      3, 2             0 + 1        8 x  8 x 32       36,896
    D3      4, 2             1 + 1       16 x 16 x 16       8,208
    D4      4, 2             1 + 1       32 x 32 x C        2,827

ReLU after each but the last, which answers 0 .. 1 through a sigmoid; no normalisation. Stacked, all
modalities are the channels of one input: 178,107 parameters. Separated, each modality has an encoder and a
decoder of its own, and one convolution (2 x 2, 80 channels) joins the latents: 893,643 parameters where they
are added, 996,043 where they stand side by side.

Names:
    normal: convolutions and transposed convolutions, to which padding is black.
    pen-nde: partial convolutions in the encoder.
    pen-upde: the same; the decoder repeats each sample 2 x 2, then convolves partially.
    fp-cae: partial convolutions and partial transposed convolutions.
    fpcae-concat, fpcae-add: as fp-cae, separated.

The names alone stand for the five modalities of the Ghent Altarpiece. "fp-cae:rgb=3,irr=1" is the same net
for a visible and an infrared scan, see `named`.

Source: Xie, Meeus, Pižurica, "Partial convolution based multimodal autoencoder for art investigation", BNAIC
2019 (CEUR 2491-123). Kernels, widths and pads are not legible in its figure 4: these are the ones of even
widths that give its two parameter counts to the unit. Activations and first weights are ours (Glorot).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.errors import BadUsage
from tratteggio.layers import Known, PartialConv2d, PartialConvTranspose2d
from tratteggio.layers.counts import ratio
from tratteggio.layers.known import as_runs, nothing_lost
from tratteggio.layers.padding import Padding
from tratteggio.models.tensors import crop
from tratteggio.options import split, write
from tratteggio.painting.modalities import MODALITIES as TABLE
from tratteggio.registry import unknown

NAMES = ("normal", "pen-nde", "pen-upde", "fp-cae", "fpcae-concat", "fpcae-add")

MODALITIES: Mapping[str, int] = {name: one.channels for name, one in TABLE.items() if one.trained}
LATENT = 80
CELL = 8  # pixels from one latent to the next
MULTIPLE = CELL
LEAST = 2 * CELL  # pixels that give one latent


class _Row(NamedTuple):
    """A row of the table, for the encoder; the decoder walks the same rows backwards."""

    kernel: int
    stride: int
    pad: tuple[int, int]
    width: int


ROWS = (_Row(4, 2, (1, 1), 16), _Row(4, 2, (1, 1), 32), _Row(3, 2, (0, 1), 128), _Row(2, 1, (0, 0), LATENT))
FUSION = _Row(2, 1, (0, 1), LATENT)

Masks = list[tuple[int, Tensor]] | None
"""Where each run of channels is known; None if everything is."""


def build(name: str) -> nn.Module:
    """Build one of `NAMES`, for the modalities of the paper or for those that the name goes on with.

    Raises:
        UnknownName: it is none of them.
        BadUsage: what follows the colon is no list of modalities.
    """
    kind, listed = split(name, form=_form(name))
    if kind not in NAMES:
        raise unknown("model", kind, NAMES)
    modalities = _modalities(name, listed) if listed else MODALITIES
    if kind.startswith("fpcae-"):
        return Separated(modalities, joined=kind.removeprefix("fpcae-"))
    return Stacked(modalities, kind=kind)


def named(kind: str, modalities: Mapping[str, int]) -> str:
    """Return the full name of a net for other modalities, channels by name in their order.

    Raises:
        UnknownName: no such kind of net.
        BadUsage: a modality without a channel, or a name that cannot be written so.

    Example:
        >>> named("fp-cae", {"rgb": 3, "irr": 1})
        'fp-cae:rgb=3,irr=1'
    """
    if kind not in NAMES:
        raise unknown("model", kind, NAMES)
    if dict(modalities) == MODALITIES and list(modalities) == list(MODALITIES):
        return kind
    name = write(kind, modalities)
    _, listed = split(name, form=_form(name))
    if list(listed) != list(modalities):
        raise BadUsage(_form(name))
    _modalities(name, listed)
    return name


def _modalities(name: str, listed: Mapping[str, str]) -> dict[str, int]:
    """Read {"rgb": "3", "irr": "1"}."""
    if not all(
        re.fullmatch(r"\w+", modality) and re.fullmatch(r"[1-9]\d{0,2}", channels)
        for modality, channels in listed.items()
    ):
        raise BadUsage(_form(name))
    return {modality: int(channels) for modality, channels in listed.items()}


def _form(name: str) -> str:
    return (
        "the modalities of a net are written NAME:MODALITY=CHANNELS,..., each once, with at most 999 "
        f"channels, as in {NAMES[3]}:rgb=3,irr=1; got {name!r}"
    )


class Autoencoder(nn.Module):
    """What both forms share: how scans come in, and what comes out.

    Attributes:
        modalities: channels of each modality by name, in the order of the channels of x.
        encoder: takes x (B, C, H, W) and where it is known (None: everywhere), H and W multiples of 8 from 16
            on; returns the latents and where they are known.
        decoder: takes these two; returns y (B, C, H, W).

    Shapes:
        x (B, C, H, W) with 0 .. 1, known (see `Known`) with 1 = known, 0 = lost
        -> y (B, C, H, W) with 0 .. 1; latents (B, 80, H / 8 - 1, W / 8 - 1), H and W rounded up
    """

    encoder: nn.Module
    decoder: nn.Module

    def __init__(self, modalities: Mapping[str, int]) -> None:
        super().__init__()
        self.modalities = dict(modalities)

    def forward(self, x: Tensor, known: Known | None = None) -> Tensor:
        """Answer what the latents still tell of x; lacunae and missing modalities are guessed.

        Args:
            x: any height and width. What is lost may hold anything, NaN too.
            known: where x is known, for all channels alike, channel by channel, or in runs of them: a missing
                modality is a run of zeros. None says that nothing is lost.

        Raises:
            BadUsage: the channels of x are not those of the modalities, or known does not fit.
            GridMismatch: known has another grid than x.
        """
        latents, seen = self.encoder(*self._admit(x, known))
        y: Tensor = self.decoder(latents, seen)
        return crop(y, (x.shape[2], x.shape[3]))

    def encode(self, x: Tensor, known: Known | None = None) -> Tensor:
        """Give the latents: (B, 80, H / 8 - 1, W / 8 - 1), 0 where nothing is known. Arguments as `forward`.

        Latent i looks at the pixels 8 i - 3 ... 8 i + 22 along each axis, or 8 more at the end if separated.
        """
        latents: Tensor = self.encoder(*self._admit(x, known))[0]
        return latents

    def _admit(self, x: Tensor, known: Known | None) -> tuple[Tensor, Masks]:
        """Let in what is known, with a mask for each modality; what x is extended by is not."""
        channels = list(self.modalities.values())
        if x.dim() != 4 or x.shape[1] != sum(channels):
            raise BadUsage(
                f"this net takes (B, {sum(channels)}, H, W), the channels of {self.modalities}, "
                f"got {tuple(x.shape)}"
            )
        more = [max(LEAST - n, -n % MULTIPLE) for n in x.shape[2:]]
        if known is None:
            if not any(more):
                return x, None
            known = x.new_ones(1, 1, *x.shape[2:])
        runs = as_runs(known, x)
        if not any(more) and nothing_lost(runs):
            return x, None
        masks = _of_each(channels, runs)
        parts = torch.split(x, channels, dim=1)
        # Not x * mask: NaN * 0 is NaN.
        kept = [torch.where(mask > 0, part, 0) for part, (_, mask) in zip(parts, masks, strict=True)]
        border = (0, more[1], 0, more[0])
        return (
            functional.pad(torch.cat(kept, dim=1), border),
            [(count, functional.pad(mask, border)) for count, mask in masks],
        )


class Stacked(Autoencoder):
    """One encoder and one decoder for all modalities.

    Args:
        modalities: channels of each by name.
        kind: one of the first four `NAMES`.
    """

    def __init__(self, modalities: Mapping[str, int], *, kind: str) -> None:
        super().__init__(modalities)
        channels = sum(modalities.values())
        self.encoder = _Encoder(channels, kind=kind)
        self.decoder = _Decoder(channels, kind=kind)
        glorot(self)


class Separated(Autoencoder):
    """An encoder and a decoder for each modality, and one convolution that joins what they see.

    Args:
        modalities: channels of each by name.
        joined: "concat" puts the latents side by side, "add" adds them up.
    """

    def __init__(self, modalities: Mapping[str, int], *, joined: str) -> None:
        super().__init__(modalities)
        channels = list(modalities.values())
        self.encoder = _Encoders(channels, joined=joined)
        self.decoder = _Decoders(channels)
        glorot(self)


class _Encoder(nn.Module):
    def __init__(self, channels: int, *, kind: str) -> None:
        super().__init__()
        down = _plain_down if kind == "normal" else _partial_down
        self.layers = nn.ModuleList(down(*step) for step in _steps(channels))

    def forward(self, x: Tensor, known: Masks = None) -> tuple[Tensor, Masks]:
        for layer in self.layers:
            x, known = layer(x, known)
            x = functional.relu(x, inplace=True)
        return x, known


class _Decoder(nn.Module):
    def __init__(self, channels: int, *, kind: str) -> None:
        super().__init__()
        up = {"normal": _plain_up, "pen-nde": _plain_up, "pen-upde": _repeated_up}.get(kind, _partial_up)
        self.layers = nn.ModuleList(up(*step) for step in reversed(_steps(channels)))

    def forward(self, latents: Tensor, known: Masks = None) -> Tensor:
        y = latents
        for layer in self.layers[:-1]:
            y, known = layer(y, known)
            y = functional.relu(y, inplace=True)
        y, _ = self.layers[-1](y, known)
        return torch.sigmoid(y)


class _Encoders(nn.Module):
    def __init__(self, channels: Sequence[int], *, joined: str) -> None:
        super().__init__()
        self.channels, self.joined = list(channels), joined
        self.each = nn.ModuleList(_Encoder(count, kind="fp-cae") for count in channels)
        self.fusion = _partial_down(LATENT if joined == "add" else LATENT * len(channels), LATENT, FUSION)

    def forward(self, x: Tensor, known: Masks = None) -> tuple[Tensor, Masks]:
        parts = torch.split(x, self.channels, dim=1)
        masks: list[Masks] = [None] * len(parts) if known is None else [[run] for run in known]
        seen = [encoder(part, mask) for encoder, part, mask in zip(self.each, parts, masks, strict=True)]
        latents, known = self.fusion(*(_sum(seen) if self.joined == "add" else _side_by_side(seen)))
        return functional.relu(latents, inplace=True), known


class _Decoders(nn.Module):
    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.each = nn.ModuleList(_Decoder(count, kind="fp-cae") for count in channels)

    def forward(self, latents: Tensor, known: Masks = None) -> Tensor:
        return torch.cat([decoder(latents, known) for decoder in self.each], dim=1)


def _side_by_side(seen: Sequence[tuple[Tensor, Masks]]) -> tuple[Tensor, Masks]:
    runs = [run for _, known in seen for run in known or []]
    return torch.cat([latents for latents, _ in seen], dim=1), runs or None


def _sum(seen: Sequence[tuple[Tensor, Masks]]) -> tuple[Tensor, Masks]:
    """Add latents up: those that are known, times all over known, as a partial layer does in its window."""
    total = torch.stack([latents for latents, _ in seen]).sum(0)
    masks = [mask for _, known in seen for _, mask in known or []]
    if not masks:
        return total, None
    count = sum(masks[1:], start=masks[0])  # not stacked: one mask may stand for the whole batch
    return total * ratio(count, len(masks)), [(LATENT, count.clamp(max=1))]


# --- layers ------------------------------------------------------------------------------------------


class _Partial(nn.Module):
    """A layer that is told what is known, and tells the next one."""

    def __init__(self, convolution: nn.Module, *, repeat: int = 1) -> None:
        super().__init__()
        self.convolution, self.repeat = convolution, repeat

    def forward(self, x: Tensor, known: Masks = None) -> tuple[Tensor, Masks]:
        if self.repeat > 1:
            x = _repeat(x, self.repeat)
            known = known and [(count, _repeat(mask, self.repeat)) for count, mask in known]
        if known is None:
            return self.convolution(x), None
        y, seen = self.convolution(x, known)
        return y, [(y.shape[1], seen)]


class _Plain(nn.Module):
    """A layer to which everything is known: what is lost, and beyond the border, is 0 as black is."""

    def __init__(self, convolution: nn.Module, *, pad: int = 0, cut: int = 0) -> None:
        super().__init__()
        self.convolution, self.pad, self.cut = convolution, pad, cut

    def forward(self, x: Tensor, known: Masks = None) -> tuple[Tensor, None]:  # noqa: ARG002
        if self.pad:
            x = functional.pad(x, (0, self.pad, 0, self.pad))
        y: Tensor = self.convolution(x)
        return y[..., : y.shape[2] - self.cut, : y.shape[3] - self.cut] if self.cut else y, None


def _steps(channels: int) -> list[tuple[int, int, _Row]]:
    """Give the rows with their channels, from the pixels down to the latents."""
    widths = [channels, *(row.width for row in ROWS)]
    return [(wide, narrow, row) for (wide, narrow), row in zip(pairwise(widths), ROWS, strict=True)]


def _partial_down(outer: int, inner: int, row: _Row) -> _Partial:
    return _Partial(PartialConv2d(outer, inner, row.kernel, row.stride, (row.pad, row.pad)))


def _plain_down(outer: int, inner: int, row: _Row) -> _Plain:
    even, more = row.pad[0], row.pad[1] - row.pad[0]
    return _Plain(nn.Conv2d(outer, inner, row.kernel, row.stride, even), pad=more)


def _partial_up(outer: int, inner: int, row: _Row) -> _Partial:
    return _Partial(PartialConvTranspose2d(inner, outer, row.kernel, row.stride, (row.pad, row.pad)))


def _plain_up(outer: int, inner: int, row: _Row) -> _Plain:
    even, more = row.pad[0], row.pad[1] - row.pad[0]
    return _Plain(nn.ConvTranspose2d(inner, outer, row.kernel, row.stride, even), cut=more)


def _repeated_up(outer: int, inner: int, row: _Row) -> _Partial:
    """Convolve what was repeated; where nothing is repeated, every window that meets a sample answers."""
    padding: Padding = "same" if row.stride > 1 else row.kernel - 1
    return _Partial(PartialConv2d(inner, outer, row.kernel, padding=padding), repeat=row.stride)


def _repeat(x: Tensor, times: int) -> Tensor:
    return functional.interpolate(x, scale_factor=times, mode="nearest")


def _of_each(channels: Sequence[int], runs: Sequence[tuple[int, Tensor]]) -> list[tuple[int, Tensor]]:
    """Rearrange masks by modality: one channel if its channels are known alike by construction, else each."""
    if [count for count, _ in runs] == list(channels):
        return list(runs)
    if len(runs) == 1 and runs[0][1].shape[1] == 1:
        return [(count, runs[0][1]) for count in channels]
    batch = max(len(mask) for _, mask in runs)
    every = torch.cat([mask.expand(batch, count, -1, -1) for count, mask in runs], dim=1)
    return list(zip(channels, torch.split(every, list(channels), dim=1), strict=True))


def glorot(net: nn.Module) -> None:
    """Draw weights as Keras does unless told otherwise: uniform, by both fans (Glorot); biases 0."""
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(layer.weight)
            assert layer.bias is not None  # every layer of the table has one
            nn.init.zeros_(layer.bias)
