"""Tiles as the page shows them: read, brought to the screen, encoded, kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple

import imagecodecs
import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.files.display import Conversion, Tone, conversion_of
from tratteggio.painting import Pixels, Region, Scan
from tratteggio.painting.pixels import Array
from tratteggio.painting.reduced import read_reduced
from tratteggio.studio.layers import Fill, coloured

CACHE_BYTES = 64 << 20
JPEG_QUALITY = 92
BALANCE = (0.25, 4.0)  # the factors of the white balance
BLACK = 0.002  # of linear light: below, a colour cannot be told
CELL = 2048  # full pixels; cells of a fill where nothing is lost are not read


class Encoded(NamedTuple):
    """A tile as it is sent."""

    data: bytes
    kind: str


class Source(NamedTuple):
    """A channel of a scan, 0 to 2; a grey scan has the same three times."""

    modality: str
    channel: int


class TileCache:
    """Encoded tiles, the latest used kept, up to a number of bytes.

    Args:
        most_bytes: that are kept.
    """

    def __init__(self, most_bytes: int = CACHE_BYTES) -> None:
        self.most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, Encoded] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Encoded]) -> Encoded:
        """Return a tile, made if it is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        tile = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = tile
                self._bytes += len(tile.data)
            while self._bytes > self.most_bytes and self._kept:
                self._bytes -= len(self._kept.popitem(last=False)[1].data)
        return tile


class Screen:
    """Brings scans and what lies over them to the screen.

    Args:
        scans: by modality.
        primary: the modality that is filled.
    """

    def __init__(self, scans: Mapping[str, Scan], primary: str) -> None:
        self.scans = scans
        self.primary = primary
        self._conversions: dict[str, Conversion] = {}
        self._lock = threading.Lock()

    def scan_tile(self, modality: str, region: Region, halving: int, tone: Tone) -> Encoded:
        """Return a tile of a scan as JPEG."""
        scan = self.scans[modality]
        shown = self._shown(scan, scan.read(region, step=1 << halving), tone)
        return Encoded(_jpeg(shown), "image/jpeg")

    def false_tile(
        self, mix: Sequence[Source], region: Region, halving: int, tones: Mapping[str, Tone]
    ) -> Encoded:
        """Return a tile in false colour as JPEG.

        Args:
            mix: what is shown as red, green and blue.
            region, halving: of the tile.
            tones: of each modality that is shown.
        """
        read = {
            name: self._shown(self.scans[name], self.scans[name].read(region, step=1 << halving), tone)
            for name, tone in tones.items()
        }
        channels = [read[source.modality][..., source.channel] for source in mix]
        return Encoded(_jpeg(np.stack(channels, axis=-1)), "image/jpeg")

    def neutral(self, modality: str, region: Region) -> tuple[float, float]:
        """Return the factors of red and blue that show the mean colour of a region as grey.

        Raises:
            BadUsage: the scan is grey, or the region is black.
        """
        scan = self.scans[modality]
        samples = scan.read(region)
        if samples.ndim == 2 or scan.channels != 3:
            raise BadUsage(f"the scan {modality} is grey; only colour has a white balance")
        red, green, blue = self._conversion(scan).light(samples[..., :3]).mean(axis=(0, 1)).tolist()
        if min(red, green, blue) < BLACK:
            raise BadUsage("this place is too dark for a white balance; choose a grey or white one")
        low, high = BALANCE
        return min(max(green / red, low), high), min(max(green / blue, low), high)

    def fill_tile(self, fill: Fill, region: Region, halving: int, tone: Tone) -> Encoded:
        """Return a tile of a fill as PNG, transparent where paint is known."""
        scan = self.scans[self.primary]
        return _sparse(fill.lost, region, halving, lambda cell: self._shown(
            scan, read_reduced(fill.pixels, cell, step=1 << halving), tone
        ))  # fmt: skip

    def confidence_tile(self, fill: Fill, region: Region, halving: int) -> Encoded:
        """Return a tile of the confidence in colours, transparent where paint is known."""
        return _sparse(
            fill.lost,
            region,
            halving,
            lambda cell: coloured(read_reduced(fill.confidence, cell, step=1 << halving)),
        )

    def _conversion(self, scan: Scan) -> Conversion:
        with self._lock:
            conversion = self._conversions.get(scan.modality)
            if conversion is None:
                conversion = self._conversions[scan.modality] = conversion_of(scan)
            return conversion

    def _shown(self, scan: Scan, samples: Array, tone: Tone) -> Array:
        colours = samples[..., None] if samples.ndim == 2 else samples[..., : scan.channels]
        if colours.shape[2] not in (1, 3):  # two channels, or spectral bands: the first is shown
            colours = colours[..., :1]
        return self._conversion(scan).shown(colours, tone)


def strength_tile(strength: Pixels, region: Region, halving: int, threshold: float) -> Encoded:
    """Return where a detector is at least as sure as a threshold, as PNG.

    Args:
        strength: (H, W) uint8, 255 = 1.
        region: what the tile covers, in full pixels.
        halving: of the tile.
        threshold: 0 to 1.
    """
    side = 1 << halving
    parts = []
    for band in region.bands(side * max(1, CELL // side)):
        sure = np.asarray(strength[band.slices]) >= max(1, round(threshold * 255))
        parts.append(_any(sure, side))
    sure = np.concatenate(parts)
    pixels = np.zeros((*sure.shape, 4), np.uint8)
    pixels[sure] = (0, 200, 180, 255)
    return _png(pixels)


def _sparse(lost: Pixels, region: Region, halving: int, shown: Callable[[Region], Array]) -> Encoded:
    side = 1 << halving
    rows, cols = -(-region.rows // side), -(-region.cols // side)
    pixels = np.zeros((rows, cols, 4), np.uint8)
    for cell in region.tiles(max(CELL, side)):
        where = np.asarray(lost[cell.slices])
        if where.any():
            small = _any(where, side)
            top, left = (cell.top - region.top) // side, (cell.left - region.left) // side
            part = pixels[top : top + small.shape[0], left : left + small.shape[1]]
            part[small, :3] = shown(cell)[small]
            part[small, 3] = 255
    return _png(pixels)


def _any(where: Array, side: int) -> Array:
    if side == 1:
        return where
    rows = np.logical_or.reduceat(where, np.arange(0, where.shape[0], side), axis=0)
    some: Array = np.logical_or.reduceat(rows, np.arange(0, where.shape[1], side), axis=1)
    return some


def _jpeg(pixels: Array) -> bytes:
    return bytes(
        imagecodecs.jpeg8_encode(np.ascontiguousarray(pixels), level=JPEG_QUALITY, subsampling="444")
    )


def _png(pixels: Array) -> Encoded:
    return Encoded(bytes(imagecodecs.png_encode(pixels, level=1)), "image/png")
