"""Make the confidence of a proposal hold on its painting: learn from synthetic holes what it means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.calibration.synthetic_holes import SyntheticHole
from tratteggio.metrics.calibration import LEVELS, Calibration, calibrate, calibration_error, reliability


def calibrate_confidence(holes: Sequence[SyntheticHole]) -> tuple[Calibration, dict[str, Any]]:
    """Learn from synthetic holes what confidences mean, and measure how well that holds.

    Each half of the holes is measured with the calibration that was learnt from the other half.

    Returns:
        the calibration by all holes; for the history, the share of pixels within the band of each level and
        the calibration error, before and after.
    """
    confidence, error = _joined(holes)
    before, after = reliability(confidence, error), np.zeros(len(LEVELS))
    for half in (0, 1):
        learnt = calibrate(*_joined(holes[1 - half :: 2]))
        given, made = _joined(holes[half::2])
        after += reliability(learnt(given), made, spans=learnt.spans) * len(made) / len(error)
    record = {
        "trials": len(holes),
        "pixels": len(error),
        "levels": list(LEVELS),
        "within_before": before.round(4).tolist(),
        "within_after": after.round(4).tolist(),
        "error_before": round(calibration_error(before), 4),
        "error_after": round(calibration_error(after), 4),
    }
    return calibrate(confidence, error), record


def _joined(holes: Sequence[SyntheticHole]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return confidences and errors of all pixels."""
    return (
        np.concatenate([hole.confidence for hole in holes]),
        np.concatenate([hole.error for hole in holes]),
    )
