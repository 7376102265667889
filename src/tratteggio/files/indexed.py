"""Maps of numbered classes as palette PNG or TIFF: what a viewer shows in colours, and a program counts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.files.beside import beside
from tratteggio.files.kinds import by_suffix, usable
from tratteggio.files.source import require_seekable
from tratteggio.files.untrusted import untrusted
from tratteggio.files.writing import UNTOUCHED
from tratteggio.painting import Metadata, Pixels, Region
from tratteggio.painting.pixels import Array
from tratteggio.roles import ClassMaps

Colour = tuple[int, int, int]

MOST_COLOURS = 256
BAND = 256
BRUSH = "Paint with a hard brush and save as PNG"
MOST_LISTED = 8  # colours that are listed in a message


def write_indexed(
    indices: Pixels,
    path: str | os.PathLike[str],
    palette: Sequence[Colour],
    *,
    metadata: Metadata = UNTOUCHED,
) -> None:
    """Write numbered classes, streamed; they may be huge and lazy.

    Args:
        indices: (H, W) uint8, each less than the length of the palette.
        path: the suffix of a format that holds classes: .png .tif
        palette: RGB of each number, 0 .. 255; at most 256.
        metadata: resolution and orientation are kept.

    Raises:
        BadUsage: another suffix.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    path = Path(path)
    one = by_suffix(path, ClassMaps)
    if len(palette) > MOST_COLOURS:
        raise BadUsage(f"a palette has {MOST_COLOURS} colours at most, got {len(palette)}")
    with beside([path]) as [temporary], usable(one):
        one.write_classes(indices, temporary, palette, metadata=metadata, name=str(path))


def read_indexed(path: str | os.PathLike[str], palette: Mapping[Colour, int]) -> NDArray[np.uint8]:
    """Read numbered classes by their colours: an indexed file, or one that was painted in RGB.

    Args:
        path: PNG or TIFF, 8 bit; what is wholly transparent has the number 0.
        palette: colour -> number.

    Returns:
        (H, W) uint8, in memory.

    Raises:
        BadUsage: another suffix.
        UnsupportedFile: colours that are not in the palette, which are listed; or a file of another kind.
        UnreadableFile: missing or damaged.
    """
    path = Path(path)
    colours, opacity = _colours(path)
    numbers = {(red << 16) | (green << 8) | blue: number for (red, green, blue), number in palette.items()}
    nothing = next(colour for colour, number in palette.items() if number == 0)
    grid = (colours.shape[0], colours.shape[1])
    found = np.empty(grid, np.uint8)
    foreign: set[int] = set()
    for band in Region.whole(grid).bands(BAND):
        clear = np.zeros(1, bool) if opacity is None else opacity[band.slices] == 0
        red, green, blue = np.moveaxis(colours[band.slices].astype(np.uint32), 2, 0)
        red, green, blue = (
            np.where(clear, level, own) for level, own in zip(nothing, (red, green, blue), strict=True)
        )
        there, places = np.unique((red << 16) | (green << 8) | blue, return_inverse=True)
        foreign |= set(there.tolist()) - numbers.keys()
        table = np.array([numbers.get(one, 0) for one in there.tolist()], np.uint8)
        found[band.slices] = table[places.reshape(red.shape)]
    if foreign:
        listed = ", ".join(f"#{one:06x}" for one in sorted(foreign)[:MOST_LISTED])
        more = f" and {len(foreign) - MOST_LISTED} more" if len(foreign) > MOST_LISTED else ""
        known = ", ".join(f"#{one:06x}" for one in numbers)
        raise UnsupportedFile(
            f"{path} has colours that are no class: {listed}{more}; the colours of the classes are {known}. "
            + ("White on black is a mask: give it as `lost=...`" if foreign == {0xFFFFFF} else BRUSH)
        )
    return found


def stated_orientation(path: str | os.PathLike[str]) -> int:
    """Return the orientation tag of a map, 1 to 8; 1 if it has none.

    Raises:
        BadUsage: another suffix.
        UnreadableFile: missing or damaged.
    """
    path = Path(path)
    one = by_suffix(path, ClassMaps)
    with untrusted(path, what="map of classes"):
        return one.read_orientation(path)


def _colours(path: Path) -> tuple[Array, Array | None]:
    """Decode a file to colours (H, W, 3) uint8, and opacity (H, W) if it states any."""
    require_seekable(path)
    one = by_suffix(path, ClassMaps)
    with untrusted(path, what="map of classes"):
        decoded = one.read_classes(path)
    if decoded.dtype != np.uint8:
        raise UnsupportedFile(f"{path} holds {decoded.dtype.name}, but a map of classes is 8 bit")
    decoded = np.atleast_3d(decoded)
    opacity = decoded[..., -1] if decoded.shape[2] in (2, 4) else None
    if decoded.shape[2] < 3:
        return np.repeat(decoded[..., :1], 3, axis=2), opacity
    return decoded[..., :3], opacity
