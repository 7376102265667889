"""Whether a result carries the metadata of its source: both files are parsed anew, tag by tag.

Nothing of our own readers is used here, for what they lose on reading they could not miss afterwards: TIFF
and EXIF structures are read by tifffile, JPEG segments by Pillow, PNG chunks and XMP by the few lines below.
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
from typing import Any, Literal, NamedTuple
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import numpy as np
import tifffile
from PIL import ExifTags, Image

from tratteggio.files.exif import note_is_bound

ROUNDING = 1e-3  # of a resolution: PNG keeps whole pixels a metre, whatever the unit of the source
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

State = Literal["missing", "changed", "invalid", "added"]


class Finding(NamedTuple):
    """One tag that the result does not carry as it should.

    Attributes:
        tag: what it is called.
        state: "missing", "changed", "added", or "invalid": it is there, but cannot be right in the result.
        reason: why that is intended or what is wrong with it; "" where there is no reason.
        intended: True if it is left out or changed on purpose.
    """

    tag: str
    state: State
    reason: str = ""
    intended: bool = False


@dataclass
class _Facts:
    """What a file says beside its pixels.

    Attributes:
        kind: "tiff", "png" or "jpeg".
        tags: by name.
        resolution: (x, y) pixels a centimetre, or None.
        broken: what is invalid, with the reason.
        thumbnail: the small picture in it, or b"".
        note: the maker note and where it lies in its block or file, or None.
        alone: True if no other picture in the file has tags of its own.
    """

    kind: str
    tags: dict[str, Any] = field(default_factory=dict)
    resolution: tuple[float, float] | None = None
    broken: dict[str, str] = field(default_factory=dict)
    thumbnail: bytes = b""
    note: tuple[bytes, int] | None = None
    alone: bool = True


def compare_files(source: Path, result: Path, *, grid: tuple[int, int]) -> tuple[Finding, ...] | None:
    """Compare what two files say, tag by tag.

    Args:
        source: as it came.
        result: what was made of it, on the same grid.
        grid: rows and columns of the picture.

    Returns:
        what is missing, changed or invalid; None if a file is of a kind that is not parsed here.
    """
    facts = [_facts(path, grid) for path in (source, result)]
    if facts[0] is None or facts[1] is None:
        return None
    return tuple(_findings(facts[0], facts[1]))


def _findings(source: _Facts, result: _Facts) -> Iterator[Finding]:
    for tag, value in sorted(source.tags.items()):
        if tag not in result.tags:
            reason = _why_missing(tag, value, source, result)
            yield Finding(tag, "missing", reason, bool(reason))
        elif not _same(value, result.tags[tag]):
            reason = _why_changed(tag, value, result.tags[tag])
            yield Finding(tag, "changed", reason, bool(reason))
    yield from _added(source, result)
    if source.resolution and not result.resolution:
        yield Finding("resolution", "missing")
    elif source.resolution and not np.allclose(
        source.resolution, result.resolution or (), rtol=ROUNDING, atol=0
    ):
        yield Finding("resolution", "changed")
    if source.thumbnail and not result.thumbnail:
        yield Finding("thumbnail", "missing", "it shows the source", intended=True)
    elif source.thumbnail and source.thumbnail == result.thumbnail:
        yield Finding("thumbnail", "invalid", "it still shows the source")
    if source.note and result.note and _is_misplaced(source.note, result.note):
        yield Finding("EXIF MakerNote", "invalid", "it was moved, and its offsets were not")
    for tag, why in result.broken.items():
        if tag not in source.broken or result.kind != source.kind:
            yield Finding(tag, "invalid", why)


def _added(source: _Facts, result: _Facts) -> Iterator[Finding]:
    """Yield what only the result says, where files of one kind make that plain; a turn is always told."""
    like = source.kind == result.kind and source.alone
    for tag in sorted(result.tags.keys() - source.tags.keys()):
        if tag == "orientation" or (like and not _is_ours(tag, result.tags[tag])):
            yield Finding(tag, "added")
    if like and result.resolution and not source.resolution:
        yield Finding("resolution", "added")


def _is_ours(tag: str, value: Any) -> bool:
    """True for what our writers add: the white that the user states, and what describes an OME-TIFF."""
    return tag in OURS or (tag == "ImageDescription" and _states_layout(value))


OURS = ("TIFF 281", "TIFF 341", "PNG tEXt MaxSampleValue")  # MaxSampleValue, SMaxSampleValue
DESCRIPTION_REASON = "it states the layout of the source"
REASONS = {
    "XMP Thumbnails": "they show the source",
    "PNG hIST": "it counts the colours of a palette that is not kept",
    f"TIFF {LAYERS}": "the layers do not show what was filled",
}
# The formats that have a place for tags of one group.
HOMES = {"PNG": ("png",), "TIFF": ("tiff",), "Photoshop": ("tiff", "jpeg"), "JPEG": ("jpeg",)}


def _why_changed(tag: str, value: Any, now: Any) -> str:
    """Return why a tag is changed on purpose, "" if there is no reason."""
    if tag != "ImageDescription":
        return ""
    if _states_layout(value):
        return DESCRIPTION_REASON
    return "it stands in the OME-XML" if "<OME" in str(now) and escape(str(value)) in str(now) else ""


def _is_misplaced(one: tuple[bytes, int], other: tuple[bytes, int]) -> bool:
    return one[0] == other[0] and one[1] != other[1] and note_is_bound(one[0])


def _why_missing(tag: str, value: Any, source: _Facts, result: _Facts) -> str:
    """Return why a tag is left out on purpose, "" if there is no reason."""
    group = tag.partition(" ")[0]
    if group in HOMES and result.kind not in HOMES[group]:
        return f"{result.kind.upper()} has no place for it"
    if tag == "ImageDescription" and _states_layout(value):
        return DESCRIPTION_REASON
    if tag == "EXIF MakerNote" and source.note and note_is_bound(source.note[0]):
        return "its offsets hold in the source only"
    return REASONS.get(tag, "")


def _states_layout(value: Any) -> bool:
    text = str(value).lstrip()
    return text.startswith(("ImageJ=", '{"shape"', "shape=(")) or "<OME" in text[:2048]


def _same(one: Any, other: Any) -> bool:
    """True if two values are equal; a text may have lost zeros and spaces at its end."""
    one, other = (_plain(value) for value in (one, other))
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(_same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.rstrip("\0 ").encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return value.rstrip(b"\0 ")
    if isinstance(value, np.ndarray):
        return tuple(value.ravel().tolist())
    return tuple(value) if isinstance(value, list) else value


def _facts(path: Path, grid: tuple[int, int]) -> _Facts | None:
    try:
        with path.open("rb") as file:
            start = file.read(4)
        for signature, read in READERS.items():
            if start.startswith(signature):
                return read(path, grid)
    except Exception:  # noqa: BLE001 another parser has its own limits; the caller falls back and says so
        return None
    return None


def _tiff(path: Path, grid: tuple[int, int]) -> _Facts:
    facts = _Facts("tiff")
    with tifffile.TiffFile(path) as tiff:
        pages: list[Any] = list(tiff.pages)
        page = next((page for page in pages if (page.imagelength, page.imagewidth) == grid), pages[0])
        _directory(facts, page, path.read_bytes)
        facts.alone = len(pages) == 1 and not page.pages
        stated, held = _samples_stated(page.description), sum(math.prod(one.shape) for one in pages)
        stack = re.search(r"^ImageJ=.*^images=(\d+)", page.description, re.DOTALL | re.MULTILINE)
        if stack and len(pages) == 1 and int(stack[1]) > 1:
            facts.broken["ImageDescription"] = f"it states {stack[1]} pages, and there is one"
        if stated not in (None, held):
            facts.broken["ImageDescription"] = f"it states {stated:,} samples, and the file holds {held:,}"
    return facts


def _samples_stated(description: str) -> int | None:
    """Return how many samples a description states for the file, None if it does not say."""
    text = description.lstrip()
    if text.startswith(('{"shape"', "shape=(")):
        found = re.match(r'(?:\{"shape": *\[|shape=\()([\d, ]+)', text)
        return math.prod(int(side) for side in re.findall(r"\d+", found[1])) if found else None
    pixels = re.findall(r"<(?:\w+:)?Pixels\b[^>]*>", text) if "<OME" in text[:2048] else []
    sizes = [re.findall(r'\bSize[XYZCT]="(\d+)"', one) for one in pixels]
    return sum(math.prod(map(int, one)) for one in sizes) if sizes else None


def _directory(facts: _Facts, page: Any, whole: Callable[[], bytes]) -> None:
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


def _places(facts: _Facts, page: Any, whole: Callable[[], bytes]) -> None:
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


def _block(facts: _Facts, block: bytes) -> None:
    """Take an EXIF block."""
    with _no_pixels_expected(), tifffile.TiffFile(io.BytesIO(block)) as tiff:
        _directory(facts, tiff.pages[0], lambda: block)
    image = Image.Exif()
    image.load(JPEG_EXIF + block)
    small = image.get_ifd(ExifTags.IFD.IFD1)
    start, length = small.get(513), small.get(514)
    if start and length:
        facts.thumbnail += block[start : start + length]


@contextmanager
def _no_pixels_expected() -> Iterator[None]:
    """Keep tifffile from saying that an EXIF block, which is a TIFF without a picture, has no picture."""
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


def _photoshop(facts: _Facts, block: bytes) -> None:
    """Take the resources of Photoshop: signature, number, name, length, content, each of even length."""
    place = 0
    while block[place : place + 4] == b"8BIM":
        number = int.from_bytes(block[place + 4 : place + 6], "big")
        head = place + 6 + (1 + block[place + 6] + 1) // 2 * 2
        size = int.from_bytes(block[head : head + 4], "big")
        content = block[head + 4 : head + 4 + size]
        if number in THUMBNAIL_RESOURCES:
            facts.thumbnail += content
        else:
            facts.tags[f"Photoshop {number}"] = content
        place = head + 4 + size + size % 2


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


def _png(path: Path, _: tuple[int, int]) -> _Facts:
    facts, seen = _Facts("png"), []
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
    place = 8
    while place + 12 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        place += 12 + size


def _jpeg(path: Path, _: tuple[int, int]) -> _Facts:
    facts = _Facts("jpeg")
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
    _joined_xmp(facts, standard, extended)
    return facts


def _joined_xmp(facts: _Facts, standard: bytes, extended: Mapping[tuple[bytes, int], bytes]) -> None:
    """Take the standard and the extended part of XMP; the pointer from one to the other is no property."""
    found = _xmp(standard) if standard else {}
    digest = next(iter(found.pop("XMP HasExtendedXMP", ())), "").encode()
    parts = [part for (own, _), part in sorted(extended.items()) if own == digest]
    if digest and not parts:
        facts.broken["XMP"] = "it points to an extended part that is not there"
    for name, values in (_xmp(b"".join(parts)) if parts else {}).items():
        found[name] = tuple(sorted((*found.get(name, ()), *values)))
    facts.tags |= found


READERS: dict[bytes, Callable[[Path, tuple[int, int]], _Facts]] = {
    b"II": _tiff,
    b"MM": _tiff,
    b"\x89PNG": _png,
    b"\xff\xd8": _jpeg,
}
