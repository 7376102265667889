"""Chains of filters over a scan of any size: computed where they are read, window by window.

A window is read with as much about it as its filters look at, so that it comes out as the whole would, to the
last bit. Steps work on floats from 0 (black) to 1 (white); those of a scan of 8 or 16 bits are held to that
range after each step and rounded once, at the end. Alpha is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.filters._window import floats, require_reach
from tratteggio.filters.chain import Step
from tratteggio.filters.point import LEVELS, histogram
from tratteggio.names import rows_and_columns
from tratteggio.painting import Pixels, Region, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array, to_depth, white
from tratteggio.windows.executing import Computers
from tratteggio.windows.light import Light
from tratteggio.windows.windowed import Progress, Windowed

TILE = 512  # px a side that are computed at a time
WHOLE_GIB = 1.0  # most that a filter which looks at the whole may hold of it


def reach_of(steps: Sequence[Step], grid: tuple[int, int]) -> int | None:
    """Return how far a chain looks, in pixels; None if some step takes the whole in at one look."""
    reaches = [step.reach(grid) for step in steps]
    return None if None in reaches else sum(reach for reach in reaches if reach)


@dataclass(frozen=True, eq=False, repr=False)
class Filtered(LazyPixels):
    """Pixels seen through one step of a chain.

    Attributes:
        source: floats (H, W, C).
        step: what is done.
        depth: of the scan that all began with.
        other: the other picture that the step needs, on the same grid.

    Raises:
        BadUsage: the step looks further than the picture is wide, or at more of it than can be held.
    """

    source: Pixels
    step: Step
    depth: np.dtype[Any]
    other: Pixels | None = None

    def __post_init__(self) -> None:
        if self.reach is not None:
            require_reach(self.reach, self.grid)
            return
        held = int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize / 2**30
        if held > WHOLE_GIB:
            raise BadUsage(
                f"{self.step.name} needs the whole image in memory: {rows_and_columns(self.grid)} take "
                f"{held:.1f} GiB, more than the limit of {WHOLE_GIB:g} GiB; reduce the scan first"
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the source."""
        return tuple(self.source.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the source."""
        return np.dtype(self.source.dtype)

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.shape[0], self.shape[1]

    @property
    def reach(self) -> int | None:
        """How far the step looks; None: at the whole."""
        return self.step.reach(self.grid)

    def _read(self, region: Region) -> Array:
        if self.reach is None:
            return np.asarray(self._whole[region.slices])
        seen = region.grow(self.reach, within=self.grid)
        return np.asarray(self._through(seen)[region.relative_to(seen).slices])

    @cached_property
    def _whole(self) -> Array:
        return self._through(Region.whole(self.grid))

    @cached_property
    def _histogram(self) -> Array:
        """A first look at all of the source, tile by tile."""
        counts = np.zeros((self.shape[2], LEVELS), np.int64)
        for tile in Region.whole(self.grid).tiles(TILE):
            counts += histogram(np.asarray(self.source[tile.slices]))
        return counts

    def _through(self, seen: Region) -> Array:
        given: dict[str, Any] = {}
        if "origin" in self.step.filter.given:
            given["origin"] = (seen.top, seen.left)
        if "side" in self.step.filter.given:
            given["side"] = max(self.grid)
        if "histogram" in self.step.filter.given:
            given["histogram"] = self._histogram
        other = None if self.other is None else np.asarray(self.other[seen.slices])
        image = np.asarray(self.source[seen.slices])
        if self.step.filter.reach is None and self.depth.kind == "u":
            # CLAHE counts levels: it must meet those of the scan.
            image = to_depth(image * white(self.depth), self.depth)
            if other is not None:
                other = to_depth(other * white(self.depth), self.depth)
            answer = self.step.apply(image, other=other, given=given)
            return np.asarray(np.divide(answer, white(self.depth), dtype=self.dtype))
        answer = self.step.apply(image, other=other, given=given)
        return np.asarray(np.clip(answer, 0, 1)) if self.depth.kind == "u" else answer


def filtered(scan: Scan, steps: Sequence[Step], others: Sequence[Scan | None]) -> Pixels:
    """Lay the steps of a chain over the colour channels of a scan.

    Args:
        scan: read where the answer is.
        steps: in order.
        others: for each step the other scan that it needs, or None.

    Returns:
        floats (H, W, channels), computed where they are read.

    Raises:
        GridMismatch: another scan is not on the grid of this one.
        BadUsage: another scan has other channels, or a step looks further than the picture is wide, or at
            more of it than can be held.
    """
    dtype = floats(scan.dtype)
    pixels: Pixels = Light(scan, dtype)
    for step, other in zip(steps, others, strict=True):
        if other is not None and other.grid != scan.grid:
            raise GridMismatch(
                f"{step.name} needs two images of the same size, but {scan.name} has "
                f"{rows_and_columns(scan.grid)} and {other.name} has {rows_and_columns(other.grid)}"
            )
        if other is not None and other.channels != scan.channels:
            raise BadUsage(
                f"{step.name} needs two images with the same number of channels, but {scan.name} has "
                f"{scan.channels} and {other.name} {other.channels}"
            )
        pixels = Filtered(pixels, step, scan.dtype, Light(other, dtype) if other else None)
    return pixels


@dataclass(frozen=True, eq=False, repr=False)
class Repeated(LazyPixels):
    """Pixels of which each stands for a square of several.

    Attributes:
        pixels: what is read.
        scale: pixels a side of a square.
    """

    pixels: Pixels
    scale: int

    @property
    def shape(self) -> tuple[int, ...]:
        """(H * scale, W * scale), and channels if there are."""
        rows, cols, *channels = self.pixels.shape
        return rows * self.scale, cols * self.scale, *channels

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the pixels."""
        return np.dtype(self.pixels.dtype)

    def _read(self, region: Region) -> Array:
        small = Region(
            *(edge // self.scale for edge in region[:2]), *(-(-edge // self.scale) for edge in region[2:])
        )
        around = Region(*(edge * self.scale for edge in small))
        squares = np.asarray(self.pixels[small.slices])
        for axis in (0, 1):
            squares = np.repeat(squares, self.scale, axis=axis)
        return squares[region.relative_to(around).slices]


class Enhanced(Windowed):
    """A scan as it was enhanced, at its own depth, with its alpha.

    Args:
        scan: what is enhanced.
        light: its colour channels as they became, floats, on its grid or on one that is finer by a whole
            factor, whose pixels have the alpha of the one that they lie in. See `filtered` and `Outputs`.
        tile: pixels a side, of the finer grid, that are computed at a time.
        progress, executor: see `Windowed`.
    """

    def __init__(
        self,
        scan: Scan,
        light: Pixels,
        *,
        tile: int,
        progress: Progress | None = None,
        executor: Computers | None = None,
    ) -> None:
        scale = light.shape[0] // scan.grid[0]
        self.scan = scan
        self.light = light
        self.stored = scan.pixels if scale == 1 else Repeated(scan.pixels, scale)
        self.seen = scan.seen if scale == 1 or scan.seen is None else Repeated(scan.seen, scale)
        super().__init__(
            window=tile, kept=-(-light.shape[1] // tile) + 1, progress=progress, executor=executor
        )

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.light.shape[0], self.light.shape[1]

    @property
    def shape(self) -> tuple[int, ...]:
        """Grid and channels, alpha included; no channel axis where the scan has none and stays grey."""
        flat = len(self.scan.pixels.shape) == 2 and self.light.shape[2] == 1
        return self.grid if flat else (*self.grid, self.light.shape[2] + self.scan.alpha)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Depth of the scan."""
        return self.scan.dtype

    def _compute(self, window: Region) -> Array:
        stored = np.asarray(self.stored[window.slices])
        stored = stored[..., None] if stored.ndim == 2 else stored
        values = self.light[window.slices]
        output = to_depth(values * self.scan.white, self.dtype, white=self.scan.metadata.white)
        if self.seen is not None:
            # What the scan does not show is no paint, before and after.
            seen = np.asarray(self.seen[window.slices])[..., None]
            output = np.where(seen, output, stored[..., : self.scan.channels])
        if self.scan.alpha:
            output = np.concatenate([output, stored[..., self.scan.channels :]], axis=-1)
        return output[..., 0] if len(self.shape) == 2 else output
