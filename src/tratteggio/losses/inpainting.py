"""Objectives for nets that fill lacunae: pixels, structure, features, style and smoothness.

In all of them `out` is what the net answered, `truth` the undamaged picture, both (B, C, H, W) in 0 .. 1, and
`known` (B, 1, H, W) is 1 where the net was shown the truth, 0 where it had to propose. Sums are taken in at
least float32, whatever the precision of the net.

Where there is no truth, as in corners that a rotation turned in, lay `truth` over `out` before the objective:
`composite(out, truth, nowhere)` with `nowhere` 1 there. Every term then sees no difference there, and no
gradient flows.

Sources:
    Liu, Reda, Shih, Wang, Tao, Catanzaro, "Image inpainting for irregular holes using partial
    convolutions", ECCV 2018, section 3.3; "Dunhuang image restoration" (poster), loss functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from tratteggio.errors import BadUsage
from tratteggio.losses.perceptual import FeatureNet, content, style
from tratteggio.losses.ssim import dssim_loss
from tratteggio.losses.terms import Terms, as_chosen, as_pair, check_pair, middle, weighed

Judged = Literal["composite", "out"]


def composite(out: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """Lay the truth over what was answered for known pixels, bit for bit; the picture that people will see.

    Raises:
        GridMismatch: out, truth and known do not share a grid.

    Example:
        >>> out, truth = torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)
        >>> composite(out, truth, torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]]))[0, 0]
        tensor([[1., 0.],
                [0., 0.]])
    """
    check_pair(out, truth)
    return torch.where(as_chosen(known, out), truth, out)


def l1_lost(out: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """Return the sum of absolute differences where lost, over B * C * H * W: "L_hole".

    Divided by the whole picture and not by the lacunae, as in the authors' code: a picture with little lost
    weighs little.
    """
    out, truth = as_pair(out, truth)
    return torch.where(as_chosen(known, out), 0.0, (out - truth).abs()).mean()


def l1_known(out: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """Return the sum of absolute differences where known, over B * C * H * W: "L_valid"."""
    out, truth = as_pair(out, truth)
    return torch.where(as_chosen(known, out), (out - truth).abs(), 0.0).mean()


def error_level(out: Tensor, truth: Tensor, known: Tensor, *, floor: float = 1e-4) -> Tensor:
    """Return how strong the error is where lost, in decibels below full scale: minus the PSNR of lacunae.

    10 log10(mean squared difference over the lost pixels + floor), averaged over pictures. A quiet picture
    with little lost then teaches as much as a rough one with much, as it counts as much in a mean PSNR.

    Args:
        out, truth: (B, C, H, W).
        known: (B, 1, H, W); a picture of which nothing is lost counts as without error.
        floor: keeps the slope finite; 1e-4 is a PSNR of 40 dB, beyond which little is left to gain.

    Example:
        >>> out, truth = torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.1)
        >>> round(error_level(out, truth, torch.zeros(1, 1, 2, 2), floor=0.0).item(), 3)
        -20.0
    """
    out, truth = as_pair(out, truth)
    lost = ~as_chosen(known, out)
    squares = torch.where(lost, (out - truth).square(), 0.0).sum(dim=(1, 2, 3))
    count = lost.expand_as(out).sum(dim=(1, 2, 3)).clamp(min=1)
    return 10 * torch.log10(squares / count + floor).mean()


def depth_levels(out: Tensor, truth: Tensor, known: Tensor, *, floor: float = 1e-4) -> Tensor:
    """Return `error_level`, measured apart for pixels near known paint, further in, and deep in a lacuna.

    An error in the middle of a wide lacuna is ten times as large as one in a crack. In one mean square the
    wide lacuna then decides alone what is learnt. Here lost pixels up to 3 px from known paint, up to 12 px,
    and beyond have a mean square each; all levels of all pictures count alike.

    Args:
        out, truth: (B, C, H, W).
        known: (B, 1, H, W); distances are those of the larger of rows and columns.
        floor: as in `error_level`.
    """
    out, truth = as_pair(out, truth)
    lost = (~as_chosen(known, out)).expand(len(out), -1, -1, -1)
    squares = (out - truth).square().sum(dim=1, keepdim=True)
    levels, weights = [], []
    for zone in _zones(lost):
        count = zone.sum(dim=(1, 2, 3))
        mean = torch.where(zone, squares, 0.0).sum(dim=(1, 2, 3)) / (count.clamp(min=1) * out.shape[1])
        levels.append(10 * torch.log10(mean + floor))
        weights.append((count > 0).to(mean))
    weight = torch.stack(weights)
    return (torch.stack(levels) * weight).sum() / weight.sum().clamp(min=1)


def _zones(lost: Tensor) -> list[Tensor]:
    """Divide lost pixels by their distance from known paint: up to 3 px, up to 12 px, beyond."""
    near = (~lost).float()
    zones, left = [], lost
    for widenings in (1, 3):
        for _ in range(widenings):
            near = functional.max_pool2d(near, (1, 7), stride=1, padding=(0, 3))  # one axis, then the other
            near = functional.max_pool2d(near, (7, 1), stride=1, padding=(3, 0))
        zones.append(left & (near > 0.5))
        left = left & (near < 0.5)
    return [*zones, left]


def mse(out: Tensor, truth: Tensor) -> Tensor:
    """Return the mean squared difference over all pixels and channels."""
    out, truth = as_pair(out, truth)
    return (out - truth).square().mean()


def total_variation(x: Tensor, known: Tensor | None = None, *, squared: bool = False) -> Tensor:
    """Return how much neighbours differ, down and across.

    Args:
        x: pictures (B, C, H, W), composites as a rule.
        known: where given, only pairs count of which both lie in a lacuna widened by one pixel (all eight
            neighbours), so that a fill is also smooth across its rim; None counts all pairs.
        squared: False adds absolute differences, over B * C * H * W (Liu et al., eq. 6). True adds
            squares in the scale of the poster's code: 2 (down / pairs down + across / pairs across) / B,
            where pairs are those of one channel of a whole picture, so that channels add up.

    Raises:
        GridMismatch: known has another grid than x.
        BadUsage: squared, and the pictures are a single row or column.

    Example:
        One step of 1 down, in 4 pixels, and none across:

        >>> x = torch.tensor([[[[0.0, 0.0], [1.0, 0.0]]]])
        >>> total_variation(x).item()
        0.5
    """
    x, _ = as_pair(x, x)
    down, across = x.diff(dim=-2), x.diff(dim=-1)
    if known is not None:
        near = _widen(~as_chosen(known, x))
        down = torch.where(near[..., 1:, :] & near[..., :-1, :], down, 0.0)
        across = torch.where(near[..., 1:] & near[..., :-1], across, 0.0)
    if not squared:
        return (down.abs().sum() + across.abs().sum()) / x.numel()
    batch, _, rows, cols = x.shape
    if min(rows, cols) == 1:
        raise BadUsage(f"squared total variation needs at least 2 x 2 pixels, got {tuple(x.shape)}")
    pairs_down, pairs_across = (rows - 1) * cols, rows * (cols - 1)
    return 2 * (down.square().sum() / pairs_down + across.square().sum() / pairs_across) / batch


def _widen(lost: Tensor) -> Tensor:
    return functional.max_pool2d(lost.float(), kernel_size=3, stride=1, padding=1) > 0.5


@dataclass(frozen=True)
class LiuLoss:
    """The objective of Liu et al. 2018, with its weights (eq. 7).

    L = L_valid + 6 L_hole + 0.05 L_perceptual + 120 (L_style_out + L_style_comp) + 0.1 L_tv

    Attributes:
        features: a frozen net, on the device of the pictures; published with VGG16 at pool1, pool2, pool3.
        known: weight of `l1_known`.
        lost: weight of `l1_lost`.
        content: weight of `perceptual.content`, of the answer and of the composite together.
        style: weight of `perceptual.style`, the same.
        variation: weight of `total_variation` of the composite.
    """

    features: FeatureNet
    known: float = 1.0
    lost: float = 6.0
    content: float = 0.05
    style: float = 120.0
    variation: float = 0.1

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor) -> Terms:
        """Judge an answer; parts: l1_known, l1_lost, content, style, variation."""
        comp = composite(out, truth, known)
        with torch.no_grad():
            of_truth = self.features.taps(truth)
        of_out, of_comp = self.features.taps(out), self.features.taps(comp)
        return weighed(
            {
                "l1_known": (self.known, l1_known(out, truth, known)),
                "l1_lost": (self.lost, l1_lost(out, truth, known)),
                "content": (self.content, content(of_out, of_truth) + content(of_comp, of_truth)),
                "style": (self.style, style(of_out, of_truth) + style(of_comp, of_truth)),
                "variation": (self.variation, total_variation(comp, known)),
            }
        )


@dataclass(frozen=True)
class PosterLoss:
    """The combined objective of the Dunhuang poster: content, style and smoothness of the composite.

    L = 0.05 MSE(features) + 1000 MSE(Gram matrices) + 0.1 TV (squared, whole picture)

    Attributes:
        features: a frozen net, on the device of the pictures; published with VGG16 at relu3_1.
        content: weight of the mean squared difference of features.
        style: weight of the mean squared difference of their Gram matrices.
        variation: weight of `total_variation(..., squared=True)`.
        joint_style: False makes one Gram matrix for each picture. True makes one for the whole batch, as
            the poster's code does: the value then depends on which pictures share a batch, and at batch B
            a picture's own style weighs about 1 / B³ of what it weighs alone. Equal at batch 1.
    """

    features: FeatureNet
    content: float = 0.05
    style: float = 1000.0
    variation: float = 0.1
    joint_style: bool = False

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor) -> Terms:
        """Judge an answer; parts: content, style, variation."""
        comp = composite(out, truth, known)
        with torch.no_grad():
            of_truth = self.features.taps(truth)
        of_comp = self.features.taps(comp)
        return weighed(
            {
                "content": (self.content, content(of_comp, of_truth, squared=True)),
                "style": (self.style, style(of_comp, of_truth, squared=True, joint=self.joint_style)),
                "variation": (self.variation, total_variation(comp, squared=True)),
            }
        )


@dataclass(frozen=True)
class L1Ssim:
    """Absolute error where lost, plus `weight` times (1 - SSIM) of the composite: only lacunae teach.

    Both terms are means over whole pictures, so that each lost pixel counts alike, whatever else is lost in
    its picture or its batch.

    Attributes:
        weight: of 1 - SSIM. Ours; with 0 it is plain absolute error, of which SSIM costs nothing.
    """

    weight: float = 0.1

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor) -> Terms:
        """Judge an answer; parts: l1_lost, and dssim unless its weight is 0."""
        terms = {"l1_lost": (1.0, l1_lost(out, truth, known))}
        if self.weight:
            terms["dssim"] = (self.weight, dssim_loss(composite(out, truth, known), truth))
        return weighed(terms)


@dataclass(frozen=True)
class PsnrSsim:
    """Minus the PSNR of the lacunae in dB, plus `weight` times (1 - SSIM) of the composite.

    For nets that are measured by mean PSNR and SSIM over paintings of all kinds.

    Attributes:
        weight: of 1 - SSIM: 20 lets 0.005 of it weigh as much as 0.1 dB. Ours.
        floor: of `error_level`.
    """

    weight: float = 20.0
    floor: float = 1e-4

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor) -> Terms:
        """Judge an answer; parts: error_level, and dssim unless its weight is 0."""
        terms = {"error_level": (1.0, error_level(out, truth, known, floor=self.floor))}
        if self.weight:
            terms["dssim"] = (self.weight, dssim_loss(composite(out, truth, known), truth))
        return weighed(terms)


@dataclass(frozen=True)
class DepthPsnrSsim:
    """`PsnrSsim` with `depth_levels`: cracks, rims and the middle of wide lacunae count alike.

    Attributes:
        weight: of 1 - SSIM of the composite, as in `PsnrSsim`.
        floor: of `depth_levels`.
    """

    weight: float = 20.0
    floor: float = 1e-4

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor) -> Terms:
        """Judge an answer; parts: depth_levels, and dssim unless its weight is 0."""
        terms = {"depth_levels": (1.0, depth_levels(out, truth, known, floor=self.floor))}
        if self.weight:
            terms["dssim"] = (self.weight, dssim_loss(composite(out, truth, known), truth))
        return weighed(terms)


@dataclass(frozen=True)
class MseSsim:
    """Mean squared error plus `weight` times (1 - SSIM), with SSIM's 11 x 11 Gaussian window.

    The poster names this objective but not its weight; 0.1 is where our search starts. A weight of 0 is
    plain mean squared error, of which SSIM costs nothing.

    Attributes:
        weight: of 1 - SSIM.
        judged: "composite" lays the truth over known pixels first, as the poster's code does, so that only
            lacunae teach; "out" judges all that the net answered, be it the middle of the truth alone.
    """

    weight: float = 0.1
    judged: Judged = "composite"

    def __post_init__(self) -> None:
        if self.judged not in ("composite", "out"):
            raise BadUsage(f'MseSsim judges the "composite" or the "out", got {self.judged!r}')

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor) -> Terms:
        """Judge an answer; parts: mse, and dssim unless its weight is 0."""
        if self.judged == "composite":
            picture = composite(out, truth, known)
        else:
            picture, truth = out, middle(truth, out)
        terms = {"mse": (1.0, mse(picture, truth))}
        if self.weight:
            terms["dssim"] = (self.weight, dssim_loss(picture, truth))
        return weighed(terms)
