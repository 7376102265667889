"""Original + lacunae + fill + confidence + history: a proposal, never a flattened picture alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import GridMismatch
from tratteggio.names import rows_and_columns
from tratteggio.painting.lacunae import Lacunae
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array, Pixels, block_means, block_sums, to_depth, white
from tratteggio.painting.reduced import levels_of
from tratteggio.painting.region import Region
from tratteggio.painting.scan import Scan

TILE_PX = 512  # full-size pixels a side that are looked at together at reduced scale


@dataclass(frozen=True, eq=False, repr=False)
class Composite(LazyPixels):
    """The original with the fill laid into the lacunae and nowhere else, made region by region.

    A fill is never transparent: alpha is full inside the lacunae, and a fill that hits the colour which
    stands for transparent is moved by one level.
    """

    original: Scan
    lacunae: Lacunae
    fill: Pixels

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the original, alpha included."""
        return tuple(self.original.pixels.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Depth of the original."""
        return self.original.dtype

    @property
    def levels(self) -> tuple[_CompositeLevel, ...]:
        """Smaller copies, where the original has them: only blocks that hold lost pixels are computed."""
        return tuple(
            _CompositeLevel(self, level, factor) for factor, level in levels_of(self.original.pixels)
        )

    def _read(self, region: Region) -> Array:
        original = np.array(self.original.pixels[region.slices])  # a copy: the source is never written to
        lost = np.asarray(self.lacunae.lost[region.slices])
        if lost.any():
            fill = _off(np.asarray(self.fill[region.slices])[lost], self.original.metadata.clear)
            if original.ndim == 2:
                original[lost] = fill[:, 0]
            else:
                original[lost, : self.original.channels] = fill
            if self.original.alpha:
                # Never below the stated white: counts to 255 in floats may have opacity to 255, too.
                original[lost, -1] = max(white(self.dtype), self.original.white)
        return original


@dataclass(frozen=True, eq=False, repr=False)
class _CompositeLevel(LazyPixels):
    """A proposal at reduced scale: the original's smaller copy, and means of the proposal at lacunae."""

    composite: Composite
    level: Pixels
    factor: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the smaller copy."""
        return tuple(self.level.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Depth of the original."""
        return self.composite.dtype

    def _read(self, region: Region) -> Array:
        out = np.array(self.level[region.slices])
        whole = Region.whole(self.composite.original.grid)
        for tile in region.tiles(max(1, TILE_PX // self.factor)):
            under = Region(*(edge * self.factor for edge in tile)).meet(whole)
            lost = np.asarray(self.composite.lacunae.lost[under.slices])
            if not lost.any():
                continue
            touched = block_sums(lost, self.factor, dtype=np.int64) > 0
            mean = block_means(self.composite[under.slices], self.factor, dtype=np.float64)
            out[tile.relative_to(region).slices][touched] = to_depth(mean[touched], self.dtype)
        return out


def _off(fill: Array, clear: tuple[int, ...] | None) -> Array:
    """Move colours (n, channels) that stand for transparent by one level of their last channel."""
    if clear is None or fill.shape[1] != len(clear):
        return fill
    hit = (fill == np.array(clear)).all(axis=1)
    if hit.any():
        fill = fill.copy()
        fill[hit, -1] = clear[-1] - 1 if clear[-1] else 1
    return fill


@dataclass(frozen=True, eq=False, repr=False)
class Restoration:
    """A proposal for the lacunae of one scan, in layers.

    Attributes:
        original: the scan as it came, never altered.
        lacunae: where paint is lost.
        fill: (H, W, channels) in the dtype of the original; meaningful only where lost, 0 elsewhere.
        confidence: (H, W) float32 in 0 .. 1 where lost, 0 elsewhere.
        history: how the proposal came to be (version, engine, parameters, seed, hashes); JSON-like.
        saver: writes a restoration to a file; given by whoever made it, since painting knows no formats.
        previewer: shows a restoration in a notebook, as HTML; given likewise.
        samples: other fills of the same lacunae, the first one the most likely; none unless asked for.
    """

    original: Scan
    lacunae: Lacunae
    fill: Pixels
    confidence: Pixels
    history: Mapping[str, Any]
    saver: Callable[[Restoration, Path], None] | None = None
    previewer: Callable[[Restoration], str] | None = None
    samples: tuple[Restoration, ...] = ()

    def __repr__(self) -> str:
        """Return three lines: the scan, what is filled, and how."""
        scan, history = self.original, self.history
        kind = "grey" if scan.channels == 1 else f"{scan.channels} channels"
        engine, finish = (dict(history.get(role, {})).get("name", "unknown") for role in ("engine", "finish"))
        others = f", {len(self.samples)} other fills" if self.samples else ""
        return (
            f"Restoration of {scan.name}: {rows_and_columns(scan.grid)}, {kind}, {scan.dtype.name}\n"
            f"filled: {self.lacunae.lost_px:,} px, {100 * self.lacunae.share:.2f} % of the area\n"
            f"engine {engine}, finish {finish}, seed {history.get('seed', 'unknown')}{others}"
        )

    def _repr_html_(self) -> str | None:
        """Return thumbnails for a notebook; None, and so the text, if no previewer was given."""
        return None if self.previewer is None else self.previewer(self)

    def __post_init__(self) -> None:
        if self.lacunae.grid != self.original.grid:
            raise GridMismatch(
                f"{self.lacunae.name} has {rows_and_columns(self.lacunae.grid)}, but "
                f"{self.original.name} has {rows_and_columns(self.original.grid)}"
            )

    @property
    def pixels(self) -> Composite:
        """The proposal as lazy pixels, for reading by region."""
        return Composite(self.original, self.lacunae, self.fill)

    @property
    def image(self) -> Array:
        """The proposal in memory: shape and dtype of the original, bit-identical wherever paint is known."""
        return self.pixels[Region.whole(self.original.grid).slices]

    def save(self, path: str | Path) -> None:
        """Write the proposal; the suffix chooses the format (.tif, .png, .jpg, .ora).

        Raises:
            UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
        """
        if self.saver is None:
            raise TypeError("this restoration was made without a saver; use tratteggio.files.save")
        self.saver(self, Path(path))
