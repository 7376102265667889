"""Stacks that are damaged, foreign or impossible: one sentence, the file named, nothing left behind."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import tratteggio as tg
from tratteggio import files
from tratteggio.errors import BadUsage, GridMismatch, UnreadableFile, UnsupportedFile, UnwritableFile
from tratteggio.painting import Scan, Stack

RGB = np.random.default_rng(0).integers(0, 256, (600, 700, 3)).astype(np.uint8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    files.write_stack(Stack((Scan(RGB), Scan(RGB[..., 0], "irr"))), tmp_path / "panel.ome.zarr")
    return tmp_path / "panel.ome.zarr"


def change(group: Path, how: Callable[[Any], object]) -> None:
    meta = json.loads((group / "zarr.json").read_text())
    how(meta["attributes"])
    (group / "zarr.json").write_text(json.dumps(meta))


@pytest.mark.parametrize("gone", ["zarr.json", "rgb/zarr.json", "irr/0/zarr.json"])
def test_missing_metadata(path: Path, gone: str) -> None:
    (path / gone).unlink()
    with pytest.raises(UnreadableFile, match=r"panel\.ome\.zarr"):
        tg.open(path)


def test_a_missing_level_is_no_reason_to_refuse_the_painting(path: Path, caplog) -> None:
    (path / "rgb/1/zarr.json").unlink()
    stack = tg.open(path)
    assert stack.primary.pixels.levels == ()
    np.testing.assert_array_equal(stack.primary.read(), RGB)
    assert "a smaller copy in the pyramid of" in caplog.text


@pytest.mark.parametrize("spoilt", ["zarr.json", "rgb/zarr.json", "rgb/0/zarr.json", "OME/zarr.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"node_type": "group"}', b"null"])
def test_damaged_metadata(path: Path, spoilt: str, content: bytes) -> None:
    (path / spoilt).write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"panel\.ome\.zarr"):
        tg.open(path)


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        (lambda a: a["ome"].pop("multiscales"), UnreadableFile, "multiscales"),
        (lambda a: a["ome"].update(multiscales=[]), UnreadableFile, "multiscales"),
        (lambda a: a["ome"].update(version="0.4"), UnsupportedFile, "OME-Zarr 0.4"),
        (lambda a: a.pop("ome"), UnsupportedFile, "no key `ome`"),
        (lambda a: a["ome"]["multiscales"][0]["axes"].pop(), UnsupportedFile, r"axes \['c', 'y'\]"),
        (lambda a: a["ome"]["multiscales"][0]["axes"].pop(0), UnreadableFile, "states 2 axes"),
        (
            lambda a: a["ome"]["multiscales"][0]["axes"].insert(0, {"name": "t"}),
            UnsupportedFile,
            r"axes \['t', 'c', 'y', 'x'\]",
        ),
        (lambda a: a["ome"]["multiscales"][0].update(datasets=[]), UnreadableFile, "lists the levels"),
        (
            lambda a: a["ome"]["multiscales"][0]["datasets"][0].update(path="../irr/0"),
            UnreadableFile,
            r"\.\./irr/0",
        ),
        (lambda a: a["tratteggio"].pop("metadata"), UnreadableFile, "metadata"),
        (lambda a: a["tratteggio"]["metadata"].update(icc="no base 64!"), UnreadableFile, "damaged"),
        (lambda a: a.update(tratteggio=[]), UnreadableFile, "damaged"),
    ],
)
def test_metadata_that_cannot_be_followed(
    path: Path, how: Callable[[Any], object], error: type[Exception], words: str
) -> None:
    change(path / "rgb", how)
    with pytest.raises(error, match=words) as raised:
        tg.open(path)
    assert type(raised.value) is error
    assert str(path / "rgb") in str(raised.value)


@pytest.mark.parametrize("names", [[], ["../rgb"], [7], "rgb", ["/etc"]])
def test_a_collection_lists_what_lies_in_it(path: Path, names: Any) -> None:
    change(path / "OME", lambda a: a["ome"].update(series=names))
    with pytest.raises(UnreadableFile, match="collection of images"):
        tg.open(path)


@pytest.mark.parametrize("harm", ["cut", "turn", "remove"])
def test_a_damaged_chunk_is_told_and_never_shown_as_black_paint(path: Path, harm: str) -> None:
    chunk = path / "rgb" / "0" / "c" / "0" / "1" / "0"
    data = bytearray(chunk.read_bytes())
    if harm == "cut":
        chunk.write_bytes(data[: len(data) // 2])
    elif harm == "turn":
        data[len(data) // 2] ^= 1
        chunk.write_bytes(data)
    else:
        chunk.unlink()
    scan = tg.open(path)["rgb"]
    np.testing.assert_array_equal(scan.read(tg.painting.Region(0, 0, 512, 700)), RGB[:512])
    with pytest.raises(UnreadableFile, match=r"panel\.ome\.zarr/rgb/0 is (damaged|incomplete).*chunk"):
        scan.read()


def test_zarr_of_the_older_format_is_named_as_such(tmp_path: Path) -> None:
    group = zarr.create_group(str(tmp_path / "old.zarr"), zarr_format=2, attributes={"multiscales": []})
    group.create_array("0", shape=(1, 4, 4), dtype=np.uint8)
    with pytest.raises(UnsupportedFile, match="format 2"):
        tg.open(tmp_path / "old.zarr")


def test_zarr_of_another_kind(tmp_path: Path) -> None:
    zarr.create_group(str(tmp_path / "plain"))
    with pytest.raises(UnsupportedFile, match="no OME-Zarr"):
        tg.open(tmp_path / "plain")
    zarr.create_group(str(tmp_path / "plate"), attributes={"ome": {"version": "0.5", "plate": {}}})
    with pytest.raises(UnsupportedFile, match="neither an image nor a collection"):
        tg.open(tmp_path / "plate")
    zarr.create_array(str(tmp_path / "array"), shape=(4, 4), dtype=np.uint8)
    with pytest.raises(UnreadableFile, match="not that of a Zarr group"):
        tg.open(tmp_path / "array")
    (tmp_path / "empty.ome.zarr").mkdir()
    with pytest.raises(UnreadableFile, match="no whole OME-Zarr"):
        tg.open(tmp_path / "empty.ome.zarr")


def test_samples_of_a_depth_that_is_not_read(path: Path) -> None:
    shape = (3, 600, 700)
    zarr.create_array(str(path / "rgb" / "0"), shape=shape, dtype=np.int32, overwrite=True)
    with pytest.raises(UnsupportedFile, match="int32"):
        tg.open(path)


def test_images_of_one_stack_on_different_grids(path: Path, tmp_path: Path) -> None:
    files.write_stack(Stack((Scan(RGB[:500], "irr"),)), tmp_path / "other.ome.zarr")
    (path / "irr").rename(tmp_path / "gone")
    (tmp_path / "other.ome.zarr" / "irr").rename(path / "irr")
    with pytest.raises(
        GridMismatch,
        match=r"rgb.*has 600 rows x 700.*500 rows x 700.*tratteggio.register",
    ):
        tg.open(path)


def test_one_scan_is_not_chosen_from_several(path: Path) -> None:
    with pytest.raises(BadUsage, match=r"stack of rgb, irr.*panel\.ome\.zarr/rgb"):
        files.read(path)


@pytest.mark.parametrize("names", [("",), ("a/b",), ("..",), ("OME",), ("rgb", "RGB"), ("raking light",)])
def test_modalities_that_cannot_name_a_folder(tmp_path: Path, names: tuple[str, ...]) -> None:
    stack = Stack(tuple(Scan(RGB, name) for name in names))
    with pytest.raises(BadUsage, match="modality names a folder"):
        files.write_stack(stack, tmp_path / "p.ome.zarr")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["p.zarr", "p.tif", "p", "p.ora"])
def test_the_suffix_chooses_the_format_of_a_stack(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadUsage, match=r"\.ome\.zarr"):
        files.write_stack(Stack((Scan(RGB),)), tmp_path / name)


@pytest.mark.parametrize("suffix", [".ome.zarr", ".ome.tif"])
def test_places_where_nothing_can_be_written(tmp_path: Path, suffix: str) -> None:
    stack = Stack((Scan(RGB),))
    with pytest.raises(UnwritableFile, match="there is no folder"):
        files.write_stack(stack, tmp_path / "none" / f"p{suffix}")
    (tmp_path / f"p{suffix}").mkdir()
    (tmp_path / f"p{suffix}" / "letter.txt").write_text("precious")
    with pytest.raises(UnwritableFile):
        files.write_stack(stack, tmp_path / f"p{suffix}")
    assert (tmp_path / f"p{suffix}" / "letter.txt").read_text() == "precious"
    assert [entry.name for entry in tmp_path.iterdir()] == [f"p{suffix}"]


def test_a_file_in_the_place_of_the_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "p.ome.zarr").write_text("precious")
    with pytest.raises(UnwritableFile, match=r"contains no zarr\.json"):
        files.write_stack(Stack((Scan(RGB),)), tmp_path / "p.ome.zarr")
    assert (tmp_path / "p.ome.zarr").read_text() == "precious"


class Interrupted:
    """Pixels that end in Ctrl-C half-way."""

    shape, dtype = (3000, 3000), np.dtype(np.uint8)

    def __getitem__(self, key: tuple[slice, slice]) -> np.ndarray:
        if key[0].start > 1000:
            raise KeyboardInterrupt
        return np.zeros((key[0].stop - key[0].start, key[1].stop - key[1].start), np.uint8)


@pytest.mark.parametrize("suffix", [".ome.zarr", ".ome.tif"])
def test_an_interruption_leaves_what_was_there_before(tmp_path: Path, suffix: str) -> None:
    files.write_stack(Stack((Scan(RGB),)), tmp_path / f"p{suffix}")
    with pytest.raises(KeyboardInterrupt):
        files.write_stack(Stack((Scan(Interrupted()),)), tmp_path / f"p{suffix}")
    assert [entry.name for entry in tmp_path.iterdir()] == [f"p{suffix}"]
    if suffix == ".ome.zarr":
        np.testing.assert_array_equal(tg.open(tmp_path / f"p{suffix}").primary.read(), RGB)


def test_a_renaming_that_fails_puts_the_older_stack_back(path: Path, monkeypatch: Any) -> None:
    rename = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if self.suffix == ".part" and target == path and not (self / "irr").exists():
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(UnwritableFile, match="Input/output error; nothing was changed"):
        files.write_stack(Stack((Scan(RGB[:5]),)), path)
    assert tg.open(path).grid == (600, 700)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


FILL_DISK = """
import resource, sys
import numpy as np
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from tratteggio import Scan, Stack, errors, files
try:
    noise = np.random.default_rng(0).integers(0, 256, (2000, 900, 3), np.uint8)
    files.write_stack(Stack((Scan(noise),)), sys.argv[1])
except errors.UnwritableFile as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize("suffix", [".ome.zarr", ".ome.tif"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    """A limit on the size of files stands for the disk: the system refuses the write in the same way."""
    done = subprocess.run(
        [sys.executable, "-c", FILL_DISK, tmp_path / f"p{suffix}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert f"p{suffix} could not be written" in done.stderr
    assert not list(tmp_path.iterdir())


SCAN = '[[scan]]\nfile = "visible.tif"\nmodality = "rgb"\n'


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("", BadUsage, "names no scan"),
        ("scan = 3", BadUsage, "scan must be a list, got a whole number"),
        ("scan = [3]", BadUsage, r"scan\[0\] must be an object, got a whole number"),
        ("title = 3\n" + SCAN, BadUsage, "title must be a text, got a whole number"),
        ("titel = 'x'\n" + SCAN, BadUsage, "no key named 'titel'; did you mean 'title'"),
        (SCAN + "mm_per_px = 0.05\n", BadUsage, "no key named 'mm_per_px'; did you mean 'um_per_px'"),
        (SCAN + "um_per_px = 0.05\n", BadUsage, "um_per_px of rgb .*0.05 mm is 50.*got 0.05"),
        (SCAN + "um_per_px = '50 mm'\n", BadUsage, r"um_per_px must be a number or null, got a text"),
        (SCAN + "um_per_px = true\n", BadUsage, r"um_per_px must be a number or null, got true or false"),
        (SCAN + "um_per_px = nan\n", BadUsage, "got nan"),
        ('[[scan]]\nfile = "visible.tif"\n', BadUsage, r"scan\[0\].modality is missing"),
        ('[[scan]]\nmodality = "rgb"\n', BadUsage, r"scan\[0\].file is missing"),
        (SCAN + SCAN, BadUsage, "each modality once"),
        (SCAN + '[[scan]]\nfile = "none.tif"\nmodality = "irr"\n', UnreadableFile, "names none.tif"),
        (SCAN + '[[scan]]\nfile = "text.txt"\nmodality = "irr"\n', UnsupportedFile, "text.txt"),
        (SCAN + '[[scan]]\nfile = "small.tif"\nmodality = "irr"\n', GridMismatch, "tratteggio.register"),
        ("title = ", UnreadableFile, "not a sound TOML file"),
        ("title = '\xff'", UnreadableFile, "not a sound TOML file"),
    ],
)
def test_painting_toml_that_cannot_be_followed(
    tmp_path: Path, text: str, error: type[Exception], words: str
) -> None:
    files.write(RGB, tmp_path / "visible.tif")
    files.write(RGB[:9], tmp_path / "small.tif")
    (tmp_path / "text.txt").write_text("this is not a picture")
    (tmp_path / "painting.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(error, match=words) as raised:
        tg.open(tmp_path)
    assert type(raised.value) is error


def test_a_folder_without_painting_toml(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match=r"not an OME-Zarr or IIIF image, and it has no painting\.toml"):
        tg.open(tmp_path)


@pytest.mark.parametrize(
    ("found", "instead"),
    [(b"<Image ", b"<Imago "), (b'IFD="0"', b'IFD="?"'), (b'K="modality"', b'K="modaliti"')],
)
def test_a_damaged_ome_xml_is_told_of(tmp_path: Path, found: bytes, instead: bytes) -> None:
    files.write_stack(Stack((Scan(np.zeros((9, 9), np.uint8), "irr"),)), tmp_path / "p.ome.tif")
    whole = (tmp_path / "p.ome.tif").read_bytes()
    assert found in whole
    (tmp_path / "p.ome.tif").write_bytes(whole.replace(found, instead))
    with pytest.raises(UnreadableFile, match=r"p\.ome\.tif is not a sound OME-TIFF file: its OME-XML"):
        files.read_stack(tmp_path / "p.ome.tif")


@pytest.mark.parametrize("how", ["../outside.tif", "absolute", "link", "in/../../outside.tif"])
def test_a_painting_toml_names_files_of_its_own_folder_only(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "painting"
    (folder / "in").mkdir(parents=True)
    files.write(RGB, tmp_path / "outside.tif")
    (folder / "link.tif").symlink_to("../outside.tif")
    name = {"absolute": str(tmp_path / "outside.tif"), "link": "link.tif"}.get(how, how)
    (folder / "painting.toml").write_text(f'[[scan]]\nfile = "{name}"\nmodality = "rgb"\n')
    with pytest.raises(BadUsage, match="which lies outside of its folder.*tratteggio.files.outside_allowed"):
        tg.open(folder)
    with files.outside_allowed():
        assert tg.open(folder).grid == RGB.shape[:2]
    with pytest.raises(BadUsage, match="outside"):
        tg.open(folder)


def test_ways_that_stay_in_the_folder_are_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    files.write(RGB, tmp_path / "in" / "visible.tif")
    (tmp_path / "link.tif").symlink_to("in/visible.tif")
    for name in ("in/visible.tif", "in/../link.tif", str(tmp_path / "link.tif")):
        (tmp_path / "painting.toml").write_text(f'[[scan]]\nfile = "{name}"\nmodality = "rgb"\n')
        assert tg.open(tmp_path).grid == RGB.shape[:2]


@pytest.mark.parametrize(
    "value", ["0x" + "f" * 9000, "1979-05-27", '"\\u0000"', '"' + "x" * 5000 + '"', '"."']
)
@pytest.mark.parametrize("key", ["file", "um_per_px", "modality"])
def test_no_value_breaks_the_reading_of_a_painting_toml(tmp_path: Path, key: str, value: str) -> None:
    files.write(RGB, tmp_path / "visible.tif")
    entries = {"file": '"visible.tif"', "modality": '"rgb"', "um_per_px": "50.0"} | {key: value}
    lines = [f"{name} = {entry}" for name, entry in entries.items()]
    (tmp_path / "painting.toml").write_text("\n".join(["[[scan]]", *lines]))
    with contextlib.suppress(BadUsage, UnreadableFile):
        tg.open(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("resolution", [1.0]),
        ("resolution", ["300", "300"]),
        ("unit", "furlong"),
        ("orientation", 9),
        ("orientation", "1"),
        ("icc", 3),
        ("icc", "no base 64 !"),
        ("photometric", "red"),
        ("extrasample", 10**30),
    ],
)
def test_metadata_of_ours_in_an_ome_zarr_are_checked(tmp_path: Path, key: str, value: object) -> None:
    files.write_stack(Stack((Scan(RGB, "rgb"),)), tmp_path / "p.ome.zarr")
    file = tmp_path / "p.ome.zarr" / "rgb" / "zarr.json"
    header = json.loads(file.read_text())
    header["attributes"]["tratteggio"]["metadata"][key] = value
    file.write_text(json.dumps(header))
    with pytest.raises(UnreadableFile, match=r"rgb/zarr\.json is damaged"):
        tg.open(tmp_path / "p.ome.zarr")
