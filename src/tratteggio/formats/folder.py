"""A folder of scans with a small `painting.toml`, which says what each file shows.

    title = "Saint with a book"

    [[scan]]
    file = "visible.tif"        # from this folder
    modality = "rgb"

    [[scan]]
    file = "infrared.tif"
    modality = "irr"
    um_per_px = 50.0            # micrometres per pixel; may be left out

It may also say what is known of the painting as an object, for reports: `tratteggio.files.object_data`.

The scans must share a grid already; `tratteggio register` brings them onto one.

A file is named from the folder and must lie in it: who sends a folder must not choose what else is read.
`files.outside_allowed` lifts that for folders of your own.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.files import reading
from tratteggio.files.documents import read_toml, require
from tratteggio.files.object_data import NAME, REMEDY, WHAT, object_in, require_keys
from tratteggio.files.orientation import require_same_orientation
from tratteggio.files.outside import is_outside_allowed
from tratteggio.names import followed
from tratteggio.painting import Metadata, Scan, Stack
from tratteggio.roles import Facts, Keeps

log = logging.getLogger("tratteggio")

SCAN_KEYS = ("file", "modality", "um_per_px")
PLAUSIBLE_UM = (0.1, 10_000.0)  # finer than light shows; a centimetre

FACTS = Facts(title="folder", suffixes=(), keeps=Keeps(scans=True), folder=NAME)


class _Entry(Struct):
    """One [[scan]]."""

    file: Annotated[str, Meta(min_length=1, max_length=4096)]
    modality: Annotated[str, Meta(min_length=1, max_length=200)]
    um_per_px: float | None = None


class _Description(Struct):
    """Its scans."""

    scan: list[_Entry] = []


def recognizes(path: Path, start: bytes) -> bool:  # noqa: ARG001 one signature for all formats
    """True if a folder has a `painting.toml`."""
    return (path / NAME).is_file()


def read_history(path: Path) -> None:
    """Return None: a folder of scans does not say how it came to be."""


def open_stack(path: Path) -> Stack:
    """Open the scans that a folder's `painting.toml` names, lazily.

    Raises:
        BadUsage: a key is unknown or missing or holds something else, a file outside the folder, a scale
            that cannot be, or scans with different orientation tags; the message names it.
        UnreadableFile: no TOML, or a scan is missing or damaged.
        GridMismatch: the scans differ in size.
    """
    file = path / NAME
    table = read_toml(file, what="TOML file")
    described_object = object_in(table, file)
    entries = table.get("scan", [])
    for entry in entries if isinstance(entries, list) else []:
        require_keys(file, entry if isinstance(entry, dict) else {}, SCAN_KEYS)
    described = require(table, _Description, file, what=WHAT, remedy=REMEDY, error=BadUsage)
    if not described.scan:
        raise BadUsage(f"{file} names no scan; give each a [[scan]] with `file` and `modality`")
    scans = [_scan(file, entry) for entry in described.scan]
    for scan in scans:
        require_same_orientation(scans[0], scan)
    return Stack(tuple(scans), title=described_object.title)


def _scan(file: Path, entry: _Entry) -> Scan:
    """Open one scan as its entry says."""
    scan = reading.open_scan(_path_within(file, entry.file), modality=entry.modality)
    return (
        scan if entry.um_per_px is None else replace(scan, metadata=_with_scale(file, scan, entry.um_per_px))
    )


def _path_within(file: Path, name: str) -> Path:
    """Return where a named scan lies, links followed, which must be in the folder."""
    path = file.parent / name
    try:
        there = path.is_file()
        inside = followed(path).is_relative_to(followed(file.parent))
    except (OSError, ValueError, RuntimeError):  # a name that no file can have, or links in a circle
        there, inside = False, True
    if not (inside or is_outside_allowed()):
        raise BadUsage(
            f"{file} names {name}, which lies outside of its folder; copy the file into the folder, or allow "
            "it with `tratteggio.files.outside_allowed()`"
        )
    if not there:
        raise UnreadableFile(f"{file} names {name}, but there is no such file in {file.parent}")
    return path


def _with_scale(file: Path, scan: Scan, um: float) -> Metadata:
    """Return the metadata of a scan with another physical scale."""
    low, high = PLAUSIBLE_UM
    if not low <= um <= high:
        raise BadUsage(
            f"{file}: um_per_px of {scan.modality} is a number of micrometres per pixel, {low:g} to {high:g} "
            f"(0.05 mm is 50), got {um!r}"
        )
    stated = scan.um_per_px
    if stated is not None and abs(um / stated - 1) > 0.01:
        log.warning(
            "%s states %g micrometres per pixel for %s, but the file itself states %.4g; %s is used",
            file,
            um,
            scan.modality,
            stated,
            NAME,
        )
    return replace(scan.metadata, resolution=(10_000 / um, 10_000 / um), unit="cm")
