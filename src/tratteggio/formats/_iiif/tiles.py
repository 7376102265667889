"""A scan as a IIIF image of level 0: JPEG tiles at every halving, which any web server can hand out.

The scan is read once, in rows of tiles. What a row shows is halved and waits until it fills a row of the next
size, so that memory depends on the width of the painting, not on its area. The halvings are made here, in
8 bit, also where the file has smaller copies: to read and convert those would take longer.
Source: IIIF Image API 3.0 and its compliance document, level 0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tratteggio.files.display import Tone, conversion_of
from tratteggio.files.pyramid import grids, halved
from tratteggio.files.rasters import upright
from tratteggio.formats._iiif.fetch import NAME
from tratteggio.formats._iiif.info import describe_image
from tratteggio.formats._iiif.lattice import TILE, row_of_tiles, size_path, tile_path
from tratteggio.painting import Pixels, Region, Scan
from tratteggio.roles import Layer

QUALITY = 90
LONGEST_WHOLE = 2048  # px; the whole image is there at every size up to this
CELL = 128  # px a side of what is read of a layer that differs in places
ACROSS = 4096  # columns that are read and converted at a time

Shown = NDArray[np.uint8]


def write_images(layers: Sequence[Layer], folder: Path, *, address: str, read: Callable[[int], None]) -> None:
    """Write a scan, and what differs from it in places, each as an image in a folder of its name.

    An image is `info.json`, tiles, and the whole at small sizes.

    Args:
        layers: a scan, grey or RGB, of any depth and size, then the layers that differ from it in places: a
            proposal is read there only. All are shown upright, in sRGB, without opacity.
        folder: where to.
        address: where the folder will be reached, without "/" at the end.
        read: called with the number of full-size pixels of the scan that were read.
    """
    grid = upright_grid(layers[0].scan)
    images = [
        [
            _Level(grid, size, 2**number, folder / one.name)
            for number, size in enumerate(grids(grid, most=TILE))
        ]
        for one in layers
    ]
    for bands in _shown_bands(layers, read):
        for levels, band in zip(images, bands, strict=True):
            _pass_down(levels, band)
    for one in layers:
        info = describe_image(f"{address}/{one.name}", grid, level=0, sizes=whole_sizes(grid))
        (folder / one.name / NAME).write_text(json.dumps(info, indent=1) + "\n", "utf-8")


def upright_grid(scan: Scan) -> tuple[int, int]:
    """Return rows and columns of a scan as a viewer shows it."""
    rows, cols = upright(scan.pixels, scan.metadata.orientation).shape[:2]
    return rows, cols


def whole_sizes(grid: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the rows and columns at which the whole image is written; the smallest is its thumbnail.

    Example:
        >>> whole_sizes((4000, 5000))
        [(1000, 1250), (500, 625), (250, 313)]
    """
    return [size for size in grids(grid, most=TILE) if max(size) <= LONGEST_WHOLE]


def _shown_bands(layers: Sequence[Layer], read: Callable[[int], None]) -> Iterator[list[Shown]]:
    """Yield rows of tiles of each layer, as a screen shows them."""
    scan = layers[0].scan
    conversion, turn = conversion_of(scan), scan.metadata.orientation

    def show(pixels: Pixels, region: Region) -> Shown:
        part = np.asarray(pixels[region.slices])
        colours = part[..., None] if part.ndim == 2 else part[..., : scan.channels]
        return conversion.shown(colours, Tone())

    pixels = upright(scan.pixels, turn)
    others = [
        (upright(one.scan.pixels, turn), upright(one.differs.lost, turn)) for one in layers if one.differs
    ]
    for band in Region.whole(upright_grid(scan)).bands(TILE):
        parts = []
        for left in range(0, band.cols, ACROSS):
            part = band._replace(left=left, right=min(left + ACROSS, band.right))
            parts.append(show(pixels, part))
            read(part.rows * part.cols)
        shown = np.concatenate(parts, axis=1)
        bands = [shown]
        for proposed, lost in others:
            changed, here = shown.copy(), np.asarray(lost[band.slices])
            for cell in band.tiles(CELL):
                inside = cell.relative_to(band).slices
                if here[inside].any():
                    changed[inside] = show(proposed, cell)
            bands.append(changed)
        yield bands


class _Level:
    """One size of an image while it is written, from top to bottom.

    Args:
        full: rows and columns of the image.
        size: of this level.
        factor: full pixels a side of one pixel.
        folder: of the image.
    """

    def __init__(self, full: tuple[int, int], size: tuple[int, int], factor: int, folder: Path) -> None:
        self.full, self.size, self.factor, self.folder = full, size, factor, folder
        self.row = 0
        self.waiting: list[Shown] = []
        self.whole: list[Shown] = []

    def take(self, band: Shown) -> Shown | None:
        """Add rows; return a complete row of tiles, which is then written, or None."""
        self.waiting.append(band)
        height = sum(len(part) for part in self.waiting)
        if height < TILE and self.row * TILE + height < self.size[0]:
            return None
        rows = np.concatenate(self.waiting) if len(self.waiting) > 1 else band
        self.waiting = []
        self._write(rows)
        self.row += 1
        return rows

    def _write(self, rows: Shown) -> None:
        for region in row_of_tiles(self.full, self.factor, self.row):
            left = region.left // self.factor
            tile = rows[:, left : left + -(-region.cols // self.factor)]
            _write_jpeg(tile, self.folder / tile_path(self.full, region, self.factor))
        if max(self.size) <= LONGEST_WHOLE:
            self.whole.append(rows)
            if sum(map(len, self.whole)) == self.size[0]:
                _write_jpeg(np.concatenate(self.whole), self.folder / size_path(self.size, self.full))


def _pass_down(levels: Sequence[_Level], band: Shown) -> None:
    """Give rows to the first level, and what it completes, halved, to the next."""
    rows: Shown | None = band
    for level in levels:
        if rows is None:
            return
        rows = level.take(rows)
        rows = None if rows is None else halved(rows)


def _write_jpeg(pixels: Shown, file: Path) -> None:
    import imagecodecs  # noqa: PLC0415 no codec is brought in to look at a file

    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(pixels), level=QUALITY, subsampling="444"))
