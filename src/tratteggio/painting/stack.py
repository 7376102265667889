"""Registered scans of one painting: pixel (r, c) is the same spot in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tratteggio.errors import BadUsage, GridMismatch, UnknownName
from tratteggio.names import rows_and_columns
from tratteggio.painting.modalities import MAIN
from tratteggio.painting.region import Region
from tratteggio.painting.scan import Scan


@dataclass(frozen=True, eq=False)
class Stack:
    """Scans of one painting on one grid, by modality name.

    Attributes:
        scans: at least one, each of another modality.
        title: what the painting is called; may be empty.
        origin: (row, column) of the painting where pixel (0, 0) lies; a crop has another than the whole.

    Raises:
        GridMismatch: the scans differ in rows or columns.
        BadUsage: no scan, or two of one modality.
    """

    scans: tuple[Scan, ...]
    title: str = ""
    origin: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        names = [scan.modality for scan in self.scans]
        if not names or len(set(names)) != len(names):
            raise BadUsage(f"a stack holds at least one scan and each modality once, got {names}")
        if len({scan.grid for scan in self.scans}) > 1:
            listed = ", ".join(
                f"{scan.modality} ({scan.name}) has {rows_and_columns(scan.grid)}" for scan in self.scans
            )
            raise GridMismatch(
                f"all scans of a stack must have the same size, but {listed}; "
                "align them first with `tratteggio.register`"
            )

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, cols), the same for every scan."""
        return self.scans[0].grid

    @property
    def primary(self) -> Scan:
        """The scan that is filled: `rgb` if there is one, else the first."""
        return next((scan for scan in self.scans if scan.modality == MAIN), self.scans[0])

    def __getitem__(self, modality: str) -> Scan:
        for scan in self.scans:
            if scan.modality == modality:
                return scan
        raise UnknownName(f"no scan {modality!r} in this stack; it holds {', '.join(self)}")

    def __iter__(self) -> Iterator[str]:
        return iter([scan.modality for scan in self.scans])

    def __len__(self) -> int:
        return len(self.scans)

    def crop(self, region: Region) -> Stack:
        """Bring a region of every scan into memory. The one place where pixels are loaded for filling."""
        origin = self.origin[0] + region.top, self.origin[1] + region.left
        return replace(self, scans=tuple(scan.crop(region) for scan in self.scans), origin=origin)
