"""A folder of scans with a small `painting.toml`, which says what each file shows.

    title = "Saint with a book"

    [[scan]]
    file = "visible.tif"        # from this folder
    modality = "rgb"

    [[scan]]
    file = "infrared.tif"
    modality = "irr"
    um_per_px = 50.0            # micrometres per pixel; may be left out

The scans must share a grid already; `tratteggio register` brings them onto one.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.files.laying import require_alike
from tratteggio.files.reading import open_scan
from tratteggio.painting import Metadata, Scan, Stack
from tratteggio.registry import unknown

log = logging.getLogger("tratteggio")

NAME = "painting.toml"
KEYS = ("title", "scan")
SCAN_KEYS = ("file", "modality", "um_per_px")
PLAUSIBLE_UM = (0.1, 10_000.0)  # finer than light shows; a centimetre


def read_folder(folder: Path) -> Stack:
    """Open the scans that a folder's `painting.toml` names, lazily.

    Raises:
        BadUsage: an unknown or missing key, or a value that cannot be; the message names it. Or scans with
            different orientation tags.
        UnreadableFile: no TOML, or a scan is missing or damaged.
        GridMismatch: the scans differ in size.
    """
    file = folder / NAME
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableFile(f"{file} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UnreadableFile(f"{file} is not TOML: {error}") from error
    _require_keys(file, said, KEYS)
    entries = said.get("scan", [])
    if not isinstance(entries, list) or not entries:
        raise BadUsage(f"{file} names no scan; give each a [[scan]] with `file` and `modality`")
    title = said.get("title", "")
    if not isinstance(title, str):
        raise BadUsage(f"{file}: the title is a text in quotes, got {title!r}")
    scans = [_scan(file, number, entry) for number, entry in enumerate(entries, 1)]
    for scan in scans:
        require_alike(scans[0], scan)
    return Stack(tuple(scans), title=title)


def _scan(file: Path, number: int, entry: Any) -> Scan:
    """Open one scan as its entry says."""
    if not isinstance(entry, dict):
        raise BadUsage(f"{file}: scan {number} is a table [[scan]], got {entry!r}")
    _require_keys(file, entry, SCAN_KEYS)
    for key in ("file", "modality"):
        if not isinstance(entry.get(key), str) or not entry[key]:
            raise BadUsage(f"{file}: scan {number} needs `{key}`, a text in quotes, got {entry.get(key)!r}")
    path = file.parent / entry["file"]
    if not path.is_file():
        raise UnreadableFile(f"{file} names {entry['file']}, but there is no such file in {file.parent}")
    scan = open_scan(path, modality=entry["modality"])
    um = entry.get("um_per_px")
    return scan if um is None else replace(scan, metadata=_scaled(file, scan, um))


def _scaled(file: Path, scan: Scan, um: Any) -> Metadata:
    """Return the metadata of a scan with another physical scale."""
    low, high = PLAUSIBLE_UM
    if isinstance(um, bool) or not isinstance(um, int | float) or not low <= um <= high:
        raise BadUsage(
            f"{file}: um_per_px of {scan.modality} is a number of micrometres per pixel, {low:g} to {high:g} "
            f"(0.05 mm is 50), got {um!r}"
        )
    stated = scan.um_per_px
    if stated is not None and abs(um / stated - 1) > 0.01:
        log.warning(
            "%s says %g micrometres per pixel of %s, where the file itself says %.4g; %s is taken",
            file,
            um,
            scan.modality,
            stated,
            NAME,
        )
    return replace(scan.metadata, resolution=(10_000 / um, 10_000 / um), unit="cm")


def _require_keys(file: Path, table: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse keys that would be passed over."""
    for key in table:
        if key not in known:
            raise BadUsage(f"{file}: {unknown('key', key, known)}")
