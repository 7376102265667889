"""Pixels that are computed window by window, on one lattice, when they are read."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from itertools import chain
from typing import Any

import numpy as np

from tratteggio.painting import Region
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array
from tratteggio.windows.executing import (
    Begun,
    Computers,
    ahead_of,
    compute_in_order,
    give_up,
    opens_elsewhere,
)

Progress = Callable[[int, int], None]


class Windowed(LazyPixels):
    """Pixels of which windows on a lattice are computed whole, whatever part of them is read.

    The lattice begins at the upper left corner. So the bits do not depend on what is read: nets and filters
    round sums by the size of what they are given. A subclass has `shape`, `dtype` and `_compute`, which reads
    as much around a window as it looks at (its halo).

    Args:
        window: pixels a side of a window; the last ones end with the pixels.
        kept: windows that stay in memory, the latest read; 0 computes them at each reading. One row of
            windows and one more serve a reader that goes from top to bottom.
        progress: called with (pixels computed, pixels in all) after each window, in the thread that reads.
            It stops the reading if it raises `Cancelled`.
        executor: computes windows, for example in threads; None computes them one by one. The bits are the
            same. Workers elsewhere also compute the windows that a reader who goes from top to bottom will
            ask for next.

    Example:
        >>> class Squares(Windowed):
        ...     shape, dtype = (4, 4), np.dtype(np.int64)
        ...     def _compute(self, window):
        ...         rows, cols = np.mgrid[window.slices]
        ...         return rows * rows + cols
        >>> Squares(window=3, kept=2)[2:4, 2:4]
        array([[ 6,  7],
               [11, 12]])
    """

    def __init__(
        self,
        *,
        window: int,
        kept: int = 0,
        progress: Progress | None = None,
        executor: Computers | None = None,
    ) -> None:
        self.window = window
        self.kept = kept
        self.progress = progress
        self.executor = executor
        self.done = 0
        self._windows: OrderedDict[Region, Array] = OrderedDict()
        self._begun: dict[Region, Begun[Array]] = {}
        self._told: set[Region] = set()  # windows that were begun elsewhere, once each if nobody goes back
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        """Return what computing a window needs: what is kept, begun and told stays with the reader."""
        fresh: dict[str, Any] = {"done": 0, "progress": None, "executor": None}
        fresh |= {"_windows": OrderedDict(), "_begun": {}, "_told": set()}
        return {name: value for name, value in vars(self).items() if name != "_lock"} | fresh

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = threading.RLock()

    @abstractmethod
    def _compute(self, window: Region) -> Array:
        """Return the pixels of one window: (h, w) or (h, w, C). It may be called from several threads."""

    def _prepare(self) -> None:
        """Compute what all windows share, once, before the first of them."""

    def _read(self, region: Region) -> Array:
        out = np.empty((region.rows, region.cols, *self.shape[2:]), self.dtype)
        if region.empty:
            return out
        # With a memory, one reader at a time: two would compute the same windows, and mix up the progress.
        alone = self.kept or self.progress or opens_elsewhere(self.executor)
        with self._lock if alone else nullcontext():
            self._prepare()
            windows = list(region.cells(self.window, within=(self.shape[0], self.shape[1])))
            missing = [window for window in windows if window not in self._windows]
            for window in windows:
                if window in self._windows:
                    self._windows.move_to_end(window)
                    _put(out, region, window, self._windows[window])
            for window, pixels in zip(missing, self._outputs(missing, region), strict=True):
                _put(out, region, window, pixels)
                self._keep(window, pixels)
        return out

    def _outputs(self, missing: Sequence[Region], region: Region) -> Iterator[Array]:
        """Compute windows in order; elsewhere, also begin those that a reader will ask for next."""
        executor = self.executor
        if executor is None or not opens_elsewhere(executor):
            yield from compute_in_order(self._compute, missing, executor=executor)
            return
        ahead = (window for window in self._following(region) if window not in self._told)
        coming = chain(missing, ahead)
        try:
            for wanted in missing:
                while wanted not in self._begun or len(self._begun) < ahead_of(executor):
                    window = next(coming, None)
                    if window is None:
                        break
                    if window not in self._begun:
                        self._begun[window] = executor.submit(self._compute, window)
                        self._told.add(window)
                yield self._begun.pop(wanted).result()
        except BaseException:
            give_up(list(self._begun.values()))
            self._begun.clear()
            raise

    def _following(self, region: Region) -> Iterator[Region]:
        """Yield the windows right of those that a region touches, column by column, then bands below."""
        side, (rows, cols) = self.window, self.shape[:2]
        top, bottom = region.top // side * side, -(-region.bottom // side) * side
        start = -(-region.right // side) * side
        while top < rows:
            for left in range(start, cols, side):
                yield from Region(top, left, min(bottom, rows), left + 1).cells(side, within=(rows, cols))
            top, bottom, start = bottom, 2 * bottom - top, 0

    def _keep(self, window: Region, pixels: Array) -> None:
        self._windows[window] = pixels
        while len(self._windows) > self.kept:
            self._windows.popitem(last=False)
        self.done += window.rows * window.cols
        if self.progress:
            self.progress(self.done, self.shape[0] * self.shape[1])


def _put(out: Array, region: Region, window: Region, pixels: Array) -> None:
    """Put the part of a window that a region takes into the array of that region."""
    part = window.meet(region)
    out[part.relative_to(region).slices] = pixels[part.relative_to(window).slices]
