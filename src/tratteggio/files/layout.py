"""Metadata that states a layout: what becomes of it when a picture is taken out of a file or enlarged.

A tag that says how many pixels, pages or channels there are is true of one file only. Carried to another it
would be a lie that readers believe. `RULES` says what becomes of each.
Source: TIFF 6.0; Exif 2.32; GeoTIFF 1.1 (OGC 19-008r4), section 7; OME-TIFF specification 6.1.
"""

from __future__ import annotations

import json
import logging
import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from tratteggio.files import exif
from tratteggio.files.exif import Directories
from tratteggio.files.ifd import Entry
from tratteggio.painting import Metadata

log = logging.getLogger("tratteggio")

DESCRIPTION = 270
GEO_KEYS, RASTER_TYPE, PIXEL_IS_POINT = 34735, 1025, 2
IMAGEJ_LAYOUT = (b"images=", b"channels=", b"slices=", b"frames=", b"hyperstack=", b"mode=", b"loop=")
PNG_COLOURS = frozenset({b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI"})
PNG_SAMPLES = frozenset({b"sBIT", b"tRNS", b"bKGD"})  # a value for each channel
PNG_PLACES = frozenset({b"oFFs", b"sCAL"})  # a size in pixels of the source
RESOLUTION_RESOURCE = 1005  # of Photoshop
THUMBNAILS = (1033, 1036)  # likewise
CREDENTIALS_LEFT = "its Content Credentials (C2PA), which are signed for its own bytes"
THUMBNAIL_LEFT = "the small picture in it, which shows it as it was"


class Change(NamedTuple):
    """How a picture differs from its source.

    Attributes:
        scale: pixels a side for each of the source.
        recoloured: True if the channels are others.
        point: True if coordinates of a map belong to the centres of pixels, False: to their corners.
    """

    scale: int
    recoloured: bool
    point: bool = False

    def to_output(self, value: float) -> float:
        """Return where a pixel coordinate of the source lies in the picture."""
        return value * self.scale + ((self.scale - 1) / 2 if self.point else 0.0)


Rule = Callable[[Entry, Change], Entry | None]


def _drop_if_enlarged(entry: Entry, change: Change) -> Entry | None:
    return entry if change.scale == 1 else None


def _drop_if_recoloured(entry: Entry, change: Change) -> Entry | None:
    return None if change.recoloured else entry


def _scale(entry: Entry, change: Change) -> Entry | None:
    """Multiply whole numbers or fractions; those that the type cannot hold are dropped."""
    if change.scale == 1:
        return entry
    if entry.type == 5:
        pairs = np.frombuffer(entry.data, "<u4").reshape(-1, 2).astype(np.uint64)
        pairs[:, 0] *= change.scale
        numbers, kind = pairs.ravel(), "<u4"
    elif entry.type in (3, 4):
        kind = "<u2" if entry.type == 3 else "<u4"
        numbers = np.frombuffer(entry.data, kind).astype(np.uint64) * np.uint64(change.scale)
    else:
        return None
    return (
        entry._replace(data=numbers.astype(kind).tobytes()) if (numbers <= np.iinfo(kind).max).all() else None
    )


def _pixel_scale(entry: Entry, change: Change) -> Entry | None:
    """Make the pixels of a map smaller: (x, y, z) of one pixel."""
    sizes = _doubles(entry)
    return _pack(entry, [*(size / change.scale for size in sizes[:2]), *sizes[2:]])


def _tie_points(entry: Entry, change: Change) -> Entry | None:
    """Move the pixels to which places of a map are tied: (column, row, level, x, y, z), again and again."""
    points = _doubles(entry)
    moved = [change.to_output(v) if change.scale > 1 and n % 6 < 2 else v for n, v in enumerate(points)]
    return _pack(entry, moved)


def _transformation(entry: Entry, change: Change) -> Entry | None:
    """Make the columns of a 4 x 4 matrix smaller that pixels are multiplied by."""
    if entry.number != 16:
        return None
    matrix = np.array(_doubles(entry)).reshape(4, 4)
    back = np.diag([1 / change.scale, 1 / change.scale, 1.0, 1.0])
    back[:2, 3] = -change.to_output(0.0) / change.scale
    return _pack(entry, (matrix @ back).ravel().tolist())


def _doubles(entry: Entry) -> list[float]:
    return list(entry.numbers)


def _pack(entry: Entry, values: Iterable[float]) -> Entry | None:
    values = list(values)
    return entry._replace(data=struct.pack(f"<{len(values)}d", *values)) if entry.type == 12 else None


# By tag, in the main directory and in the EXIF directory; what is not listed says nothing of the layout.
RULES: dict[int, Rule] = {
    33550: _pixel_scale,  # ModelPixelScale
    33922: _tie_points,  # ModelTiepoint
    34264: _transformation,  # ModelTransformation
    **dict.fromkeys((33918, 33919, 33920, 50844), _drop_if_enlarged),  # Intergraph matrices, RPC coefficients
    **dict.fromkeys((280, 281, 340, 341), _drop_if_recoloured),  # ranges of channels
    **dict.fromkeys((301, 318, 319), _drop_if_recoloured),  # TransferFunction, WhitePoint, chromaticities
    42112: _drop_if_recoloured,  # GDAL metadata, with statistics of bands
    42113: _drop_if_recoloured,  # GDAL: the sample that means nothing
    **dict.fromkeys(range(50706, 51200), _drop_if_enlarged),  # DNG: areas, patterns, opcodes of a sensor
    **dict.fromkeys((40962, 40963), _scale),  # PixelXDimension, PixelYDimension
    **dict.fromkeys((37396, 41492), _scale),  # SubjectArea, SubjectLocation
    **dict.fromkeys((41486, 41487), _scale),  # focal plane resolutions
}
XMP_SIZES = re.compile(rb'((?:tiff:Image(?:Width|Length)|exif:Pixel[XY]Dimension)(?:="|>))(\d+)(?="|<)')


def description_of_one(text: bytes, *, pages: int, shape: tuple[int, ...]) -> bytes | None:
    """Return the part of an image description that is true of one picture taken out of its file.

    Args:
        text: the description, without a zero at its end.
        pages: pictures in the file.
        shape: of the picture, (H, W) or (H, W, C).

    Returns:
        the text as it is, or mended; None if nothing of it holds.

    Example:
        >>> description_of_one(b'{"shape": [3, 4, 5]}', pages=3, shape=(4, 5)) is None
        True
        >>> description_of_one(b"ImageJ=1.54f\\nimages=3\\nunit=cm\\n", pages=3, shape=(4, 5))
        b'ImageJ=1.54f\\nunit=cm\\n'
    """
    head = text.lstrip()
    if states_ome(text):
        return text if pages == 1 and _ome_fits(text, shape) else None
    if head.startswith(b"ImageJ="):
        stacked = pages > 1 or re.search(rb"^images=(?!1\s*$)", text, re.MULTILINE)
        return _without_lines(text, IMAGEJ_LAYOUT) if stacked else text
    if head.startswith((b'{"shape"', b"shape=(")):
        return text if _stated_shape(head) == shape else _without_shape(head)
    return text


def states_ome(text: bytes) -> bool:
    """True if a description is OME-XML."""
    return b"<OME" in text[:2048] or b":OME " in text[:2048]


def _ome_fits(text: bytes, shape: tuple[int, ...]) -> bool:
    """True if OME-XML lists one picture of this size."""
    pixels = re.findall(rb"<(?:\w+:)?Pixels\b[^>]*>", text)
    if len(pixels) != 1:
        return False
    sizes = {axis: int(size) for axis, size in re.findall(rb'\bSize([XYZCT])="(\d{1,9})"', pixels[0])}
    channels = shape[2] if len(shape) == 3 else 1
    return (sizes.get(b"Y"), sizes.get(b"X")) == shape[:2] and (
        sizes.get(b"C", 1) in (1, channels) and sizes.get(b"Z", 1) == sizes.get(b"T", 1) == 1
    )


def _without_lines(text: bytes, starts: tuple[bytes, ...]) -> bytes:
    return b"".join(line for line in text.splitlines(keepends=True) if not line.startswith(starts))


def _stated_shape(text: bytes) -> tuple[int, ...]:
    """Return the shape that tifffile's description states, () if it cannot be read."""
    found = re.match(rb'(?:\{"shape":\s*\[|shape=\()([\d,\s]{1,100})', text)
    return tuple(int(part) for part in found[1].split(b",") if part.strip()) if found else ()


def _without_shape(text: bytes) -> bytes | None:
    """Keep what else tifffile's JSON says."""
    try:
        parsed: Any = json.loads(text)
    except ValueError:
        return None
    left = (
        {key: value for key, value in parsed.items() if key not in ("shape", "axes")}
        if isinstance(parsed, dict)
        else {}
    )
    return json.dumps(left).encode() if left else None


def relaid(metadata: Metadata, *, scale: int, recoloured: bool) -> Metadata:
    """Return metadata for a picture that is enlarged or has other channels than its source.

    Resolution, places on a map and sizes follow; what cannot follow is left out, with a note.

    Args:
        metadata: of the source.
        scale: pixels a side for each of the source.
        recoloured: True if the channels are others; the profile is then to be set by the caller.
    """
    if scale == 1 and not recoloured:
        return metadata
    found = exif.parse(metadata.exif) if metadata.exif else Directories()
    tiff: tuple[Entry, ...] = metadata.foreign.get("tiff", ())
    change = Change(scale, recoloured, _is_point(tiff))
    gone: list[str] = []
    main = _follow(_without_layout(found.main, gone), change, gone)
    foreign = {**metadata.foreign, "tiff": _follow(tiff, change, gone)}
    foreign["png"] = _chunks_left(metadata.foreign.get("png", ()), change, gone)
    if "photoshop" in foreign and scale > 1:
        foreign["photoshop"] = without_resources(foreign["photoshop"], (RESOLUTION_RESOURCE,))[0]
    if recoloured:
        foreign.pop("photometric", None)
    if gone:
        log.warning("these tags describe the layout of the source, so they are left out: %s", ", ".join(gone))
    resolution = metadata.resolution
    made = replace(found, main=main, exif=_follow(found.exif, change, gone))
    return replace(
        metadata,
        resolution=None if resolution is None else (resolution[0] * scale, resolution[1] * scale),
        exif=metadata.exif if made == found else exif.rebuilt(metadata.exif or b"", made),
        xmp=_scaled_xmp(metadata.xmp, scale),
        foreign={key: value for key, value in foreign.items() if value not in ((), b"")},
    )


def _is_point(tiff: Iterable[Entry]) -> bool:
    """True if a GeoTIFF ties places to the centres of pixels."""
    keys = next((entry.numbers for entry in tiff if entry.code == GEO_KEYS), [])
    return any(keys[n] == RASTER_TYPE and keys[n + 3] == PIXEL_IS_POINT for n in range(4, len(keys) - 3, 4))


def _follow(entries: Iterable[Entry], change: Change, gone: list[str]) -> tuple[Entry, ...]:
    kept = []
    for entry in entries:
        made = RULES[entry.code](entry, change) if entry.code in RULES else entry
        if made is None:
            gone.append(f"tag {entry.code}")
        else:
            kept.append(made)
    return tuple(kept)


def _without_layout(entries: Iterable[Entry], gone: list[str]) -> list[Entry]:
    """Drop or mend a description that states a shape; nothing can be parsed of its size any more."""
    kept = []
    for entry in entries:
        text = entry.data.rstrip(b"\0")
        mended = text if entry.code != DESCRIPTION else described_anew(text)
        if mended != text:
            gone.append("the layout in the image description")
        if mended == text:
            kept.append(entry)
        elif mended:
            kept.append(entry._replace(number=len(mended) + 1, data=mended + b"\0"))
    return kept


def described_anew(text: bytes) -> bytes | None:
    """Return a description without any layout: of OME-XML and shapes nothing is left."""
    return None if states_ome(text) else description_of_one(text, pages=2, shape=())


def _chunks_left(
    chunks: Iterable[tuple[bytes, bytes, bool]], change: Change, gone: list[str]
) -> tuple[Any, ...]:
    named = (PNG_PLACES if change.scale > 1 else frozenset()) | (
        PNG_SAMPLES | PNG_COLOURS if change.recoloured else frozenset()
    )
    gone += [f"PNG chunk {kind.decode('latin-1')}" for kind, *_ in chunks if kind in named]
    return tuple(chunk for chunk in chunks if chunk[0] not in named)


def _scaled_xmp(xmp: bytes | None, scale: int) -> bytes | None:
    if xmp is None or scale == 1:
        return xmp
    return XMP_SIZES.sub(lambda found: found[1] + str(int(found[2]) * scale).encode(), xmp)


def without_resources(block: bytes, codes: Iterable[int]) -> tuple[bytes, bool]:
    """Return a block of Photoshop resources without some of them, and whether any was there.

    A block that cannot be followed to its end is returned as it is.
    """
    kept, place, wanted = [], 0, set(codes)
    while block[place : place + 4] == b"8BIM" and place + 12 <= len(block):
        name = 1 + block[place + 6]
        head = place + 6 + name + name % 2
        size = int.from_bytes(block[head : head + 4], "big")
        end = head + 4 + size + size % 2
        if int.from_bytes(block[place + 4 : place + 6], "big") not in wanted:
            kept.append(block[place:end])
        place = end
    if place < len(block):
        return block, False
    made = b"".join(kept)
    return made, len(made) < len(block)
