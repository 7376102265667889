"""Unfinished files: exclusive, never through a link, locked, and swept away once nobody writes them."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from tratteggio.errors import UnsafeOutput, UnwritableFile
from tratteggio.files import beside, locks
from tratteggio.files.beside import folder_beside
from tratteggio.files.locks import holder, in_use, take
from tratteggio.files.parts import PART, Part, append, part_of, parts_in, sweep, whole_file

FORK = multiprocessing.get_context("fork")


def test_an_unfinished_file_has_a_name_of_its_own_beside_its_target(tmp_path):
    one, other = Part(tmp_path / "out.tif"), Part(tmp_path / "out.tif")
    assert one.path != other.path
    assert PART.fullmatch(one.path.name)["name"] == "out.tif"
    one.drop()
    other.drop()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a" * 251 + ".tif", "漢" * 83 + ".tif", "caf\udce9" * 41 + ".tif"])
def test_the_name_is_cut_by_bytes_between_whole_characters(tmp_path, name):
    with beside([tmp_path / name]) as [temporary]:
        temporary.write_bytes(b"whole")
        assert len(os.fsencode(temporary.name)) <= 255
        assert "\ufffd" not in os.fsencode(temporary.name).decode("utf-8", "surrogateescape")
    assert (tmp_path / name).read_bytes() == b"whole"


def test_a_name_that_is_taken_is_never_written_through(tmp_path, monkeypatch):
    """Whoever guesses the name cannot have a file of his choice written."""
    precious, link = tmp_path / "precious", tmp_path / ".out.tif.00000000.part"
    precious.write_bytes(b"mine")
    link.symlink_to(precious)
    monkeypatch.setattr("tratteggio.files.parts.secrets.token_hex", lambda _: "00000000")
    with pytest.raises(UnwritableFile), beside([tmp_path / "out.tif"]) as [temporary]:
        temporary.write_bytes(b"other")
    assert precious.read_bytes() == b"mine"
    with pytest.raises(OSError, match="exists"), whole_file(tmp_path / "out.tif") as stream:
        stream.write(b"other")
    assert precious.read_bytes() == b"mine"


def test_adding_to_a_file_never_goes_through_a_link(tmp_path):
    (tmp_path / "precious").write_bytes(b"mine")
    (tmp_path / "journal.jsonl").symlink_to(tmp_path / "precious")
    with pytest.raises(UnwritableFile, match="journal"):
        append(tmp_path / "journal.jsonl", "line\n")
    assert (tmp_path / "precious").read_bytes() == b"mine"


def hold(path: Path, ready) -> None:
    part = Part(path)
    part.path.write_bytes(b"half")
    ready.send(str(part.path))
    time.sleep(60)


def test_what_a_kill_left_is_swept_by_the_next_run_and_not_before(tmp_path):
    target = tmp_path / "out.tif"
    ready, sender = FORK.Pipe(duplex=False)
    child = FORK.Process(target=hold, args=(target, sender), daemon=True)
    child.start()
    part = Path(ready.recv())
    sweep([target])
    assert part.exists(), "a living process writes it"
    assert in_use(part)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    sweep([tmp_path / "other.tif"])
    assert part.exists(), "it belongs to another output"
    with beside([target]) as [temporary]:
        temporary.write_bytes(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["out.tif"]


def test_a_folder_that_a_kill_left_goes_once_the_next_one_stands(tmp_path):
    target = tmp_path / "out.ome.zarr"
    left = part_of(target)
    (left / "c").mkdir(parents=True)
    (left / "c" / "0").write_bytes(b"half")
    with folder_beside(target, replaces="zarr.json") as folder:
        (folder / "zarr.json").write_text("{}")
    assert [path.name for path in tmp_path.iterdir()] == ["out.ome.zarr"]


def test_a_link_that_looks_unfinished_is_left_alone(tmp_path):
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / ".out.tif.0a1b2c3d.part").symlink_to(tmp_path / "mine")
    sweep([tmp_path / "out.tif"])
    assert not parts_in(tmp_path)
    assert (tmp_path / "mine").exists()


def test_before_is_called_with_whole_files_and_stops_the_renaming(tmp_path):
    (tmp_path / "out.tif").write_bytes(b"older")

    def refuse(written) -> None:
        assert written[0].read_bytes() == b"newer"
        raise UnsafeOutput("no")

    with pytest.raises(UnsafeOutput), beside([tmp_path / "out.tif"], before=refuse) as [temporary]:
        temporary.write_bytes(b"newer")
    assert [path.name for path in tmp_path.iterdir()] == ["out.tif"]
    assert (tmp_path / "out.tif").read_bytes() == b"older"


# --- locks -------------------------------------------------------------------------------------------


def test_the_second_is_told_who_has_the_lock(tmp_path):
    one = take(tmp_path / "lock", of=tmp_path)
    with pytest.raises(UnsafeOutput, match=rf"process {os.getpid()} on .+ since 2"):
        take(tmp_path / "lock", of=tmp_path)
    one.release()
    take(tmp_path / "lock", of=tmp_path).release()


def wait_with_lock(file: Path, ready) -> None:
    kept = take(file, of=file.parent)
    ready.send(kept.path.name)
    time.sleep(60)


def test_a_lock_ends_with_its_process(tmp_path):
    ready, sender = FORK.Pipe(duplex=False)
    child = FORK.Process(target=wait_with_lock, args=(tmp_path / "lock", sender), daemon=True)
    child.start()
    ready.recv()
    with pytest.raises(UnsafeOutput, match=f"process {child.pid} "):
        take(tmp_path / "lock", of=tmp_path)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    take(tmp_path / "lock", of=tmp_path).release()


def test_a_child_does_not_keep_the_lock_of_its_parent(tmp_path):
    """A data worker that outlives a killed run would lock it for good."""
    one = take(tmp_path / "lock", of=tmp_path)
    child = FORK.Process(target=time.sleep, args=(60,), daemon=True)
    child.start()
    time.sleep(0.2)
    one.release()
    take(tmp_path / "lock", of=tmp_path).release()
    child.kill()
    child.join()


def test_a_lock_is_never_taken_through_a_link(tmp_path):
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "lock").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError):  # noqa: PT011 of the operating system, worded by it
        take(tmp_path / "lock", of=tmp_path)
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_a_lock_file_that_was_taken_away_meanwhile_is_made_anew(tmp_path, monkeypatch):
    """The job before ends between the opening and the locking: its file would lock nobody out."""
    file, lock = tmp_path / "lock", locks.lock

    def late(descriptor: int):
        file.unlink(missing_ok=True)
        monkeypatch.setattr(locks, "lock", lock)
        return lock(descriptor)

    monkeypatch.setattr(locks, "lock", late)
    kept = take(file, of=tmp_path)
    assert in_use(file)
    kept.release()


def test_where_there_are_no_locks_the_work_goes_on_and_that_is_said(tmp_path, monkeypatch, caplog):
    def none(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(locks.fcntl, "flock", none)
    take(tmp_path / "lock", of=tmp_path).release()
    assert "has no locks" in caplog.text
    Part(tmp_path / "out.tif").release()
    sweep([tmp_path / "out.tif"])
    assert parts_in(tmp_path), "nobody knows whether it is being written"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff" * 5000])
def test_a_lock_file_that_tells_nothing_is_another_process(tmp_path, content):
    (tmp_path / "lock").write_bytes(content)
    assert holder(tmp_path / "lock") == "another process"
