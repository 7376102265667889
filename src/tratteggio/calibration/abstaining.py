"""Abstain: leave lacunae unfilled where the confidence of their fill is low."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.metrics.calibration import band_of
from tratteggio.painting import Groups, Lacunae, Region
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Lost, Pixels

MOST_LISTED = 1000  # unfilled lacunae that the history lists


def require_limit(above: float) -> None:
    """Make sure that the limit of abstaining is a share of the range.

    Raises:
        BadUsage: it is not above 0 and up to 1.
    """
    if not 0 < above <= 1:
        raise BadUsage(
            f"the limit is a share of the range, above 0 and up to 1, got {above}", option="leave_above"
        )


def abstain(lacunae: Lacunae, confidence: Pixels, *, above: float) -> tuple[Lacunae, dict[str, Any]]:
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
    require_limit(above)
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
    record = {
        "above": above,
        "lacunae": int(out.sum()),
        "lost_px": int(groups.lost_px[out].sum()),
        "boxes": [_box(groups.regions[number]) for number in np.flatnonzero(out)[:MOST_LISTED]],
    }
    kept = np.concatenate([[False], ~out])
    return Lacunae(_Filled(lacunae.lost, groups, kept), lacunae.name), record


@dataclass(frozen=True, eq=False, repr=False)
class _Filled(LazyPixels):
    """Lacunae without those that are not filled, as lazy pixels (H, W) bool."""

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
