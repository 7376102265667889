"""How a mask, a damage map or strokes lie on a scan: as a viewer displays both, or as both are stored.

An orientation tag tells viewers to turn a picture. What was drawn over the picture as displayed must be
turned back; what was made from the stored samples must not. One rule settles which, for every such file:

1. the user says so (`--mask-orientation displayed` or `stored`);
2. both files have the same tag, or none: they lie alike;
3. only one of the two ways gives the size of the scan: that one, and a note says so if the file is turned;
4. else it is refused.
"""

from __future__ import annotations

import logging

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.files.rasters import Stored, upright
from tratteggio.names import rows_and_columns
from tratteggio.painting import Pixels, Scan

log = logging.getLogger("tratteggio")

DISPLAYED, STORED = "displayed", "stored"


def orient_to_scan(
    pixels: Pixels, scan: Scan, *, name: str, orientation: int, what: str, mask_orientation: str | None
) -> Pixels:
    """Return pixels of a file in the stored order of a scan, by the rule above; nothing is read.

    Args:
        pixels: (H, W) or (H, W, C), as the file stores them.
        scan: what they lie on.
        name: of the file, for messages.
        orientation: the tag of the file, 1 to 8.
        what: "mask", "damage map" or "labels", for messages.
        mask_orientation: "displayed", "stored", or None to go by tags and sizes.

    Raises:
        GridMismatch: neither way gives the size of the scan, or not the way that was asked for.
        BadUsage: both ways do and they differ, or `mask_orientation` is another word.
    """
    if mask_orientation not in (None, DISPLAYED, STORED):
        raise BadUsage(
            f"mask_orientation must be {DISPLAYED} or {STORED}, got {mask_orientation!r}",
            option="mask_orientation",
        )
    displayed = Stored(upright(pixels, orientation), scan.metadata.orientation)
    ways: dict[str, Pixels] = {STORED: pixels, DISPLAYED: displayed}
    if orientation == scan.metadata.orientation:
        ways = {STORED: pixels}
    elif mask_orientation is not None:
        ways = {mask_orientation: ways[mask_orientation]}
    fitting = {way: turned for way, turned in ways.items() if _grid(turned) == scan.grid}
    if not fitting:
        raise _another_size(pixels, scan, name, what, mask_orientation)
    if len(fitting) > 1:
        raise BadUsage(
            f"{scan.name} has orientation {scan.metadata.orientation} and {name} has {orientation}, so the "
            f"{what} fits in two ways; add `mask_orientation={DISPLAYED}` if it was drawn over the picture "
            f"as a viewer shows it, or `mask_orientation={STORED}` if it lies as the samples in the file"
        )
    [(way, settled)] = fitting.items()
    if way == DISPLAYED:
        log.warning(
            "%s (orientation %d) fits %s (orientation %d) as displayed; it was rotated to the stored order",
            name,
            orientation,
            scan.name,
            scan.metadata.orientation,
        )
    return settled


def require_same_orientation(one: Scan, other: Scan) -> None:
    """Refuse two scans that are held pixel by pixel against each other, but that a viewer turns differently.

    Raises:
        BadUsage: their orientation tags differ.
    """
    tags = one.metadata.orientation, other.metadata.orientation
    if tags[0] != tags[1]:
        raise BadUsage(
            f"{one.name} has orientation {tags[0]} and {other.name} has {tags[1]}, so it is not clear which "
            "pixels show the same place; give both the same orientation tag"
        )


def _grid(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[0], pixels.shape[1]


def _another_size(pixels: Pixels, scan: Scan, name: str, what: str, way: str | None) -> GridMismatch:
    rows, cols = _grid(pixels)
    turned = f" (orientation {scan.metadata.orientation}, the {what} taken as {way})" if way else ""
    return GridMismatch(
        f"the {what} must have the size of the scan, but {name} has {rows_and_columns((rows, cols))} and "
        f"{scan.name} has {rows_and_columns(scan.grid)}{turned}; export the {what} at the size of the scan"
    )
