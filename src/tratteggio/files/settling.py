"""What a file says about its pixels, settled on opening: what makes no sense is left out, and a note says so.

A damaged resolution or profile is no reason to refuse a painting. But it must not come to light hours later,
when the output is written.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from tratteggio.files import exif
from tratteggio.painting import Metadata, Scan

log = logging.getLogger("tratteggio")

ICC_HEADER = 128  # bytes; no profile is shorter (ICC.1:2022, 7.2)
EXTRA_SAMPLES = (0, 1, 2)  # TIFF 6.0, section 18
PLAIN = 0  # an extra sample of which nothing is said


def settle(scan: Scan) -> Scan:
    """Return a scan whose metadata can be written back; what cannot is left out, with a note."""
    settled = _settle(scan.metadata, scan.name)
    return scan if settled == scan.metadata else replace(scan, metadata=settled)


def _settle(metadata: Metadata, name: str) -> Metadata:
    out: dict[str, Any] = {}
    if metadata.resolution is not None and not all(map(exif.is_stored, metadata.resolution)):
        _note(name, "its resolution makes no sense and is left out")
        out |= {"resolution": None, "unit": "none"}
    elif metadata.unit not in exif.UNITS.values():
        _note(name, "the unit of its resolution is unknown and is left out")
        out["unit"] = "none"
    if metadata.orientation not in range(1, 9):
        _note(name, "its orientation makes no sense; the pixels are taken as stored")
        out["orientation"] = 1
    if metadata.icc is not None and len(metadata.icc) < ICC_HEADER:
        _note(name, "its colour profile is damaged and is left out")
        out["icc"] = None
    if metadata.exif is not None and not _can_be_written(metadata.exif):
        _note(name, "its EXIF block is damaged and is left out")
        out["exif"] = None
    foreign = dict(metadata.foreign)
    if foreign.get("extrasample", PLAIN) not in EXTRA_SAMPLES:
        _note(name, f"its extra channel is of the unknown kind {foreign['extrasample']}; it is kept as it is")
        foreign["extrasample"] = PLAIN
    if foreign.get("photometric", "miniswhite") != "miniswhite":
        _note(name, "how its grey levels are meant makes no sense and is left out")
        del foreign["photometric"]
    return replace(metadata, foreign=foreign, **out)


def _note(name: str, sentence: str) -> None:
    log.warning("%s is damaged: %s", name, sentence)


def _can_be_written(block: bytes) -> bool:
    """True if a block of EXIF is one at all, and can be serialised again."""
    if block[:4] not in exif.ORDERS:
        return False
    try:
        exif.build(exif.parse(block))
    except Exception:  # noqa: BLE001 hostile values make the serialiser raise anything
        return False
    return True
