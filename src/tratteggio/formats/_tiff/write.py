"""Writing TIFF: streamed, tiled and pyramidal when large, compressed without loss.

The full resolution is read once. Each level of the pyramid goes into a scratch file as it is made, so that
memory depends on a few tiles and not on the painting.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import imagecodecs
import numpy as np
import tifffile

from tratteggio.errors import UnknownName
from tratteggio.files.pyramid import halved
from tratteggio.files.sense import turned
from tratteggio.formats._tiff import tags
from tratteggio.painting import Metadata, Pixels, Region
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array

TILE = 512
BLOCK_TILES = 4  # read and compressed together
PYRAMID_ABOVE = 4096  # px of the longer side
STRIP_BYTES = 1 << 20
CLASSIC_BYTES = (1 << 32) - (1 << 27)  # offsets of a classic TIFF have 32 bits; the rest is room for tags
WORKERS = min(4, os.cpu_count() or 1)
UNASSOCIATED_ALPHA = 2


@dataclass(frozen=True)
class Codec:
    """A lossless compression: its TIFF number, and its encoder (None: none)."""

    number: int
    encode: Callable[[Any], Any] | None


CODECS = {
    "none": Codec(1, None),
    "lzw": Codec(5, imagecodecs.lzw_encode),
    "deflate": Codec(8, imagecodecs.deflate_encode),
    "zstd": Codec(50000, imagecodecs.zstd_encode),
}


def codec_for(metadata: Metadata, compression: str | None) -> Codec:
    """Choose the compression: the one asked for, else that of the source if we write it, else deflate.

    Raises:
        UnknownName: no such compression.
    """
    if compression is not None and compression not in CODECS:
        raise UnknownName(f"no TIFF compression named {compression!r}; known: {', '.join(CODECS)}")
    source = metadata.foreign.get("compression")
    return CODECS[compression or (source if source in CODECS else "deflate")]


def write_tiff(
    pixels: Pixels, path: Path, *, metadata: Metadata, alpha: bool = False, compression: str | None = None
) -> None:
    """Write pixels of any size; they are read once, from top to bottom.

    Args:
        pixels: (H, W) or (H, W, C).
        path: an existing folder's file; scratch files are made beside it.
        metadata: what the file shall say about its pixels.
        alpha: True if the last channel is opacity.
        compression: "none", "lzw", "deflate" or "zstd"; None as `codec_for`.

    Raises:
        OSError: as the file system says.
    """
    codec = codec_for(metadata, compression)
    big = pyramid_bytes(pixels) > CLASSIC_BYTES
    with (
        ThreadPoolExecutor(WORKERS) as pool,
        tifffile.TiffWriter(path, bigtiff=big, byteorder="<") as tiff,
    ):
        write_image(tiff, pool, pixels, folder=path.parent, metadata=metadata, alpha=alpha, codec=codec)
    with path.open("rb+") as file:
        tags.put_metadata(file, metadata)


def pyramid_bytes(pixels: Pixels) -> int:
    """Return the size of a picture with its smaller copies, uncompressed."""
    shapes = _level_shapes(tuple(pixels.shape))
    return sum(int(np.prod(shape, dtype=np.int64)) for shape in shapes) * np.dtype(pixels.dtype).itemsize


def write_image(
    tiff: tifffile.TiffWriter,
    pool: ThreadPoolExecutor,
    pixels: Pixels,
    *,
    folder: Path,
    metadata: Metadata,
    alpha: bool,
    codec: Codec,
    ome: Mapping[str, Any] | None = None,
) -> None:
    """Append a picture, and its smaller copies if it is large, to an open TIFF; pixels are read once.

    Args:
        tiff: the file.
        pool: threads that compress.
        pixels: (H, W) or (H, W, C), 0 = black; turned if the metadata say that the file stores white as 0.
        folder: where scratch files are made.
        metadata: tells how samples are meant; the rest of it `tags.put_metadata` writes.
        alpha: True if the last channel is opacity.
        codec: as `codec_for` chose it.
        ome: what an OME-TIFF says of the picture, in tifffile's words.
    """
    dtype = np.dtype(pixels.dtype)
    shapes = _level_shapes(tuple(pixels.shape))
    with ExitStack() as scratches:
        level = turned(pixels, metadata, alpha=alpha)
        for number, shape in enumerate(shapes):
            smaller = None
            if number + 1 < len(shapes):
                file = scratches.enter_context(TemporaryFile(dir=folder))
                smaller = Scratch(file, shapes[number + 1], dtype)
            layout = _layout(shape, dtype, tiled=len(shapes) > 1)
            options = _options(shape, dtype, layout, codec, metadata=metadata, alpha=alpha)
            options |= {"subfiletype": 1} if number else {"subifds": len(shapes) - 1, "metadata": ome}
            parts = _parts(level, shape, layout, smaller)
            tiff.write(
                (data for part in parts for data in pool.map(_compress, part, repeat(codec))),
                shape=shape,
                dtype=dtype,
                **options,
            )
            level = smaller or level


@dataclass(frozen=True)
class Scratch(LazyPixels):
    """Pixels in a temporary file, written and read by region.

    Attributes:
        file: open for both; it vanishes when closed, also if the program is killed.
        shape: (H, W) or (H, W, C).
        dtype: type of one sample.
    """

    file: IO[bytes]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def _seek(self, row: int, col: int) -> None:
        pixel = int(np.prod(self.shape[2:], dtype=int)) * self.dtype.itemsize
        self.file.seek((row * self.shape[1] + col) * pixel)

    def write(self, top: int, left: int, part: Array) -> None:
        """Store a part whose first pixel lies at (top, left)."""
        for row, samples in enumerate(part, top):
            self._seek(row, left)
            self.file.write(samples.tobytes())

    def _read(self, region: Region) -> Array:
        out = np.empty((region.rows, region.cols, *self.shape[2:]), self.dtype)
        for row, samples in enumerate(out, region.top):
            self._seek(row, region.left)
            samples[...] = np.frombuffer(self.file.read(samples.nbytes), self.dtype).reshape(samples.shape)
        return out


@dataclass(frozen=True)
class Layout:
    """Rows of a band, and columns of a tile (0: strips)."""

    rows: int
    cols: int


def _level_shapes(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the shape of each level: one, or halves down to a single tile."""
    rows, cols, *channels = shape
    if channels == [1]:
        channels = []
    shapes = [(rows, cols, *channels)]
    while max(shape[:2]) > PYRAMID_ABOVE and max(rows, cols) > TILE:
        rows, cols = -(-rows // 2), -(-cols // 2)
        shapes.append((rows, cols, *channels))
    return shapes


def _layout(shape: tuple[int, ...], dtype: np.dtype[Any], tiled: bool) -> Layout:
    if tiled:
        # Tiles have sides of whole 16 pixels; a narrow strip of a painting gets narrow tiles.
        rows, cols = (min(TILE, -(-side // 16) * 16) for side in shape[:2])
        return Layout(rows, cols)
    row_bytes = int(np.prod(shape[1:])) * dtype.itemsize
    return Layout(min(shape[0], max(1, STRIP_BYTES // row_bytes)), 0)


def _options(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    layout: Layout,
    codec: Codec,
    *,
    metadata: Metadata,
    alpha: bool,
) -> dict[str, Any]:
    """Return what tifffile needs to know about one level."""
    channels = 1 if len(shape) == 2 else shape[2]
    grey = channels - alpha == 1
    options: dict[str, Any] = {
        "photometric": metadata.foreign.get("photometric", "minisblack") if grey else "rgb",
        "planarconfig": "contig" if channels > 1 else None,
        "compression": codec.number,
        "software": False,
        "metadata": None,
    }
    if codec.encode:
        options["predictor"] = 3 if dtype.kind == "f" else 2
    if alpha:
        options["extrasamples"] = [metadata.foreign.get("extrasample", UNASSOCIATED_ALPHA)]
    if layout.cols:
        return options | {"tile": (layout.rows, layout.cols)}
    return options | {"rowsperstrip": layout.rows}


def _parts(
    pixels: Pixels, shape: tuple[int, ...], layout: Layout, smaller: Scratch | None
) -> Iterator[list[Array]]:
    """Read a level once, a few tiles (or one strip) at a time, in the order of the file; fill the next level.

    A block is a few tiles wide and not as wide as the painting, so that memory does not grow with it.
    """
    for band in Region.whole((shape[0], shape[1])).bands(layout.rows):
        wide = layout.cols * BLOCK_TILES or band.cols
        for left in range(0, band.cols, wide):
            block = Region(band.top, left, band.bottom, min(left + wide, band.cols))
            array = np.asarray(pixels[block.slices]).reshape(block.rows, block.cols, *shape[2:])
            if smaller:
                smaller.write(block.top // 2, block.left // 2, halved(array))
            if layout.cols:
                starts = range(0, block.cols, layout.cols)
                yield [_pad(array[:, start : start + layout.cols], layout) for start in starts]
            else:
                yield [array]


def _pad(part: Array, layout: Layout) -> Array:
    short = [(0, layout.rows - part.shape[0]), (0, layout.cols - part.shape[1])] + [(0, 0)] * (part.ndim - 2)
    return np.pad(part, short)


def _compress(segment: Array, codec: Codec) -> bytes:
    """Encode one strip or tile; differences between neighbours compress far better than values."""
    if codec.encode is None:
        return segment.tobytes()
    samples = np.ascontiguousarray(segment if segment.ndim == 3 else segment[..., None])
    predict = imagecodecs.floatpred_encode if samples.dtype.kind == "f" else imagecodecs.delta_encode
    return bytes(codec.encode(predict(samples, axis=-2)))
