"""The folder of an experiment: whose it is, and what is finished in it."""

from pathlib import Path

import pytest

from tratteggio.errors import UnreadableFile, UnsafeOutput, UnwritableFile
from tratteggio.experiments._folder import Ledger
from tratteggio.experiments._folder import claim_folder as held

JOB = {"experiment": "fills", "scale": "smoke", "seed": 0}


def claim_folder(out: Path, job: dict[str, object], *, overwrite: bool = False) -> None:
    """Take a folder and let go of it again."""
    with held(out, job, overwrite=overwrite):
        assert (out / "lock").exists()
    assert not (out / "lock").exists()


def test_a_new_an_empty_and_its_own_folder_are_taken(tmp_path: Path):
    claim_folder(tmp_path, JOB)
    claim_folder(tmp_path, JOB)
    claim_folder(tmp_path / "deep" / "new", JOB)


def test_the_folder_of_another_job_is_refused_and_says_what_differs(tmp_path: Path):
    claim_folder(tmp_path, JOB)
    with pytest.raises(UnsafeOutput, match="seed 0, not 1"):
        claim_folder(tmp_path, {**JOB, "seed": 1})


def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UnsafeOutput, match="not empty"):
        claim_folder(tmp_path, JOB)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_place_that_is_a_file_or_below_one_is_an_error(tmp_path: Path):
    file = tmp_path / "file"
    file.write_text("")
    for place in (file, file / "out"):
        with pytest.raises(UnwritableFile, match="file"):
            claim_folder(place, JOB)


def test_the_second_process_is_told_who_is_at_work(tmp_path: Path):
    with held(tmp_path, JOB), pytest.raises(UnsafeOutput, match="in use by process"), held(tmp_path, JOB):
        pass


def test_an_older_experiment_is_moved_aside_never_removed(tmp_path: Path):
    out = tmp_path / "out"
    claim_folder(out, JOB)
    (out / "notes.txt").write_text("mine")
    claim_folder(out, {**JOB, "seed": 1}, overwrite=True)
    (older,) = tmp_path.glob("out.before-*")
    assert sorted(file.name for file in older.iterdir()) == ["job.json", "notes.txt"]
    assert [file.name for file in out.iterdir()] == ["job.json"]


def test_something_else_is_not_moved_and_a_link_is_never_written_through(tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(UnsafeOutput, match="not empty"):
        claim_folder(out, JOB, overwrite=True)
    (out / "thesis.txt").rename(tmp_path / "thesis.txt")
    claim_folder(out, JOB)
    (out / "done.jsonl").symlink_to(tmp_path / "thesis.txt")
    with pytest.raises(UnsafeOutput, match="link"):
        claim_folder(out, JOB)
    with pytest.raises(UnwritableFile):
        Ledger(out / "none" / "done.jsonl").add("a", {})


def test_a_kill_before_the_first_file_stands_leaves_the_folder_free(tmp_path: Path):
    (tmp_path / ".job.json.0a1b2c3d.part").write_text("{")
    (tmp_path / "lock").touch()
    claim_folder(tmp_path, JOB)
    assert [file.name for file in tmp_path.iterdir()] == ["job.json"]


def test_a_damaged_job_is_told(tmp_path: Path):
    (tmp_path / "job.json").write_text("{")
    with pytest.raises(UnreadableFile, match=r"job\.json"):
        claim_folder(tmp_path, JOB)


def test_what_was_noted_is_known_in_the_next_sitting(tmp_path: Path):
    ledger = Ledger(tmp_path / "done.jsonl")
    ledger.add("a", {"psnr": 1 / 3, "none": None})
    ledger.add("b\n|", {})
    again = Ledger(tmp_path / "done.jsonl")
    assert len(again) == 2
    assert "b\n|" in again
    assert "c" not in again
    assert again["a"] == {"psnr": 1 / 3, "none": None}


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_line_cut_short_by_a_kill_is_dropped_and_the_next_one_stands_alone(tmp_path: Path, cut: int):
    file = tmp_path / "done.jsonl"
    for key in ("first", "last"):
        Ledger(file).add(key, {"psnr": 20.5})
    whole = file.read_bytes()
    file.write_bytes(whole[:-cut])
    ledger = Ledger(file)
    assert len(ledger) == 1
    ledger.add("last", {"psnr": 20.5})
    assert file.read_bytes() == whole


def test_a_file_of_something_else_is_an_error(tmp_path: Path):
    file = tmp_path / "done.jsonl"
    file.write_text("name,psnr\n")
    with pytest.raises(UnreadableFile, match=r"done\.jsonl"):
        Ledger(file)
