"""EXIF blocks that are changed: maker notes keep their places, small pictures of the source go."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import ExifTags, Image

from tratteggio import files
from tratteggio.files import exif
from tratteggio.painting import Metadata

SERIAL = b"EOS serial 0042\0"


def bound_note(at, order="<"):
    """A note like Canon's: a directory whose offsets count from the start of the block that it lies in."""
    return struct.pack(order + "HHHII", 1, 6, 2, len(SERIAL), at + 18) + bytes(4) + SERIAL


def block(*, order="<", note=bound_note, thumbnail=b"", orientation=1):
    """An EXIF block by hand: main, EXIF with a maker note, and a small picture."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    main, private = 8, 8 + 2 + 12 * 2 + 4
    made = note(private + 18, order) if callable(note) else note
    second = private + 18 + len(made)
    out = head + struct.pack(order + "I", main) + struct.pack(order + "H", 2)
    out += struct.pack(order + "HHIHH", 274, 3, 1, orientation, 0)
    out += struct.pack(order + "HHII", 34665, 4, 1, private)
    out += struct.pack(order + "I", second if thumbnail else 0)
    out += struct.pack(order + "HHHII", 1, 37500, 7, len(made), private + 18) + bytes(4) + made
    if thumbnail:
        out += struct.pack(order + "H", 2) + struct.pack(order + "HHII", 513, 4, 1, second + 30)
        out += struct.pack(order + "HHII", 514, 4, 1, len(thumbnail)) + bytes(4) + thumbnail
    return out


def serial_in(data, order="<"):
    """Follow a block to its maker note, and the note to its serial number, as a camera's program does."""
    head = Image.Exif()
    head.load(b"Exif\0\0" + data)
    assert head.get_ifd(ExifTags.IFD.Exif)[37500]
    start = data.index(head.get_ifd(ExifTags.IFD.Exif)[37500])
    _, _, size, place = struct.unpack_from(order + "HHII", data, start + 2)
    return data[place : place + size]


def note_place(data, order="<"):
    """Return where the EXIF directory says that the maker note lies."""

    def value_of(directory, code):
        (count,) = struct.unpack_from(order + "H", data, directory)
        entries = [struct.unpack_from(order + "HHII", data, directory + 2 + 12 * n) for n in range(count)]
        return next(entry[3] for entry in entries if entry[0] == code)

    return value_of(value_of(struct.unpack_from(order + "I", data, 4)[0], 34665), 37500)


def jpeg(path, exif_block):
    Image.fromarray(np.full((16, 24, 3), 90, np.uint8)).save(path, exif=b"Exif\0\0" + exif_block)


def small_picture():
    out = io.BytesIO()
    Image.fromarray(np.full((4, 6, 3), 200, np.uint8)).save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_offsets_of_a_maker_note_hold_in_a_block_that_is_changed(order):
    was = block(order=order)
    assert serial_in(was, order) == SERIAL
    now = exif.describe(was, orientation=6, resolution=(300.0, 300.0), unit="inch", exact=True)
    assert now != was
    assert serial_in(now, order) == SERIAL
    assert note_place(now, order) == note_place(was, order)
    parsed = exif.parse(now)
    assert exif.orientation_of(parsed) == 6
    assert exif.resolution_of(parsed) == ((300.0, 300.0), "inch")
    assert parsed.exif == exif.parse(was).exif


@pytest.mark.parametrize("order", ["<", ">"])
def test_other_parsers_read_a_block_that_is_changed(order):
    now = exif.describe(block(order=order), orientation=3, resolution=None, unit="none")
    read = Image.Exif()
    read.load(b"Exif\0\0" + now)
    assert read[274] == 3
    assert read.get_ifd(ExifTags.IFD.Exif)[37500] == exif.parse(now).exif[0].data


@pytest.mark.parametrize("target", ["b.jpg", "b.png"])
def test_a_note_survives_a_jpeg_and_a_png(tmp_path, target):
    jpeg(tmp_path / "a.jpg", block())
    scan = files.read(tmp_path / "a.jpg")
    metadata = replace(scan.metadata, resolution=(118.11, 118.11), unit="cm")
    files.write(scan.pixels, tmp_path / target, metadata=metadata)
    with Image.open(tmp_path / target) as image:
        written = image.info["exif"].removeprefix(b"Exif\0\0")
    assert serial_in(written) == SERIAL


def test_a_bound_note_is_left_out_of_a_tiff_with_a_note(tmp_path, caplog):
    jpeg(tmp_path / "a.jpg", block())
    scan = files.read(tmp_path / "a.jpg")
    files.write(scan.pixels, tmp_path / "b.tif", metadata=scan.metadata)
    assert "its maker note, which contains positions in the source file" in caplog.text
    assert exif.parse(files.read(tmp_path / "b.tif").metadata.exif or b"").exif == ()


@pytest.mark.parametrize("note", [b"written by hand", b"Nikon\0\2\x10\0\0" + bound_note(8), bytes(40)])
def test_a_note_that_points_nowhere_is_carried_to_a_tiff(tmp_path, note):
    jpeg(tmp_path / "a.jpg", block(note=note))
    scan = files.read(tmp_path / "a.jpg")
    files.write(scan.pixels, tmp_path / "b.tif", metadata=scan.metadata)
    again = files.read(tmp_path / "b.tif")
    assert exif.parse(again.metadata.exif).exif[0].data == note


def test_a_bound_note_in_a_tiff_is_not_carried_on(tmp_path, caplog):
    """In a TIFF the offsets count from the start of the whole file."""
    path = tmp_path / "a.tif"
    files.write(np.zeros((8, 8), np.uint8), path, metadata=Metadata(exif=block(note=b"x" * 60)))
    whole = path.read_bytes()
    at = whole.index(b"x" * 60)
    path.write_bytes(whole.replace(b"x" * 60, bound_note(at).ljust(60, b"\0")))
    scan = files.read(path)
    files.write(scan.pixels, tmp_path / "b.tif", metadata=scan.metadata)
    assert "its maker note, which contains positions in the source file" in caplog.text
    assert SERIAL not in (tmp_path / "b.tif").read_bytes()


@pytest.mark.parametrize("target", ["b.jpg", "b.png", "b.tif"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_no_small_picture_of_the_source_is_left(tmp_path, target, order, caplog):
    small = small_picture()
    jpeg(tmp_path / "a.jpg", block(order=order, thumbnail=small))
    scan = files.read(tmp_path / "a.jpg")
    files.write(scan.pixels, tmp_path / target, metadata=scan.metadata)
    assert "the small picture in it, which shows it as it was" in caplog.text
    assert small[20:] not in (tmp_path / target).read_bytes()
    if target != "b.tif":
        with Image.open(tmp_path / target) as image:
            assert not image.getexif().get_ifd(ExifTags.IFD.IFD1)
            assert serial_in(image.info["exif"].removeprefix(b"Exif\0\0"), order) == SERIAL


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_directory_of_a_small_picture_is_cut_off(order):
    was = block(order=order, thumbnail=small_picture())
    now, found = exif.without_thumbnail(was)
    assert found
    assert len(now) == len(was)
    assert struct.unpack_from(order + "I", was, 34)[0] > 0
    assert struct.unpack_from(order + "I", now, 34)[0] == 0
    assert exif.without_thumbnail(now) == (now, False)


def test_a_small_picture_in_photoshop_resources_goes_and_the_rest_stays(tmp_path, caplog):
    def resource(number, content):
        name = b"\0\0"
        return b"8BIM" + struct.pack(">H", number) + name + struct.pack(">I", len(content)) + content

    kept = resource(1028, b"\x1c\x02\x50\0\5anon!")
    small = resource(1036, small_picture())
    if len(small) % 2:
        small += b"\0"
    jpeg(tmp_path / "a.jpg", block())
    whole = (tmp_path / "a.jpg").read_bytes()
    data = b"Photoshop 3.0\0" + kept + small
    (tmp_path / "a.jpg").write_bytes(
        whole[:2] + b"\xff\xed" + struct.pack(">H", len(data) + 2) + data + whole[2:]
    )
    scan = files.read(tmp_path / "a.jpg")
    assert scan.metadata.foreign["photoshop"] == kept
    files.write(scan.pixels, tmp_path / "b.tif", metadata=scan.metadata)
    assert "the small picture in it" in caplog.text


def test_nothing_is_said_where_nothing_was_left_out(tmp_path, caplog):
    jpeg(tmp_path / "a.jpg", block(note=b"written by hand"))
    scan = files.read(tmp_path / "a.jpg")
    files.write(scan.pixels, tmp_path / "b.tif", metadata=scan.metadata)
    assert "left out" not in caplog.text


@pytest.mark.parametrize("cut", range(8, 120, 7))
def test_a_damaged_block_raises_nothing(cut):
    damaged = block(thumbnail=b"\xff\xd8 small \xff\xd9")[:cut]
    less, _ = exif.without_thumbnail(damaged)
    exif.describe(less, orientation=6, resolution=(1.0, 1.0), unit="cm", exact=True)
    wild = damaged[:4] + b"\xff\xff\xff\x7f" + damaged[8:]
    exif.describe(exif.without_thumbnail(wild)[0], orientation=6, resolution=None, unit="none")
