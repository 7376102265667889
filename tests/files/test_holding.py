"""What a format cannot hold is known from the header, before any work."""

import numpy as np
import pytest

from tratteggio.errors import BadUsage, UnreadableFile, UnwritableFile
from tratteggio.files.holding import least_bytes, require_holds, require_space
from tratteggio.painting import Metadata, Scan

CASES = [
    ("uint16", 3, False, {}, ".jpg", "8 bit"),
    ("uint8", 3, True, {}, ".jpg", "alpha"),
    ("float32", 3, False, {}, ".png", "8 or 16 bit"),
    ("float64", 1, False, {}, ".jpg", "8 bit"),
    ("uint8", 1, False, {"photometric": "miniswhite"}, ".png", "white as 0"),
    ("uint8", 1, False, {"photometric": "miniswhite"}, ".jpeg", "white as 0"),
]


class Unread:
    """Pixels that nobody may read yet."""

    def __init__(self, shape, dtype) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)

    def __getitem__(self, key):
        pytest.fail("pixels were read")


def scan(dtype="uint8", channels=3, *, alpha=False, **metadata) -> Scan:
    shape = (40, 50, channels + alpha) if channels + alpha > 1 else (40, 50)
    return Scan(Unread(shape, dtype), alpha=alpha, name="panel.tif", metadata=Metadata(**metadata))


@pytest.mark.parametrize(("dtype", "channels", "alpha", "foreign", "suffix", "word"), CASES)
def test_what_a_format_cannot_hold_is_refused(tmp_path, dtype, channels, alpha, foreign, suffix, word):
    with pytest.raises(BadUsage, match=word):
        require_holds(scan(dtype, channels, alpha=alpha, foreign=foreign), tmp_path / f"out{suffix}")
    require_holds(scan(dtype, channels, alpha=alpha, foreign=foreign), tmp_path / "out.tif")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".tif", ".png"])
def test_metadata_that_no_writer_takes_are_found_before_the_work(tmp_path, suffix):
    with pytest.raises(UnreadableFile, match=r"panel\.tif.*metadata"):
        require_holds(scan(resolution=(float("inf"), 1.0), unit="inch"), tmp_path / f"out{suffix}")
    assert not list(tmp_path.iterdir())


def test_too_long_a_side_for_jpeg(tmp_path):
    wide = Scan(Unread((10, 70_000, 3), "uint8"))
    with pytest.raises(BadUsage, match="65,535"):
        require_holds(wide, tmp_path / "out.jpg")


def test_a_disk_that_is_clearly_too_small_is_refused(tmp_path):
    require_space(tmp_path, 1, what="filling panel.tif")
    with pytest.raises(UnwritableFile, match=r"filling panel\.tif needs at least .* MB"):
        require_space(tmp_path, 1 << 60, what="filling panel.tif")


def test_the_least_size_is_exact_without_compression_and_careful_with(tmp_path):
    (tmp_path / "panel.tif").write_bytes(bytes(1000))
    raw = 40 * 50 * 3
    plain = scan(foreign={"compression": "none"})
    assert least_bytes(plain, tmp_path / "out.tif", tmp_path / "panel.tif") == raw
    assert least_bytes(plain, tmp_path / "out.png", tmp_path / "panel.tif") == 250
    assert least_bytes(scan(), tmp_path / "out.tif", None) == 0
