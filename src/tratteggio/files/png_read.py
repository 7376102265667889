"""Reading PNG: chunks by hand, pixels by libpng. A file that ends too early is refused.

Source: PNG Specification, Third Edition (W3C 2025), sections 5 and 11.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import imagecodecs
import numpy as np

from tratteggio.errors import UnreadableFile, UnsupportedFile
from tratteggio.files import exif
from tratteggio.files.png_colour import stated_profile
from tratteggio.files.rasters import DecodedWhole
from tratteggio.files.source import check_plausible, check_whole
from tratteggio.painting import Metadata, Scan
from tratteggio.painting.pixels import Array

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
XMP_KEYWORD = b"XML:com.adobe.xmp"
# Their content is in Metadata or in the pixels; animation frames belong to other pictures.
NOT_FOREIGN = {b"iCCP", b"pHYs", b"eXIf", b"acTL", b"fcTL", b"fdAT"}
MOST_CHUNK_BYTES = 64 << 20


class Chunk(NamedTuple):
    """Where a chunk's data lie."""

    kind: bytes
    offset: int
    length: int


def _chunks(path: Path) -> list[Chunk]:
    """List the chunks; raise if the file ends before its end chunk."""
    found: list[Chunk] = []
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(8) != SIGNATURE:
            raise UnreadableFile(f"{path} is not a whole PNG file: its signature is damaged")
        while not found or found[-1].kind != b"IEND":
            head = file.read(8)
            length, kind = struct.unpack(">I4s", head) if len(head) == 8 else (1 << 31, b"")
            if file.tell() + length + 4 > size:
                raise UnreadableFile(f"{path} is truncated at byte {size:,}; copy it again from its source")
            found.append(Chunk(kind, file.tell(), length))
            file.seek(length + 4, 1)
    return found


def open_scan(path: Path, *, modality: str = "rgb", bilevel: bool = False) -> Scan:
    """Read the header of a PNG; pixels are decoded on first use.

    Args:
        path: the file.
        modality: of the scan that is returned.
        bilevel: True takes 1-bit grey too, as 0 and 255 (for masks).

    Raises:
        UnreadableFile: damaged, truncated, or a decompression bomb.
        UnsupportedFile: palette colours or 1-, 2- or 4-bit grey.
    """
    found = _chunks(path)
    data = {}
    with path.open("rb") as file:
        for chunk in found:
            if chunk.kind != b"IDAT" and chunk.length <= MOST_CHUNK_BYTES:
                file.seek(chunk.offset)
                data[chunk] = file.read(chunk.length)
    if found[0].kind != b"IHDR" or found[0].length != 13:
        raise UnreadableFile(f"{path} is damaged: its header is missing")
    cols, rows, bits, colour, *_ = struct.unpack(">IIBBBBB", data[found[0]])
    _check_kind(path, bits, colour, bilevel=bilevel)
    channels = CHANNELS[colour]
    check_plausible(
        path,
        rows=rows,
        cols=cols,
        raw_bytes=rows * (1 + (cols * bits * channels + 7) // 8),
        file_bytes=sum(chunk.length for chunk in found if chunk.kind == b"IDAT"),
        ratio=1_100,  # deflate reaches 1032:1
    )
    check_whole(path, rows, cols)
    shape = (rows, cols) if channels == 1 else (rows, cols, channels)
    pixels = DecodedWhole(path, shape, np.dtype(np.uint16 if bits == 16 else np.uint8), _decode)
    metadata = _metadata(path, found, data, bits=bits, grey=colour in (0, 4))
    return Scan(pixels, modality, alpha=colour in (4, 6), metadata=metadata, name=str(path))


def orientation_in(path: Path) -> int:
    """Return the orientation tag of a PNG of any kind, 1 if it has none.

    Raises:
        UnreadableFile: damaged or truncated.
    """
    for chunk in _chunks(path):
        if chunk.kind == b"eXIf" and chunk.length <= MOST_CHUNK_BYTES:
            with path.open("rb") as file:
                file.seek(chunk.offset)
                return exif.orientation_of(exif.parse(file.read(chunk.length)))
    return 1


def _check_kind(path: Path, bits: int, colour: int, *, bilevel: bool) -> None:
    if colour == 3:
        raise UnsupportedFile(f"{path} holds palette colours, which are not read; convert it to RGB first")
    if colour not in CHANNELS or bits not in (1, 2, 4, 8, 16):
        raise UnreadableFile(f"{path} is damaged: its header claims colour type {colour} with {bits} bits")
    if bits < 8 and not (bits == 1 and bilevel):
        raise UnsupportedFile(
            f"{path} holds {bits}-bit grey, which is not read; convert it to 8-bit grey first"
        )


def _decode(path: Path) -> Array:
    try:
        array = imagecodecs.png_decode(path.read_bytes())
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error
    except imagecodecs.PngError as error:
        raise UnreadableFile(f"{path} is damaged: {error}; copy it again from its source") from error
    pixels: Array = array
    with path.open("rb") as file:
        colour = file.read(26)[25]
    channels = CHANNELS[colour]
    # libpng makes an alpha channel of a transparent key colour (tRNS); the key is kept as a chunk instead.
    if pixels.ndim == 3 and pixels.shape[2] > channels:
        pixels = np.ascontiguousarray(pixels[..., :channels])
    return pixels


def _metadata(path: Path, found: list[Chunk], data: dict[Chunk, bytes], *, bits: int, grey: bool) -> Metadata:
    icc = block = xmp = resolution = None
    unit, foreign = "none", []
    first = next((chunk.offset for chunk in found if chunk.kind == b"IDAT"), 0)
    for chunk, content in data.items():
        if chunk.kind == b"iCCP":
            icc = _inflate(path, content.partition(b"\0")[2][1:])
        elif chunk.kind == b"eXIf":
            block = content
        elif chunk.kind == b"pHYs" and len(content) == 9:
            x, y, per_metre = struct.unpack(">IIB", content)
            if x and y:
                resolution, unit = ((x / 100, y / 100), "cm") if per_metre else ((float(x), float(y)), "none")
        elif chunk.kind == b"iTXt" and content.startswith(XMP_KEYWORD + b"\0"):
            xmp = _international_text(path, content)
        elif chunk.kind[0:1].islower() and chunk.kind not in NOT_FOREIGN:
            foreign.append((chunk.kind, content, chunk.offset > first))
    chunks = {chunk.kind: content for chunk, content in data.items()}
    if icc is None:
        icc = stated_profile(path, chunks, grey=grey)
    kept: dict[str, Any] = {"png": tuple(foreign)} if foreign else {}
    if clear := _clear(chunks.get(b"tRNS", b""), bits):
        kept["clear"] = clear
    directories = exif.parse(block) if block else exif.Directories()
    if resolution is None:
        resolution, unit = exif.resolution_of(directories)
    return Metadata(
        resolution=resolution,
        unit=unit,
        orientation=exif.orientation_of(directories),
        icc=icc,
        exif=block,
        xmp=xmp,
        foreign=kept,
    )


def _clear(content: bytes, bits: int) -> tuple[int, ...]:
    """Return the colour that stands for transparent (tRNS), as samples; empty if there is none."""
    levels = struct.unpack(f">{len(content) // 2}H", content) if len(content) in (2, 6) else ()
    most, top = (1 << bits) - 1, 65_535 if bits == 16 else 255
    # More bits than the file has are left aside, and 1-bit grey is read as 0 and 255.
    return tuple((level & most) * (top // most) for level in levels)


def _international_text(path: Path, content: bytes) -> bytes:
    """Return the text of an iTXt chunk: keyword 0 compressed? method language 0 translation 0 text."""
    rest = content.partition(b"\0")[2]
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return _inflate(path, text) if rest[:1] == b"\1" else text


def _inflate(path: Path, data: bytes) -> bytes:
    """Decompress metadata, up to a size that metadata may have."""
    stream: Any = zlib.decompressobj()
    try:
        content: bytes = stream.decompress(data, MOST_CHUNK_BYTES)
    except zlib.error as error:
        raise UnreadableFile(f"{path} is damaged: its metadata cannot be decompressed ({error})") from error
    if stream.unconsumed_tail:
        raise UnreadableFile(
            f"{path} holds metadata of more than 64 MiB, a decompression bomb; it is not opened"
        )
    return content
