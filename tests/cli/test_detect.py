"""`tratteggio detect` as a user runs it."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import tratteggio as tg
from tratteggio import files
from tratteggio.cli.main import app


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(180, 200, (120, 140, 3)).astype(np.uint8)
    pixels[60:63, 10:130] = 40
    Image.fromarray(pixels).save(tmp_path / "wall.png", dpi=(300, 300))
    return tmp_path / "wall.png"


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.output


def test_a_mask_is_written_with_its_history_and_the_scan_is_left_alone(scan: Path):
    before = hashlib.sha256(scan.read_bytes()).hexdigest()
    mask = scan.with_name("lost.png")
    code, text = run("detect", scan, "-o", mask, "--json")
    assert code == 0, text
    assert hashlib.sha256(scan.read_bytes()).hexdigest() == before
    lost = files.read_lacunae(mask, files.read(scan))
    assert lost.read()[61, 20:120].all()
    assert not lost.read()[:50].any()
    history = files.read_history(files.sidecar(mask, "history"))
    assert history["verb"] == "detect"
    assert history["what"].startswith("a hypothesis")
    assert history["found_px"] == lost.lost_px
    assert history["detector"]["words"] == "tophat:side=dark"
    assert history["source"]["sha256"] == before
    assert {"schema": 1, **json.loads(text)["history"]} == history
    assert files.read(mask).um_per_px == pytest.approx(25_400 / 300, rel=1e-4)


def test_what_is_found_can_be_filled_as_it_is(scan: Path):
    mask, out = scan.with_name("lost.tif"), scan.with_name("filled.png")
    assert run("detect", scan, "-o", mask)[0] == 0
    assert run("inpaint", scan, "--mask", mask, "-o", out, "--engine", "diffusion")[0] == 0
    assert np.asarray(Image.open(out))[61, 70].min() > 150


def test_the_strengths_that_are_written_are_those_of_the_mask(scan: Path):
    mask, strength = scan.with_name("lost.png"), scan.with_name("strength.tif")
    code, text = run("detect", scan, "-o", mask, "--strength", strength, "--threshold", 0.6)
    assert code == 0, text
    assert strength.name in text
    levels = files.read(strength).read()
    assert levels.dtype == np.uint8
    found = files.read_lacunae(mask).read()
    assert (found == tg.detect(scan, threshold=0.6).read()).all()
    assert levels[found].min() >= 0.6 * 0.75 * 255 - 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "lost.jpg"], "JPEG would blur"),
        (["-o", "lost.png", "--kind", "tophta"], "did you mean 'tophat'"),
        (["-o", "lost.png", "--kind", "tophat:side=grey"], "dark, bright, both"),
        (["-o", "lost.png", "--kind", "tophat:siede=dark"], "did you mean 'side'"),
        (["-o", "lost.png", "--threshold", "0"], "above 0 and at most 1"),
        (["-o", "wall.png"], "wall.png"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(scan: Path, words, said, monkeypatch):
    monkeypatch.chdir(scan.parent)
    code, text = run("detect", scan.name, *words)
    assert code == 2
    assert said in text
    assert [file.name for file in scan.parent.iterdir()] == ["wall.png"]


def test_detectors_are_listed_with_their_options():
    code, text = run("detect", "--list")
    assert code == 0
    assert "--kind tophat:side=dark" in text
    assert "--kind ridge:side=dark" in text
