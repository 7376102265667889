"""EXIF blocks: small TIFF structures that say when, how and with what a scan was made.

Read from a JPEG, a PNG or the private directories of a TIFF (either byte order, classic or BigTIFF),
kept as raw values in little-endian order, and written again without loss.
Source: CIPA DC-008 (Exif 2.32), sections 4.5 and 4.6; TIFF 6.0, section 2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tratteggio.files.ifd import (
    SIZES,
    Entry,
    Read,
    rational,
    read_directory,
    short,
    within,
    write_directory,
)

X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, ORIENTATION = 282, 283, 296, 274
EXIF_IFD, GPS_IFD, INTEROP_IFD = 34665, 34853, 40965
ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
UNITS = {1: "none", 2: "inch", 3: "cm"}
MAKER_NOTE, THUMBNAIL, THUMBNAIL_BYTES = 37500, 513, 514
# Maker notes that hold a header of their own, from which they count: they can be moved.
UNBOUND_NOTES = (b"Nikon\0\2", b"OLYMPUS\0", b"OM SYSTEM\0", b"FUJIFILM", b"Apple iOS\0", b"PENTAX \0")
INCH = 2
LEAST_RESOLUTION, MOST_RESOLUTION = 1e-6, float(1 << 32)


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
