"""Colours that somebody gives: hints drawn on the scan, or paint of a reference. Laid out for a whole scan.

All is done at most 320 pixels long: hints and matched colours are spread over the lightness of the reduced
scan (`filters.colouring`), and the result is said as straight lines over lightness, which follow the
outlines of the scan at full size.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tratteggio import files
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.files.icc import to_srgb8
from tratteggio.files.orientation import require_same_orientation
from tratteggio.filters.colouring import Reference, guide, match_colours, spread_colours
from tratteggio.names import rows_and_columns
from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import COLOURS, Array, block_means, block_sums, white

LONGEST = 320  # px of the longer side at which colours are spread
COLOURFUL = 24  # of 255 levels between channels, from which a pixel is a hint if the file has no opacity
BAND_PX = 1 << 22  # of a file in memory at a time

Floats = NDArray[np.float32]


class Lines(NamedTuple):
    """Colours of cells as straight lines over lightness: colour = slope L* + offset.

    Attributes:
        slope, offset: (n, m, 2), of a* and b*.
    """

    slope: Floats
    offset: Floats


@dataclass(frozen=True, kw_only=True)
class GivenColours:
    """What was given; any of the two.

    Attributes:
        hints: a picture of the size of the scan, in colour where the colour is known.
        reference: a picture in colour, of any size.
        regions: a picture of the size of the scan: what has one colour in it takes its colours from the
        region
            of the same colour in `reference_regions`, which has the size of the reference. None: all of both.
    """

    hints: Path | None
    reference: Path | None
    regions: Path | None
    reference_regions: Path | None

    def __post_init__(self) -> None:
        if (self.regions is None) != (self.reference_regions is None):
            raise BadUsage("regions of colorize come in pairs: state regions and reference_regions")
        if self.regions is not None and self.reference is None:
            raise BadUsage("regions of colorize need a reference to take colours from")
        for path in self.paths:
            files.read(path)  # by its header, so that a missing file is told before the scan is opened

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files that are read."""
        every = (self.hints, self.reference, self.regions, self.reference_regions)
        return tuple(path for path in every if path is not None)

    def spread(self, scan: Scan) -> Lines:
        """Lay colours out over a scan.

        Raises:
            GridMismatch: hints or regions have another size than what they lie on.
            BadUsage: nothing is in colour in the hints or the reference, or no region has a counterpart.
        """
        step = _step(scan)
        light = _lab(scan, step)[..., 0]
        colours, trust = np.zeros((*light.shape, 2)), np.zeros(light.shape)
        if self.reference is not None:
            colours, trust = self._match(scan, light, files.read(self.reference))
        if self.hints is not None:
            hints = files.read(self.hints)
            _require_grid(hints, scan, "hints of colorize")
            drawn, known = _hinted(hints, step)
            colours[known], trust[known] = drawn[known], np.inf
        slope, offset = guide(light, spread_colours(light, colours, trust))
        return Lines(slope.astype(np.float32), offset.astype(np.float32))

    def _match(self, scan: Scan, light: Array, reference: Scan) -> tuple[Array, Array]:
        if reference.channels != COLOURS:
            raise BadUsage(f"a reference of colorize is in colour, but {reference.name} is grey")
        step = _step(reference)
        lab = _lab(reference, step)
        there = _visible(reference, step).astype(np.int64)
        here = np.ones(light.shape, np.int64)
        if self.regions is not None and self.reference_regions is not None:
            drawn, counterpart = files.read(self.regions), files.read(self.reference_regions)
            _require_grid(drawn, scan, "regions of colorize")
            _require_grid(counterpart, reference, "reference_regions of colorize")
            here = _numbers(drawn, _step(scan))
            there *= _numbers(counterpart, step)
        return match_colours(light, here, Reference(lab[..., 0], lab[..., 1:], there))


def _step(scan: Scan) -> int:
    return -(-max(scan.grid) // LONGEST)


def _bands(scan: Scan, step: int) -> list[Region]:
    return list(Region.whole(scan.grid).bands(max(1, BAND_PX // (scan.grid[1] * step)) * step))


def _lab(scan: Scan, step: int) -> Array:
    """Return L*, a* and b* of means of step x step pixels."""
    means = [block_means(_srgb(scan, band), step) for band in _bands(scan, step)]
    return _to_lab(np.concatenate(means))


def _srgb(scan: Scan, region: Region) -> Array:
    """Return a region as (h, w, 3), 0 .. 255, in sRGB."""
    colour = scan.colour(region)
    shown = to_srgb8(colour, scan.metadata.icc, scan.white)
    grey = shown.ndim == 2 or shown.shape[2] == 1
    return np.repeat(shown.reshape(*shown.shape[:2], 1), COLOURS, axis=2) if grey else shown


def _to_lab(levels: Array) -> Array:
    """Convert (h, w, 3), 0 .. 255, with the white of sRGB: grey has no colour."""
    import torch  # noqa: PLC0415  (takes seconds)

    from tratteggio.layers.lab import to_lab  # noqa: PLC0415  (the same)

    rgb = torch.from_numpy(np.asarray(levels, np.float64) / 255).movedim(-1, 0)[None]
    lab: Array = to_lab(rgb)[0].movedim(0, -1).numpy()
    return lab


def _hinted(hints: Scan, step: int) -> tuple[Array, Array]:
    """Return a* and b* of cells, means of their hints, and which cells have one."""
    colours, counts = [], []
    by_opacity = not all(_opaque(hints, band).all() for band in _bands(hints, step))
    for band in _bands(hints, step):
        levels = _srgb(hints, band)
        drawn = _opaque(hints, band)
        if not by_opacity:
            drawn = np.ptp(levels.astype(np.int16), axis=2) >= COLOURFUL
        ab = np.where(drawn[..., None], _to_lab(levels)[..., 1:], 0.0)
        colours.append(block_sums(ab, step))
        counts.append(block_sums(drawn.astype(np.float64), step))
    count = np.concatenate(counts)
    if not count.any():
        raise BadUsage(
            f"{hints.name} has no hint: draw dots or strokes in colour on a transparent layer, or on a copy "
            "of the grey scan, and save it as PNG"
        )
    return np.concatenate(colours) / np.maximum(count, 1)[..., None], count > 0


def _opaque(scan: Scan, region: Region) -> Array:
    """Return where a file shows something: opacity of a half and more."""
    if not scan.alpha:
        return np.ones((region.rows, region.cols), bool)
    stored = scan.read(region)
    return np.asarray(stored[..., -1] >= white(stored.dtype) / 2)


def _visible(scan: Scan, step: int) -> Array:
    """Return which cells a reference shows."""
    return np.concatenate([block_means(_opaque(scan, band), step) > 0.5 for band in _bands(scan, step)])


def _numbers(drawn: Scan, step: int) -> Array:
    """Return a number for each colour of a map of regions, cell by cell; black and transparent are 0."""
    rows = []
    for band in _bands(drawn, step):
        levels = _srgb(drawn, band).astype(np.int64)
        code = (levels[..., 0] << 16) + (levels[..., 1] << 8) + levels[..., 2]
        code = np.where(_opaque(drawn, band), code, 0)
        # The pixel in the middle stands for a cell: a mean of two colours would be a third.
        rows.append(code[_middles(code.shape[0], step)][:, _middles(code.shape[1], step)])
    return np.concatenate(rows)


def _middles(side: int, step: int) -> Array:
    return np.minimum(np.arange(0, side, step) + step // 2, side - 1)


def _require_grid(drawn: Scan, scan: Scan, what: str) -> None:
    if drawn.grid != scan.grid:
        raise GridMismatch(
            f"{what} must have the size of what they lie on, but {drawn.name} has "
            f"{rows_and_columns(drawn.grid)} and {scan.name} has {rows_and_columns(scan.grid)}"
        )
    require_same_orientation(scan, drawn)
