"""A proposal on disk: the picture, its sidecars, its layers; all of them or none."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image, ImageCms

from tratteggio import files
from tratteggio.errors import BadUsage, UnreadableFile, UnsafeOutput, UnwritableFile
from tratteggio.formats.ora import read_ora
from tratteggio.painting import Lacunae, Metadata, Restoration, Scan

rng = np.random.default_rng(0)
LOST = np.zeros((40, 56), bool)
LOST[10:20, 30:35] = True


def proposal(dtype: str = "uint8", channels: int = 3, *, alpha: bool = False, **metadata) -> Restoration:
    shape = (40, 56, channels + alpha) if channels + alpha > 1 else (40, 56)
    image = (rng.random(shape) * 0.999 * (np.iinfo(dtype).max if dtype[0] == "u" else 1)).astype(dtype)
    fill = np.zeros((40, 56, channels), dtype)
    fill[LOST] = np.array(0.5 * (np.iinfo(dtype).max if dtype[0] == "u" else 1)).astype(dtype)
    sure = np.where(LOST, np.float32(0.8), np.float32(0))
    scan = Scan(image, alpha=alpha, metadata=Metadata(**metadata))
    return Restoration(scan, Lacunae(LOST), fill, sure, {"engine": {"name": "test"}, "seed": np.int64(3)})


@pytest.mark.parametrize("suffix", ["tif", "tiff", "png"])
@pytest.mark.parametrize(
    ("dtype", "channels", "alpha"), [("uint8", 3, False), ("uint16", 1, True), ("uint16", 3, True)]
)
def test_picture_and_sidecars_hold_what_the_proposal_holds(tmp_path, suffix, dtype, channels, alpha):
    r = proposal(dtype, channels, alpha=alpha, resolution=(300.0, 300.0), unit="inch", orientation=6)
    files.save(r, tmp_path / f"out.{suffix}")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        f"out.{suffix}",
        f"out.{suffix}.confidence.tif",
        f"out.{suffix}.history.json",
        f"out.{suffix}.lost.tif",
    ]
    out = files.read(tmp_path / f"out.{suffix}")
    assert_array_equal(out.read(), r.image, strict=True)
    assert_array_equal(out.read()[~LOST], np.asarray(r.original.pixels)[~LOST])
    assert_array_equal(tifffile.imread(tmp_path / f"out.{suffix}.lost.tif"), np.where(LOST, 255, 0))
    assert_array_equal(tifffile.imread(tmp_path / f"out.{suffix}.confidence.tif"), np.where(LOST, 204, 0))
    for name in ("lost", "confidence"):
        beside = files.read(files.sidecar(tmp_path / f"out.{suffix}", name)).metadata
        assert (beside.resolution, beside.unit, beside.orientation) == ((300.0, 300.0), "inch", 6)
    history = files.read_history(tmp_path / f"out.{suffix}.history.json")
    assert history == {"schema": 1, "engine": {"name": "test"}, "seed": 3}


def test_lost_sidecars_are_masks_again(tmp_path):
    r = proposal()
    files.save(r, tmp_path / "out.png")
    assert_array_equal(files.read_lacunae(tmp_path / "out.png.lost.tif", r.original).read(), LOST)


def test_source_and_mask_are_never_overwritten(tmp_path):
    r = proposal()
    files.write(r.original.pixels, tmp_path / "panel.tif")
    files.write_lacunae(r.lacunae, tmp_path / "out.tif.lost.tif")
    r = replace(
        r,
        original=files.read(tmp_path / "panel.tif"),
        lacunae=files.read_lacunae(tmp_path / "out.tif.lost.tif"),
    )
    before = {entry: entry.read_bytes() for entry in tmp_path.iterdir()}
    for name in ("panel.tif", "out.tif"):
        with pytest.raises(UnsafeOutput):
            files.save(r, tmp_path / name)
    assert {entry: entry.read_bytes() for entry in tmp_path.iterdir()} == before


def test_a_failure_in_the_last_part_leaves_nothing(tmp_path):
    class Broken:
        shape, dtype = (40, 56), np.dtype(np.float32)

        def __getitem__(self, key):
            raise OSError(28, "No space left on device")

    for suffix, broken in (
        ("tif", replace(proposal(), confidence=Broken())),
        ("ora", replace(proposal(), fill=Broken())),
    ):
        with pytest.raises(UnwritableFile, match="No space left"):
            files.save(broken, tmp_path / f"out.{suffix}")
    assert not list(tmp_path.iterdir())


def test_places_are_checked_before_the_work(tmp_path):
    files.require_writable(tmp_path / "out.ora")
    with pytest.raises(BadUsage, match=r"one of .tif .tiff .png .jpg .jpeg .ora; got '.psd'"):
        files.require_writable(tmp_path / "out.psd")
    with pytest.raises(BadUsage, match="got ''"):
        files.save(proposal(), tmp_path / "out")
    with pytest.raises(UnwritableFile, match="there is no folder"):
        files.require_writable(tmp_path / "none" / "out.tif")
    assert not list(tmp_path.iterdir())


def test_openraster_layers_are_original_fill_and_lacunae(tmp_path, caplog):
    r = proposal(resolution=(300.0, 300.0), unit="inch")
    files.save(r, tmp_path / "out.ora")
    assert not caplog.records
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out.ora", "out.ora.history.json"]
    with zipfile.ZipFile(tmp_path / "out.ora") as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.testzip() is None
        with archive.open("mergedimage.png") as file, Image.open(file) as merged:
            assert_array_equal(np.asarray(merged)[..., :3], r.image)
            assert merged.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        with archive.open("Thumbnails/thumbnail.png") as file, Image.open(file) as small:
            assert max(small.size) <= 256
    original, fill, lacunae = read_ora(tmp_path / "out.ora")
    assert [(layer.name, layer.visible) for layer in (original, fill, lacunae)] == [
        ("original", True),
        ("fill", True),
        ("lacunae", False),
    ]
    assert_array_equal(original.pixels[..., :3], r.original.pixels)
    assert_array_equal(fill.pixels[..., 3], np.where(LOST, 255, 0))
    assert_array_equal(fill.pixels[LOST][:, :3], np.asarray(r.fill)[LOST])
    assert_array_equal(lacunae.pixels[LOST], [[255, 0, 0, 255]] * LOST.sum())
    assert not lacunae.pixels[~LOST].any()
    laid = Image.alpha_composite(Image.fromarray(original.pixels), Image.fromarray(fill.pixels))
    assert_array_equal(np.asarray(laid)[..., :3], r.image)


@pytest.mark.parametrize("channels", [1, 3])
def test_openraster_of_16_bit_is_rounded_and_says_so(tmp_path, caplog, channels):
    r = proposal("uint16", channels, alpha=True)
    files.save(r, tmp_path / "out.ora")
    assert "8-bit copy" in caplog.text
    layer = read_ora(tmp_path / "out.ora")[0].pixels
    exact = np.asarray(r.original.pixels) / 257
    assert_array_equal(layer[..., 0], np.rint(exact[..., 0]))
    assert_array_equal(layer[..., 3], np.rint(exact[..., -1]))


def test_openraster_colours_are_srgb(tmp_path):
    """A profile with another tone curve: littleCMS through Pillow says what must come out."""
    icc = bytes(imagecodecs.cms_profile("adobergb"))
    r = proposal(icc=icc)
    files.save(r, tmp_path / "out.ora")
    expected = ImageCms.profileToProfile(
        Image.fromarray(r.original.pixels),
        ImageCms.ImageCmsProfile(io.BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
    )
    got = read_ora(tmp_path / "out.ora")[0].pixels[..., :3].astype(int)
    assert abs(got - np.asarray(expected)).max() <= 1


def test_a_file_that_is_no_openraster_is_refused(tmp_path):
    (tmp_path / "a.ora").write_bytes(b"PK nonsense")
    with pytest.raises(UnreadableFile, match="OpenRaster"):
        read_ora(tmp_path / "a.ora")


def test_hashes_are_those_of_the_bytes_and_of_the_raster(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert files.sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    image = rng.integers(0, 65536, (700, 30, 3), np.uint16)
    for compression in ("none", "zstd"):
        files.write(image, tmp_path / "a.tif", compression=compression)
        assert files.sha256_pixels(files.read(tmp_path / "a.tif").pixels) == files.sha256_pixels(image)
    other = image.copy()
    other[699, 29, 2] ^= 1
    assert files.sha256_pixels(other) != files.sha256_pixels(image)
    assert files.sha256_pixels(image.view(np.int16)) != files.sha256_pixels(image)
    with pytest.raises(UnreadableFile):
        files.sha256(tmp_path / "none")


def test_sidecars_are_named_after_the_output():
    assert files.sidecar("a/out.v2.tif", "history") == Path("a/out.v2.tif.history.json")
    with pytest.raises(BadUsage, match="known: history, lost, confidence"):
        files.sidecar("out.tif", "mask")


def test_a_history_comes_back(tmp_path):
    history = {"name": "Ñ", "share": np.float32(0.5), "size": np.array([1, 2]), "file": Path("a/b")}
    files.write_history(tmp_path / "a.history.json", history)
    back = files.read_history(tmp_path / "a.history.json")
    assert back == {"schema": 1, "name": "Ñ", "share": 0.5, "size": [1, 2], "file": "a/b"}
    assert next(iter(json.loads((tmp_path / "a.history.json").read_text(encoding="utf-8")))) == "schema"
    with pytest.raises(TypeError, match="object"):
        files.write_history(tmp_path / "a.history.json", {"bad": object()})
    assert files.read_history(tmp_path / "a.history.json") == back


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", '{"engine": 1}', '{"schema": 99}', "\xff"])
def test_a_damaged_history_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(UnreadableFile, match=r"a\.json"):
        files.read_history(tmp_path / "a.json")
