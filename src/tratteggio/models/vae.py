"""Variational autoencoders that fill: a damaged picture becomes a cloud of latents, each of them a whole one.

`vae-published` takes grey pictures of 100 x 100, lacunae black:

    encoder, no padding                                    decoder, no padding
    2 x conv 3, 64     max 2, norm   48 x 48 x 64          linear 1500 -> 8000 -> 16384        8 x  8 x 256
    2 x conv 3, 128    max 2, norm   22 x 22 x 128         convT 5, stride 2, 128, norm       19 x 19
    3 x conv 3, 256    max 2, norm    8 x  8 x 256         convT 5, stride 2,  64, norm       41 x 41
    linear 16384 -> 8000, to mean and to logvar 1500       convT 5, stride 2,  32, norm       85 x 85
                                                           convT 6,  16, norm                 90 x 90
                                                           convT 6,   8, norm                 95 x 95
                                                           convT 6,   1, sigmoid             100 x 100

301,013,889 parameters, of which 298,179,384 in the linear layers. Its quirks can be turned off by name, as in
"vae-published:slope=0.2,signed=0,noisy=0":

    slope=1     of LeakyReLU below 0. 1 is none: the published net has no activation but the last.
    signed=1    in training pictures come as -1 .. 1, later as 0 .. 1.
    noisy=1     z is drawn in use too, so that an answer is never the same twice.

`vae-compact` keeps the plan in 1.5 million parameters: partial convolutions see where paint is lost, a
convolution 1 x 1 makes the latents, one of 32 numbers for every 16 x 16 pixels, and pictures may have any
size; "vae-compact:colours=1" is its grey form. In use z is the mean of its cloud, unless one is drawn
(`sample`). "vae-compact:attributes=cats+dogs" can be told what a picture shows (`_attributes`): encoder and
decoder both are.

Source: Deesamutara, Maggiore, "Image inpainting with a VAE", and its code (github.com/fedmag/DeepVision).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from tratteggio.errors import BadUsage
from tratteggio.layers import PartialConv2d
from tratteggio.losses.vae import Sampled, divergence, sample_gaussian
from tratteggio.models._attributes import Shifts, attributes_of
from tratteggio.models.pconv_unet import first_weights
from tratteggio.models.tensors import admit, crop
from tratteggio.options import Option, parse
from tratteggio.registry import unknown

NAMES = ("vae-published", "vae-compact")

SIDE = 100  # pixels of a picture of the published form
LATENT, HIDDEN = 1500, 8000
CHANNELS, CELLS = 256, 8  # of what the published encoder hands on
OPTIONS: Mapping[str, Mapping[str, Option]] = {
    "vae-published": {name: Option(float, 1.0) for name in ("slope", "signed", "noisy")},
    "vae-compact": {"colours": Option(int, 3), "attributes": Option(str, None)},
}

WIDTHS = (24, 48, 96, 192)
NUMBERS = 32  # of one latent of the compact form


def build(name: str) -> nn.Module:
    """Build one of `NAMES`, as it is or with the options that the name goes on with.

    Raises:
        UnknownName: it is none of them, or has no such option.
        BadUsage: what follows the colon is no list of options, or a value that cannot be.
    """
    kind, given = parse(name, _options)
    attributes = attributes_of(name, given.pop("attributes", None))
    options = {key: option.default for key, option in OPTIONS[kind].items()} | given
    if kind == "vae-compact":
        if options["colours"] not in (1, 3):
            raise BadUsage(f"{kind} knows 1 colour or 3, got {name!r}")
        return Compact(colours=options["colours"], attributes=attributes)
    return Published(slope=options["slope"], signed=bool(options["signed"]), noisy=bool(options["noisy"]))


def _options(kind: str) -> Mapping[str, Option]:
    if kind not in NAMES:
        raise unknown("model", kind, NAMES)
    return OPTIONS[kind]


# --- as published --------------------------------------------------------------------------------------


class Published(nn.Module):
    """The net of the table.

    Attributes:
        encoder: pictures (B, 1, 100, 100) -> (B, 8000).
        mean, logvar: of the cloud: (B, 8000) -> (B, 1500).
        decoder: z (B, 1500) -> pictures (B, 1, 100, 100) of 0 .. 1.

    Shapes:
        x (B, 1, 100, 100) with 0 .. 1, 0 where lost
        -> y (B, 1, 100, 100), the whole picture; in training a `Sampled`
    """

    colours = 1
    side = SIDE

    def __init__(self, *, slope: float, signed: bool, noisy: bool) -> None:
        super().__init__()
        self.signed, self.noisy = signed, noisy
        flat = CHANNELS * CELLS**2
        self.encoder = nn.Sequential(
            *_shrinking(1, 64, 2, slope), *_shrinking(64, 128, 2, slope),
            *_shrinking(128, CHANNELS, 3, slope), nn.Flatten(), nn.Linear(flat, HIDDEN),
        )  # fmt: skip
        self.mean = nn.Linear(HIDDEN, LATENT)
        self.logvar = nn.Linear(HIDDEN, LATENT)
        widths = (CHANNELS, 128, 64, 32, 16, 8)
        layers = [
            layer
            for (wide, narrow), kernel in zip(pairwise(widths), (5, 5, 5, 6, 6), strict=True)
            for layer in _growing(wide, narrow, kernel, 2 if kernel == 5 else 1, slope)
        ]
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, HIDDEN), nn.Linear(HIDDEN, flat), nn.Unflatten(1, (CHANNELS, CELLS, CELLS)),
            *layers, nn.ConvTranspose2d(widths[-1], 1, 6), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor | Sampled:
        """Propose whole pictures.

        Args:
            x: pictures, black where lost.
            known: not used: the net does not tell lacunae from black paint.

        Raises:
            BadUsage: pictures of another size or with colours.
        """
        mean, logvar = self.latent(x, known)
        if not self.training:
            y: Tensor = self.decoder(
                sample_gaussian(mean, logvar, torch.randn_like(mean)) if self.noisy else mean
            )
            return y
        z = sample_gaussian(mean, logvar, torch.randn_like(mean))
        return Sampled(self.decoder(z), mean, logvar)

    def latent(self, x: Tensor, known: Tensor | None = None) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Return mean and logvar (B, 1500) of the clouds of pictures."""
        if x.dim() != 4 or x.shape[1:] != (1, SIDE, SIDE):
            raise BadUsage(
                f"vae-published takes grey pictures of {SIDE} x {SIDE} pixels, (B, 1, {SIDE}, {SIDE}), "
                f"got {tuple(x.shape)}"
            )
        seen = self.encoder(2 * x - 1 if self.signed and self.training else x)
        return self.mean(seen), self.logvar(seen)

    def encode(self, x: Tensor, known: Tensor | None = None) -> Tensor:
        """Return the means alone."""
        return self.latent(x, known)[0]

    def nats(self, x: Tensor, known: Tensor, truth: Tensor) -> Tensor:  # noqa: ARG002 # of no use to it
        """Return how much each number of the latent tells of pictures, on average: (1500,)."""
        return divergence(*self.latent(x, known)).mean(dim=0)

    def sample(self, x: Tensor, known: Tensor, *, rng: Generator) -> Tensor:
        """Draw one picture (B, 1, 100, 100) for each given."""
        mean, logvar = self.latent(x, known)
        y: Tensor = self.decoder(sample_gaussian(mean, logvar, standard(mean, rng)))
        return y


def _shrinking(inner: int, outer: int, count: int, slope: float) -> list[nn.Module]:
    convolutions = [
        nn.Conv2d(inner if first else outer, outer, 3) for first in [True] + [False] * (count - 1)
    ]
    return [*convolutions, nn.MaxPool2d(2), nn.BatchNorm2d(outer), nn.LeakyReLU(slope)]


def _growing(inner: int, outer: int, kernel: int, stride: int, slope: float) -> list[nn.Module]:
    return [nn.ConvTranspose2d(inner, outer, kernel, stride), nn.BatchNorm2d(outer), nn.LeakyReLU(slope)]


def standard(like: Tensor, rng: Generator) -> Tensor:
    """Draw standard noise of a tensor's shape, the same on every device."""
    return torch.randn(like.shape, generator=rng).to(like)


# --- compact -------------------------------------------------------------------------------------------


class Compact(nn.Module):
    """The form for two cores, of any size.

    Args:
        colours: channels of a picture.
        attributes: what it can be told of one.

    Attributes:
        encoder: halves a picture four times; what is lost is not seen.
        decoder: z (B, 32, H / 16, W / 16) -> pictures (B, colours, H, W) of 0 .. 1.

    Shapes:
        x (B, colours, H, W) with 0 .. 1, known (B, 1, H, W) with 1 = known, 0 = lost, attributes (B, A) with
        1 = the picture has it, None = nothing is told
        -> y (B, colours, H, W), the whole picture; in training a `Sampled`
    """

    multiple = 2 ** len(WIDTHS)

    def __init__(self, *, colours: int, attributes: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.colours, self.attributes = colours, attributes
        self.encoder = _Seeing(colours)
        self.gaussian = nn.Conv2d(WIDTHS[-1], 2 * NUMBERS, 1)
        self.decoder = nn.Sequential(
            nn.Conv2d(NUMBERS, WIDTHS[-1], 3, padding=1), nn.ReLU(inplace=True),
            *(layer for wide, narrow in pairwise(WIDTHS[::-1]) for layer in _doubling(wide, narrow)),
            *_doubling(WIDTHS[0], WIDTHS[0]), nn.Conv2d(WIDTHS[0], colours, 3, padding=1), nn.Sigmoid(),
        )  # fmt: skip
        self.shifts = Shifts(attributes, WIDTHS[-1], NUMBERS)
        first_weights(self)
        if not self.gaussian.weight.is_meta:  # clouds begin as N(0, 1): the first steps have nothing to tax
            nn.init.zeros_(self.gaussian.weight)

    def forward(self, x: Tensor, known: Tensor, attributes: Tensor | None = None) -> Tensor | Sampled:
        """Propose whole pictures; `known` is 1 where paint is known and 0 where it is lost."""
        shifts = self.shifts(attributes)
        mean, logvar = self._cloud(x, known, shifts)
        z = sample_gaussian(mean, logvar, torch.randn_like(mean)) if self.training else mean
        y = self._decode(z, x, shifts)
        return Sampled(y, mean, logvar) if self.training else y

    def latent(self, x: Tensor, known: Tensor, attributes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return mean and logvar (B, 32, H / 16, W / 16), rounded up, of the clouds of pictures.

        Raises:
            BadUsage: pictures with other colours, or another number of attributes.
            GridMismatch: known has another grid than x.
        """
        return self._cloud(x, known, self.shifts(attributes))

    def encode(self, x: Tensor, known: Tensor) -> Tensor:
        """Return the means alone."""
        return self.latent(x, known)[0]

    def nats(
        self,
        x: Tensor,
        known: Tensor,
        truth: Tensor,  # noqa: ARG002 # of no use to it
        attributes: Tensor | None = None,
    ) -> Tensor:
        """Return how much each number of a latent tells of pictures, on average: (32,)."""
        return divergence(*self.latent(x, known, attributes)).mean(dim=(0, 2, 3))

    def sample(self, x: Tensor, known: Tensor, attributes: Tensor | None = None, *, rng: Generator) -> Tensor:
        """Draw one picture for each given."""
        shifts = self.shifts(attributes)
        mean, logvar = self._cloud(x, known, shifts)
        return self._decode(sample_gaussian(mean, logvar, standard(mean, rng)), x, shifts)

    def _cloud(self, x: Tensor, known: Tensor, shifts: Sequence[Tensor | float]) -> tuple[Tensor, Tensor]:
        if x.dim() != 4 or x.shape[1] != self.colours:
            raise BadUsage(
                f"this net knows {self.colours} colour{'s' if self.colours > 1 else ''}, "
                f"(B, {self.colours}, H, W), got {tuple(x.shape)}"
            )
        seen = self.encoder(*admit(x, known, multiple=self.multiple)) + shifts[0]
        mean, logvar = self.gaussian(seen).chunk(2, dim=1)
        return mean, logvar

    def _decode(self, z: Tensor, x: Tensor, shifts: Sequence[Tensor | float]) -> Tensor:
        return crop(self.decoder(z + shifts[1]), (x.shape[2], x.shape[3]))


class _Seeing(nn.Module):
    """Two partial convolutions and a maximum for each size, and one more to look beyond a lacuna."""

    def __init__(self, colours: int) -> None:
        super().__init__()
        self.first = nn.ModuleList(_partial(*of) for of in pairwise((colours, *WIDTHS)))
        self.second = nn.ModuleList(_partial(width, width) for width in WIDTHS)
        self.beyond = _partial(WIDTHS[-1], WIDTHS[-1])

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        for first, second in zip(self.first, self.second, strict=True):
            for layer in (first, second):
                x, known = layer(x, known)
                x = functional.relu(x)
            # Nothing is negative and what is unknown is 0, so no maximum takes it.
            x, known = functional.max_pool2d(x, 2), functional.max_pool2d(known, 2)
        x, _ = self.beyond(x, known)
        return functional.relu(x)


def _partial(inner: int, outer: int) -> PartialConv2d:
    return PartialConv2d(inner, outer, 3, padding=1)


def _doubling(inner: int, outer: int) -> list[nn.Module]:
    return [nn.ConvTranspose2d(inner, outer, 4, 2, 1), nn.BatchNorm2d(outer), nn.ReLU(inplace=True)]
