"""Camera raw comes in as the sensor wrote it, or is refused in one sentence."""

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from files.dng import write_dng
from tratteggio import files
from tratteggio.errors import MissingExtra, UnreadableFile, UnsupportedFile
from tratteggio.files.sensor import sensor_of
from tratteggio.formats.raw import XYZ_TO_SRGB, _to_srgb

MOSAIC = np.random.default_rng(0).integers(512, 16_000, (64, 96), np.uint16)


def test_without_the_extra_a_raw_file_is_refused_with_what_to_install(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(
        MissingExtra,
        match=r"is camera raw, and reading that needs rawpy, which is not installed; .*tratteggio\[raw\]",
    ):
        files.read(write_dng(tmp_path / "shot.dng", MOSAIC))


@pytest.mark.parametrize(
    ("pattern", "red"), [("RGGB", (0, 0)), ("GRBG", (0, 1)), ("GBRG", (1, 0)), ("BGGR", (1, 1))]
)
def test_a_mosaic_comes_in_untouched_and_tells_its_sensor(tmp_path: Path, pattern: str, red) -> None:
    pytest.importorskip("rawpy")
    file = write_dng(tmp_path / "shot.dng", MOSAIC, pattern=pattern)
    before = file.read_bytes()
    scan = files.read(file)
    assert_array_equal(scan.read(), MOSAIC)
    sensor = sensor_of(scan)
    assert sensor is not None
    assert (sensor.red, sensor.black, sensor.white) == (red, 512, 16383)
    assert_allclose(sensor.balance, (2.0, 1.0, 1.6), rtol=1e-6)
    assert_allclose(sensor.to_srgb, np.eye(3), atol=1e-3)  # its colours are those of sRGB
    assert file.read_bytes() == before
    assert files.inspect(file)["compression"] == "camera raw"


def test_the_matrix_of_a_camera_brings_its_colours_to_srgb_and_leaves_grey() -> None:
    camera_of_xyz = np.array([[0.8, -0.2, -0.1], [-0.5, 1.3, 0.2], [-0.1, 0.2, 0.6]])
    found = np.array(_to_srgb(camera_of_xyz))
    assert_allclose(found @ np.ones(3), np.ones(3))
    srgb = np.array([0.2, 0.5, 0.3])
    seen = camera_of_xyz @ np.linalg.solve(XYZ_TO_SRGB, srgb)
    white = camera_of_xyz @ np.linalg.solve(XYZ_TO_SRGB, np.ones(3))
    assert_allclose(found @ (seen / white), srgb)
    assert_array_equal(_to_srgb(np.zeros((3, 3))), np.eye(3))


def test_a_sensor_of_another_pattern_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    trans = "GBGGRGRGRBGBGBGGRGGRGGBGBGBRGRGRGGBG"
    file = write_dng(tmp_path / "trans.dng", MOSAIC, pattern=trans)
    with pytest.raises(UnsupportedFile, match=r"trans\.dng has a mosaic of 6 x 6 of RGBG, but only Bayer"):
        files.read(file)


def test_what_is_no_raw_of_a_known_camera_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    strange = tmp_path / "strange.nef"
    strange.write_bytes(b"II*\0" + bytes(1000))
    with pytest.raises(UnsupportedFile, match=r"strange\.nef is not a raw file that LibRaw"):
        files.read(strange)
    short = write_dng(tmp_path / "short.dng", MOSAIC)
    short.write_bytes(short.read_bytes()[:3000])
    with pytest.raises(UnreadableFile, match=r"short\.dng cannot be read as camera raw"):
        files.read(short)
    (tmp_path / "empty.arw").touch()
    with pytest.raises(UnreadableFile, match="is empty"):
        files.read(tmp_path / "empty.arw")
