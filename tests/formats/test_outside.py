"""A format of another package goes through the same doors as ours, whatever its code does."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import tratteggio as tg
from tratteggio import files, registry
from tratteggio.errors import BadUsage, BrokenPlugin, UnreadableFile, UnsupportedFile, UnwritableFile
from tratteggio.painting import Metadata

PIXELS = np.arange(12 * 9, dtype=np.uint8).reshape(12, 9)

# A raw raster: a mark, two sides, the samples.
PLAIN = """
import struct
import numpy as np
from tratteggio.files.rasters import DecodedWhole
from tratteggio.painting import Scan
from tratteggio.roles import Facts, Keeps

MARK = b"MUSEUM01"
FACTS = Facts(title="Museum", suffixes=(".mus",), keeps=Keeps(depths=("uint8",), channels=(1,)))

def recognizes(path, start):
    return start.startswith(MARK)

def _decode(path):
    return np.frombuffer(path.read_bytes()[16:], np.uint8)

def open_scan(path, *, modality, bilevel):
    rows, cols = struct.unpack("<II", path.read_bytes()[8:16])
    return Scan(DecodedWhole(path, (rows, cols), np.uint8, _decode), modality, name=str(path))

def write_scan(pixels, file, *, metadata, alpha, compression, name):
    array = np.asarray(pixels[0:pixels.shape[0], 0:pixels.shape[1]]).reshape(pixels.shape[:2])
    file.write_bytes(MARK + struct.pack("<II", *array.shape) + array.tobytes())
"""

Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package with one format, as pip would; its code is the argument."""
    place = tmp_path_factory.mktemp("site")

    def installed(code: str) -> None:
        (place / "museum_format.py").write_text(code)
        about = place / "museum-1.0.dist-info"
        about.mkdir(exist_ok=True)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: museum\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text("[tratteggio.formats]\nmuseum = museum_format\n")
        monkeypatch.syspath_prepend(place)
        registry._modules.cache_clear()

    yield installed
    registry._modules.cache_clear()
    sys.modules.pop("museum_format", None)


@pytest.fixture
def museum(install: Install, tmp_path: Path) -> Path:
    """A sound file of the format."""
    install(PLAIN)
    files.write(PIXELS, tmp_path / "a.mus")
    return tmp_path / "a.mus"


def change(old: str, new: str) -> str:
    assert old in PLAIN
    return PLAIN.replace(old, new)


def test_it_is_read_written_filled_and_described(museum: Path, tmp_path: Path) -> None:
    assert_array_equal(files.read(museum).read(), PIXELS)
    about = files.inspect(museum)
    assert (about["format"], about["rows"], about["by_region"]) == ("museum", 12, False)
    lost = np.zeros(PIXELS.shape, bool)
    lost[4:7, 3:6] = True
    tg.inpaint(museum, lost, engine="diffusion").save(tmp_path / "out.mus")
    assert_array_equal(files.read(tmp_path / "out.mus").read()[~lost], PIXELS[~lost])


def test_messages_list_it(museum: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no image")
    with pytest.raises(UnsupportedFile, match="not a TIFF, PNG, JPEG, camera raw or Museum file"):
        files.read(tmp_path / "note.txt")
    with pytest.raises(BadUsage, match=r"\.png \.jpg \.jpeg \.mus; got"):
        files.write(PIXELS, tmp_path / "a.gif")


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (PIXELS.astype(np.uint16), "Museum has 8 bit, but the pixels are uint16; use .tif or .png"),
        (np.zeros((4, 4, 3), np.uint8), "an image is grey or RGB.* 3 channels; use .tif, .png or .jpg"),
    ],
)
def test_what_it_cannot_keep_is_refused_before_its_code_runs(
    museum: Path, tmp_path: Path, pixels: np.ndarray, message: str
) -> None:
    with pytest.raises(BadUsage, match=message):
        files.write(pixels, tmp_path / "b.mus")
    assert [path.name for path in tmp_path.iterdir()] == [museum.name]


def test_what_it_leaves_out_is_said(museum: Path, caplog: pytest.LogCaptureFixture) -> None:
    metadata = Metadata(resolution=(300, 300), unit="inch", orientation=6, white=200)
    files.write(PIXELS, museum, metadata=metadata)
    assert "left out: that white is 200, the resolution, the orientation" in caplog.text


@pytest.mark.parametrize("keep", [0, 9, 40])
def test_a_damaged_file_is_one_sentence(museum: Path, keep: int) -> None:
    museum.write_bytes(museum.read_bytes()[:keep])
    with pytest.raises(UnreadableFile, match=r"a\.mus"):
        files.read(museum).read()


def test_pixels_that_are_not_as_they_were_claimed_are_refused(install: Install, tmp_path: Path) -> None:
    lazy = change("DecodedWhole(path, (rows, cols), np.uint8, _decode)", "Lies((rows, cols))") + (
        "class Lies:\n"
        "    dtype = np.dtype(np.uint8)\n"
        "    def __init__(self, shape): self.shape = shape\n"
        "    def __getitem__(self, key): return np.zeros((2, 2), np.uint8)\n"
    )
    install(lazy)
    files.write(PIXELS, tmp_path / "a.mus")
    with pytest.raises(UnreadableFile, match=r"a\.mus .*its reader returned uint8 \(2, 2\)"):
        files.read(tmp_path / "a.mus").read()


def test_a_header_that_claims_too_much_memory_is_refused(museum: Path) -> None:
    museum.write_bytes(museum.read_bytes()[:8] + b"\xff\xff\x0f\0" * 2 + b"\0" * 64)
    with pytest.raises(UnreadableFile, match="needs 1,024.0 GiB of memory"):
        files.read(museum)


def test_metadata_that_make_no_sense_are_left_out(
    install: Install, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(change("name=str(path))", "name=str(path), metadata=Metadata(orientation=77))").replace(
        "import Scan\n", "import Metadata, Scan\n"
    ))  # fmt: skip
    files.write(PIXELS, tmp_path / "a.mus")
    assert files.read(tmp_path / "a.mus").metadata.orientation == 1
    assert "its orientation makes no sense" in caplog.text


def test_a_writer_that_fails_names_its_package_and_leaves_nothing(install: Install, tmp_path: Path) -> None:
    install(change("    file.write_bytes(", "    file.write_bytes(MARK)\n    1 / 0\n    ("))
    with pytest.raises(BrokenPlugin, match=r"format museum \(museum_format\) is broken: ZeroDivisionError"):
        files.write(PIXELS, tmp_path / "a.mus")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_no_fault_of_the_package(install: Install, tmp_path: Path) -> None:
    install(change("    file.write_bytes(", "    raise OSError(28, 'No space left on device')\n    ("))
    with pytest.raises(UnwritableFile, match=r"a\.mus could not be written: No space left"):
        files.write(PIXELS, tmp_path / "a.mus")
    assert not list(tmp_path.iterdir())


def test_a_broken_package_breaks_no_file_of_ours(
    install: Install, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install("raise RuntimeError('the licence server is away')")
    files.write(PIXELS, tmp_path / "a.png")
    assert_array_equal(files.read(tmp_path / "a.png").read(), PIXELS)
    assert "the licence server is away" in caplog.text
    (tmp_path / "a.mus").write_bytes(b"MUSEUM01")
    with pytest.raises(BrokenPlugin, match="the licence server is away"):
        files.read(tmp_path / "a.mus")


def test_a_module_without_facts_is_broken(install: Install, tmp_path: Path) -> None:
    install("def recognizes(path, start): return True")
    (tmp_path / "a.mus").write_bytes(b"MUSEUM01")
    with pytest.raises(BrokenPlugin, match="it has no FACTS"):
        files.read(tmp_path / "a.mus")


def test_one_that_claims_every_file_does_not_take_those_of_ours(install: Install, tmp_path: Path) -> None:
    files.write(PIXELS, tmp_path / "a.png")
    install(change("return start.startswith(MARK)", "return True"))
    assert files.inspect(tmp_path / "a.png")["format"] == "png"
