"""Smaller copies of a scan whose file has none, made in the background, so that looking from afar is quick.

They lie in an unnamed file on the disk and vanish with the session: nothing can become stale.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import TratteggioError
from tratteggio.painting import Pixels, Region
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array
from tratteggio.painting.reduced import levels_of, read_reduced

FIRST = 4  # of the copies: pixels a side that one of theirs stands for; nearer, the file itself is read
SMALL = 4096  # a scan up to this on its longer side needs no copies
BAND = 256  # rows of the first copy that are made at once


class Copied(LazyPixels):
    """Pixels with smaller copies, once these are made.

    Args:
        pixels: of a file without smaller copies.
        folder: on whose disk the copies lie.
    """

    def __init__(self, pixels: Pixels, folder: Path) -> None:
        self.pixels = pixels
        self.folder = folder
        self.levels: tuple[Pixels, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the pixels."""
        return tuple(self.pixels.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the pixels."""
        return np.dtype(self.pixels.dtype)

    def _read(self, region: Region) -> Array:
        return np.asarray(self.pixels[region.slices])

    def make(self, stop: threading.Event) -> None:
        """Make the copies, each a quarter of the one before; nothing is kept if it is told to stop.

        Raises:
            OSError: the disk has no room.
            TratteggioError: the file is damaged.
        """
        levels: list[Pixels] = []
        source, factor = self.pixels, FIRST
        while True:
            level = self._room(tuple(-(-side // factor) for side in self.shape[:2]))
            step = FIRST if not levels else 2
            for top in range(0, level.shape[0], BAND):
                if stop.is_set():
                    return
                band = Region(top * step, 0, (top + BAND) * step, source.shape[1])
                level[top : top + BAND] = read_reduced(source, band, step=step)
            levels.append(level)
            if max(level.shape[:2]) <= BAND:
                break
            source, factor = level, factor * 2
        self.levels = tuple(levels)

    def _room(self, grid: tuple[int, ...]) -> Any:
        """Return an array on the disk; the system frees it when nobody holds it any more."""
        shape = (*grid, *self.shape[2:])
        with tempfile.TemporaryFile(dir=self.folder) as file:
            file.truncate(int(np.prod(shape)) * self.dtype.itemsize)
            return np.memmap(file, self.dtype, "r+", shape=shape)


def needs_copies(pixels: Pixels) -> bool:
    """Say whether a scan is large and its file has no copy that serves to look from afar."""
    enough = any(factor <= 2 * FIRST for factor, _ in levels_of(pixels))
    return max(pixels.shape[:2]) > SMALL and not enough


def make_all(
    copied: list[Copied], stop: threading.Event, *, note: Callable[[str], None], done: Callable[[], None]
) -> threading.Thread:
    """Make the copies of several scans, one after the other, in a thread that is returned.

    Args:
        copied: the scans.
        stop: set to end early.
        note: told in words what could not be made; the scan is then read as it is.
        done: called after each scan.
    """

    def work() -> None:
        for one in copied:
            try:
                one.make(stop)
            except (OSError, TratteggioError) as error:
                note(f"smaller copies could not be made, so looking from afar is slow ({error})")
            done()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
