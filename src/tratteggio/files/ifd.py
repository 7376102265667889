"""Directories of TIFF: tags with their values, read and written in either byte order, classic or BigTIFF.

Values are kept as they are, in little-endian order. Source: TIFF 6.0, section 2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Container, Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

import numpy as np

# Bytes of one value and of the unit in which its byte order is turned, by TIFF type.
SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
TURNED = SIZES | {5: 4, 10: 4}
NUMBERS = {3: "<u2", 4: "<u4", 6: "<i1", 8: "<i2", 9: "<i4", 11: "<f4", 12: "<f8", 13: "<u4"}
NUMBERS |= {16: "<u8", 17: "<i8", 18: "<u8"}

MOST_ENTRIES, MOST_BYTES = 4096, 1 << 28
SHARED_BYTES = 1 << 16  # sound files may let small values share a place

Read = Callable[[int, int], bytes]
"""Read(offset, size): that many bytes of the file or block, fewer at its end."""


class Entry(NamedTuple):
    """One tag: its code, TIFF type, number of values, and the values in little-endian bytes."""

    code: int
    type: int
    number: int
    data: bytes

    @property
    def numbers(self) -> list[float]:
        """The values as numbers; rationals divided, x / 0 as 0."""
        if self.type in (5, 10):
            parts = np.frombuffer(self.data, "<i4" if self.type == 10 else "<u4").reshape(-1, 2)
            return [int(a) / int(b) if b else 0.0 for a, b in parts]
        numbers: list[float] = np.frombuffer(self.data, NUMBERS.get(self.type, "<u1")).tolist()
        return numbers


def short(code: int, value: int) -> Entry:
    """Make a tag that holds one 16-bit number."""
    return Entry(code, 3, 1, struct.pack("<H", value))


def rational(code: int, value: float) -> Entry:
    """Make a tag that holds one positive fraction, as exactly as 32-bit parts can."""
    return Entry(code, 5, 1, struct.pack("<II", *fraction_of(value)))


def fraction_of(value: float) -> tuple[int, int]:
    """Return (numerator, denominator) below 2^32 of a positive number; short decimals come out exact."""
    for limit in (1, 10_000, 1_000_000, (1 << 32) - 1):
        ratio = Fraction(value).limit_denominator(limit)
        if ratio.numerator < 1 << 32 and float(ratio) == value:
            return ratio.numerator, ratio.denominator
    ratio = Fraction(value).limit_denominator(max(1, min(1_000_000, int(((1 << 32) - 1) / max(value, 1)))))
    return min(ratio.numerator, (1 << 32) - 1), ratio.denominator


def read_directory(
    read: Read,
    offset: int,
    *,
    order: str = "<",
    big: bool = False,
    unread: Container[int] = (),
    damaged: list[int] | None = None,
) -> tuple[Entry, ...]:
    """Read the entries of one directory; entries of unknown type or beyond the end are left out.

    Args:
        read: access to the bytes.
        offset: where the directory starts.
        order: "<" or ">".
        big: True in a BigTIFF.
        unread: codes whose values are not read.
        damaged: takes the codes of the entries that are left out because they are damaged.
    """
    damaged = [] if damaged is None else damaged
    head, size, count_format, value_bytes = (8, 20, "Q", 8) if big else (2, 12, "H", 4)
    raw = read(offset, head)
    if len(raw) < head:
        return ()
    (number,) = struct.unpack(order + count_format, raw)
    table = read(offset + head, size * min(number, MOST_ENTRIES))
    entries = []
    for start in range(0, len(table) - size + 1, size):
        code, kind, count = struct.unpack_from(order + ("HHQ" if big else "HHI"), table, start)
        length = count * SIZES.get(kind, 0)
        if code in unread or not count:  # without values there is nothing to read
            continue
        if not 0 < length <= MOST_BYTES:
            damaged.append(code)
            continue
        place = start + size - value_bytes
        if length <= value_bytes:
            data = table[place : place + length]
        else:
            data = read(struct.unpack_from(order + ("Q" if big else "I"), table, place)[0], length)
        if len(data) == length:
            entries.append(Entry(code, kind, count, _little(data, TURNED[kind], order)))
        else:
            damaged.append(code)
    return tuple(entries)


def _little(data: bytes, unit: int, order: str) -> bytes:
    return (
        data if order == "<" or unit == 1 else np.frombuffer(data, f">u{unit}").astype(f"<u{unit}").tobytes()
    )


def write_directory(
    entries: Iterable[Entry],
    offset: int,
    *,
    big: bool = False,
    following: int = 0,
    order: str = "<",
    lying: Mapping[int, int] | None = None,
) -> bytes:
    """Serialise a directory to stand at `offset`; its longer values follow it directly.

    Args:
        entries: the tags, in any order.
        offset: where the directory will stand.
        big: True in a BigTIFF.
        following: offset of the next directory, 0 if there is none.
        order: "<" or ">".
        lying: by tag, where its value lies already; it is not written again.
    """
    lying = lying or {}
    unique = {entry.code: entry for entry in entries}  # a reader takes the tags in ascending order, each once
    chosen = [unique[code] for code in sorted(unique)]
    head, size, value_bytes = (8, 20, 8) if big else (2, 12, 4)
    table = bytearray(struct.pack(order + ("Q" if big else "H"), len(chosen)))
    after = bytearray()
    behind = offset + head + size * len(chosen) + value_bytes
    for code, kind, count, data in chosen:
        table += struct.pack(order + ("HHQ" if big else "HHI"), code, kind, count)
        stored = _little(data, TURNED[kind], order)  # turning back is turning
        if code in lying:
            table += struct.pack(order + ("Q" if big else "I"), lying[code])
        elif len(stored) <= value_bytes:
            table += stored.ljust(value_bytes, b"\0")
        else:
            table += struct.pack(order + ("Q" if big else "I"), behind + len(after))
            after += stored + b"\0" * (len(stored) % 2)  # values start at even offsets
    return bytes(table) + struct.pack(order + ("Q" if big else "I"), following) + bytes(after)


def within(read: Read, size: int) -> Read:
    """Limit reading to about as many bytes as there are: many tags may claim the same ones.

    Args:
        read: access to the bytes of a file or block.
        size: of that file or block.

    Returns:
        `read`, which returns nothing where the limit would be passed.
    """
    left = size + SHARED_BYTES

    def limited(offset: int, number: int) -> bytes:
        nonlocal left
        number = min(number, size - offset)
        if not 0 < number <= left:
            return b""
        left -= number
        return read(offset, number)

    return limited
