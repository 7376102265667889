"""Compressed chunks that would decompress to more than they should: found before they are decompressed.

Source: RFC 8878 (Zstandard), sections 3.1.1 and 3.1.2; RFC 1952 (gzip).
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import IO

from tratteggio.errors import UnreadableFile
from tratteggio.files.limits import is_decodable

ZSTD, GZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b\x08"
BLOCK_BYTES = 1 << 17  # a block of Zstandard decompresses to no more
DEFLATE_RATIO = 1032
PIECE = 1 << 16
SLACK = 1 << 16  # headers and checksums, and data that compression made longer


def require_no_bomb(file: Path, size: int) -> None:
    """Make sure that a compressed chunk cannot decompress to much more than it should.

    Args:
        file: the chunk; one that is not compressed passes by its size.
        size: bytes that it should decompress to.

    Raises:
        UnreadableFile: it would decompress to more.
        OSError: it cannot be read.
    """
    most = 2 * size + SLACK
    with file.open("rb") as stream:
        start = stream.read(4)
        stored = stream.seek(0, 2)
        stream.seek(0)
        if start == ZSTD:
            claimed = _zstd_bytes(stream, most)
        elif start[:3] == GZIP and not is_decodable(stored * DEFLATE_RATIO):
            claimed = _gzip_bytes(stream, most)
        else:
            claimed = stored
    if max(claimed, stored) > most:
        raise UnreadableFile(
            f"{file} is damaged or a decompression bomb: it decompresses to more than the {size:,} bytes "
            "of a chunk; copy it again from its source"
        )


def _zstd_bytes(stream: IO[bytes], most: int) -> int:
    """Return what frames of Zstandard decompress to, or a number above `most`.

    A frame that does not state its size counts as nothing while it cannot pass the limit on memory.
    """
    total = 0
    while total <= most and stream.read(4) == ZSTD:
        descriptor = _exactly(stream, 1)[0]
        single = descriptor >> 5 & 1
        stream.seek((0 if single else 1) + (0, 1, 2, 4)[descriptor & 3], 1)
        width = (single, 2, 4, 8)[descriptor >> 6]
        stated = int.from_bytes(_exactly(stream, width), "little") + (256 if width == 2 else 0)
        largest = _skip_blocks(stream)
        stream.seek(4 if descriptor >> 2 & 1 else 0, 1)
        total += stated if width or is_decodable(largest) else largest
    return total


def _skip_blocks(stream: IO[bytes]) -> int:
    """Go to the end of a frame; return the most that its blocks decompress to."""
    largest, last = 0, False
    while not last:
        block = int.from_bytes(_exactly(stream, 3), "little")
        last, kind, length = bool(block & 1), block >> 1 & 3, block >> 3
        # Raw blocks and repeated bytes say their size; a repeated byte is stored once.
        largest += BLOCK_BYTES if kind == 2 else length
        stream.seek(1 if kind == 1 else length, 1)
    return largest


def _exactly(stream: IO[bytes], number: int) -> bytes:
    data = stream.read(number)
    if len(data) < number:
        raise ValueError("compressed data end too early")
    return data


def _gzip_bytes(stream: IO[bytes], most: int) -> int:
    """Return what gzip decompresses to, or a number above `most`; piece by piece, nothing is kept."""
    total = 0
    inflate = zlib.decompressobj(31)
    data = stream.read(PIECE)
    while data and total <= most:
        total += len(inflate.decompress(data, PIECE))
        rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
        inflate = zlib.decompressobj(31) if inflate.eof else inflate  # another member may follow
        data = rest or stream.read(PIECE)
    return total
