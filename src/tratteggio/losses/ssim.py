"""Structural similarity as an objective: differentiable, in at least float32, and its two losses.

    SSIM(x, y) = (2 mx my + C1)(2 sxy + C2) / ((mx² + my² + C1)(sx² + sy² + C2)),    Ci = (ki * data_range)²

with means m, variances s² and covariance sxy of a window that slides over each channel by itself.

Sources:
    Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural
    similarity", IEEE Trans. Image Processing 13(4), 2004, eq. 13 to 17 (with C3 = C2 / 2);
    Xie, Meeus, Pižurica, "Partial convolution based multimodal autoencoder for art investigation",
    BNAIC 2019 (-log((SSIM + 1) / 2), grey per modality).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from tratteggio.errors import BadUsage
from tratteggio.losses.terms import Terms, as_chosen, as_pair, weighed

Window = Literal["gaussian", "uniform"]
Border = Literal["valid", "same"]
Each = Literal["batch", "picture", "channel"]
LUMA = (0.2989, 0.5870, 0.1140)
FLOOR = 1e-6  # -log stays finite even between a picture and its exact opposite


def ssim(
    x: Tensor,
    y: Tensor,
    *,
    data_range: float = 1.0,
    window: Window = "gaussian",
    size: int = 11,
    sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    padding: Border = "valid",
    where: Tensor | None = None,
    each: Each = "batch",
) -> Tensor:
    """Return the mean structural similarity, 1 for equal pictures.

    Args:
        x: pictures (B, C, H, W), floating point; half precision is computed in float32.
        y: the same shape.
        data_range: span from black to white; 1.0 for what nets see.
        window: "gaussian" of standard deviation `sigma` pixels, or "uniform".
        size: side of the square window in pixels; odd, unless a valid window needs no centre.
        sigma: of the Gaussian window, in pixels.
        k1: stabilises the comparison of means, where both are near black.
        k2: stabilises the comparison of contrasts, where both are flat.
        padding: "valid" counts windows that lie wholly inside (as `metrics.ssim` does); "same" counts one
            around every pixel, averaging over the part of it that is inside, so that edges weigh in full.
        where: (B, 1, H, W), 1 for the pixels whose windows count. A picture without any counts as 1:
            there is nothing to improve.
        each: one number for the "batch", or one for each "picture" (B,) or "channel" (B, C).

    Returns:
        float32, or float64 if a picture is; the mean of a batch is the mean of its pictures.

    Raises:
        GridMismatch: the shapes differ.
        BadUsage: an even window that needs a centre, one larger than the picture, an option out of range.

    Example:
        A constant is unlike another constant, but never undefined:

        >>> black = torch.zeros(1, 1, 16, 16)
        >>> ssim(black, black).item()
        1.0
    """
    similarity = ssim_map(
        x, y, data_range=data_range, window=window, size=size, sigma=sigma, k1=k1, k2=k2, padding=padding
    )
    if where is None:
        of_channel = similarity.mean((-2, -1))
    else:
        of_channel = _mean_where(similarity, _centres(where, x, size, padding))
    if each == "channel":
        return of_channel
    if each == "picture":
        return of_channel.mean(1)
    if each == "batch":
        return of_channel.mean()
    raise BadUsage(f'SSIM answers for each "batch", "picture" or "channel", got {each!r}')


def ssim_map(
    x: Tensor,
    y: Tensor,
    *,
    data_range: float = 1.0,
    window: Window = "gaussian",
    size: int = 11,
    sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    padding: Border = "valid",
) -> Tensor:
    """Return the similarity of each window: (B, C, H - size + 1, W - size + 1), or as x with "same".

    Arguments and errors as for `ssim`.

    Example:
        All 8 x 8 crops of a 32 x 32 patch, each compared as a whole (the edge-distance measure of FP-CAE):

        >>> x = torch.rand(1, 1, 32, 32)
        >>> ssim_map(x, x, window="uniform", size=8).shape
        torch.Size([1, 1, 25, 25])
    """
    x, y = as_pair(x, y)
    weights = _weights(window, size, sigma)
    _check(x, size, padding, stabilisers=(k1, k2, data_range))
    # Variance is a small difference of large numbers. It does not change when a constant is taken off, so
    # taking off the mean of the picture saves the digits that the level of a bright picture would cost.
    level = x.detach().mean((-2, -1), keepdim=True)
    x, y = x - level, y - level
    means = _local_mean(torch.cat([x, y, x * x + y * y, x * y]), weights, padding)
    mean_x, mean_y, power, product = means.chunk(4)
    contrast = power - mean_x * mean_x - mean_y * mean_y
    covariance = product - mean_x * mean_y
    mean_x, mean_y = mean_x + level, mean_y + level
    c1, c2 = (k1 * data_range) ** 2, (k2 * data_range) ** 2
    above = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    below = (mean_x * mean_x + mean_y * mean_y + c1) * (contrast + c2)
    return above / below


def dssim_loss(
    x: Tensor,
    y: Tensor,
    *,
    data_range: float = 1.0,
    window: Window = "gaussian",
    size: int = 11,
    sigma: float = 1.5,
    padding: Border = "valid",
    where: Tensor | None = None,
) -> Tensor:
    """Return 1 - SSIM, a scalar in 0 .. 2; 0 for equal pictures. Arguments and errors as for `ssim`."""
    return 1 - ssim(
        x, y, data_range=data_range, window=window, size=size, sigma=sigma, padding=padding, where=where
    )


def log_ssim_loss(
    x: Tensor,
    y: Tensor,
    *,
    data_range: float = 1.0,
    window: Window = "gaussian",
    size: int = 11,
    sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    padding: Border = "valid",
    where: Tensor | None = None,
) -> Tensor:
    """Return -log((SSIM + 1) / 2) of each picture, averaged over the batch; 0 for equal pictures.

    For one modality, see `LogSsimLoss` for several. Arguments and errors as for `ssim`.

    Example:
        Chance, SSIM 0, costs log 2:

        >>> round(-math.log((0 + 1) / 2), 4)
        0.6931
    """
    similarity = ssim(
        x,
        y,
        data_range=data_range,
        window=window,
        size=size,
        sigma=sigma,
        k1=k1,
        k2=k2,
        padding=padding,
        where=where,
        each="picture",
    )
    return _log_loss(similarity)


def grey(x: Tensor) -> Tensor:
    """Turn RGB (B, 3, H, W) into luma (B, 1, H, W), 0.2989 R + 0.5870 G + 0.1140 B.

    Raises:
        BadUsage: x has not 3 channels.
    """
    if x.dim() != 4 or x.shape[1] != len(LUMA):
        raise BadUsage(f"grey is made of RGB (B, 3, H, W), got {tuple(x.shape)}")
    red, green, blue = torch.split(x, 1, dim=1)
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


@dataclass(frozen=True)
class LogSsimLoss:
    """The objective of FP-CAE: `log_ssim_loss` of each modality, averaged over the modalities.

    Modalities of 3 channels are compared in grey, as published; their hue is therefore left free, unless
    `chroma` weighs it. Statistics are taken in float32 at least.

    Attributes:
        modalities: channels of each modality by name, in channel order, such as {"rgb": 3, "irr": 1}.
        padding: "valid", or "same" so that the edges of small patches weigh in full.
        size: side of the Gaussian window in pixels, odd.
        sigma: of the Gaussian window, in pixels.
        k1, k2: stabilise the comparison of means and of contrasts, see `ssim`.
        chroma: weight of the mean absolute difference between colour minus grey, of a modality of 3
            channels. Ours; 0, as published, takes none.
    """

    modalities: Mapping[str, int] = field(default_factory=lambda: {"rgb": 3})
    padding: Border = "valid"
    size: int = 11
    sigma: float = 1.5
    k1: float = 0.01
    k2: float = 0.03
    chroma: float = 0.0

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor | None = None) -> Terms:  # noqa: ARG002
        """Compare out and truth (B, C, H, W); parts are named after the modalities, "irr", "rgb chroma", ...

        Args:
            out: what the autoencoder answered, 0 .. 1.
            truth: the same shape.
            known: not used: an autoencoder answers for every pixel, shown or not.

        Raises:
            BadUsage: the channels of the modalities do not add up to those of the pictures.
        """
        channels = list(self.modalities.values())
        if not channels or sum(channels) != truth.shape[1]:
            raise BadUsage(
                f"the modalities must cover the {truth.shape[1]} channels of the pictures, "
                f"got {dict(self.modalities)}"
            )
        x, y = (torch.split(of, channels, dim=1) for of in as_pair(out, truth))
        shades = [[grey(part) if part.shape[1] == len(LUMA) else part for part in of] for of in (x, y)]
        # All at once: a window slides as fast over five modalities as over one.
        similarity = ssim(
            *(torch.cat(of, dim=1) for of in shades),
            size=self.size, sigma=self.sigma, k1=self.k1, k2=self.k2, padding=self.padding, each="channel",
        )  # fmt: skip
        of_each = torch.split(similarity, [part.shape[1] for part in shades[0]], dim=1)
        share = 1 / len(channels)
        terms = {
            name: (share, _log_loss(of.mean(1))) for name, of in zip(self.modalities, of_each, strict=True)
        }
        for name, one, other in zip(self.modalities, x, y, strict=True):
            if self.chroma and one.shape[1] == len(LUMA):
                difference = one - other
                off = (difference - grey(difference)).abs().mean()
                terms[f"{name} chroma"] = share * self.chroma, off
        return weighed(terms)


def _log_loss(similarity: Tensor) -> Tensor:
    """Return -log((SSIM + 1) / 2), averaged over pictures (B,)."""
    return -torch.log(((similarity + 1) / 2).clamp(min=FLOOR)).mean()


def _weights(window: Window, size: int, sigma: float) -> list[float]:
    """Return one side of the separable window, summing to 1."""
    if size < 1:
        raise BadUsage(f"the SSIM window has a side of at least 1 pixel, got size={size}")
    if window == "uniform":
        return [1 / size] * size
    if window != "gaussian":
        raise BadUsage(f'the SSIM window is "gaussian" or "uniform", got {window!r}')
    if sigma <= 0:
        raise BadUsage(f"the SSIM window needs a positive sigma in pixels, got {sigma}")
    bell = [math.exp(-0.5 * ((index - (size - 1) / 2) / sigma) ** 2) for index in range(size)]
    return [weight / sum(bell) for weight in bell]


def _check(x: Tensor, size: int, padding: Border, *, stabilisers: Sequence[float]) -> None:
    if padding not in ("valid", "same"):
        raise BadUsage(f'SSIM takes padding "valid" or "same", got {padding!r}')
    if padding == "same" and size % 2 == 0:
        raise BadUsage(f'with padding "same" the SSIM window has an odd side, got size={size}')
    if padding == "valid" and min(x.shape[2:]) < size:
        raise BadUsage(
            f"no SSIM window of {size} x {size} fits into pictures {tuple(x.shape)}; "
            'make the window smaller or take padding="same"'
        )
    if min(stabilisers) <= 0:
        raise BadUsage(
            "SSIM needs k1, k2 and data_range above 0, or flat pictures would divide by 0, "
            f"got {', '.join(map(str, stabilisers))}"
        )


def _local_mean(z: Tensor, weights: Sequence[float], padding: Border) -> Tensor:
    """Average over the window around each place, rows and columns.

    By products with banded matrices and not by a convolution: on a CPU these are several times as fast, and
    on recent GPUs a float32 convolution rounds its input to 10 bits unless told otherwise, which would drown
    the variances; a product does so only if it is told to, or under autocast, which is left here.
    """
    down, across = (_averaging(n, weights, padding).to(z) for n in z.shape[-2:])
    with torch.autocast(z.device.type, enabled=False):
        return down @ (z @ across.T)


def _averaging(n: int, weights: Sequence[float], padding: Border) -> Tensor:
    """Return the matrix that averages n places: a row for each window, over what of it lies inside."""
    size, beyond = len(weights), len(weights) // 2 if padding == "same" else 0
    rows = n + 2 * beyond - size + 1
    matrix = torch.zeros(rows, n + 2 * beyond, dtype=torch.float64)
    for shift, weight in enumerate(weights):
        matrix.diagonal(shift)[:rows] = weight
    inside = matrix[:, beyond : beyond + n]
    return inside / inside.sum(dim=1, keepdim=True)


def _centres(where: Tensor, x: Tensor, size: int, padding: Border) -> Tensor:
    """Crop a mask to the centres of the windows, as bool."""
    if size % 2 == 0:
        raise BadUsage(
            f"with `where` the SSIM window has an odd side, so that it has a centre, got size={size}"
        )
    chosen = as_chosen(where, x)
    margin = size // 2 if padding == "valid" else 0
    rows, cols = chosen.shape[2:]
    return chosen[..., margin : rows - margin, margin : cols - margin]


def _mean_where(similarity: Tensor, chosen: Tensor) -> Tensor:
    """Average (B, C, H, W) over chosen (B, 1, H, W) to (B, C); nothing chosen gives 1 and no gradient."""
    count = chosen.sum((-2, -1)).clamp(min=1)
    lacking = torch.where(chosen, 1 - similarity, 0.0).sum((-2, -1))
    return 1 - lacking / count
