"""A hundred damaged files of each format: read, or refused with one sentence, never a parser's exception."""

from __future__ import annotations

import json
import random
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from files.dng import write_dng
from tratteggio import files
from tratteggio.damage import PALETTE
from tratteggio.errors import TratteggioError
from tratteggio.files.icc import srgb_profile
from tratteggio.formats.ora import read_ora
from tratteggio.painting import Lacunae, Metadata, Restoration, Scan, Stack

MUTATIONS = 100
MUTATIONS_ZARR = 25  # a folder of files takes longer
RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (40, 48, 3), np.uint8)
GREY = RNG.integers(0, 65_536, (40, 48), np.uint16)
LOST = RGB[..., 0] > 128
META = Metadata(resolution=(300.0, 300.0), unit="inch", icc=srgb_profile(), xmp=b"<x/>", orientation=6)
NUMBERS = {colour: number for number, colour in enumerate(PALETTE)}
INDICES = RNG.integers(0, len(PALETTE), LOST.shape).astype(np.uint8)
STACK = Stack((Scan(RGB, metadata=META), Scan(GREY, "irr", seen=LOST)))


def strokes() -> np.ndarray:
    sheet = np.zeros_like(RGB)
    sheet[2:9, 2:9], sheet[20:30, 20:30] = (255, 0, 0), (0, 160, 80)
    return sheet


def pyramid(path: Path) -> None:
    with tifffile.TiffWriter(path) as tiff:
        options = {"photometric": "rgb", "tile": (16, 16), "compression": "deflate"}
        tiff.write(RGB, subifds=1, **options)
        tiff.write(RGB[::2, ::2], subfiletype=1, **options)


def tiff(**options: Any) -> Callable[[Path], None]:
    return lambda path: tifffile.imwrite(path, RGB, photometric="rgb", **options)


WRITERS: dict[str, Callable[[Path], object]] = {
    "metadata.tif": lambda path: files.write(RGB, path, metadata=META),
    "lzw.tif": tiff(compression="lzw", rowsperstrip=8),
    "big.tif": tiff(bigtiff=True, compression="zlib", rowsperstrip=8),
    "jpeg.tif": tiff(compression="jpeg", tile=(16, 16)),
    "big_endian.tif": tiff(byteorder=">"),
    "pyramid.tif": pyramid,
    "scan.png": lambda path: files.write(GREY, path, metadata=META),
    "scan.jpg": lambda path: files.write(RGB, path, metadata=META),
    "progressive.jpg": lambda path: Image.fromarray(RGB).save(path, progressive=True),
    "mask.png": lambda path: files.write_lacunae(Lacunae(LOST), path),
    "bilevel.tif": lambda path: Image.fromarray(LOST).save(path, compression="group4"),
    "stack.ome.tif": lambda path: files.write_stack(STACK, path),
    "map.png": lambda path: files.write_indexed(INDICES, path, PALETTE),
    "map.tif": lambda path: files.write_indexed(INDICES, path, PALETTE),
    "labels.png": lambda path: files.write(strokes(), path),
    "proposal.ora": lambda path: files.save(
        Restoration(Scan(RGB), Lacunae(LOST), RGB, np.ones(LOST.shape, np.float32), {}), path
    ),
}


def use(path: Path) -> None:
    """Read a file to the end, and write what was read: nothing may come to light only then."""
    if path.stem.endswith(("mask", "bilevel")):
        files.read_lacunae(path).read()
    elif path.stem.endswith("map"):
        files.read_indexed(path, NUMBERS)
    elif path.stem.endswith("labels"):
        files.read_labels(path, Scan(RGB))
    elif path.suffix == ".ora":
        read_ora(path)
    else:
        stack = files.read_stack(path)
        for scan in stack.scans:
            pixels = scan.read()
            files.overview(scan, longest=16)
            out = path.parent / "out.tif"
            files.write(pixels, out, metadata=scan.metadata, alpha=scan.alpha)
            np.testing.assert_array_equal(files.read(out).read(), pixels)


def places(data: bytes, path: Path) -> list[int]:
    """Return where the structure of a file stands; damage to pixels is less telling."""
    if path.suffix != ".tif":
        return list(range(min(len(data), 300)))
    found = list(range(8))
    with tifffile.TiffFile(path) as opened:
        for page in opened.pages:
            for tag in page.tags:
                found += range(tag.offset, tag.offset + (20 if opened.is_bigtiff else 12))
    return found


def mutated(data: bytes, where: list[int], rng: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        place = rng.choice(where) if rng.random() < 0.8 else rng.randrange(len(damaged))
        kind = rng.random()
        if kind < 0.4:
            damaged[place : place + 1] = bytes([rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])])
        elif kind < 0.8:
            value = rng.choice([0, 1, 2, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FC00000, 0x7F800000, len(data)])
            damaged[place : place + 4] = value.to_bytes(4, rng.choice(["little", "big"]))
        elif kind < 0.9:
            del damaged[place : place + rng.randrange(1, 40)]
        else:
            damaged[place:place] = rng.randbytes(8)
    return bytes(damaged)


def with_checksums(data: bytes) -> bytes:
    """Make the chunks of a PNG agree with their checksums again, so that damage gets further."""
    out, place = bytearray(data[:8]), 8
    while place + 12 <= len(data):
        end = place + 8 + struct.unpack_from(">I", data, place)[0]
        if end + 4 > len(data):
            break
        out += data[place:end] + struct.pack(">I", zlib.crc32(data[place + 4 : end]))
        place = end + 4
    return bytes(out + data[place:])


def require_our_errors(path: Path, read: Callable[[Path], object] = use) -> None:
    """Read a file; any exception but one of ours, with the file's name, fails the test."""
    try:
        read(path)
    except TratteggioError as error:
        message = str(error)
    else:
        return
    assert path.name in message
    assert "\n" not in message


@pytest.mark.parametrize("name", WRITERS)
def test_a_damaged_file_is_read_or_refused_with_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"damaged.{name}"
    sound = tmp_path / name
    WRITERS[name](sound)
    use(sound)
    data, rng = sound.read_bytes(), random.Random(name)
    where = places(data, sound)
    for _ in range(MUTATIONS):
        damaged = mutated(data, where, rng)
        path.write_bytes(with_checksums(damaged) if path.suffix == ".png" else damaged)
        require_our_errors(path)


def test_damaged_camera_raw_is_read_or_refused_with_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    path = write_dng(tmp_path / "damaged.dng", RNG.integers(512, 16_000, (40, 48), np.uint16))
    data, rng = path.read_bytes(), random.Random("raw")
    for _ in range(MUTATIONS):
        path.write_bytes(mutated(data, list(range(300)), rng))
        require_our_errors(path, lambda path: files.read(path).read())


ODD = (None, 0, -1, 2**63, 10**400, 1e308, float("nan"), "", "..", "/etc", [], {}, [[[]]], True, 0.5)


def damage_json(value: Any, rng: random.Random) -> Any:
    """Put something odd in the place of one value of a document, however deep."""
    if isinstance(value, dict | list) and value and rng.random() < 0.8:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = rng.choice(keys)
        value[key] = damage_json(value[key], rng)
        return value
    return rng.choice(ODD)


def test_a_damaged_ome_zarr_is_read_or_refused_with_one_sentence(tmp_path: Path) -> None:
    sound, path = tmp_path / "sound.ome.zarr", tmp_path / "damaged.ome.zarr"
    files.write_stack(STACK, sound)
    documents = sorted(file.relative_to(sound) for file in sound.rglob("zarr.json"))
    rng = random.Random("zarr")
    for _ in range(MUTATIONS_ZARR):
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(sound, path)
        file = path / rng.choice(documents)
        file.write_text(json.dumps(damage_json(json.loads(file.read_text()), rng)))
        require_our_errors(path)
