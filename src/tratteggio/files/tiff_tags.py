"""What a TIFF says about its pixels, as Metadata, and back into tags.

Every tag that does not describe the layout of the file is carried, with its type and its exact bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from tratteggio.files import exif
from tratteggio.files.exif import Directories, Entry
from tratteggio.painting import Metadata

XMP, ICC, PHOTOSHOP, PHOTOSHOP_LAYERS = 700, 34675, 34377, 37724
RESOLUTION = (exif.X_RESOLUTION, exif.Y_RESOLUTION, exif.RESOLUTION_UNIT)
# Written anew for every output: sizes, depth, offsets, compression, resolution, orientation, pointers.
LAYOUT = frozenset(
    code
    for first, last in (
        *((254, 259), (262, 266), (273, 274), (277, 284), (288, 293), (296, 297), (317, 317), (320, 330)),
        *((332, 332), (338, 347), (351, 351), (512, 521), (529, 532), (559, 559), (32995, 32998)),
        *((exif.EXIF_IFD, exif.EXIF_IFD), (exif.GPS_IFD, exif.GPS_IFD), (exif.INTEROP_IFD, exif.INTEROP_IFD)),
        *((50838, 50839),),
    )
    for code in range(first, last + 1)
)
# What EXIF, too, keeps in its main directory: description, maker, model, software, date, artist, host,
# rating, copyright, and the names that Windows adds.
IN_EXIF = frozenset([270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, *range(40091, 40096)])


def read_metadata(path: Path, offset: int, *, order: str, big: bool, more: Mapping[str, Any]) -> Metadata:
    """Read the metadata of the directory at `offset`.

    Args:
        path: the TIFF.
        offset: where the directory starts.
        order: byte order of the file, "<" or ">".
        big: True in a BigTIFF.
        more: what the caller knows beside the tags (compression, ...), added to `foreign`.
    """
    with path.open("rb") as file:

        def read(start: int, size: int) -> bytes:
            file.seek(start)
            return file.read(size)

        found = exif.read_private(
            read, exif.read_directory(read, offset, order=order, big=big), order=order, big=big
        )
    resolution, unit = exif.resolution_of(found)
    orientation = exif.orientation_of(found)
    kept = [entry for entry in found.main if entry.code not in LAYOUT]
    own = (XMP, ICC, PHOTOSHOP, PHOTOSHOP_LAYERS)
    foreign = dict(more)
    others = tuple(entry for entry in kept if entry.code not in IN_EXIF and entry.code not in own)
    if others:
        foreign["tiff"] = others
    if photoshop := found.find(PHOTOSHOP):
        foreign["photoshop"] = photoshop.data
    xmp, icc = found.find(XMP), found.find(ICC)
    return Metadata(
        resolution=resolution,
        unit=unit,
        orientation=orientation,
        icc=icc.data if icc else None,
        exif=_block(
            replace(found, main=tuple(entry for entry in kept if entry.code in IN_EXIF)), orientation
        ),
        xmp=xmp.data if xmp else None,
        foreign=foreign,
    )


def inherited(own: Metadata, first: Metadata, *, alike: bool) -> Metadata:
    """Complete what a picture says by what the first page says of the whole file.

    Args:
        own: of the picture.
        first: of the first page, a preview of it.
        alike: True if both hold samples of one kind, so that one profile serves both.
    """
    mine, whole = _directories(own), _directories(first)
    orientation = first.orientation if own.orientation == 1 else own.orientation
    codes = {exif.ORIENTATION, *(entry.code for entry in mine.main)}
    main = [entry for entry in mine.main if entry.code != exif.ORIENTATION]
    main += [entry for entry in whole.main if entry.code not in codes]
    joined = replace(mine, main=tuple(main), exif=mine.exif or whole.exif, gps=mine.gps or whole.gps)
    return replace(
        own,
        orientation=orientation,
        icc=own.icc or (first.icc if alike else None),
        exif=_block(joined, orientation),
        xmp=own.xmp or first.xmp,
    )


def _block(found: Directories, orientation: int) -> bytes | None:
    if not (found.main or found.exif or found.gps):
        return None
    upright = () if orientation == 1 else (exif.short(exif.ORIENTATION, orientation),)
    return exif.build(replace(found, main=(*found.main, *upright)))


def _directories(metadata: Metadata) -> Directories:
    return exif.parse(metadata.exif) if metadata.exif else Directories()


def entries_of(metadata: Metadata) -> list[Entry]:
    """Return the tags of a main directory that say what the metadata say, private ones not included."""
    found = _directories(metadata)
    entries = [entry for entry in found.main if entry.code not in LAYOUT and entry.code != PHOTOSHOP_LAYERS]
    entries += metadata.foreign.get("tiff", ())
    for code, kind, data in (
        (XMP, 1, metadata.xmp),
        (ICC, 7, metadata.icc),
        (PHOTOSHOP, 1, metadata.foreign.get("photoshop")),
    ):
        if data:
            entries.append(Entry(code, kind, len(data), data))
    if metadata.resolution:
        x, y = metadata.resolution
        unit = next(number for number, name in exif.UNITS.items() if name == metadata.unit)
        entries += [exif.rational(exif.X_RESOLUTION, x), exif.rational(exif.Y_RESOLUTION, y)]
        entries.append(exif.short(exif.RESOLUTION_UNIT, unit))
    if metadata.orientation != 1:
        entries.append(exif.short(exif.ORIENTATION, metadata.orientation))
    return entries


def put_metadata(file: BinaryIO, metadata: Metadata, *, page: int = 0) -> None:
    """Put metadata into a finished little-endian TIFF.

    The directory of a page is written anew behind everything else, with the metadata's tags and private
    directories, and what pointed to it (the header, the page before) points there: so every tag keeps its own
    type and bytes.

    Args:
        file: the TIFF, open for reading and writing.
        metadata: what the file shall say.
        page: which picture of the file, counted from 0, pyramid levels left out.
    """

    def read(offset: int, size: int) -> bytes:
        file.seek(offset)
        return file.read(size)

    big = read(2, 1) == b"+"
    place, pack = (8, "<Q") if big else (4, "<I")

    def pointer(place: int) -> int:
        return int(struct.unpack(pack, read(place, struct.calcsize(pack)))[0])

    def behind(directory: int) -> int:
        head, size, count = (8, 20, "<Q") if big else (2, 12, "<H")
        return directory + head + size * int(struct.unpack(count, read(directory, head))[0])

    for _ in range(page):
        place = behind(pointer(place))
    old = pointer(place)
    layout = [entry for entry in exif.read_directory(read, old, big=big) if entry.code not in RESOLUTION]
    following = pointer(behind(old))
    end = file.seek(0, 2)
    start = -(-end // 8) * 8
    private, pointers = exif.place_private(_directories(metadata), start, big=big)
    entries = (*layout, *entries_of(metadata), *pointers)
    main = exif.write_directory(entries, start + len(private), big=big, following=following)
    file.write(bytes(start - end) + private + main)
    file.seek(place)
    file.write(struct.pack(pack, start + len(private)))
