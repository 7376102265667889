"""Enlarging compared: the protocol by hand, the smoke scale whole, and what the verdicts rest on."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import color
from skimage.metrics import structural_similarity

from tratteggio import experiments, files
from tratteggio.experiments import srcnn as experiment
from tratteggio.experiments.srcnn import (
    BICUBIC,
    BICUBIC_PUBLISHED,
    COMPACT,
    SCALES,
    SRCNN,
    Score,
    check_claims,
    luma,
)

RNG = np.random.default_rng(0)


def test_luma_is_that_of_another_library_rounded():
    image = RNG.integers(0, 256, (12, 9, 3), np.uint8)
    np.testing.assert_array_equal(luma(image), np.rint(color.rgb2ycbcr(image)[..., 0]))
    grey = RNG.integers(0, 256, (12, 9, 1), np.uint8)
    np.testing.assert_array_equal(luma(grey), grey[..., 0])


def test_a_score_is_taken_without_the_border_and_on_rounded_luma():
    levels = np.rint(RNG.random((31, 44)) * 255)
    answer = torch.from_numpy(np.clip(levels[:30, :42] + RNG.normal(0, 5, (30, 42)), 0, 255) / 255)
    found = experiment.score(levels, 3, lambda low: answer.float()[None, None])
    truth, rounded = levels[3:27, 3:39], np.rint(answer.float().double().numpy() * 255)[3:27, 3:39]
    assert found.psnr == pytest.approx(10 * np.log10(255**2 / np.mean((truth - rounded) ** 2)))
    theirs = structural_similarity(
        truth, rounded, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert found.ssim == pytest.approx(theirs, abs=2e-3)  # theirs cuts 5 pixels of a window of 11, too


def test_the_smoke_scale_goes_through_and_proves_nothing(tmp_path: Path, monkeypatch):
    out = tmp_path / "out"
    experiments.reproduce("srcnn", out=out)
    report = json.loads((out / "report.json").read_text())
    quality, cost = report["tables"]
    assert [row["name"] for row in quality["rows"]] == [BICUBIC, SRCNN, COMPACT]
    assert all(value is not None for row in quality["rows"] for value in row["ours"].values())
    assert [row["ours"]["weights"] for row in cost["rows"]] == [None, 8032, 40256]
    assert {claim["verdict"] for claim in report["claims"]} == {"not attempted"}
    monkeypatch.setattr(experiment, "score", lambda *_: pytest.fail("measured again"))
    experiments.reproduce("srcnn", out=out)


def test_folders_are_sets_and_published_figures_stand_beside_whole_ones_alone(tmp_path: Path):
    data = tmp_path / "data"
    for name in ("Set5/baby.png", "loose.png"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        files.write(RNG.integers(0, 256, (36, 40, 3), np.uint8), data / name)
    report = experiments.reproduce("srcnn", data=data, out=tmp_path / "out").as_dict()
    assert report["setting"].startswith("Pictures of Set5 (1), pictures (1).")
    assert not any(row["published"] for row in report["tables"][0]["rows"])
    assert any("Set5 (1 of 5)" in note for note in report["notes"])


def scores(*, plain: float, srcnn: float, compact: float) -> dict:
    """Every picture of Set5 and Set14 so many dB away from what was published of bicubic interpolation."""
    return {
        (system, times, of): {str(k): Score(published + above, 0.9, 1.0) for k in range(experiment.WHOLE[of])}
        for (of, times), (published, _) in BICUBIC_PUBLISHED.items()
        for system, above in ((BICUBIC, plain), (SRCNN, srcnn), (COMPACT, compact))
    }


@pytest.mark.parametrize(
    ("plain", "srcnn", "compact", "verdicts"),
    [
        (0.05, 1.9, 2.2, ["reproduced"] * 5),
        (0.15, 1.9, 2.2, ["not reproduced", *["reproduced"] * 4]),
        (0.0, 1.6, 2.2, ["reproduced", "ordering only", "reproduced", "reproduced", "reproduced"]),
        (0.0, 1.0, 0.9, ["reproduced", "not reproduced", "not reproduced", "reproduced", "not reproduced"]),
    ],
)
def test_verdicts_follow_the_figures(plain, srcnn, compact, verdicts):
    sets = {of: dict.fromkeys(map(str, range(count))) for of, count in experiment.WHOLE.items()}
    found = check_claims(scores(plain=plain, srcnn=srcnn, compact=compact), sets, SCALES["cpu"])
    assert [claim.verdict for claim in found] == verdicts
