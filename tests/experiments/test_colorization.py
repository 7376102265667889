"""Colours for grey, classes against distances: the smoke scale whole, and what its figures mean."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tratteggio import experiments
from tratteggio.experiments import colorization
from tratteggio.experiments.colorization import CHROMA, JUMPS, RAW, VARIED, VIVID, Found, gap, vividness
from tratteggio.models import build
from tratteggio.training.sources import Arrays


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    """What `reproduce colorization` leaves."""
    out = tmp_path_factory.mktemp("colorization") / "out"
    experiments.reproduce("colorization", out=out)
    return out


def test_the_smoke_scale_goes_through_and_proves_nothing(done):
    report = json.loads((done / "report.json").read_text())
    areas, trap = ({row["name"]: row for row in table["rows"]} for table in report["tables"])
    published = [row["published"].get(RAW) for row in areas.values()]
    assert published == [89.1, 91.2, 91.6, 89.5, None]  # of the net that ships nothing is
    assert all(0 < row["ours"][RAW] < 100 for row in areas.values())
    assert len(trap) == 11
    assert {claim["verdict"] for claim in report["claims"]} == {"not attempted"}
    for name in report["pictures"]:
        assert 0 < (done / name).stat().st_size <= 100_000


def test_what_is_finished_is_not_done_again(done):
    weights = sorted((done / "runs").glob("*/weights.safetensors"))
    assert [file.parent.name for file in weights] == ["classes", "l2", "rebalanced"]
    before = [file.stat().st_mtime_ns for file in weights]
    experiments.reproduce("colorization", out=done)
    assert [file.stat().st_mtime_ns for file in weights] == before


def test_the_three_nets_differ_in_objective_and_last_layer_alone(done):
    runs = [json.loads(file.read_text()) for file in sorted((done / "runs").glob("*/recipe.json"))]
    differing = {key for key in runs[0] if len({json.dumps(run[key]) for run in runs}) > 1}
    assert differing == {"model", "loss", "loss_options"}


@pytest.fixture(scope="module")
def found() -> Found:
    """Three noisy pictures, coloured by nets that have learnt nothing."""
    torch.manual_seed(0)
    nets = {
        colorization.L2: build("colorizer-compact-l2").eval(),
        colorization.CLASSES: build("colorizer-compact").eval(),
        colorization.FULL: build("colorizer-compact").eval(),
        colorization.SHIPPED: build("colorizer-compact").eval(),
    }
    rng = np.random.default_rng(0)
    source = Arrays([rng.integers(0, 256, (24, 16, 3), dtype=np.uint8) for _ in range(3)])
    return Found(nets, source)


def test_grey_is_as_far_off_as_the_truth_is_from_grey(found):
    chroma = np.concatenate([np.hypot(*truth).ravel() for truth in found.truth])
    assert found.figures("grey")[RAW] == pytest.approx(100 * (1 - chroma.mean() / 150), abs=1e-3)


def test_the_truth_itself_reaches_all(found):
    found.answers["truth"] = found.truth
    assert list(found.figures("truth").values()) == [100, 100]


def test_a_clear_gap_keeps_its_sign_and_none_is_none(found):
    found.answers["truth"] = found.truth
    low, high = gap(found, "truth", "grey", rebalanced=True, seed=0)
    assert 0 < low < high
    assert gap(found, "grey", "grey", rebalanced=False, seed=0) == (0, 0)
    claims = colorization.check_claims(found, conclusive=True, seed=0)
    assert {claim.verdict for claim in claims} <= {"ordering only", "not reproduced", "not attempted"}


def test_sepia_has_chroma_without_spread_and_patches_jump():
    sepia = np.full((2, 8, 8), 1.0, np.float32) * np.array([3.0, 4.0], np.float32)[:, None, None]
    figures = vividness([sepia])
    assert (figures[CHROMA], figures[VIVID], figures[VARIED], figures[JUMPS]) == pytest.approx((5, 5, 0, 0))
    board = sepia * (np.indices((8, 8)).sum(axis=0) % 2 * 2 - 1)
    figures = vividness([board])
    assert (figures[CHROMA], figures[VARIED], figures[JUMPS]) == pytest.approx((5, 5, 10))
