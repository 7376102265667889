"""True pixels for a curtain page: tiles of two scans, inside the page or in files beside it.

A tile that is the same in both scans is kept once: of a proposal most are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from tratteggio.files import overview
from tratteggio.files.embedding import data_uri, encode_image
from tratteggio.files.rasters import INVERSE, Stored
from tratteggio.markup import Markup, html
from tratteggio.pages.frame import own_code
from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import Array

SIDE = 512  # px of a tile
MOST_INSIDE = 24_000_000  # px of a scan whose tiles are kept inside the page: about 40 MB for two
BESIDE = "data: 'self' file:"  # where the images of a page with tiles beside it come from
FOLDER = "tiles"

Keep = Callable[[str, Array], str]
"""Keeps a tile under a name; returns the address by which the page finds it."""


def keep_inside(name: str, tile: Array) -> str:  # noqa: ARG001 one signature for both ways
    """Keep a tile inside the page."""
    return data_uri(tile)


def keep_beside(folder: Path) -> Keep:
    """Keep tiles as files in the folder `tiles` within a folder, where the page lies, too."""
    (folder / FOLDER).mkdir()

    def keep(name: str, tile: Array) -> str:
        data, kind = encode_image(tile)
        file = f"{FOLDER}/{name}.{kind}"
        (folder / file).write_bytes(data)
        return file

    return keep


def true_pixels(before: Scan, after: Scan, keep: Keep) -> Markup:
    """Cut two scans into tiles, keep these, and describe them for the page.

    Args:
        before, after: of one size, read tile by tile.
        keep: `keep_inside` or what `keep_beside` returns.

    Returns:
        a JSON element: the size of the scans as displayed, the side of a tile, and the addresses of the tiles
        row by row; of `after` only where it differs.
    """
    before, after = _upright(before), _upright(after)
    rows, cols = before.grid
    places: dict[str, list[str | None]] = {"before": [], "after": []}
    for top in range(0, rows, SIDE):
        for left in range(0, cols, SIDE):
            region = Region(top, left, min(top + SIDE, rows), min(left + SIDE, cols))
            one, other = (overview(scan, longest=SIDE, region=region) for scan in (before, after))
            name = f"{top // SIDE}-{left // SIDE}"
            places["before"].append(keep(f"before-{name}", one))
            same = np.array_equal(one, other)
            places["after"].append(None if same else keep(f"after-{name}", other))
    text = json.dumps({"rows": rows, "cols": cols, "side": SIDE, **places})
    # Addresses are base64 or names of ours, so nothing in them ends the element.
    return html('<script type="application/json" id="tiles">{}</script>\n', own_code(text))


def _upright(scan: Scan) -> Scan:
    """Return a scan with its pixels as a viewer displays them."""
    tag = scan.metadata.orientation
    if tag == 1:
        return scan
    upright = Stored(scan.pixels, INVERSE.get(tag, tag))
    return replace(scan, pixels=upright, seen=None, metadata=replace(scan.metadata, orientation=1))
