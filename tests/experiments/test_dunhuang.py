"""The poster's table refilled: the smoke scale whole, and what its verdicts rest on."""

import json
from pathlib import Path

import numpy as np
import pytest

from tratteggio import experiments
from tratteggio.errors import Stopped, UnsafeOutput
from tratteggio.experiments import _stages, dunhuang
from tratteggio.experiments._protocol import GRAIN, JPEG, PSNR, SCORE, SSIM, TRUE, WRAPPED


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    """What `reproduce dunhuang` leaves, stopped once in the second training."""
    out = tmp_path_factory.mktemp("dunhuang") / "out"
    calls = []

    def stop(step, total):
        calls.append((step, total))
        if step == 8:  # 6 steps of the first net, 2 of the second, of which the state is kept
            raise KeyboardInterrupt

    with pytest.raises(Stopped, match="the same command again"):
        experiments.reproduce("dunhuang", out=out, progress=stop)
    assert not (out / "report.md").exists()
    trained_before = (out / "runs" / "conv_mse" / "weights.safetensors").stat().st_mtime_ns
    assert [file.name for file in (out / "runs" / "pconv_mse" / "state").iterdir()] == [
        "step-00000002.safetensors"
    ]
    experiments.reproduce("dunhuang", out=out, progress=lambda step, total: calls.append((step, total)))
    assert (out / "runs" / "conv_mse" / "weights.safetensors").stat().st_mtime_ns == trained_before
    assert calls[-1][0] == calls[-1][1]
    return out


def test_the_smoke_scale_goes_through_and_proves_nothing(done):
    report = json.loads((done / "report.json").read_text())
    poster, as_jpeg = report["tables"]
    rows = {row["name"]: row for row in poster["rows"]}
    assert list(rows)[:4] == [dunhuang.CONV, dunhuang.PRETRAINED, dunhuang.MSE_SSIM, dunhuang.FINAL]
    assert {name: row["published"].get(WRAPPED) for name, row in rows.items() if row["published"]} == {
        dunhuang.CONV: 40.67, dunhuang.MSE_SSIM: 36.42, dunhuang.FINAL: 36.3145,
    }  # fmt: skip
    for row in rows.values():
        assert row["ours"].keys() == {WRAPPED, TRUE, SSIM, SCORE, PSNR, GRAIN}
        assert row["ours"][WRAPPED] < row["ours"][TRUE], "both are printed, under their own names"
        assert row["ours"][SCORE] == pytest.approx(1 - row["ours"][WRAPPED] / 100 + row["ours"][SSIM])
    assert len(as_jpeg["rows"]) == len(rows)
    assert {claim["verdict"] for claim in report["claims"]} == {"not attempted"}
    assert all("prove nothing" in claim["why"] for claim in report["claims"][:3])
    assert report["scale"] == "smoke"
    assert report["versions"]["torch"]
    assert (done / "samples.jpg").stat().st_size < 100_000
    assert "MSE wrapped to uint8, published" in (done / "report.md").read_text()


def test_a_second_run_trains_and_fills_nothing_and_tells_the_same(done, monkeypatch):
    before = json.loads((done / "report.json").read_text())
    monkeypatch.setattr(
        _stages.recipes, "train", lambda *_, **__: pytest.fail("trained again"), raising=False
    )
    monkeypatch.setattr(dunhuang, "measure", lambda *_: pytest.fail("measured again"))
    experiments.reproduce("dunhuang", out=done)
    after = json.loads((done / "report.json").read_text())
    assert {**after, "created": None} == {**before, "created": None}


def test_another_seed_needs_another_folder(done):
    with pytest.raises(UnsafeOutput, match="seed 0, not 1"):
        experiments.reproduce("dunhuang", out=done, seed=1)


def test_no_net_learns_from_what_is_measured(done):
    learnt = set((done / "learnt.txt").read_text().split())
    lines = [json.loads(line)["key"] for line in (done / "finished.jsonl").read_text().splitlines()]
    measured = {line.rpartition(" | ")[2] for line in lines if line.startswith("measured")}
    assert measured
    assert not learnt & measured
    for run in (done / "runs").iterdir():
        assert set((run / "pictures.txt").read_text().split()) == learnt


def test_a_training_killed_before_its_first_state_begins_anew(tmp_path, monkeypatch):
    run = tmp_path / "runs" / "conv_mse"
    run.mkdir(parents=True)
    (run / "recipe.json").write_text("{}")

    def train(recipe, data, folder, *, resume, **_):
        assert not resume
        assert not folder.exists()
        raise Stopped("enough")

    monkeypatch.setattr(_stages.recipes, "train", train, raising=False)
    stage = _stages.Stage("conv_mse", "dunhuang_conv_mse", {"steps": 1})
    with pytest.raises(Stopped):
        _stages.trained(stage, data=tmp_path, only=tmp_path, out=tmp_path, ledger={}, progress=None)


def figures(wrapped: float, ssim: float, grain: float = 0.5) -> dict[str, float]:
    return {WRAPPED: wrapped, SSIM: ssim, TRUE: 2 * wrapped, GRAIN: grain}


def test_verdicts_follow_the_order_of_the_rows():
    as_published = {
        dunhuang.CONV: figures(40, 0.75),
        dunhuang.PRETRAINED: figures(37, 0.8),
        dunhuang.MSE_SSIM: figures(36.4, 0.8),
        dunhuang.FINAL: figures(36.3, 0.81, 0.9),
    }
    verdicts = [claim.verdict for claim in dunhuang.check_claims(as_published, conclusive=True)]
    assert verdicts == ["ordering only"] * 3 + ["not attempted"] * 2
    # Better by one measure alone is not better.
    mixed = {**as_published, dunhuang.CONV: figures(36, 0.75), dunhuang.FINAL: figures(36.3, 0.79, 1.6)}
    claims = dunhuang.check_claims(mixed, conclusive=True)
    assert [claim.verdict for claim in claims[:3]] == ["not reproduced"] * 3
    assert "not in this order here: 36.40 / 0.8000 (true MSE 72.80) against 36.00 / 0.7500" in claims[0].why


def test_every_row_but_the_pretrained_one_has_the_same_updates():
    for scale in dunhuang.SCALES.values():
        steps = {
            name: dunhuang._stage(name, scale, 0, pretrained=Path("w")).settings["steps"]
            for name in dunhuang.STAGES
        }
        total = scale.steps + scale.tuning
        assert steps["conv_mse"] == total
        assert steps["pconv_mse"] + steps["pconv_mse_ssim"] == total
        assert steps["pconv_mse"] + steps["pconv_style"] == total


def test_means_leave_out_what_could_not_be_measured():
    row = {WRAPPED: 10.0, SSIM: 0.5, JPEG + WRAPPED: 1.0, JPEG + SSIM: 0.5, GRAIN: float("nan")}
    found = dunhuang.means([row, {**row, WRAPPED: 20.0, GRAIN: 0.5}])
    assert found[WRAPPED] == 15
    assert found[GRAIN] == 0.5
    assert found[SCORE] == pytest.approx(1 - 0.15 + 0.5)
    assert np.isfinite(list(found.values())).all()
