"""What each format can hold, known from the headers alone: refused before the work, not after it."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import BadUsage, UnwritableFile
from tratteggio.files.parts import Part
from tratteggio.files.untrusted import untrusted
from tratteggio.painting import Metadata, Scan

SUFFIXES = {".tif": "tiff", ".tiff": "tiff", ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}
JPEG_SIDE = 65_535
REHEARSED_BYTES = 16 << 20  # metadata beyond this is not written twice
SIDE = 8  # px, of the picture that is written on trial
CLEARLY = 4  # compression may take off so much that a disk is called too small for a quarter only


@dataclass(frozen=True)
class Shape:
    """What is known of a picture before its pixels are.

    Attributes:
        grid: rows and columns.
        dtype: of a sample.
        alpha: whether the last channel is opacity.
        metadata: as it will be written.
    """

    grid: tuple[int, int]
    dtype: np.dtype[Any]
    alpha: bool
    metadata: Metadata


def require_png(shape: Shape, name: str) -> None:
    """Refuse what PNG cannot hold.

    Raises:
        BadUsage: floats, or inverted grey.
    """
    if shape.dtype not in (np.uint8, np.uint16):
        raise BadUsage(f"{name}: PNG has 8 or 16 bit, but the pixels are {shape.dtype.name}; use .tif")
    if shape.metadata.foreign.get("photometric") == "miniswhite":
        raise BadUsage(f"{name}: the source stores white as 0, but PNG cannot state this; use .tif")


def require_jpeg(shape: Shape, name: str) -> None:
    """Refuse what JPEG cannot hold.

    Raises:
        BadUsage: 16 bit, floats, alpha, inverted grey, more than 65,535 pixels a side.
    """
    rows, cols = shape.grid
    if shape.dtype != np.uint8:
        raise BadUsage(f"{name}: JPEG has 8 bit, but the pixels are {shape.dtype.name}; use .tif or .png")
    if shape.alpha:
        raise BadUsage(f"{name}: JPEG has no alpha channel; use .tif or .png")
    if shape.metadata.foreign.get("photometric") == "miniswhite":
        raise BadUsage(f"{name}: the source stores white as 0, but JPEG cannot state this; use .tif")
    if max(rows, cols) > JPEG_SIDE:
        raise BadUsage(f"{name}: JPEG ends at {JPEG_SIDE:,} pixels a side, got {rows} x {cols}; choose .tif")


REQUIRE = {"png": require_png, "jpeg": require_jpeg}


def require_holds(scan: Scan, target: Path) -> None:
    """Make sure, before the work, that a picture like a scan can be written to a target with its metadata.

    The rules of the format are checked, and the metadata are written on trial with a picture of a few pixels.

    Args:
        scan: as it will be written; its pixels are not read.
        target: .tif .tiff .png .jpg .jpeg; another suffix has no rules here.

    Raises:
        BadUsage: the format cannot hold it.
        UnreadableFile: the metadata of the scan are damaged, so that no file could take them.
        UnwritableFile: no permission, no space.
    """
    kind = SUFFIXES.get(target.suffix.lower())
    if kind in REQUIRE:
        REQUIRE[kind](Shape(scan.grid, np.dtype(scan.dtype), scan.alpha, scan.metadata), str(target))
    if kind in ("tiff", "png") and _size(scan.metadata.foreign) <= REHEARSED_BYTES:
        _rehearse(scan, target, kind)


def _rehearse(scan: Scan, target: Path, kind: str) -> None:
    """Write a few pixels with all metadata; what comes is thrown away."""
    rows, cols = (min(SIDE, side) for side in scan.grid)
    pixels = np.zeros((rows, cols, *scan.pixels.shape[2:]), scan.dtype)
    with untrusted(scan.name, what="picture: its metadata cannot be written"):
        if kind == "png":
            from tratteggio.files.png_write import write_png  # noqa: PLC0415 brings the codecs

            write_png(pixels, io.BytesIO(), metadata=scan.metadata, name=str(target))
            return
        from tratteggio.files.tiff_write import write_tiff  # noqa: PLC0415 brings the codecs

        part = Part(target)
        try:
            write_tiff(pixels, part.path, metadata=scan.metadata, alpha=scan.alpha)
        finally:
            part.drop()


def _size(value: Any) -> int:
    """Return about how many bytes foreign metadata have."""
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    return sum(map(_size, value)) if isinstance(value, list | tuple) else 0


def require_space(folder: Path, size: int, *, what: str) -> None:
    """Refuse work whose output clearly does not fit on the disk.

    Args:
        folder: where it is written.
        size: bytes at the least.
        what: what is written, for the message.

    Raises:
        UnwritableFile: less than that is free.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return
    if free < size:
        raise UnwritableFile(
            f"{what} needs at least {size / 1e6:,.1f} MB, but only {free / 1e6:,.1f} MB are free in {folder}"
            "; make room, or name an output on another disk"
        )


def least_bytes(scan: Scan, target: Path, source: Path | None) -> int:
    """Return how many bytes a picture like a scan takes at the least.

    Exact for an uncompressed TIFF. Else a quarter of what the source takes, which says how far its pixels
    can be compressed; 0 if there is no source file.
    """
    rows, cols = scan.grid
    raw = rows * cols * (scan.channels + scan.alpha) * np.dtype(scan.dtype).itemsize
    if SUFFIXES.get(target.suffix.lower()) == "tiff" and scan.metadata.foreign.get("compression") == "none":
        return raw
    try:
        taken = source.stat().st_size if source is not None and source.is_file() else 0
    except OSError:
        taken = 0
    return min(raw, taken) // CLEARLY
