"""What is done is kept, whole or not at all, and read back as it was."""

import contextlib
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tratteggio.errors import UnreadableFile, UnsafeOutput, UnwritableFile
from tratteggio.painting import Region
from tratteggio.windows.blend import Piece
from tratteggio.windows.ledger import DiskLedger, MemoryLedger
from tratteggio.windows.leftovers import leftovers
from tratteggio.windows.plan import Window

WINDOW = Window(Region(0, 0, 30, 30), Region(0, 0, 512, 512), (1,), 0)
WIDE = Window(Region(0, 0, 90, 90), Region(0, 0, 64, 64), (2,), 16)


def piece(top: int, left: int, window: Window = WINDOW, channels: int = 3) -> Piece:
    rng = np.random.default_rng(top * 100 + left)
    lost = rng.random((5, 7)) < 0.5
    n = int(lost.sum())
    values = rng.random((n, channels), dtype=np.float32)
    confidence = rng.random(n, dtype=np.float32)
    return Piece(window, Region(top, left, top + 5, left + 7), lost, values, confidence, {"irr": 0.5 * n})


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
    assert one.sources == other.sources


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
    with pytest.raises(UnsafeOutput, match="resume=True"):
        DiskLedger(tmp_path / "job", {})


def test_another_job_is_refused_and_the_difference_named(tmp_path):
    DiskLedger(tmp_path / "job", {"engine": "telea", "seed": 0})
    with pytest.raises(UnsafeOutput, match="another job: seed differ"):
        DiskLedger(tmp_path / "job", {"engine": "telea", "seed": 1}, resume=True)


def test_a_half_written_tile_is_not_there_after_a_kill(tmp_path):
    ledger = DiskLedger(tmp_path / "job", {})
    ledger.keep(0, [piece(0, 0)])
    ledger.close()
    (tmp_path / "job" / ".tile-00001.npz.0a1b2c3d.part").write_bytes(b"cut off by a kill")
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
        ({"sources": np.frombuffer(b"[{}]", np.uint8)}, "sources of 1 windows instead of 2"),
        ({"sources": np.frombuffer(b"[{}, {'a': []}]", np.uint8)}, "malformed"),
    ],
)
def test_a_tile_whose_arrays_do_not_belong_together_is_refused(tmp_path, arrays, told):
    file = kept_tile(tmp_path)
    rewritten(file, **arrays)
    with pytest.raises(UnreadableFile, match=rf"tile-00000\.npz is not a sound tile.*{told}.*resume=True"):
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
    with pytest.raises(UnsafeOutput, match="foreign file"):
        DiskLedger(tmp_path / "job", {}, resume=True)


# --- the folder ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"resume": True}, {"anew": True}])
@pytest.mark.parametrize("entry", [None, "notes.txt", "job.json.part", "tile-one.npz"])
def test_a_folder_that_is_no_ledger_is_neither_adopted_nor_removed(tmp_path, options, entry):
    folder = tmp_path / "out.tif.job"
    folder.mkdir()
    if entry:
        (folder / entry).write_text("mine")
    with pytest.raises(UnsafeOutput, match=r"out\.tif\.job.*move it"):
        DiskLedger(folder, {"a": 1}, **options)
    assert [path.name for path in folder.iterdir()] == ([entry] if entry else [])


def test_a_foreign_file_in_a_ledger_keeps_it_from_being_removed(tmp_path):
    DiskLedger(tmp_path / "job", {"a": 1})
    (tmp_path / "job" / "notes.txt").write_text("mine")
    with pytest.raises(UnsafeOutput, match=r"notes\.txt"):
        DiskLedger(tmp_path / "job", {"a": 1}, anew=True)
    assert (tmp_path / "job" / "notes.txt").exists()


@pytest.mark.parametrize("name", ["job.json", "lock", "tile-00000.npz", "job.json.part"])
def test_nothing_is_read_or_written_through_a_link_in_a_ledger(tmp_path, name):
    DiskLedger(tmp_path / "job", {"a": 1})
    precious = tmp_path / "precious"
    precious.write_text('{"a": 1}')
    (tmp_path / "job" / name).unlink(missing_ok=True)
    (tmp_path / "job" / name).symlink_to(precious)
    for options in ({"resume": True}, {"anew": True}):
        with pytest.raises(UnsafeOutput, match=name):
            DiskLedger(tmp_path / "job", {"a": 1}, **options)
    assert precious.read_text() == '{"a": 1}'


def test_a_ledger_folder_that_is_a_link_is_refused(tmp_path):
    DiskLedger(tmp_path / "elsewhere", {"a": 1})
    (tmp_path / "job").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafeOutput):
        DiskLedger(tmp_path / "job", {"a": 1}, anew=True)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UnsafeOutput):
        DiskLedger(tmp_path / "dangling", {"a": 1})
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("options", [{}, {"resume": True}, {"anew": True}])
def test_the_second_job_on_one_output_is_told_who_holds_it(tmp_path, options):
    first = DiskLedger(tmp_path / "job", {"a": 1})
    with pytest.raises(UnsafeOutput, match=rf"in use by process {os.getpid()} on"):
        DiskLedger(tmp_path / "job", {"a": 1}, **options)
    first.close()
    DiskLedger(tmp_path / "job", {"a": 1}, resume=True).close()


def test_a_job_begins_anew_when_the_user_says_so(tmp_path):
    DiskLedger(tmp_path / "job", {"seed": 0}).keep(0, [piece(0, 0)])
    anew = DiskLedger(tmp_path / "job", {"seed": 1}, anew=True)
    assert not anew.started
    assert not anew.resumed
    assert json.loads((tmp_path / "job" / "job.json").read_text()) == {"seed": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["job"]


def test_two_writers_of_one_tile_do_no_harm(tmp_path):
    """As where a file system knows no locks."""
    one = DiskLedger(tmp_path / "job", {"a": 1})
    one.close()
    other = DiskLedger(tmp_path / "job", {"a": 1}, resume=True)
    for ledger in (one, other, one):
        ledger.keep(0, [piece(0, 0)])
    assert_same(other.kept(0)[0], piece(0, 0))
    assert len(list((tmp_path / "job").glob("tile-*"))) == 1


def test_what_a_kill_left_in_a_ledger_or_beside_it_goes_with_the_next_run(tmp_path):
    DiskLedger(tmp_path / "job", {"a": 1})
    left = [tmp_path / "job" / ".tile-00003.npz.0a1b2c3d.part", tmp_path / ".job.0a1b2c3d.part" / "job.json"]
    left[1].parent.mkdir()
    for file in left:
        file.write_bytes(b"half")
    DiskLedger(tmp_path / "job", {"a": 1}, resume=True)
    assert not left[0].exists()
    assert not left[1].parent.exists()


def test_a_tile_is_not_kept_if_the_check_before_it_fails(tmp_path):
    def changed() -> None:
        raise UnreadableFile("changed")

    ledger = DiskLedger(tmp_path / "job", {"a": 1}, check=changed)
    with pytest.raises(UnreadableFile, match="changed"):
        ledger.keep(0, [piece(0, 0)])
    assert not ledger.has(0)


def test_outputs_are_the_jobs_own_only_as_long_as_they_are_those_it_knew(tmp_path):
    ledger = DiskLedger(tmp_path / "job", {"a": 1})
    part, output = tmp_path / "part", tmp_path / "out.tif"
    part.write_bytes(b"proposal")
    ledger.own([part], [output.name])
    part.replace(output)
    ledger.close()
    again = DiskLedger(tmp_path / "job", {"a": 1}, resume=True)
    assert again.owns(output)
    output.unlink()
    assert not again.owns(output)
    output.write_bytes(b"of another program")
    assert not again.owns(output)


def test_leftovers_are_listed_with_what_is_known_of_them(tmp_path):
    kept = DiskLedger(tmp_path / "a.tif.job", {"a": 1})
    DiskLedger(tmp_path / "b.tif.job", {"a": 1})
    (tmp_path / "mine.job").mkdir()
    (tmp_path / ".c.tif.0a1b2c3d.part").touch()
    (tmp_path / "b.tif.job" / ".tile-00000.npz.0a1b2c3d.part").touch()
    found = {os.path.relpath(path, tmp_path): said for path, said in leftovers(tmp_path).items()}
    assert f"process {os.getpid()}" in found.pop("a.tif.job")
    assert "resume=True" in found.pop("b.tif.job")
    assert {"left by a run that was killed" in said for said in found.values()} == {True}
    assert sorted(found) == [".c.tif.0a1b2c3d.part", "b.tif.job/.tile-00000.npz.0a1b2c3d.part"]
    kept.close()
