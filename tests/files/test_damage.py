"""Damage by kinds: what is essential is refused in one sentence, what is not is left out with a note."""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tratteggio import files
from tratteggio.damage import PALETTE
from tratteggio.errors import BadUsage, TratteggioError, UnreadableFile
from tratteggio.files import exif, ifd
from tratteggio.formats.ora import MIMETYPE, read_ora
from tratteggio.painting import Lacunae, Metadata, Scan, Stack

RGB = np.random.default_rng(0).integers(0, 256, (40, 48, 3), np.uint8)
NAN, INF = struct.pack("<f", float("nan")), struct.pack("<f", float("inf"))


def rewritten(path: Path, code: int, kind: int, count: int, value: bytes) -> Path:
    """Change a tag of a little-endian TIFF in place: its type, count and value."""
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages[0].tags[code].offset
    with path.open("rb+") as file:
        file.seek(place)
        file.write(struct.pack("<HHI", code, kind, count) + value)
    return path


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    block = exif.build(exif.Directories(exif=(ifd.short(41_986, 1),)))
    files.write(RGB, tmp_path / "a.tif", metadata=Metadata((300.0, 300.0), "inch", exif=block))
    return tmp_path / "a.tif"


@pytest.mark.parametrize(
    ("code", "kind", "value"),
    [
        (282, 11, NAN),
        (282, 11, INF),
        (283, 11, bytes(4)),
        (282, 4, bytes(4)),
        (34_665, 11, NAN),
        (34_665, 11, INF),
        (34_665, 4, b"\xff\xff\xff\x7f"),
    ],
)
def test_a_damaged_tag_is_left_out_with_a_note_and_the_scan_can_be_written(
    tmp_path: Path, scan: Path, caplog, code: int, kind: int, value: bytes
) -> None:
    opened = files.read(rewritten(scan, code, kind, 1, value))
    assert f"TIFF tags of {scan} are damaged and left out" in caplog.text
    for suffix in ("tif", "png", "jpg"):
        files.write(opened.pixels, tmp_path / f"out.{suffix}", metadata=opened.metadata)
    np.testing.assert_array_equal(files.read(tmp_path / "out.tif").read(), RGB)


@pytest.mark.parametrize("resolution", [(float("nan"), 1.0), (1.0, float("inf")), (0.0, 1.0), (1e300, 1.0)])
def test_a_resolution_that_no_file_can_hold_is_left_out_of_a_stack(tmp_path, caplog, resolution) -> None:
    path = tmp_path / "p.ome.zarr"
    scan = Scan(RGB)
    files.write_stack(Stack((scan,)), path)
    document = path / "rgb" / "zarr.json"
    text = document.read_text()
    assert '"resolution": null' in text
    numbers = f'"resolution": [{resolution[0]}, {resolution[1]}]'.replace("nan", "NaN").replace(
        "inf", "Infinity"
    )
    document.write_text(text.replace('"resolution": null', numbers).replace('"unit": "none"', '"unit": "cm"'))
    opened = files.read(path)
    assert opened.metadata.resolution is None
    assert "its resolution makes no sense and is left out" in caplog.text
    files.write(opened.pixels, tmp_path / "out.tif", metadata=opened.metadata)


def test_an_empty_colour_profile_in_a_jpeg_is_left_out(tmp_path: Path, caplog) -> None:
    files.write(RGB, tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    for body in (b"ICC_PROFILE\0", b"ICC_PROFILE\0\1", b"ICC_PROFILE\0\1\1abc"):
        segment = b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body
        (tmp_path / "a.jpg").write_bytes(data[:2] + segment + data[2:])
        caplog.clear()
        assert files.read(tmp_path / "a.jpg").metadata.icc is None
        assert "colour profile is" in caplog.text
        files.inspect(tmp_path / "a.jpg")


def test_nonsense_in_place_of_exif_is_left_out(tmp_path: Path, caplog) -> None:
    files.write(RGB, tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    body = b"Exif\0\0" + b"nonsense" * 9
    (tmp_path / "a.jpg").write_bytes(
        data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]
    )
    assert files.read(tmp_path / "a.jpg").metadata.exif is None
    assert "its EXIF block is damaged and is left out" in caplog.text


def with_level(path: Path) -> tuple[int, int]:
    """Write a pyramid of two levels; return where the smaller one's first tile lies, and its length."""
    with tifffile.TiffWriter(path) as tiff:
        options = {"photometric": "rgb", "tile": (16, 16), "compression": "deflate"}
        tiff.write(RGB, subifds=1, **options)
        tiff.write(RGB[::2, ::2], subfiletype=1, **options)
    with tifffile.TiffFile(path) as tiff:
        level = tiff.pages[0].pages[0]
        return level.dataoffsets[0], level.databytecounts[0]


def test_a_level_that_cannot_be_decoded_gives_way_to_the_picture(tmp_path: Path, caplog) -> None:
    path = tmp_path / "a.tif"
    place, length = with_level(path)
    sound = files.overview(files.read(path), longest=20)
    with path.open("rb+") as file:
        file.seek(place)
        file.write(bytes(length))
    opened = files.read(path)
    assert len(opened.pixels.levels) == 1
    assert files.overview(opened, longest=20).shape == sound.shape
    assert "a smaller copy in the pyramid of" in caplog.text


def test_a_level_beyond_the_end_is_left_out_with_a_note(tmp_path: Path, caplog) -> None:
    path = tmp_path / "a.tif"
    with_level(path)
    with tifffile.TiffFile(path) as tiff:
        tag = tiff.pages[0].pages[0].tags[324]
        place = tag.valueoffset
    with path.open("rb+") as file:
        file.seek(place)
        file.write(struct.pack("<I", 1 << 30))
    assert files.read(path).pixels.levels == ()
    assert "a smaller copy in the pyramid of" in caplog.text


@pytest.mark.parametrize(
    ("code", "kind", "value"),
    [
        (257, 11, NAN),
        (257, 11, INF),
        (278, 11, NAN),
        (258, 2, b"x\0\0\0"),
        (273, 2, b"x\0\0\0"),
        (277, 11, INF),
    ],
)
def test_damage_to_what_is_essential_is_one_sentence(scan: Path, code: int, kind: int, value: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"a\.tif") as caught:
        files.read(rewritten(scan, code, kind, 1, value)).read()
    assert "\n" not in str(caught.value)


def test_directories_that_form_a_circle_are_refused(scan: Path) -> None:
    with tifffile.TiffFile(scan) as tiff:
        page = tiff.pages[0]
        end = page.offset + 2 + 12 * len(page.tags)
        start = page.offset
    with scan.open("rb+") as file:
        file.seek(end)
        file.write(struct.pack("<I", start))
    with pytest.raises(UnreadableFile, match="form a circle"):
        files.read(scan)


@pytest.mark.parametrize("suffix", ["tif", "png"])
def test_a_damaged_map_of_classes_is_refused_whatever_its_codec_says(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"map.{suffix}"
    files.write_indexed(np.zeros((40, 48), np.uint8), path, PALETTE)
    data = path.read_bytes()
    for place in range(8, len(data), 7):
        path.write_bytes(data[:place] + b"\xff" * 6 + data[place + 6 :])
        with contextlib.suppress(TratteggioError):  # some damage is harmless
            files.read_indexed(path, {colour: k for k, colour in enumerate(PALETTE)})


def test_a_layered_file_with_a_method_that_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", MIMETYPE)
        archive.writestr("stack.xml", "<image/>")
    data = path.read_bytes()
    for place, value in ((8, b"\x63"), (6, b"\x01")):  # an unknown method; encrypted
        directory = data.index(b"PK\1\2")
        damaged = bytearray(data)
        damaged[place : place + 1] = damaged[directory + place + 2 : directory + place + 3] = value
        path.write_bytes(damaged)
        with pytest.raises(UnreadableFile, match=r"a\.ora is not a sound OpenRaster file"):
            read_ora(path)


@pytest.mark.parametrize("name", ["pipe.tif", "pipe.png", "pipe"])
def test_a_pipe_is_refused_as_scan_mask_map_and_labels(tmp_path: Path, name: str) -> None:
    pipe, scan = tmp_path / name, Scan(RGB)
    os.mkfifo(pipe)
    for read in (
        files.read,
        files.inspect,
        lambda path: files.read_lacunae(path, scan),
        lambda path: files.read_labels(path, scan),
        lambda path: files.read_indexed(path, {}),
        read_ora,
    ):
        with pytest.raises(BadUsage, match="is a pipe or a device"):
            read(pipe)


def test_a_file_that_shrinks_after_it_was_opened_is_told_of(tmp_path: Path) -> None:
    for suffix in ("tif", "png", "jpg"):
        path = tmp_path / f"a.{suffix}"
        files.write(RGB, path)
        scan = files.read(path)
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(UnreadableFile, match=path.name):
            scan.read()


def test_damage_is_a_sentence_on_the_command_line_too(tmp_path: Path, scan: Path) -> None:
    rewritten(scan, 257, 11, 1, NAN)
    files.write_lacunae(Lacunae(np.zeros(RGB.shape[:2], bool)), tmp_path / "m.png")
    tool = Path(sys.executable).with_name("tratteggio")
    done = subprocess.run([tool, "inspect", scan], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"tratteggio: {scan}")
    assert done.stderr.count("\n") == 1


def test_a_profile_that_no_jpeg_can_hold_is_left_out_with_a_note(tmp_path: Path, caplog) -> None:
    """A profile is cut into segments that are numbered with one byte."""
    most = 255 * (65_533 - len("ICC_PROFILE") - 3)
    pixels = np.zeros((8, 8, 3), np.uint8)
    files.write(pixels, tmp_path / "fits.jpg", metadata=Metadata(icc=bytes(most)))
    assert files.read(tmp_path / "fits.jpg").metadata.icc == bytes(most)
    assert "does not fit" not in caplog.text
    files.write(pixels, tmp_path / "large.jpg", metadata=Metadata(icc=bytes(most + 1)))
    assert files.read(tmp_path / "large.jpg").metadata.icc is None
    assert "does not fit into JPEG and was left out" in caplog.text
