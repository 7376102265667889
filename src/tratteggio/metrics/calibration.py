"""Make confidences hold: from pixels whose truth is known, what error an engine's confidence really means.

A calibrated confidence states a standard deviation s such that 90 % of errors stay below 1.645 s, as they
would if they were Gaussian: this band is what people are told. Errors of fills are not Gaussian, so bands of
other levels are as wide as the errors tried were.

Sources: Vovk, Gammerman, Shafer, "Algorithmic learning in a random world", 2005, section 4.5, and Lei et
al., "Distribution-free predictive inference for regression", 2018 (split conformal quantiles, here of bins);
Kuleshov, Fenner, Ermon, "Accurate uncertainties for deep learning using calibrated regression", ICML 2018
(reliability).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from tratteggio.errors import BadUsage
from tratteggio.metrics.confidence import confidence_of, stated_error

LEVEL = 0.9
LEVELS = tuple(round(0.1 * n, 1) for n in range(1, 10))
BINS = 12
LEAST = 200  # pixels of a bin: fewer make its quantile a matter of chance

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Calibration:
    """From the errors that an engine states to those that it makes.

    Attributes:
        stated: (k,) ascending, shares of the range.
        found: (k,) not descending, what these are in truth; a straight line between, the last ones beyond.
        spans: (9,) how wide the bands of the levels 0.1 to 0.9 are, in units of what was found.
    """

    stated: NDArray[np.float64]
    found: NDArray[np.float64]
    spans: NDArray[np.float64]

    def __call__(self, confidence: Floats) -> NDArray[np.float32]:
        """Return calibrated confidences; 0, which says that nothing is proposed, stays 0."""
        confidence = np.asarray(confidence)
        error = np.interp(stated_error(confidence), self.stated, self.found)
        return np.where(confidence > 0, confidence_of(error), np.float32(0)).astype(np.float32)


def calibrate(confidence: Floats, error: Floats) -> Calibration:
    """Learn from pixels whose truth is known.

    Args:
        confidence: (n,), as the engine gives it.
        error: (n,) how far off its fill is, as shares of the range.

    Raises:
        BadUsage: fewer than 200 pixels, or arrays that do not match.
    """
    confidence, error = _pair(confidence, error)
    if len(error) < LEAST:
        raise BadUsage(f"{len(error)} pixels are too few to calibrate by; {LEAST} at least are needed")
    stated = stated_error(confidence)
    # Engines often give many pixels one confidence: equal ones share a bin, so there may be fewer.
    cuts = np.unique(np.quantile(stated, np.linspace(0, 1, min(BINS, len(error) // LEAST) + 1)[1:-1]))
    number = np.searchsorted(cuts, stated, side="left")
    parts = [np.flatnonzero(number == one) for one in np.unique(number)]
    middles = np.array([np.median(stated[part]) for part in parts])
    widths = np.array([_quantile(error[part]) for part in parts])
    rising = optimize.isotonic_regression(widths, weights=[float(len(part)) for part in parts]).x
    found = rising / band(1.0, LEVEL)
    ratios = error / np.maximum(np.interp(stated, middles, found), np.finfo(float).tiny)
    return Calibration(middles, found, np.quantile(ratios, LEVELS))


def band(error: float | Floats, level: float | Floats) -> NDArray[np.float64]:
    """Return how far off values with a Gaussian error lie at most, with probability `level`.

    Example:
        >>> round(float(band(1.0, 0.9)), 3)
        1.645
    """
    return np.asarray(np.asarray(error, dtype=np.float64) * math.sqrt(2) * special.erfinv(level))


def band_of(confidence: Floats) -> NDArray[np.float64]:
    """Return how far off 9 of 10 fills of a calibrated confidence lie at most, as a share of the range.

    At most 1: nothing can be further off.
    """
    return np.minimum(band(stated_error(confidence), LEVEL), 1)


def reliability(confidence: Floats, error: Floats, *, spans: Floats | None = None) -> NDArray[np.float64]:
    """Return which share of the pixels lies in the band of each of `LEVELS`: equal to it if all is honest.

    Args:
        confidence, error: (n,) as for `calibrate`.
        spans: of a calibration, whose confidences these are; None takes Gaussian bands.
    """
    confidence, error = _pair(confidence, error)
    stated = stated_error(confidence)
    widths = band(1.0, np.array(LEVELS)) if spans is None else np.asarray(spans)
    return np.array([np.mean(error <= width * stated) for width in widths])


def calibration_error(within: Floats) -> float:
    """Return how far a reliability is off on average over `LEVELS`: 0 is best, below 1."""
    return float(np.mean(np.abs(np.asarray(within) - LEVELS)))


def _quantile(error: Floats) -> float:
    """Return the error that a further pixel stays below with probability `LEVEL` or more."""
    rank = min(len(error), math.ceil((len(error) + 1) * LEVEL))
    return float(np.partition(error, rank - 1)[rank - 1])


def _pair(confidence: Floats, error: Floats) -> tuple[Floats, Floats]:
    confidence, error = np.asarray(confidence), np.asarray(error)
    if confidence.ndim != 1 or confidence.shape != error.shape:
        raise BadUsage(
            f"each pixel has a confidence and an error, both (n,), got {confidence.shape} and {error.shape}"
        )
    return confidence, error
