"""Pixels of a Zarr array, read by region: only the chunks that a region touches leave the disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import UnreadableFile
from tratteggio.files.rasters import Key, bounds
from tratteggio.files.tiff_pixels import SegmentCache
from tratteggio.painting.pixels import Array


@dataclass(frozen=True, eq=False)
class ZarrPixels:
    """A Zarr array with axes (y, x) or (c, y, x) as (H, W) or (H, W, C); one channel has no axis.

    Attributes:
        folder: where the array lies.
        array: zarr's array.
        complete: True if every chunk was written, so that a missing one is damage; else it is background,
            as Zarr has it.
        levels: smaller and smaller copies.
    """

    folder: Path
    array: Any
    complete: bool
    levels: tuple[ZarrPixels, ...] = ()
    cache: SegmentCache = field(default_factory=SegmentCache)

    layout = "tiles"

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W) or (H, W, C)."""
        *channels, rows, cols = self.array.shape
        return (rows, cols) if channels in ([], [1]) else (rows, cols, *channels)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one sample."""
        native: np.dtype[Any] = np.dtype(self.array.dtype).newbyteorder("=")
        return native

    @property
    def by_region(self) -> bool:
        """False if all pixels lie in one chunk, which is then decoded whole and kept."""
        return any(side < whole for side, whole in zip(self.array.chunks, self.array.shape, strict=True))

    def __getitem__(self, key: Key) -> Array:
        top, left, bottom, right = bounds(key, self.shape)
        out = np.empty((bottom - top, right - left, *self.shape[2:]), self.dtype)
        high, wide = self.array.chunks[-2:]
        for i, j in product(range(top // high, -(-bottom // high)), range(left // wide, -(-right // wide))):
            if not out.size:
                break
            rows = slice(max(top, i * high), min(bottom, (i + 1) * high))
            cols = slice(max(left, j * wide), min(right, (j + 1) * wide))
            out[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left] = self._chunk(i, j)[
                rows.start - i * high : rows.stop - i * high, cols.start - j * wide : cols.stop - j * wide
            ]
        return out

    def _chunk(self, i: int, j: int) -> Array:
        """Return chunk row i, chunk column j: (h, w) or (h, w, C), cut at the rim of the array."""
        high, wide = self.array.chunks[-2:]
        index = i * -(-self.shape[1] // wide) + j
        samples = self.cache.get(index)
        if samples is None:
            self._require_there(i, j)
            rows, cols = slice(i * high, (i + 1) * high), slice(j * wide, (j + 1) * wide)
            try:
                stored = np.asarray(self.array[..., rows, cols])
            except Exception as error:  # each codec has its own errors for damaged bytes
                raise UnreadableFile(
                    f"{self.folder} is damaged: its chunk at row {rows.start}, column {cols.start} cannot be "
                    f"decoded ({error}); copy the folder again from its source"
                ) from error
            if stored.ndim == 3:
                stored = stored[0] if len(self.shape) == 2 else np.moveaxis(stored, 0, -1)
            samples = np.ascontiguousarray(stored, self.dtype)
            self.cache.put(index, samples)
        return samples

    def _require_there(self, i: int, j: int) -> None:
        """Refuse a chunk that was lost: Zarr would read it as black paint, without a word."""
        if not self.complete:
            return
        leading = (0,) * (len(self.array.shape) - 2)
        name = self.array.metadata.encode_chunk_key((*leading, i, j))
        if not (self.folder / name).is_file():
            raise UnreadableFile(
                f"{self.folder} is incomplete: its chunk {name} is missing; copy it again from its source"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return open_pixels, (self.folder, self.complete, tuple(level.folder for level in self.levels))


def open_pixels(folder: Path, complete: bool, smaller: tuple[Path, ...] = ()) -> ZarrPixels:
    """Open an array and its smaller copies; no pixel is read.

    Raises:
        UnreadableFile: no Zarr array (format 3) lies there.
    """
    import zarr  # noqa: PLC0415 only stacks on disk need it

    try:
        array = zarr.open_array(str(folder), mode="r", zarr_format=3)
    except Exception as error:  # hostile metadata can make the parser raise anything
        raise UnreadableFile(f"{folder} is not a whole Zarr array ({error})") from error
    return ZarrPixels(folder, array, complete, tuple(open_pixels(level, complete) for level in smaller))
