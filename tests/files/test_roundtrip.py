"""What goes in comes out: pixels bit by bit, and metadata as Pillow and OpenCV see it."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.testing import assert_array_equal
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import IFDRational

from tratteggio import files
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.files import exif, ifd
from tratteggio.formats._png.write import filtered
from tratteggio.formats._tiff import write as tiff_write
from tratteggio.painting import Metadata

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>\xc3\xa9</a></x:xmpmeta>'
rng = np.random.default_rng(0)


def picture(*shape: int, dtype: str = "uint8") -> np.ndarray:
    """Smooth gradients with some grain."""
    rows, cols = np.mgrid[0 : shape[0], 0 : shape[1]]
    base = (np.sin(rows / 9) + np.cos(cols / 13) + 2) / 4
    values = base[..., None] * np.linspace(0.5, 1, int(np.prod(shape[2:])))
    values = np.clip(values + rng.normal(0, 0.01, values.shape), 0, 1).reshape(shape)
    return (
        values.astype(dtype) if dtype.startswith("f") else np.rint(values * np.iinfo(dtype).max).astype(dtype)
    )


def exif_block() -> bytes:
    block = Image.Exif()
    block[271], block[272], block[315], block[306] = "Maker", "Model X", "Ana Ñ", "2026:01:02 03:04:05"
    block[274] = 6
    block.get_ifd(34665)[33434] = IFDRational(1, 125)
    block.get_ifd(34665)[37510] = b"ASCII\0\0\0a comment longer than four bytes"
    block.get_ifd(34853)[1] = "N"
    block.get_ifd(34853)[2] = (IFDRational(52), IFDRational(31), IFDRational(123, 10))
    return block.tobytes()[6:]


def independent_exif(path) -> dict[str, Any]:
    """What Pillow finds, of the things that every format can say."""
    with Image.open(path) as image:
        found = image.getexif()
        private, gps = found.get_ifd(34665), found.get_ifd(34853)
        return {
            "maker": [found.get(code) for code in (271, 272, 306)],
            "artist": found.get(315),
            "orientation": found.get(274),
            "exposure": float(private.get(33434, 0)),
            "comment": private.get(37510),
            "gps": (gps.get(1), tuple(float(part) for part in gps.get(2, ()))),
        }


def independent_xmp(path) -> bytes | None:
    with Image.open(path) as image:
        xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
        return xmp.encode() if isinstance(xmp, str) else xmp


FULL = Metadata((300.0, 299.5), "inch", 6, ICC, exif_block(), XMP)


@pytest.fixture(params=["tif", "png", "jpg"])
def source(request, tmp_path):
    """A file with everything, written by another program."""
    path = tmp_path / f"source.{request.param}"
    image = Image.fromarray(picture(40, 56, 3))
    if request.param == "tif":
        info = Image.Exif()
        info.load(b"Exif\0\0" + exif_block())
        info[34665], info[34853] = info.get_ifd(34665), info.get_ifd(34853)
        info[700] = XMP
        image.save(path, exif=info, icc_profile=ICC, dpi=(300, 299.5))
    elif request.param == "png":
        image.save(path, exif=b"Exif\0\0" + exif_block(), icc_profile=ICC, dpi=(300, 299.5))
        data = path.read_bytes()
        text = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + XMP
        chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
        path.write_bytes(data[:33] + chunk + data[33:])
    else:
        image.save(
            path, exif=b"Exif\0\0" + exif_block(), icc_profile=ICC, dpi=(300, 300), xmp=XMP, quality=95
        )
    return path


@pytest.mark.parametrize("suffix", ["tif", "png", "jpg"])
def test_metadata_survives_from_every_format_to_every_format(source, tmp_path, suffix):
    scan = files.read(source)
    out = tmp_path / f"out.{suffix}"
    files.write(scan.pixels, out, metadata=scan.metadata)
    assert independent_exif(out) == independent_exif(source)
    assert independent_exif(out)["comment"] == b"ASCII\0\0\0a comment longer than four bytes"
    assert independent_exif(out)["gps"] == ("N", (52.0, 31.0, 12.3))
    assert independent_xmp(out) == XMP
    with Image.open(out) as image, Image.open(source) as before:
        assert image.info["icc_profile"] == ICC
        assert [float(d) for d in image.info["dpi"]] == pytest.approx(
            [float(d) for d in before.info["dpi"]], abs=0.51
        )
    again = files.read(out)
    assert again.metadata.orientation == 6
    assert again.um_per_px == pytest.approx(25_400 / 300, rel=1e-4)
    if suffix != "jpg":
        assert_array_equal(again.read(), scan.read(), strict=True)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_private_directories_of_every_kind_of_tiff_are_read(tmp_path, order, big):
    """A big-endian or BigTIFF source made by tifffile, its EXIF directory put in by hand."""
    path = tmp_path / "source.tif"
    with tifffile.TiffWriter(path, bigtiff=big, byteorder=order) as tiff:
        tiff.write(
            picture(8, 8, 3),
            photometric="rgb",
            metadata=None,
            software=False,
            resolution=((11811, 100), (11811, 100)),
            resolutionunit="CENTIMETER",
            extratags=[
                (34600, 16 if big else 4, 1, 0, True),  # stands in for 34665, which tifffile does not write
                (315, 2, 0, "Artemisia", True),
                (33550, 12, 3, (1.5, 2.5, 0.0), True),
                (269, 2, 0, "panel 3", True),
            ],
        )
    with tifffile.TiffFile(path) as tiff:
        code, place = tiff.pages[0].tags[34600].offset, tiff.pages[0].tags[34600].valueoffset
    with path.open("rb+") as file:
        end = file.seek(0, 2)
        head, entry = ("Q", "HHQ8s") if big else ("H", "HHI4s")
        width = 8 if big else 4
        value = end + struct.calcsize(order + head) + 2 * struct.calcsize(order + entry) + width
        table = struct.pack(order + head, 2)
        pointer = struct.pack(order + ("Q" if big else "I"), value)
        inline = struct.pack(order + "II", 1, 125)
        table += struct.pack(order + entry, 33434, 5, 1, inline if big else pointer)
        table += struct.pack(order + entry, 34855, 3, 1, struct.pack(order + "H", 400))
        file.write(table + bytes(width) + inline)
        file.seek(code)
        file.write(struct.pack(order + "H", 34665))
        file.seek(place)
        file.write(struct.pack(order + ("Q" if big else "I"), end))
    scan = files.read(path)
    assert scan.metadata.resolution == (118.11, 118.11)
    assert scan.metadata.unit == "cm"
    out = tmp_path / "out.tif"
    files.write(scan.pixels, out, metadata=scan.metadata)
    with Image.open(out) as image:
        found = image.getexif()
        assert found.get_ifd(34665) == {33434: IFDRational(1, 125), 34855: 400}
        assert (found[315], found[269], found[33550]) == ("Artemisia", "panel 3", (1.5, 2.5, 0.0))
        assert (image.tag_v2[282], image.tag_v2[296]) == (IFDRational(11811, 100), 3)
    assert files.read(out).metadata == scan.metadata


def test_a_file_without_metadata_gets_none(tmp_path):
    files.write(picture(8, 8, 3), tmp_path / "out.tif")
    metadata = files.read(tmp_path / "out.tif").metadata
    assert metadata == Metadata(foreign={"compression": "deflate"})
    for suffix in ("png", "jpg"):
        files.write(picture(8, 8, 3), tmp_path / f"out.{suffix}")
        assert files.read(tmp_path / f"out.{suffix}").metadata == Metadata()


def test_png_chunks_survive_word_for_word(tmp_path):
    image = picture(10, 12, 3)
    plain = imagecodecs.png_encode(image)
    extra = b""
    for text in (
        b"tEXtTitle\0A panel",
        b"gAMA" + struct.pack(">I", 45455),
        b"tRNS" + image[2, 3].astype(">u2").tobytes(),
    ):
        extra += struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    (tmp_path / "in.png").write_bytes(plain[:33] + extra + plain[33:])
    scan = files.read(tmp_path / "in.png")
    assert not scan.alpha
    assert_array_equal(scan.read(), image)
    files.write(scan.pixels, tmp_path / "out.png", metadata=scan.metadata)
    assert extra in (tmp_path / "out.png").read_bytes()
    with Image.open(tmp_path / "out.png") as out:
        assert out.info["Title"] == "A panel"


def test_what_a_format_cannot_hold_is_named(tmp_path, caplog):
    comment = Image.fromarray(picture(16, 16))
    comment.save(tmp_path / "in.jpg", comment=b"seen in raking light")
    scan = files.read(tmp_path / "in.jpg")
    files.write(scan.pixels, tmp_path / "out.tif", metadata=scan.metadata)
    assert "JPEG comments" in caplog.text
    files.write(scan.pixels, tmp_path / "out.jpg", metadata=scan.metadata)
    with Image.open(tmp_path / "out.jpg") as out:
        assert out.info["comment"] == b"seen in raking light"


def test_iptc_and_photoshop_resources_go_between_tiff_and_jpeg(tmp_path):
    resources = b"8BIM\x04\x04\0\0\0\0\0\x08\x1c\x02\x78\0\x03abc"
    metadata = Metadata(foreign={"photoshop": resources})
    files.write(picture(8, 8), tmp_path / "a.tif", metadata=metadata)
    first = files.read(tmp_path / "a.tif").metadata
    files.write(picture(8, 8), tmp_path / "b.jpg", metadata=first)
    assert files.read(tmp_path / "b.jpg").metadata.foreign["photoshop"] == resources
    with Image.open(tmp_path / "b.jpg") as out:
        assert out.info["photoshop"][0x0404] == b"\x1c\x02\x78\0\x03abc"


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("compression", ["none", "lzw", "deflate", "zstd"])
def test_tiff_written_is_read_alike_by_tifffile(tmp_path, dtype, channels, compression):
    image = picture(*((70, 90, channels) if channels > 1 else (70, 90)), dtype=dtype)
    path = tmp_path / "out.tif"
    files.write(image, path, alpha=channels in (2, 4), compression=compression)
    assert_array_equal(tifffile.imread(path), image, strict=True)
    scan = files.read(path)
    assert scan.alpha == (channels in (2, 4))
    assert scan.metadata.foreign["compression"] == compression
    assert_array_equal(scan.read(), image, strict=True)


@pytest.mark.parametrize(
    ("stored", "written"), [("lzw", "lzw"), ("zstd", "zstd"), ("none", "none"), ("jpeg", "deflate")]
)
def test_the_compression_of_the_source_is_kept_if_it_is_lossless(tmp_path, stored, written):
    metadata = Metadata(foreign={"compression": stored})
    files.write(picture(20, 20, 3), tmp_path / "out.tif", metadata=metadata)
    assert files.inspect(tmp_path / "out.tif")["compression"] == written


def test_an_unknown_compression_is_named(tmp_path):
    with pytest.raises(UnknownName, match="'jpeg2000'; known: none, lzw, deflate, zstd"):
        files.write(picture(8, 8), tmp_path / "out.tif", compression="jpeg2000")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_written_is_read_alike_by_other_libraries(tmp_path, dtype, channels, monkeypatch):
    monkeypatch.setattr("tratteggio.formats._png.write.BAND_BYTES", 3000)  # several bands
    image = picture(*((61, 43, channels) if channels > 1 else (61, 43)), dtype=dtype)
    path = tmp_path / "out.png"
    files.write(image, path, alpha=channels in (2, 4))
    assert_array_equal(imagecodecs.png_decode(path.read_bytes()), image, strict=True)
    if channels != 2:
        seen = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        order = {1: ..., 3: (..., [2, 1, 0]), 4: (..., [2, 1, 0, 3])}[channels]
        assert_array_equal(seen[order], image, strict=True)
    with Image.open(path) as other:
        assert (
            other.mode
            == {
                1: "L" if dtype == "uint8" else "I;16",
                2: "LA" if dtype == "uint8" else "RGBA",
                3: "RGB",
                4: "RGBA",
            }[channels]
        )
        other.load()
    assert_array_equal(files.read(path).read(), image, strict=True)


@settings(max_examples=60, deadline=None)
@given(
    lines=arrays.arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 12))), pixel=st.integers(1, 4)
)
def test_png_filters_can_be_undone(lines, pixel):
    """The decoder of the specification, section 9.2, byte by byte."""
    above = [7] * lines.shape[1]
    for number, *deltas in filtered(lines, np.array([above], np.uint8), pixel).tolist():
        row: list[int] = []
        for i, delta in enumerate(deltas):
            a = row[i - pixel] if i >= pixel else 0
            b, c = above[i], above[i - pixel] if i >= pixel else 0
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            row.append((delta + {1: a, 2: b, 4: nearest}[number]) % 256)
        above = row
    assert above == lines[-1].tolist()


def test_jpeg_is_a_close_viewing_copy_and_says_so(tmp_path, caplog):
    image = picture(64, 64, 3)
    files.write(image, tmp_path / "out.jpg")
    assert "viewing copy" in caplog.text
    with Image.open(tmp_path / "out.jpg") as seen:
        assert abs(np.asarray(seen).astype(int) - image).mean() < 2.5
        assert [layer[1:3] for layer in seen.layer] == [(1, 1)] * 3  # 4:4:4
        assert_array_equal(np.asarray(seen), files.read(tmp_path / "out.jpg").read())


@pytest.mark.parametrize(
    ("dtype", "channels", "suffix", "needle"),
    [
        ("uint16", 3, "jpg", "16.*use .tif or .png"),
        ("uint8", 4, "jpg", "alpha.*use"),
        ("float32", 3, "png", "float32; use .tif"),
        ("uint8", 3, "bmp", r"one of .tif .tiff .png .jpg .jpeg; got '.bmp'"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_with_a_remedy(tmp_path, dtype, channels, suffix, needle):
    with pytest.raises(BadUsage, match=needle):
        files.write(picture(8, 8, channels, dtype=dtype), tmp_path / f"out.{suffix}", alpha=channels == 4)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_large_tiff_is_a_tiled_pyramid_of_means(tmp_path, dtype):
    image = picture(300, 4101, 3, dtype=dtype)
    path = tmp_path / "out.tif"
    files.write(image, path, metadata=FULL)
    assert_array_equal(tifffile.imread(path), image, strict=True)
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        assert (page.tilelength, page.tilewidth) == (304, 512)
        levels = [level.asarray() for level in page.pages]
    assert [level.shape for level in levels] == [(150, 2051, 3), (75, 1026, 3), (38, 513, 3), (19, 257, 3)]
    exact = image[:, :4100].astype(float).reshape(150, 2, 2050, 2, 3).mean(axis=(1, 3))
    step = 1e-6 if dtype == "float32" else 0.5
    assert abs(levels[0][:, :2050] - exact).max() <= step
    assert_array_equal(levels[0][:, 2050], tiff_write.halved(image[:, 4100:])[:, 0])
    assert [level.shape for level in files.read(path).pixels.levels] == [level.shape for level in levels]
    if dtype != "float32":  # Pillow opens no float RGB
        assert independent_exif(path)["maker"] == ["Maker", "Model X", "2026:01:02 03:04:05"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.tif"]  # no scratch is left


@pytest.mark.parametrize("shape", [(1, 1), (3, 40_000), (1, 5000, 3), (40_000, 3), (2, 2, 1)])
def test_odd_shapes_survive(tmp_path, shape):
    image = picture(*shape, dtype="uint16")
    for suffix in ("tif", "png"):
        files.write(image, tmp_path / f"out.{suffix}")
        assert_array_equal(
            files.read(tmp_path / f"out.{suffix}").read(),
            image.squeeze(-1) if shape[-1] == 1 and len(shape) == 3 else image,
        )


def test_above_4_gb_it_is_a_bigtiff(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_write, "CLASSIC_BYTES", 10_000)
    image = picture(100, 100, 3)
    files.write(image, tmp_path / "out.tif", metadata=FULL)
    assert (tmp_path / "out.tif").read_bytes()[:4] == b"II+\0"
    assert_array_equal(tifffile.imread(tmp_path / "out.tif"), image)
    assert independent_exif(tmp_path / "out.tif")["exposure"] == 1 / 125
    assert files.read(tmp_path / "out.tif").metadata.exif is not None


class Endless:
    """A large raster that counts how it is read."""

    def __init__(self, rows: int, cols: int) -> None:
        self.shape, self.dtype, self.px_read = (rows, cols, 3), np.dtype(np.uint16), 0

    def __getitem__(self, key):
        rows, cols = key
        size = len(range(*rows.indices(self.shape[0]))), len(range(*cols.indices(self.shape[1]))), 3
        self.px_read += size[0] * size[1]
        return np.broadcast_to(np.arange(size[1], dtype=np.uint16)[:, None], size)


@pytest.mark.parametrize("suffix", ["tif", "png"])
def test_memory_depends_on_a_few_tiles_and_every_pixel_is_read_once(tmp_path, suffix):
    pixels = Endless(1500, 16_000)  # 144 MB; one row of tiles is 49 MB
    tracemalloc.start()
    files.write(pixels, tmp_path / f"out.{suffix}", compression="none" if suffix == "tif" else None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert pixels.px_read == 1500 * 16_000
    assert peak < 75e6


def test_miniswhite_stays_miniswhite(tmp_path):
    image = picture(16, 16)
    tifffile.imwrite(tmp_path / "in.tif", image, photometric="miniswhite")
    scan = files.read(tmp_path / "in.tif")
    files.write(scan.pixels, tmp_path / "out.tif", metadata=scan.metadata)
    with Image.open(tmp_path / "out.tif") as out, Image.open(tmp_path / "in.tif") as before:
        assert_array_equal(np.asarray(out), np.asarray(before))
    with pytest.raises(BadUsage, match=r"use .tif"):
        files.write(scan.pixels, tmp_path / "out.png", metadata=scan.metadata)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.floats(0.01, 1e6), st.fractions(min_value=1, max_value=10**6, max_denominator=10**4).map(float)
    )
)
def test_a_resolution_becomes_a_fraction_without_loss_of_meaning(value):
    numerator, denominator = ifd.fraction_of(value)
    assert 0 < numerator < 2**32
    assert 0 < denominator < 2**32
    assert numerator / denominator == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("value", [300.0, 118.11, 299.5, 72.0, 1 / 3, 11811 / 100, 2834.65])
def test_the_usual_resolutions_come_back_exactly(value):
    numerator, denominator = ifd.fraction_of(value)
    assert numerator / denominator == value


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_a_damaged_exif_block_never_stops_a_picture_from_being_read(noise):
    for block in (noise, b"II*\0\x08\0\0\0" + noise, b"MM\0*\0\0\0\x08" + noise):
        assert 1 <= exif.orientation_of(exif.parse(block)) <= 8
        exif.resolution_of(exif.parse(block))


def test_a_block_that_already_agrees_is_not_touched():
    block = exif_block()
    assert exif.describe(block, orientation=6, resolution=(300.0, 300.0), unit="inch") is block
    turned = exif.describe(block, orientation=3, resolution=None, unit="none")
    seen = Image.Exif()
    seen.load(b"Exif\0\0" + turned)
    assert seen[274] == 3
    assert seen.get_ifd(34665)[33434] == IFDRational(1, 125)


def test_grey_profiles_and_names_are_kept(tmp_path):
    assert files.profile_name(ICC) == "sRGB built-in"
    assert files.profile_name(None) is None
    assert files.profile_name(b"nonsense") == "damaged profile"
    assert io.BytesIO(ICC).read(4)
