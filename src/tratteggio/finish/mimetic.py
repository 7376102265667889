"""The fill as the engine made it: invisible at any distance. For viewing, not for the panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tratteggio.painting import Region, Restoration
from tratteggio.painting.pixels import Array, Lost


@dataclass(frozen=True)
class Mimetic:
    """Leaves every value alone."""

    halo: int = 0

    @property
    def parameters(self) -> dict[str, Any]:
        """Nothing was chosen."""
        return {}

    def apply(self, fill: Array, lost: Lost, at: Region) -> Array:  # noqa: ARG002 (the finish protocol)
        """Return the fill."""
        return fill


def make(restoration: Restoration) -> Mimetic:  # noqa: ARG001 (the finish protocol)
    """Make the finish for a restoration."""
    return Mimetic()
