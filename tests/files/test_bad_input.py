"""Every bad file is one sentence that names the file and says what to do; nothing partial is left."""

from __future__ import annotations

import contextlib
import io
import os
import resource
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from tratteggio import files
from tratteggio.errors import (
    BadUsage,
    TratteggioError,
    UnreadableFile,
    UnsafeOutput,
    UnsupportedFile,
    UnwritableFile,
)
from tratteggio.painting import Metadata

rng = np.random.default_rng(0)
RGB = rng.integers(0, 256, (64, 96, 3), np.uint8)


def refused(path: Path, kind: type[TratteggioError], needle: str) -> None:
    """Assert that reading fails in one place, with a sentence that names the file."""
    with pytest.raises(kind, match=needle) as caught:
        files.read(path).read()
    assert type(caught.value) is kind
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file(tmp_path):
    refused(tmp_path / "none.tif", UnreadableFile, "no such file")


def test_a_folder(tmp_path):
    refused(tmp_path, BadUsage, "is a folder")


def test_zero_bytes(tmp_path):
    (tmp_path / "empty.tif").touch()
    refused(tmp_path / "empty.tif", UnreadableFile, "0 bytes")


def test_no_picture_at_all(tmp_path):
    (tmp_path / "note.tif").write_text("a shopping list")
    refused(tmp_path / "note.tif", UnsupportedFile, "not a TIFF, PNG, JPEG or camera raw file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "a.png")
    (tmp_path / "a.png").chmod(0)
    refused(tmp_path / "a.png", UnreadableFile, "cannot be read")


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "jpeg"])
@pytest.mark.parametrize("layout", [{"rowsperstrip": 8}, {"tile": (16, 16)}])
def test_a_truncated_tiff_is_noticed_when_it_is_opened(tmp_path, compression, layout):
    path = tmp_path / "cut.tif"
    tifffile.imwrite(path, RGB, photometric="rgb", compression=compression, **layout)
    data = path.read_bytes()
    for share in (0.5, 0.9):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(UnreadableFile, match=r"truncated|not a whole TIFF"):
            files.read(path)


@pytest.mark.parametrize("cut", [4, 7, 8, 20, 100])
def test_a_tiff_cut_in_its_header(tmp_path, cut):
    path = tmp_path / "cut.tif"
    tifffile.imwrite(path, RGB, photometric="rgb")
    path.write_bytes(path.read_bytes()[:cut])
    refused(path, UnreadableFile, "cut.tif")


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_truncated_png_or_jpeg_never_shows_a_grey_bottom(tmp_path, suffix, progressive):
    path = tmp_path / f"cut.{suffix}"
    Image.fromarray(RGB).save(path, **({"progressive": True} if progressive and suffix == "jpg" else {}))
    data = path.read_bytes()
    for length in (12, 40, len(data) // 2, len(data) - 20, len(data) - 1):
        path.write_bytes(data[:length])
        refused(path, UnreadableFile, rf"cut.{suffix}")


def test_damaged_compressed_data_in_a_png(tmp_path):
    path = tmp_path / "bad.png"
    Image.fromarray(RGB).save(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    refused(path, UnreadableFile, "damaged")


def test_damaged_compressed_data_in_a_tiff(tmp_path):
    path = tmp_path / "bad.tif"
    tifffile.imwrite(path, RGB, photometric="rgb", compression="zlib", rowsperstrip=8)
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages[0].dataoffsets[3]
    data = bytearray(path.read_bytes())
    data[place + 10 : place + 60] = bytes(50)
    path.write_bytes(data)
    refused(path, UnreadableFile, "strip 3 cannot be decoded")


def test_a_tiff_with_strips_that_were_never_written(tmp_path):
    path = tmp_path / "holes.tif"
    tifffile.imwrite(path, RGB, photometric="rgb", rowsperstrip=8)
    with tifffile.TiffFile(path) as tiff:
        counts = tiff.pages[0].tags[279]
    with path.open("rb+") as file:
        file.seek(counts.valueoffset)
        file.write(bytes(2 if counts.dtype == 3 else 4))
    refused(path, UnreadableFile, "1 of 8 strips were never written")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(cols: int, rows: int, data: bytes, bits: int = 8, extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", cols, rows, bits, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_png_bomb_is_refused_by_its_header(tmp_path):
    (tmp_path / "bomb.png").write_bytes(png(60_000, 60_000, zlib.compress(bytes(100_000))))
    refused(tmp_path / "bomb.png", UnreadableFile, "60000 x 60000 pixels but holds only")


def test_a_bomb_in_a_png_profile_is_refused(tmp_path):
    profile = b"x\0\0" + zlib.compress(bytes(100 << 20), 9)
    (tmp_path / "bomb.png").write_bytes(png(1, 1, zlib.compress(bytes(4)), extra=chunk(b"iCCP", profile)))
    refused(tmp_path / "bomb.png", UnreadableFile, "64 MiB")


def test_a_jpeg_bomb_is_refused_by_its_header(tmp_path):
    path = tmp_path / "bomb.jpg"
    Image.fromarray(RGB).save(path)
    data = bytearray(path.read_bytes())
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", 65_000, 65_000)
    path.write_bytes(data)
    refused(path, UnreadableFile, "65000 x 65000")


def test_a_tiff_bomb_is_refused_by_its_header(tmp_path):
    path = tmp_path / "bomb.tif"
    tifffile.imwrite(path, RGB[..., 0], compression="zlib", rowsperstrip=10**6)
    with tifffile.TiffFile(path) as tiff:
        places = {code: tiff.pages[0].tags[code] for code in (256, 257)}
    with path.open("rb+") as file:
        for tag in places.values():
            file.seek(tag.offset)
            file.write(struct.pack("<HHII", tag.code, 4, 1, 600_000))
    refused(path, UnreadableFile, "600000 x 600000")


def test_no_real_picture_is_taken_for_a_bomb(tmp_path):
    """A blank one compresses best of all."""
    blank = np.full((3000, 3000), 255, np.uint8)
    for suffix in ("tif", "png", "jpg"):
        files.write(blank, tmp_path / f"blank.{suffix}")
        assert (files.read(tmp_path / f"blank.{suffix}").read() == 255).all()
    files.write(blank, tmp_path / "blank.tif", compression="zstd")
    assert (files.read(tmp_path / "blank.tif").read() == 255).all()
    tifffile.imwrite(tmp_path / "lzw.tif", blank, compression="lzw")
    assert (files.read(tmp_path / "lzw.tif").read() == 255).all()


@pytest.mark.parametrize("suffix", ["tif", "jpg"])
def test_cmyk(tmp_path, suffix):
    Image.fromarray(RGB).convert("CMYK").save(tmp_path / f"print.{suffix}")
    refused(tmp_path / f"print.{suffix}", UnsupportedFile, "CMYK.*convert it")


@pytest.mark.parametrize("suffix", ["tif", "png"])
def test_palette(tmp_path, suffix):
    Image.fromarray(RGB).convert("P").save(tmp_path / f"web.{suffix}")
    refused(tmp_path / f"web.{suffix}", UnsupportedFile, "palette.*convert it")


@pytest.mark.parametrize("suffix", ["tif", "png"])
def test_bilevel_scans(tmp_path, suffix):
    Image.fromarray(RGB[..., 0] > 99).save(tmp_path / f"fax.{suffix}")
    refused(tmp_path / f"fax.{suffix}", UnsupportedFile, "1-bit")


@pytest.mark.parametrize(
    ("dtype", "needle"),
    [
        ("int16", "16-bit signed integers"),
        ("uint32", "32-bit integers"),
        ("float16", "16-bit floats"),
        ("complex64", "64-bit complex"),
    ],
)
def test_depths_that_are_not_read(tmp_path, dtype, needle):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 8), dtype))
    refused(tmp_path / "a.tif", UnsupportedFile, needle)


def test_twelve_bits(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 8), np.uint16), bitspersample=12)
    refused(tmp_path / "a.tif", UnsupportedFile, "12-bit")


def test_too_many_channels(tmp_path):
    bands = np.zeros((8, 8, 6), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", bands, photometric="minisblack", planarconfig="contig")
    refused(tmp_path / "a.tif", UnsupportedFile, "6 channels")


def test_a_compression_that_is_not_read(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb", compression="jpeg2000")
    refused(tmp_path / "a.tif", UnsupportedFile, "compressed by")


@pytest.mark.parametrize("suffix", ["tif", "png", "jpg"])
def test_random_damage_gives_our_errors_only(tmp_path, suffix):
    """Forty files with wrong bytes: read, or refused with a sentence; never a stranger's exception."""
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(RGB[:16, :16]).save(path)
    whole = path.read_bytes()
    for _ in range(40):
        data = bytearray(whole)
        for place in rng.integers(0, min(len(data), 400), 3):
            data[place] = rng.integers(0, 256)
        path.write_bytes(data)
        with contextlib.suppress(TratteggioError):
            files.read(path).read()


@pytest.mark.parametrize("suffix", ["tif", "png", "jpg"])
def test_outputs_that_cannot_be_written(tmp_path, suffix):
    (tmp_path / f"folder.{suffix}").mkdir()
    for target, needle in ((f"none/out.{suffix}", "there is no folder"), (f"folder.{suffix}", "is a folder")):
        with pytest.raises(UnwritableFile, match=needle):
            files.write(RGB, tmp_path / target)
    assert [entry.name for entry in tmp_path.iterdir()] == [f"folder.{suffix}"]


FILL_DISK = """
import resource, sys
import numpy as np
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from tratteggio import errors, files
try:
    files.write(np.random.default_rng(0).integers(0, 256, (5000, 300, 3), np.uint8), sys.argv[1])
except errors.UnwritableFile as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize("suffix", ["tif", "png", "jpg"])
def test_a_full_disk_leaves_what_was_there_before(tmp_path, suffix):
    """A limit on the size of files stands for the disk: the system refuses the write in the same way."""
    assert resource.RLIMIT_FSIZE >= 0
    target = tmp_path / f"out.{suffix}"
    target.write_bytes(b"precious")
    done = subprocess.run(
        [sys.executable, "-c", FILL_DISK, target], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert f"{target} could not be written" in done.stderr
    assert target.read_bytes() == b"precious"
    assert [entry.name for entry in tmp_path.iterdir()] == [target.name]


def test_an_interruption_leaves_nothing(tmp_path):
    class Interrupted:
        shape, dtype = (5000, 5000), np.dtype(np.uint8)

        def __getitem__(self, key):
            raise KeyboardInterrupt

    for suffix in ("tif", "png", "jpg"):
        with pytest.raises(KeyboardInterrupt):
            files.write(Interrupted(), tmp_path / f"out.{suffix}")
    assert not list(tmp_path.iterdir())


def test_an_output_is_as_readable_as_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    files.write(RGB, tmp_path / "out.png")
    assert (tmp_path / "out.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_source_is_never_overwritten_under_any_name(tmp_path):
    source = tmp_path / "source.tif"
    files.write(RGB, source)
    (tmp_path / "link.tif").symlink_to(source)
    (tmp_path / "hard.tif").hardlink_to(source)
    for name in ("source.tif", "link.tif", "hard.tif", "x/../source.tif"):
        with pytest.raises(UnsafeOutput, match="never overwritten"):
            files.refuse_overwrite(source, tmp_path / name)
    files.refuse_overwrite(source, tmp_path / "other.tif")


def test_metadata_too_large_for_jpeg_is_left_out_with_a_note(tmp_path, caplog):
    files.write(RGB, tmp_path / "out.jpg", metadata=Metadata(xmp=b"x" * 70_000))
    assert "XMP of 70029 bytes does not fit" in caplog.text
    with Image.open(io.BytesIO((tmp_path / "out.jpg").read_bytes())) as image:
        assert "xmp" not in image.info
