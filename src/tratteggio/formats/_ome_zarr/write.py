"""A stack to OME-Zarr: one folder, each scan a pyramid of small chunks, from which any region is read.

    panel.ome.zarr/
        zarr.json             title, history
        OME/zarr.json         the scans in order ("series")
        OME/METADATA.ome.xml  the same in OME-XML, for viewers that go by it
        rgb/                  a scan under its modality: profile, depth, resolution and more in its zarr.json
            0/ 1/ 2/ ...      full size, half, quarter: axes c, y, x
            labels/seen/      where the scan shows the painting, if not everywhere: 1 or 0, the same levels
        irr/
        ...

Every scan is an image of its own to other readers; what they do not know lies under the key `tratteggio`.
A level of very many chunks is sharded: a file then holds a square of chunks, each still read alone.
Source: OME-Zarr specification 0.5 (ngff.openmicroscopy.org), on Zarr format 3 and its sharding codec.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.files.pyramid import Halved, grids, halved, halved_if_all
from tratteggio.files.sense import turned
from tratteggio.formats._ome_zarr.metadata import SCHEMA, VERSION, described, image_of, omero_of
from tratteggio.formats._ome_zarr.ome_xml import write_ome_xml
from tratteggio.formats._ome_zarr.pixels import ZarrPixels
from tratteggio.painting import Mapped, Pixels, Region, Scan, Stack
from tratteggio.painting.pixels import Array
from tratteggio.version import __version__

log = logging.getLogger("tratteggio")

Progress = Callable[[int, int], None]
CHUNK = 512  # px a side; smaller where many channels would make a chunk too large to read for a few pixels
CHUNK_BYTES = 8 << 20
BLOCK_CHUNKS = 4  # read, compressed and written together
MOST_FILES = 1024  # a level of more chunks is sharded: file systems and copies suffer from many small files
SHARD_BYTES = 64 << 20  # of samples; a shard is put together in memory
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def write_ome_zarr(
    stack: Stack,
    folder: Path,
    *,
    history: Mapping[str, Any] | None,
    progress: Progress | None,
) -> None:
    """Write a stack of any size: each scan is read once, in blocks from top to bottom.

    Args:
        stack: what to write; any number of channels (features too).
        folder: an empty one.
        history: how the stack came to be, in plain JSON values.
        progress: called with (pixels written, pixels in all), scans counted one by one.
    """
    import zarr  # noqa: PLC0415 only stacks on disk need it
    from zarr.storage import LocalStore  # noqa: PLC0415

    own: dict[str, Any] = {"schema": SCHEMA, "version": __version__, "title": stack.title}
    own |= {"history": dict(history)} if history else {}
    rows, cols = stack.grid
    count = _Count(len(stack) * rows * cols, progress)
    root = zarr.create_group(
        LocalStore(folder),
        attributes={"ome": {"version": VERSION, "bioformats2raw.layout": 3}, "tratteggio": own},
    )
    root.create_group("OME", attributes={"ome": {"version": VERSION, "series": list(stack)}})
    write_ome_xml(stack, folder / "OME")
    # Leaving the pool waits for what is being written: only then can the folder be renamed or removed.
    with ThreadPoolExecutor(BLOCK_CHUNKS) as pool:
        for scan in stack.scans:
            _write_scan(root, folder, scan, _Writer(pool), count)


def require_names(stack: Stack) -> None:
    """Refuse modalities that cannot name a folder, on file systems that know no capitals either.

    Raises:
        BadUsage: the message names the modality.
    """
    folded = [modality.casefold() for modality in stack]
    for modality in stack:
        if (
            not NAME.fullmatch(modality)
            or folded.count(modality.casefold()) > 1
            or modality.casefold() == "ome"
        ):
            raise BadUsage(
                f"a modality names a folder of an OME-Zarr: it is made of letters, digits, '.', '_' or '-', "
                f"differs from the others in more than capitals and is not 'ome'; got {modality!r}"
            )


def _write_scan(root: Any, folder: Path, scan: Scan, writer: _Writer, count: _Count) -> None:
    """Write one scan as an image, and where it is seen as a label image on it."""
    if scan.metadata.orientation != 1:
        log.warning("OME-Zarr knows no orientation; other readers show %s in stored order", scan.name)
    sizes = grids(scan.grid, most=CHUNK)
    ome: dict[str, Any] = {"version": VERSION, "multiscales": [image_of(scan, sizes, name=scan.modality)]}
    ome |= omero_of(scan)
    group = root.create_group(scan.modality, attributes={"ome": ome, "tratteggio": described(scan)})
    stored = turned(scan.pixels, scan.metadata, alpha=scan.alpha)
    writer.write(group, folder / scan.modality, stored, sizes, read=count.add)
    if scan.seen is None:
        return
    group.create_group("labels", attributes={"ome": {"version": VERSION, "labels": ["seen"]}})
    label = {
        "version": VERSION,
        "multiscales": [image_of(scan, sizes, name="seen")],
        "image-label": {
            "version": VERSION,
            "colors": [{"label-value": 0, "rgba": [0, 0, 0, 160]}, {"label-value": 1, "rgba": [0, 0, 0, 0]}],
            "source": {"image": "../../"},
        },
    }
    group = group.create_group("labels/seen", attributes={"ome": label})
    seen = Mapped(scan.seen, lambda part: part.astype(np.uint8), 0, np.dtype(np.uint8))
    writer.write(group, folder / scan.modality / "labels" / "seen", seen, sizes, halved_if_all)


@dataclass
class _Count:
    """Pixels of full size that were read, told as they grow."""

    total: int
    progress: Progress | None
    done: int = 0

    def add(self, block: Region) -> None:
        self.done += block.rows * block.cols
        if self.progress:
            self.progress(self.done, self.total)


def _uncounted(_: Region) -> None:
    """Stand in for a count where blocks are not worth telling."""


@dataclass(frozen=True)
class _Writer:
    """Writes pyramids in threads of their own, so that the next block is read meanwhile."""

    pool: ThreadPoolExecutor

    def write(
        self,
        group: Any,
        folder: Path,
        pixels: Pixels,
        sizes: Sequence[tuple[int, int]],
        smaller: Callable[[Array], Array] = halved,
        *,
        read: Callable[[Region], None] = _uncounted,
    ) -> None:
        """Write full size, then each level from the one before it, as it lies on the disk."""
        for number, size in enumerate(sizes):
            array = _empty(group, str(number), pixels, size)
            self._copy(pixels, array, read if number == 0 else _uncounted)
            pixels = Halved(ZarrPixels(folder / str(number), array, complete=True), smaller)

    def _copy(self, pixels: Pixels, array: Any, read: Callable[[Region], None]) -> None:
        """Copy pixels into an array, a few chunks or one shard at a time."""
        channels, high, wide = array.shards or array.chunks
        across = wide * (1 if array.shards else BLOCK_CHUNKS)
        pending: list[Future[None]] = []
        for band in Region.whole(array.shape[1:]).bands(high):
            for left in range(0, band.cols, across):
                block = Region(band.top, left, band.bottom, min(left + across, band.cols))
                part = np.asarray(pixels[block.slices]).reshape(block.rows, block.cols, channels)
                _wait(pending)
                pending = [
                    self.pool.submit(_put, array, part[:, start : start + wide], band.top, left + start)
                    for start in range(0, block.cols, wide)
                ]
                read(block)
        _wait(pending)


def _put(array: Any, part: Array, top: int, left: int) -> None:
    """Write one chunk, or one shard, which is never written in parts.

    Not several at once: where one of them fails, zarr returns while it still writes the others, and a folder
    that is being written to cannot be removed.
    """
    rows, cols = slice(top, top + part.shape[0]), slice(left, left + part.shape[1])
    array[:, rows, cols] = np.moveaxis(part, -1, 0)


def _wait(pending: Sequence[Future[None]]) -> None:
    for written in pending:
        written.result()


def _empty(group: Any, name: str, pixels: Pixels, size: tuple[int, int]) -> Any:
    """Make the array of a level."""
    from zarr.codecs import BloscCodec, Crc32cCodec  # noqa: PLC0415 only stacks on disk need it

    channels, dtype = int(np.prod(pixels.shape[2:], dtype=int)), np.dtype(pixels.dtype)
    sample = channels * dtype.itemsize
    side = CHUNK
    while side > 64 and sample * side * side > CHUNK_BYTES:
        side //= 2
    return group.create_array(
        name,
        shape=(channels, *size),
        chunks=(channels, *(min(side, length) for length in size)),
        shards=_shards(channels, size, side, sample),
        dtype=dtype,
        # Bits of neighbours are put side by side before packing: noise stays in the lowest planes. The
        # checksum tells a damaged chunk, which unpacking alone might turn into other colours.
        compressors=[BloscCodec(cname="zstd", clevel=5, shuffle="bitshuffle"), Crc32cCodec()],
        fill_value=0,
        dimension_names=("c", "y", "x"),
        config={"write_empty_chunks": True},
    )


def _shards(channels: int, size: tuple[int, int], side: int, sample: int) -> tuple[int, int, int] | None:
    """Return the shape of a shard, a square of chunks as large as memory allows; None: chunks are files.

    Args:
        channels: of the array.
        size: rows and columns.
        side: of a chunk, in pixels.
        sample: bytes of a pixel.
    """
    if math.prod(-(-length // side) for length in size) <= MOST_FILES or min(size) < side:
        return None
    times = 1
    while sample * (2 * times * side) ** 2 <= SHARD_BYTES and times * side < max(size):
        times *= 2
    return None if times == 1 else (channels, times * side, times * side)
