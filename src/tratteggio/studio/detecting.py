"""Detectors in the studio: look for damage, learn from a view, mark what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tratteggio import files
from tratteggio.damage.classes import index_of
from tratteggio.damage.finding import threshold_and_trace
from tratteggio.errors import BadUsage
from tratteggio.painting import Pixels, Region
from tratteggio.painting.labels import KINDS
from tratteggio.roles import Trace
from tratteggio.studio.desk import VIEW_PX, Desk
from tratteggio.studio.jobs import Job
from tratteggio.studio.pieces import Piece, Pieces, pieces_of


@dataclass
class Strength:
    """How sure a detector is of each pixel.

    Attributes:
        pixels: (H, W) uint8, 255 = 1.
        detector: its words.
        damage: the class that it finds.
        threshold: that it advises.
        trace: how places are joined and dropped.
        version: another number for other pixels.
    """

    pixels: Pixels
    detector: str
    damage: str
    threshold: float
    trace: Trace
    version: int


class Detecting:
    """What detectors found in a painting.

    Args:
        desk: the painting.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.strength: Strength | None = None
        self._rejected: list[tuple[int, int]] = []
        self._accepted: list[tuple[int, int]] = []
        self._found: tuple[tuple[int, float], Pieces] | None = None

    def detect(self, detector: str) -> Job:
        """Begin to look for damage in the whole painting."""
        return self._look("detect", {"detector": detector})

    def teach(self, view: Region) -> Job:
        """Begin to learn from what is in view, and to look for similar damage in the whole painting.

        What is marked in view as loss or crack is damage; all else in view is sound paint.

        Raises:
            BadUsage: nothing is marked in view, or everything is, or the view is too large.
        """
        region = view.meet(Region.whole(self.desk.stack.grid))
        if region.empty or region.rows * region.cols > VIEW_PX:
            raise BadUsage("the view is too large to learn from; zoom in")
        marked = np.asarray(self.desk.marking.marks.indices[region.slices])
        codes = np.full(marked.shape, 1 + KINDS.index("paint"), np.uint8)
        codes[marked > 0] = 0  # of other damage nothing is said
        for kind in ("loss", "crack"):
            codes[marked == index_of(kind)] = 1 + KINDS.index(kind)
        if not (codes > 1).any() or not (codes == 1).any():
            raise BadUsage("mark some loss or crack in view, and leave sound paint around it")
        return self._look("teach", {"region": tuple(region), "codes": codes})

    def _look(self, task: str, words: dict[str, Any]) -> Job:
        folder = self.desk.writable()
        version = next(self.desk.numbers)
        file = folder.file(f"strength-{version}.tif")
        file.unlink(missing_ok=True)

        def looked(result: dict[str, Any]) -> None:
            self._rejected, self._accepted = [], []
            self.strength = Strength(
                files.read(file).pixels, result["detector"], result["damage"], result["threshold"],
                Trace(**result.pop("trace")), version,
            )  # fmt: skip

        words = {"source": str(self.desk.source), "white": self.desk.white, "strength": str(file), **words}
        return self.desk.jobs.start(task, words, then=looked)

    def accept(self, threshold: float, view: Region | None) -> int:
        """Mark what a detector found, in the whole painting or in a region.

        Returns:
            how many pixels were marked.
        """
        strength, pieces = self._pieces(threshold)
        rejected = self._rejected_numbers(pieces)
        before = self.desk.marking.marks.counts[strength.damage]
        told = {"tool": "detector", "detector": strength.detector, "threshold": threshold}
        self.desk.paint({strength.damage: pieces.some(rejected, others=True)}, told, within=view)
        count = self.desk.marking.marks.counts[strength.damage] - before
        self.desk.log("detect", {"detector": strength.detector, "threshold": threshold, "marked_px": count})
        return count

    def findings(self, threshold: float, by: str) -> dict[str, Any]:
        """List the pieces that a detector found, see `Pieces.list`, and what was decided of each."""
        strength, pieces = self._pieces(threshold)
        rejected, marks = self._rejected_numbers(pieces), self.desk.marking.marks

        def decided(piece: Piece) -> str:
            if piece.number in rejected:
                return "rejected"
            return "accepted" if marks.class_at(*piece.at) == strength.damage else ""

        listed = [piece.as_dict() | {"decided": decided(piece)} for piece in pieces.list(by)]
        return {"count": pieces.count, "listed": listed}

    def decide(self, threshold: float, row: int, col: int, *, accept: bool) -> Region | None:
        """Mark one piece, or reject it; returns which marks changed.

        To reject takes back what was accepted; what was marked by hand stays.

        Raises:
            BadUsage: there is no piece.
        """
        strength, pieces = self._pieces(threshold)
        number = pieces.number_at(row, col)
        if not number:
            raise BadUsage("the detector found nothing at this place; choose a piece of the list")
        # Rejected with other thresholds, too: what is decided of a place holds for the pieces that cover it.
        accepted = number in {pieces.number_at(*at) for at in self._accepted}
        self._rejected = [at for at in self._rejected if pieces.number_at(*at) != number]
        self._accepted = [at for at in self._accepted if pieces.number_at(*at) != number]
        piece, told = pieces.some([number]), {"tool": "detector", "detector": strength.detector}
        if accept:
            self._accepted.append((row, col))
            return self.desk.paint({strength.damage: piece}, told, within=pieces.box(number))
        self._rejected.append((row, col))
        if not accepted:
            return None
        return self.desk.erase(piece, strength.damage, told, within=pieces.box(number))

    def _pieces(self, threshold: float) -> tuple[Strength, Pieces]:
        strength = self.strength
        if strength is None:
            raise BadUsage("no detector has looked yet")
        key = (strength.version, threshold)
        if self._found is None or self._found[0] != key:
            lacunae = threshold_and_trace(
                strength.pixels, threshold=threshold, trace=strength.trace, name=strength.detector
            )
            self._found = key, pieces_of(lacunae, strength.pixels)
        return strength, self._found[1]

    def _rejected_numbers(self, pieces: Pieces) -> set[int]:
        return {pieces.number_at(*at) for at in self._rejected} - {0}

    def close(self) -> None:
        """Remove the strengths from the folder of the session."""
        if self.desk.folder is not None:
            for file in self.desk.folder.path.glob("strength-*.tif"):
                file.unlink(missing_ok=True)
