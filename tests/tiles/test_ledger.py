"""What is done is kept, whole or not at all, and read back as it was."""

import json

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
