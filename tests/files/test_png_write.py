"""PNG that any decoder takes: chunks of the source only where the specification allows them."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tratteggio import files
from tratteggio.painting import Metadata


def chunks(path):
    data, place, found = path.read_bytes(), 8, []
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        found.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + size]))
        assert zlib.crc32(data[place + 4 : place + 8 + size]) == int.from_bytes(
            data[place + 8 + size :][:4], "big"
        )
        place += 12 + size
    return found


def put(path, kind, data):
    whole = path.read_bytes()
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(whole[:33] + chunk + whole[33:])


def test_a_histogram_goes_with_its_palette_and_a_note_says_so(tmp_path, caplog):
    Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(tmp_path / "a.png")
    put(tmp_path / "a.png", b"hIST", b"\0\1\0\2")
    put(tmp_path / "a.png", b"PLTE", b"\0\0\0\xff\xff\xff")
    scan = files.read(tmp_path / "a.png")
    files.write(scan.pixels, tmp_path / "b.png", metadata=scan.metadata)
    assert {kind for kind, _ in chunks(tmp_path / "b.png")} == {b"IHDR", b"IDAT", b"IEND"}
    assert "PLTE, hIST" in caplog.text


def test_no_histogram_is_written_without_a_palette(tmp_path):
    stack = Metadata(foreign={"png": ((b"hIST", b"\0\1", False), (b"tEXt", b"a\0b", False))})
    files.write(np.zeros((8, 8), np.uint8), tmp_path / "b.png", metadata=stack)
    assert [kind for kind, _ in chunks(tmp_path / "b.png")][1:2] == [b"tEXt"]


@pytest.mark.parametrize(("channels", "kept"), [(1, [b"sBIT", b"tRNS"]), (3, []), (2, []), (4, [])])
def test_chunks_with_a_value_for_each_channel_fit_the_channels(tmp_path, channels, kept):
    grey = ((b"sBIT", b"\x08", False), (b"tRNS", b"\0\5", False))
    shape = (8, 8) if channels == 1 else (8, 8, channels)
    files.write(
        np.zeros(shape, np.uint8),
        tmp_path / "b.png",
        metadata=Metadata(foreign={"png": grey}),
        alpha=channels in (2, 4),
    )
    assert [kind for kind, _ in chunks(tmp_path / "b.png") if kind in (b"sBIT", b"tRNS")] == kept
