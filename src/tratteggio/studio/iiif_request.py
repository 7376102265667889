"""What a request of the IIIF Image API asks for: region, size, rotation, quality and format.

All that level 2 asks for is answered, and mirroring. Not offered, and refused: enlarging ("^"), rotation by
other than quarter turns, and other formats than JPEG and PNG.
Source: IIIF Image API 3.0, section 4.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from tratteggio.errors import BadUsage
from tratteggio.painting import Region

MOST = 2048  # px a side of an answer
NUMBER = r"(\d{1,9}(?:\.\d{1,9})?)"
QUALITIES = ("default", "color", "gray", "bitonal")
FORMATS = {"jpg": "image/jpeg", "png": "image/png"}


class Request(NamedTuple):
    """What is asked for.

    Attributes:
        region: of the upright image, in pixels.
        size: rows and columns to which it is scaled, before it is turned.
        mirrored: left and right are exchanged before it is turned.
        turns: quarter turns clockwise.
        quality: one of `QUALITIES`.
        suffix: one of `FORMATS`.
    """

    region: Region
    size: tuple[int, int]
    mirrored: bool
    turns: int
    quality: str
    suffix: str


def parse_request(
    grid: tuple[int, int], *, region: str, size: str, rotation: str, quality: str, suffix: str
) -> Request:
    """Read the parts of an address.

    Args:
        grid: rows and columns of the image, upright.
        region, size, rotation, quality, suffix: the parts.

    Raises:
        BadUsage: a part is malformed, lies outside of the image, or asks for what is not offered.
    """
    cut = _region(region, grid)
    scaled = _size(size, cut)
    found = re.fullmatch(rf"(!?){NUMBER}", rotation)
    if found is None or float(found[2]) not in (0, 90, 180, 270, 360):
        raise BadUsage(f"rotation is 0, 90, 180 or 270, or one of these after !, got {rotation!r:.99}")
    if quality not in QUALITIES:
        raise BadUsage(f"quality is one of {', '.join(QUALITIES)}, got {quality!r:.99}")
    if suffix not in FORMATS:
        raise BadUsage(f"the format is one of {', '.join(FORMATS)}, got {suffix!r:.99}")
    return Request(cut, scaled, bool(found[1]), int(float(found[2])) // 90 % 4, quality, suffix)


def _region(text: str, grid: tuple[int, int]) -> Region:
    rows, cols = grid
    if text == "full":
        return Region.whole(grid)
    if text == "square":
        side = min(grid)
        top, left = (rows - side) // 2, (cols - side) // 2
        return Region(top, left, top + side, left + side)
    if found := re.fullmatch(r"(\d{1,9}),(\d{1,9}),(\d{1,9}),(\d{1,9})", text):
        left, top, wide, high = map(int, found.groups())
    elif found := re.fullmatch(rf"pct:{NUMBER},{NUMBER},{NUMBER},{NUMBER}", text):
        left, top, wide, high = (
            round(float(share) * side / 100)
            for share, side in zip(found.groups(), (cols, rows, cols, rows), strict=True)
        )
    else:
        raise BadUsage(f"region is full, square, x,y,w,h or pct:x,y,w,h, got {text!r:.99}")
    region = Region(top, left, top + high, left + wide).meet(Region.whole(grid))
    if region.empty:
        raise BadUsage(f"the region {text} lies outside of the image, which has {rows} rows x {cols} columns")
    return region


def _size(text: str, region: Region) -> tuple[int, int]:
    rows, cols = region.rows, region.cols
    if text == "max":
        share = min(1.0, MOST / max(rows, cols))
        return _scaled(region, share)
    if found := re.fullmatch(r"(\d{1,9}),", text):
        size = (max(1, round(rows * int(found[1]) / cols)), int(found[1]))
    elif found := re.fullmatch(r",(\d{1,9})", text):
        size = (int(found[1]), max(1, round(cols * int(found[1]) / rows)))
    elif found := re.fullmatch(rf"pct:{NUMBER}", text):
        size = _scaled(region, float(found[1]) / 100) if float(found[1]) else (0, 0)
    elif found := re.fullmatch(r"(!?)(\d{1,9}),(\d{1,9})", text):
        size = (int(found[3]), int(found[2]))
        if found[1]:
            if min(size[0] / rows, size[1] / cols) > 1:
                raise BadUsage(f"the size {text} would enlarge the region, which is not offered")
            size = _scaled(region, min(size[0] / rows, size[1] / cols))
    else:
        raise BadUsage(f"size is max, w, or ,h or w,h or !w,h or pct:n, without ^, got {text!r:.99}")
    if min(size) < 1:
        raise BadUsage(f"the size {text} holds no pixel")
    if size[0] > rows or size[1] > cols:
        raise BadUsage(f"the size {text} would enlarge the region, which is not offered")
    if max(size) > MOST:
        raise BadUsage(f"the size {text} has more than {MOST} pixels a side; ask for a smaller one")
    return size


def _scaled(region: Region, share: float) -> tuple[int, int]:
    if share <= 0:
        return 0, 0
    rows, cols = (max(1, math.floor(side * share + 0.5)) for side in (region.rows, region.cols))
    return rows, cols
