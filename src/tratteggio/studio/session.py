"""One painting in the studio: what the server shows the page of it."""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio import files, treatment
from tratteggio.damage import CLASSES
from tratteggio.errors import BadUsage
from tratteggio.files import provenance
from tratteggio.painting import Region, Scan
from tratteggio.studio.copies import Copied, make_all, needs_copies
from tratteggio.studio.desk import VIEW_PX, Desk
from tratteggio.studio.detecting import Detecting
from tratteggio.studio.filling import SUFFIXES, Filling
from tratteggio.studio.pyramid import TILE
from tratteggio.studio.tiles import Screen, TileCache

NEUTRAL_PX = 8  # around the pixel from which the white balance is taken


class Session:
    """A painting in the studio.

    Args:
        source, white, read_only: as for `Desk`.

    Attributes:
        desk: the painting, its marks and its folder.
        detecting: what detectors found.
        filling: previews and proposals.
        screen: brings scans to the screen.
        key: in the addresses of tiles: a browser must not show those of another painting.

    Raises:
        TratteggioError: as `Desk` raises.
    """

    def __init__(self, source: Path, *, white: float | None = None, read_only: bool = False) -> None:
        self.version = 0
        self.key = secrets.token_urlsafe(6)
        self._watchers: list[Callable[[], None]] = []
        self._leaving = threading.Event()
        self.desk = desk = Desk(source, self.touch, white=white, read_only=read_only)
        self.stack, self.marking, self.jobs = desk.stack, desk.marking, desk.jobs
        self._copied: list[Copied] = []
        scans = {scan.modality: self._quick(scan) for scan in self.stack.scans}
        self.screen = Screen(scans, self.stack.primary.modality)
        self.cache = TileCache()
        self.detecting = Detecting(desk)
        self.filling = Filling(desk)
        self._copying = make_all(self._copied, self._leaving, note=desk.notices.append, done=self.touch)

    @property
    def read_only(self) -> bool:
        """Nothing can be changed."""
        return self.desk.folder is None

    def facts(self) -> dict[str, Any]:
        """Return what does not change while the painting is open."""
        scan = self.stack.primary
        return {
            "key": self.key,
            "name": self.desk.source.name,
            "title": self.stack.title,
            "rows": self.stack.grid[0],
            "cols": self.stack.grid[1],
            "um_per_px": scan.um_per_px,
            "orientation": scan.metadata.orientation,
            "primary": scan.modality,
            "tile": TILE,
            "read_only": self.read_only,
            "notices": self.desk.notices,
            "scans": [
                {
                    "modality": one.modality,
                    "name": provenance.short_name(one.name),
                    "depth": one.dtype.name,
                    "channels": one.channels,
                    "profile": files.profile_name(one.metadata.icc),
                    "white": one.white,
                }
                for one in self.stack.scans
            ],
            "classes": [
                {"name": name, "colour": list(kind.colour), "policy": kind.policy}
                for name, kind in CLASSES.items()
            ],
            "engines": treatment.list_available("engines"),
            "detectors": treatment.list_available("detectors"),
            "finishes": ["mimetic", "hatched", "neutral", "outlined"],
            "suffixes": list(SUFFIXES),
            "preview_px": VIEW_PX,
            "view": None if self.desk.folder is None else self.desk.folder.view(),
        }

    def state(self) -> dict[str, Any]:
        """Return what changes while one works."""
        marking, job, strength = self.marking, self.jobs.current, self.detecting.strength
        return {
            "version": self.version,
            "source": self.desk.source_now,
            "marks": {
                "version": marking.version,
                "undo": marking.can_undo,
                "redo": marking.can_redo,
                "counts": dict(marking.marks.counts),
            },
            "preparing": sum(not one.levels for one in self._copied) if self._copying.is_alive() else 0,
            "job": None if job is None else job.as_dict(),
            "fills": [
                {"id": name, "version": fill.version, "step": fill.step}
                for name, fill in self.filling.shown.items()
            ],
            "unfinished": [file.name for _, file in self.filling.unfinished()],
            "strength": None
            if strength is None
            else {
                "detector": strength.detector,
                "damage": strength.damage,
                "threshold": strength.threshold,
                "version": strength.version,
            },
            "log": [] if self.desk.folder is None else self.desk.folder.entries()[-50:],
        }

    def values(self, row: int, col: int) -> dict[str, Any]:
        """Return what the scans hold at one pixel, at full depth."""
        here = Region(row, col, row + 1, col + 1)
        if here.meet(Region.whole(self.stack.grid)) != here:
            raise BadUsage("this place lies outside the painting")
        return {
            "row": row,
            "col": col,
            "samples": {scan.modality: _plain(scan.read(here).ravel()) for scan in self.stack.scans},
            "damage": self.marking.marks.class_at(row, col),
            "fills": {
                name: _plain(np.asarray(fill.pixels[here.slices]).ravel())
                for name, fill in self.filling.shown.items()
                if np.asarray(fill.lost[here.slices]).any()
            },
            "confidence": {
                name: _plain(np.asarray(fill.confidence[here.slices]).ravel())[0]
                for name, fill in self.filling.shown.items()
                if np.asarray(fill.lost[here.slices]).any()
            },
        }

    def neutral(self, modality: str, row: int, col: int) -> dict[str, float]:
        """Return the white balance that shows what lies around a pixel as grey.

        Raises:
            BadUsage: no such scan or place, or as `Screen.neutral` raises.
        """
        grid = self.stack.grid
        here = Region(row, col, row + 1, col + 1)
        if modality not in self.screen.scans or here.meet(Region.whole(grid)) != here:
            raise BadUsage("this place lies outside the painting")
        red, blue = self.screen.neutral(modality, here.grow(NEUTRAL_PX, within=grid))
        return {"red": round(red, 3), "blue": round(blue, 3)}

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call a function at each change, until what is returned is called."""
        self._watchers.append(changed)
        return lambda: self._watchers.remove(changed)

    @property
    def leaving(self) -> bool:
        """The studio ends; nobody should wait for news any more."""
        return self._leaving.is_set()

    def leave(self) -> None:
        """Tell all who wait for news that the studio ends."""
        self._leaving.set()
        for changed in list(self._watchers):
            changed()

    def touch(self) -> None:
        """Note that something changed, and tell all who wait for news."""
        self.version += 1
        self.filling.follow()
        for changed in list(self._watchers):
            changed()

    def close(self) -> None:
        """Stop what is at work and let go of the painting."""
        self.leave()
        self.jobs.close()
        self._copying.join()
        self.detecting.close()
        if self.desk.folder is not None:
            self.desk.folder.close(marked=self.marking.version > 0)

    def _quick(self, scan: Scan) -> Scan:
        """Return a scan for looking at, which gets smaller copies if its file has none."""
        if not needs_copies(scan.pixels):
            return scan
        place = Path(tempfile.gettempdir()) if self.desk.folder is None else self.desk.folder.path
        copied = Copied(scan.pixels, place)
        self._copied.append(copied)
        return replace(scan, pixels=copied)


def _plain(samples: Any) -> list[Any]:
    """Return samples as JSON can hold them; NaN and infinity as words."""
    return [
        value if not isinstance(value, float) or np.isfinite(value) else str(value)
        for value in samples.tolist()
    ]
