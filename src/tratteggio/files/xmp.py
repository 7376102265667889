"""XMP packets: how they are parsed, and how a JPEG holds a long one.

A JPEG holds a standard part of at most 64 kB, and an extended part in as many segments as needed. Source: XMP
Specification, part 3 (Adobe 2020), section 1.1.3.1: the two are RDF that is to be merged; the standard part
names the other by its MD5 digest, in xmpNote:HasExtendedXMP.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from xml.dom import minidom
from xml.parsers.expat import ExpatError, ParserCreate

EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
BASIC = "http://ns.adobe.com/xap/1.0/"
NOTE = "http://ns.adobe.com/xmp/note/"
HEAD = struct.Struct(">32sII")  # digest in hexadecimal, length of the whole, where this part begins
PART = 65_000  # bytes of the extended part in a segment
STANDARD = 60_000  # bytes that are left in the standard part
DEEPEST = 100  # elements within each other; structures of XMP nest about ten
POINTER = re.compile(
    rb'\s+\w+:HasExtendedXMP\s*=\s*(?:"[^"]*"|\'[^\']*\')'
    rb"|<(\w+):HasExtendedXMP\b[^>]*>[^<]*</\1:HasExtendedXMP\s*>"
)
STATED = re.compile(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Fa-f]{32})")


def joined(standard: bytes, segments: Iterable[bytes]) -> tuple[bytes, bool]:
    """Join the standard part with the segments of its extended part.

    Args:
        standard: the packet.
        segments: what follows the signature `EXTENSION` in each segment, in any order.

    Returns:
        the packet with all properties, and whether all are there: False where segments are missing or
        damaged. No packet points to an extended part.
    """
    stated = STATED.search(standard)
    alone = POINTER.sub(b"", standard)
    if stated is None:
        return alone, True
    extended = _extended_part(stated[1].upper(), segments)
    merged = None if extended is None else _merge(alone, extended)
    return (alone, False) if merged is None else (merged, True)


def _extended_part(digest: bytes, segments: Iterable[bytes]) -> bytes | None:
    """Return the extended part of that digest, None if it is not whole."""
    parts: dict[int, bytes] = {}
    size = None
    for segment in segments:
        if len(segment) >= HEAD.size:
            own, whole, start = HEAD.unpack_from(segment)
            if own.upper() == digest:
                parts[start], size = segment[HEAD.size :], whole
    made = bytearray()
    for start in sorted(parts):
        if start != len(made):
            return None
        made += parts[start]
    return bytes(made) if size == len(made) else None


def without_thumbnails(packet: bytes) -> tuple[bytes, bool]:
    """Return a packet without the small pictures in it (xmp:Thumbnails), and whether there were any."""
    if b"Thumbnails" not in packet:
        return packet, False
    document = parse(packet)
    found = [] if document is None else document.getElementsByTagNameNS(BASIC, "Thumbnails")
    for prop in found:
        if prop.parentNode is not None:
            prop.parentNode.removeChild(prop)
    return (_serialise(document), True) if document is not None and found else (packet, False)


def _merge(standard: bytes, extended: bytes) -> bytes | None:
    """Put the descriptions of one packet behind those of the other; None if either is no RDF."""
    one, other = parse(standard), parse(extended)
    here, there = rdf_of(one), rdf_of(other)
    if one is None or here is None or there is None:
        return None
    for description in elements(there):
        taken = one.importNode(description, True)
        _declare(taken, there)
        here.appendChild(taken)
    return _serialise(one)


def split(packet: bytes) -> tuple[bytes, list[bytes]]:
    """Cut a packet that is too long for one segment of a JPEG.

    The longest properties become the extended part, so that what is short can be read by all.

    Returns:
        the standard packet, and what follows the signature `EXTENSION` in each segment. No segments, and the
        packet as it is, if it cannot be cut.
    """
    document = parse(packet)
    root = rdf_of(document)
    if document is None or root is None:
        return packet, []
    taken = _take_longest(document, root, len(packet) - STANDARD)
    rdf = f'<rdf:RDF xmlns:rdf="{RDF}">{"".join(taken)}</rdf:RDF>'
    extended = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}</x:xmpmeta>'.encode()
    digest = hashlib.md5(extended, usedforsecurity=False).hexdigest().upper()
    pointer = document.createElementNS(RDF, f"{root.prefix}:Description" if root.prefix else "Description")
    pointer.setAttribute(f"{root.prefix}:about" if root.prefix else "about", "")
    pointer.setAttribute("xmlns:xmpNote", NOTE)
    pointer.setAttribute("xmpNote:HasExtendedXMP", digest)
    root.appendChild(pointer)
    standard = _serialise(document)
    parts = [extended[start : start + PART] for start in range(0, len(extended), PART)]
    heads = [HEAD.pack(digest.encode(), len(extended), number * PART) for number in range(len(parts))]
    return standard, [head + part for head, part in zip(heads, parts, strict=True)]


def _take_longest(document: minidom.Document, root: minidom.Element, excess: int) -> list[str]:
    """Take the longest properties out until a packet is short enough; each in a description of its own."""
    found = [
        (len(prop.toxml().encode()), description, prop)
        for description in elements(root)
        for prop in elements(description)
    ]
    taken = []
    for size, description, prop in sorted(found, key=lambda one: -one[0]):
        if excess <= 0:
            break
        description.removeChild(prop)
        alone = document.createElementNS(RDF, "rdf:Description")
        alone.setAttribute("rdf:about", about_of(description))
        alone.appendChild(prop)
        _declare(alone, description)
        _declare(alone, root)
        taken.append(alone.toxml())
        excess -= size
    if excess > 0:  # long attributes: all descriptions go
        for description in list(elements(root)):
            root.removeChild(description)
            _declare(description, root)
            taken.append(description.toxml())
    return taken


def about_of(description: minidom.Element) -> str:
    """Return what a description is about."""
    return str(description.getAttributeNS(RDF, "about"))


def parse(packet: bytes) -> minidom.Document | None:
    """Parse a packet; None if it is no sound XML in UTF-8, or declares entities, which XMP has no use for."""
    packet = packet.strip(b"\0 \r\n\t")
    # In UTF-16, which has a zero in each tag, declarations would be overlooked.
    if b"\0" in packet or b"<!" in packet.replace(b"<!--", b"").replace(b"<![CDATA[", b""):
        return None
    try:
        packet.decode("utf-8")
        _require_shallow(packet)
        return minidom.parseString(packet)
    except (ExpatError, ValueError, LookupError):
        return None


def _require_shallow(packet: bytes) -> None:
    """Refuse elements that are nested without end: minidom walks them by recursion.

    Raises:
        ValueError: they are.
        ExpatError: no sound XML.
    """
    depth = 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise ValueError(f"{name} is nested deeper than {DEEPEST}")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(packet, True)


def rdf_of(document: minidom.Document | None) -> minidom.Element | None:
    """Return the element rdf:RDF of a packet, which holds its descriptions."""
    found = [] if document is None else document.getElementsByTagNameNS(RDF, "RDF")
    return found[0] if found else None


def elements(parent: minidom.Element) -> Iterator[minidom.Element]:
    """Yield the elements in an element."""
    return iter([node for node in parent.childNodes if isinstance(node, minidom.Element)])


def _declare(element: minidom.Element, source: minidom.Element) -> None:
    """Give an element the namespaces that hold where it comes from."""
    node: minidom.Node | None = source
    while isinstance(node, minidom.Element):
        for name, value in node.attributes.items():
            if name.startswith("xmlns") and not element.hasAttribute(name):
                element.setAttribute(name, value)
        node = node.parentNode


def _serialise(document: minidom.Document) -> bytes:
    """Serialise a packet without an XML declaration, which packets do not have."""
    return "\n".join(node.toxml() for node in document.childNodes).encode()
