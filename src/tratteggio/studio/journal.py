"""Every change of the marks, written down before it is shown: a kill at any moment loses nothing.

The file begins with a line that says of which grid it is. Each record is a header (length of the note, length
of the bits, checksum), a note in JSON and the bits that flip, compressed. A record that is cut off at the end
is removed when the file is opened again.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from tratteggio.errors import GridMismatch, UnreadableFile, UnwritableFile
from tratteggio.studio.marks import NAMES, Change
from tratteggio.studio.pyramid import TILE

HEADER = struct.Struct("<III")
MOST_NOTE = 64 << 20
FIRST = "tratteggio studio marks 1"


class Record(NamedTuple):
    """One change.

    Attributes:
        at: where it lies in the file.
        note: what was done: "do" with bits, or "undo" or "redo" with the place of the record it is about.
    """

    at: int
    note: dict[str, Any]


class Journal:
    """The file of changes. It is opened for each of them, so that nothing is lost in a buffer.

    Args:
        path: made if it is not there.
        grid: (rows, cols) of the painting.

    Raises:
        GridMismatch: it is of a painting of another size.
        UnreadableFile: it is something else.
        UnwritableFile: it cannot be made.
    """

    def __init__(self, path: Path, grid: tuple[int, int]) -> None:
        self.path = path
        first = f"{FIRST} {grid[0]} {grid[1]} {' '.join(NAMES)}\n".encode()
        try:
            with path.open("r+b" if path.exists() else "x+b") as file:
                line = file.readline(1024)
                if not line.endswith(b"\n") and first.startswith(line):
                    # New, or a kill came between the making of the file and its first line.
                    file.seek(0)
                    file.write(first)
                elif line != first:
                    raise _not_ours(path, line, grid)
                self._first = len(first)
                self._end = file.seek(0, os.SEEK_END)
        except OSError as error:
            raise UnwritableFile(f"{path}: {error.strerror or error}") from error

    def records(self) -> Iterator[Record]:
        """Yield all records; what a kill cut off at the end is removed."""
        at = self._first
        while at < self._end:
            record = self._record(at)
            if record is None:
                os.truncate(self.path, at)
                self._end = at
                return
            yield Record(at, record[0])
            at = record[2]

    def add(self, note: dict[str, Any], change: Change | None = None) -> int:
        """Write a record down.

        Returns:
            where it lies.

        Raises:
            UnwritableFile: no space or no permission; the file is as it was before.
        """
        packed = [(key, zlib.compress(bits.tobytes(), 1)) for key, bits in (change or {}).items()]
        told = json.dumps({**note, "tiles": [[*key, len(data)] for key, data in packed]}).encode()
        data = b"".join(data for _, data in packed)
        header = HEADER.pack(len(told), len(data), zlib.crc32(data, zlib.crc32(told)))
        at = self._end
        try:
            try:
                with self.path.open("r+b", buffering=0) as file:
                    file.seek(at)
                    for part in (header, told, data):
                        _write(file, part)
            except OSError:
                os.truncate(self.path, at)
                raise
        except OSError as error:
            raise UnwritableFile(
                f"{self.path}: {error.strerror or error}; the last change is not kept. Make room, then go on"
            ) from error
        self._end = at + len(header) + len(told) + len(data)
        return at

    def change(self, at: int) -> Change:
        """Read the bits that a record flips.

        Raises:
            UnreadableFile: the file was damaged or cut since it was opened.
        """
        record = self._record(at)
        if record is None:
            raise UnreadableFile(f"{self.path} was changed by another program; start the studio again")
        note, data, _ = record
        change: Change = {}
        for plane, row, col, size in note["tiles"]:
            bits = np.frombuffer(zlib.decompress(data[:size]), np.uint8).reshape(TILE, TILE // 8)
            change[plane, row, col] = bits
            data = data[size:]
        return change

    def _record(self, at: int) -> tuple[dict[str, Any], bytes, int] | None:
        with self.path.open("rb") as file:
            file.seek(at)
            header = file.read(HEADER.size)
            if len(header) < HEADER.size:
                return None
            told, size, checksum = HEADER.unpack(header)
            end = at + HEADER.size + told + size
            if told > MOST_NOTE or end > self._end:
                return None
            note, data = file.read(told), file.read(size)
        if zlib.crc32(data, zlib.crc32(note)) != checksum:
            return None
        return json.loads(note), data, end


def _write(file: IO[bytes], data: bytes) -> None:
    """Write all of it: one system call may write less."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _not_ours(path: Path, line: bytes, grid: tuple[int, int]) -> Exception:
    words = line.decode("utf-8", "replace").split()
    if line.startswith(FIRST.encode()) and len(words) > 6 and [*words[4:6]] != [*map(str, grid)]:
        return GridMismatch(
            f"{path} holds marks of {words[4]} rows and {words[5]} columns, but the painting has {grid[0]} "
            f"rows and {grid[1]} columns; move the folder away to begin anew"
        )
    return UnreadableFile(f"{path} holds no marks of this version; move the folder away to begin anew")
