"""Inputs that are read for hours: they must still be what they were when the work began."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from tratteggio.errors import SourceChanged, UnreadableFile
from tratteggio.files.beside import Before
from tratteggio.files.outputs import refuse_existing
from tratteggio.files.provenance import sha256

Stamp = tuple[object, ...]


class Watch:
    """A watch over input files and folders, begun before they are read.

    Looking again costs one `stat` a file. Only a file whose size, times or place on disk have changed is
    hashed again: it may have been moved, copied back or touched, and still be the same to the bit.

    Args:
        paths: files, and OME-Zarr folders.
    """

    def __init__(self, paths: Iterable[str | os.PathLike[str]]) -> None:
        self._stamps: dict[Path, Stamp | None] = {}
        self._hashes: dict[Path, str] = {}
        self.add(paths)

    def add(self, paths: Iterable[str | os.PathLike[str]]) -> None:
        """Watch more files; those that are watched already stay as they are."""
        for path in map(Path, paths):
            if path not in self._stamps:
                self._stamps[path] = stamp(path)

    def know(self, path: str | os.PathLike[str], digest: str | None) -> None:
        """Take the SHA-256 of a file, which was computed after the watch began."""
        if digest is not None and Path(path) in self._stamps:
            self._hashes[Path(path)] = digest

    def check(self) -> None:
        """Make sure that nothing has changed.

        Raises:
            SourceChanged: an input was replaced, changed or removed.
        """
        for path, before in self._stamps.items():
            now = stamp(path)
            if now == before:
                continue
            if now is None or not self._same(path, before, now):
                what = "removed" if now is None else "changed"
                raise SourceChanged(f"{path} was {what} while it was being read, so nothing is saved")
            self._stamps[path] = now

    def last_look(self, outputs: Sequence[Path], *, overwrite: bool) -> Before:
        """Return what `beside` calls before outputs get their names.

        Raises:
            SourceChanged: an input was replaced, changed or removed.
            UnsafeOutput: an output has come meanwhile, and the user did not say `overwrite`.
        """

        def look(_: Sequence[Path]) -> None:
            self.check()
            if not overwrite:
                refuse_existing(outputs)

        return look

    def _same(self, path: Path, before: Stamp | None, now: Stamp) -> bool:
        known = self._hashes.get(path)
        if known is None:  # a time of change alone may mean a new name or new permissions
            return before is not None and before[:-1] == now[:-1]
        try:
            return sha256(path) == known
        except UnreadableFile:
            return False


def stamp(path: Path) -> Stamp | None:
    """Return what changes when a file, or anything in a folder, is written or replaced; None: not there."""
    try:
        found = path.stat()
        if not stat.S_ISDIR(found.st_mode):
            return *signature(path), found.st_ctime_ns
        within = sorted(file for file in path.rglob("*") if not file.is_dir())
        return tuple((str(file), signature(file)) for file in within), 0
    except OSError:
        return None


def signature(path: Path) -> tuple[int, int, int, int]:
    """Return device, inode, size and time of change of a file: a renamed file keeps all four."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
