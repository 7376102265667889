"""How well damage is found: precision, recall, F1 and IoU with a tolerance, areas under curves, kappa.

Truth and what was found are (H, W) bool; strengths are (H, W) numbers, the more the likelier damage. Where
nobody has looked (`annotated` False) nothing counts: an unlabelled pixel is neither sound nor damaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage, GridMismatch

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Agreement:
    """What was found beside the truth, counted in pixels; agreements of several pictures can be added.

    A share of nothing is not a number: precision where nothing was found, recall where nothing is damaged.

    Attributes:
        found_right: found, with damage within the tolerance.
        found: found in all.
        truth_met: damaged, with something found within the tolerance.
        truth: damaged in all.

    Example:
        >>> one, two = Agreement(3, 4, 3, 6), Agreement(1, 4, 1, 2)
        >>> (one + two).precision, (one + two).recall, round((one + two).f1, 3)
        (0.5, 0.5, 0.5)
    """

    found_right: int
    found: int
    truth_met: int
    truth: int

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(
            self.found_right + other.found_right,
            self.found + other.found,
            self.truth_met + other.truth_met,
            self.truth + other.truth,
        )

    @property
    def precision(self) -> float:
        """Share of what was found that is damage."""
        return _share(self.found_right, self.found)

    @property
    def recall(self) -> float:
        """Share of the damage that was found."""
        return _share(self.truth_met, self.truth)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 if nothing that was found is damage and none is met."""
        if self.found_right == 0 or self.truth_met == 0:
            return 0.0 if self.found or self.truth else float("nan")
        return 2 * self.precision * self.recall / (self.precision + self.recall)

    @property
    def iou(self) -> float:
        """Intersection over union: what was rightly found, over that, false alarms and what was missed."""
        wrong, missed = self.found - self.found_right, self.truth - self.truth_met
        return _share(self.found_right, self.found_right + wrong + missed)


def agreement(
    truth: Flags, found: Flags, *, annotated: Flags | None = None, tolerance_px: float = 0
) -> Agreement:
    """Count how what was found agrees with the truth.

    Args:
        truth: (H, W) bool, True where there is damage.
        found: likewise, where it was found.
        annotated: (H, W) bool, True where the truth is known; None: everywhere.
        tolerance_px: how far apart, centre to centre, a found pixel and a damaged one may lie. Cracks are
            drawn by hand a pixel or two beside where they are; 2 is the custom for them.

    Raises:
        GridMismatch: the arrays are not on one grid.
        BadUsage: an array that is not boolean, or a negative tolerance.

    Source:
        the tolerance is that of Shi et al., "Automatic road crack detection using random structured forests",
        IEEE Transactions on Intelligent Transportation Systems 17, 2016, section IV.

    Example:
        >>> truth, found = np.zeros((5, 9), bool), np.zeros((5, 9), bool)
        >>> truth[1], found[3] = True, True
        >>> agreement(truth, found).f1, agreement(truth, found, tolerance_px=2).f1
        (0.0, 1.0)
    """
    known = _known(truth, annotated, found)
    if found.dtype != np.bool_:
        raise BadUsage(f"what was found is (H, W) bool, got {found.dtype}; threshold it first")
    if not tolerance_px >= 0:
        raise BadUsage(f"the tolerance is 0 pixels or more, got {tolerance_px}")
    damaged, counted = truth & known, found & known
    right, met = counted & _within(damaged, tolerance_px), damaged & _within(found, tolerance_px)
    return Agreement(*(int(np.count_nonzero(of)) for of in (right, counted, met, damaged)))


def kappa(truth: Flags, found: Flags, *, annotated: Flags | None = None) -> float:
    """Cohen's kappa: how far truth and finding agree beyond chance; 1 wholly, 0 as chance would.

    Args:
        truth, found, annotated: as those of `agreement`.

    Returns:
        at most 1; not a number if both are the same constant, so that chance alone agrees wholly.

    Raises:
        GridMismatch, BadUsage: as `agreement`.

    Source:
        Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20,
        1960, eq. 1.

    Example:
        >>> kappa(np.array([[True, True, False, False]]), np.array([[True, False, False, False]]))
        0.5
    """
    known = _known(truth, annotated, found)
    if found.dtype != np.bool_:
        raise BadUsage(f"what was found is (H, W) bool, got {found.dtype}; threshold it first")
    damaged, counted = truth[known], found[known]
    total = damaged.size
    observed = float(np.count_nonzero(damaged == counted)) / total
    p, q = np.count_nonzero(damaged) / total, np.count_nonzero(counted) / total
    chance = p * q + (1 - p) * (1 - q)
    return float("nan") if chance == 1 else float((observed - chance) / (1 - chance))


def auc_pr(truth: Flags, strength: NDArray[Any], *, annotated: Flags | None = None) -> float:
    """Area under precision over recall, by steps (average precision): 1 if all damage is stronger.

    A detector that tells nothing gets the share of the area that is damaged.

    Args:
        truth, annotated: as those of `agreement`.
        strength: (H, W) numbers.

    Returns:
        0 .. 1; not a number if nothing is damaged.

    Raises:
        GridMismatch, BadUsage: as `agreement`.

    Source:
        Davis and Goadrich, "The relationship between precision-recall and ROC curves", ICML 2006, section 4:
        points are not to be joined by straight lines.

    Example:
        >>> auc_pr(np.array([[True, False, True, False]]), np.array([[0.9, 0.8, 0.7, 0.1]])).__round__(4)
        0.8333
    """
    right, wrong = _cumulated(truth, strength, annotated)
    if right[-1] == 0:
        return float("nan")
    gained = np.diff(right, prepend=0) / right[-1]
    return float(np.sum(gained * right / (right + wrong)))


def auc_roc(truth: Flags, strength: NDArray[Any], *, annotated: Flags | None = None) -> float:
    """Area under the receiver's curve: the chance that damage is stronger than sound paint; ties count half.

    Args:
        truth, strength, annotated: as those of `auc_pr`.

    Returns:
        0 .. 1; not a number if nothing is damaged, or everything.

    Raises:
        GridMismatch, BadUsage: as `agreement`.

    Source:
        Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006, section 7.

    Example:
        >>> auc_roc(np.array([[True, False, True, False]]), np.array([[0.9, 0.8, 0.7, 0.1]]))
        0.75
    """
    right, wrong = _cumulated(truth, strength, annotated)
    if right[-1] == 0 or wrong[-1] == 0:
        return float("nan")
    rates = np.concatenate([[0], right]) / right[-1]
    return float(np.sum(np.diff(wrong, prepend=0) / wrong[-1] * (rates[1:] + rates[:-1]) / 2))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _known(truth: Flags, annotated: Flags | None, other: NDArray[Any]) -> Flags:
    """Return where the truth is known, after making sure that all lie on one grid."""
    known = np.ones(truth.shape, bool) if annotated is None else annotated
    if truth.ndim != 2 or not truth.shape == other.shape == known.shape:
        raise GridMismatch(
            "truth, finding and annotated places are compared on one grid (H, W), "
            f"got {truth.shape}, {other.shape} and {known.shape}"
        )
    if truth.dtype != np.bool_ or known.dtype != np.bool_:
        raise BadUsage(f"truth and annotated places are (H, W) bool, got {truth.dtype} and {known.dtype}")
    if not known.any():
        raise BadUsage("no pixel is annotated, so there is nothing to compare")
    return known


def _within(flags: Flags, distance: float) -> Flags:
    """Return what lies within a distance of what is flagged."""
    if distance == 0 or not flags.any():
        return flags
    near: Flags = ndimage.distance_transform_edt(~flags) <= distance
    return near


def _cumulated(
    truth: Flags, strength: NDArray[Any], annotated: Flags | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count damaged and sound pixels from each strength up, the strongest first; ties are one step."""
    known = _known(truth, annotated, strength)
    damaged, values = truth[known], strength[known].astype(np.float64)
    if not np.isfinite(values).all():
        raise BadUsage("strengths are numbers, but some are NaN or infinite")
    order = np.argsort(-values, kind="stable")
    last = np.append(np.nonzero(np.diff(values[order]))[0], values.size - 1)
    right = np.cumsum(damaged[order])[last]
    return right, last + 1 - right
