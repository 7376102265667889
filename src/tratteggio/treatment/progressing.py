"""Look at a fill while it is being made, without being in its way: from the ledger, which another holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tratteggio import files
from tratteggio.errors import UnreadableFile
from tratteggio.painting import Lacunae, Region, Restoration, Scan
from tratteggio.treatment.planning import ledger_folder
from tratteggio.windows import MemoryLedger
from tratteggio.windows.blend import ConfidencePixels, FillPixels, Piece
from tratteggio.windows.tile_file import pieces_of, read_tile


class SoFar:
    """What an unfinished job has filled so far.

    Args:
        target: the proposal that is being made; its ledger is only read.
    """

    def __init__(self, target: Path) -> None:
        self.folder = ledger_folder(target)
        self._pieces = MemoryLedger()
        self._read: set[str] = set()

    def look(self) -> int:
        """Read the tiles that were finished since the last look.

        Returns:
            how many tiles there are by now.
        """
        for file in sorted(self.folder.glob("tile-*.npz")):
            if file.name in self._read:
                continue
            try:
                pieces: Sequence[Piece] = pieces_of(read_tile(file))
            except UnreadableFile:
                continue  # the job ended and took its ledger away at this very moment
            self._pieces.keep(len(self._read), pieces)
            self._read.add(file.name)
        return len(self._read)

    def pieces(self, region: Region) -> Iterable[Piece]:
        """Return the pieces that touch a region."""
        return self._pieces.pieces(region)

    def restoration(self, scan: Scan, lacunae: Lacunae) -> Restoration:
        """Return what is filled as a restoration; what is not yet filled is 0.

        Args:
            scan: what is filled.
            lacunae: of the job.
        """
        return Restoration(
            scan, lacunae, FillPixels(scan, self), ConfidencePixels(scan, self), {}, files.save
        )  # fmt: skip
