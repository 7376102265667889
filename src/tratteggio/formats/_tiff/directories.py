"""The one way to a TIFF's directories: what they claim is added up before any of it is read."""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO, NamedTuple

import tifffile

from tratteggio.errors import UnreadableFile
from tratteggio.files.ifd import SIZES
from tratteggio.files.limits import require_metadata
from tratteggio.files.untrusted import untrusted

# What tifffile says of damage is said by our errors and notes; without a handler it would be printed.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

SUB_DIRECTORIES, PHOTOSHOP_LAYERS = 330, 37724
MOST_DIRECTORIES = 4096
MOST_TAGS = 4096  # in one directory
TAG_BYTES = 256  # what a parsed tag takes in memory, beside its value


@contextmanager
def open_tiff(path: Path) -> Iterator[tifffile.TiffFile]:
    """Open a TIFF; what is raised in the block is a fault of the file.

    Raises:
        UnreadableFile: missing, damaged, or its directories claim more than a sound file would.
    """
    with untrusted(path, what="TIFF file"):
        with path.open("rb") as file:
            _require_plausible(path, file)
        # tifffile opens paths; what lies at an address opens itself.
        opening = nullcontext(path) if isinstance(path, Path) else path.open("rb")
        with opening as opened, tifffile.TiffFile(opened) as tiff:
            yield tiff


def _require_plausible(path: Path, file: BinaryIO) -> None:
    """Refuse directories that form a circle, are too many, or whose values are too large in all.

    Many tags may point to the same bytes, so that a small file can claim gigabytes of values.
    """
    start = file.read(16)
    order, big = ("<" if start[:2] == b"II" else ">"), b"+" in start[2:4]
    chain = _number(start[8:] if big else start[4:], order, 8 if big else 4)
    smaller: list[int] = []
    seen: set[int] = set()
    claimed = 0
    while chain or smaller:
        offset, in_chain = chain or smaller.pop(), bool(chain)
        if in_chain and offset in seen:
            raise UnreadableFile(
                f"{path} is damaged: its directories form a circle; copy it again from its source"
            )
        found = _Claims(0, 0, []) if offset in seen else _directory(file, offset, order=order, big=big)
        seen.add(offset)
        claimed += found.claimed
        smaller += filter(None, found.smaller)
        chain = found.following if in_chain else 0
        require_metadata(path, claimed)
        if len(seen) > MOST_DIRECTORIES:
            raise UnreadableFile(f"{path} claims more than {MOST_DIRECTORIES:,} pictures; it is damaged")


class _Claims(NamedTuple):
    """What a directory claims: bytes for its values, the next directory, those of smaller copies."""

    claimed: int
    following: int
    smaller: list[int]


def _directory(file: BinaryIO, offset: int, *, order: str, big: bool) -> _Claims:
    head, size, wide, form = (8, 20, 8, "HHQ") if big else (2, 12, 4, "HHI")
    file.seek(offset)
    number = _number(file.read(head), order, head)
    if number > MOST_TAGS:
        return _Claims(0, 0, [])  # the parser refuses it
    table = file.read(size * number + wide)
    claimed, smaller = number * TAG_BYTES, []
    for start in range(0, min(len(table), size * number) - size + 1, size):
        code, kind, count = struct.unpack_from(order + form, table, start)
        if code == PHOTOSHOP_LAYERS:  # large in sound files, and never read
            continue
        each = SIZES.get(kind, 0)
        claimed += count * each
        if code == SUB_DIRECTORIES and each >= 4:
            place = table[start + size - wide : start + size]
            smaller += _numbers(file, place, count, order, each)
    return _Claims(claimed, _number(table[size * number :], order, wide), smaller)


def _number(data: bytes, order: str, size: int) -> int:
    """Return the whole number of that many bytes at the start of `data`, 0 if there are fewer."""
    return int.from_bytes(data[:size], "little" if order == "<" else "big") if len(data) >= size else 0


def _numbers(file: BinaryIO, place: bytes, count: int, order: str, each: int) -> list[int]:
    """Return the numbers of a tag: they stand at its place, or where that points to."""
    if count * each > len(place):
        file.seek(_number(place, order, len(place)))
        place = file.read(min(count, MOST_DIRECTORIES) * each)
    return [_number(place[start:], order, each) for start in range(0, min(count * each, len(place)), each)]
