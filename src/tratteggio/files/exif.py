"""EXIF blocks: small TIFF structures that say when, how and with what a scan was made.

Read from a JPEG, a PNG or the private directories of a TIFF (either byte order, classic or BigTIFF),
kept as raw values in little-endian order, and written again without loss.
Source: CIPA DC-008 (Exif 2.32), sections 4.5 and 4.6; TIFF 6.0, section 2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
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

X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, ORIENTATION = 282, 283, 296, 274
EXIF_IFD, GPS_IFD, INTEROP_IFD = 34665, 34853, 40965
ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
UNITS = {1: "none", 2: "inch", 3: "cm"}
MAKER_NOTE, THUMBNAIL, THUMBNAIL_BYTES = 37500, 513, 514
# Maker notes that hold a header of their own, from which they count: they can be moved.
UNBOUND_NOTES = (b"Nikon\0\2", b"OLYMPUS\0", b"OM SYSTEM\0", b"FUJIFILM", b"Apple iOS\0", b"PENTAX \0")
INCH = 2
MOST_ENTRIES, MOST_BYTES = 4096, 1 << 28
SHARED_BYTES = 1 << 16  # sound files may let small values share a place
LEAST_RESOLUTION, MOST_RESOLUTION = 1e-6, float(1 << 32)

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


@dataclass(frozen=True)
class Directories:
    """The directories of one EXIF block."""

    main: tuple[Entry, ...] = ()
    exif: tuple[Entry, ...] = ()
    gps: tuple[Entry, ...] = ()
    interop: tuple[Entry, ...] = ()

    def find(self, code: int) -> Entry | None:
        """Return a tag of the main directory."""
        return next((entry for entry in self.main if entry.code == code), None)


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


def read_private(
    read: Read,
    main: Iterable[Entry],
    *,
    order: str = "<",
    big: bool = False,
    damaged: list[int] | None = None,
) -> Directories:
    """Read the EXIF, GPS and interoperability directories that a main directory points to."""

    def behind(entries: Iterable[Entry], code: int) -> tuple[Entry, ...]:
        pointer = next((entry for entry in entries if entry.code == code), None)
        if pointer is None:
            return ()
        place = pointer.numbers[0]
        found: tuple[Entry, ...] = ()
        if 0 < place < 1 << 63:  # NaN and infinity are not
            found = read_directory(read, int(place), order=order, big=big, damaged=damaged)
        if not found and damaged is not None:
            damaged.append(code)
        return found

    main = tuple(main)
    private = behind(main, EXIF_IFD)
    pointers = (EXIF_IFD, GPS_IFD, INTEROP_IFD)
    return Directories(
        main=tuple(entry for entry in main if entry.code not in pointers),
        exif=tuple(entry for entry in private if entry.code not in pointers),
        gps=behind(main, GPS_IFD),
        interop=behind(private, INTEROP_IFD),
    )


def parse(block: bytes) -> Directories:
    """Read an EXIF block; what is damaged in it is left out."""
    order = order_of(block)
    if order is None:
        return Directories()
    read = within(_reader(block), len(block))
    return read_private(read, read_directory(read, _first(block, order), order=order), order=order)


def order_of(block: bytes) -> str | None:
    """Return the byte order of an EXIF block, "<" or ">"; None if it is none."""
    return ORDERS.get(block[:4]) if len(block) >= 8 else None


def _reader(block: bytes) -> Read:
    def read(offset: int, size: int) -> bytes:
        return block[offset : offset + size]

    return read


def _first(block: bytes, order: str) -> int:
    return int(struct.unpack(order + "I", block[4:8])[0])


def rebuilt(block: bytes, found: Directories) -> bytes:
    """Serialise directories in the place of those of a block.

    The bytes of the block stay where they are and new directories follow them, so that the offsets in its
    maker note hold; the directories that were there are overwritten with zeros.

    Args:
        block: the EXIF block that `found` was read from, or b"".
        found: what it shall say.
    """
    order = order_of(block)
    note = place_of(block, EXIF_IFD, MAKER_NOTE)
    if order is None or note is None or MAKER_NOTE not in (entry.code for entry in found.exif):
        return build(found)
    out = bytearray(block + bytes(len(block) % 2))
    for start, end in _directory_spans(block, order):
        out[start:end] = bytes(end - start)
    pointers = []
    private = found.exif
    if found.interop:
        private = (*private, Entry(INTEROP_IFD, 4, 1, struct.pack("<I", len(out))))
        out += write_directory(found.interop, len(out), order=order)
    for code, entries in ((EXIF_IFD, private), (GPS_IFD, found.gps)):
        if entries:
            pointers.append(Entry(code, 4, 1, struct.pack("<I", len(out))))
            out += write_directory(entries, len(out), order=order, lying={MAKER_NOTE: note})
    start = len(out)
    out += write_directory((*found.main, *pointers), start, order=order)
    out[4:8] = struct.pack(order + "I", start)
    return bytes(out)


def place_of(block: bytes, directory: int, code: int) -> int | None:
    """Return where the value of a tag lies in a block, None if it is missing or no longer than a pointer.

    Args:
        block: an EXIF block.
        directory: the tag that points to the directory that holds it.
        code: the tag.
    """
    order = order_of(block)
    if order is None:
        return None
    pointer = _raw_entry(block, _first(block, order), directory, order)
    entry = None if pointer is None else _raw_entry(block, pointer[1], code, order)
    return entry[1] if entry and entry[0] > 4 and entry[1] + entry[0] <= len(block) else None


def _raw_entry(block: bytes, start: int, code: int, order: str) -> tuple[int, int] | None:
    """Return (bytes of the value, value or where it lies) of a tag in the directory at `start`."""
    for place in range(start + 2, start + 2 + 12 * _count(block, start, order), 12):
        found, kind, number, value = struct.unpack(order + "HHII", block[place : place + 12])
        if found == code:
            return number * SIZES.get(kind, 1), value
    return None


def _count(block: bytes, start: int, order: str) -> int:
    """Return how many entries of the directory at `start` lie in the block."""
    if not 0 < start <= len(block) - 2:
        return 0
    stated: int = struct.unpack(order + "H", block[start : start + 2])[0]
    return min(stated, (len(block) - start - 2) // 12)


def _directory_spans(block: bytes, order: str) -> list[tuple[int, int]]:
    """Return where the tables of the main and the private directories lie; not their values."""
    first = _first(block, order)
    starts = [first]
    for code in (EXIF_IFD, GPS_IFD):
        if pointer := _raw_entry(block, first, code, order):
            starts.append(pointer[1])
            if code == EXIF_IFD and (inner := _raw_entry(block, pointer[1], INTEROP_IFD, order)):
                starts.append(inner[1])
    return [(start, start + 2 + 12 * _count(block, start, order)) for start in starts if start > 0]


def without_thumbnail(block: bytes) -> tuple[bytes, bool]:
    """Return a block without the small picture in it, and whether there was one.

    It shows the picture as it was. Nothing else moves, so that maker notes stay sound; the small picture and
    its directory are overwritten with zeros.
    """
    order = order_of(block)
    if order is None:
        return block, False
    first = _first(block, order)
    link = first + 2 + 12 * _count(block, first, order)
    if link + 4 > len(block) or _count(block, first, order) == 0:
        return block, False
    (second,) = struct.unpack(order + "I", block[link : link + 4])
    if not second:
        return block, False
    out = bytearray(block)
    picture, length = (_raw_entry(block, second, code, order) for code in (THUMBNAIL, THUMBNAIL_BYTES))
    if picture and length and picture[1] >= 8:
        out[picture[1] : picture[1] + length[1]] = bytes(len(out[picture[1] : picture[1] + length[1]]))
    end = second + 2 + 12 * _count(block, second, order)
    out[second:end] = bytes(len(out[second:end]))
    out[link : link + 4] = bytes(4)
    return bytes(out), True


def note_is_bound(note: bytes) -> bool:
    """True if a maker note points to places in its own file, so that it cannot be moved.

    It is taken for a directory if its entries make sense as such. Notes that count from their own beginning
    can be moved.
    """
    if note.startswith(UNBOUND_NOTES):
        return False
    return any(_points(note, start, order) for start in (0, 6, 8, 10, 12) for order in "<>")


def _points(note: bytes, start: int, order: str) -> bool:
    """True if a sound directory lies at `start` in which some value is longer than a pointer."""
    count = struct.unpack(order + "H", note[start : start + 2])[0] if len(note) >= start + 14 else 0
    table = note[start + 2 : start + 2 + 12 * count]
    if not 0 < count <= 512 or len(table) < 12 * count:
        return False
    entries = [struct.unpack_from(order + "HHII", table, 12 * n) for n in range(count)]
    sound = all(kind in SIZES and 0 < number < 1 << 24 for _, kind, number, _ in entries)
    return sound and any(SIZES[kind] * number > 4 for _, kind, number, _ in entries)


def without_bound_note(found: Directories) -> tuple[Directories, bool]:
    """Return directories without a maker note that cannot be moved, and whether there was one."""
    kept = tuple(entry for entry in found.exif if entry.code != MAKER_NOTE or not note_is_bound(entry.data))
    return replace(found, exif=kept), len(kept) < len(found.exif)


def place_private(found: Directories, offset: int, *, big: bool = False) -> tuple[bytes, list[Entry]]:
    """Serialise the private directories to stand at `offset`.

    Returns:
        the bytes, and the pointer entries that the main directory must hold.
    """
    kind, pack = (16, "<Q") if big else (4, "<I")
    out, pointers, private = b"", [], found.exif
    if found.interop:
        private = (*private, Entry(INTEROP_IFD, kind, 1, struct.pack(pack, offset)))
        out += write_directory(found.interop, offset, big=big)
    for code, entries in ((EXIF_IFD, private), (GPS_IFD, found.gps)):
        if entries:
            pointers.append(Entry(code, kind, 1, struct.pack(pack, offset + len(out))))
            out += write_directory(entries, offset + len(out), big=big)
    return out, pointers


def build(found: Directories) -> bytes:
    """Serialise directories as an EXIF block."""
    places = [pointer._replace(data=bytes(4)) for pointer in place_private(found, 0)[1]]
    length = len(write_directory((*found.main, *places), 8))
    private, pointers = place_private(found, 8 + length)
    return b"II*\0" + struct.pack("<I", 8) + write_directory((*found.main, *pointers), 8) + private


def orientation_of(found: Directories) -> int:
    """Return the orientation tag, 1 where it is missing or makes no sense."""
    entry = found.find(ORIENTATION)
    value = int(entry.numbers[0]) if entry and entry.type in (1, 3, 4) else 1
    return value if 1 <= value <= 8 else 1


def is_stored(value: float) -> bool:
    """True if a resolution can be true, and can be written as a fraction of 32-bit numbers."""
    return LEAST_RESOLUTION <= value < MOST_RESOLUTION  # NaN and infinity are not


def resolution_of(found: Directories) -> tuple[tuple[float, float] | None, str]:
    """Return ((x, y) or None, unit)."""
    x, y, unit = (found.find(code) for code in (X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT))
    if not (x and y and is_stored(x.numbers[0]) and is_stored(y.numbers[0])):
        return None, "none"
    stated = unit.numbers[0] if unit else INCH
    return (x.numbers[0], y.numbers[0]), next((UNITS[number] for number in UNITS if number == stated), "none")


def describe(
    block: bytes | None,
    *,
    orientation: int,
    resolution: tuple[float, float] | None,
    unit: str,
    exact: bool = False,
) -> bytes | None:
    """Return a block that states this orientation, and this resolution where it states one already.

    A block that agrees comes back as it is, byte for byte; in another its maker note stays in its place.
    None stays None while there is nothing to say.

    Args:
        block: an EXIF block, or None.
        orientation: 1 to 8.
        resolution: (x, y) pixels per unit, or None.
        unit: "inch", "cm" or "none".
        exact: True states the resolution in any case, for formats whose own field is too coarse.
    """
    found = parse(block) if block else Directories()
    wanted = [] if orientation_of(found) == orientation else [short(ORIENTATION, orientation)]
    stated = resolution_of(found)
    if resolution and (exact or stated[0]) and stated != (resolution, unit):
        number = next(code for code, name in UNITS.items() if name == unit)
        wanted += [rational(X_RESOLUTION, resolution[0]), rational(Y_RESOLUTION, resolution[1])]
        wanted.append(short(RESOLUTION_UNIT, number))
    return rebuilt(block or b"", replace(found, main=(*found.main, *wanted))) if wanted else block
