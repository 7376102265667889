"""From a file to a scan."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import cast

from tratteggio.errors import BadUsage, UnsupportedFile
from tratteggio.files.addresses import Remote, locate
from tratteggio.files.guarded import guard
from tratteggio.files.kinds import (
    START_BYTES,
    formats,
    is_outside,
    recognize,
    scan_format,
    stack_format,
    what_is,
)
from tratteggio.files.settling import settle
from tratteggio.files.untrusted import untrusted
from tratteggio.files.white import scan_with_white
from tratteggio.painting import Scan, Stack
from tratteggio.roles import Format, ScanReader, StackReader


def read(path: str | os.PathLike[str], *, modality: str | None = None, white: float | None = None) -> Scan:
    """Open a scan: TIFF, BigTIFF, PNG, JPEG, camera raw, or one of a stack (as "panel.ome.zarr/irr").

    Only the header is read here. TIFF and OME-Zarr are then read by region; PNG and JPEG are decoded whole on
    first use. Samples keep the file's depth; pixels stay as stored, whatever the orientation tag says. Where
    the file stores white as 0, samples are turned, so that 0 is black; writing turns them back, bit by bit.

    Args:
        path: the file, or a scan in an OME-Zarr or OME-TIFF, by its modality; or the address of a file, as
            file:///scans/panel.tif; of a TIFF, as https://... or s3://..., see `files.addresses`; or of the
            `info.json` of a IIIF image.
        modality: what the scan shows: "rgb", "irr", "xray", "uvf", ...; None takes what the file says, else
            "rgb".
        white: the sample that stands for white; None takes what the file states, else that of the depth.

    Raises:
        BadUsage: the path is a folder of another kind, a stack of several scans, or a white that the scan
            cannot have.
        UnknownName: the stack has no such scan.
        UnreadableFile: missing, empty, truncated, damaged or a decompression bomb.
        UnsupportedFile: sound, but CMYK, palette, signed integers, a sensor that is no Bayer one, ...
        MissingExtra: camera raw, and rawpy is not installed.
    """
    place = find_place(path)
    if isinstance(place, Remote):
        return scan_with_white(open_remote(place, modality=modality or "rgb"), white)
    path = place
    stack = stack_at(path)
    if stack is None:
        return scan_with_white(open_scan(path, modality=modality or "rgb"), white)
    if len(stack) > 1:
        raise BadUsage(
            f"{path} is a stack of {', '.join(stack)}, but one scan is needed; name it, for example "
            f"{path / stack.primary.modality}"
        )
    return scan_with_white(replace(stack.primary, modality=modality or stack.primary.modality), white)


def find_place(path: str | os.PathLike[str]) -> Path | Remote:
    """Return where a path or an address leads; an address that a format reads itself stays a path.

    A IIIF image is such: its tiles have addresses of their own.

    Raises:
        MissingExtra, UnreadableFile: as `locate`.
    """
    plain = Path(path)
    if not plain.exists() and (stack_format(plain) or stack_format(plain.parent)):
        return plain
    return locate(path)


def stack_at(path: Path) -> Stack | None:
    """Open a stack whose scans have names of their own, or one scan of it (as "panel.ome.zarr/irr").

    Returns:
        the stack; None: what lies there is of another kind.

    Raises:
        UnknownName: the stack has no such scan.
        UnreadableFile, UnsupportedFile, GridMismatch: as the reader of the format.
    """
    if (stack := open_stack(path, named=True)) is not None:
        return stack
    # A scan in a stack is no file, and need not be a folder.
    if path.exists() or (stack := open_stack(path.parent, named=True)) is None:
        return None
    return Stack((stack[path.name],), title=stack.title)


def open_stack(path: Path, *, named: bool) -> Stack | None:
    """Open a stack in whatever format recognizes it; None: none does.

    Args:
        path: a file or a folder.
        named: True leaves out formats whose scans cannot be named one by one.
    """
    for one in recognize(path, StackReader):
        if named and not one.FACTS.names_scans:
            continue
        with untrusted(path, what=what_is(one.FACTS)):
            stack = one.open_stack(path)
        if stack is not None:
            return replace(stack, scans=tuple(_check(scan, path, one) for scan in stack.scans))
    return None


def open_scan(path: Path, *, modality: str = "rgb", bilevel: bool = False) -> Scan:
    """Open a scan; `bilevel` takes 1-bit files too, as 0 and 255 (for masks)."""
    one = scan_format(path)
    with untrusted(path, what=what_is(one.FACTS)):
        scan = one.open_scan(path, modality=modality, bilevel=bilevel)
    return _check(scan, path, one)


def open_remote(place: Remote, *, modality: str = "rgb") -> Scan:
    """Open a TIFF at an address.

    Raises:
        UnreadableFile: damaged, or the server cannot hand out parts.
        UnsupportedFile: no TIFF.
    """
    one = formats(ScanReader)["tiff"]
    there = cast(Path, place)  # it has what the reader of TIFF asks of a path
    with untrusted(place, what=what_is(one.FACTS)):
        with place.open() as file:
            start = file.read(START_BYTES)
        if not one.recognizes(there, start):
            raise UnsupportedFile(
                f"{place} is not a TIFF; other files are read from a disk only, copy it first"
            )
        scan = one.open_scan(there, modality=modality, bilevel=False)
        return settle(scan)


def _check(scan: Scan, path: Path, one: Format) -> Scan:
    """Return a scan whose metadata can be written back, and whose pixels are read under guard."""
    with untrusted(path, what=what_is(one.FACTS)):
        return settle(guard(scan, path) if is_outside(one) else scan)
