"""gAMA and cHRM of a PNG are a profile; sRGB and an ICC profile go before them."""

import io
import struct
import zlib

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageCms

from tratteggio import files
from tratteggio.evaluation import evaluate
from tratteggio.files.icc import to_lab

SRGB_PLACES = (31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)
WIDE_PLACES = (31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000)  # Display P3


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path, array: np.ndarray, *chunks: tuple[bytes, bytes], **options):
    """A PNG with chunks of one's own before its pixels."""
    plain = io.BytesIO()
    Image.fromarray(array).save(plain, "png", **options)
    data = plain.getvalue()
    path.write_bytes(data[:33] + b"".join(chunk(*one) for one in chunks) + data[33:])
    return path


def gamma(value: int) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", value)


def places(values: tuple[int, ...]) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *values)


def encoded(light: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


RAMP = np.linspace(0, 255, 16 * 16 * 3).astype(np.uint8).reshape(16, 16, 3)


@pytest.mark.parametrize("grey", [False, True])
def test_linear_light_has_the_colour_that_srgb_encodes(tmp_path, grey):
    array = RAMP[..., 0] if grey else RAMP
    scan = files.read(png(tmp_path / "linear.png", array, gamma(100_000)))
    light = scan.colour() / 255
    assert_allclose(to_lab(light, scan.metadata.icc), to_lab(encoded(light), None), atol=0.02)


def test_chromaticities_are_taken(tmp_path):
    scan = files.read(png(tmp_path / "wide.png", RAMP, gamma(45_455), places(WIDE_PLACES)))
    red = np.array([[[255, 0, 0]]], np.uint8)
    assert to_lab(red, scan.metadata.icc)[0, 0, 1] > to_lab(red, None)[0, 0, 1] + 5


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [gamma(45_455)],
        [gamma(45_455), places(SRGB_PLACES)],
        [gamma(100_000), (b"sRGB", b"\0")],
        [gamma(0)],
        [(b"gAMA", b"\0")],
    ],
)
def test_what_means_srgb_or_nothing_makes_no_profile(tmp_path, chunks):
    assert files.read(png(tmp_path / "a.png", RAMP, *chunks)).metadata.icc is None


def test_an_icc_profile_goes_before(tmp_path):
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = png(tmp_path / "a.png", RAMP, gamma(100_000), icc_profile=icc)
    assert files.read(path).metadata.icc == icc


def test_places_that_cannot_be_are_noted(tmp_path, caplog):
    path = png(tmp_path / "a.png", RAMP, gamma(100_000), places((0,) * 8))
    assert files.read(path).metadata.icc is None
    assert "a.png states colours that cannot be" in caplog.text


def test_code_points_that_are_not_read_are_noted(tmp_path, caplog):
    files.read(png(tmp_path / "a.png", RAMP, (b"cICP", bytes([9, 16, 0, 1]))))
    assert "code points (9, 16, 0, 1)" in caplog.text
    caplog.clear()
    files.read(png(tmp_path / "b.png", RAMP, (b"cICP", bytes([1, 13, 0, 1]))))
    assert not caplog.records


def test_an_output_states_its_colours_as_its_source_does(tmp_path):
    scan = files.read(png(tmp_path / "a.png", RAMP, gamma(100_000)))
    files.write(scan.pixels, tmp_path / "b.png", metadata=scan.metadata)
    data = (tmp_path / "b.png").read_bytes()
    assert (data.count(b"gAMA"), data.count(b"iCCP")) == (1, 0)
    files.write(scan.pixels, tmp_path / "b.tif", metadata=scan.metadata)
    for name in ("b.png", "b.tif"):
        back = files.read(tmp_path / name)
        assert back.metadata.icc == scan.metadata.icc
        assert_array_equal(back.read(), scan.read())


@pytest.mark.parametrize("grey", [False, True])
def test_one_picture_stored_in_two_profiles_is_equal_but_for_rounding(tmp_path, grey):
    light = np.random.default_rng(0).random((24, 32) if grey else (24, 32, 3))
    linear = files.read(png(tmp_path / "linear.png", np.rint(light * 255).astype(np.uint8), gamma(100_000)))
    usual = np.rint(encoded(linear.read() / 255) * 255).astype(np.uint8)
    files.write(usual, tmp_path / "usual.png")
    for pair in ((linear, files.read(tmp_path / "usual.png")), (files.read(tmp_path / "usual.png"), linear)):
        scores = evaluate(*pair).whole
        assert scores.psnr > 45
        assert scores.ssim > 0.99
        assert scores.ciede2000_mean < 1
    assert evaluate(linear, linear).whole.mse == 0


def test_equal_samples_of_two_profiles_are_not_equal(tmp_path):
    linear = files.read(png(tmp_path / "a.png", RAMP, gamma(100_000)))
    usual = files.read(png(tmp_path / "b.png", RAMP))
    scores = evaluate(linear, usual).whole
    assert scores.psnr < 20
    assert scores.ciede2000_mean > 10
