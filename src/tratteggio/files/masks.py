"""From a mask file to lacunae: white is lost, the threshold is 50 %, what is transparent is not marked."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tratteggio.errors import UnsupportedFile
from tratteggio.files.opacity import ASSOCIATED, opacity
from tratteggio.files.orientation import orient_to_scan
from tratteggio.files.reading import open_scan
from tratteggio.painting import Lacunae, Mapped, Pixels, Region, Scan
from tratteggio.painting.pixels import Array, Lost, white

log = logging.getLogger("tratteggio")

LEAST_CLEAR = 0.5  # of the area: a layer with strokes on it, not a picture with holes
FAR = (0.1, 0.9)  # of white: what lies between is no mark and no ground, but paint


def read_lacunae(
    path: str | os.PathLike[str], scan: Scan | None = None, *, mask_orientation: str | None = None
) -> Lacunae:
    """Open a mask: grey or RGB, 1, 8 or 16 bit, white = lost. It is never resized.

    Grey levels are binarised at 50 % (RGB: the mean of the channels), and a note says so. What is transparent
    is not marked. On a layer that is mostly clear, strokes of one dark colour are taken as lost, with a note.

    Args:
        path: the mask file.
        scan: whose lacunae these are; the grids must then agree.
        mask_orientation: "displayed" if the mask was drawn over the scan as a viewer shows it, "stored" if it
            lies as the samples in the file; None goes by tags and sizes, see `files.orientation`.

    Raises:
        GridMismatch: mask and scan differ in size.
        BadUsage: the scan has an orientation tag, and the mask fits in two ways; or as `read`.
        UnsupportedFile: palette, CMYK or float mask, or one whose transparency can be read in two ways.
        UnreadableFile: as `read`.
    """
    mask = open_scan(Path(path), modality="lost", bilevel=True)
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
    meaning = _meaning(mask)
    lost: Pixels = Mapped(pixels, partial(meaning.lost, mask=mask), 0, np.dtype(bool))
    return Lacunae(lost, str(path), meaning.description)


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

    def add(self, array: Array, mask: Scan) -> None:
        most = int(white(mask.dtype))
        levels, alpha = _levels(array, mask), opacity(array, mask)
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
        if len(colours):
            self.low = np.minimum(self.low, colours.min(axis=0))
            self.high = np.maximum(self.high, colours.max(axis=0))


def _meaning(mask: Scan) -> Meaning:
    """Read a mask once, and settle what in it is the mark."""
    census = _Census(np.full(mask.channels, int(white(mask.dtype))), np.zeros(mask.channels, int))
    for band in Region.whole(mask.grid).bands(1024):
        census.add(mask.read(band), mask)
    strokes_alone = bool(census.clear) and not census.light and census.full > 0
    if not strokes_alone:
        _note_grey_levels(census, mask)
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
