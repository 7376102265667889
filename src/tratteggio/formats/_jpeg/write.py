"""Writing JPEG: a viewing copy at quality 95 without chroma subsampling."""

from __future__ import annotations

import logging
import struct
from typing import IO

import imagecodecs
import numpy as np

from tratteggio.files import exif
from tratteggio.files.xmp import EXTENSION, split
from tratteggio.formats._jpeg.read import COMMENT, EXIF, ICC, PHOTOSHOP, XMP
from tratteggio.painting import Metadata, Pixels

log = logging.getLogger("tratteggio")

QUALITY = 95
MOST_SEGMENT = 65_533
MOST_PROFILE_SEGMENTS = 255  # they are numbered with one byte


def write_jpeg(pixels: Pixels, file: IO[bytes], *, metadata: Metadata, name: str) -> None:
    """Write an 8-bit viewing copy, in one piece; a note says that JPEG changes every pixel a little.

    Args:
        pixels: (H, W) or (H, W, 3) uint8.
        file: where to.
        metadata: profile, resolution, EXIF with orientation, XMP, comments.
        name: of the output, for messages.
    """
    rows, cols, *channels = pixels.shape
    log.warning(
        "%s is a viewing copy, because JPEG changes every pixel a little; use .tif or .png to keep them", name
    )
    array = np.asarray(pixels[0:rows, 0:cols])
    if channels == [1]:
        array = array[..., 0]
    coded = imagecodecs.jpeg8_encode(np.ascontiguousarray(array), level=QUALITY, subsampling="444")
    body = 4 + struct.unpack(">H", coded[4:6])[0]  # behind the encoder's own JFIF segment
    file.write(coded[:2])
    for marker, data in _segments(metadata, name):
        file.write(struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data)
    file.write(coded[body:] if coded[3] == 0xE0 else coded[2:])


def _segments(metadata: Metadata, name: str) -> list[tuple[int, bytes]]:
    density, unit = metadata.resolution or (1.0, 1.0), metadata.unit if metadata.resolution else "none"
    x, y = (min(max(1, round(value)), 65_535) for value in density)
    number = {"inch": 1, "cm": 2}.get(unit, 0)
    found = [(0xE0, b"JFIF\0\1\1" + struct.pack(">BHHBB", number, x, y, 0, 0))]
    block = exif.describe(
        metadata.exif,
        orientation=metadata.orientation,
        resolution=metadata.resolution,
        unit=unit,
        exact=(x, y) != density and unit != "none",  # JFIF knows whole numbers only
    )
    if block:
        found.append((0xE1, EXIF + block))
    if metadata.xmp:
        standard, more = split(metadata.xmp) if len(XMP + metadata.xmp) > MOST_SEGMENT else (metadata.xmp, [])
        found.append((0xE1, XMP + standard))
        found += [(0xE1, EXTENSION + part) for part in more]
    found += [(0xE2, part) for part in _profile_parts(metadata.icc or b"", name)]
    if photoshop := metadata.foreign.get("photoshop"):
        size = MOST_SEGMENT - len(PHOTOSHOP)
        found += [
            (0xED, PHOTOSHOP + photoshop[start : start + size]) for start in range(0, len(photoshop), size)
        ]
    found += [(COMMENT, comment) for comment in metadata.foreign.get("jpeg", ())]
    for marker, data in found:
        if len(data) > MOST_SEGMENT:
            log.warning(
                "%s: %s of %d bytes does not fit into JPEG and was left out",
                name,
                _title(marker, data),
                len(data),
            )
    return [(marker, data) for marker, data in found if len(data) <= MOST_SEGMENT]


def _profile_parts(icc: bytes, name: str) -> list[bytes]:
    """Return the contents of the segments of a profile; none, and a note, if it needs too many."""
    size = MOST_SEGMENT - len(ICC) - 2
    parts = [icc[start : start + size] for start in range(0, len(icc), size)]
    if len(parts) > MOST_PROFILE_SEGMENTS:
        log.warning("%s: a profile of %d bytes does not fit into JPEG and was left out", name, len(icc))
        return []
    return [ICC + bytes([k, len(parts)]) + part for k, part in enumerate(parts, 1)]


def _title(marker: int, data: bytes) -> str:
    return "XMP" if data.startswith(XMP) else "EXIF" if data.startswith(EXIF) else f"segment {marker:02X}"
