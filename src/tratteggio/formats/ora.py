"""OpenRaster (.ora): original, fill and lacunae as layers, an 8-bit exchange copy for GIMP and Krita.

Source: OpenRaster File Layout Specification 0.0.6 (freedesktop.org).
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import numpy as np

from tratteggio.errors import UnreadableFile, UnsupportedFile
from tratteggio.files.icc import to_8bit, to_srgb8
from tratteggio.files.layers import place_layer
from tratteggio.files.limits import require_decodable, require_metadata
from tratteggio.files.overview import overview
from tratteggio.files.source import require_seekable
from tratteggio.files.untrusted import untrusted
from tratteggio.files.xml_documents import parse_xml
from tratteggio.painting import Mapped, Metadata, Pixels, Region, Restoration, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array
from tratteggio.roles import Facts, Keeps

log = logging.getLogger("tratteggio")

MIMETYPE = b"image/openraster"
THUMBNAIL = 256  # px, the longest side that the specification allows
# RGBA over the lacunae: opaque, so that the layer, corrected, is a mask again. It is shown thin.
OVERLAY, OVERLAY_OPACITY = np.array([255, 0, 0, 255], np.uint8), "0.5"
RGBA = np.dtype(np.uint8)
MOST_LAYERS = 256

FACTS = Facts(
    title="OpenRaster",
    suffixes=(".ora",),
    keeps=Keeps(depths=("uint8",), alpha=True, resolution=True, layers=True),
    codec="deflate",
)


class Layer(NamedTuple):
    """One layer of an .ora file, as read back."""

    name: str
    visible: bool
    pixels: Array


def recognizes(path: Path, start: bytes) -> bool:  # noqa: ARG001 one signature for all formats
    """True if a file begins as an OpenRaster does: a zip whose first member is its type."""
    return start.startswith(b"PK") and start[38:].startswith(MIMETYPE)


def write_proposal(restoration: Restoration, file: Path) -> None:
    """Write the layers of a proposal, streamed: memory depends on a band, not on the painting.

    From bottom to top: the original; the fill, clear outside the lacunae; the lacunae in transparent
    red, hidden. Colours are converted to sRGB and 8 bit, pixels stay in stored order; notes say so.
    """
    from tratteggio.formats._png.write import write_png  # noqa: PLC0415 brings the codecs

    original = restoration.original
    if original.dtype != np.uint8:
        log.warning(
            "an .ora file is an 8-bit copy, but %s is %s; keep a .tif too", original.name, original.dtype
        )
    if original.metadata.orientation != 1:
        log.warning("an .ora file has no orientation tag; it shows %s in stored order", original.name)
    lost, channels, icc = restoration.lacunae.lost, original.channels, original.metadata.icc

    def shown(array: Array) -> Array:
        colours = array[..., None] if array.ndim == 2 else array
        opacity = to_8bit(colours[..., channels:]) if colours.shape[2] > channels else None
        colours = colours[..., :channels]
        rgb = to_srgb8(colours, icc, original.white)
        if opacity is None:
            opacity = np.full((*rgb.shape[:2], 1), 255, np.uint8)
        return np.concatenate([rgb, opacity], axis=-1)

    layers: list[tuple[str, str, Pixels, str]] = [
        (
            "lacunae",
            "data/lacunae.png",
            Mapped(lost, lambda part: part[..., None] * OVERLAY, 4, RGBA),
            "hidden",
        ),
        ("fill", "data/fill.png", FillLayer(restoration.fill, lost, shown), "visible"),
        ("original", "data/original.png", Mapped(original.pixels, shown, 4, RGBA), "visible"),
    ]
    rows, cols = original.grid
    image = ET.Element("image", version="0.0.3", w=str(cols), h=str(rows))
    stack = ET.SubElement(image, "stack")
    for name, source, _, visibility in layers:  # the specification lists the topmost layer first
        ET.SubElement(
            stack, "layer", name=name, src=source, x="0", y="0", visibility=visibility,
            opacity=OVERLAY_OPACITY if name == "lacunae" else "1.0",
        )  # fmt: skip
    resolution = Metadata(original.metadata.resolution, original.metadata.unit)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(
            "mimetype", MIMETYPE
        )  # first and uncompressed, so that the kind can be told from the start
        archive.writestr("stack.xml", ET.tostring(image, encoding="UTF-8", xml_declaration=True))
        merged = Mapped(restoration.pixels, shown, 4, RGBA)
        for source, pixels in [(source, pixels) for _, source, pixels, _ in layers] + [
            ("mergedimage.png", merged)
        ]:
            with archive.open(source, "w", force_zip64=True) as stream:
                write_png(pixels, stream, metadata=resolution, name=source)
        flat = replace(original, metadata=replace(original.metadata, orientation=1))  # like the layers
        thumbnail = overview(flat, longest=THUMBNAIL, pixels=restoration.pixels)
        with archive.open("Thumbnails/thumbnail.png", "w") as stream:
            write_png(thumbnail, stream, metadata=Metadata(), name="thumbnail")


@dataclass(frozen=True, eq=False, repr=False)
class FillLayer(LazyPixels):
    """The fill as a layer: opaque where paint is lost, else transparent."""

    fill: Pixels
    lost: Pixels
    shown: Callable[[Array], Array]

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W, 4)."""
        return (*self.lost.shape[:2], 4)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Always uint8."""
        return RGBA

    def _read(self, region: Region) -> Array:
        lost = np.asarray(self.lost[region.slices])
        if not lost.any():
            return np.zeros((*lost.shape, 4), np.uint8)
        layer: Array = self.shown(np.asarray(self.fill[region.slices])) * lost[..., None]
        return layer


def read_ora(path: Path) -> list[Layer]:
    """Read the layers of an .ora file, from bottom to top.

    Raises:
        UnreadableFile: missing, or no OpenRaster file.
    """
    import imagecodecs  # noqa: PLC0415

    with _opened(path) as (archive, _, entries):
        sources = [archive.getinfo(entry.source) for entry in entries]
        require_decodable(path, sum(source.file_size for source in sources), what="layers")
        coded = [archive.read(source) for source in sources]
        require_decodable(path, sum(_decoded_bytes(path, data) for data in coded), what="layers")
        return [
            Layer(entry.name, entry.visible, imagecodecs.png_decode(data))
            for entry, data in zip(entries, coded, strict=True)
        ][::-1]


def list_layers(path: Path) -> list[str]:
    """List the layers by name, from the top down."""
    with _opened(path) as (_, _, entries):
        return [entry.name for entry in entries]


def open_layer(path: Path, number: int) -> Scan:
    """Open a layer by its place in that list, on the canvas.

    Raises:
        UnreadableFile: the layer is missing, damaged or claims too much memory.
        UnsupportedFile: the layer lies in a group that is moved.
    """
    import imagecodecs  # noqa: PLC0415

    with _opened(path) as (archive, grid, entries):
        entry = entries[number]
        if entry.in_moved_group:
            raise UnsupportedFile(
                f"layer {entry.name!r} of {path} is in a group with an offset, so its place is not clear; "
                "move the layer out of the group"
            )
        source = archive.getinfo(entry.source)
        require_decodable(path, source.file_size, what="layer")
        data = archive.read(source)
        require_decodable(path, _decoded_bytes(path, data), what="layer")
        pixels = imagecodecs.png_decode(data)
    alpha = pixels.ndim == 3 and pixels.shape[2] in (2, 4)
    return place_layer(path, pixels, grid, top=entry.top, left=entry.left, alpha=alpha)


class _Entry(NamedTuple):
    """What stack.xml says of a layer."""

    name: str
    visible: bool
    source: str
    top: int
    left: int
    in_moved_group: bool


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, tuple[int, int], list[_Entry]]]:
    """Open an .ora file: its members, its canvas (rows, cols), and its layers from the top down."""
    require_seekable(path)
    with untrusted(path, what="OpenRaster file"), zipfile.ZipFile(path) as archive:
        if _small(path, archive, "mimetype").strip() != MIMETYPE:
            raise UnreadableFile(f"{path} is not an OpenRaster file: its mimetype is another")
        image = parse_xml(_small(path, archive, "stack.xml"), path, what="OpenRaster file")
        found = list(_entries(image, moved=False))
        if len(found) > MOST_LAYERS:
            raise UnreadableFile(
                f"{path} claims {len(found):,} layers, more than {MOST_LAYERS}; it is damaged"
            )
        yield archive, (int(image.get("h", 0)), int(image.get("w", 0))), found


def _entries(stack: ET.Element, *, moved: bool) -> Iterator[_Entry]:
    for child in stack:
        if child.tag == "layer":
            yield _Entry(
                child.get("name", ""), child.get("visibility", "visible") == "visible", child.get("src", ""),
                int(child.get("y", 0)), int(child.get("x", 0)), moved,
            )  # fmt: skip
        else:
            here = (child.get("x", "0"), child.get("y", "0")) != ("0", "0")
            yield from _entries(child, moved=moved or here)


def _small(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a member that describes others."""
    require_metadata(path, archive.getinfo(name).file_size)
    return archive.read(name)


def _decoded_bytes(path: Path, data: bytes) -> int:
    """Return the memory that a layer takes once it is decoded; refuse one that cannot hold what it claims."""
    from tratteggio.formats._png.read import (  # noqa: PLC0415 brings the codecs
        decoded_bytes,
        list_chunks,
        read_header,
    )

    file = BytesIO(data)
    return decoded_bytes(read_header(path, file, list_chunks(path, file)))
