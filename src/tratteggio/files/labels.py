"""From painted strokes to labels: the colour says what is seen there, and the rest of the picture nothing.

    red (255, 0, 0)                         paint is lost
    blue (0, 0, 255)                        sound paint
    green (0, 255, 0), cyan (0, 255, 255)   a crack
    transparent, black, white               nothing is said

as on the sheets of Meeus et al. (red and blue). Nothing else is taken: soft brushes leave mixed colours at
their rims, of which nobody can say what they mean.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.files.opacity import opacity
from tratteggio.files.orientation import orient_to_scan
from tratteggio.files.reading import open_scan
from tratteggio.painting import Labels, Region, Scan
from tratteggio.painting.labels import KINDS
from tratteggio.painting.pixels import Array, white

PALETTE = {
    (1, 0, 0): "loss",
    (0, 0, 1): "paint",
    (0, 1, 0): "crack",
    (0, 1, 1): "crack",
    (0, 0, 0): None,
    (1, 1, 1): None,
}
MOST_LISTED = 5
_FOREIGN = 255


def read_labels(path: str | os.PathLike[str], scan: Scan, *, mask_orientation: str | None = None) -> Labels:
    """Read strokes that were painted over a scan, on a layer of their own: .png or .tif, RGB, alpha or not.

    Args:
        path: the file.
        scan: what they were painted over; the grids must agree.
        mask_orientation: "displayed" or "stored", as for `read_lacunae`.

    Raises:
        GridMismatch: labels and scan differ in size.
        BadUsage: colours that are not in the palette, listed; or no stroke at all; or the scan has an
            orientation tag, and the labels fit in two ways.
        UnsupportedFile: not RGB.
        UnreadableFile: as `read`.
    """
    sheet = open_scan(Path(path), modality="labels")
    if sheet.channels != 3:
        raise UnsupportedFile(f"{path} is grey; draw strokes in red, blue and green, and save as RGB")
    strokes = orient_to_scan(
        sheet.pixels, scan, name=sheet.name, orientation=sheet.metadata.orientation, what="labels",
        mask_orientation=mask_orientation,
    )  # fmt: skip
    sheet = replace(sheet, pixels=strokes)
    codes = np.zeros(sheet.grid, np.uint8)
    foreign: Counter[str] = Counter()
    for band in Region.whole(sheet.grid).bands(1024):
        pixels = sheet.read(band)
        codes[band.slices] = found = _coded(pixels, sheet)
        strange = pixels[found == _FOREIGN]
        colours, counts = np.unique(strange.reshape(-1, pixels.shape[2]), axis=0, return_counts=True)
        for colour, count in zip(colours.tolist(), counts.tolist(), strict=True):
            foreign[str(tuple(colour))] += count
    if foreign:
        listed = ", ".join(f"{colour} {count} times" for colour, count in foreign.most_common(MOST_LISTED))
        more = f" and {len(foreign) - MOST_LISTED} more" if len(foreign) > MOST_LISTED else ""
        raise BadUsage(
            f"{path} has colours without a meaning: {listed}{more}; draw strokes in pure red (lost), blue "
            "(paint), green or cyan (crack) on a transparent, black or white background, with a hard brush, "
            "and save as PNG"
        )
    if not codes.any():
        raise BadUsage(f"{path} has no strokes; draw red strokes on losses and blue strokes on sound paint")
    return Labels(codes, str(path))


def _coded(pixels: Array, sheet: Scan) -> NDArray[np.uint8]:
    """Translate colours to codes; 255 for those that are not in the palette."""
    most = white(sheet.dtype)
    codes = np.full(pixels.shape[:2], _FOREIGN, np.uint8)
    for colour, kind in PALETTE.items():
        here = (pixels[..., :3] == np.array(colour) * most).all(axis=-1)
        codes[here] = 0 if kind is None else 1 + KINDS.index(kind)
    levels = opacity(pixels, sheet)
    if levels is not None:
        codes[levels != most] = _FOREIGN
        codes[levels == 0] = 0
    return codes
