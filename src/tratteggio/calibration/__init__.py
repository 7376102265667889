"""Calibration of the confidence on a painting's own paint, and abstaining where it is low.

The measures themselves are pure functions in `tratteggio.metrics.calibration`.
"""

from tratteggio.calibration.abstaining import abstain, require_limit
from tratteggio.calibration.calibrating import calibrate_confidence
from tratteggio.calibration.synthetic_holes import SyntheticHole, fill_synthetic_holes

__all__ = ["SyntheticHole", "abstain", "calibrate_confidence", "fill_synthetic_holes", "require_limit"]
