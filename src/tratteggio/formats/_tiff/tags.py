"""What a TIFF says about its pixels, as Metadata, and back into tags.

Every tag that does not describe the layout of the file is carried, with its type and its exact bytes.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tratteggio.files import exif, ifd
from tratteggio.files.exif import Directories
from tratteggio.files.ifd import Entry
from tratteggio.files.layout import (
    CREDENTIALS_LEFT,
    THUMBNAIL_LEFT,
    THUMBNAILS,
    description_of_one,
    without_resources,
)
from tratteggio.files.limits import require_metadata
from tratteggio.files.white import believed, significant_bits
from tratteggio.files.xmp import without_thumbnails
from tratteggio.painting import Metadata

log = logging.getLogger("tratteggio")

XMP, ICC, PHOTOSHOP, PHOTOSHOP_LAYERS = 700, 34675, 34377, 37724
C2PA = 52_545  # C2PA Specification 2.2, A.3.4: the manifest store
NOTE_LEFT = "its maker note, which contains positions in the source file"
RESOLUTION = (exif.X_RESOLUTION, exif.Y_RESOLUTION, exif.RESOLUTION_UNIT)
# Written anew for every output: sizes, depth, offsets, compression, resolution, orientation, pointers.
LAYOUT = frozenset(
    code
    for first, last in (
        *(
            (254, 259),
            (262, 266),
            (273, 274),
            (277, 279),
            (282, 284),
            (288, 293),
            (296, 297),
            (317, 317),
            (320, 330),
        ),
        *((332, 332), (338, 339), (342, 347), (351, 351), (512, 521), (529, 532), (559, 559), (32995, 32998)),
        *((exif.EXIF_IFD, exif.EXIF_IFD), (exif.GPS_IFD, exif.GPS_IFD), (exif.INTEROP_IFD, exif.INTEROP_IFD)),
        *((50838, 50839),),
    )
    for code in range(first, last + 1)
)
# The darkest and the lightest sample as integers and as floats; one value, or one for each channel.
MIN_SAMPLE, MAX_SAMPLE, SMIN_SAMPLE, SMAX_SAMPLE = 280, 281, 340, 341
RANGES = (MIN_SAMPLE, MAX_SAMPLE, SMIN_SAMPLE, SMAX_SAMPLE)
SAMPLES, SAMPLE_FORMAT, FLOATS = 277, 339, 3
DESCRIPTION, DNG_WHITE = 270, 50717
# Where the pixels lie is read elsewhere, and layers are left aside; their values can be large.
USED = {exif.ORIENTATION, *RESOLUTION, exif.EXIF_IFD, exif.GPS_IFD, exif.INTEROP_IFD}
UNREAD = (LAYOUT - USED) | {PHOTOSHOP_LAYERS}
MOST_LISTED = 8
# What EXIF, too, keeps in its main directory: description, maker, model, software, date, artist, host,
# rating, copyright, and the names that Windows adds.
IN_EXIF = frozenset([270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, *range(40091, 40096)])


def read_metadata(
    path: Path,
    offset: int,
    *,
    order: str,
    big: bool,
    more: Mapping[str, Any],
    dtype: np.dtype[Any],
    colours: int,
    pages: int,
    shape: tuple[int, ...],
) -> Metadata:
    """Read the metadata of the directory at `offset`.

    Args:
        path: the TIFF.
        offset: where the directory starts.
        order: byte order of the file, "<" or ">".
        big: True in a BigTIFF.
        more: what the caller knows beside the tags (compression, ...), added to `foreign`.
        dtype: of the samples.
        colours: channels of colour.
        pages: pictures in the file.
        shape: of this picture.
    """
    damaged: list[int] = []
    with path.open("rb") as file:

        def anywhere(start: int, size: int) -> bytes:
            file.seek(start)
            return file.read(size)

        read = ifd.within(anywhere, path.stat().st_size)
        main = ifd.read_directory(read, offset, order=order, big=big, unread=UNREAD, damaged=damaged)
        found = exif.read_private(read, main, order=order, big=big, damaged=damaged)
    require_metadata(path, sum(len(entry.data) for entry in (*found.main, *found.exif, *found.gps)))
    resolution, unit = exif.resolution_of(found)
    if resolution is None and found.find(exif.X_RESOLUTION):
        damaged.append(exif.X_RESOLUTION)
    _note_damaged(path, damaged)
    orientation = exif.orientation_of(found)
    stated = found
    found, left = _of_one_picture(found, pages=pages, shape=shape)
    kept = [entry for entry in found.main if entry.code not in LAYOUT]
    own = (XMP, ICC, PHOTOSHOP, PHOTOSHOP_LAYERS, C2PA)
    foreign = dict(more)
    others = tuple(entry for entry in kept if entry.code not in IN_EXIF and entry.code not in own)
    if others:
        foreign["tiff"] = others
    photoshop, packet, icc = (found.find(code) for code in (PHOTOSHOP, XMP, ICC))
    xmp, pictured = without_thumbnails(packet.data) if packet else (None, False)
    resources, shown = without_resources(photoshop.data if photoshop else b"", THUMBNAILS)
    if resources:
        foreign["photoshop"] = resources
    left += [THUMBNAIL_LEFT] if shown or pictured else []
    left += [CREDENTIALS_LEFT] if found.find(C2PA) else []
    if left:
        foreign["left"] = tuple(left)
    return Metadata(
        resolution=resolution,
        unit=unit,
        orientation=orientation,
        icc=icc.data if icc else None,
        exif=_block(
            replace(found, main=tuple(entry for entry in kept if entry.code in IN_EXIF)), orientation
        ),
        xmp=xmp,
        white=_white(stated, dtype=dtype, colours=colours, path=path),
        foreign=foreign,
    )


def _of_one_picture(
    found: Directories, *, pages: int, shape: tuple[int, ...]
) -> tuple[Directories, list[str]]:
    """Leave out what holds in the whole file only: a description of several pictures, a bound maker note."""
    found, bound = exif.without_bound_note(found)
    left = [NOTE_LEFT] if bound else []
    main = []
    for entry in found.main:
        text = entry.data.rstrip(b"\0")
        kept_text = description_of_one(text, pages=pages, shape=shape) if entry.code == DESCRIPTION else text
        if kept_text != text:
            left.append("what its description says of the layout of the file")
        if kept_text == text:
            main.append(entry)
        elif kept_text:
            main.append(entry._replace(number=len(kept_text) + 1, data=kept_text + b"\0"))
    return replace(found, main=tuple(main)), left


def _white(found: Directories, *, dtype: np.dtype[Any], colours: int, path: Path) -> float | None:
    """Return the white that a directory states: largest sample, white level of a DNG, or OME-XML."""
    for code, name in (
        (MAX_SAMPLE, "MaxSampleValue"),
        (SMAX_SAMPLE, "SMaxSampleValue"),
        (DNG_WHITE, "WhiteLevel"),
    ):
        if entry := found.find(code):
            return believed(entry.numbers[:colours], dtype, path=path, where=f"tag {name}")
    description = found.find(DESCRIPTION)
    bits = significant_bits(description.data) if description and dtype.kind == "u" else None
    return None if bits is None else believed([bits], dtype, path=path, where="SignificantBits")


def _range_entries(entries: Sequence[Entry], white: float | None, layout: Sequence[Entry]) -> list[Entry]:
    """Return tags that state the range of this picture: in its channels, with the white of the metadata."""
    samples = next((int(entry.numbers[0]) for entry in layout if entry.code == SAMPLES), 1)
    fitting = [entry for entry in entries if entry.code not in RANGES or entry.number in (1, samples)]
    if white is None or any(
        entry.code in (MAX_SAMPLE, SMAX_SAMPLE) and white in entry.numbers for entry in fitting
    ):
        return fitting
    others = [entry for entry in fitting if entry.code not in (MAX_SAMPLE, SMAX_SAMPLE)]
    floats = any(entry.code == SAMPLE_FORMAT and FLOATS in entry.numbers for entry in layout)
    if floats or white != int(white):
        return [*others, Entry(SMAX_SAMPLE, 12, samples, struct.pack("<d", white) * samples)]
    return [*others, Entry(MAX_SAMPLE, 3, samples, struct.pack("<H", int(white)) * samples)]


def _note_damaged(path: Path, codes: Collection[int]) -> None:
    """Say which tags are left out because their values make no sense."""
    if codes:
        listed = ", ".join(map(str, sorted(set(codes))[:MOST_LISTED]))
        more = f" and {len(codes) - MOST_LISTED} more" if len(codes) > MOST_LISTED else ""
        log.warning("TIFF tags of %s are damaged and left out: %s%s", path, listed, more)


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
    upright = () if orientation == 1 else (ifd.short(exif.ORIENTATION, orientation),)
    return exif.build(replace(found, main=(*found.main, *upright)))


def _directories(metadata: Metadata) -> Directories:
    """Return the directories of a block that is moved into a TIFF; a bound maker note stays behind."""
    return exif.without_bound_note(exif.parse(metadata.exif))[0] if metadata.exif else Directories()


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
        entries += [ifd.rational(exif.X_RESOLUTION, x), ifd.rational(exif.Y_RESOLUTION, y)]
        entries.append(ifd.short(exif.RESOLUTION_UNIT, unit))
    if metadata.orientation != 1:
        entries.append(ifd.short(exif.ORIENTATION, metadata.orientation))
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
    layout = [entry for entry in ifd.read_directory(read, old, big=big) if entry.code not in RESOLUTION]
    following = pointer(behind(old))
    end = file.seek(0, 2)
    start = -(-end // 8) * 8
    private, pointers = exif.place_private(_directories(metadata), start, big=big)
    stated = _range_entries(entries_of(metadata), metadata.white, layout)
    entries = (*layout, *stated, *pointers)
    main = ifd.write_directory(entries, start + len(private), big=big, following=following)
    file.write(bytes(start - end) + private + main)
    file.seek(place)
    file.write(struct.pack(pack, start + len(private)))
