"""A few bytes can claim any size: what a file makes us allocate is checked before it is allocated."""

from __future__ import annotations

import gzip
import json
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numcodecs import Zstd

from tratteggio import files
from tratteggio.damage import PALETTE
from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.formats._ome_zarr.bombs import require_no_bomb
from tratteggio.formats.ora import MIMETYPE, read_ora

MOST = 64 << 20  # bytes that refusing a bomb may take
NUMBERS = {colour: number for number, colour in enumerate(PALETTE)}


@contextmanager
def bounded() -> Iterator[None]:
    """Assert that the block takes little memory; NumPy's and Python's own is counted."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()


def refused(path: Path, words: str) -> None:
    with bounded(), pytest.raises(UnreadableFile, match=words) as caught:
        files.read(path).read()
    assert str(path) in str(caught.value)


def tiff(path: Path, tags: list[tuple[int, int, int, int]], data: bytes, side: int = 16) -> Path:
    """Write a little-endian TIFF by hand: grey, 8 bit, one strip unless `tags` say otherwise."""
    own = {256: (4, 1, side), 257: (4, 1, side), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1)}
    own |= {273: (4, 1, 8), 277: (3, 1, 1), 278: (4, 1, side), 279: (4, 1, len(data))}
    own |= {code: rest for code, *rest in tags if code < 60_000 and code != 270}  # type: ignore[misc]
    table = [(code, *rest) for code, rest in own.items()] + [
        tag for tag in tags if tag[0] in (270, *range(60_000, 65_000))
    ]
    data += bytes(len(data) % 2)
    entries = b"".join(struct.pack("<HHII", *entry) for entry in sorted(table))
    path.write_bytes(
        struct.pack("<2sHI", b"II", 42, 8 + len(data))
        + data
        + struct.pack("<H", len(table))
        + entries
        + bytes(4)
    )
    return path


def test_tags_over_the_same_bytes_are_added_up_before_any_is_read(tmp_path: Path) -> None:
    for code in (270, 60_000):  # one that the parser reads by itself, and one that is carried
        many = [(code, 2, 1 << 16, 8)] * 2000
        refused(tiff(tmp_path / "a.tif", many, bytes(1 << 16), side=256), "bytes of metadata")


def test_tags_that_share_their_bytes_never_make_more_metadata_than_the_file_has(tmp_path, caplog) -> None:
    many = [(60_000 + k, 7, 1 << 16, 8) for k in range(100)]
    path = tiff(tmp_path / "a.tif", many, bytes(1 << 16), side=256)
    opened = files.read(path)
    kept = opened.metadata.foreign["tiff"]
    assert sum(len(entry.data) for entry in kept) <= 2 * path.stat().st_size
    assert "are damaged and left out: " in caplog.text
    files.write(opened.pixels, tmp_path / "out.tif", metadata=opened.metadata)
    assert (tmp_path / "out.tif").stat().st_size < 3 * path.stat().st_size


def test_more_pictures_than_a_painting_has(tmp_path: Path) -> None:
    one = struct.pack("<H", 1) + struct.pack("<HHII", 256, 4, 1, 1)
    size = len(one) + 4
    body = b"".join(one + struct.pack("<I", 8 + (k + 1) * size) for k in range(5000))
    (tmp_path / "a.tif").write_bytes(struct.pack("<2sHI", b"II", 42, 8) + body + bytes(size))
    refused(tmp_path / "a.tif", "more than 4,096 pictures")


def test_a_tile_larger_than_its_bytes_can_be(tmp_path: Path) -> None:
    data = zlib.compress(bytes(10_000))
    tile = [(322, 4, 1, 60_000), (323, 4, 1, 60_000), (324, 4, 1, 8), (325, 4, 1, len(data)), (259, 3, 1, 8)]
    refused(tiff(tmp_path / "a.tif", tile, data), "decompression bomb")


def test_a_tile_that_inflates_to_more_than_it_claims(tmp_path: Path) -> None:
    for number, data in (
        (8, zlib.compress(bytes(100 << 20), 1)),
        (50_000, imagecodecs.zstd_encode(bytes(100 << 20))),
    ):
        tile = [(322, 4, 1, 16), (323, 4, 1, 16), (324, 4, 1, 8), (325, 4, 1, len(data)), (259, 3, 1, number)]
        path = tiff(tmp_path / "a.tif", tile, bytes(data))
        with bounded():
            try:
                files.read(path).read()
            except UnreadableFile as error:
                message = str(error)
            else:
                message = str(path)
        assert str(path) in message


def test_a_jpeg_tile_that_claims_another_size_than_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((32, 32), np.uint8), compression="jpeg", tile=(16, 16))
    data = bytearray(path.read_bytes())
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", 60_000, 60_000)
    path.write_bytes(data)
    refused(path, "claims 60000 x 60000 pixels where 16 x 16 fit")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(cols: int, rows: int, data: bytes, colour: int = 2) -> bytes:
    palette = chunk(b"PLTE", bytes(768)) if colour == 3 else b""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", cols, rows, 8, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + palette + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_the_limit_of_what_is_decoded_in_one_piece_is_one_for_all_formats(tmp_path: Path) -> None:
    files.write(np.zeros((200, 300, 3), np.uint8), tmp_path / "a.png")
    files.write(np.zeros((200, 300, 3), np.uint8), tmp_path / "a.jpg")
    files.write(np.zeros((200, 300, 3), np.uint8), tmp_path / "a.tif", compression="lzw")
    for suffix in ("png", "jpg", "tif"):
        path = tmp_path / f"a.{suffix}"
        with files.decoded_limit(1e-5), pytest.raises(UnreadableFile, match="raise the read limit"):
            files.read(path)
        assert files.read(path).read().shape == (200, 300, 3)
    for gib in (0, -1, float("nan")):
        with pytest.raises(BadUsage, match="positive number of GiB"), files.decoded_limit(gib):
            pass


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_a_map_of_classes_that_claims_more_than_it_holds(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"map.{suffix}"
    if suffix == "png":
        path.write_bytes(png(60_000, 60_000, zlib.compress(bytes(100)), colour=3))
    else:
        data = zlib.compress(bytes(48 * 48))
        tiff(path, [(259, 3, 1, 8), (278, 4, 1, 60_000)], data, side=60_000)
    with bounded(), pytest.raises(UnreadableFile, match="claims 60000 x 60000 pixels"):
        files.read_indexed(path, NUMBERS)


def zarr_array(path: Path, shape: list[int], chunks: list[int], codec: str, data: bytes) -> Path:
    """Write a foreign OME-Zarr by hand, with one chunk."""
    axes = [{"name": name, "type": "space"} for name in "yx"]
    steps = [{"type": "scale", "scale": [1, 1]}]
    image = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": steps}]}
    ome = {"ome": {"version": "0.5", "multiscales": [image]}}
    (path / "0" / "c" / "0").mkdir(parents=True)
    group: dict[str, Any] = {"zarr_format": 3, "node_type": "group", "attributes": ome}
    (path / "zarr.json").write_text(json.dumps(group))
    options = {"level": 0, "checksum": False} if codec == "zstd" else {"level": 5}
    array = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": "uint8",
        "fill_value": 0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "bytes"}, {"name": codec, "configuration": options}],
        "attributes": {},
    }
    (path / "0" / "zarr.json").write_text(json.dumps(array))
    (path / "0" / "c" / "0" / "0").write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("shape", "chunks", "words"),
    [
        ([10**6, 10**6], [512, 512], "claims 1000000 x 1000000 samples but holds only"),
        ([30_000, 30_000], [30_000, 30_000], "claims 30000 x 30000 samples but holds only"),
        ([60_000, 60_000], [60_000, 60_000], "more than the limit of 4 GiB"),
        ([20_000, 20_000], [1, 1], "claims 20000 x 20000 samples but holds only"),
    ],
)
def test_a_zarr_that_claims_more_than_its_files_hold(tmp_path, shape, chunks, words) -> None:
    refused(zarr_array(tmp_path / "a.ome.zarr", shape, chunks, "zstd", b""), words)


def test_a_zarr_of_background_is_sound(tmp_path: Path) -> None:
    """Chunks of background need not be there: such an array may be far larger than its files."""
    path = zarr_array(tmp_path / "a.ome.zarr", [20_000, 20_000], [512, 512], "zstd", b"")
    (path / "0" / "c" / "0" / "0").unlink()
    assert not files.read(path).pixels[0:600, 0:600].any()


@pytest.mark.parametrize("codec", ["zstd", "gzip"])
def test_a_chunk_that_decompresses_to_more_than_a_chunk(tmp_path: Path, codec: str) -> None:
    encode = imagecodecs.zstd_encode if codec == "zstd" else gzip.compress
    whole = bytes(64 * 64)
    sound = zarr_array(tmp_path / "sound.ome.zarr", [64, 64], [64, 64], codec, encode(whole))
    assert not files.read(sound).read().any()
    bomb = bytes(encode(bytes(100 << 20)))
    refused(zarr_array(tmp_path / "a.ome.zarr", [64, 64], [64, 64], codec, bomb * 4), "decompression bomb")


def test_no_sound_chunk_is_taken_for_a_bomb(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    file = tmp_path / "chunk"
    for size in (1, 100, 70_000, 1_000_000):
        for data in (bytes(size), rng.bytes(size), rng.integers(0, 9, size, np.uint8).tobytes()):
            for coded in (
                imagecodecs.zstd_encode(data),
                imagecodecs.zstd_encode(data, level=19),
                Zstd(level=3, checksum=True).encode(data),
                gzip.compress(data),
                data,
            ):
                file.write_bytes(coded)
                require_no_bomb(file, size)
                with files.decoded_limit(1e-9):  # so that gzip is counted, too
                    require_no_bomb(file, size)


def test_gzip_that_may_pass_the_limit_is_counted_piece_by_piece(tmp_path: Path) -> None:
    (tmp_path / "chunk").write_bytes(gzip.compress(bytes(1 << 20)))
    require_no_bomb(tmp_path / "chunk", 1 << 18)  # it could never pass the limit
    with files.decoded_limit(1e-6), pytest.raises(UnreadableFile, match="decompression bomb"):
        require_no_bomb(tmp_path / "chunk", 1 << 18)


def layered(path: Path, stack: bytes, member: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", MIMETYPE)
        archive.writestr("stack.xml", stack)
        archive.writestr("a.png", member)
    return path


ENTITIES = b"".join(b'<!ENTITY %c "%s">' % (98 + k, b"&%c;" % (97 + k) * 10) for k in range(9))


@pytest.mark.parametrize(
    ("stack", "member", "words"),
    [
        (bytes(80 << 20), b"", "bytes of metadata"),
        (b"<image>" + b'<layer src="a.png"/>' * 5000 + b"</image>", b"", "claims 5,000 layers"),
        (b'<image><layer src="a.png"/></image>', png(60_000, 60_000, bytes(40)), "60000 x 60000 pixels"),
        (b'<image><layer src="../a.png"/></image>', b"", "no item named"),
        (
            b'<!DOCTYPE l [<!ENTITY a "xxxxxxxxxx">' + ENTITIES + b"]><image>&k;</image>",
            b"",
            "sound OpenRaster",
        ),
    ],
)
def test_layers_that_claim_too_much(tmp_path: Path, stack: bytes, member: bytes, words: str) -> None:
    path = layered(tmp_path / "a.ora", stack, member)
    with bounded(), pytest.raises(UnreadableFile, match=words) as caught:
        read_ora(path)
    assert str(path) in str(caught.value)


def test_the_limit_is_an_option_of_the_command_line(tmp_path: Path) -> None:
    files.write(np.zeros((200, 300, 3), np.uint8), tmp_path / "a.png")
    tool = Path(sys.executable).with_name("tratteggio")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tool, *words, "inspect", tmp_path / "a.png"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    low = run("--read-limit", "0.00001")
    assert low.returncode == 1
    assert "raise the read limit if the file is sound" in low.stderr
    assert run("--read-limit", "0").returncode == 2
