"""Fills from patches compared: the smoke scale whole, stopped and resumed, and what its verdicts rest on."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity

from tratteggio import experiments, inpaint
from tratteggio.engines import tension
from tratteggio.experiments import patch_mrf as experiment
from tratteggio.experiments.patch_mrf import (
    DAMAGE,
    PIXELS,
    PIXELS_16,
    SYSTEMS,
    V32,
    Score,
    Taken,
    check_claims,
)


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    """What `reproduce patch_mrf` leaves."""
    out = tmp_path_factory.mktemp("patch_mrf") / "out"
    experiments.reproduce("patch_mrf", out=out)
    return out


def test_the_smoke_scale_goes_through_and_proves_nothing(done):
    report = json.loads((done / "report.json").read_text())
    *quality, memory = report["tables"]
    assert len(quality) == len(DAMAGE)
    for table in quality:
        assert [row["name"] for row in table["rows"]] == list(SYSTEMS)
        assert all(value is not None for row in table["rows"] for value in row["ours"].values())
    by_pixels, v32, v128 = (row["ours"]["all patches kept, MiB"] for row in memory["rows"])
    assert (by_pixels / v32, by_pixels / v128) == (96, 24)
    assert {claim["verdict"] for claim in report["claims"]} == {"not attempted"}
    with Image.open(done / "sheet.jpg") as sheet:
        assert sheet.size == (3 * (128 + 4), 2 * (128 + 4))


def test_what_is_measured_is_not_measured_again(done, monkeypatch):
    before = (done / "fills.jsonl").read_text()
    monkeypatch.setattr(experiment, "score", lambda *_: pytest.fail("filled again"))
    monkeypatch.setattr(experiment, "canvas", lambda *_: pytest.fail("filled again"))
    experiments.reproduce("patch_mrf", out=done)
    assert (done / "fills.jsonl").read_text() == before


def test_a_score_is_what_other_libraries_say():
    rng = np.random.default_rng(0)
    image, lost = rng.integers(0, 256, (60, 70, 3)).astype(np.uint8), np.zeros((60, 70), bool)
    lost[20:30, 20:40] = True
    filled = inpaint(image, lost, engine="tension")
    found = experiment.score(image, lost, tension.make())
    error = np.mean((image[lost].astype(float) - filled[lost]) ** 2)
    assert found.psnr == pytest.approx(10 * np.log10(255**2 / error))
    _, similar = structural_similarity(image, filled, channel_axis=-1, full=True)
    assert found.ssim == pytest.approx(similar[17:33, 17:43].mean(), abs=1e-6)
    assert found.texture < 0.2, "tension is smooth"


def verdicts(v32: float, pixels_16: float, texture: float, mib: float, canvas: int = 2048) -> list[str]:
    """Verdicts for decibels by descriptors and by pixels, texture kept, and MiB that a canvas takes."""
    base = experiment.SCALES["cpu"]
    decibels = {PIXELS: 20.0, PIXELS_16: pixels_16, V32: v32}
    scores = {
        (system, kind): [Score(decibels.get(system, 20.0), decibels.get(system, 20.0) / 100, texture, 1.0)]
        for system in SYSTEMS
        for kind in DAMAGE
    }
    return [
        one.verdict for one in check_claims(scores, {PIXELS: Taken(1.0, mib)}, replace(base, canvas=canvas))
    ]


def test_claims_stand_or_fall_by_their_figures():
    held, failed = "reproduced", "not reproduced"
    assert verdicts(21, 20, 1.0, 300) == [held, held, held]
    assert verdicts(19, 20, 0.7, 300) == [held, failed, failed]
    assert verdicts(21, 20, 1.0, 2000) == [failed, held, held]
    assert verdicts(21, 20, 1.0, 300, canvas=512)[0] == failed, "pixels would fit as well"
