"""From an OME-TIFF that we wrote back to a stack: names from its OME-XML, pixels read by region.

Only what `write` wrote is a stack here. An OME-TIFF of another program is a TIFF like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

from tratteggio.errors import UnreadableFile
from tratteggio.files import exif, ifd
from tratteggio.files.documents import parse_json
from tratteggio.files.histories import WHAT, require_history
from tratteggio.files.untrusted import untrusted
from tratteggio.formats._ome_tiff.write import DESCRIPTION, NAMESPACE, SEEN
from tratteggio.formats._tiff.directories import open_tiff
from tratteggio.formats._tiff.read import open_scan
from tratteggio.painting import Mapped, Metadata, Scan, Stack
from tratteggio.painting.pixels import Array

OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"


@dataclass(frozen=True)
class _Picture:
    """What the OME-XML says of one picture of the file.

    Attributes:
        number: of the picture in the file, from 0.
        modality: of the scan.
        facts: our own entries: title, history.
        description: the text that described the source of the scan, or "".
    """

    number: int
    modality: str
    facts: dict[str, str]
    description: str


def read_ome_tiff(path: Path) -> Stack | None:
    """Open all scans of an OME-TIFF that we wrote; no pixel is decoded. None: it is not one of ours.

    Raises:
        UnreadableFile: damaged.
        GridMismatch: the scans are not on one grid.
    """
    pictures = _pictures(path)
    if not pictures:
        return None
    scans: list[Scan] = []
    for picture in pictures:
        scan = _scan(path, picture)
        if scans and scan.modality == scans[-1].modality + SEEN:
            scans[-1] = replace(scans[-1], seen=Mapped(scan.pixels, _is_seen, 0, np.dtype(bool)))
        else:
            scans.append(scan)
    return Stack(tuple(scans), title=pictures[0].facts.get("title") or "")


def ome_tiff_history(path: Path) -> dict[str, Any] | None:
    """Return how the stack in an OME-TIFF came to be, or None if it does not say.

    Raises:
        UnreadableFile: the history is damaged.
    """
    histories = [picture.facts["history"] for picture in _pictures(path) if "history" in picture.facts]
    return require_history(parse_json(histories[0], path, what=WHAT), path) if histories else None


def _scan(path: Path, picture: _Picture) -> Scan:
    scan = open_scan(path, modality=picture.modality, picture=picture.number)
    metadata = _described(scan.metadata, picture.description)
    return replace(scan, metadata=metadata, name=str(path / picture.modality))


def _pictures(path: Path) -> list[_Picture]:
    """Read the OME-XML; empty if there is none, or none of ours."""
    with open_tiff(path) as tiff:
        text = tiff.ome_metadata
    with untrusted(path, what="OME-TIFF file: its OME-XML cannot be read"):
        found = list(_listed(ET.fromstring(text))) if text else []
    if len({picture.number for picture in found}) < len(found):
        raise UnreadableFile(f"{path} is damaged: its OME-XML names a picture twice")
    return found


def _listed(root: ET.Element) -> Iterator[_Picture]:
    ours = {
        note.attrib["ID"]: {entry.attrib["K"]: entry.text or "" for entry in note.iter(f"{OME}M")}
        for note in root.iter(f"{OME}MapAnnotation")
        if note.get("Namespace") == NAMESPACE
    }
    for image in root.iter(f"{OME}Image"):
        for reference in image.iter(f"{OME}AnnotationRef"):
            if (facts := ours.get(reference.attrib["ID"])) is not None:
                data = image.find(f".//{OME}TiffData")
                if data is None:
                    raise ValueError("an image without TiffData")
                number = int(data.attrib["IFD"])
                yield _Picture(number, facts["modality"], facts, image.findtext(f"{OME}Description") or "")


def _described(metadata: Metadata, text: str) -> Metadata:
    """Put the text that described the source back where the OME-XML took its place."""
    found = exif.parse(metadata.exif) if metadata.exif else exif.Directories()
    data = text.encode() + b"\0"
    own = (ifd.Entry(DESCRIPTION, 2, len(data), data),) if text else ()
    main = (*own, *(entry for entry in found.main if entry.code != DESCRIPTION))
    kept = replace(found, main=main)
    return replace(metadata, exif=exif.build(kept) if main or kept.exif or kept.gps else None)


def _is_seen(levels: Array) -> Array:
    seen: Array = levels != 0
    return seen
