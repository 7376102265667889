"""One property of an XMP packet: read, or set while all else keeps its bytes."""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.dom import minidom
from xml.sax.saxutils import quoteattr

from tratteggio.files.xmp import RDF, about_of, elements, parse, rdf_of

EMPTY = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    f'<rdf:RDF xmlns:rdf="{RDF}"></rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
).encode()


class Property(NamedTuple):
    """The name of a property: its namespace, the usual prefix of that, and its own name."""

    namespace: str
    prefix: str
    name: str


def get_property(packet: bytes, one: Property) -> str | None:
    """Return the text of a property; None if it is not there, or the packet is no sound RDF."""
    for element in _read_properties(packet) or ():
        if _is(element, one):
            if isinstance(element, minidom.Attr):
                return str(element.value)
            return "".join(node.data for node in element.childNodes if isinstance(node, minidom.Text)).strip()
    return None


def other_properties(packet: bytes | None, one: Property) -> list[str] | None:
    """Return all properties of a packet but one, as text, sorted; None if the packet is no sound RDF."""
    found = [] if packet is None else _read_properties(packet)
    return None if found is None else sorted(_text(prop) for prop in found if not _is(prop, one))


def set_property(packet: bytes, one: Property, text: str) -> bytes | None:
    """Return a packet with this text as the only value of a property.

    The text is spliced in, so all else in the packet keeps its bytes.

    Args:
        packet: as a file holds it; `EMPTY` to begin one.
        one: what is set.
        text: its value.

    Returns:
        the packet; None if it is no sound RDF in UTF-8, declares entities, or cannot be spliced safely.

    Example:
        >>> rights = Property("http://purl.org/dc/terms/", "dcterms", "license")
        >>> get_property(set_property(EMPTY, rights, "CC0"), rights)
        'CC0'
    """
    root = rdf_of(parse(packet))
    others = other_properties(packet, one)
    if root is None or others is None:
        return None
    said = [prop.prefix for prop in _read_properties(packet) or () if _is(prop, one) and prop.prefix]
    for prefix in said:
        packet = re.sub(_written(prefix, one.name), b"", packet)
    prefix = f"{root.prefix}:" if root.prefix else ""
    # All descriptions of a packet are of one resource, so they must name the same.
    about = next((about_of(description) for description in elements(root)), "")
    added = (
        f"<{prefix}Description {prefix or 'rdf:'}about={quoteattr(about)}"
        f"{'' if prefix else f' xmlns:rdf={quoteattr(RDF)}'}"
        f" xmlns:{one.prefix}={quoteattr(one.namespace)} {one.prefix}:{one.name}={quoteattr(text)}/>"
    ).encode()
    end = f"</{prefix}RDF".encode()
    before, found, after = packet.rpartition(end)
    made = before + added + found + after
    sound = found and get_property(made, one) == text and other_properties(made, one) == others
    return made if sound else None


def _written(prefix: str, name: str) -> bytes:
    """Return a pattern for a property as it may be written: an attribute, or an element with a text."""
    own = re.escape(f"{prefix}:{name}")
    return rf"\s{own}\s*=\s*(?:\"[^\"]*\"|'[^']*')|<{own}\b[^<>]*/>|<{own}\b[^<>]*>[^<]*</{own}\s*>".encode()


def _read_properties(packet: bytes) -> list[minidom.Attr | minidom.Element] | None:
    """Return the properties of a packet, attributes and elements; None if it is no sound RDF."""
    root = rdf_of(parse(packet))
    if root is None:
        return None
    found: list[minidom.Attr | minidom.Element] = []
    for description in elements(root):
        found += [
            one
            for one in map(description.getAttributeNode, description.attributes.keys())
            if one is not None and not _is_frame(one.name)
        ]
        found += elements(description)
    return found


def _is(prop: minidom.Attr | minidom.Element, one: Property) -> bool:
    return (prop.namespaceURI, prop.localName) == (one.namespace, one.name)


def _text(prop: minidom.Attr | minidom.Element) -> str:
    if isinstance(prop, minidom.Element):
        return str(prop.toxml())
    return f"{prop.namespaceURI} {prop.localName} {prop.value}"


def _is_frame(attribute: str) -> bool:
    """True for attributes of a description that are no properties."""
    return attribute.startswith("xmlns") or attribute.rpartition(":")[2] == "about"
