"""Which sample stands for white: what a file states, what the user states, and a note where nobody does.

`Metadata.white` is the one place where it is kept, `Scan.white` the one place where it is read.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.files.sense import Turned, turned
from tratteggio.files.sensor import sensor_of
from tratteggio.painting import Region, Scan, Stack
from tratteggio.painting.pixels import Array, Pixels, can_be_white, white

log = logging.getLogger("tratteggio")

USUAL = (255, 1023, 4095, 16383, 65535)  # 8, 10, 12, 14 and 16 bit
FAR_BELOW = 4  # times that white is above the largest sample: 14 bit in 16 is so far below
FAR_BEYOND = 4.0  # floats above this are no shares of white: highlights end below
LOOKED_AT_PX = 1 << 22  # of a scan; of a larger one, bands that lie evenly over it
BANDS = 32
SIGNIFICANT = re.compile(rb"<(?:\w+:)?Pixels\b[^>]*\bSignificantBits=\"(\d{1,2})\"")


def believed(values: Iterable[float], dtype: np.dtype[Any], *, path: Path, where: str) -> float | None:
    """Return the white that a file states for its channels, if it can be; the largest if they differ.

    Args:
        values: as stated, one or several.
        dtype: of the samples.
        path: the file, for the note.
        where: what states it, for the note.

    Returns:
        None if nothing is stated, if it is the white of the dtype anyway, or, with a note, if it cannot be.
    """
    stated = max(values, default=None)
    if stated is None or stated == white(dtype):
        return None
    if not can_be_white(stated, dtype):
        log.warning(
            "%s states a white of %g (%s), which %s samples cannot have; it is ignored",
            path, stated, where, dtype.name,
        )  # fmt: skip
        return None
    return float(stated)


def significant_bits(description: bytes) -> float | None:
    """Return the white that OME-XML states by `SignificantBits`, or None.

    Example:
        >>> significant_bits(b'<OME><Image><Pixels ID="Pixels:0" SignificantBits="12"/></Image></OME>')
        4095.0
    """
    found = SIGNIFICANT.search(description)
    bits = int(found[1]) if found else 0
    return float(2**bits - 1) if 1 < bits <= 32 else None


def with_white(stack: Stack, stated: float | None) -> Stack:
    """Return a stack whose scans all have the white that the user states; as it is without one.

    Raises:
        BadUsage: a scan cannot have that white.
    """
    if stated is None:
        return stack
    return replace(stack, scans=tuple(scan_with_white(scan, stated) for scan in stack.scans))


def scan_with_white(scan: Scan, stated: float | None) -> Scan:
    """Return a scan with the white that the user states; as it is without one.

    Raises:
        BadUsage: the scan cannot have that white, or is camera raw, whose sensor has its own.
    """
    if stated is None:
        return scan
    if sensor_of(scan) is not None:
        raise BadUsage(f"{scan.name} is camera raw, which states the white of its sensor; omit white")
    own = None if stated == white(scan.dtype) else float(stated)
    metadata = replace(scan.metadata, white=own)
    pixels = scan.pixels
    if isinstance(pixels, Turned):  # turned on opening, about another white
        pixels = turned(pixels.pixels, metadata, alpha=scan.alpha)
    return replace(scan, pixels=pixels, metadata=metadata)


def on_one_white(scans: Sequence[Scan]) -> list[Scan]:
    """Give scans of one picture, which are held against each other, one white.

    Where only some of them state it, it holds for the others too, and a note says so.

    Raises:
        BadUsage: they state different whites.
    """
    stated = {scan.metadata.white for scan in scans if scan.metadata.white is not None}
    silent = [scan.name for scan in scans if scan.metadata.white is None]
    if len(stated) > 1:
        listed = " and ".join(f"{scan.name} has {scan.white:g}" for scan in scans)
        raise BadUsage(f"these scans must share one white, but {listed}; state it for all of them")
    if not stated or not silent:
        return list(scans)
    (value,) = stated
    log.warning("no white is stated for %s; %g is used", " and ".join(silent), value)
    return [scan_with_white(scan, value) for scan in scans]


def note_range(*scans: Scan) -> None:
    """Say so where samples lie below 0, above a stated white, or far below or beyond that of the dtype.

    Scans of 8 bit that state nothing and those of other channels than grey or colour are not looked at; of
    large scans, bands are.
    """
    for scan in scans:
        if scan.dtype.kind == "f":
            _note_below(scan)
        if scan.metadata.white is not None:
            _note_above(scan)
            continue
        if scan.dtype == np.uint8 or scan.channels not in (1, 3):
            continue
        if sensor_of(scan) is not None:  # a raw mosaic has the levels of its sensor
            continue
        top, own = _largest(scan), white(scan.dtype)
        if top <= 0 or (own / FAR_BELOW < top if scan.dtype.kind == "u" else top <= FAR_BEYOND):
            continue
        likely = next((value for value in USUAL if value >= top), None)
        log.warning(
            "%s: the largest sample is %s of %s, and the file states no white; if white is %s, state it when "
            "you open the scan",
            scan.name, f"{top:,.6g}", f"{own:,.0f}", "another value" if likely is None else f"{likely:,}",
            extra={"option": f"white {likely or 'VALUE'}"},
        )  # fmt: skip


def _note_above(scan: Scan) -> None:
    """Say so where samples lie above the stated white."""
    top = _largest(scan)
    if top > scan.white:
        log.warning(
            "%s: the largest sample is %s, above the stated white of %s; such samples are shown as "
            "white, and "
            "fills do not exceed the white",
            scan.name, f"{top:,.6g}", f"{scan.white:,.6g}",
        )  # fmt: skip


def _note_below(scan: Scan) -> None:
    """Say so where samples lie below 0, which is black."""
    least = min(float(np.min(part, initial=0, where=np.isfinite(part))) for part in _looked_at(scan))
    if least < 0:
        log.warning(
            "%s: the smallest sample found is %s; 0 is black, so that what lies below is shown as black",
            scan.name, f"{least:,.6g}",
        )  # fmt: skip


def _largest(scan: Scan) -> float:
    """Return the largest finite sample of the colour channels, 0 if there is none."""
    return max(float(np.max(part, initial=0, where=np.isfinite(part))) for part in _looked_at(scan))


def _looked_at(scan: Scan) -> Iterator[Array]:
    """Yield the colour channels of a scan, or of bands that lie evenly over a large one."""
    pixels = _smaller(scan.pixels)
    rows, cols = pixels.shape[:2]
    high = max(1, min(rows, LOOKED_AT_PX // (cols * BANDS)))
    starts = range(0, rows, high) if rows * cols <= LOOKED_AT_PX else range(0, rows, -(-rows // BANDS))
    for start in starts:
        band = np.asarray(pixels[Region(start, 0, min(rows, start + high), cols).slices])
        yield band if band.ndim == 2 else band[..., : scan.channels]


def _smaller(pixels: Pixels) -> Pixels:
    """Return the largest level of a pyramid that may be looked at whole, else the pixels."""
    levels: Sequence[Pixels] = getattr(pixels, "levels", ())
    small = [level for level in levels if level.shape[0] * level.shape[1] <= LOOKED_AT_PX]
    return small[0] if small else pixels
