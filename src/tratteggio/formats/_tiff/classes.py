"""TIFF with a palette: numbered classes with a colour for each."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from tratteggio.errors import UnsupportedFile
from tratteggio.files.exif import ORIENTATION
from tratteggio.files.limits import require_decodable
from tratteggio.formats._tiff.directories import open_tiff
from tratteggio.formats._tiff.read import require_whole
from tratteggio.painting import Metadata, Pixels, Region
from tratteggio.painting.pixels import Array

BAND = 256
RGB = 3  # channels
PALETTE, MINISWHITE = 3, 0  # the numbers of TIFF for its colours


def read_colours(path: Path) -> Array:
    """Decode a TIFF of 8 bit to its colours: (H, W), or (H, W, C) with opacity last if C is even.

    Raises:
        UnsupportedFile: samples that are not read.
        UnreadableFile: damaged, or above the limit of what is decoded.
    """
    with open_tiff(path) as file:
        page: Any = file.pages.first
        if page.dtype is None:
            raise UnsupportedFile(f"{path} holds samples that are not read; a map of classes is 8 bit")
        require_whole(path, page)
        require_decodable(path, RGB * math.prod(page.shape) * page.dtype.itemsize)
        decoded = np.asarray(page.asarray())
        if page.photometric == PALETTE and decoded.dtype == np.uint8:
            # 16 bit a colour in the file; ours were 8.
            decoded = (np.asarray(page.colormap).T >> 8).astype(np.uint8)[decoded]
        if page.photometric == MINISWHITE and decoded.dtype.kind == "u":
            decoded = np.iinfo(decoded.dtype).max - decoded
        return decoded


def read_orientation(path: Path) -> int:
    """Return the orientation tag, 1 to 8; 1 if there is none.

    Raises:
        UnreadableFile: missing or damaged.
    """
    with open_tiff(path) as file:
        page: Any = file.pages.first
        tag = page.tags.get(ORIENTATION)
        value = int(tag.value) if tag else 1
        return value if 1 <= value <= 8 else 1


def write_palette(
    indices: Pixels, file: Path, palette: Sequence[tuple[int, int, int]], metadata: Metadata
) -> None:  # fmt: skip
    """Write numbered classes in strips.

    Args:
        indices: (H, W) uint8, each below the length of the palette.
        file: where to.
        palette: RGB of each number, 0 .. 255; at most 256.
        metadata: resolution and orientation are kept.
    """
    colours = np.zeros((3, 256), np.uint16)
    colours[:, : len(palette)] = np.array(palette, np.uint16).T * 257
    grid = (indices.shape[0], indices.shape[1])

    def strips() -> Iterator[bytes]:
        for band in Region.whole(grid).bands(BAND):
            yield zlib.compress(np.ascontiguousarray(indices[band.slices]).tobytes())

    unit = {"inch": "INCH", "cm": "CENTIMETER", "none": "NONE"}[metadata.unit]
    tifffile.imwrite(
        file,
        strips(),
        shape=grid,
        dtype=np.uint8,
        photometric="palette",
        colormap=colours,
        rowsperstrip=BAND,
        compression="deflate",
        resolution=metadata.resolution or (1, 1),
        resolutionunit=unit if metadata.resolution else "NONE",
        extratags=[(274, "H", 1, metadata.orientation, True)],
        metadata=None,
        bigtiff=grid[0] * grid[1] > 1 << 32,
    )
