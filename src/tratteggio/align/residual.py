"""How well scans lie on each other, measured at places that no fit has seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.align.transform import Floats


@dataclass(frozen=True, eq=False)
class Residual:
    """Errors at patches that were held out from every fit.

    Attributes:
        places: (k, 2) middles of the patches on the reference, in pixels.
        shifts: (k, 2) by how much each patch of the source still lies aside, in reference pixels;
            NaN where nothing could be measured.
        expected: (k,) root mean square error that the fit expects of itself there, reference pixels, measured
            or not; None if it does not say.

    Example:
        >>> Residual(np.zeros((2, 2)), np.array([[0.3, 0.4], [np.nan, np.nan]])).figures()["mean_px"]
        0.5
    """

    places: Floats
    shifts: Floats
    expected: Floats | None = None

    @classmethod
    def joined(cls, parts: Iterable[Residual]) -> Residual:
        """Return the residual of several pairs of scans as one."""
        parts = list(parts)
        return cls(
            np.concatenate([part.places for part in parts]), np.concatenate([part.shifts for part in parts])
        )

    @property
    def errors(self) -> Floats:
        """(k,) lengths of the shifts, NaN where not measured."""
        errors: Floats = np.linalg.norm(self.shifts, axis=-1)
        return errors

    @property
    def measured(self) -> NDArray[np.bool_]:
        """(k,) True where the error is known."""
        return np.asarray(np.isfinite(self.shifts).all(axis=-1))

    @property
    def share(self) -> float:
        """Share of the held-out places where the error could be measured, 0 to 1."""
        return float(self.measured.mean()) if self.measured.size else 0.0

    @property
    def mean(self) -> float:
        """Mean error in reference pixels; infinite if nothing was measured."""
        return float(self.errors[self.measured].mean()) if self.measured.any() else float("inf")

    @property
    def p95(self) -> float:
        """95th percentile of the errors in reference pixels; infinite if nothing was measured."""
        return float(np.percentile(self.errors[self.measured], 95)) if self.measured.any() else float("inf")

    def figures(self) -> dict[str, Any]:
        """Return what there is to say in numbers, JSON-like."""
        known = bool(self.measured.any())
        return {
            "what": "how far patches held out from every fit still lie aside, in pixels of the reference",
            "mean_px": round(self.mean, 4) if known else None,
            "p95_px": round(self.p95, 4) if known else None,
            "worst_px": round(float(np.nanmax(self.errors)), 4) if known else None,
            "measured_share": round(self.share, 4),
            "places_measured": int(self.measured.sum()),
            "expected_px": None if self.expected is None else round(float(self.expected.mean()), 4),
        }

    def as_json(self) -> dict[str, Any]:
        """Return the figures and the map: [row, column, rows aside, columns aside] of each place measured."""
        rows = np.concatenate([self.places, self.shifts], axis=1)[self.measured]
        return {**self.figures(), "map": np.round(rows, 3).tolist()}
