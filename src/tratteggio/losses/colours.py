"""Colour as classes: how surprising the colour of a place is to a net that answers a distribution over 313.

The plane of a* and b* is cut into squares of 10 x 10; the 313 that hold colours of sRGB are the classes.
Where a distance is brought down instead, what could be red or blue becomes the mean of both: grey, or sepia.

Source: Zhang, Isola, Efros, "Colorful image colorization", ECCV 2016, eq. 1 to 4; the table of classes is
that of the authors' code, range by range.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.layers.lab import to_lab
from tratteggio.losses.terms import Terms, as_pair, weighed

GRID = 10  # of a* and b*, between two classes
SPREAD = 5.0  # sigma of the Gaussians that spread a colour over classes, and counts over their neighbours
NEAREST = 5  # classes that a colour is spread over

RANGES = {
    -90: (50, 90), -80: (20, 90), -70: (0, 90), -60: (-20, 90), -50: (-30, 100), -40: (-40, 100),
    -30: (-50, 100), -20: (-50, 100), -10: (-60, 100), 0: (-70, 100), 10: (-80, 90), 20: (-80, 90),
    30: (-90, 90), 40: (-100, 90), 50: (-100, 80), 60: (-110, 80), 70: (-110, 80), 80: (-110, 70),
    90: (-110, 70), 100: (-90, 0),
}  # fmt: skip
"""First and last b* of the classes of each a*."""

CLASSES = torch.tensor(
    [(a, b) for a, (first, last) in RANGES.items() for b in range(first, last + 1, GRID)],
    dtype=torch.float32,
    device="cpu",  # said, since nets are first built on the meta device, which may be what imports this
)
"""(313, 2): a* and b* of the middle of each class."""


def soft_classes(ab: Tensor) -> tuple[Tensor, Tensor]:
    """Spread each colour over its 5 nearest classes, by a Gaussian of sigma 5 of the distances.

    Args:
        ab: (B, 2, h, w).

    Returns:
        weights (B, h, w, 5), 1 in sum at each place, and the numbers of their classes, int64, likewise.

    Example:
        The middle of a class and the four about it:

        >>> weights, _ = soft_classes(torch.tensor([0.0, 0.0]).view(1, 2, 1, 1))
        >>> weights.flatten().sort(descending=True).values.round(decimals=3)
        tensor([0.6490, 0.0880, 0.0880, 0.0880, 0.0880])
    """
    squares, classes = _squares(ab).topk(NEAREST, largest=False, sorted=False)
    return torch.softmax(-squares / (2 * SPREAD**2), dim=-1), classes


def nearest_class(ab: Tensor) -> Tensor:
    """Number the nearest class of each colour: (B, 2, h, w) -> (B, h, w) int64."""
    return _squares(ab).argmin(dim=-1)


def smoothed(counts: Tensor) -> Tensor:
    """Return how frequent each class is, neighbours taken for one another by a Gaussian of sigma 5.

    Args:
        counts: (313,) of nearest classes, 0 or more, not all 0.

    Returns:
        (313,) float32, 1 in sum.
    """
    classes = CLASSES.to(counts.device)
    spread = torch.softmax(-torch.cdist(classes, classes).square() / (2 * SPREAD**2), dim=1)
    shares = counts.to(spread) @ spread
    return shares / shares.sum()


def rebalancing(shares: Tensor, *, even: float = 0.5) -> Tensor:
    """Return how much a pixel of each class counts: the more the rarer, 1 on average over pixels (eq. 4).

    Args:
        shares: (313,), how frequent each class is; 1 in sum.
        even: lambda, the weight of an even distribution that is mixed in, 0 .. 1; with 1 all count the same.

    Example:
        >>> rebalancing(torch.tensor([0.75, 0.25]), even=1.0)
        tensor([1., 1.])
    """
    weights = 1 / ((1 - even) * shares + even / len(shares))
    return weights / (weights * shares).sum()


def counted(pictures: Iterable[Tensor], *, cell: int = 1) -> Tensor:
    """Count the nearest classes of pictures (3, H, W) of 0 .. 1: (313,).

    Args:
        pictures: sRGB.
        cell: side in pixels of what is counted as one place, by its mean.
    """
    counts = torch.zeros(len(CLASSES))
    for picture in pictures:
        ab = functional.avg_pool2d(to_lab(picture[None])[:, 1:], cell)
        counts += torch.bincount(nearest_class(ab).flatten(), minlength=len(CLASSES))
    return counts


@dataclass(frozen=True)
class ColourClasses:
    """Cross-entropy of the 313 classes, each place weighed by how rare its colour is (eq. 2).

    Attributes:
        even: as in `rebalancing`; 1 weighs all places alike, and needs no `fitted`.
        weights: (313,), set by `fitted`.

    Raises:
        BadUsage: even is no share.
    """

    even: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.even <= 1:
            raise BadUsage(f"even is a share above 0, up to 1, got {self.even}")

    def fitted(self, pictures: Iterable[Tensor]) -> WeighedClasses:
        """Take the frequency of colours from pictures (3, H, W) of 0 .. 1, those to learn from."""
        return WeighedClasses(rebalancing(smoothed(counted(pictures, cell=4)), even=self.even))

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor | None = None) -> Terms:
        """Judge as `WeighedClasses` with equal weights, which `even` of 1 means.

        Raises:
            BadUsage: weights are wanted and pictures have not been looked at, see `fitted`.
        """
        if self.even != 1 and out.shape != truth.shape:
            raise BadUsage("colours are rebalanced by how frequent they are; call fitted(pictures) first")
        return WeighedClasses(torch.ones(len(CLASSES)))(out, truth, known)


@dataclass(frozen=True, eq=False)
class WeighedClasses:
    """`ColourClasses`, with the weights of the classes.

    Attributes:
        weights: (313,) float32.
    """

    weights: Tensor

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor | None = None) -> Terms:  # noqa: ARG002
        """Judge an answer; the part is named "surprise", or "ab" where a picture was answered.

        Args:
            out: (B, 313, h, w), logits, with H and W of the truth being the same multiple of h and w; or a
                picture (B, 3, H, W), as nets answer that are not being trained.
            truth: (B, 3, H, W), sRGB of 0 .. 1.
            known: not used: the colour is not shown anywhere.

        Raises:
            GridMismatch: out is neither.
        """
        if out.shape == truth.shape:
            return weighed({"ab": (1.0, _apart(out, truth))})
        ab = _coarse(truth, out)
        shares, classes = soft_classes(ab)
        logits = out.float().movedim(1, -1)
        surprise = logits.logsumexp(dim=-1) - (shares * logits.gather(-1, classes)).sum(dim=-1)
        return weighed({"surprise": (1.0, (self.weights.to(ab)[nearest_class(ab)] * surprise).mean())})


@dataclass(frozen=True)
class ColourDistance:
    """Half the squared distance of a* and b*, the baseline of the paper (eq. 1)."""

    def __call__(self, out: Tensor, truth: Tensor, known: Tensor | None = None) -> Terms:  # noqa: ARG002
        """Judge an answer; the part is named "ab", in units of a* and b* squared.

        Args:
            out: (B, 2, h, w), a* and b*, or a picture (B, 3, H, W); else as for `WeighedClasses`.
            truth: (B, 3, H, W), sRGB of 0 .. 1.
            known: not used.
        """
        if out.shape == truth.shape:
            return weighed({"ab": (1.0, _apart(out, truth))})
        return weighed({"ab": (1.0, (out.float() - _coarse(truth, out)).square().sum(dim=1).mean() / 2)})


def _coarse(truth: Tensor, out: Tensor) -> Tensor:
    """Return a* and b* of the truth on the grid of the answer, each the mean of its pixels."""
    cell = truth.shape[2] // out.shape[2]
    if (out.shape[2] * cell, out.shape[3] * cell) != truth.shape[2:]:
        raise GridMismatch(
            "colours are answered on the grid of the picture, or on one a whole number of times coarser, "
            f"got {tuple(out.shape)} for {tuple(truth.shape)}"
        )
    return functional.avg_pool2d(to_lab(truth.float())[:, 1:], cell)


def _apart(out: Tensor, truth: Tensor) -> Tensor:
    y, x = as_pair(out, truth)
    return (to_lab(y)[:, 1:] - to_lab(x)[:, 1:]).square().sum(dim=1).mean() / 2


def _squares(ab: Tensor) -> Tensor:
    """Return squared distances to the classes: (B, 2, h, w) -> (B, h, w, 313)."""
    classes, places = CLASSES.to(ab), ab.movedim(1, -1)
    return places.square().sum(dim=-1, keepdim=True) - 2 * places @ classes.T + classes.square().sum(dim=1)
