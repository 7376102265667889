"""A IIIF image as a scan: JPEG tiles of 8 bit, fetched when a region is read."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import UnreadableFile
from tratteggio.files.documents import MOST_BYTES, parse_json, require
from tratteggio.files.rasters import read_region
from tratteggio.formats._iiif.fetch import NAME, address_of, fetch
from tratteggio.formats._iiif.info import REMEDY, WHAT, Info, understand
from tratteggio.formats._iiif.lattice import tile_path
from tratteggio.formats._jpeg.frame import frame_size
from tratteggio.formats._tiff.pixels import SegmentCache
from tratteggio.painting import Region, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array

log = logging.getLogger("tratteggio")

BYTES_PER_PX = 8  # that a JPEG tile may have: more than any sound one
LEAST_BYTES = 1 << 20


def open_image(path: Path) -> Scan:
    """Open a IIIF image by its description; tiles are fetched later.

    Args:
        path: an `info.json`, or the folder that holds one, here or on a web server.

    Raises:
        UnreadableFile: missing, damaged, or sizes that cannot be.
        UnsupportedFile: another version, or no tiles at full size.
    """
    path = path if path.name == NAME else path / NAME
    base = address_of(path.parent) or str(path.parent)
    source = address_of(path) or str(path)
    parsed = parse_json(fetch(base, NAME, most=MOST_BYTES), Path(source), what=WHAT, remedy=REMEDY)
    info = understand(require(parsed, dict[str, Any], Path(source), what=WHAT, remedy=REMEDY), source)
    log.warning(
        "%s is a IIIF image: JPEG of 8 bit, not the samples of the scan; use the scan if you have it",
        source,
    )
    pixels = open_pixels(base, info)
    pixels.require_end()
    return Scan(pixels, name=f"{source}/rgb")


def open_pixels(base: str, info: Info) -> IiifPixels:
    """Return the pixels of an image and its smaller copies; nothing is fetched."""
    full, *smaller = (IiifPixels(base, info, factor) for factor in info.factors)
    return IiifPixels(base, info, full.factor, tuple(smaller))


@dataclass(frozen=True, eq=False, repr=False)
class IiifPixels(LazyPixels):
    """The pixels of a IIIF image, (H, W, 3) uint8, sRGB.

    Attributes:
        base: the folder or address of the image.
        info: its description.
        factor: full pixels a side of one pixel.
        levels: smaller and smaller copies.
    """

    base: str
    info: Info
    factor: int
    levels: tuple[IiifPixels, ...] = ()
    cache: SegmentCache = field(default_factory=SegmentCache)

    layout = "tiles"

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W, 3)."""
        rows, cols = (-(-side // self.factor) for side in self.info.grid)
        return rows, cols, 3

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8."""
        return np.dtype(np.uint8)

    @property
    def by_region(self) -> bool:
        """False if the image is one tile."""
        return self.info.tile != self.info.grid

    @property
    def path(self) -> Path:
        """For messages."""
        return Path(self.base)

    def _read(self, region: Region) -> Array:
        return read_region(self, region)

    def read_into(self, out: Array, top: int, left: int) -> None:
        """Fill `out` from (top, left) on."""
        wanted = Region(top, left, top + out.shape[0], left + out.shape[1])
        high, wide = self.info.tile
        for i, j in product(
            range(top // high, -(-wanted.bottom // high)), range(left // wide, -(-wanted.right // wide))
        ):
            tile = self._tile(i, j)
            lying = Region(i * high, j * wide, i * high + tile.shape[0], j * wide + tile.shape[1])
            shared = lying.meet(wanted)
            out[shared.relative_to(wanted).slices] = tile[shared.relative_to(lying).slices]

    def require_end(self) -> None:
        """Fetch the last tile: an image that claims more than there is should be refused when it is opened.

        Raises:
            UnreadableFile: it is not there.
        """
        rows, cols, _ = self.shape
        high, wide = self.info.tile
        self._tile((rows - 1) // high, (cols - 1) // wide)

    def _tile(self, i: int, j: int) -> Array:
        """Return tile row i, tile column j: (h, w, 3)."""
        high, wide = (side * self.factor for side in self.info.tile)
        region = Region(i * high, j * wide, (i + 1) * high, (j + 1) * wide).meet(Region.whole(self.info.grid))
        index = i * -(-self.info.grid[1] // wide) + j
        tile = self.cache.get(index)
        if tile is None:
            part = tile_path(self.info.grid, region, self.factor, version=self.info.version)
            size = -(-region.rows // self.factor), -(-region.cols // self.factor)
            most = max(LEAST_BYTES, BYTES_PER_PX * size[0] * size[1])
            tile = _decode(fetch(self.base, part, most=most), size, f"{self.base}/{part}")
            self.cache.put(index, tile)
        return tile

    def __reduce__(self) -> tuple[Any, ...]:
        return IiifPixels, (self.base, self.info, self.factor, self.levels)


def _decode(data: bytes, size: tuple[int, int], source: str) -> Array:
    """Decode a tile, once its header states the size that it should have.

    Raises:
        UnreadableFile: no JPEG, or one of another size.
    """
    import imagecodecs  # noqa: PLC0415 only pixels need it

    try:
        found = frame_size(data)
        if found == size:
            tile = np.asarray(imagecodecs.jpeg8_decode(data, outcolorspace="rgb"))
    except (imagecodecs.Jpeg8Error, ValueError) as error:
        raise UnreadableFile(f"{source} is no sound JPEG ({str(error)[:100]}); {REMEDY}") from error
    if found != size:
        raise UnreadableFile(
            f"{source} has {found[0]:,} rows x {found[1]:,} columns, but its description asks for "
            f"{size[0]:,} x {size[1]:,}; {REMEDY}"
        )
    return tile
