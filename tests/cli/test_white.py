"""`--white` on the command line: every verb that reads scans takes it, and the note about it names it."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from tratteggio.cli.main import app

VERBS = ("inspect", "inpaint", "detect", "enhance", "report", "compare", "evaluate", "encode", "register")


def twelve_bit(path):
    ramp = np.linspace(200, 4000, 48 * 64).reshape(48, 64)
    tifffile.imwrite(path, ramp.astype(np.uint16), metadata=None)
    return str(path)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_that_reads_scans_takes_it(verb):
    shown = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "200"})
    assert "--white" in shown.output


def test_the_note_names_the_option_and_the_option_answers_it(tmp_path):
    scan = twelve_bit(tmp_path / "a.tif")
    doubtful = CliRunner().invoke(app, ["inspect", scan])
    assert "if white is 4,095, state it when you open the scan (--white 4095)" in doubtful.output
    stated = CliRunner().invoke(app, ["inspect", scan, "--white", "4095"])
    assert "note:" not in stated.output
    assert "white          4095" in stated.output


def test_a_white_that_cannot_be_is_one_sentence(tmp_path):
    refused = CliRunner().invoke(app, ["inspect", twelve_bit(tmp_path / "a.tif"), "--white", "70000"])
    assert refused.exit_code == 2
    assert "white is a number above 0 that uint16 can hold, at most 65,535, got 70000" in refused.output


def test_filters_evaluation_and_pages_take_it(tmp_path):
    scan, out = twelve_bit(tmp_path / "a.tif"), str(tmp_path / "b.tif")
    made = CliRunner().invoke(
        app, ["enhance", scan, "-o", out, "--op", "brightness:by=0.5", "--white", "4095"]
    )
    assert made.exit_code == 0, made.output
    assert tifffile.imread(out).max() == 4095
    measured = CliRunner().invoke(app, ["evaluate", "--reference", scan, "--result", scan, "--white", "4095"])
    assert "data_range 4095" in measured.output
    page = tmp_path / "c.html"
    shown = CliRunner().invoke(app, ["compare", scan, out, "-o", str(page), "--white", "4095"])
    assert shown.exit_code == 0, shown.output
    assert page.exists()
