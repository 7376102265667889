"""Read painted strokes as labels, by the colours of `tratteggio.painting.legend`.

    green #00a050                  sound paint
    red #dc1e28 or #ff0000         paint is lost
    yellow #ffd200 or #ffff00      a crack
    transparent, black, white      no label

Other colours are refused: soft brushes mix colours at their edges, and the meaning of such a mixture is
unknown. The former colours (blue for sound paint, pure green or cyan for cracks) are refused with a message
of their own, because blue marks scratches in damage maps.
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
from tratteggio.painting.legend import FORMER_STROKES, LEGEND, Colour, describe_colour
from tratteggio.painting.pixels import Array, white

PALETTE = {colour: kind for kind in KINDS for colour in (LEGEND[kind].colour, *LEGEND[kind].also)} | {
    (0, 0, 0): None,
    (255, 255, 255): None,
}
ADVICE = (
    f"paint strokes in {describe_colour('loss')} on losses, {describe_colour('crack')} on cracks and "
    f"{describe_colour('paint')} on sound paint"
)
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
        BadUsage: colours that are not in the palette, or former ones; no stroke; or the scan has an
            orientation tag, and the labels fit in two ways.
        UnsupportedFile: not RGB.
        UnreadableFile: as `read`.
    """
    sheet = open_scan(Path(path), modality="labels")
    if sheet.channels != 3:
        raise UnsupportedFile(f"{path} is grey; {ADVICE}, and save as RGB")
    strokes = orient_to_scan(
        sheet.pixels, scan, name=sheet.name, orientation=sheet.metadata.orientation, what="labels",
        mask_orientation=mask_orientation,
    )  # fmt: skip
    sheet = replace(sheet, pixels=strokes)
    codes = np.zeros(sheet.grid, np.uint8)
    foreign: Counter[str] = Counter()
    former: set[str] = set()
    for band in Region.whole(sheet.grid).bands(1024):
        pixels = sheet.read(band)
        codes[band.slices] = found = _coded(pixels, sheet)
        strange = pixels[found == _FOREIGN]
        colours, counts = np.unique(strange.reshape(-1, pixels.shape[2]), axis=0, return_counts=True)
        for colour, count in zip(colours.tolist(), counts.tolist(), strict=True):
            foreign[str(tuple(colour))] += count
        former |= {
            kind
            for colour, kind in FORMER_STROKES.items()
            if (strange[:, :3] == _at_depth(colour, sheet)).all(axis=-1).any()
        }
    if former:
        raise BadUsage(
            f"{path} uses former stroke colours for {' and '.join(sorted(former))}; blue now means scratch, "
            f"as in damage maps; {ADVICE}"
        )
    if foreign:
        listed = ", ".join(f"{colour} {count} times" for colour, count in foreign.most_common(MOST_LISTED))
        more = f" and {len(foreign) - MOST_LISTED} more" if len(foreign) > MOST_LISTED else ""
        raise BadUsage(
            f"{path} has colours without a meaning: {listed}{more}; {ADVICE}, with a hard brush on a "
            "transparent, black or white background, and save as PNG"
        )
    if not codes.any():
        raise BadUsage(f"{path} has no strokes; {ADVICE}")
    return Labels(codes, str(path))


def _at_depth(colour: Colour, sheet: Scan) -> Array:
    """Return a colour of 8 bit in the depth of a sheet."""
    return np.asarray(np.array(colour) * (white(sheet.dtype) / 255)).astype(sheet.dtype)


def _coded(pixels: Array, sheet: Scan) -> NDArray[np.uint8]:
    """Translate colours to codes; 255 for those that are not in the palette."""
    most = white(sheet.dtype)
    codes = np.full(pixels.shape[:2], _FOREIGN, np.uint8)
    for colour, kind in PALETTE.items():
        here = (pixels[..., :3] == _at_depth(colour, sheet)).all(axis=-1)
        codes[here] = 0 if kind is None else 1 + KINDS.index(kind)
    levels = opacity(pixels, sheet)
    if levels is not None:
        codes[levels != most] = _FOREIGN
        codes[levels == 0] = 0
    return codes
