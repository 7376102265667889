"""Pieces of what is marked or was found, one by one: where they lie, how large they are, how sure it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting import Groups, Lacunae, Pixels, Region
from tratteggio.treatment.choosing import SomeLost, group_lacunae

MOST_LISTED = 500
BAND = 512
WHOLE_PX = 1 << 22  # of a piece whose pixel to name it by is searched near its middle


class Piece(NamedTuple):
    """A connected area.

    Attributes:
        number: among all of its kind, from 1 on.
        box: its bounding box in pixels.
        px: its area.
        at: a pixel of it, (row, column), by which it can be named.
        strength: mean of the detector's, 0 to 1; None if it was marked by hand.
    """

    number: int
    box: Region
    px: int
    at: tuple[int, int]
    strength: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        box = {"top": self.box.top, "left": self.box.left, "bottom": self.box.bottom, "right": self.box.right}
        told: dict[str, Any] = {"number": self.number, **box, "px": self.px}
        return told | {"row": self.at[0], "col": self.at[1], "strength": self.strength}


@dataclass(frozen=True, eq=False)
class Pieces:
    """All pieces of a mask.

    Attributes:
        lacunae: the mask.
        groups: which pixel belongs to which piece.
        strengths: (pieces,) mean of the detector's, or None.
    """

    lacunae: Lacunae
    groups: Groups
    strengths: NDArray[np.float64] | None
    _lists: dict[str, list[Piece]] = field(default_factory=dict, repr=False)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.groups.regions)

    def list(self, by: str) -> list[Piece]:
        """Return the first pieces.

        Args:
            by: "size", largest first; or "doubt", the least sure first.
        """
        if by not in self._lists:  # asked for again after each decision
            doubt = self.strengths if by == "doubt" else None
            order = np.argsort(-self.groups.lost_px if doubt is None else doubt, kind="stable")
            self._lists[by] = [self._piece(int(index)) for index in order[:MOST_LISTED]]
        return self._lists[by]

    def number_at(self, row: int, col: int) -> int:
        """Return the number of the piece at a pixel; 0: there is none."""
        here = Region(row, col, row + 1, col + 1)
        if here.meet(Region.whole(self.lacunae.grid)) != here or not self.lacunae.read(here).all():
            return 0
        return int(self.groups.label_map(here)[0, 0])

    def box(self, number: int) -> Region:
        """Return the bounding box of a piece."""
        return self.groups.regions[number - 1]

    def some(self, numbers: Iterable[int], *, others: bool = False) -> SomeLost:
        """Return pieces as a mask (H, W) bool: these, or all others."""
        kept = np.full(self.count + 1, others)
        kept[list(numbers)] = not others
        kept[0] = False
        return SomeLost(self.lacunae.lost, self.groups, kept)

    def _piece(self, index: int) -> Piece:
        box = self.groups.regions[index]
        strength = None if self.strengths is None else round(float(self.strengths[index]), 3)
        return Piece(index + 1, box, int(self.groups.lost_px[index]), self._pixel(index + 1, box), strength)

    def _pixel(self, number: int, box: Region) -> tuple[int, int]:
        """Return a pixel of a piece, near the middle of its box if there is one."""
        row, col = (box.top + box.bottom) // 2, (box.left + box.right) // 2
        middle = Region(row, col, row + 1, col + 1).grow(64, within=self.lacunae.grid).meet(box)
        for part in (middle, *box.bands(max(1, WHOLE_PX // box.cols))):
            rows, cols = np.nonzero(self.lacunae.read(part) & (self.groups.label_map(part) == number))
            if len(rows):
                near = np.argmin(np.hypot(rows + part.top - row, cols + part.left - col))
                return part.top + int(rows[near]), part.left + int(cols[near])
        raise AssertionError("a piece has a pixel")


def pieces_of(lacunae: Lacunae, strength: Pixels | None = None) -> Pieces:
    """Find the pieces of a mask.

    Args:
        lacunae: the mask.
        strength: (H, W) uint8 of a detector, 255 = 1.
    """
    groups = group_lacunae(lacunae)
    if strength is None:
        return Pieces(lacunae, groups, None)
    total = np.zeros(len(groups.regions) + 1)
    for band in Region.whole(lacunae.grid).bands(BAND):
        lost = lacunae.read(band)
        if lost.any():
            numbers = groups.label_map(band)[lost]
            total += np.bincount(numbers, np.asarray(strength[band.slices])[lost], minlength=len(total))
    return Pieces(lacunae, groups, total[1:] / np.maximum(groups.lost_px, 1) / 255)
