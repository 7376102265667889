"""Opening TIFF and BigTIFF: what kinds we take, what we refuse, and where the pixels lie."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import UnreadableFile, UnsupportedFile
from tratteggio.files.limits import decoded_limit, require_decodable
from tratteggio.files.sense import WHITE_IS_0, Turned, turned
from tratteggio.files.source import check_plausible
from tratteggio.files.untrusted import untrusted
from tratteggio.formats._tiff import tags
from tratteggio.formats._tiff.directories import open_tiff
from tratteggio.formats._tiff.pixels import Planes, RawPixels, SegmentPixels
from tratteggio.painting import Pixels, Region, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array

log = logging.getLogger("tratteggio")

COMPRESSIONS = {
    1: "none",
    2: "ccitt_rle",
    3: "ccitt_t4",
    4: "ccitt_t6",
    5: "lzw",
    7: "jpeg",
    8: "deflate",
    32773: "packbits",
    32946: "deflate",
    34926: "zstd",
    50000: "zstd",
}
# The strongest compression each can reach: what claims more is damaged or a bomb.
RATIOS = {"none": 1, "lzw": 3_000, "deflate": 1_100, "zstd": 40_000, "jpeg": 1_500, "packbits": 64}
PHOTOMETRICS = {0: "miniswhite", 1: "minisblack", 2: "rgb", 6: "ycbcr"}
REFUSED = {
    3: "palette colours",
    4: "a transparency mask",
    5: "CMYK colours",
    8: "CIELAB colours",
    32803: "raw camera data",
    34892: "raw camera data",
}
COPIES = 2  # of a strip or tile in memory: decompressed, and as it is kept
RAW = (32803, 34892)  # a mosaic, or one value a colour in the units of a sensor
PREVIEW_SHARE = 0.25  # of the area: a page that large, of other proportions, is no preview of a larger one
DTYPES = {(8, 1): "uint8", (16, 1): "uint16", (32, 3): "float32", (64, 3): "float64"}
REDUCED, MASK = 1, 4  # bits of NewSubfileType
OPACITY = (1, 2)  # ExtraSamples: colours multiplied by it or not; 0 is a channel without a meaning


@dataclass(frozen=True, eq=False, repr=False)
class TiffPixels(LazyPixels):
    """The picture of a TIFF file as its samples are stored, and its smaller copies.

    Attributes:
        path: the file.
        base: full resolution.
        levels: smaller and smaller copies, empty if the file is no pyramid.
        compression: "none", "lzw", "deflate", "zstd", "jpeg", ...
        layout: "strips" or "tiles".
        pages: pictures in the file, pyramid levels not counted.
        bilevel: True if opened as a mask, where 1-bit samples are allowed and become 0 and 255.
        picture: which of several it is, from 0, if it was asked for by number.
        place: where in the file the picture lies, in words.
    """

    path: Path
    base: Pixels
    levels: tuple[Pixels, ...]
    compression: str
    layout: str
    pages: int
    bilevel: bool
    picture: int | None = None
    place: str = "page 1"

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W) or (H, W, C)."""
        return self.base.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one sample."""
        return self.base.dtype

    @property
    def by_region(self) -> bool:
        """False if all pixels lie in one compressed strip or tile, which is then decoded whole and kept."""
        if not isinstance(self.base, SegmentPixels):
            return True
        return any(side < whole for side, whole in zip(self.base.segment, self.shape[:2], strict=True))

    def _read(self, region: Region) -> Array:
        return np.asarray(self.base[region.slices])

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self.path, self.bilevel, self.picture)


def _reopen(path: Path, bilevel: bool, picture: int | None) -> Pixels:
    # They passed the limit when they were opened first; another process knows nothing of how it was raised.
    with decoded_limit(math.inf):
        pixels = open_scan(path, bilevel=bilevel, picture=picture).pixels
    return pixels.pixels if isinstance(pixels, Turned) else pixels


def open_scan(
    path: Path, *, modality: str = "rgb", bilevel: bool = False, picture: int | None = None
) -> Scan:
    """Read the header of a TIFF; no pixel is decoded.

    Args:
        path: the file.
        modality: of the scan that is returned.
        bilevel: True takes 1-bit samples too, as 0 and 255 (for masks).
        picture: which of several pictures to open, from 0; None takes the largest, of equal ones the first,
            and tells of the others.

    Raises:
        UnreadableFile: damaged, truncated, or a decompression bomb.
        UnsupportedFile: sound, but of a kind that we do not read.
    """
    with open_tiff(path) as tiff:
        pages: list[Any] = list(tiff.pages) if picture is None else [tiff.pages[picture]]
        main, levels, others = _sort(path, pages)
        # What lies outside the directory is read on demand, so it is touched while the file is open.
        for page in (main, *levels):
            _ = page.decode, page.jpegtables, page.dataoffsets, page.databytecounts
        order, big = tiff.byteorder, tiff.is_bigtiff
    _check_kind(path, main, bilevel=bilevel)
    require_whole(path, main)
    place = _describe_page(main, pages)
    if main is not pages[0]:
        log.warning(
            "%s: the image in %s is the largest (%d rows x %d columns) and is read; page 1 has %d rows x %d "
            "columns",
            path, place, main.imagelength, main.imagewidth, pages[0].imagelength, pages[0].imagewidth,
        )  # fmt: skip
    elif others:
        log.warning("%s has %d pages; the first is read, the others are ignored", path, 1 + others)
    base = _stored(path, main, order)
    pixels = TiffPixels(
        path=path,
        base=base,
        levels=tuple(_stored(path, level, order) for level in levels if _is_sound(path, level, base)),
        compression=COMPRESSIONS[main.compression],
        layout="tiles" if main.is_tiled else "strips",
        pages=1 + others,
        bilevel=bilevel,
        picture=picture,
        place=place,
    )
    more: dict[str, Any] = {"compression": pixels.compression}
    if main.photometric == 0:
        more["photometric"] = WHITE_IS_0
    if main.extrasamples:
        more["extrasample"] = int(main.extrasamples[0])
    dtype, colours = np.dtype(pixels.dtype), main.samplesperpixel - len(main.extrasamples or ())
    metadata = tags.read_metadata(
        path, main.offset, order=order, big=big, more=more,
        dtype=dtype, colours=colours, pages=pixels.pages, shape=pixels.shape,
    )  # fmt: skip
    if main is not pages[0]:
        first = tags.read_metadata(
            path, pages[0].offset, order=order, big=big, more={},
            dtype=dtype, colours=colours, pages=pixels.pages, shape=pixels.shape,
        )  # fmt: skip
        metadata = tags.inherited(metadata, first, alike=_kind(main) == _kind(pages[0]))
    if tags.PHOTOSHOP_LAYERS in main.tags:
        log.warning("%s has Photoshop layers; the flattened image is read, the layers are ignored", path)
    alpha = bool(main.extrasamples)
    # Last, when the white is known that samples are turned about: the writer turns them back about it.
    seen = turned(pixels, metadata, alpha=alpha)
    return Scan(seen, modality, alpha=alpha, metadata=metadata, name=str(path))


def _sort(path: Path, pages: Sequence[Any]) -> tuple[Any, list[Any], int]:
    """Return the main picture, its smaller copies from large to small, and the number of other pages.

    The main picture is the largest, wherever it lies: previews come first in the files of cameras, and the
    picture in a SubIFD.

    Raises:
        UnsupportedFile: camera raw, or two pictures of different size of which none is a preview.
    """
    everywhere = [one for page in pages for one in (page, *(page.pages or ()))]
    if raw := next((page for page in everywhere if int(page.photometric) in RAW), None):
        raise UnsupportedFile(
            f"{path} is camera raw ({raw.imagelength} rows x {raw.imagewidth} columns), which is not "
            "read with "
            "this suffix; give it the suffix of its camera (.dng, .nef, ...), or develop it to a TIFF"
        )
    pictures = [page for page in everywhere if not int(page.subfiletype) & MASK] or everywhere
    full = [page for page in pictures if not int(page.subfiletype) & REDUCED] or pictures
    main = max((*full, *pictures), key=_area)
    first = pages[0]
    large = first in full and main is not first and _area(first) >= PREVIEW_SHARE * _area(main)
    if large and not _in_proportion(first, main):
        raise UnsupportedFile(
            f"{path} has two images ({first.imagelength} rows x {first.imagewidth} columns and "
            f"{main.imagelength} rows x {main.imagewidth} columns) and does not say which is the "
            "scan; extract "
            "one of them"
        )
    candidates = [page for page in everywhere if page is not main and _is_copy(page, main)]
    levels: list[Any] = []
    for page in sorted(candidates, key=lambda page: -page.imagewidth * page.imagelength):
        if page.imagewidth < (levels or [main])[-1].imagewidth:
            levels.append(page)
    return main, levels, sum(page not in levels and page is not main for page in full)


def _area(page: Any) -> int:
    return int(page.imagelength) * int(page.imagewidth)


def _describe_page(main: Any, pages: Sequence[Any]) -> str:
    """Say where in the file the main picture lies."""
    for number, page in enumerate(pages, 1):
        if page is main:
            return f"page {number}"
        for below, one in enumerate(page.pages or (), 1):
            if one is main:
                return f"SubIFD {below} of page {number}"
    raise AssertionError("the main picture is one of the pages")


def _is_copy(page: Any, main: Any) -> bool:
    """True if a page is the main picture at a smaller size: same samples, same proportions."""
    return _kind(page) == _kind(main) and _in_proportion(page, main)


def _kind(page: Any) -> tuple[Any, ...]:
    """Say what the samples of a page are."""
    return page.dtype, page.samplesperpixel, page.photometric


def _in_proportion(page: Any, main: Any) -> bool:
    """True if a page is smaller than the main picture, by one factor on both sides."""
    factor = main.imagewidth / max(1, page.imagewidth)
    return bool(factor >= 1.5 and abs(page.imagelength - main.imagelength / factor) <= 2)


def _is_sound(path: Path, level: Any, base: Pixels) -> bool:
    """True if a level can be used; a damaged copy is no reason to refuse the picture itself."""
    try:
        with untrusted(path):
            _check_kind(path, level, bilevel=True)
            require_whole(path, level)
    except UnreadableFile as error:
        log.warning("a smaller copy in the pyramid of %s is left out: %s", path, error)
        return False
    return bool(level.dtype == base.dtype)


def _check_kind(path: Path, page: Any, *, bilevel: bool) -> None:
    """Refuse colours, depths and compressions that we do not read, one sentence each."""

    def refuse(what: str, remedy: str = "convert it to 8- or 16-bit grey or RGB first") -> UnsupportedFile:
        return UnsupportedFile(f"{path} has {what}, which cannot be read; {remedy}")

    photometric, compression = int(page.photometric), int(page.compression)
    if photometric not in PHOTOMETRICS or (photometric == 6 and compression != 7):
        raise refuse(REFUSED.get(photometric, f"colours of kind {page.photometric!s} (TIFF photometric)"))
    if compression not in COMPRESSIONS:
        raise refuse(
            f"samples compressed by {getattr(page.compression, 'name', compression)}",
            "save it uncompressed or with LZW, deflate, zstd or JPEG",
        )
    bits, kind = page.bitspersample, int(page.sampleformat or 1)
    if isinstance(bits, tuple) or isinstance(page.sampleformat, tuple):
        raise refuse("channels of different depths")
    if bits == 1 and kind == 1:
        if not bilevel:
            raise refuse("1-bit black and white", "use it as a mask, or convert it to 8-bit grey")
    elif (bits, kind) not in DTYPES:
        name = {2: "signed integers", 3: "floats", 5: "complex integers", 6: "complex numbers"}.get(
            kind, "integers"
        )
        raise refuse(f"{bits}-bit {name}", "convert it to 8 or 16 bit, or to 32-bit float")
    if page.imagedepth > 1:
        raise refuse("a volume")
    colours = 3 if photometric in (2, 6) else 1
    if not colours <= page.samplesperpixel <= colours + 1:
        raise refuse(
            f"{page.samplesperpixel} channels ({colours} of colour)",
            "keep grey or RGB and at most one alpha channel",
        )
    if page.samplesperpixel == colours + 1 and int((page.extrasamples or (0,))[0]) not in OPACITY:
        raise refuse(
            f"{page.samplesperpixel} channels without saying what the last one is",
            "remove the last channel, or save it as a separate scan; only opacity is kept",
        )
    if photometric == 0 and kind == 3:
        raise refuse("floats of which 0 is white", "save it so that 0 is black")


def require_whole(path: Path, page: Any) -> None:
    """Refuse a page whose strips or tiles are missing, lie beyond the end of the file or are too large."""
    offsets = np.asarray(page.dataoffsets, dtype=np.uint64)
    counts = np.asarray(page.databytecounts, dtype=np.uint64)
    kind = "tiles" if page.is_tiled else "strips"
    high, wide = _segment(page)
    separate = page.planarconfig == 2 and page.samplesperpixel > 1
    needed = math.ceil(page.imagelength / high) * math.ceil(page.imagewidth / wide)
    needed *= page.samplesperpixel if separate else 1
    if (
        page.imagelength < 1
        or page.imagewidth < 1
        or needed < 1
        or len(offsets) < needed
        or len(counts) < needed
    ):
        raise UnreadableFile(
            f"{path} is damaged: it claims {page.imagelength} x {page.imagewidth} pixels "
            f"but lists {len(offsets)} of {needed} {kind}"
        )
    offsets, counts = offsets[:needed], counts[:needed]
    size = path.stat().st_size
    if not (counts.all() and offsets.all()):
        raise UnreadableFile(
            f"{path} is incomplete: {int((counts == 0).sum())} of {needed} {kind} were never written"
        )
    if size < int(offsets.max()) or size < int((offsets + counts).max()):
        raise UnreadableFile(
            f"{path} is truncated: its {kind} reach to byte {int((offsets + counts).max()):,} "
            f"but the file ends at {size:,}; copy it again from its source"
        )
    bits = page.samplesperpixel * page.bitspersample
    # A tile is stored whole, however little of it lies in the picture.
    stored = page.imagelength * page.imagewidth
    if page.is_tiled:
        stored = math.ceil(page.imagelength / high) * high * math.ceil(page.imagewidth / wide) * wide
    check_plausible(
        path,
        rows=page.imagelength,
        cols=page.imagewidth,
        raw_bytes=stored * bits // 8,
        file_bytes=min(size, int(counts.sum())),
        ratio=RATIOS.get(COMPRESSIONS[page.compression], 1_100),
    )
    if not _is_plain(page):
        decoded = high * wide * page.samplesperpixel * max(1, page.bitspersample // 8)
        require_decodable(path, COPIES * max(decoded, int(counts.max())), what=f"largest {kind[:-1]}")


def _is_plain(page: Any) -> bool:
    """True if rows are stored as they are in memory, so that a few of them can be read alone."""
    return bool(
        page.compression == 1
        and page.predictor == 1
        and not page.is_tiled
        and page.bitspersample != 1
        and page.fillorder == 1
    )


def _segment(page: Any) -> tuple[int, int]:
    """Return (rows, cols) of a strip or tile."""
    if page.is_tiled:
        return page.tilelength, page.tilewidth
    return min(page.rowsperstrip, page.imagelength) or 1, page.imagewidth


def _stored(path: Path, page: Any, order: str) -> Pixels:
    """Return the samples of a page as they lie in the file: of some, 0 is white."""
    rows, cols, samples = page.imagelength, page.imagewidth, page.samplesperpixel
    shape = (rows, cols) if samples == 1 else (rows, cols, samples)
    separate = page.planarconfig == 2 and samples > 1
    bilevel = page.bitspersample == 1
    high, wide = _segment(page)
    if _is_plain(page):
        stored = np.dtype(page.dtype).newbyteorder(order)
        if not separate:
            return RawPixels(path, shape, stored, page.dataoffsets, high)
        strips = math.ceil(rows / high)
        return Planes(
            tuple(
                RawPixels(path, (rows, cols), stored, page.dataoffsets[k * strips : (k + 1) * strips], high)
                for k in range(samples)
            )
        )
    dtype = np.dtype(np.uint8 if bilevel else page.dtype)
    return SegmentPixels(path, page, shape, dtype, (high, wide), separate, 255 if bilevel else 1)
