"""What is done so far: pieces kept in memory, or on disk so that an interrupted job can go on."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from tratteggio.errors import UnsafeOutput, UnwritableFile
from tratteggio.files.documents import read_json
from tratteggio.painting import Region
from tratteggio.tiles.blend import Piece
from tratteggio.tiles.tile_file import pieces_of, read_tile

CACHE_BYTES = 64 * 2**20
TILE = re.compile(r"tile-(\d{5}|[1-9]\d{5,8})\.npz", re.ASCII)


class Ledger(Protocol):
    """Keeps the pieces of finished tiles."""

    def has(self, tile: int) -> bool:
        """True if the pieces of a tile are kept."""

    def keep(self, tile: int, pieces: Sequence[Piece]) -> None:
        """Keep the pieces of a finished tile, all of them or none."""

    def kept(self, tile: int) -> Sequence[Piece]:
        """Return the pieces of a finished tile."""

    def pieces(self, region: Region) -> Iterable[Piece]:
        """Return the pieces that touch a region, in the order of their tiles."""

    def discard(self) -> None:
        """Forget everything: the job is done."""


class MemoryLedger:
    """For arrays and small jobs: nothing outlives the process."""

    def __init__(self) -> None:
        self._tiles: dict[int, tuple[Piece, ...]] = {}

    def has(self, tile: int) -> bool:
        """True if the pieces of a tile are kept."""
        return tile in self._tiles

    def keep(self, tile: int, pieces: Sequence[Piece]) -> None:
        """Keep the pieces of a finished tile."""
        self._tiles[tile] = tuple(pieces)

    def kept(self, tile: int) -> Sequence[Piece]:
        """Return the pieces of a finished tile."""
        return self._tiles[tile]

    def pieces(self, region: Region) -> Iterable[Piece]:
        """Return the pieces that touch a region, in the order of their tiles."""
        for _, pieces in sorted(self._tiles.items()):
            for piece in pieces:
                if not piece.region.meet(region).empty:
                    yield piece

    def discard(self) -> None:
        """Do nothing: a restoration still reads its fill from here, and memory ends with it."""


class DiskLedger:
    """One folder per job: `job.json` says which job, `tile-NNNNN.npz` holds the pieces of one tile.

    A file appears under its name only when it is complete, so that a kill at any moment leaves a sound
    ledger.

    Args:
        folder: made if missing; its parent must exist.
        job: what the job is (hashes, engine, parameters). A ledger goes on only with the very same job.
        resume: go on with what the folder holds.

    Raises:
        UnsafeOutput: the folder holds an unfinished job and `resume` was not asked for, or another job.
        UnwritableFile: the folder cannot be made.
        UnreadableFile: the ledger is damaged.
    """

    def __init__(self, folder: Path, job: Mapping[str, Any], *, resume: bool = False) -> None:
        self.folder = folder
        self._cache: OrderedDict[int, tuple[Piece, ...]] = OrderedDict()
        self._cached_bytes = 0
        stamp = folder / "job.json"
        if stamp.exists():
            if not resume:
                raise UnsafeOutput(
                    f"{folder} holds an unfinished job; add --resume to go on with it, or remove the folder"
                )
            self._check(stamp, job)
        else:
            try:
                folder.mkdir(exist_ok=True)
                _write_whole(stamp, json.dumps(job, indent=1).encode())
            except OSError as error:
                raise UnwritableFile(
                    f"cannot keep the ledger of this job in {folder}: {error.strerror or error}; "
                    "check that the folder exists and can be written to"
                ) from error
        self._regions = {tile: self._extent(tile) for tile in self._found()}

    @property
    def started(self) -> bool:
        """True if at least one tile is done."""
        return bool(self._regions)

    def has(self, tile: int) -> bool:
        """True if the pieces of a tile are on disk."""
        return tile in self._regions

    def keep(self, tile: int, pieces: Sequence[Piece]) -> None:
        """Write the pieces of a finished tile, all of them or none.

        Raises:
            UnwritableFile: no space or no permission; what was done before stays.
        """
        windows = [[*piece.window.box, *piece.window.core, piece.window.feather] for piece in pieces]
        # A tile may turn out to hold no lost pixel of its own; its empty file says that it is done.
        arrays = {
            "windows": np.array(windows, dtype=np.int64).reshape(-1, 9),
            "regions": np.array([piece.region for piece in pieces], dtype=np.int64).reshape(-1, 4),
            "lost": np.concatenate([np.empty(0, np.uint8), *(np.packbits(piece.lost) for piece in pieces)]),
            "values": np.concatenate([piece.values for piece in pieces]) if pieces else np.empty((0, 1)),
            "confidence": np.concatenate([np.empty(0, np.float32), *(piece.confidence for piece in pieces)]),
        }
        try:
            with _whole_file(self._file(tile)) as stream:
                np.savez(stream, allow_pickle=False, **arrays)
        except OSError as error:
            raise UnwritableFile(
                f"cannot save finished work in {self.folder}: {error.strerror or error}; "
                "make room, then go on with --resume"
            ) from error
        self._regions[tile] = _extent(arrays["regions"])

    def pieces(self, region: Region) -> Iterable[Piece]:
        """Return the pieces that touch a region, in the order of their tiles."""
        for tile, extent in sorted(self._regions.items()):
            if not extent.meet(region).empty:
                for piece in self.kept(tile):
                    if not piece.region.meet(region).empty:
                        yield piece

    def discard(self) -> None:
        """Remove the folder: the job is done."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, tile: int) -> Path:
        return self.folder / f"tile-{tile:05d}.npz"

    def _found(self) -> list[int]:
        """Return the numbers of the tiles; a file with a name that this ledger would not give is not one."""
        numbers = (TILE.fullmatch(file.name) for file in self.folder.glob("tile-*.npz"))
        return sorted(int(number[1]) for number in numbers if number)

    def _check(self, stamp: Path, job: Mapping[str, Any]) -> None:
        """Refuse to go on with a job that is not the one on disk, naming what differs."""
        known = read_json(stamp, what="job", remedy=f"remove {self.folder} and start anew")
        wanted = json.loads(json.dumps(job))
        differing = sorted(key for key in {*known, *wanted} if known.get(key) != wanted.get(key))
        if differing:
            raise UnsafeOutput(
                f"{self.folder} holds another job: {', '.join(differing)[:200]} differ; give the same inputs "
                "and options to --resume, or remove the folder to start anew"
            )

    def _extent(self, tile: int) -> Region:
        return _extent(read_tile(self._file(tile))["regions"])

    def kept(self, tile: int) -> Sequence[Piece]:
        """Read the pieces of a tile, keeping the most recently used ones in memory."""
        if tile in self._cache:
            self._cache.move_to_end(tile)
            return self._cache[tile]
        pieces = pieces_of(read_tile(self._file(tile)))
        self._cache[tile] = tuple(pieces)
        self._cached_bytes += _size(self._cache[tile])
        while self._cached_bytes > CACHE_BYTES and len(self._cache) > 1:
            self._cached_bytes -= _size(self._cache.popitem(last=False)[1])
        return self._cache[tile]


def _extent(regions: Any) -> Region:
    """Return the smallest region that holds all of an (n, 4) array of regions."""
    if not len(regions):
        return Region(0, 0, 0, 0)
    top, left = regions[:, :2].min(axis=0).tolist()
    bottom, right = regions[:, 2:].max(axis=0).tolist()
    return Region(top, left, bottom, right)


def _size(pieces: tuple[Piece, ...]) -> int:
    return sum(piece.lost.nbytes + piece.values.nbytes + piece.confidence.nbytes for piece in pieces)


@contextlib.contextmanager
def _whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that gets its name only once it is complete and on disk."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write_whole(path: Path, content: bytes) -> None:
    with _whole_file(path) as stream:
        stream.write(content)
