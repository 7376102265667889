"""What is done so far: pieces kept in memory, or on disk so that an interrupted job can go on."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tratteggio.errors import UnsafeOutput, UnwritableFile
from tratteggio.files.documents import read_json
from tratteggio.files.locks import Hold, take
from tratteggio.files.parts import Part, part_of, sweep, sweep_folder, whole_file
from tratteggio.files.watch import signature
from tratteggio.painting import Region
from tratteggio.windows.blend import Piece
from tratteggio.windows.tile_file import pack_sources, pieces_of, read_tile

CACHE_BYTES = 64 * 2**20
TILE = re.compile(r"tile-(\d{5}|[1-9]\d{5,8})\.npz", re.ASCII)
STAMP, LOCK, OUTPUTS = "job.json", "lock", "outputs.json"
OURS = re.compile(rf"job\.json|lock|outputs\.json|{TILE.pattern}|.*\.part", re.DOTALL | re.ASCII)
TRIES = 20


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

    A file appears under its name only when it is complete, and the folder only with its `job.json`, so that a
    kill at any moment leaves a sound ledger. The folder is locked by one process, until `close` or its end.

    Args:
        folder: made if missing; its parent must exist. A folder that is no ledger is never touched.
        job: what the job is (hashes, engine, parameters). A ledger goes on only with the very same job.
        resume: go on with what the folder holds.
        anew: begin again, whatever unfinished job the folder holds.
        check: called before a tile is kept; what it raises is raised, and the tile is not kept.

    Raises:
        UnsafeOutput: the folder holds an unfinished job and neither `resume` nor `anew` was asked for, or
            another job, or something else; or another process is at work on it.
        UnwritableFile: the folder cannot be made.
        UnreadableFile: the ledger is damaged.
    """

    def __init__(
        self,
        folder: Path,
        job: Mapping[str, Any],
        *,
        resume: bool = False,
        anew: bool = False,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.folder = folder
        self._check_inputs = check
        self._cache: OrderedDict[int, tuple[Piece, ...]] = OrderedDict()
        self._cached_bytes = 0
        try:
            self.resumed, self._hold = _opened(folder, job, keep=resume, anew=anew)
        except OSError as error:
            raise UnwritableFile(
                f"cannot keep the ledger of this job in {folder}: {error.strerror or error}; "
                "check that the folder exists and can be written to"
            ) from error
        try:
            if self.resumed:
                self._check(folder / STAMP, job)
            sweep_folder(folder)
            self._regions = {tile: self._extent(tile) for tile in self._found()}
        except BaseException:
            self._hold.release()
            raise

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
            TratteggioError: as `check` raises.
        """
        self._check_inputs()
        windows = [[*piece.window.box, *piece.window.core, piece.window.feather] for piece in pieces]
        # A tile may turn out to hold no lost pixel of its own; its empty file says that it is done.
        arrays = {
            "windows": np.array(windows, dtype=np.int64).reshape(-1, 9),
            "regions": np.array([piece.region for piece in pieces], dtype=np.int64).reshape(-1, 4),
            "lost": np.concatenate([np.empty(0, np.uint8), *(np.packbits(piece.lost) for piece in pieces)]),
            "values": np.concatenate([piece.values for piece in pieces]) if pieces else np.empty((0, 1)),
            "confidence": np.concatenate([np.empty(0, np.float32), *(piece.confidence for piece in pieces)]),
            "sources": pack_sources(pieces),
        }
        try:
            with whole_file(self._file(tile)) as stream:
                np.savez(stream, allow_pickle=False, **arrays)
        except OSError as error:
            raise UnwritableFile(
                f"cannot save finished work in {self.folder}: {error.strerror or error}; "
                "make room, then continue with `resume=True`"
            ) from error
        self._regions[tile] = _extent(arrays["regions"])

    def pieces(self, region: Region) -> Iterable[Piece]:
        """Return the pieces that touch a region, in the order of their tiles."""
        for tile, extent in sorted(self._regions.items()):
            if not extent.meet(region).empty:
                for piece in self.kept(tile):
                    if not piece.region.meet(region).empty:
                        yield piece

    def own(self, files: Sequence[Path], names: Sequence[str]) -> None:
        """Note that files are the job's to replace: its own, on their way to these names, or old outputs.

        Raises:
            UnwritableFile: no space or no permission.
        """
        told = self._owned()
        for file, name in zip(files, names, strict=True):
            told.setdefault(name, []).append(list(signature(file)))
        try:
            with whole_file(self.folder / OUTPUTS) as stream:
                stream.write(json.dumps(told).encode())
        except OSError as error:
            raise UnwritableFile(f"{self.folder / OUTPUTS}: {error.strerror or error}") from error

    def owns(self, output: Path) -> bool:
        """True if an output that is there is one that `own` was told of, unchanged since."""
        try:
            return list(signature(output)) in self._owned().get(output.name, [])
        except OSError:
            return False

    def _owned(self) -> dict[str, list[list[int]]]:
        file = self.folder / OUTPUTS
        try:
            told = json.loads(file.read_bytes()) if file.is_file() else {}  # a pipe would wait for ever
        except (OSError, ValueError, RecursionError):
            return {}  # then nothing is known to be the job's, and nothing is replaced
        return told if isinstance(told, dict) and all(isinstance(v, list) for v in told.values()) else {}

    def close(self) -> None:
        """Let go of the job; what is done stays for another run."""
        self._hold.release()

    def discard(self) -> None:
        """Remove the folder: the job is done."""
        _removed(self.folder, self._hold)

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
                f"{self.folder} contains another job: {', '.join(differing)[:200]} differ; use the "
                "same inputs "
                "and options with `resume=True`, or remove the folder to start again"
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


# --- the folder ---------------------------------------------------------------------------------------


def require_ledger(folder: Path) -> None:
    """Make sure that a folder is the ledger of a job and holds nothing else.

    Raises:
        UnsafeOutput: it is something else, which is never adopted and never removed.
    """
    try:
        entries = [] if folder.is_symlink() or not folder.is_dir() else list(folder.iterdir())
    except OSError as error:
        raise UnsafeOutput(f"{folder} cannot be read: {error.strerror or error}; move it away") from error
    foreign = [entry for entry in entries if entry.is_symlink() or not OURS.fullmatch(entry.name)]
    if foreign or (folder / STAMP) not in entries:
        why = f"contains the foreign file {foreign[0].name}" if foreign else "is not the folder of a job"
        raise UnsafeOutput(
            f"{folder}, the folder for finished tiles of this job, {why}; move it, or name another output"
        )


def _opened(folder: Path, job: Mapping[str, Any], *, keep: bool, anew: bool) -> tuple[bool, Hold]:
    """Find or make the folder of a job and lock it; tells whether it was there.

    Raises:
        UnsafeOutput: as `DiskLedger`.
        OSError: as the file system says.
    """
    sweep([folder])
    for _ in range(TRIES):
        there = os.path.lexists(folder)
        if there:
            require_ledger(folder)
        elif not _made(folder, job):
            continue  # another job made one at this very moment
        try:
            hold = take(folder / LOCK, of=folder)
        except FileNotFoundError:
            continue  # another job ended at this very moment
        if not there or keep:
            return there, hold
        if not anew:
            hold.release()
            raise UnsafeOutput(
                f"{folder} contains an unfinished job; add `resume=True` to continue, or `overwrite=True` to "
                "start again"
            )
        _removed(folder, hold)
    raise UnsafeOutput(f"{folder} is in use by other jobs that come and go; try again")


def _made(folder: Path, job: Mapping[str, Any]) -> bool:
    """Make the folder with its stamp, at once; False if one is there meanwhile."""
    part = Part(folder, folder=True)
    try:
        with whole_file(part.path / STAMP) as stream:
            stream.write(json.dumps(job, indent=1).encode())
        part.place()
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
            return False
        raise
    finally:
        part.drop()
    return True


def _removed(folder: Path, hold: Hold) -> None:
    """Remove a ledger that is held: first its name, so that nobody finds a half of it."""
    if os.name == "nt":  # no renaming of what holds an open file
        hold.release()
    doomed = part_of(folder)
    with contextlib.suppress(OSError):
        folder.replace(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
    hold.release()
