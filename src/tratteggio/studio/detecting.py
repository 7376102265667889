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
        strength = self.strength
        if strength is None:
            raise BadUsage("no detector has looked yet")
        lacunae = threshold_and_trace(
            strength.pixels, threshold=threshold, trace=strength.trace, name=strength.detector
        )
        before = self.desk.marking.marks.counts[strength.damage]
        self.desk.paint(
            {strength.damage: lacunae.lost}, {"tool": "detector", "detector": strength.detector,
             "threshold": threshold}, within=view,
        )  # fmt: skip
        count = self.desk.marking.marks.counts[strength.damage] - before
        self.desk.log("detect", {"detector": strength.detector, "threshold": threshold, "marked_px": count})
        return count

    def close(self) -> None:
        """Remove the strengths from the folder of the session."""
        if self.desk.folder is not None:
            for file in self.desk.folder.path.glob("strength-*.tif"):
                file.unlink(missing_ok=True)
