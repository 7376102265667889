"""What a detector finds in a painting of any size: strengths by windows, then pieces at a bit a pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.damage.tracing import trace_damage
from tratteggio.errors import BadPixels, BadUsage
from tratteggio.painting import Lacunae, Pixels, Region, Stack
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array, Lost
from tratteggio.roles import Detector, Trace
from tratteggio.windows.executing import Computers
from tratteggio.windows.windowed import Progress, Windowed

LATTICE = 512  # px a side that are computed at a time; a multiple of the step of every net
LEVELS = 255  # strengths are kept as so many levels: those of a file that shows them

Levels = NDArray[np.uint8]


class Strengths(Windowed):
    """How likely damage is, in 256 levels: computed where they are read, on one lattice of windows.

    Args:
        stack: the painting.
        detector: that looks for damage.
        progress, executor: see `Windowed`.

    Raises:
        BadUsage: the step of the detector does not divide the side of a window.
    """

    def __init__(
        self,
        stack: Stack,
        detector: Detector,
        *,
        progress: Progress | None = None,
        executor: Computers | None = None,
    ) -> None:
        if LATTICE % detector.step:
            raise BadUsage(
                f"the step of a detector divides {LATTICE}, got {detector.step} of {detector.name}"
            )
        self.stack = stack
        self.detector = detector
        # Rows of windows as many as one reading takes in, so that each is computed once from top to bottom.
        kept = 3 * (-(-stack.grid[1] // LATTICE)) + 1
        super().__init__(window=LATTICE, kept=kept, progress=progress, executor=executor)

    @property
    def shape(self) -> tuple[int, int]:
        """Grid of the stack."""
        return self.stack.grid

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8."""
        return np.dtype(np.uint8)

    @cached_property
    def _context(self) -> Any:
        return self.detector.prepare(self.stack)

    def _prepare(self) -> None:
        _ = self._context

    def _compute(self, window: Region) -> Levels:
        step = self.detector.step
        seen = window.grow(-(-self.detector.reach // step) * step, within=self.shape)
        crop = self.stack.crop(seen)
        require_finite(crop)
        strength = self.detector.detect(crop, self._context)
        inner = window.relative_to(seen).slices
        levels = np.rint(np.clip(strength[inner], 0, 1) * LEVELS).astype(np.uint8)
        # What the scan does not show is no paint, sound or damaged.
        return np.where(crop.primary.read_seen()[inner], levels, 0).astype(np.uint8)


def threshold_and_trace(strengths: Pixels, *, threshold: float, trace: Trace, name: str) -> Lacunae:
    """Trace strengths to pieces of damage, read from top to bottom; what is found is kept at a bit a pixel.

    Args:
        strengths: (H, W) uint8, 255 = 1, as `Strengths` gives them or a file that was written from these.
        threshold: 0 .. 1; strengths from here on are damage.
        trace: how places are joined and dropped.
        name: of what is found, for messages.

    Raises:
        BadUsage: a threshold out of its range.
    """
    if not 0 < threshold <= 1:
        raise BadUsage(f"the threshold of strengths is above 0 and at most 1, got {threshold}")
    grid = (strengths.shape[0], strengths.shape[1])
    packed = np.zeros((grid[0], -(-grid[1] // 8)), np.uint8)
    for band in Region.whole(grid).bands(LATTICE):
        parts = []
        for tile in band.tiles(LATTICE):
            seen = tile.grow(trace.reach, within=grid)
            levels = np.asarray(strengths[seen.slices])
            parts.append(trace_damage(levels, threshold * LEVELS, trace)[tile.relative_to(seen).slices])
        packed[band.top : band.bottom] = np.packbits(np.concatenate(parts, axis=1), axis=1)
    return Lacunae(Packed(packed, grid), name)


@dataclass(frozen=True, eq=False, repr=False)
class Packed(LazyPixels):
    """A boolean raster in memory at a bit a pixel: a gigapixel takes 120 MB.

    Attributes:
        bits: (H, ceil(W / 8)) uint8, as `np.packbits` lays them along rows.
        shape: (H, W).
    """

    bits: Array
    shape: tuple[int, int]

    @property
    def dtype(self) -> np.dtype[Any]:
        """bool."""
        return np.dtype(np.bool_)

    def _read(self, region: Region) -> Lost:
        first = region.left // 8
        rows = self.bits[region.top : region.bottom, first : -(-region.right // 8)]
        flags = np.unpackbits(rows, axis=1)[:, region.left - 8 * first : region.right - 8 * first]
        return flags.astype(np.bool_)


def require_finite(window: Stack) -> None:
    """Make sure that a window of a painting holds numbers, as far as its scans show it.

    Raises:
        BadPixels: NaN or infinite values; with their place on the painting.
    """
    for scan in window.scans:
        if scan.dtype.kind != "f":
            continue
        bad = ~np.isfinite(scan.colour()).all(axis=2) & scan.read_seen()
        if bad.any():
            row, col = np.argwhere(bad)[0]
            raise BadPixels(
                f"{scan.name} contains NaN or infinite values, for example at row "
                f"{window.origin[0] + row}, column {window.origin[1] + col}; correct the file"
            )
