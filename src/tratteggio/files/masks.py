"""From a mask file to lacunae: white is lost, the threshold is 50 %, what is transparent is not marked."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.files.kinds import recognize
from tratteggio.files.layers import open_layer
from tratteggio.files.marked_copies import TOLERANCE, Marked, find_marker
from tratteggio.files.opacity import ASSOCIATED, opacity
from tratteggio.files.orientation import DISPLAYED, STORED, orient_to_scan
from tratteggio.files.outlines import read_polygons
from tratteggio.files.reading import open_scan
from tratteggio.painting import Lacunae, Mapped, Pixels, Region, Scan
from tratteggio.painting.pixels import Array, Lost, white
from tratteggio.registry import unknown
from tratteggio.roles import OutlineReader

log = logging.getLogger("tratteggio")

QUARTER_TURNED = 5  # EXIF orientations from here on swap rows and columns
SENSES = ("lost", "known")  # what white may stand for
LEAST_CLEAR = 0.5  # of the area: a layer with strokes on it, not a picture with holes
COLOURED = 0.25  # of white, between the channels: a colour rather than grey
LABELS = 8  # samples up to this are numbers, as 0 and 1, and no levels of grey
MOST_COLOURS = 8  # of strokes; a picture has more
FAR = (0.1, 0.9)  # of white: what lies between is no mark and no ground, but paint


def read_lacunae(
    path: str | os.PathLike[str],
    scan: Scan | None = None,
    *,
    mask_orientation: str | None = None,
    mask_sense: str = "lost",
    mask_layer: str | None = None,
) -> Lacunae:
    """Open a mask: an image (grey or RGB, 1, 8 or 16 bit, white = lost), a layer, or polygons.

    It is never resized.

    Grey levels are binarised at 50 % (RGB: the mean of the channels), and a note says so. What is transparent
    is not marked. On a layer that is mostly clear, strokes of one dark colour are taken as lost, with a note,
    and so are coloured strokes of up to 8 colours. A copy of the scan with one marker colour marks what has
    that colour and differs from the scan by more than 6 % of white. A layer of an .ora or .psd file is read
    in the same ways. In a .geojson file, or an .svg file whose page is the painting, the insides of polygons
    are lost.

    Args:
        path: the mask file.
        scan: whose lacunae these are; the grids must then agree.
        mask_orientation: "displayed" if the mask was drawn over the scan as a viewer shows it, "stored" if it
            lies as the samples in the file; None goes by tags and sizes, see `files.orientation`.
        mask_sense: what white stands for: "lost", or "known": black is lost then. Only a mask without
            transparency can mark what is known.
        mask_layer: of a file with layers: the name of the layer; None takes the only one.

    Raises:
        GridMismatch: mask and scan differ in size.
        BadUsage: the scan has an orientation tag, and the mask fits in two ways; no such layer; no polygon,
            or polygons without a scan or with another sense; or as `read`.
        UnsupportedFile: palette, CMYK or float mask, or one whose transparency can be read in two ways.
        UnreadableFile: as `read`.
    """
    if mask_sense not in SENSES:
        raise unknown("mask sense", mask_sense, SENSES)
    if (drawn := _polygons(Path(path), scan, mask_orientation, mask_sense, mask_layer)) is not None:
        return drawn
    mask, where = _open(Path(path), mask_layer)
    if mask.dtype.kind == "f":
        raise UnsupportedFile(
            f"{path} holds {mask.dtype.name} values, but a mask is 1, 8 or 16 bit; convert it first"
        )
    pixels = mask.pixels
    if scan is not None:
        pixels = orient_to_scan(
            pixels, scan, name=mask.name, orientation=mask.metadata.orientation, what="mask",
            mask_orientation=mask_orientation,
        )  # fmt: skip
    known = mask_sense == "known"
    if scan is not None and not known and not mask.alpha and mask.channels == 3 == scan.channels:
        marker = find_marker(pixels, scan, name=mask.name)
        if marker is not None:
            colour = "#" + "".join(f"{round(255 * share):02x}" for share in marker)
            marked = f"pixels in {colour} (more than {100 * TOLERANCE:.0f} % from the scan)"
            return Lacunae(Marked(pixels, scan, marker), str(path), marked + where)
    meaning = _meaning(mask)
    if known:
        if meaning.lost is not _light:
            raise UnsupportedFile(
                f"{mask.name} has transparent parts, so black in it cannot stand for lost; export it as grey "
                "without alpha"
            )
        meaning = Meaning(_dark, "black pixels")
    lost: Pixels = Mapped(pixels, partial(meaning.lost, mask=mask), 0, np.dtype(bool))
    return Lacunae(lost, str(path), meaning.description + where)


def _open(path: Path, layer: str | None) -> tuple[Scan, str]:
    """Open a mask that is an image or a layer; and name the layer, for messages."""
    if not path.is_file() or (found := open_layer(path, layer)) is None:
        return open_scan(path, modality="lost", bilevel=True), ""
    mask, name = found
    return mask, f" in layer {name!r}"


def _polygons(
    path: Path, scan: Scan | None, orientation: str | None, sense: str, layer: str | None
) -> Lacunae | None:
    """Read polygons, on the grid of the scan; None: the file draws none."""
    if not path.is_file() or not recognize(path, OutlineReader):
        return None
    if scan is None or sense != "lost" or layer is not None:
        wrong = (
            "need a scan that they lie on"
            if scan is None
            else "mark what is lost, and have no sense or layer"
        )
        raise BadUsage(f"{path}: polygons {wrong}")
    turned = scan.metadata.orientation != 1
    if turned and orientation not in (DISPLAYED, STORED):
        raise BadUsage(
            f"{scan.name} has orientation {scan.metadata.orientation}, so the polygons of {path} fit in "
            f"two ways; add `mask_orientation={DISPLAYED}` if they were drawn over the picture as a viewer "
            f"shows it, or `mask_orientation={STORED}` if they lie as the samples in the file"
        )
    displayed = turned and orientation == DISPLAYED
    quarter = displayed and scan.metadata.orientation >= QUARTER_TURNED
    mask = read_polygons(path, scan.grid[::-1] if quarter else scan.grid)
    assert mask is not None
    lost = (
        orient_to_scan(mask, scan, name=str(path), orientation=1, what="mask", mask_orientation=orientation)
        if turned
        else mask
    )
    count = len(mask.polygons)
    return Lacunae(lost, str(path), f"{count:,} polygon{'s' * (count != 1)}")


class Meaning(NamedTuple):
    """What marks a place as lost.

    Attributes:
        lost: makes (h, w) bool of what was read of the mask.
        description: the same in words.
    """

    lost: Callable[..., Lost]
    description: str


def _strokes(array: Array, *, mask: Scan) -> Lost:
    """Return where a mask is more opaque than clear."""
    levels = opacity(array, mask)
    assert levels is not None
    opaque: Lost = levels > white(mask.dtype) / 2
    return opaque


def _light(array: Array, *, mask: Scan) -> Lost:
    """Return where a mask is lighter than half of white: (h, w) bool."""
    levels = _levels(array, mask)
    most = np.full((), white(mask.dtype))
    if mask.alpha and mask.metadata.foreign.get("extrasample") == ASSOCIATED:
        most = array[..., -1].astype(np.float64)
    light: Lost = levels > mask.channels * most // 2
    return light


def _dark(array: Array, *, mask: Scan) -> Lost:
    dark: Lost = ~_light(array, mask=mask)
    return dark


def _light_strokes(array: Array, *, mask: Scan) -> Lost:
    marked: Lost = _strokes(array, mask=mask) & _light(array, mask=mask)
    return marked


def _levels(array: Array, mask: Scan) -> Array:
    """Return the sum over the colour channels: (h, w), 0 = black."""
    levels: Array = np.atleast_3d(array)[..., : mask.channels].sum(axis=-1, dtype=np.uint32)
    return levels


@dataclass
class _Census:
    """What a mask holds, in pixels.

    Attributes:
        between: neither black nor white, or neither clear nor opaque.
        middle: wholly opaque, and far from black and from white.
        full: wholly opaque.
        partial: neither clear nor opaque.
        clear: wholly clear.
        light: lighter than half of white, and more opaque than clear.
        coloured: wholly opaque, and not grey.
        largest: the largest sample.
        palette: the colours of what is wholly opaque and coloured, no more than are of interest.
        low, high: the range of each colour channel where the mask is wholly opaque.
    """

    low: Array
    high: Array
    between: int = 0
    middle: int = 0
    full: int = 0
    partial: int = 0
    clear: int = 0
    light: int = 0
    coloured: int = 0
    largest: int = 0
    palette: set[bytes] = field(default_factory=set)

    def add(self, array: Array, mask: Scan) -> None:
        most = int(white(mask.dtype))
        levels, alpha = _levels(array, mask), opacity(array, mask)
        self.largest = max(self.largest, int(np.atleast_3d(array)[..., : mask.channels].max()))
        grey = (levels != 0) & (levels != most * mask.channels)
        if alpha is None:
            self.full += levels.size
            self.between += int(np.count_nonzero(grey))
            return
        full, clear = alpha == most, alpha == 0
        self.full += int(np.count_nonzero(full))
        black, light = (share * most * mask.channels for share in FAR)
        self.middle += int(np.count_nonzero(full & (levels > black) & (levels < light)))
        self.clear += int(np.count_nonzero(clear))
        self.partial += int(np.count_nonzero(~(full | clear)))
        self.between += int(np.count_nonzero((full & grey) | ~(full | clear)))
        self.light += int(np.count_nonzero(_light_strokes(array, mask=mask)))
        colours = np.atleast_3d(array)[..., : mask.channels][full]
        chroma = colours.max(axis=1, initial=0).astype(np.int64) - colours.min(axis=1, initial=most)
        vivid = colours[chroma > COLOURED * most]
        self.coloured += len(vivid)
        if len(self.palette) <= MOST_COLOURS and len(vivid):
            self.palette |= {one.tobytes() for one in np.unique(vivid, axis=0)[: MOST_COLOURS + 1]}
        if len(colours):
            self.low = np.minimum(self.low, colours.min(axis=0))
            self.high = np.maximum(self.high, colours.max(axis=0))


def _meaning(mask: Scan) -> Meaning:
    """Read a mask once, and settle what in it is the mark."""
    census = _Census(np.full(mask.channels, int(white(mask.dtype))), np.zeros(mask.channels, int))
    for band in Region.whole(mask.grid).bands(1024):
        census.add(mask.read(band), mask)
    strokes_alone = bool(census.clear) and not census.light and census.full > 0
    mostly_clear = census.clear >= LEAST_CLEAR * mask.grid[0] * mask.grid[1]
    vivid = census.partial <= census.full < 2 * census.coloured
    if mostly_clear and vivid and len(census.palette) <= MOST_COLOURS:
        return Meaning(_strokes, "opaque strokes")
    if not strokes_alone:
        _note_grey_levels(census, mask)
    if not census.clear and not census.partial and 0 < census.largest <= LABELS:
        raise UnsupportedFile(
            f"the largest sample of {mask.name} is {census.largest}, but white is {int(white(mask.dtype))}, "
            f"so nothing in it is white; if {census.largest} stands for lost, multiply the mask by "
            f"{int(white(mask.dtype)) // census.largest} and save it again"
        )
    if not census.clear and not census.partial:
        return Meaning(_light, "white pixels")
    if census.partial > census.full:
        raise UnsupportedFile(
            f"{mask.name} has half-transparent strokes, so it is not clear what is lost; paint the mask at "
            "full opacity with a hard brush, or export it as grey without alpha, white = lost"
        )
    if not strokes_alone and census.middle > census.full / 2:
        raise UnsupportedFile(
            f"{mask.name} is a picture with clear places rather than a mask: most of what is opaque in it is "
            "neither black nor white, so it does not say what is lost; export the clear places as grey "
            "without alpha, white = lost"
        )
    if not strokes_alone:
        return Meaning(_light_strokes, "opaque white pixels")
    if census.clear < LEAST_CLEAR * mask.grid[0] * mask.grid[1] or (census.low != census.high).any():
        raise UnsupportedFile(
            f"{mask.name} has no white, only an alpha channel ({_channel(mask)}), so it is not clear whether "
            "opaque or transparent pixels are lost; export it as grey without alpha, white = lost"
        )
    log.warning(
        "%s has no white, only an alpha channel (%s); its opaque strokes are taken as lost",
        mask.name,
        _channel(mask),
    )
    return Meaning(_strokes, "opaque strokes")


def _channel(mask: Scan) -> str:
    """Say where opacity lies."""
    return f"channel {mask.channels + 1} of {mask.channels + 1}" if mask.alpha else "a colour that is clear"


def _note_grey_levels(census: _Census, mask: Scan) -> None:
    if census.between:
        log.warning(
            "%s has grey levels in %.3g %% of its pixels; pixels lighter than 50 %% are taken as lost",
            mask.name,
            100 * census.between / (mask.grid[0] * mask.grid[1]),
        )
