"""How far a proposal can be trusted: its confidence made honest, and lacunae left open where it is low."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadUsage
from tratteggio.metrics.calibration import (
    LEVELS,
    Calibration,
    band_of,
    calibrate,
    calibration_error,
    reliability,
)
from tratteggio.painting import Groups, Lacunae, Region
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Lost, Pixels
from tratteggio.tiles.trial import Trial

MOST_LISTED = 1000  # lacunae left open that the history names


def calibration_of(trials: Sequence[Trial]) -> tuple[Calibration, dict[str, Any]]:
    """Learn from trials what confidences mean, and say how well that holds.

    What is told was measured on trials that it was not learnt from: each half by the other.

    Returns:
        the calibration by all trials; for the history, the share of pixels within the band of each level and
        the calibration error, before and after.
    """
    confidence, error = _joined(trials)
    before, after = reliability(confidence, error), np.zeros(len(LEVELS))
    for half in (0, 1):
        learnt = calibrate(*_joined(trials[1 - half :: 2]))
        given, made = _joined(trials[half::2])
        after += reliability(learnt(given), made, spans=learnt.spans) * len(made) / len(error)
    told = {
        "trials": len(trials),
        "pixels": len(error),
        "levels": list(LEVELS),
        "within_before": before.round(4).tolist(),
        "within_after": after.round(4).tolist(),
        "error_before": round(calibration_error(before), 4),
        "error_after": round(calibration_error(after), 4),
    }
    return calibrate(confidence, error), told


def _joined(trials: Sequence[Trial]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return confidences and errors of all pixels."""
    return (
        np.concatenate([trial.confidence for trial in trials]),
        np.concatenate([trial.error for trial in trials]),
    )


def require_share(above: float) -> None:
    """Make sure that what is left open is said as a share.

    Raises:
        BadUsage: it is not above 0 and up to 1.
    """
    if not 0 < above <= 1:
        raise BadUsage(f"what is left open is said as a share of the range, above 0 and up to 1, got {above}")


def left_open(lacunae: Lacunae, confidence: Pixels, *, above: float) -> tuple[Lacunae, dict[str, Any]]:
    """Take out the lacunae whose fills are too uncertain to be shown.

    Args:
        lacunae: all of them; those within 16 pixels count as one.
        confidence: of their fills.
        above: the band of 90 %, averaged over a lacuna, that is still shown; a share of the range.

    Returns:
        the lacunae that are left to be shown filled; for the history, how many were taken out and where.

    Raises:
        BadUsage: not a share, or no lacuna would be filled.
    """
    require_share(above)
    groups = lacunae.groups()
    total = np.zeros(len(groups.regions) + 1)
    for rows in Region.whole(lacunae.grid).bands(512):
        lost = lacunae.read(rows)
        if lost.any():
            bands = band_of(np.asarray(confidence[rows.slices])[lost])
            total += np.bincount(groups.label_map(rows)[lost], weights=bands, minlength=len(total))
    mean = total[1:] / groups.lost_px
    out = mean > above
    if out.all():
        raise BadUsage(
            f"the fill of every lacuna may be wrong by more than {above:.0%} of the range (the best by "
            f"{mean.min():.0%}), so nothing would be filled; raise the limit"
        )
    told = {
        "above": above,
        "lacunae": int(out.sum()),
        "lost_px": int(groups.lost_px[out].sum()),
        "boxes": [_box(groups.regions[number]) for number in np.flatnonzero(out)[:MOST_LISTED]],
    }
    kept = np.concatenate([[False], ~out])
    return Lacunae(_Kept(lacunae.lost, groups, kept), lacunae.name), told


@dataclass(frozen=True, eq=False)
class _Kept(LazyPixels):
    """Lacunae without those that are left open, as lazy pixels (H, W) bool."""

    lost: Pixels
    groups: Groups
    kept: Lost

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W)."""
        return tuple(self.lost.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Bool."""
        return np.dtype(np.bool_)

    def _read(self, region: Region) -> Lost:
        lost: Lost = np.asarray(self.lost[region.slices])
        return lost & self.kept[self.groups.label_map(region)]


def _box(region: Region) -> dict[str, int]:
    return {"left": region.left, "top": region.top, "cols": region.cols, "rows": region.rows}
