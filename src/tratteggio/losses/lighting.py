"""Objectives for nets that give light to dark pictures: by the picture, by the illumination, or by no truth.

Sources:
    Chen, Chen, Xu, Koltun, "Learning to see in the dark", CVPR 2018 (L1 on what came from raw).
    Wang, Zhang, Fu, Shen, Zheng, Jia, "Underexposed photo enhancement using deep illumination estimation",
    CVPR 2019, section 3.3; Guo, Li, Guo, Loy, Hou, Kwong, Cong, "Zero-reference deep curve estimation for
    low-light image enhancement", CVPR 2020, section 3.3, with the scales of the authors' code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional

from tratteggio.errors import BadUsage
from tratteggio.losses.inpainting import mse, total_variation
from tratteggio.losses.terms import Terms, as_pair, weighed


@dataclass(frozen=True)
class Absolute:
    """The mean absolute difference over all that was answered; the part is named "absolute"."""

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor | None = None) -> Terms:  # noqa: ARG002
        """Compare out and truth (B, C, H, W).

        Args:
            out: what the net answered.
            truth: the same shape.
            known: not used: an enhancer answers for every pixel.
        """
        y, x = as_pair(out, truth)
        return weighed({"absolute": (1.0, (y - x).abs().mean())})


# --- illumination ----------------------------------------------------------------------------------------


class Lit(NamedTuple):
    """What an illumination net answers in training.

    Attributes:
        picture: (B, 3, H, W), shown / illumination.
        illumination: (B, 3, H, W), S.
        shown: (B, 3, H, W), I: what the net was shown.
    """

    picture: Tensor
    illumination: Tensor
    shown: Tensor


def smoothness(illumination: Tensor, shown: Tensor) -> Tensor:
    """Return how much the illumination changes where the picture does not (eq. 4).

    The mean of w (dS)² over all pairs down, and that across, where w = 1 / (|d log L|^1.2 + 1e-4) and L is
    the mean of the channels of what was shown. The paper adds up where this takes means, so that the weight
    of the term does not depend on the size of a patch.

    Args:
        illumination: S (B, 3, H, W).
        shown: I (B, 3, H, W), 0 .. 1; below 1e-4 it counts as that.

    Example:
        Where the picture is flat a step in the illumination weighs ten thousand times its square:

        >>> import torch
        >>> flat, step = torch.full((1, 3, 2, 2), 0.5), torch.zeros(1, 3, 2, 2)
        >>> step[..., 1, :] = 0.1
        >>> smoothness(step, flat)
        tensor(100.0000)
    """
    s, i = as_pair(illumination, shown)
    log = i.mean(dim=1, keepdim=True).clamp(min=1e-4).log()
    terms = []
    for axis in (-2, -1):
        weight = 1 / (log.diff(dim=axis).abs() ** 1.2 + 1e-4)
        terms.append((weight * s.diff(dim=axis).square()).mean())
    return terms[0] + terms[1]


def hue(out: Tensor, truth: Tensor) -> Tensor:
    """Return 1 - cos of the angle between colours as vectors, averaged over pixels (eq. 5).

    Args:
        out, truth: (B, 3, H, W); black has no direction and costs 1.

    Example:
        Half as bright is the same colour; red is at right angles to green:

        >>> import torch
        >>> grey = torch.full((1, 3, 1, 1), 0.5)
        >>> red, green = (torch.eye(3)[k].view(1, 3, 1, 1) for k in (0, 1))
        >>> [round(hue(x, y).item(), 4) for x, y in ((grey / 2, grey), (red, green))]
        [0.0, 1.0]
    """
    y, x = as_pair(out, truth)
    return 1 - functional.cosine_similarity(y, x, dim=1, eps=1e-6).mean()


@dataclass(frozen=True)
class Illumination:
    """The objective of nets that answer with an illumination, after Wang et al. 2019 (eq. 2).

    L = reconstruction ||I - S truth||² + smoothness + colour. Of an answer without its illumination, as in
    validation, the first is the squared error of the picture, and the second is not counted.

    Attributes:
        reconstruction, smooth, colour: weights. Published are 1, 2 and 3, with sums over pixels in the first
            two, of which these are means.
        picture: weight of the mean squared error of the picture itself; 0 as published. S is small where it
            is dark, and so is the first term there, however wrong the picture.
    """

    reconstruction: float = 1.0
    smooth: float = 2.0
    colour: float = 3.0
    picture: float = 0.0

    def __post_init__(self) -> None:
        for name in ("reconstruction", "smooth", "colour", "picture"):
            if getattr(self, name) < 0:
                raise BadUsage(f"{name} must not be negative, got {getattr(self, name)}")

    def __call__(self, out: Lit | Tensor, truth: Tensor, known: Tensor) -> Terms:  # noqa: ARG002
        """Judge an answer; parts: reconstruction, colour, and in training smoothness and picture."""
        if isinstance(out, Tensor):
            return weighed(
                {"reconstruction": (1.0, mse(out, truth)), "colour": (self.colour, hue(out, truth))}
            )
        return weighed(
            {
                "reconstruction": (self.reconstruction, mse(out.illumination * truth, out.shown)),
                "smoothness": (self.smooth, smoothness(out.illumination, out.shown)),
                "colour": (self.colour, hue(out.picture, truth)),
                "picture": (self.picture, mse(out.picture, truth)),
            }
        )


# --- curves ----------------------------------------------------------------------------------------------


class Curved(NamedTuple):
    """What a net of curves answers in training.

    Attributes:
        picture: (B, 3, H, W).
        maps: (B, 24, H, W), -1 .. 1, how each pixel is curved, step after step.
        shown: (B, 3, H, W), what the net was shown.
    """

    picture: Tensor
    maps: Tensor
    shown: Tensor


def contrast_kept(picture: Tensor, shown: Tensor, *, cell: int = 4) -> Tensor:
    """Return how much the differences between neighbouring cells have changed: "L_spa".

    Grey means of 4 x 4 pixels; of each cell the differences to its four neighbours, enhanced and as shown,
    are compared, squared and added up; the mean over cells. Beyond the picture there are no neighbours.

    Args:
        picture, shown: (B, C, H, W), at least one cell large.
        cell: side in pixels.
    """
    y, x = as_pair(picture, shown)
    changed = functional.avg_pool2d((y - x).mean(dim=1, keepdim=True), cell)
    squares = [changed.diff(dim=axis).square().sum() for axis in (-2, -1)]
    return 2 * (squares[0] + squares[1]) / changed.numel()  # each pair counts for both of its cells


def grey_world(picture: Tensor) -> Tensor:
    """Return how far the means of the channels differ, averaged over pictures: "L_col".

    sqrt((R - G)⁴ + (R - B)⁴ + (G - B)⁴), as the authors' code has it; the paper has no root.

    Example:
        >>> import torch
        >>> round(grey_world(torch.tensor([0.5, 0.25, 0.5]).view(1, 3, 1, 1)).item(), 6)  # sqrt(2) / 16
        0.088388
    """
    red, green, blue = picture.float().mean(dim=(2, 3)).unbind(dim=1)
    fourth = (red - green) ** 4 + (red - blue) ** 4 + (green - blue) ** 4
    # The root has no slope at 0, where all is well.
    return fourth.clamp(min=1e-16).sqrt().mean()


def well_exposed(picture: Tensor, *, level: float = 0.6, cell: int = 16) -> Tensor:
    """Return the mean squared distance of 16 x 16 grey means from a level: "L_exp".

    Example:
        >>> import torch
        >>> round(well_exposed(torch.full((1, 3, 16, 16), 0.5)).item(), 4)
        0.01
    """
    means = functional.avg_pool2d(picture.float().mean(dim=1, keepdim=True), cell)
    return (means - level).square().mean()


@dataclass(frozen=True)
class Curves:
    """The objective that needs no truth, after Guo et al. 2020 (eq. 8).

    Of an answer without its maps, as in validation, only grey world and exposure count.

    Attributes:
        smooth: weight of the squared variation of the maps.
        contrast: of `contrast_kept`.
        grey: of `grey_world`.
        exposure: of `well_exposed`.
        level: that means should have.
    """

    smooth: float = 200.0
    contrast: float = 1.0
    grey: float = 5.0
    exposure: float = 10.0
    level: float = 0.6

    def __post_init__(self) -> None:
        for name in ("smooth", "contrast", "grey", "exposure"):
            if getattr(self, name) < 0:
                raise BadUsage(f"{name} must not be negative, got {getattr(self, name)}")
        if not 0 < self.level < 1:
            raise BadUsage(f"level of exposure must lie between 0 and 1, got {self.level}")

    def __call__(self, out: Curved | Tensor, truth: Tensor, known: Tensor) -> Terms:  # noqa: ARG002
        """Judge an answer, whatever the truth; parts: grey, exposure, and in training smooth and contrast."""
        picture = out if isinstance(out, Tensor) else out.picture
        terms = {
            "grey": (self.grey, grey_world(picture)),
            "exposure": (self.exposure, well_exposed(picture, level=self.level)),
        }
        if not isinstance(out, Tensor):
            terms["smooth"] = (self.smooth, total_variation(out.maps, squared=True))
            terms["contrast"] = (self.contrast, contrast_kept(out.picture, out.shown))
        return weighed(terms)
