"""A folder in the studio: its paintings in a list with thumbnails, each opened when it is asked for."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np

from tratteggio import files, treatment
from tratteggio.errors import BadUsage, TratteggioError, UnreadableFile
from tratteggio.files import provenance
from tratteggio.files.kinds import find_by_suffix
from tratteggio.files.stacks import is_stack
from tratteggio.painting.reduced import levels_of
from tratteggio.roles import ScanReader
from tratteggio.studio.folder import folder_of
from tratteggio.studio.session import Session
from tratteggio.studio.tiles import Encoded, TileCache
from tratteggio.treatment.reopening import recorded_source

MOST_OPEN = 4  # paintings; of those that nobody looks at, the first opened is closed for another
THUMBNAIL_PX = 240
MOST_PX = 100_000_000  # of a scan without smaller copies, which is read whole for its thumbnail
# What the studio and the commands write beside a painting.
BESIDE = (*provenance.SIDECARS.values(), ".studio", ".job")
MARKS = re.compile(r"\.(mask|damage|labels)-\d+\.(png|tif)$")


class Room:
    """The paintings of a folder.

    Args:
        folder: whose scans and stacks are listed; folders in it are not entered.
        white, read_only: as for `Session`.

    Raises:
        UnreadableFile: the folder cannot be listed.
        BadUsage: it holds no painting.
    """

    def __init__(self, folder: Path, *, white: float | None = None, read_only: bool = False) -> None:
        self.folder = folder.resolve()
        self.white, self.read_only = white, read_only
        self._paths: list[Path] = []  # what a number stands for never changes
        self._open: dict[int, Session] = {}
        self._in_use: dict[int, int] = {}
        self._lock = threading.Lock()
        self._thumbnails = TileCache(16 << 20)
        self._leaving = False
        if not self._look():
            raise BadUsage(f"{folder} holds no painting that can be opened; give a scan, or another folder")

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.name or str(self.folder)

    def paintings(self) -> list[dict[str, Any]]:
        """List the paintings that lie there now, by name."""
        there = self._look()
        proposals = [source for file in there if (source := self._source_of(file)) is not None]
        return [
            self._describe(file, proposals.count(file)) for file in there if self._source_of(file) is None
        ]

    def thumbnail(self, number: int) -> Encoded:
        """Return a small picture of a painting, as JPEG.

        Raises:
            BadUsage: no such painting, or it would take too long.
            TratteggioError: it cannot be read.
        """
        path = self._path(number)
        try:
            key = (number, path.stat().st_mtime_ns)
        except OSError as error:
            raise UnreadableFile(f"{path.name}: {error.strerror or error}") from error
        return self._thumbnails.get(key, partial(_thumbnail, path, self.white))

    @contextmanager
    def _using(self, number: int, session: Session) -> Iterator[Session]:
        try:
            yield session
        finally:
            with self._lock:
                self._in_use[number] -= 1

    def use(self, number: int) -> Any:
        """Open a painting, if it is not open, and return a context in which it is not closed.

        Raises:
            BadUsage: no such painting.
            TratteggioError: it cannot be opened.
        """
        path = self._path(number)
        with self._lock:
            if self._leaving:
                raise BadUsage("the studio ends")
            if number not in self._open:
                self._make_room()
                session = Session(path, white=self.white, read_only=self.read_only)
                self._open[number] = session
            self._in_use[number] = self._in_use.get(number, 0) + 1
            return self._using(number, self._open[number])

    def leave(self) -> None:
        """Tell all who wait for news that the studio ends."""
        self._leaving = True
        for session in list(self._open.values()):
            session.leave()

    def close(self) -> None:
        """Close all paintings."""
        self.leave()
        with self._lock:
            for session in self._open.values():
                session.close()
            self._open.clear()

    def _make_room(self) -> None:
        for number in list(self._open):
            if len(self._open) < MOST_OPEN:
                return
            job = self._open[number].jobs.current
            if not self._in_use.get(number) and (job is None or job.status != "running"):
                self._open.pop(number).close()

    def _path(self, number: int) -> Path:
        if not 0 <= number < len(self._paths):
            raise BadUsage("there is no such painting")
        return self._paths[number]

    def _look(self) -> list[Path]:
        """Return the scans and stacks that lie there now, and give new ones a number."""
        try:
            there = sorted(file for file in self.folder.iterdir() if self._is_painting(file))
        except OSError as error:
            raise UnreadableFile(f"{self.folder}: {error.strerror or error}") from error
        self._paths += [file for file in there if file not in self._paths]
        return there

    def _is_painting(self, file: Path) -> bool:
        if file.name.startswith(".") or file.name.endswith(BESIDE) or MARKS.search(file.name):
            return False
        if file.is_symlink() and self.folder not in file.resolve().parents:
            return False  # nothing outside the folder is shown
        return is_stack(file) if file.is_dir() else find_by_suffix(file, ScanReader) is not None

    def _source_of(self, file: Path) -> Path | None:
        """Return the painting in this folder that a file is a proposal for."""
        history = provenance.sidecar(file, "history")
        if not history.is_file():
            return None
        try:
            recorded = recorded_source(provenance.read_proposal(history))
        except TratteggioError:
            return None
        source = None if recorded is None else (self.folder / recorded).resolve()
        return source if source in self._paths else None

    def _describe(self, file: Path, proposals: int) -> dict[str, Any]:
        told: dict[str, Any] = {
            "number": self._paths.index(file),
            "name": file.name,
            "proposals": proposals,
            "begun": folder_of(file).is_dir(),
        }
        try:
            stack = treatment.open(file, white=self.white)
        except TratteggioError as error:
            return {**told, "error": str(error)}
        return {
            **told,
            "title": stack.title,
            "rows": stack.grid[0],
            "cols": stack.grid[1],
            "scans": [scan.modality for scan in stack.scans],
        }


def _thumbnail(path: Path, white: float | None) -> Encoded:
    scan = treatment.open(path, white=white).primary
    if scan.grid[0] * scan.grid[1] > MOST_PX and not levels_of(scan.pixels):
        raise BadUsage(f"{path.name} is large and holds no smaller copy, so there is no thumbnail")
    small = files.overview(scan, longest=THUMBNAIL_PX)
    return Encoded(bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(small), level=85)), "image/jpeg")
