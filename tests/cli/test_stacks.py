"""Filling a painting of several scans from the command line: one painting, not a folder of scans."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import tratteggio as tg
from tratteggio import files
from tratteggio.cli.main import app
from tratteggio.painting import Lacunae
from tratteggio.treatment import export

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 65536, (50, 70, 3)).astype(np.uint16)
LOST = np.zeros((50, 70), bool)
LOST[10:14, 20:60] = LOST[30:40, 5:9] = True
FORMS = ("folder", "panel.ome.zarr", "panel.ome.tif")


def run(*words: object) -> Result:
    outcome = CliRunner().invoke(app, [str(word) for word in words])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome


@pytest.fixture
def painting(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A painting in one of its forms; infrared comes first, so that order does not decide."""
    folder = tmp_path / "folder"
    folder.mkdir()
    files.write(RGB[..., 0], folder / "infrared.tif")
    files.write(RGB, folder / "visible.tif")
    (folder / "painting.toml").write_text(
        '[[scan]]\nfile = "infrared.tif"\nmodality = "irr"\n'
        '[[scan]]\nfile = "visible.tif"\nmodality = "rgb"\n'
    )
    files.write_lacunae(Lacunae(LOST), tmp_path / "lost.png")
    if request.param != "folder":
        export(folder, tmp_path / request.param)
    return tmp_path / request.param


def inpaint(painting: Path, *more: object) -> Result:
    place = painting.parent
    return run("inpaint", painting, "--mask", place / "lost.png", "-o", place / "out.tif", *more)


@pytest.mark.parametrize("painting", FORMS, indirect=True)
def test_of_several_scans_the_visible_one_is_filled(painting: Path) -> None:
    assert inpaint(painting, "--engine", "diffusion").exit_code == 0
    out = files.read(painting.parent / "out.tif").read()
    np.testing.assert_array_equal(out[~LOST], RGB[~LOST])
    np.testing.assert_array_equal(
        out, tg.inpaint(np.where(LOST[..., None], 0, RGB).astype("u2"), LOST, engine="diffusion")
    )


@pytest.mark.parametrize("painting", FORMS, indirect=True)
def test_such_a_proposal_is_verified_reported_and_exported(painting: Path) -> None:
    inpaint(painting, "--engine", "diffusion")
    out = painting.parent / "out.tif"
    proof = run("verify", out, "--json")
    assert proof.exit_code == 0
    assert json.loads(proof.stdout)["source_as_recorded"] is True
    assert run("verify", out, "--source", painting).exit_code == 0
    assert run("verify", out, "--source", painting, "--mask", painting.parent / "lost.png").exit_code == 0
    assert run("report", out).exit_code == 0
    shown = "visible.tif" if painting.name == "folder" else f"{painting.name}/rgb"
    assert f"<h1>{shown}</h1>" in (painting.parent / "out.report.html").read_text()
    history = files.read_history(files.sidecar(out, "history"))
    assert (history["source"]["name"], history["source"]["modality"]) == (shown, "rgb")
    assert str(painting.parent) not in json.dumps(history)
    assert run("export", out, "--to", "ora").exit_code == 0


@pytest.mark.parametrize("painting", FORMS, indirect=True)
def test_a_stack_that_was_changed_since_is_noticed(painting: Path) -> None:
    inpaint(painting, "--engine", "diffusion")
    changed = RGB.copy()
    changed[12, 30] = 1  # inside a lacuna: the picture alone would not tell
    folder = painting.parent / "folder"
    files.write(changed, folder / "visible.tif")
    if painting != folder:
        export(folder, painting, overwrite=True)
    assert run("verify", painting.parent / "out.tif").exit_code == 4


@pytest.mark.parametrize("painting", ["panel.ome.zarr"], indirect=True)
def test_an_engine_is_shown_only_what_it_reads(painting: Path) -> None:
    history = json.loads(inpaint(painting, "--engine", "diffusion", "--json").stdout)["history"]
    assert history["also_read"] == {}


@pytest.mark.parametrize("painting", FORMS, indirect=True)
def test_colour_is_read_off_another_scan_of_the_painting(painting: Path) -> None:
    """Its infrared is its red, so the guided engine finds that where chance gives no other hint."""
    history = json.loads(inpaint(painting, "--engine", "guided", "--json").stdout)["history"]
    assert list(history["also_read"]) == ["irr"]
    red = files.read(painting.parent / "out.tif").read()[..., 0].astype(float)
    around = RGB[..., 0][~LOST].mean()
    assert (
        np.abs(red - RGB[..., 0])[LOST].mean() < 0.5 * np.abs(around - RGB[..., 0].astype(float))[LOST].mean()
    )


@pytest.mark.parametrize("painting", ["folder"], indirect=True)
def test_an_engine_that_needs_other_scans_says_so_before_it_writes(painting: Path) -> None:
    scan, mask, target = painting / "visible.tif", painting.parent / "lost.png", painting.parent / "out.tif"
    outcome = run("inpaint", scan, "--mask", mask, "-o", target, "--engine", "guided")
    assert outcome.exit_code == 2
    assert "visible.tif is the only scan" in outcome.stderr
    assert not target.exists()
    assert "tratteggio register" in outcome.stderr


@pytest.mark.parametrize(
    ("painting", "precious"),
    [
        ("folder", "folder/visible.tif"),
        ("folder", "folder/infrared.tif"),
        ("panel.ome.tif", "panel.ome.tif"),
    ],
    indirect=["painting"],
)
def test_no_scan_of_the_painting_is_overwritten(painting: Path, precious: str) -> None:
    target = painting.parent / precious
    before = target.read_bytes()
    outcome = run("inpaint", painting, "--mask", painting.parent / "lost.png", "-o", target)
    assert outcome.exit_code == 2
    assert "never overwritten" in outcome.stderr
    assert target.read_bytes() == before


@pytest.mark.parametrize("painting", ["folder"], indirect=True)
def test_scans_of_different_grids_are_named_and_sent_to_register(painting: Path) -> None:
    files.write(RGB[:40, :, 0], painting / "infrared.tif")
    outcome = inpaint(painting)
    assert outcome.exit_code == 2
    assert "irr" in outcome.stderr
    assert "40 rows x 70" in outcome.stderr
    assert "rgb" in outcome.stderr
    assert "50 rows x 70" in outcome.stderr
    assert "tratteggio register" in outcome.stderr
    assert not (painting.parent / "out.tif").exists()


@pytest.mark.parametrize("painting", ["panel.ome.zarr"], indirect=True)
def test_one_painting_takes_one_mask_and_one_output(painting: Path) -> None:
    outcome = run("inpaint", painting, "--mask", painting.parent, "-o", painting.parent / "out.tif")
    assert (outcome.exit_code, "is one painting" in outcome.stderr) == (2, True)
    outcome = run("inpaint", painting, "--mask", painting.parent / "lost.png", "-o", painting.parent)
    assert (outcome.exit_code, "is one painting" in outcome.stderr) == (2, True)


@pytest.mark.parametrize("painting", ["panel.ome.zarr"], indirect=True)
def test_a_finished_job_on_a_stack_is_not_done_again(painting: Path) -> None:
    inpaint(painting, "--engine", "diffusion")
    written = (painting.parent / "out.tif").stat().st_mtime_ns
    assert inpaint(painting, "--engine", "diffusion", "--resume").exit_code == 0
    assert (painting.parent / "out.tif").stat().st_mtime_ns == written
