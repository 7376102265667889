"""Pixels of a Zarr array, read by region: only the chunks that a region touches leave the disk."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import UnreadableFile
from tratteggio.files.limits import is_decodable, require_decodable, require_metadata
from tratteggio.files.rasters import read_region
from tratteggio.files.untrusted import untrusted
from tratteggio.formats._ome_zarr.bombs import require_no_bomb
from tratteggio.formats._tiff.pixels import SegmentCache
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array
from tratteggio.painting.region import Region

RATIO = 40_000  # the strongest compression of Zarr's codecs
LEAST_CHUNK = 1 << 15  # bytes; what a chunk costs at least to be looked for
SMALL_CHUNK = 1 << 28
COPIES = 3  # of a chunk in memory: decompressed, as an array, with its axes turned


@dataclass(frozen=True, eq=False, repr=False)
class ZarrPixels(LazyPixels):
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

    @property
    def path(self) -> Path:
        """The folder, for messages."""
        return self.folder

    def _read(self, region: Region) -> Array:
        return read_region(self, region)

    def read_into(self, out: Array, top: int, left: int) -> None:
        """Fill `out` from (top, left) on."""
        bottom, right = top + out.shape[0], left + out.shape[1]
        high, wide = self.array.chunks[-2:]
        for i, j in product(range(top // high, -(-bottom // high)), range(left // wide, -(-right // wide))):
            rows = slice(max(top, i * high), min(bottom, (i + 1) * high))
            cols = slice(max(left, j * wide), min(right, (j + 1) * wide))
            out[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left] = self._chunk(i, j)[
                rows.start - i * high : rows.stop - i * high, cols.start - j * wide : cols.stop - j * wide
            ]

    def _chunk(self, i: int, j: int) -> Array:
        """Return chunk row i, chunk column j: (h, w) or (h, w, C), cut at the rim of the array."""
        high, wide = self.array.chunks[-2:]
        index = i * -(-self.shape[1] // wide) + j
        samples = self.cache.get(index)
        if samples is None:
            self._require_sound(i, j)
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

    def _require_sound(self, i: int, j: int) -> None:
        """Refuse a chunk that was lost: Zarr would read it as black paint, without a word. And a bomb."""
        leading = (0,) * (len(self.array.shape) - 2)
        if self.array.shards is not None:  # the file is that of the shard that holds the chunk
            i, j = (at * part // whole for at, part, whole in zip(
                (i, j), self.array.chunks[-2:], self.array.shards[-2:], strict=True
            ))  # fmt: skip
        name = self.array.metadata.encode_chunk_key((*leading, i, j))
        file = self.folder / name
        if not file.is_file():
            if self.complete:
                raise UnreadableFile(
                    f"{self.folder} is incomplete: its chunk {name} is missing; copy it again from its source"
                )
        elif self.array.shards is None:
            require_no_bomb(file, math.prod(self.array.chunks) * self.dtype.itemsize)

    def __reduce__(self) -> tuple[Any, ...]:
        return open_pixels, (self.folder, self.complete, tuple(level.folder for level in self.levels))


def open_pixels(folder: Path, complete: bool, smaller: tuple[Path, ...] = ()) -> ZarrPixels:
    """Open an array and its smaller copies; no pixel is read.

    Raises:
        UnreadableFile: no Zarr array (format 3) lies there.
    """
    import zarr  # noqa: PLC0415 only stacks on disk need it

    if not (folder / "zarr.json").is_file():
        raise UnreadableFile(f"{folder} is not a whole Zarr array: it has no zarr.json")
    with untrusted(folder, what="Zarr array"):
        require_metadata(folder, (folder / "zarr.json").stat().st_size)
        array = zarr.open_array(str(folder), mode="r", zarr_format=3)
    return ZarrPixels(folder, array, complete, tuple(open_pixels(level, complete) for level in smaller))


def require_plausible(pixels: ZarrPixels) -> None:
    """Refuse an array whose chunks do not fit into memory, or that claims more than its files can hold.

    Chunks that hold background need not be there, so a few bytes can claim any size. An array that could be
    decoded in one piece may; a larger one, or one of large chunks, must have the bytes for it.

    Raises:
        UnreadableFile: its metadata cannot be true.
    """
    shape, chunks, depth = pixels.array.shape, pixels.array.chunks, pixels.dtype.itemsize
    chunk = COPIES * math.prod(chunks) * depth
    require_decodable(pixels.folder, chunk, what="largest chunk")
    number = math.prod(-(-side // part) for side, part in zip(shape, chunks, strict=True))
    whole = max(math.prod(shape) * depth, number * LEAST_CHUNK)
    claims = [chunk if chunk > SMALL_CHUNK else 0, 0 if is_decodable(whole) else whole]
    held = 0
    files = pixels.folder.rglob("*")
    while max(claims) > RATIO * held:
        file = next(files, None)
        if file is None:
            raise UnreadableFile(
                f"{pixels.folder} claims {' x '.join(map(str, shape))} samples but holds only {held:,} bytes "
                "of them; it is damaged, so it is not opened"
            )
        held += file.stat().st_size if file.is_file() else 0
