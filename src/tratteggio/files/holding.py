"""What each format can hold, known from the headers alone: refused before the work, not after it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import BadUsage, UnwritableFile
from tratteggio.files.kinds import find_by_suffix, formats, list_for_choice, usable
from tratteggio.files.parts import Part
from tratteggio.files.sense import WHITE_IS_0
from tratteggio.files.untrusted import untrusted
from tratteggio.painting import Metadata, Scan
from tratteggio.roles import Facts, Keeps, ScanWriter, StackWriter

REHEARSED_BYTES = 16 << 20  # metadata beyond this is not written twice
SIDE = 8  # px, of the picture that is written on trial
CLEARLY = 4  # compression may take off so much that a disk is called too small for a quarter only


@dataclass(frozen=True)
class Shape:
    """What is known of an image before its pixels are.

    Attributes:
        shape: (H, W) or (H, W, C).
        dtype: of a sample.
        alpha: whether the last channel is opacity.
        metadata: as it will be written.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    alpha: bool
    metadata: Metadata


def require_kept(shape: Shape, one: ScanWriter, name: str) -> None:
    """Refuse what a format cannot hold: whatever is written can be read again.

    Args:
        shape: what is known of the picture.
        one: the format.
        name: of the output, for the message.

    Raises:
        BadUsage: the message says what the format cannot hold, and names formats that can.
    """
    for fits, fault, remedy in _rules(shape, one.FACTS):
        if fits(one.FACTS.keeps):
            continue
        able = list_for_choice(other for other in formats(ScanWriter).values() if fits(other.FACTS.keeps))
        raise BadUsage(f"{name}: {fault}; {f'use {able}' if able else remedy}")


Rule = tuple[Callable[[Keeps], bool], str, str]


def _rules(shape: Shape, facts: Facts) -> list[Rule]:
    """List what must hold of a format, what is wrong if it does not, and what to do if no format fits."""
    title, (rows, cols) = facts.title, shape.shape[:2]
    channels = 1 if len(shape.shape) == 2 else shape.shape[2]
    colours = channels - int(shape.alpha)
    inverted = shape.metadata.foreign.get("photometric") == WHITE_IS_0
    stacks = [one for one in formats(StackWriter).values() if one.FACTS.keeps.channels is None]
    return [
        (
            lambda _: rows > 0 and cols > 0,
            f"an image has at least one pixel, got {rows} rows x {cols} columns",
            "choose another region",
        ),
        (
            lambda keeps: keeps.channels is None or colours in keeps.channels,
            "an image is grey or RGB, with or without opacity, but the pixels have "
            f"{channels} channel{'' if channels == 1 else 's'}",
            f"write a stack of scans ({list_for_choice(stacks)})",
        ),
        (
            lambda keeps: shape.dtype.name in keeps.depths,
            f"{title} has {_depths(facts.keeps)}, but the pixels are {shape.dtype.name}",
            "convert them to one of these first",
        ),
        (lambda keeps: keeps.alpha or not shape.alpha, f"{title} has no alpha channel", "leave it out"),
        (
            lambda keeps: keeps.inverted or not inverted,
            f"the source stores white as 0, but {title} cannot state this",
            "invert it first",
        ),
        (
            lambda keeps: keeps.longest is None or max(rows, cols) <= keeps.longest,
            f"{title} ends at {facts.keeps.longest or 0:,} pixels a side, got {rows} x {cols}",
            "write a part of it",
        ),
    ]


def _depths(keeps: Keeps) -> str:
    """Say which depths a format keeps: "8 or 16 bit"."""
    dtypes = [np.dtype(name) for name in keeps.depths]
    whole = " or ".join(str(8 * one.itemsize) for one in dtypes if one.kind == "u")
    real = " or ".join(str(8 * one.itemsize) for one in dtypes if one.kind == "f")
    return " or ".join([f"{whole} bit"] * bool(whole) + [f"{real} bit of floats"] * bool(real))


def require_holds(scan: Scan, target: Path) -> None:
    """Make sure, before the work, that a picture like a scan can be written to a target with its metadata.

    The rules of the format are checked, and the metadata are written on trial with a picture of a few pixels.

    Args:
        scan: as it will be written; its pixels are not read.
        target: a suffix of a format that holds no plain pixels has no rules here.

    Raises:
        BadUsage: the format cannot hold it.
        UnreadableFile: the metadata of the scan are damaged, so that no file could take them.
        UnwritableFile: no permission, no space.
    """
    one = find_by_suffix(target, ScanWriter)
    if one is None:
        return
    require_kept(
        Shape(tuple(scan.pixels.shape), np.dtype(scan.dtype), scan.alpha, scan.metadata), one, str(target)
    )
    if one.FACTS.keeps.lossless and _size(scan.metadata.foreign) <= REHEARSED_BYTES:
        _rehearse(scan, target, one)


def _rehearse(scan: Scan, target: Path, one: ScanWriter) -> None:
    """Write a few pixels with all metadata; what comes is thrown away."""
    rows, cols = (min(SIDE, side) for side in scan.grid)
    pixels = np.zeros((rows, cols, *scan.pixels.shape[2:]), scan.dtype)
    with untrusted(scan.name, what="picture: its metadata cannot be written"):
        part = Part(target)
        try:
            with usable(one):
                one.write_scan(
                    pixels,
                    part.path,
                    metadata=scan.metadata,
                    alpha=scan.alpha,
                    compression=None,
                    name=str(target),
                )
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
    one, compression = find_by_suffix(target, ScanWriter), scan.metadata.foreign.get("compression")
    if compression == "none" and one is not None and "none" in one.FACTS.compressions:
        return raw
    try:
        taken = source.stat().st_size if source is not None and source.is_file() else 0
    except OSError:
        taken = 0
    return min(raw, taken) // CLEARLY
