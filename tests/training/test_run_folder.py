"""The folder of a run: one process writes it, and nothing of anybody else is ever removed or written."""

import os
from pathlib import Path

import pytest

from tratteggio.errors import UnsafeOutput
from tratteggio.training.run_folder import clear, held, is_begun


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that was stopped."""
    run = tmp_path / "run"
    for name in ("state/step-00000002.safetensors", "samples/step-2.png", "journal.jsonl", "pictures.txt"):
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text("ours")
    return run


def test_the_second_process_is_told_who_is_at_work(run):
    with held(run), pytest.raises(UnsafeOutput, match=rf"run is in use by process {os.getpid()}"), held(run):
        pass
    assert not (run / "lock").exists()
    with held(run):
        pass


@pytest.mark.parametrize("name", ["journal.jsonl", "recipe.json", "state", "state/x", "weights.safetensors"])
def test_nothing_is_written_through_a_link(run, name):
    precious = run.parent / "precious"
    precious.write_text("mine")
    place = run / name
    if place.is_dir():
        place.rename(run.parent / "elsewhere")
    place.unlink(missing_ok=True)
    place.symlink_to(precious)
    with pytest.raises(UnsafeOutput, match="is a link"), held(run):
        pass
    assert precious.read_text() == "mine"


def test_what_a_killed_run_left_unfinished_goes(run):
    left = [run / ".recipe.json.0a1b2c3d.part", run / "state" / ".step-00000004.safetensors.0a1b2c3d.part"]
    for file in left:
        file.write_text("half")
    with held(run):
        assert not any(file.exists() for file in left)
    assert (run / "state" / "step-00000002.safetensors").exists()


def test_a_run_is_cleared_whole(run):
    clear(run, manifest=["pictures.txt"])
    assert not list(run.iterdir())


@pytest.mark.parametrize("name", ["thesis.docx", "set_aside.txt"])
def test_a_folder_with_anything_else_is_never_cleared(run, name):
    (run / name).write_text("mine")
    with pytest.raises(UnsafeOutput, match=name):
        clear(run, manifest=["pictures.txt"])
    assert (run / "journal.jsonl").exists()


def test_a_run_that_somebody_is_at_work_on_is_never_cleared(run):
    with held(run), pytest.raises(UnsafeOutput, match="in use by process"):
        clear(run, manifest=["pictures.txt"])
    assert (run / "journal.jsonl").exists()


def test_a_run_that_was_killed_before_its_first_state_is_none(tmp_path):
    run = tmp_path / "run"
    assert not is_begun(run)
    (run / "state").mkdir(parents=True)
    (run / "lock").touch()
    (run / "state" / ".step-00000000.safetensors.0a1b2c3d.part").touch()
    assert not is_begun(run)
    (run / "state" / "step-00000000.safetensors").touch()
    assert is_begun(run)
