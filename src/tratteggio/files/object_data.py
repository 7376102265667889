"""What a museum knows of a painting, as its `painting.toml` states it.

    title = "Saint with a book"

    [object]
    inventory_number = "GG 1432"
    artist = "unknown, Venice"
    date = "around 1520"
    technique = "oil on poplar"
    dimensions_cm = [73.4, 54.1]        # height and width
    owner = "Museum of Tests"
    location = "studio 2"

    [[treatment]]
    date = 2026-03-02
    by = "A. Conservator"
    what = "Surface dirt removed."

All keys may be left out. Texts are shown as they are and never read as markup.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from tratteggio.errors import BadUsage
from tratteggio.files.documents import read_toml, require
from tratteggio.registry import unknown

NAME = "painting.toml"
WHAT = "description of a painting"
REMEDY = "correct it in a text editor"
KEYS = ("title", "scan", "object", "treatment")
MOST_ENTRIES = 1000  # of a treatment log
DIFFERS = 0.05  # of a side: beyond, the stated size and the scale of the scan contradict each other

Text = Annotated[str, Meta(max_length=1000)]
Centimetres = Annotated[float, Meta(gt=0, le=100_000)]


class Treatment(Struct):
    """One entry of the treatment log.

    Attributes:
        date: of the work.
        what: was done.
        by: whom.
    """

    date: date
    what: Annotated[str, Meta(min_length=1, max_length=10_000)]
    by: Text = ""


class _Object(Struct, frozen=True):
    """[object]."""

    inventory_number: Text = ""
    artist: Text = ""
    date: Text = ""
    technique: Text = ""
    dimensions_cm: tuple[Centimetres, Centimetres] | None = None
    owner: Text = ""
    location: Text = ""


class _Scan(Struct):
    """[[scan]], of which `formats.folder` reads more."""

    file: str = ""


class _Description(Struct):
    """What is read here of the file."""

    title: Annotated[str, Meta(max_length=10_000)] = ""
    scan: list[_Scan] = []
    object: _Object = _Object()
    treatment: Annotated[list[Treatment], Meta(max_length=MOST_ENTRIES)] = []


@dataclass(frozen=True)
class ObjectData:
    """What is known of a painting as an object; "" or None if it is not stated.

    Attributes:
        title, inventory_number, artist, date, technique, owner, location: texts.
        dimensions_cm: height and width.
        treatments: the log, in the order of the file.
        files: the scans that the file names.
    """

    title: str = ""
    inventory_number: str = ""
    artist: str = ""
    date: str = ""
    technique: str = ""
    dimensions_cm: tuple[float, float] | None = None
    owner: str = ""
    location: str = ""
    treatments: tuple[Treatment, ...] = ()
    files: tuple[str, ...] = ()


def read_object(path: str | os.PathLike[str]) -> ObjectData:
    """Read what a `painting.toml` says of the object; it need not name scans.

    Raises:
        BadUsage: a key is unknown or holds something else; the message names it.
        UnreadableFile: missing, or no TOML.
    """
    path = Path(path)
    return object_in(read_toml(path, what="TOML file"), path)


def object_in(table: Mapping[str, Any], file: Path) -> ObjectData:
    """Return what a parsed `painting.toml` says of the object.

    Raises:
        BadUsage: as `read_object`.
    """
    require_keys(file, table, KEYS)
    stated, log = table.get("object"), table.get("treatment")
    require_keys(file, stated if isinstance(stated, dict) else {}, _Object.__struct_fields__)
    for entry in log if isinstance(log, list) else []:
        require_keys(file, entry if isinstance(entry, dict) else {}, Treatment.__struct_fields__)
    found = require(dict(table), _Description, file, what=WHAT, remedy=REMEDY, error=BadUsage)
    own = {name: getattr(found.object, name) for name in _Object.__struct_fields__}
    scans = tuple(scan.file for scan in found.scan)
    return ObjectData(title=found.title, treatments=tuple(found.treatment), files=scans, **own)


def require_keys(file: Path, table: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse keys that would be passed over.

    Raises:
        BadUsage: there is one; the message gives the nearest that is known.
    """
    for key in table:
        if key not in known:
            raise BadUsage(f"{file}: {unknown('key', key[:100], known)}")
