"""What a painting looks like around each pixel, in planes of 8 bits: computed window by window, and kept.

Statistics of every scan (`filters.statistics`), and what detectors say, such as how likely there are cracks
by `cracks`, as it is and as a mean around.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from tratteggio import treatment
from tratteggio.damage import Strengths
from tratteggio.filters.statistics import REACH, mean_around, statistics
from tratteggio.painting import Region, Stack
from tratteggio.windows.light import Light

Levels = NDArray[np.uint8]

WINDOW = 1024  # px a side that are computed at a time, a multiple of `filters.statistics.STEP`
KEPT = 6  # windows that stay in memory: some 500 MB of a scan in colours
MEANS = (3.5, 8.0)  # px, of what detectors see


class Surroundings:
    """The planes of one painting.

    Args:
        stack: the painting.
        detectors: by name, whose strengths are planes too.
        device: "auto", "cpu" or "cuda".

    Attributes:
        names: of the planes, in their order.
    """

    def __init__(self, stack: Stack, *, detectors: tuple[str, ...], device: str = "auto") -> None:
        self.stack = stack
        self._strengths = {}
        for name in detectors:
            made, _ = treatment.make_detector(name, device=device)
            self._strengths[name] = Strengths(treatment.opening.select_scans(made, stack), made)
        self._windows: OrderedDict[Region, Levels] = OrderedDict()
        self._lock = threading.RLock()
        first = next(Region.whole(stack.grid).cells(WINDOW, within=stack.grid))
        self.names: tuple[str, ...] = tuple(self._compute(first.meet(Region(0, 0, 1, 1))))

    def __getitem__(self, region: Region) -> Levels:
        """Return the planes of a region: (planes, rows, cols)."""
        out = np.empty((len(self.names), region.rows, region.cols), np.uint8)
        for window in region.cells(WINDOW, within=self.stack.grid):
            part = window.meet(region)
            here = (slice(None), *part.relative_to(region).slices)
            out[here] = self._window(window)[(slice(None), *part.relative_to(window).slices)]
        return out

    def at(self, pixels: NDArray[np.int64]) -> Levels:
        """Return the planes of some pixels (n, 2): (planes, n)."""
        found = np.empty((len(self.names), len(pixels)), np.uint8)
        cells = pixels // WINDOW
        for cell in np.unique(cells, axis=0):
            here = (cells == cell).all(axis=1)
            top, left = (cell * WINDOW).tolist()
            whole = Region(top, left, top + WINDOW, left + WINDOW).meet(Region.whole(self.stack.grid))
            rows, cols = (pixels[here] - (top, left)).T
            found[:, here] = self._window(whole)[:, rows, cols]
        return found

    def _window(self, window: Region) -> Levels:
        with self._lock:
            if window not in self._windows:
                self._windows[window] = np.stack(list(self._compute(window).values()))
            self._windows.move_to_end(window)
            while len(self._windows) > KEPT:
                self._windows.popitem(last=False)
            return self._windows[window]

    def _compute(self, window: Region) -> dict[str, Levels]:
        shown = window.grow(REACH, within=self.stack.grid)
        inner = window.relative_to(shown).slices
        crop = self.stack.crop(shown)
        planes = {
            f"{scan.modality} {name}": values[inner]
            for scan in crop.scans
            for name, values in statistics(Light(scan, np.dtype(np.float32))[:, :]).items()
        }
        for name, strengths in self._strengths.items():
            levels = strengths[shown.slices]
            planes[name] = levels[inner]
            for width in MEANS:
                mean = mean_around(levels.astype(np.float32), width)[inner]
                planes[f"{name} level {width:g}"] = np.rint(mean).astype(np.uint8)
        return planes
