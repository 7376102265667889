"""The objective of variational autoencoders: how far off the picture is, and how much the latent tells.

    ELBO:  log p(truth) >= E_q [log p(truth | z)] - KL(q(z) || p(z))

What is brought down is a mean of squares per pixel plus `divergence` times KL per pixel. With Gaussian noise
of standard deviation s on each value, that is the negative bound in units of 1 / (2 s²), and `divergence` is
2 s²: 0.01, as published, means 0.07 of the range.

Sources:
    Kingma, Welling, "Auto-encoding variational Bayes", ICLR 2014, eq. 3 and 10, appendix B; Deesamutara,
    Maggiore, "Image inpainting with a VAE" (weight, quirks); Kingma et al., "Improving variational inference
    with inverse autoregressive flow", 2016, appendix C.8 (free bits); Ham, Raj, Cartillier, Essa,
    "Variational image inpainting", 2018 (features as a second reconstruction term).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import torch
from torch import Tensor

from tratteggio.errors import BadUsage
from tratteggio.losses.inpainting import composite
from tratteggio.losses.perceptual import FeatureNet, content
from tratteggio.losses.ssim import log_ssim_loss
from tratteggio.losses.terms import Terms, as_chosen, as_pair, weighed

VAE_TAPS = ("relu1_2", "relu2_2", "relu3_3")
"""Layers of VGG16 by which the perceptual form judges; the paper's own are not known."""


class Sampled(NamedTuple):
    """What a variational autoencoder answers in training.

    Attributes:
        picture: (B, C, H, W), decoded from a z that was drawn from q.
        mean: (B, Z, ...) of q.
        logvar: the same shape, natural logarithm of the variance of q.
        prior_mean: the same shape, of p; None stands for 0.
        prior_logvar: the same; None stands for a variance of 1.
    """

    picture: Tensor
    mean: Tensor
    logvar: Tensor
    prior_mean: Tensor | None = None
    prior_logvar: Tensor | None = None


def sample_gaussian(mean: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    """Return z of a Gaussian from standard noise: mean + exp(logvar / 2) noise."""
    return mean + (logvar / 2).exp() * noise


def divergence(
    mean: Tensor, logvar: Tensor, prior_mean: Tensor | None = None, prior_logvar: Tensor | None = None
) -> Tensor:
    """Return KL(q || p) of Gaussians, number by number, in nats; 0 where they are the same.

    1/2 (log(vp / vq) + (vq + (mq - mp)²) / vp - 1)

    Args:
        mean, logvar: of q, any shape.
        prior_mean, prior_logvar: of p, the same shape; None stands for N(0, 1).

    Example:
        One standard deviation aside costs half a nat:

        >>> divergence(torch.ones(1), torch.zeros(1))
        tensor([0.5000])
    """
    aside = mean if prior_mean is None else mean - prior_mean
    if prior_logvar is None:
        return 0.5 * (logvar.exp() + aside.square() - 1 - logvar)
    narrower = logvar - prior_logvar
    return 0.5 * (narrower.exp() + aside.square() * (-prior_logvar).exp() - 1 - narrower)


@dataclass(frozen=True)
class Elbo:
    """Mean squared error plus `divergence` times KL per pixel.

    Of an answer without a latent, as in validation, the KL is not counted.

    Attributes:
        divergence: weight of KL; 0.01 as published.
        warmup: steps over which that weight climbs from 0, so that the latent is used before it is taxed.
        free: nats that each number of the latent may tell without being taxed, on average over the batch.
        known: weight of the squares where paint was shown; 0 leaves teaching to the lacunae alone.
        lost: weight of those where it was lost.
        ssim: weight of -log((SSIM + 1) / 2), of the composite if `known` is 0.
        signed: compare with the truth as -1 .. 1, whatever range the net answers in. A quirk of the published
            code, whose answers end at 0.
        alpha: compare with a second channel that is 1 everywhere. Another quirk: its pictures came with
            alpha.
    """

    divergence: float = 0.01
    warmup: int = 0
    free: float = 0.0
    known: float = 1.0
    lost: float = 1.0
    ssim: float = 0.0
    signed: bool = False
    alpha: bool = False

    def __post_init__(self) -> None:
        for name in ("divergence", "warmup", "free", "known", "lost", "ssim"):
            if getattr(self, name) < 0:
                raise BadUsage(f"{name} must not be negative, got {getattr(self, name)}")
        if not self.known and not self.lost:
            raise BadUsage("known and lost are both 0, so nothing would be learnt; set one of them")

    def at(self, step: int) -> Self:
        """Return the objective of a step, counted from 0."""
        if not self.warmup:
            return self
        return replace(self, divergence=self.divergence * min(1.0, step / self.warmup), warmup=0)

    def __call__(self, out: Sampled | Tensor, truth: Tensor, known: Tensor) -> Terms:
        """Judge an answer; parts: squares, divergence, and dssim if it has a weight."""
        picture = out.picture if isinstance(out, Sampled) else out
        terms = {"squares": (1.0, self._squares(picture, truth, known))}
        if self.ssim:
            compared = picture if self.known else composite(picture, truth, known)
            terms["dssim"] = (self.ssim, log_ssim_loss(compared, truth))
        if isinstance(out, Sampled):
            terms["divergence"] = (self.divergence, self._taxed(out) / picture[0].numel())
        return weighed(terms)

    def _squares(self, picture: Tensor, truth: Tensor, known: Tensor) -> Tensor:
        picture, truth = as_pair(picture, truth)
        squares = (picture - (2 * truth - 1 if self.signed else truth)).square()
        if self.alpha:
            squares = (squares + (picture - 1).square()) / 2
        if self.known == self.lost == 1:
            return squares.mean()
        return (squares * torch.where(as_chosen(known, picture), self.known, self.lost)).mean()

    def _taxed(self, out: Sampled) -> Tensor:
        """Return KL in nats a picture."""
        prior = (None if part is None else part.float() for part in (out.prior_mean, out.prior_logvar))
        nats = divergence(out.mean.float(), out.logvar.float(), *prior)
        return nats.mean(dim=0).clamp(min=self.free).sum()


@dataclass(frozen=True, kw_only=True)
class PerceptualElbo(Elbo):
    """`Elbo`, and beside the squares of pixels those of what a frozen net sees in them.

    Attributes:
        features: a frozen net, on the device of the pictures.
        content: weight of the mean squared difference of its features, added up over the taps.
    """

    features: FeatureNet
    content: float = 0.01

    def __call__(self, out: Sampled | Tensor, truth: Tensor, known: Tensor) -> Terms:
        """Judge an answer; parts: those of `Elbo`, and content."""
        pixels = super().__call__(out, truth, known)
        picture = out.picture if isinstance(out, Sampled) else out
        compared = picture if self.known else composite(picture, truth, known)
        with torch.no_grad():
            of_truth = self.features.taps(_to_rgb(truth))
        seen = content(self.features.taps(_to_rgb(compared)), of_truth, squared=True)
        return Terms(pixels.total + self.content * seen, {**pixels.parts, "content": seen.detach()})


def _to_rgb(x: Tensor) -> Tensor:
    """Show a grey picture to a net that knows colours."""
    return x.expand(-1, 3, -1, -1) if x.shape[1] == 1 else x
