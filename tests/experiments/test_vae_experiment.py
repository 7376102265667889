"""The table of the VAE refilled: the smoke scale whole, and what its verdicts rest on."""

import json
from pathlib import Path

import pytest

from tratteggio import experiments
from tratteggio.errors import BadUsage
from tratteggio.experiments import vae
from tratteggio.experiments.vae import CASES, HETEROGENEOUS, HOMOGENEOUS, ONE, RAW


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    """What `reproduce vae` leaves."""
    out = tmp_path_factory.mktemp("vae") / "out"
    experiments.reproduce("vae", out=out)
    return out


def test_the_smoke_scale_goes_through_and_proves_nothing(done):
    report = json.loads((done / "report.json").read_text())
    rows = {row["name"]: row for row in report["tables"][0]["rows"]}
    assert len(rows) == 6
    published = [row["published"][RAW] for row in rows.values()]
    assert published == [0.8874, 0.6869, 0.9168, 0.9012, 0.8692, 0.8553]
    assert {claim["verdict"] for claim in report["claims"]} == {"not attempted"}
    assert all(-1 <= row["ours"][RAW] <= row["ours"][vae.COMPOSITED] <= 1 for row in rows.values())


def test_what_is_finished_is_not_done_again(done):
    weights = sorted((done / "runs").glob("*/weights.safetensors"))
    assert len(weights) == 6
    before = [file.stat().st_mtime_ns for file in weights]
    experiments.reproduce("vae", out=done)
    assert [file.stat().st_mtime_ns for file in weights] == before


def test_a_folder_without_both_kinds_is_refused(tmp_path):
    (tmp_path / HOMOGENEOUS).mkdir()
    with pytest.raises(BadUsage, match=f"no folder {HETEROGENEOUS}"):
        experiments.reproduce("vae", data=tmp_path, out=tmp_path / "out")


def found(**means: float) -> dict:
    """Three seeds of each row, 0.01 apart, around means by kind, squares and whether learnt from."""
    return {
        case: [{RAW: means.get(key(case), 0.8) + off} for off in (-0.01, 0.0, 0.01)]
        for case in CASES
        if case.training.kind in (HOMOGENEOUS, HETEROGENEOUS) or means.get("painters")
    }


def key(case) -> str:
    return f"{case.training.kind}_{case.damage}_{'learnt' if case.learnt else 'new'}"


def verdicts(found: dict) -> list[str]:
    return [claim.verdict for claim in vae.check_claims(found, conclusive=True)]


def test_a_clear_gap_is_an_ordering_and_one_within_the_spread_is_not():
    clear = found(
        homogeneous_square_20_new=0.9, heterogeneous_square_20_new=0.7, heterogeneous_square_20_learnt=0.9,
        homogeneous_square_40_new=0.87,
    )  # fmt: skip
    assert verdicts(clear) == ["ordering only", "ordering only", "ordering only", "not attempted"]
    close = found(homogeneous_square_20_new=0.805)
    assert verdicts(close)[0] == "not reproduced"
    assert verdicts(found(homogeneous_square_20_new=0.7))[0] == "not reproduced"


def test_painters_are_compared_if_they_are_there():
    claims = vae.check_claims(found(painters=1, one_painter_square_20_new=0.9), conclusive=True)
    assert [claim.verdict for claim in claims if "painter" in claim.text] == ["ordering only"]
    assert ONE == "one_painter"
