"""Pixels of a TIFF, read by region: only the rows or tiles that a region touches leave the disk.

No memory mapping: mapped pages count as memory in use, and a gigapixel painting would seem to need it all.
Files are opened for each read, so that pixels may be shared by threads and processes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tratteggio.errors import UnreadableFile
from tratteggio.files.rasters import read_region
from tratteggio.formats._jpeg.frame import require_frame_within
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array
from tratteggio.painting.region import Region

JPEG = 7  # TIFF's number of the compression
CACHE_BYTES = 64 << 20  # one row of 512-pixel tiles of a painting 20,000 pixels wide, 16-bit RGB


@dataclass(frozen=True, eq=False, repr=False)
class RawPixels(LazyPixels):
    """Uncompressed rows in a file, in strips of equal height.

    Attributes:
        path: the file.
        shape: (H, W) or (H, W, C), channels interleaved.
        stored: type of one sample in the file, byte order included.
        offsets: where each strip starts.
        strip_rows: rows of each strip but the last.
    """

    path: Path
    shape: tuple[int, ...]
    stored: np.dtype[Any]
    offsets: Sequence[int] = (0,)
    strip_rows: int = 1 << 62

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one sample in memory."""
        return self.stored.newbyteorder("=")

    def _read(self, region: Region) -> Array:
        return read_region(self, region)

    def read_into(self, out: Array, top: int, left: int) -> None:
        """Fill `out` from (top, left) on."""
        with self.path.open("rb", buffering=0) as file:
            self._read_rows(file, out, top, left)
        if not self.stored.isnative:
            out.byteswap(inplace=True)

    def _read_rows(self, file: BinaryIO, out: Array, top: int, left: int) -> None:
        pixel = self.stored.itemsize * int(np.prod(self.shape[2:], dtype=int))
        row_bytes = pixel * self.shape[1]
        # Whole rows of one strip lie together and are read at once; parts of rows one by one.
        whole = out.shape[1] == self.shape[1]
        row = top
        while row < top + len(out):
            strip, within = divmod(row, self.strip_rows)
            rows = min(self.strip_rows - within, top + len(out) - row) if whole else 1
            part = out[row - top : row - top + rows]
            file.seek(self.offsets[strip] + within * row_bytes + left * pixel)
            if _fill(file, memoryview(part).cast("B")) < part.nbytes:  # type: ignore[arg-type]
                raise UnreadableFile(f"{self.path} ends at row {row}; it was truncated after it was opened")
            row += rows


def _fill(file: BinaryIO, buffer: memoryview) -> int:
    """Read until the buffer is full or the file ends; one system call reads at most 2 GiB."""
    got = 0
    while got < len(buffer):
        n = file.readinto(buffer[got:])  # type: ignore[attr-defined]
        if not n:
            break
        got += n
    return got


@dataclass(frozen=True, eq=False, repr=False)
class Planes(LazyPixels):
    """Channels that lie one after the other in the file, put side by side on reading."""

    planes: tuple[RawPixels, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W, C)."""
        return (*self.planes[0].shape[:2], len(self.planes))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one sample."""
        return self.planes[0].dtype

    def _read(self, region: Region) -> Array:
        return np.stack([plane[region.slices] for plane in self.planes], axis=-1)


class SegmentCache:
    """Decoded strips or tiles, the latest used kept, up to a number of bytes.

    One segment is kept even if it alone is larger: a painting in a single compressed strip would otherwise
    be decoded once for every band.
    """

    def __init__(self, most_bytes: int = CACHE_BYTES) -> None:
        self.most_bytes = most_bytes
        self._kept: OrderedDict[int, Array] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, index: int) -> Array | None:
        """Return a segment, or None if it is not kept."""
        with self._lock:
            if index in self._kept:
                self._kept.move_to_end(index)
            return self._kept.get(index)

    def put(self, index: int, segment: Array) -> None:
        """Keep a segment; the longest unused ones go."""
        with self._lock:
            if index in self._kept:
                return
            self._kept[index] = segment
            self._bytes += segment.nbytes
            while self._bytes > self.most_bytes and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes


@dataclass(frozen=True, eq=False, repr=False)
class SegmentPixels(LazyPixels):
    """Compressed strips or tiles, decoded when a region touches them.

    Attributes:
        path: the file.
        page: tifffile's page, whose `decode` turns the bytes of one segment into samples.
        shape: (H, W) or (H, W, C).
        dtype: type of one sample.
        segment: (rows, cols) of one strip or tile.
        separate: True if each channel has segments of its own.
        scale: 255 turns bilevel samples into grey levels, else 1.
    """

    path: Path
    page: Any
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    segment: tuple[int, int]
    separate: bool = False
    scale: int = 1
    cache: SegmentCache = field(default_factory=SegmentCache)

    def _read(self, region: Region) -> Array:
        return read_region(self, region)

    def read_into(self, out: Array, top: int, left: int) -> None:
        """Fill `out` from (top, left) on."""
        bottom, right = top + out.shape[0], left + out.shape[1]
        high, wide = self.segment
        down, across = -(-self.shape[0] // high), -(-self.shape[1] // wide)
        planes = self.shape[2] if self.separate else 1
        with self.path.open("rb") as file:
            for plane, i, j in product(
                range(planes),
                range(top // high, -(-bottom // high)),
                range(left // wide, -(-right // wide)),
            ):
                samples = self._segment(file, (plane * down + i) * across + j)
                rows = slice(max(top, i * high), min(bottom, (i + 1) * high))
                cols = slice(max(left, j * wide), min(right, (j + 1) * wide))
                part = samples[
                    rows.start - i * high : rows.stop - i * high,
                    cols.start - j * wide : cols.stop - j * wide,
                ]
                place = out[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]
                if self.separate:
                    place[..., plane] = part[..., 0]
                else:
                    place[...] = part.reshape(place.shape)

    def _segment(self, file: BinaryIO, index: int) -> Array:
        """Return the samples of one strip or tile: (rows, cols, samples)."""
        samples = self.cache.get(index)
        if samples is None:
            file.seek(self.page.dataoffsets[index])
            data = file.read(self.page.databytecounts[index])
            if self.page.compression == JPEG:
                require_frame_within(data, self.segment)
            try:
                decoded = self.page.decode(data, index, jpegtables=self.page.jpegtables)[0]
                samples = np.ascontiguousarray(decoded[0]).astype(self.dtype, copy=False)
            except Exception as error:  # each codec has its own errors for damaged bytes
                kind = "tile" if self.page.is_tiled else "strip"
                raise UnreadableFile(
                    f"{self.path} is damaged: {kind} {index} cannot be decoded ({error})"
                ) from error
            samples = samples * np.uint8(self.scale) if self.scale != 1 else samples
            self.cache.put(index, samples)
        return samples
