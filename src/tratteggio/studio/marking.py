"""Marking with undo and redo without end: the marks, and the journal that keeps every change of them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.painting import Region
from tratteggio.studio.journal import Journal
from tratteggio.studio.marks import Change, Marks, Shape, shape_of_spans
from tratteggio.studio.pyramid import TILE
from tratteggio.studio.strokes import brush_spans, polygon_spans


class Marking:
    """The marks of a session.

    Args:
        grid: (rows, cols) of the painting.
        path: the journal; None keeps nothing, for showing only.

    Raises:
        TratteggioError: as `Journal` raises.
    """

    def __init__(self, grid: tuple[int, int], path: Path | None) -> None:
        self.marks = Marks(grid)
        self.version = 0
        self._lock = threading.RLock()
        self._done: list[int] = []
        self._undone: list[int] = []
        self._journal = None if path is None else Journal(path, grid)
        if self._journal is not None:
            self._replay(self._journal)

    @property
    def can_undo(self) -> int:
        """How many changes can be undone."""
        return len(self._done)

    @property
    def can_redo(self) -> int:
        """How many changes can be redone."""
        return len(self._undone)

    def brush(self, points: list[tuple[float, float]], radius: float, damage: str | None) -> Region | None:
        """Paint a line in a class, or erase it with None; returns what changed."""
        spans = brush_spans(np.asarray(points, float), radius, self.marks.grid)
        return self.paint(shape_of_spans(spans), damage, {"tool": "brush", "radius": radius})

    def polygon(self, points: list[tuple[float, float]], damage: str | None) -> Region | None:
        """Paint the inside of a polygon in a class, or erase it with None; returns what changed."""
        spans = polygon_spans(np.asarray(points, float), self.marks.grid)
        return self.paint(shape_of_spans(spans), damage, {"tool": "polygon"})

    def paint(self, shape: Shape, damage: str | None, told: dict[str, Any]) -> Region | None:
        """Paint any shape as one change that can be undone.

        Args:
            shape: tiles and their bits.
            damage: the class; None erases.
            told: what did it, for the journal.

        Returns:
            the smallest region of whole tiles that changed, None if nothing did.
        """
        with self._lock:
            return self._do(self.marks.painting(shape, damage), {**told, "damage": damage})

    def replace(self, parts: dict[str, Shape], told: dict[str, Any]) -> Region | None:
        """Paint several classes as one change."""
        with self._lock:
            trial = Marks(self.marks.grid)
            trial.flip(self.marks.all)
            total: Change = {}
            for damage, shape in parts.items():
                change = trial.painting(shape, damage)
                trial.flip(change)
                for key, flips in change.items():
                    total[key] = total[key] ^ flips if key in total else flips
            return self._do({key: flips for key, flips in total.items() if flips.any()}, told)

    def undo(self, count: int = 1) -> Region | None:
        """Take changes back; returns what changed."""
        return self._step("undo", count, self._done, self._undone)

    def redo(self, count: int = 1) -> Region | None:
        """Do changes again that were taken back; returns what changed."""
        return self._step("redo", count, self._undone, self._done)

    def _do(self, change: Change, told: dict[str, Any]) -> Region | None:
        if not change or self._journal is None:
            return None
        # Written down before it is shown: what the page shows is never lost.
        when = datetime.now(UTC).isoformat(timespec="seconds")
        at = self._journal.add({"op": "do", "when": when, **told}, change)
        self._done.append(at)
        self._undone.clear()
        self.marks.flip(change)
        self.version += 1
        return _region(change)

    def _step(self, op: str, count: int, source: list[int], target: list[int]) -> Region | None:
        changed: Region | None = None
        with self._lock:
            for _ in range(min(count, len(source))):
                assert self._journal is not None
                change = self._journal.change(source[-1])
                self._journal.add({"op": op, "of": source[-1]})
                target.append(source.pop())
                self.marks.flip(change)
                region = _region(change)
                changed = region if changed is None or region is None else changed.join(region)
                self.version += 1
        return changed

    def _replay(self, journal: Journal) -> None:
        for record in list(journal.records()):
            op = record.note["op"]
            if op == "do":
                self._done.append(record.at)
                self._undone.clear()
                self.marks.flip(journal.change(record.at))
            else:
                source, target = (self._done, self._undone) if op == "undo" else (self._undone, self._done)
                target.append(source.pop())
                self.marks.flip(journal.change(target[-1]))
            self.version += 1


def _region(change: Change) -> Region | None:
    rows, cols = [key[1] for key in change], [key[2] for key in change]
    if not rows:
        return None
    return Region(min(rows) * TILE, min(cols) * TILE, (max(rows) + 1) * TILE, (max(cols) + 1) * TILE)
