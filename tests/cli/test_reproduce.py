"""`tratteggio reproduce`: what a person sees, and what comes of bad input."""

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tratteggio.cli.main import app


def run(*words: object) -> Result:
    outcome = CliRunner().invoke(app, ["reproduce", *map(str, words)])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome


def fails(*words: object) -> tuple[int, str]:
    """Run, and check that a failure is one sentence."""
    outcome = run(*words)
    assert outcome.exit_code
    errors = [line for line in outcome.stderr.splitlines() if not line.startswith("note:")]
    assert len(errors) == 1, outcome.stderr
    assert errors[0].startswith("tratteggio: ")
    return outcome.exit_code, errors[0]


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("fills") / "out"
    return out, run("fills", "--scale", "smoke", "-o", out)


def test_it_helps_with_an_example():
    outcome = run("--help")
    assert outcome.exit_code == 0
    assert "tratteggio reproduce fills" in outcome.stdout


def test_the_report_is_printed_and_written(done):
    out, outcome = done
    assert outcome.exit_code == 0
    assert (out / "report.md").exists()
    assert "| " not in outcome.stdout, "Markdown is for files"
    assert "**" not in outcome.stdout
    for words in (
        "PSNR in the lacunae, dB",
        "telea ",
    ):
        assert words in outcome.stdout
    assert {file.name for file in out.iterdir()} == {
        "job.json", "fills.jsonl", "psnr.svg", "report.md", "report.json", "sheets",
    }  # fmt: skip


def test_the_same_command_again_adds_nothing_and_json_is_the_report(done):
    out, _ = done
    before = (out / "fills.jsonl").read_bytes()
    outcome = run("fills", "-o", out, "--json")
    assert (out / "fills.jsonl").read_bytes() == before
    told = json.loads(outcome.stdout)
    told.pop("notes")
    written = json.loads((out / "report.json").read_text())
    written.pop("notes")
    assert told == written


def test_a_wrong_name_is_answered_with_the_nearest_and_a_wrong_scale_with_all(tmp_path):
    code, said = fails("dunhang", "-o", tmp_path / "out")
    assert code == 2
    assert "did you mean 'dunhuang'?" in said
    assert "fills" in said
    code, said = fails("fills", "--scale", "gpu", "-o", tmp_path / "out")
    assert code == 2
    assert "Known: cpu, sheets, sizes, smoke" in said
    assert not (tmp_path / "out").exists()


def test_data_without_pictures_is_told_before_anything_is_written(tmp_path):
    (tmp_path / "empty").mkdir()
    cases = ((tmp_path / "missing", 1, "no such folder"), (tmp_path / "empty", 2, "no images"))
    for folder, wanted, word in cases:
        code, said = fails("fills", "--data", folder, "-o", tmp_path / "out")
        assert code == wanted
        assert word in said
    assert not (tmp_path / "out").exists()


def test_one_picture_alone_cannot_be_set_aside(tmp_path):
    (tmp_path / "data").mkdir()
    Image.new("RGB", (64, 64)).save(tmp_path / "data" / "a.png")
    for experiment in ("fills", "dunhuang"):
        code, said = fails(experiment, "--data", tmp_path / "data", "-o", tmp_path / experiment)
        assert code == 2
        assert "two pictures" in said


def test_a_folder_that_cannot_be_written_into_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    code, said = fails("fills", "-o", tmp_path / "file" / "out")
    assert code == 1
    assert "file/out" in said


def test_other_peoples_work_and_other_choices_are_left_alone(done, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    code, said = fails("fills", "-o", tmp_path)
    assert code == 2
    assert "not empty" in said
    code, said = fails("fills", "-o", done[0], "--seed", "5")
    assert code == 2
    assert "seed 0, not 5" in said
