"""Several plausible fills for the lacunae of a scan: the compact net, and a latent for what nothing tells.

`vae-fill` corrects a smooth fill as `pconv-compact` does, whose parts it holds and whose weights it can begin
with. At an eighth of the picture's size it draws 16 numbers for every 8 x 8 pixels that hold something lost,
and the way up carries them into the correction. In training they are drawn from what the truth says of them
(q), and what the surroundings alone say of them (p) is drawn towards that; in use there is no truth, and they
are drawn from p. Its mean gives the one fill that all others scatter about.

    p   features of the damaged picture            3 x 3 convolution, ReLU, 1 x 1 -> mean, logvar
    q   the same, and the truth's detail through   5 x 5 s 2, 3 x 3 s 2, 3 x 3 s 2, then likewise

Cells where all is known have no latent: it is 0, and nothing is taxed. 2.2 million parameters.

"vae-fill:attributes=landscape+portrait" can be told what a picture shows (`_attributes`): p, q and the way up
all see it.

Sources: Sohn, Lee, Yan, "Learning structured output representation using deep conditional generative models",
NIPS 2015 (the conditional bound, eq. 4); Zheng, Cham, Cai, "Pluralistic image completion", CVPR 2019 (that of
fills).
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from tratteggio.losses.vae import Sampled, divergence, sample_gaussian
from tratteggio.models._attributes import Shifts, attributes_of
from tratteggio.models.pconv_compact import COLOURS, WIDTHS, PConvCompact, Seen
from tratteggio.models.pconv_unet import first_weights
from tratteggio.models.tensors import admit, crop
from tratteggio.models.vae import standard
from tratteggio.options import Option, parse
from tratteggio.registry import unknown

NAMES = ("vae-fill",)

SIZE = 2  # of the features that are told apart: an eighth
CELL = 8
NUMBERS = 16
NARROWEST, WIDEST = -6.0, 2.0  # logvar: beyond, one draw would outweigh a batch


def build(name: str) -> nn.Module:
    """Build the one net of `NAMES`, as it is or with the attributes that the name goes on with.

    Raises:
        UnknownName: it is another.
        BadUsage: attributes that cannot be.
    """
    _, given = parse(name, _options)
    return VaeFill(attributes_of(name, given.get("attributes")))


def _options(kind: str) -> dict[str, Option]:
    if kind not in NAMES:
        raise unknown("model", kind, NAMES)
    return {"attributes": Option(str, None)}


class VaeFill(nn.Module):
    """The net above.

    Args:
        attributes: what it can be told of a picture.

    Attributes:
        foundation: the compact net; a run may begin with its weights.
        sees_truth: in training it is called with the truth as well.

    Shapes:
        x (B, 3, H, W) with 0 .. 1, known (B, 1, H, W) with 1 = known, 0 = lost, attributes (B, A) with 1 =
        the picture has it, None = nothing is told
        -> y (B, 3, H, W), the whole picture by the mean of p; in training a `Sampled`
    """

    multiple = PConvCompact.multiple
    sees_truth = True

    def __init__(self, attributes: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.attributes = attributes
        width = WIDTHS[SIZE]
        self.truth = nn.Sequential(
            nn.Conv2d(COLOURS, 32, 5, 2, 2), nn.ReLU(inplace=True), nn.Conv2d(32, 64, 3, 2, 1),
            nn.ReLU(inplace=True), nn.Conv2d(64, width, 3, 2, 1), nn.ReLU(inplace=True),
        )  # fmt: skip
        self.prior = _gaussian(width)
        self.posterior = _gaussian(2 * width)
        self.told = nn.Conv2d(NUMBERS, width, 3, padding=1)
        self.shifts = Shifts(attributes, width)
        first_weights(self)
        for gaussian in (self.prior, self.posterior):
            _begin_standard(gaussian)
        self.foundation = PConvCompact()

    def forward(
        self, x: Tensor, known: Tensor, attributes: Tensor | None = None, *, truth: Tensor | None = None
    ) -> Tensor | Sampled:
        """Propose a whole picture.

        Args:
            x: what is lost may hold anything.
            known: 1 where paint is known and 0 where it is lost.
            attributes: what the pictures have.
            truth: (B, 3, H, W), in training only.
        """
        grid = (x.shape[2], x.shape[3])
        seen, lost = self._seen(x, known, attributes), _cells(x, known)
        mean, logvar = self._p(seen)
        if truth is None:
            return crop(self._answer(seen, lost * mean), grid)
        q_mean, q_logvar = self._q(seen, lost, truth)
        z = sample_gaussian(q_mean, q_logvar, torch.randn_like(q_mean))
        return Sampled(crop(self._answer(seen, lost * z), grid), q_mean, q_logvar, mean, logvar)

    def encode(self, x: Tensor, known: Tensor) -> Tensor:
        """Give the features of the smallest size: (B, 128, H / 16, W / 16), rounded up."""
        return self.foundation.encode(x, known)

    def latent(self, x: Tensor, known: Tensor, attributes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return mean and logvar (B, 16, H / 8, W / 8) of p; H and W are rounded up to whole 16 pixels."""
        return self._p(self._seen(x, known, attributes))

    def nats(self, x: Tensor, known: Tensor, truth: Tensor, attributes: Tensor | None = None) -> Tensor:
        """Return how much each number of a latent tells where something is lost, on average: (16,)."""
        seen, lost = self._seen(x, known, attributes), _cells(x, known)
        nats = divergence(*self._q(seen, lost, truth), *self._p(seen))
        return nats.sum(dim=(0, 2, 3)) / lost.sum().clamp(min=1)

    def samples(
        self, x: Tensor, known: Tensor, attributes: Tensor | None = None, *, count: int, rng: Generator
    ) -> list[Tensor]:
        """Draw several pictures (B, 3, H, W) of each given; what is seen is seen once."""
        grid = (x.shape[2], x.shape[3])
        seen, lost = self._seen(x, known, attributes), _cells(x, known)
        mean, logvar = self._p(seen)
        draws = (sample_gaussian(mean, logvar, standard(mean, rng)) for _ in range(count))
        return [crop(self._answer(seen, lost * z), grid) for z in draws]

    def _seen(self, x: Tensor, known: Tensor, attributes: Tensor | None) -> Seen:
        """Look at pictures, and shift by their attributes what p, q and the way up go by."""
        seen = self.foundation.look(x, known)
        (shift,) = self.shifts(attributes)
        return seen._replace(
            sizes=[one + shift if size == SIZE else one for size, one in enumerate(seen.sizes)]
        )

    def _p(self, seen: Seen) -> tuple[Tensor, Tensor]:
        return _split(self.prior(seen.sizes[SIZE]))

    def _q(self, seen: Seen, lost: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and logvar of q; where nothing is lost it is p, so that nothing is taxed."""
        whole, _ = admit(truth, torch.ones_like(truth[:, :1]), multiple=self.multiple)
        features = torch.cat([seen.sizes[SIZE], self.truth((whole - seen.tone) / seen.strength)], dim=1)
        (q_mean, q_logvar), (mean, logvar) = _split(self.posterior(features)), self._p(seen)
        return torch.where(lost > 0, q_mean, mean), torch.where(lost > 0, q_logvar, logvar)

    def _answer(self, seen: Seen, z: Tensor) -> Tensor:
        sizes = list(seen.sizes)
        sizes[SIZE] = sizes[SIZE] + self.told(z)
        return self.foundation.answer(seen, sizes)


def _gaussian(inner: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inner, WIDTHS[SIZE], 3, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(WIDTHS[SIZE], 2 * NUMBERS, 1),
    )  # fmt: skip


def _begin_standard(gaussian: nn.Sequential) -> None:
    """Let a Gaussian begin as N(0, 1)."""
    answer = gaussian[-1]
    assert isinstance(answer, nn.Conv2d)
    nn.init.zeros_(answer.weight)


def _split(answer: Tensor) -> tuple[Tensor, Tensor]:
    mean, logvar = answer.chunk(2, dim=1)
    return mean, logvar.clamp(NARROWEST, WIDEST)


def _cells(x: Tensor, known: Tensor) -> Tensor:
    """Mark the cells of 8 x 8 pixels that hold something lost: (B, 1, H / 8, W / 8), 1 where so."""
    _, mask = admit(x, known, multiple=PConvCompact.multiple)
    return functional.max_pool2d(1 - mask, CELL)
