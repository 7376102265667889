"""The metadata of a file, tag by tag, parsed without our own readers.

Our readers could not miss what they lose. So tifffile reads TIFF and EXIF structures, Pillow reads JPEG
segments, and the few lines below read PNG chunks and XMP.
"""

from __future__ import annotations

import io
import logging
import math
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import tifffile
from PIL import ExifTags, Image

ORIENTATION, DESCRIPTION = 274, 270
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
XMP, PHOTOSHOP, LAYERS, ICC, EXIF, GPS = 700, 34377, 37724, 34675, 34665, 34853
# Tags of how samples lie in a file; each file has its own.
LAYOUT = frozenset(
    code
    for first, last in (
        *((254, 259), (262, 263), (266, 266), (273, 273), (277, 279), (284, 284), (288, 289), (297, 297)),
        *((317, 317), (320, 325), (330, 330), (332, 332), (338, 339), (342, 347), (351, 351), (512, 521)),
        *((529, 532), (559, 559), (40965, 40965), (50838, 50839)),
    )
    for code in range(first, last + 1)
)
ELSEWHERE = {ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, XMP, PHOTOSHOP, ICC, EXIF, GPS}
PER_CM = {2: 1 / 2.54, 3: 1.0}
THUMBNAIL_RESOURCES = (1033, 1036)
PNG_OWN = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"iCCP", b"pHYs", b"eXIf", b"acTL", b"fcTL", b"fdAT"}
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
JPEG_EXIF, JPEG_XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
JPEG_EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


@dataclass
class Tags:
    """The metadata of a file.

    Attributes:
        kind: "tiff", "png" or "jpeg".
        tags: by name.
        resolution: (x, y) pixels a centimetre, or None.
        broken: the tags that are invalid, with the reason.
        thumbnail: the small image in it, or b"".
        note: the maker note and its offset in its block or file, or None.
        alone: True if no other image in the file has tags of its own.
    """

    kind: str
    tags: dict[str, Any] = field(default_factory=dict)
    resolution: tuple[float, float] | None = None
    broken: dict[str, str] = field(default_factory=dict)
    thumbnail: bytes = b""
    note: tuple[bytes, int] | None = None
    alone: bool = True


def read_tags(path: Path, grid: tuple[int, int]) -> Tags | None:
    """Read the metadata of a file.

    Args:
        path: TIFF, PNG or JPEG.
        grid: rows and columns of the image whose tags are read, if there are several.

    Returns:
        the tags; None if the file is of another kind, or the parser fails.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
        for signature, read in READERS.items():
            if start.startswith(signature):
                return read(path, grid)
    except Exception:  # noqa: BLE001 another parser has its own limits; the caller falls back and says so
        return None
    return None


def _tiff(path: Path, grid: tuple[int, int]) -> Tags:
    facts = Tags("tiff")
    with tifffile.TiffFile(path) as tiff:
        pages: list[Any] = list(tiff.pages)
        page = next((page for page in pages if (page.imagelength, page.imagewidth) == grid), pages[0])
        _directory(facts, page, path.read_bytes)
        facts.alone = len(pages) == 1 and not page.pages
        stated, held = _count_stated_samples(page.description), sum(math.prod(one.shape) for one in pages)
        stack = re.search(r"^ImageJ=.*^images=(\d+)", page.description, re.DOTALL | re.MULTILINE)
        if stack and len(pages) == 1 and int(stack[1]) > 1:
            facts.broken["ImageDescription"] = f"it states {stack[1]} pages, and there is one"
        if stated not in (None, held):
            facts.broken["ImageDescription"] = f"it states {stated:,} samples, and the file holds {held:,}"
    return facts


def _count_stated_samples(description: str) -> int | None:
    """Return how many samples a description states for the file, None if it does not say."""
    text = description.lstrip()
    if text.startswith(('{"shape"', "shape=(")):
        found = re.match(r'(?:\{"shape": *\[|shape=\()([\d, ]+)', text)
        return math.prod(int(side) for side in re.findall(r"\d+", found[1])) if found else None
    pixels = re.findall(r"<(?:\w+:)?Pixels\b[^>]*>", text) if "<OME" in text[:2048] else []
    sizes = [re.findall(r'\bSize[XYZCT]="(\d+)"', one) for one in pixels]
    return sum(math.prod(map(int, one)) for one in sizes) if sizes else None


def _directory(facts: Tags, page: Any, whole: Callable[[], bytes]) -> None:
    """Take the tags of one directory, and of those that it points to."""
    for tag in page.tags:
        value = tag.value
        if tag.code == XMP:
            facts.tags |= _xmp(bytes(_as_bytes(value)))
        elif tag.code == PHOTOSHOP:
            _photoshop(facts, _as_bytes(value))
        elif tag.code == ICC:
            facts.tags["ICC profile"] = _as_bytes(value)
        elif tag.code in (EXIF, GPS) and isinstance(value, Mapping):
            group = "EXIF" if tag.code == EXIF else "GPS"
            facts.tags |= {f"{group} {name}": content for name, content in value.items()}
        elif tag.code == DESCRIPTION:
            facts.tags["ImageDescription"] = value
        elif tag.code not in LAYOUT and tag.code not in ELSEWHERE:
            named = tag.code in IN_EXIF
            facts.tags[tag.name if named else f"TIFF {tag.code}"] = value
    facts.tags.pop("EXIF InteroperabilityTag", None)  # where a directory lies
    _places(facts, page, whole)


# What EXIF, too, keeps in its main directory: maker, model, software, date, artist, host, copyright.
IN_EXIF = frozenset([271, 272, 305, 306, 315, 316, 18246, 18249, 33432, *range(40091, 40096)])


def _places(facts: Tags, page: Any, whole: Callable[[], bytes]) -> None:
    """Take orientation and resolution, and where the maker note lies."""
    values = {tag.code: tag.value for tag in page.tags if tag.code in ELSEWHERE}
    if (turned := int(values.get(ORIENTATION, 1))) != 1:
        facts.tags["orientation"] = turned
    x, y = values.get(X_RESOLUTION), values.get(Y_RESOLUTION)
    unit = PER_CM.get(int(values.get(RESOLUTION_UNIT, 2)))
    if x and y and unit and x[0] and x[1] and y[0] and y[1]:
        facts.resolution = (x[0] / x[1] * unit, y[0] / y[1] * unit)
    note = facts.tags.get("EXIF MakerNote")
    if note:
        note = _as_bytes(note)
        facts.note = (note, whole().find(note))


def _block(facts: Tags, block: bytes) -> None:
    """Take an EXIF block."""
    with _mute_tifffile(), tifffile.TiffFile(io.BytesIO(block)) as tiff:
        _directory(facts, tiff.pages[0], lambda: block)
    image = Image.Exif()
    image.load(JPEG_EXIF + block)
    small = image.get_ifd(ExifTags.IFD.IFD1)
    start, length = small.get(513), small.get(514)
    if start and length:
        facts.thumbnail += block[start : start + length]


@contextmanager
def _mute_tifffile() -> Iterator[None]:
    """Keep tifffile from saying that an EXIF block, which is a TIFF without an image, has no image."""
    logger = logging.getLogger("tifffile")

    def mute(_: logging.LogRecord) -> bool:
        return False

    logger.addFilter(mute)
    try:
        yield
    finally:
        logger.removeFilter(mute)


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("latin-1", "replace")
    return value.tobytes() if isinstance(value, np.ndarray) else bytes(value)


def _photoshop(facts: Tags, block: bytes) -> None:
    """Take the resources of Photoshop: signature, number, name, length, content, each of even length."""
    offset = 0
    while block[offset : offset + 4] == b"8BIM":
        number = int.from_bytes(block[offset + 4 : offset + 6], "big")
        head = offset + 6 + (1 + block[offset + 6] + 1) // 2 * 2
        size = int.from_bytes(block[head : head + 4], "big")
        content = block[head + 4 : head + 4 + size]
        if number in THUMBNAIL_RESOURCES:
            facts.thumbnail += content
        else:
            facts.tags[f"Photoshop {number}"] = content
        offset = head + 4 + size + size % 2


def _xmp(packet: bytes) -> dict[str, Any]:
    """Return the properties of a packet by name; the packet itself if it is no sound RDF."""
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        return {"XMP": packet}
    try:
        root = ET.fromstring(packet.strip(b"\0 \r\n\t"))
    except ET.ParseError:
        return {"XMP": packet}
    found: dict[str, list[str]] = {}
    for description in root.iter(f"{RDF}Description"):
        for name, value in description.attrib.items():
            if not name.startswith(RDF):
                found.setdefault(name, []).append(value)
        for prop in description:
            found.setdefault(prop.tag, []).append(_canonical(prop))
    return {f"XMP {name.rpartition('}')[2]}": tuple(sorted(values)) for name, values in found.items()}


def _canonical(prop: ET.Element) -> str:
    """Return the content of a property, whatever its prefixes and the spaces between its tags are."""
    if len(prop) == 0 and not prop.attrib:
        return prop.text or ""
    prop.tail = None
    return ET.canonicalize(ET.tostring(prop), strip_text=True, rewrite_prefixes=True)


def _png(path: Path, _: tuple[int, int]) -> Tags:
    facts, seen = Tags("png"), []
    for kind, content in _chunks(path.read_bytes()):
        seen.append(kind)
        if kind == b"eXIf":
            _block(facts, content)
        elif kind == b"iCCP":
            facts.tags["ICC profile"] = zlib.decompress(content.partition(b"\0")[2][1:])
        elif kind == b"pHYs" and content[8] == 1:
            x, y = struct.unpack(">II", content[:8])
            facts.resolution = (x / 100, y / 100)
        elif kind == b"iTXt" and content.startswith(b"XML:com.adobe.xmp\0"):
            # Keyword 0, compressed?, method, language 0, translated keyword 0, text.
            text = content[20:].split(b"\0", 2)[2]
            facts.tags |= _xmp(zlib.decompress(text) if content[18:19] == b"\1" else text)
        elif kind not in PNG_OWN:
            keyword = content.partition(b"\0")[0] if kind in TEXTS else b""
            name = b" ".join((b"PNG", kind, keyword)).strip().decode("latin-1")
            facts.tags.setdefault(name, []).append(content)
    if b"hIST" in seen and b"PLTE" not in seen[: seen.index(b"hIST")]:
        facts.broken["PNG hIST"] = "it must follow a palette"
    return facts


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    offset = 8
    while offset + 12 <= len(data):
        size = int.from_bytes(data[offset : offset + 4], "big")
        yield data[offset + 4 : offset + 8], data[offset + 8 : offset + 8 + size]
        offset += 12 + size


def _jpeg(path: Path, _: tuple[int, int]) -> Tags:
    facts = Tags("jpeg")
    standard, extended, photoshop, comments = b"", {}, b"", []
    with Image.open(path) as image:
        segments = list(image.applist)  # type: ignore[attr-defined]
        if icc := image.info.get("icc_profile"):
            facts.tags["ICC profile"] = icc
        unit = PER_CM.get({1: 2, 2: 3}.get(image.info.get("jfif_unit", 0), 0))
        if unit:
            x, y = image.info["jfif_density"]
            facts.resolution = (x * unit, y * unit)
    for name, data in segments:
        if name == "APP1" and data.startswith(JPEG_EXIF):
            jfif = facts.resolution
            _block(facts, data[len(JPEG_EXIF) :])
            facts.resolution = facts.resolution or jfif
        elif name == "APP1" and data.startswith(JPEG_XMP):
            standard = data[len(JPEG_XMP) :]
        elif name == "APP1" and data.startswith(JPEG_EXTENDED):
            digest, _size, start = struct.unpack_from(">32sII", data, len(JPEG_EXTENDED))
            extended[digest, start] = data[len(JPEG_EXTENDED) + 40 :]
        elif name == "APP13" and data.startswith(b"Photoshop 3.0\0"):
            photoshop += data[14:]
        elif name == "COM":
            comments.append(data)
    _photoshop(facts, photoshop)
    if comments:
        facts.tags["JPEG comments"] = comments
    _join_xmp(facts, standard, extended)
    return facts


def _join_xmp(facts: Tags, standard: bytes, extended: Mapping[tuple[bytes, int], bytes]) -> None:
    """Take the standard and the extended part of XMP; the pointer from one to the other is no property."""
    found = _xmp(standard) if standard else {}
    digest = next(iter(found.pop("XMP HasExtendedXMP", ())), "").encode()
    parts = [part for (own, _), part in sorted(extended.items()) if own == digest]
    if digest and not parts:
        facts.broken["XMP"] = "it points to an extended part that is not there"
    for name, values in (_xmp(b"".join(parts)) if parts else {}).items():
        found[name] = tuple(sorted((*found.get(name, ()), *values)))
    facts.tags |= found


READERS: dict[bytes, Callable[[Path, tuple[int, int]], Tags]] = {
    b"II": _tiff,
    b"MM": _tiff,
    b"\x89PNG": _png,
    b"\xff\xd8": _jpeg,
}
