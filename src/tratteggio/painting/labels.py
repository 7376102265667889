"""Strokes by which someone says what they see: labelled pixels; of all others nothing is said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadUsage
from tratteggio.painting.pixels import Lost

KINDS = ("paint", "loss", "crack")
"""What a stroke can say: sound paint, or a class of damage."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What strokes say of the pixels of one painting.

    Attributes:
        codes: (H, W) uint8: 0 where nothing is said, else 1 + place in `KINDS`.
        name: where they came from, for messages.

    Raises:
        BadUsage: codes of another kind.

    Example:
        >>> codes = np.array([[0, 1, 1, 0], [2, 0, 0, 0]], np.uint8)
        >>> Labels(codes).counts
        {'paint': 2, 'loss': 1}
    """

    codes: NDArray[np.uint8]
    name: str = "array"

    def __post_init__(self) -> None:
        if (
            self.codes.ndim != 2
            or self.codes.dtype != np.uint8
            or int(self.codes.max(initial=0)) > len(KINDS)
        ):
            raise BadUsage(
                f"{self.name}: labels are (H, W) uint8 of 0 .. {len(KINDS)}, got {self.codes.dtype} "
                f"{self.codes.shape}"
            )

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, cols)."""
        return self.codes.shape[0], self.codes.shape[1]

    @property
    def counts(self) -> dict[str, int]:
        """Labelled pixels by kind, of those kinds that there are, in the order of `KINDS`."""
        counts = np.bincount(self.codes.ravel(), minlength=len(KINDS) + 1)[1:].tolist()
        return {kind: count for kind, count in zip(KINDS, counts, strict=True) if count}

    def of(self, kind: str) -> Lost:
        """Return where strokes of one kind are: (H, W) bool."""
        strokes: Lost = self.codes == 1 + KINDS.index(kind)
        return strokes
