"""What is done is kept, whole or not at all, and read back as it was."""

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tratteggio.errors import UnreadableFile, UnsafeOutput, UnwritableFile
from tratteggio.painting import Region
from tratteggio.tiles.blend import Piece
from tratteggio.tiles.ledger import DiskLedger, MemoryLedger
from tratteggio.tiles.plan import Window

WINDOW = Window(Region(0, 0, 30, 30), Region(0, 0, 512, 512), (1,), 0)
WIDE = Window(Region(0, 0, 90, 90), Region(0, 0, 64, 64), (2,), 16)


def piece(top: int, left: int, window: Window = WINDOW, channels: int = 3) -> Piece:
    rng = np.random.default_rng(top * 100 + left)
    lost = rng.random((5, 7)) < 0.5
    n = int(lost.sum())
    values = rng.random((n, channels), dtype=np.float32)
    return Piece(window, Region(top, left, top + 5, left + 7), lost, values, rng.random(n, dtype=np.float32))


def assert_same(one: Piece, other: Piece) -> None:
    assert one.region == other.region
    assert (one.window.box, one.window.core, one.window.feather) == (
        other.window.box,
        other.window.core,
        other.window.feather,
    )
    np.testing.assert_array_equal(one.lost, other.lost)
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.confidence, other.confidence)


def test_pieces_come_back_from_disk_as_they_went(tmp_path):
    kept = [piece(0, 0), piece(8, 3, WIDE), piece(20, 20)]
    DiskLedger(tmp_path / "job", {"a": 1}).keep(4, kept)
    again = DiskLedger(tmp_path / "job", {"a": 1}, resume=True)
    assert again.has(4)
    assert not again.has(0)
    for one, other in zip(kept, again.kept(4), strict=True):
        assert_same(one, other)


@pytest.mark.parametrize("make", [lambda path: MemoryLedger(), lambda path: DiskLedger(path / "job", {})])
def test_only_pieces_that_touch_the_region_are_handed_out(tmp_path, make):
    ledger = make(tmp_path)
    ledger.keep(0, [piece(0, 0), piece(20, 20)])
    ledger.keep(1, [piece(40, 0)])
    assert [p.region.top for p in ledger.pieces(Region(0, 0, 30, 30))] == [0, 20]
    assert [p.region.top for p in ledger.pieces(Region(44, 6, 99, 99))] == [40]
    assert list(ledger.pieces(Region(60, 60, 70, 70))) == []


def test_a_tile_that_proposed_nothing_counts_as_done(tmp_path):
    DiskLedger(tmp_path / "job", {}).keep(2, [])
    again = DiskLedger(tmp_path / "job", {}, resume=True)
    assert again.has(2)
    assert list(again.pieces(Region(0, 0, 99, 99))) == []


def test_an_unfinished_job_is_never_overwritten_unasked(tmp_path):
    DiskLedger(tmp_path / "job", {})
    with pytest.raises(UnsafeOutput, match="--resume"):
        DiskLedger(tmp_path / "job", {})


def test_another_job_is_refused_and_the_difference_named(tmp_path):
    DiskLedger(tmp_path / "job", {"engine": "telea", "seed": 0})
    with pytest.raises(UnsafeOutput, match="another job: seed differ"):
        DiskLedger(tmp_path / "job", {"engine": "telea", "seed": 1}, resume=True)


def test_a_half_written_tile_is_not_there_after_a_kill(tmp_path):
    ledger = DiskLedger(tmp_path / "job", {})
    ledger.keep(0, [piece(0, 0)])
    (tmp_path / "job" / "tile-00001.npz.part").write_bytes(b"cut off by a kill")
    assert not DiskLedger(tmp_path / "job", {}, resume=True).has(1)


@pytest.mark.parametrize("damage", [b"", b"nonsense"])
def test_a_damaged_tile_is_named(tmp_path, damage):
    DiskLedger(tmp_path / "job", {}).keep(0, [piece(0, 0)])
    (tmp_path / "job" / "tile-00000.npz").write_bytes(damage)
    with pytest.raises(UnreadableFile, match=r"tile-00000\.npz"):
        DiskLedger(tmp_path / "job", {}, resume=True)


def test_a_damaged_stamp_is_named(tmp_path):
    DiskLedger(tmp_path / "job", {})
    (tmp_path / "job" / "job.json").write_text("{")
    with pytest.raises(UnreadableFile, match=r"job\.json"):
        DiskLedger(tmp_path / "job", {}, resume=True)


def test_a_missing_parent_is_an_error_with_the_folder_named(tmp_path):
    with pytest.raises(UnwritableFile, match="nowhere"):
        DiskLedger(tmp_path / "nowhere" / "job", {})


def test_the_stamp_says_in_plain_json_which_job_it_is(tmp_path):
    DiskLedger(tmp_path / "job", {"engine": {"name": "telea"}})
    assert json.loads((tmp_path / "job" / "job.json").read_text())["engine"]["name"] == "telea"


def test_discarding_leaves_nothing(tmp_path):
    ledger = DiskLedger(tmp_path / "job", {})
    ledger.keep(0, [piece(0, 0)])
    ledger.discard()
    assert not (tmp_path / "job").exists()


# --- tiles that lie --------------------------------------------------------------------------------------


def kept_tile(tmp_path: Path) -> Path:
    DiskLedger(tmp_path / "job", {}).keep(0, [piece(0, 0), piece(8, 3)])
    return tmp_path / "job" / "tile-00000.npz"


def rewritten(file: Path, **arrays: Any) -> None:
    with np.load(file) as archive:
        whole = dict(archive)
    np.savez(file, **{name: array for name, array in (whole | arrays).items() if array is not None})


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"lost": None}, "must hold windows, regions"),
        ({"more": np.zeros(3)}, "must hold windows, regions"),
        ({"values": np.zeros(3)}, "values is float64 of shape"),
        ({"windows": np.zeros((2, 8), np.int64)}, "windows is int64 of shape"),
        ({"confidence": np.zeros(20, np.int64)}, "confidence is int64"),
        ({"lost": np.array(["a"])}, "lost is <U1"),
        ({"windows": np.zeros((1, 9), np.int64)}, "1 windows for 2 regions"),
        ({"regions": np.full((2, 4), 7)}, "no part of a painting"),
        ({"regions": np.array([[0, 0, 2**62, 2**62]] * 2)}, "no part of a painting"),
        ({"regions": np.array([[-5, 0, 1, 7]] * 2)}, "no part of a painting"),
        ({"regions": np.array([[0, 0, 2**39, 7]] * 2)}, "size of what is lost"),
        ({"confidence": np.zeros(1, np.float32)}, "lost pixels"),
        ({"values": np.zeros((1, 3), np.float32)}, "1 values for"),
    ],
)
def test_a_tile_whose_arrays_do_not_belong_together_is_refused(tmp_path, arrays, told):
    file = kept_tile(tmp_path)
    rewritten(file, **arrays)
    with pytest.raises(UnreadableFile, match=rf"tile-00000\.npz is not a sound tile.*{told}.*--resume"):
        DiskLedger(tmp_path / "job", {}, resume=True)


def test_a_value_that_is_no_number_is_refused(tmp_path):
    file = kept_tile(tmp_path)
    with np.load(file) as archive:
        values = archive["values"]
    values[0, 0] = np.nan
    rewritten(file, values=values)
    with pytest.raises(UnreadableFile, match="no finite number"):
        DiskLedger(tmp_path / "job", {}, resume=True)


def test_a_shape_that_lies_is_refused_before_memory_is_taken(tmp_path):
    """A header of 128 bytes that states 8 TB."""
    file = kept_tile(tmp_path)
    header = np.lib.format.header_data_from_array_1_0(np.zeros((1, 3), np.float32)) | {"shape": (10**12, 2)}
    lying = io.BytesIO()
    np.lib.format.write_array_header_1_0(lying, header)
    with zipfile.ZipFile(file) as archive:
        members = {member.filename: archive.read(member) for member in archive.infolist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, lying.getvalue() if name == "values.npy" else content)
    with pytest.raises(UnreadableFile, match="values is float32 of shape"):
        DiskLedger(tmp_path / "job", {}, resume=True)


def test_a_tile_that_would_unfold_is_refused(tmp_path):
    file = kept_tile(tmp_path)
    with np.load(file) as archive:
        whole = dict(archive)
    np.savez_compressed(file, **whole)
    with pytest.raises(UnreadableFile, match="compressed, which no tile is"):
        DiskLedger(tmp_path / "job", {}, resume=True)


@pytest.mark.parametrize("seed", range(40))
def test_flipped_bytes_are_found_or_do_no_harm(tmp_path, seed):
    file = kept_tile(tmp_path)
    content = bytearray(file.read_bytes())
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, len(content), 4):
        content[place] ^= 1 << int(rng.integers(8))
    file.write_bytes(content)
    with contextlib.suppress(UnreadableFile):
        DiskLedger(tmp_path / "job", {}, resume=True).kept(0)


@pytest.mark.parametrize("text", ["[]", "null", "[" * 100_000, '{"a": ' * 70 + "1" + "}" * 70])
def test_a_stamp_that_is_no_job_is_named(tmp_path, text):
    DiskLedger(tmp_path / "job", {})
    (tmp_path / "job" / "job.json").write_text(text)
    with pytest.raises(UnreadableFile, match=r"job\.json is not a sound job.*start anew"):
        DiskLedger(tmp_path / "job", {}, resume=True)


@pytest.mark.parametrize("name", ["tile-abc.npz", "tile-1.npz", "tile--0001.npz", "tile-99999999999999.npz"])
def test_a_file_with_a_name_that_is_not_ours_is_no_tile(tmp_path, name):
    kept_tile(tmp_path).rename(tmp_path / "job" / name)
    assert not DiskLedger(tmp_path / "job", {}, resume=True).started
