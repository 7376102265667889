"""What a PNG without an ICC profile says of its colours, as a profile: gAMA and cHRM.

Source: PNG Specification, Third Edition (W3C 2025), sections 11.3.2 and 13.13.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tratteggio.files.icc import dated

log = logging.getLogger("tratteggio")

SRGB_GAMMA = 45_455  # 1 / 2.2, which stands for the curve of sRGB
SRGB_PLACES = (31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)  # white, red, green, blue: x, y
NEAR_GAMMA = 0.05  # relative: libpng, too, takes a gamma within 5 % as the same
NEAR_PLACE = 1_000  # 0.01 in x or y
SRGB_CODES = (1, 13, 0, 1)  # cICP: primaries of BT.709, curve of sRGB, no matrix, full range


def stated_profile(path: Path, chunks: Mapping[bytes, bytes], *, grey: bool) -> bytes | None:
    """Return the profile that gAMA and cHRM state; None: sRGB, or nothing is stated.

    Args:
        path: the file, for messages.
        chunks: contents by kind.
        grey: True if there is one channel of colour.
    """
    codes = chunks.get(b"cICP")
    if codes is not None and tuple(codes) != SRGB_CODES:
        log.warning(
            "%s states its colours as code points %s, which are not read; sRGB is assumed", path, tuple(codes)
        )
    if codes is not None or b"sRGB" in chunks:
        return None
    gamma = _numbers(chunks.get(b"gAMA"), 1) or (SRGB_GAMMA,)
    places = _numbers(chunks.get(b"cHRM"), 8) or SRGB_PLACES
    if gamma[0] == 0:
        return None
    near = abs(gamma[0] / SRGB_GAMMA - 1) < NEAR_GAMMA
    if grey:
        places = (*places[:2], *SRGB_PLACES[2:])
    if near and all(abs(a - b) < NEAR_PLACE for a, b in zip(places, SRGB_PLACES, strict=True)):
        return None
    profile = _profile(gamma[0], places, grey=grey)
    if profile is None:
        log.warning("%s states colours that cannot be (gAMA, cHRM); sRGB is assumed", path)
    return profile


def _numbers(content: bytes | None, count: int) -> tuple[int, ...]:
    """Return the numbers of a chunk, in units of 1 / 100,000; none if it is missing or of another length."""
    return struct.unpack(f">{count}I", content) if content and len(content) == 4 * count else ()


@cache
def _profile(gamma: int, places: tuple[int, ...], *, grey: bool) -> bytes | None:
    """Make a profile with a power law as its curve; None if littleCMS cannot."""
    import imagecodecs  # noqa: PLC0415 only conversions need it

    x_y = [value / 100_000 for value in places]
    coordinates = [(*x_y[start : start + 2], 1.0) for start in range(0, 8, 2)]
    white, *primaries = coordinates
    options = {} if grey else {"primaries": [value for place in primaries for value in place]}
    try:
        made = imagecodecs.cms_profile(
            "gray" if grey else "rgb", whitepoint=list(white), gamma=100_000 / gamma, **options
        )
    except (imagecodecs.CmsError, ValueError):
        return None
    return dated(made)
