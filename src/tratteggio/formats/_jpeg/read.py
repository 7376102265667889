"""Reading JPEG: segments by hand, pixels by libjpeg-turbo.

libjpeg paints missing parts grey and continues; a file without its end marker is therefore refused at once.
Source: ITU-T T.81, annex B; Exif 2.32, section 4.7; XMP part 3, section 1.1.3; ICC.1:2022, annex B.4.
"""

from __future__ import annotations

import logging
import struct
from pathlib import Path
from typing import Any, NamedTuple

import imagecodecs
import numpy as np

from tratteggio.errors import UnreadableFile, UnsupportedFile
from tratteggio.files import exif
from tratteggio.files.layout import THUMBNAIL_LEFT, THUMBNAILS, without_resources
from tratteggio.files.limits import require_decodable, require_metadata
from tratteggio.files.rasters import DecodedWhole
from tratteggio.files.source import check_plausible
from tratteggio.files.xmp import EXTENSION, joined, without_thumbnails
from tratteggio.formats._jpeg.frame import FRAMES
from tratteggio.painting import Metadata, Scan
from tratteggio.painting.pixels import Array

log = logging.getLogger("tratteggio")

EXIF, XMP, ICC, PHOTOSHOP = (
    b"Exif\0\0",
    b"http://ns.adobe.com/xap/1.0/\0",
    b"ICC_PROFILE\0",
    b"Photoshop 3.0\0",
)
COMMENT = 0xFE
READ_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended and progressive Huffman
PROGRESSIVE = 0xC2
SCAN, MOST_SCANS = b"\xff\xda", 1000


class Segment(NamedTuple):
    """A marker and what follows it."""

    marker: int
    data: bytes


def _segments(path: Path) -> list[Segment]:
    """Read the segments before the first scan, and make sure that the end marker is there."""
    found = []
    total = 0
    with path.open("rb") as file:
        file.seek(2)
        while True:
            head = file.read(2)
            while len(head) == 2 and head == b"\xff\xff":  # fill bytes
                head = b"\xff" + file.read(1)
            size = file.read(2)
            if len(head) < 2 or len(size) < 2 or head[0] != 0xFF:
                raise UnreadableFile(
                    f"{path} is damaged or truncated in its header; copy it again from its source"
                )
            length = struct.unpack(">H", size)[0] - 2
            data = file.read(max(0, length))
            if length < 0 or len(data) < length:
                raise UnreadableFile(f"{path} is truncated in its header; copy it again from its source")
            found.append(Segment(head[1], data))
            total += length
            require_metadata(path, total)
            if head[1] == 0xDA:
                break
        if not _has_end(file.tell(), file):
            raise UnreadableFile(
                f"{path} is truncated: its end marker is missing; copy it again from its source"
            )
    return found


def _has_end(start: int, file: Any) -> bool:
    """True if FF D9 comes after the scan started; within coded data FF is always followed by 00 or RSTn."""
    end = file.seek(0, 2)
    for back in (1 << 16, end):  # nearly always in the last bytes
        file.seek(max(start, end - back))
        if b"\xff\xd9" in file.read():
            return True
    return False


def open_scan(path: Path, *, modality: str = "rgb") -> Scan:
    """Read the header of a JPEG; pixels are decoded on first use.

    Raises:
        UnreadableFile: damaged, truncated, or a decompression bomb.
        UnsupportedFile: CMYK, 12-bit, lossless or arithmetic JPEG.
    """
    found = _segments(path)
    frame = next((segment for segment in found if segment.marker in FRAMES), None)
    if frame is None or len(frame.data) < 6:
        raise UnreadableFile(f"{path} is damaged: it has no frame header")
    bits, rows, cols, channels = struct.unpack(">BHHB", frame.data[:6])
    if frame.marker not in READ_FRAMES or bits != 8:
        raise UnsupportedFile(
            f"{path} is a {bits}-bit JPEG of a rare kind (SOF{frame.marker - 0xC0}), which is not read; "
            "convert it to 8-bit JPEG or TIFF first"
        )
    if channels not in (1, 3):
        kind = "CMYK colours" if channels == 4 else f"{channels} channels"
        raise UnsupportedFile(f"{path} holds {kind}, which are not read; convert it to RGB first")
    check_plausible(
        path,
        rows=rows,
        cols=cols,
        raw_bytes=rows * cols * channels,
        file_bytes=path.stat().st_size,
        ratio=1_500,
    )
    # A progressive picture is held as coefficients of 16 bits too.
    require_decodable(path, rows * cols * channels * (3 if frame.marker == PROGRESSIVE else 1))
    shape = (rows, cols) if channels == 1 else (rows, cols, 3)
    pixels = DecodedWhole(path, shape, np.dtype(np.uint8), _decode)
    return Scan(pixels, modality, metadata=_metadata(path, found), name=str(path))


def _decode(path: Path) -> Array:
    data = path.read_bytes()
    # Each scan passes over the whole picture, so that thousands of them would take hours.
    if data.count(SCAN) > MOST_SCANS:
        raise UnreadableFile(
            f"{path} claims more than {MOST_SCANS:,} scans; it is damaged, so it is not read"
        )
    try:
        pixels: Array = imagecodecs.jpeg8_decode(data)
    except imagecodecs.Jpeg8Error as error:
        raise UnreadableFile(f"{path} is damaged: {error}; copy it again from its source") from error
    return pixels


def _metadata(path: Path, found: list[Segment]) -> Metadata:
    block = next(iter(_behind(found, 0xE1, EXIF)), None)
    block, thumbnail = exif.without_thumbnail(block) if block else (None, False)
    photoshop, shown = without_resources(b"".join(_behind(found, 0xED, PHOTOSHOP)), THUMBNAILS)
    xmp, whole = _xmp(path, found)
    xmp, pictured = without_thumbnails(xmp) if xmp else (None, False)
    left = [THUMBNAIL_LEFT] if thumbnail or shown or pictured else []
    left += [] if whole else ["the extended part of its XMP, which is not whole"]
    directories = exif.parse(block) if block else exif.Directories()
    resolution, unit = _resolution(found, directories)
    comments = tuple(data for marker, data in found if marker == COMMENT)
    foreign = {"jpeg": comments, "photoshop": photoshop, "left": tuple(left)}
    return Metadata(
        resolution=resolution,
        unit=unit,
        orientation=exif.orientation_of(directories),
        icc=_profile(path, found),
        exif=block,
        xmp=xmp,
        foreign={key: value for key, value in foreign.items() if value},
    )


def _behind(found: list[Segment], marker: int, signature: bytes) -> list[bytes]:
    """Return what follows a signature in the segments of a marker."""
    return [data[len(signature) :] for own, data in found if own == marker and data.startswith(signature)]


def _xmp(path: Path, found: list[Segment]) -> tuple[bytes | None, bool]:
    """Return the XMP packet with its extended part, and False if that is not whole."""
    packets, extended = _behind(found, 0xE1, XMP), _behind(found, 0xE1, EXTENSION)
    require_metadata(path, sum(map(len, (*packets, *extended))))
    if not packets or b"HasExtendedXMP" not in packets[-1]:
        return (packets[-1] if packets else None), not extended
    return joined(packets[-1], extended)


def _profile(path: Path, found: list[Segment]) -> bytes | None:
    """Return the profile of the numbered segments, in their order."""
    parts = _behind(found, 0xE2, ICC)
    whole = {data[0]: data[2:] for data in parts if len(data) >= 2}
    if any(len(data) < 2 for data in parts):
        log.warning("%s is damaged: a part of its colour profile is empty and is left out", path)
    return b"".join(whole[number] for number in sorted(whole)) or None


def _resolution(
    found: list[Segment], directories: exif.Directories
) -> tuple[tuple[float, float] | None, str]:
    """Return what JFIF says, or EXIF where that is more exact."""
    resolution, unit = None, "none"
    for data in _behind(found, 0xE0, b"JFIF\0"):
        if len(data) >= 7:
            density, x, y = struct.unpack(">BHH", data[2:7])
            if x and y and (density or x != y):
                resolution, unit = (float(x), float(y)), {1: "inch", 2: "cm"}.get(density, "none")
    stated = exif.resolution_of(directories)
    if stated[0] and (unit == "none" or (stated[1] == unit and _rounds_to(stated[0], resolution))):
        return stated  # JFIF knows whole numbers only
    return resolution, unit


def _rounds_to(exact: tuple[float, float], whole: tuple[float, float] | None) -> bool:
    return whole is not None and all(abs(a - b) <= 0.5 for a, b in zip(exact, whole, strict=True))
