"""Metadata compared by parsers that are not ours: what is lost, altered or broken is found, and named."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image

import tratteggio as tg
from tratteggio import files
from tratteggio.evaluation import verify
from tratteggio.evaluation.metadata import Finding, compare_files
from tratteggio.files import exif, ifd
from tratteggio.formats._tiff import tags
from tratteggio.painting import Lacunae, Metadata

GRID = (24, 32)
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:p="urn:p" p:Source="inv. 1"><p:Note>as found</p:Note>'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def text(code, value):
    data = value.encode() + b"\0"
    return ifd.Entry(code, 2, len(data), data)


def said():
    """Metadata of every group."""
    private = exif.Directories(
        main=(text(271, "maker"), text(33432, "museum")),
        exif=(text(36867, "2026:01:02 03:04:05"), ifd.short(37383, 2)),
        gps=(text(29, "2026:01:02"),),
    )
    return Metadata((300.0, 300.0), "inch", 6, None, exif.build(private), XMP)


def pixels():
    return np.random.default_rng(0).integers(0, 255, (*GRID, 3), np.uint8)


def written(path, metadata=None):
    files.write(pixels(), path, metadata=metadata or said())
    return path


def faults(source, result):
    found = compare_files(source, result, grid=GRID)
    assert found is not None
    return [finding for finding in found if not finding.intended]


@pytest.mark.parametrize("source", ["a.tif", "a.png", "a.jpg"])
@pytest.mark.parametrize("result", ["b.tif", "b.png", "b.jpg"])
def test_what_every_format_can_hold_arrives_in_every_other(tmp_path, source, result):
    scan = files.read(written(tmp_path / source))
    files.write(scan.pixels, tmp_path / result, metadata=scan.metadata)
    assert faults(tmp_path / source, tmp_path / result) == []


@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg"])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"xmp": None}, {("XMP Note", "missing"), ("XMP Source", "missing")}),
        ({"xmp": XMP.replace(b"found", b"fixed")}, {("XMP Note", "changed")}),
        ({"exif": None}, {
            ("Make", "missing"), ("Copyright", "missing"), ("GPS GPSDateStamp", "missing"),
            ("EXIF DateTimeOriginal", "missing"), ("EXIF MeteringMode", "missing"),
        }),
        ({"orientation": 1}, {("orientation", "missing")}),
        ({"orientation": 3}, {("orientation", "changed")}),
        ({"resolution": (150.0, 300.0)}, {("resolution", "changed")}),
    ],
)  # fmt: skip
def test_what_is_lost_or_altered_is_named(tmp_path, suffix, change, expected):
    written(tmp_path / f"a{suffix}")
    written(tmp_path / f"b{suffix}", replace(said(), **change))
    found = faults(tmp_path / f"a{suffix}", tmp_path / f"b{suffix}")
    assert {(finding.tag, finding.state) for finding in found} == expected


def test_a_tag_that_our_reader_drops_is_missed(tmp_path, monkeypatch):
    """Our own reader, compared with itself, would find nothing."""
    tag = (281, 3, 1, 250, True)
    tifffile.imwrite(tmp_path / "a.tif", pixels()[..., 0], metadata=None, extratags=[tag])
    monkeypatch.setattr(tags, "LAYOUT", tags.LAYOUT | {281})
    scan = files.read(tmp_path / "a.tif")
    files.write(scan.pixels, tmp_path / "b.tif", metadata=replace(scan.metadata, white=None))
    assert faults(tmp_path / "a.tif", tmp_path / "b.tif") == [Finding("TIFF 281", "missing")]


def test_extended_xmp_that_is_lost_is_missed(tmp_path):
    long = XMP.replace(b"as found", b"cleaned; " * 10_000)
    written(tmp_path / "a.jpg", replace(said(), xmp=long))
    written(tmp_path / "b.tif", replace(said(), xmp=XMP.replace(b"<p:Note>as found</p:Note>", b"")))
    assert faults(tmp_path / "a.jpg", tmp_path / "b.tif") == [Finding("XMP Note", "missing")]


def test_a_pointer_to_xmp_that_is_not_there_is_invalid(tmp_path):
    dangling = XMP.replace(b"p:Source=", b'xmlns:n="urn:n" n:HasExtendedXMP="' + b"0" * 32 + b'" p:Source=')
    written(tmp_path / "a.jpg")
    written(tmp_path / "b.jpg", replace(said(), xmp=dangling))
    found = faults(tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert [(finding.tag, finding.state) for finding in found] == [("XMP", "invalid")]


def with_thumbnail(path):
    small = tmp_jpeg()
    image = Image.Exif()
    head = b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 274, 3, 1, 1) + struct.pack("<I", 26)
    block = head + struct.pack("<H", 2) + struct.pack("<HHII", 513, 4, 1, 56)
    block += struct.pack("<HHII", 514, 4, 1, len(small)) + bytes(4) + small
    image.load(b"Exif\0\0" + block)
    Image.fromarray(pixels()).save(path, exif=b"Exif\0\0" + block)
    return path


def tmp_jpeg():
    import io

    out = io.BytesIO()
    Image.fromarray(np.full((4, 4), 9, np.uint8)).save(out, "JPEG")
    return out.getvalue()


def test_a_small_picture_of_the_source_is_invalid_and_none_is_intended(tmp_path):
    source = with_thumbnail(tmp_path / "a.jpg")
    with_thumbnail(tmp_path / "b.jpg")
    assert faults(source, tmp_path / "b.jpg") == [
        Finding("thumbnail", "invalid", "it still shows the source")
    ]
    scan = files.read(source)
    files.write(scan.pixels, tmp_path / "c.jpg", metadata=scan.metadata)
    found = compare_files(source, tmp_path / "c.jpg", grid=GRID)
    assert found == (Finding("thumbnail", "missing", "it shows the source", intended=True),)


def test_a_maker_note_that_was_moved_is_invalid(tmp_path):
    note = struct.pack("<HHHII", 1, 6, 2, 16, 300) + bytes(4) + b"EOS serial 0042\0"
    first = exif.Directories(exif=(ifd.Entry(37500, 7, len(note), note),))
    second = replace(first, main=(text(271, "maker"),))
    for name, found in (("a.jpg", first), ("b.jpg", second)):
        Image.fromarray(pixels()).save(tmp_path / name, exif=b"Exif\0\0" + exif.build(found))
    expected = Finding("EXIF MakerNote", "invalid", "it was moved, and its offsets were not")
    assert expected in faults(tmp_path / "a.jpg", tmp_path / "b.jpg")


def test_a_histogram_without_a_palette_is_invalid(tmp_path):
    written(tmp_path / "a.jpg")
    whole = written(tmp_path / "b.png").read_bytes()
    chunk = struct.pack(">I", 2) + b"hIST\0\1" + struct.pack(">I", zlib.crc32(b"hIST\0\1"))
    (tmp_path / "b.png").write_bytes(whole[:33] + chunk + whole[33:])
    assert faults(tmp_path / "a.jpg", tmp_path / "b.png") == [
        Finding("PNG hIST", "invalid", "it must follow a palette")
    ]


@pytest.mark.parametrize("how", [{}, {"imagej": True}, {"ome": True}])
def test_a_description_of_other_pages_is_invalid(tmp_path, how):
    pages = np.stack([pixels()[..., 0]] * 3)
    tifffile.imwrite(tmp_path / "a.tif", pages, metadata={"axes": "CYX"}, photometric="minisblack", **how)
    assert faults(tmp_path / "a.tif", tmp_path / "a.tif") == []
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        description = tiff.pages[0].description
    tifffile.imwrite(tmp_path / "b.tif", pages[0], metadata=None, description=description.encode())
    found = faults(tmp_path / "a.tif", tmp_path / "b.tif")
    assert [(finding.tag, finding.state) for finding in found] == [("ImageDescription", "invalid")]


def test_what_a_format_has_no_place_for_is_said_with_its_reason(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", pixels(), metadata=None, extratags=[(65000, 3, 1, 7, True)])
    scan = files.read(tmp_path / "a.tif")
    files.write(scan.pixels, tmp_path / "b.png", metadata=scan.metadata)
    found = compare_files(tmp_path / "a.tif", tmp_path / "b.png", grid=GRID)
    assert found == (Finding("TIFF 65000", "missing", "PNG has no place for it", intended=True),)


@pytest.mark.parametrize(
    "content", [b"", b"II*\0", b"\x89PNG\r\n\x1a\n\0\0\0\4eXIf", b"\xff\xd8\xff\xe1\0", b"GIF89a"]
)
def test_files_that_cannot_be_parsed_are_not_called_equal(tmp_path, content):
    written(tmp_path / "a.tif")
    (tmp_path / "b.tif").write_bytes(content)
    found = compare_files(tmp_path / "a.tif", tmp_path / "b.tif", grid=GRID)
    assert found is None or any(not finding.intended for finding in found)


def test_the_verdict_lists_tags_and_their_reasons(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        pixels(),
        metadata=None,
        extratags=[(65000, 3, 1, 7, True), (271, 2, 6, "maker", True)],
    )
    lost = np.zeros(GRID, bool)
    lost[4:6, 4:6] = True
    tg.inpaint(tmp_path / "a.tif", Lacunae(lost), engine="tension").save(tmp_path / "b.png")
    proof = verify(tmp_path / "b.png")
    assert proof.passed
    assert "metadata: as in the source, tag by tag" in proof.as_text()
    assert "missing: TIFF 65000 (on purpose, PNG has no place for it)" in proof.as_text()
    assert proof.as_dict()["tags"] == [
        {"tag": "TIFF 65000", "state": "missing", "reason": "PNG has no place for it", "intended": True}
    ]
    Image.open(tmp_path / "b.png").convert("RGB").save(tmp_path / "b.png")  # as another program may
    assert "metadata: differs from the source\n  missing: Make" in verify(tmp_path / "b.png").as_text()


def test_what_only_the_result_says_is_named(tmp_path):
    for name, more in (("a", []), ("b", [(274, 3, 1, 3, True), (315, 2, None, "Anna", True)])):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.zeros((4, 5), "u1"), metadata=None, extratags=more)
    found = compare_files(tmp_path / "a.tif", tmp_path / "b.tif", grid=(4, 5))
    assert [(one.tag, one.state) for one in found] == [("Artist", "added"), ("orientation", "added")]


def test_xmp_that_a_png_holds_compressed_is_compared(tmp_path):
    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    Image.fromarray(np.zeros((4, 5), np.uint8)).save(tmp_path / "plain.png")
    data = (tmp_path / "plain.png").read_bytes()
    head, rest = data[:33], data[33:]  # signature and IHDR
    for name, told, packed in (("a", XMP, XMP), ("b", XMP, zlib.compress(XMP))):
        flag = b"\1" if packed is not told else b"\0"
        content = b"XML:com.adobe.xmp\0" + flag + b"\0en\0\0" + packed
        (tmp_path / f"{name}.png").write_bytes(head + chunk(b"iTXt", content) + rest)
    assert compare_files(tmp_path / "a.png", tmp_path / "b.png", grid=(4, 5)) == ()
    missing = compare_files(tmp_path / "b.png", tmp_path / "plain.png", grid=(4, 5))
    assert {one.state for one in missing} == {"missing"}
