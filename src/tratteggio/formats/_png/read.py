"""Reading PNG: chunks by hand, pixels by libpng. A file that ends too early is refused.

Source: PNG Specification, Third Edition (W3C 2025), sections 5 and 11.
"""

from __future__ import annotations

import logging
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, NamedTuple

import imagecodecs
import numpy as np

from tratteggio.errors import UnreadableFile, UnsupportedFile
from tratteggio.files import exif
from tratteggio.files.layout import CREDENTIALS_LEFT, THUMBNAIL_LEFT
from tratteggio.files.limits import METADATA_BYTES, require_decodable, require_metadata
from tratteggio.files.rasters import DecodedWhole
from tratteggio.files.source import check_plausible
from tratteggio.files.untrusted import untrusted
from tratteggio.files.white import believed
from tratteggio.files.xmp import without_thumbnails
from tratteggio.formats._png.colour import stated_profile
from tratteggio.painting import Metadata, Scan
from tratteggio.painting.pixels import Array

log = logging.getLogger("tratteggio")

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
XMP_KEYWORD = b"XML:com.adobe.xmp"
WHITE_KEYWORD = b"MaxSampleValue"  # as TIFF calls it
PALETTE_LEFT = "the palette that it suggests for screens of few colours (PLTE, hIST)"
# Their content is in Metadata or in the pixels, belongs to other pictures, or is a signature (caBX).
NOT_FOREIGN = {b"iCCP", b"pHYs", b"eXIf", b"hIST", b"acTL", b"fcTL", b"fdAT", b"caBX"}
PALETTE = 3
MOST_CHUNKS = 1 << 20


class Chunk(NamedTuple):
    """Where a chunk's data lie."""

    kind: bytes
    offset: int
    length: int


def list_chunks(path: Path, file: IO[bytes]) -> list[Chunk]:
    """List the chunks of a PNG that is open; raise if the file ends before its end chunk."""
    found: list[Chunk] = []
    size = file.seek(0, 2)
    file.seek(0)
    if file.read(8) != SIGNATURE:
        raise UnreadableFile(f"{path} is not a whole PNG file: its signature is damaged")
    while not found or found[-1].kind != b"IEND":
        head = file.read(8)
        length, kind = struct.unpack(">I4s", head) if len(head) == 8 else (1 << 31, b"")
        if file.tell() + length + 4 > size:
            raise UnreadableFile(f"{path} is truncated at byte {size:,}; copy it again from its source")
        found.append(Chunk(kind, file.tell(), length))
        if len(found) > MOST_CHUNKS:
            raise UnreadableFile(f"{path} claims more than {MOST_CHUNKS:,} chunks; it is damaged")
        file.seek(length + 4, 1)
    return found


class Header(NamedTuple):
    """What a PNG says of its pixels."""

    rows: int
    cols: int
    bits: int
    colour: int


def read_header(path: Path, file: IO[bytes], found: list[Chunk]) -> Header:
    """Read the header, and make sure that the file can hold what it claims, and memory too.

    Args:
        path: for messages.
        file: the PNG, open.
        found: its chunks.

    Raises:
        UnreadableFile: damaged, a decompression bomb, or above the limit of what is decoded.
    """
    if found[0].kind != b"IHDR" or found[0].length != 13:
        raise UnreadableFile(f"{path} is damaged: its header is missing")
    file.seek(found[0].offset)
    cols, rows, bits, colour, *_ = struct.unpack(">IIBBBBB", file.read(13))
    if colour not in (*CHANNELS, PALETTE) or bits not in (1, 2, 4, 8, 16):
        raise UnreadableFile(f"{path} is damaged: its header claims colour type {colour} with {bits} bits")
    channels = CHANNELS.get(colour, 1)
    check_plausible(
        path,
        rows=rows,
        cols=cols,
        raw_bytes=rows * (1 + (cols * bits * channels + 7) // 8),
        file_bytes=sum(chunk.length for chunk in found if chunk.kind == b"IDAT"),
        ratio=1_100,  # deflate reaches 1032:1
    )
    require_decodable(path, decoded_bytes(Header(rows, cols, bits, colour)))
    return Header(rows, cols, bits, colour)


def decoded_bytes(header: Header) -> int:
    """Return the memory that the pixels take once decoded."""
    channels = CHANNELS.get(header.colour, 4)
    channels += channels % 2  # libpng adds alpha for a transparent key
    return header.rows * header.cols * channels * (2 if header.bits == 16 else 1)


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
    data = {}
    with path.open("rb") as file:
        found = list_chunks(path, file)
        rows, cols, bits, colour = read_header(path, file, found)
        _check_kind(path, bits, colour, bilevel=bilevel)
        require_metadata(path, sum(chunk.length for chunk in found if chunk.kind != b"IDAT"))
        for chunk in found:
            if chunk.kind != b"IDAT":
                file.seek(chunk.offset)
                data[chunk] = file.read(chunk.length)
    channels = CHANNELS[colour]
    shape = (rows, cols) if channels == 1 else (rows, cols, channels)
    pixels = DecodedWhole(path, shape, np.dtype(np.uint16 if bits == 16 else np.uint8), _decode)
    metadata = _metadata(path, found, data, pixels.dtype, bits=bits, grey=colour in (0, 4))
    metadata = _with_significant_bits(path, metadata, pixels, colours=3 if colour in (2, 6) else 1)
    return Scan(pixels, modality, alpha=colour in (4, 6), metadata=metadata, name=str(path))


def orientation_in(path: Path) -> int:
    """Return the orientation tag of a PNG of any kind, 1 if it has none.

    Raises:
        UnreadableFile: damaged or truncated.
    """
    with untrusted(path, what="PNG file"), path.open("rb") as file:
        for chunk in list_chunks(path, file):
            if chunk.kind == b"eXIf":
                require_metadata(path, chunk.length)
                file.seek(chunk.offset)
                return exif.orientation_of(exif.parse(file.read(chunk.length)))
    return 1


def read_colours(path: Path) -> Array:
    """Decode a PNG of any kind to its colours: (H, W), or (H, W, C) with opacity last if C is even.

    Raises:
        UnreadableFile: damaged, truncated, or a decompression bomb.
    """
    with path.open("rb") as file:
        read_header(path, file, list_chunks(path, file))
    decoded: Array = imagecodecs.png_decode(path.read_bytes())
    return decoded


def _check_kind(path: Path, bits: int, colour: int, *, bilevel: bool) -> None:
    if colour == PALETTE:
        raise UnsupportedFile(f"{path} holds palette colours, which are not read; convert it to RGB first")
    if bits < 8 and not (bits == 1 and bilevel):
        raise UnsupportedFile(
            f"{path} holds {bits}-bit grey, which is not read; convert it to 8-bit grey first"
        )


def _decode(path: Path) -> Array:
    try:
        pixels: Array = imagecodecs.png_decode(path.read_bytes())
    except imagecodecs.PngError as error:
        raise UnreadableFile(f"{path} is damaged: {error}; copy it again from its source") from error
    with path.open("rb") as file:
        colour = file.read(26)[25]
    channels = CHANNELS[colour]
    # libpng makes an alpha channel of a transparent key colour (tRNS); the key is kept as a chunk instead.
    if pixels.ndim == 3 and pixels.shape[2] > channels:
        pixels = np.ascontiguousarray(pixels[..., :channels])
    return pixels


def _metadata(
    path: Path, found: list[Chunk], data: dict[Chunk, bytes], dtype: np.dtype[Any], *, bits: int, grey: bool
) -> Metadata:
    icc = block = xmp = resolution = white = None
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
        elif chunk.kind == b"tEXt" and content.startswith(WHITE_KEYWORD + b"\0"):
            white = _stated_white(path, content[len(WHITE_KEYWORD) + 1 :], dtype)
        elif chunk.kind == b"iTXt" and content.startswith(XMP_KEYWORD + b"\0"):
            xmp = _international_text(path, content)
        elif chunk.kind[0:1].islower() and chunk.kind not in NOT_FOREIGN:
            foreign.append((chunk.kind, content, chunk.offset > first))
    block, thumbnail = exif.without_thumbnail(block) if block else (None, False)
    xmp, pictured = without_thumbnails(xmp) if xmp else (None, False)
    left = [THUMBNAIL_LEFT] if thumbnail or pictured else []
    left += [PALETTE_LEFT] if any(chunk.kind == b"PLTE" for chunk in found) else []
    left += [CREDENTIALS_LEFT] if any(chunk.kind == b"caBX" for chunk in found) else []
    chunks = {chunk.kind: content for chunk, content in data.items()}
    if icc is None:
        icc = stated_profile(path, chunks, grey=grey)
    kept: dict[str, Any] = {"png": tuple(foreign)} if foreign else {}
    if left:
        kept["left"] = tuple(left)
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
        white=white,
        foreign=kept,
    )


def _clear(content: bytes, bits: int) -> tuple[int, ...]:
    """Return the colour that stands for transparent (tRNS), as samples; empty if there is none."""
    levels = struct.unpack(f">{len(content) // 2}H", content) if len(content) in (2, 6) else ()
    most, top = (1 << bits) - 1, 65_535 if bits == 16 else 255
    # More bits than the file has are left aside, and 1-bit grey is read as 0 and 255.
    return tuple((level & most) * (top // most) for level in levels)


def _stated_white(path: Path, text: bytes, dtype: np.dtype[Any]) -> float | None:
    """Read the white that we wrote, which PNG has no field for."""
    try:
        return believed([float(text)], dtype, path=path, where=f"text {WHITE_KEYWORD.decode()}")
    except ValueError:
        return None


def _with_significant_bits(path: Path, metadata: Metadata, pixels: DecodedWhole, *, colours: int) -> Metadata:
    """Take white from sBIT, where samples were not scaled up to the full range as the specification asks.

    Samples that were scaled up have the same white as all of their depth. Those that were not never pass the
    largest number of so many bits; only the pixels tell the two apart.
    """
    chunks = metadata.foreign.get("png", ())
    bits = max((max(data[:colours], default=0) for kind, data, _ in chunks if kind == b"sBIT"), default=0)
    if metadata.white is not None or pixels.dtype != np.uint16 or not 8 <= bits < 16:
        return metadata
    samples = pixels[0 : pixels.shape[0], 0 : pixels.shape[1]]
    top = int((samples if samples.ndim == 2 else samples[..., :colours]).max())
    if top >= 2**bits:
        return metadata
    return replace(metadata, white=believed([2**bits - 1], pixels.dtype, path=path, where="chunk sBIT"))


def _international_text(path: Path, content: bytes) -> bytes | None:
    """Return the text of an iTXt chunk; None if it cannot be read.

    It holds: keyword 0 compressed? method language 0 translation 0 text.
    """
    rest = content.partition(b"\0")[2]
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return _inflate(path, text) if rest[:1] == b"\1" else text


def _inflate(path: Path, data: bytes) -> bytes | None:
    """Decompress metadata, up to a size that metadata may have; None, and a note, if they are damaged."""
    stream: Any = zlib.decompressobj()
    try:
        content: bytes = stream.decompress(data, METADATA_BYTES)
    except zlib.error as error:
        log.warning("%s is damaged: some of its metadata cannot be decompressed (%s); left out", path, error)
        return None
    if stream.unconsumed_tail:
        raise UnreadableFile(
            f"{path} holds metadata of more than 64 MiB, a decompression bomb; it is not opened"
        )
    return content
