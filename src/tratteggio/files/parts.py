"""Unfinished files: under a name of their own beside their place, locked while they are written.

The unfinished `out.tif` is `.out.tif.1a2b3c4d.part`. It is created exclusively, so that nothing that stands
there and no link is ever written through, and locked until it gets its name. What a kill leaves behind is
therefore known by its name and by its missing lock, and the next run of the same output removes it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tratteggio.errors import UnwritableFile
from tratteggio.files.locks import BINARY, NOFOLLOW, Hold, in_use, lock

PART = re.compile(r"\.(?P<name>.*)\.[0-9a-f]{8}\.part", re.DOTALL)
ROOM = len("..12345678.part")
NAME_BYTES = 255  # where the file system does not say how long a name may be


def name_limit(folder: Path) -> int:
    """Return how many bytes a file name in a folder may have."""
    try:
        return min(os.pathconf(folder, "PC_NAME_MAX"), NAME_BYTES)
    except (OSError, ValueError, AttributeError):
        return NAME_BYTES


def part_of(target: Path) -> Path:
    """Name an unfinished file after its target: short enough for the file system, whole characters only."""
    return target.with_name(f".{_cut(target)}.{secrets.token_hex(4)}.part")


def _cut(target: Path) -> str:
    name, room = target.name, name_limit(target.parent) - ROOM
    while len(os.fsencode(name)) > room:
        name = name[:-1]
    return name


class Part:
    """An unfinished file or folder, locked.

    Args:
        target: what it shall become.
        folder: make a folder instead of a file.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, target: Path, *, folder: bool = False) -> None:
        self.target = target
        self.path, self._hold = _create(target, folder=folder)

    def place(self) -> None:
        """Give it its name, in place of whatever file has it."""
        if os.name == "nt":  # no renaming of what is open
            self.release()
        self.path.replace(self.target)
        self.release()

    def drop(self) -> None:
        """Remove it if it still is unfinished."""
        with suppress(OSError):
            _remove(self.path)
        self.release()

    def release(self) -> None:
        """Unlock it."""
        if self._hold is not None:
            self._hold.release()


def _create(target: Path, *, folder: bool) -> tuple[Path, Hold | None]:
    while True:
        path = part_of(target)
        if folder:
            path.mkdir()
        # Not tempfile: its files can be read by their owner only, and would stay so after the renaming.
        flags = os.O_RDONLY if folder else os.O_CREAT | os.O_EXCL | os.O_RDWR
        try:
            descriptor = os.open(path, flags | NOFOLLOW | BINARY, 0o666)
        except OSError:
            if folder and os.name == "nt":  # folders cannot be locked there
                return path, None
            raise
        lock(descriptor)
        # Another run may have swept it away between its making and its locking.
        if os.fstat(descriptor).st_nlink and path.exists():
            return path, Hold(descriptor, path)
        os.close(descriptor)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that gets its name only when the block ended well and all is on disk.

    Raises:
        OSError: as the file system says; what there was before is untouched.
    """
    part = Part(path)
    try:
        with part.path.open("rb+") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.place()
    finally:
        part.drop()


def sweep(targets: Iterable[Path]) -> None:
    """Remove what killed runs left of these outputs; what a living process writes stays."""
    wanted: dict[Path, set[str]] = {}
    for target in targets:
        wanted.setdefault(target.parent, set()).add(_cut(target))
    for folder, names in wanted.items():
        for path in parts_in(folder):
            match = PART.fullmatch(path.name)
            if match and match["name"] in names:
                _sweep(path)


def sweep_folder(folder: Path) -> None:
    """Remove all that killed runs left in a folder that is ours alone and that we hold."""
    for path in parts_in(folder):
        _sweep(path)


def parts_in(folder: Path) -> list[Path]:
    """List the unfinished files in a folder, by name; none if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                Path(entry.path) for entry in entries if PART.fullmatch(entry.name) and not entry.is_symlink()
            )
    except OSError:
        return []


def _sweep(path: Path) -> None:
    if in_use(path) is False:
        with suppress(OSError):
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def append(path: Path, text: str) -> None:
    """Add text to a file of ours, never through a link.

    Raises:
        UnwritableFile: it is a link, or there is no space or permission.
    """
    try:
        with open_to_append(path) as stream:
            stream.write(text.encode())
    except OSError as error:
        raise UnwritableFile(f"{path} could not be written: {error.strerror or error}") from error


def open_to_append(path: Path) -> IO[bytes]:
    """Open a file of ours to add to it, never through a link.

    Raises:
        OSError: it is a link, or there is no space or permission.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | NOFOLLOW | BINARY, 0o666)
    return os.fdopen(descriptor, "ab")
