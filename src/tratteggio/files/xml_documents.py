"""XML from outside: no entities of its own, no more elements or levels than a sound file has."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET
from xml.parsers import expat

from tratteggio.errors import UnreadableFile
from tratteggio.files.limits import require_metadata

MOST_ELEMENTS = 500_000
DEEPEST = 200


def parse_xml(data: bytes, path: Path, *, what: str) -> ET.Element:
    """Parse an XML document; call it within `untrusted`.

    Args:
        data: the document.
        path: the file that it comes from, for messages.
        what: what it should be, for messages: "SVG file".

    Raises:
        UnreadableFile: it defines entities (a few of them expand to any size), has too many elements, or too
            many levels.
        xml.parsers.expat.ExpatError: it is not XML.
    """
    require_metadata(path, len(data))
    depth = elements = 0

    def begin(*_: object) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > DEEPEST or elements > MOST_ELEMENTS:
            raise UnreadableFile(
                f"{path} has more than {DEEPEST} levels or {MOST_ELEMENTS:,} elements, so it is no sound "
                f"{what}"
            )

    def end(*_: object) -> None:
        nonlocal depth
        depth -= 1

    def define(*_: object) -> None:
        raise UnreadableFile(
            f"{path} defines XML entities, which a sound {what} does not need; save it again without them"
        )

    # A first pass only counts: the tree of a hostile file may take more memory than the file.
    counter = expat.ParserCreate()
    counter.StartElementHandler, counter.EndElementHandler, counter.EntityDeclHandler = begin, end, define
    counter.Parse(data, True)
    return ET.fromstring(data)
