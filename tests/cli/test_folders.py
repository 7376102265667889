"""`verify`, `report` and `compare` over folders, and what they say of a file that is no proposal."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner, Result

import tratteggio as tg
from tratteggio import files
from tratteggio.cli.main import app


def run(*words: object) -> Result:
    outcome = CliRunner().invoke(app, [str(word) for word in words])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two proposals of which the second has one changed pixel, beside a scan that is none."""
    made = tmp_path / "out"
    made.mkdir()
    lost = np.zeros((30, 40), bool)
    lost[5:9, 5:9] = True
    for name in ("a", "b"):
        files.write(np.full((30, 40, 3), 90, np.uint8), tmp_path / f"{name}.tif")
        tg.inpaint(tmp_path / f"{name}.tif", lost, engine="tension").save(made / f"{name}.tif")
    pixels = tifffile.imread(made / "b.tif")
    pixels[0, 3, 1] ^= 1
    tifffile.imwrite(made / "b.tif", pixels, photometric="rgb")
    shutil.copy(tmp_path / "a.tif", made / "scan.tif")
    return made


def test_verify_names_each_file_and_counts(folder):
    outcome = run("verify", folder)
    assert outcome.exit_code == 4
    line, summary = outcome.stdout.splitlines()
    assert line.startswith(f"{folder / 'a.tif'}: ")
    assert summary == f"{folder}: 1 of 2 verified, 1 failed."
    assert "b.tif" in outcome.stderr
    told = json.loads(run("verify", folder, "--json").stdout)
    assert (len(told["files"]), told["failed"]) == (2, 1)


def test_report_writes_one_page_for_each_proposal(folder):
    outcome = run("report", folder)
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout.splitlines()[-1] == f"{folder}: 2 of 2 reported."
    assert sorted(file.name for file in folder.glob("*.report.*")) == [
        "a.report.csv", "a.report.html", "b.report.csv", "b.report.html",
    ]  # fmt: skip


def test_compare_takes_images_of_the_same_names(folder, tmp_path):
    pages = tmp_path / "pages"
    pages.mkdir()
    outcome = run("compare", tmp_path, folder, "-o", pages)
    assert outcome.exit_code == 0, outcome.stderr
    assert sorted(file.name for file in pages.iterdir()) == ["a.tif.curtain.html", "b.tif.curtain.html"]
    assert run("compare", tmp_path, folder / "a.tif", "-o", pages).exit_code == 2
    assert "no image of the same name" in run("compare", tmp_path, pages, "-o", pages).stderr


@pytest.mark.parametrize("verb", ["verify", "report"])
def test_a_file_or_a_folder_without_proposals_is_told_what_is_expected(folder, tmp_path, verb):
    outcome = run(verb, folder / "scan.tif")
    assert outcome.exit_code == 1
    assert "scan.tif is not a proposal: scan.tif.history.json is not beside it" in outcome.stderr
    assert "tratteggio inpaint" in outcome.stderr
    (tmp_path / "empty").mkdir()
    assert "contains no proposal" in run(verb, tmp_path / "empty").stderr
    assert run(verb, folder, "--source", tmp_path / "a.tif").exit_code == 2
