"""Extended XMP: joined when a JPEG is read, cut again when one is written, and whole in every format."""

from __future__ import annotations

import hashlib
import struct
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import tifffile
from PIL import Image

from tratteggio import files
from tratteggio.files.xmp import EXTENSION, joined, split
from tratteggio.painting import Metadata

XMP_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"
LONG = "cleaned; " * 12_000  # 108 kB


def packet(*properties, pointer=""):
    """A packet as Adobe's programs write it; namespaces stand on the description."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmpNote="http://ns.adobe.com/xmp/note/"'
        f'{pointer}>{"".join(properties)}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


SHORT = "<photoshop:Source>inventory 123</photoshop:Source>"
HISTORY = f"<photoshop:History>{LONG}</photoshop:History>"


def segments_of(extended, *, size=50_000, digest=None):
    digest = (digest or hashlib.md5(extended).hexdigest().upper()).encode()
    return [
        digest + struct.pack(">II", len(extended), start) + extended[start : start + size]
        for start in range(0, len(extended), size)
    ]


def extended_jpeg(path, *, parts=slice(None), order=1):
    """A JPEG of the usual making: a standard packet that points to an extended one in three segments."""
    extended = packet(HISTORY)
    digest = hashlib.md5(extended).hexdigest().upper()
    standard = packet(SHORT, pointer=f' xmpNote:HasExtendedXMP="{digest}"')
    Image.fromarray(np.full((16, 16, 3), 90, np.uint8)).save(path)
    whole = path.read_bytes()
    segments = [EXTENSION + part for part in segments_of(extended)[parts][::order]]
    blocks = b"".join(
        b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data
        for data in (XMP_SIGNATURE + standard, *segments)
    )
    path.write_bytes(whole[:2] + blocks + whole[2:])


def properties(xmp):
    found = {}
    for description in ET.fromstring(xmp).iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"):
        for prop in description:
            found[prop.tag.rpartition("}")[2]] = prop.text
        found |= {name.rpartition("}")[2]: value for name, value in description.attrib.items()}
    found.pop("about", None)
    return found


WHOLE = {"Source": "inventory 123", "History": LONG}


@pytest.mark.parametrize("order", [1, -1])
def test_the_parts_of_a_jpeg_are_joined_in_any_order(tmp_path, order):
    extended_jpeg(tmp_path / "a.jpg", order=order)
    assert properties(files.read(tmp_path / "a.jpg").metadata.xmp) == WHOLE


@pytest.mark.parametrize("target", ["b.tif", "b.png", "b.jpg"])
def test_all_of_it_reaches_every_format(tmp_path, target, caplog):
    extended_jpeg(tmp_path / "a.jpg")
    scan = files.read(tmp_path / "a.jpg")
    files.write(scan.pixels, tmp_path / target, metadata=scan.metadata)
    assert properties(files.read(tmp_path / target).metadata.xmp) == WHOLE
    assert "left out" not in caplog.text


def test_a_tiff_holds_one_packet_that_points_nowhere(tmp_path):
    extended_jpeg(tmp_path / "a.jpg")
    scan = files.read(tmp_path / "a.jpg")
    files.write(scan.pixels, tmp_path / "b.tif", metadata=scan.metadata)
    with tifffile.TiffFile(tmp_path / "b.tif") as tiff:
        xmp = bytes(tiff.pages[0].tags[700].value)
    assert b"HasExtendedXMP" not in xmp
    assert properties(xmp) == WHOLE


def test_a_jpeg_written_has_segments_as_the_specification_asks(tmp_path):
    files.write(np.zeros((8, 8), np.uint8), tmp_path / "b.jpg", metadata=Metadata(xmp=packet(SHORT, HISTORY)))
    with Image.open(tmp_path / "b.jpg") as image:
        found = [data for name, data in image.applist if name == "APP1"]
    standard = next(data for data in found if data.startswith(XMP_SIGNATURE))[len(XMP_SIGNATURE) :]
    parts = [data[len(EXTENSION) :] for data in found if data.startswith(EXTENSION)]
    extended = b"".join(part[40:] for part in parts)
    assert properties(standard)["Source"] == "inventory 123"  # short ones are for all readers
    assert properties(standard)["HasExtendedXMP"] == hashlib.md5(extended).hexdigest().upper()
    assert properties(extended) == {"History": LONG}
    starts = [struct.unpack_from(">II", part, 32) for part in parts]
    assert starts == [(len(extended), start) for start in range(0, len(extended), 65_000)]


@pytest.mark.parametrize("parts", [slice(1, None), slice(0, 2), slice(0, 0)])
def test_an_extended_part_that_is_not_whole_is_left_out_with_a_note(tmp_path, parts, caplog):
    extended_jpeg(tmp_path / "a.jpg", parts=parts)
    scan = files.read(tmp_path / "a.jpg")
    assert properties(scan.metadata.xmp) == {"Source": "inventory 123"}
    files.write(scan.pixels, tmp_path / "b.tif", metadata=scan.metadata)
    assert "the extended part of its XMP, which is not whole" in caplog.text


def test_namespaces_that_stand_further_out_are_kept():
    extended = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:q="urn:q"><r:RDF xmlns:q2="urn:q2" '
        b'xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about="">'
        b"<q:One>1</q:One><q2:Two>2</q2:Two></r:Description></r:RDF></x:xmpmeta>"
    )
    digest = hashlib.md5(extended).hexdigest()
    standard = packet(SHORT, f"<xmpNote:HasExtendedXMP>{digest}</xmpNote:HasExtendedXMP>")
    xmp, whole = joined(standard, segments_of(extended, digest=digest))
    assert whole
    assert properties(xmp) == {"Source": "inventory 123", "One": "1", "Two": "2"}


def test_entities_are_not_expanded():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + packet(SHORT)
    digest = hashlib.md5(bomb).hexdigest().upper()
    xmp, whole = joined(packet(SHORT, pointer=f' xmpNote:HasExtendedXMP="{digest}"'), segments_of(bomb))
    assert not whole
    assert properties(xmp) == {"Source": "inventory 123"}


@pytest.mark.parametrize("count", [1, 40])
def test_what_is_cut_is_joined_again(count):
    many = [f"<photoshop:P{n}>{'x' * (90_000 // count)}</photoshop:P{n}>" for n in range(count)]
    whole = packet(SHORT, *many)
    standard, parts = split(whole)
    assert len(standard) < 65_000
    assert all(len(part) < 65_100 for part in parts)
    again, complete = joined(standard, parts)
    assert complete
    assert properties(again) == properties(whole)


def test_long_attributes_are_cut_too():
    whole = packet(SHORT, pointer=f' photoshop:History="{LONG.strip()}"')
    standard, parts = split(whole)
    assert len(standard) < 65_000
    assert properties(joined(standard, parts)[0]) == properties(whole)


@pytest.mark.parametrize("source", ["a.jpg", "a.png", "a.tif"])
def test_small_pictures_in_xmp_go_with_a_note(tmp_path, source, caplog):
    small = (
        '<xmp:Thumbnails xmlns:xmp="http://ns.adobe.com/xap/1.0/"><rdf:Alt><rdf:li>'
        "/9j/4AAQSkZJRg==</rdf:li></rdf:Alt></xmp:Thumbnails>"
    )
    metadata = Metadata(xmp=packet(SHORT, small))
    files.write(np.zeros((8, 8), np.uint8), tmp_path / source, metadata=metadata)
    scan = files.read(tmp_path / source)
    assert properties(scan.metadata.xmp) == {"Source": "inventory 123"}
    files.write(scan.pixels, tmp_path / "b.tif", metadata=scan.metadata)
    assert "the small picture in it" in caplog.text
