"""Damage found from few labels: the smoke scale whole and resumed, rivals against brute force, verdicts."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from tratteggio import experiments
from tratteggio.experiments import _finders
from tratteggio.experiments import detection as experiment
from tratteggio.experiments.detection import (
    ALONE,
    FPCAE,
    METHODS,
    RAW,
    RGB_ALONE,
    SPARSE,
    STACKED,
    TI_UNET,
    U_NET,
    Score,
    check_claims,
)
from tratteggio.metrics.detection import kappa


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    """What `reproduce detection` leaves."""
    out = tmp_path_factory.mktemp("detection") / "out"
    experiments.reproduce("detection", out=out)
    return out


def test_the_smoke_scale_goes_through_and_proves_nothing(done):
    report = json.loads((done / "report.json").read_text())
    by_labels, ranked, hidden, met, alarms = report["tables"]
    names = [row["name"] for row in by_labels["rows"]]
    assert names[: len(METHODS)] == list(METHODS)
    assert names == [row["name"] for row in ranked["rows"]]
    assert all(-1 <= row["ours"]["20"] <= 1 for row in by_labels["rows"])
    assert [row["name"] for row in hidden["rows"]][-1] == RGB_ALONE
    assert len(met["rows"]) == 2
    assert all(0 <= row["ours"]["recall"] <= 1 for row in met["rows"])
    assert alarms["rows"][0]["ours"]["pictures"] == 1
    assert {claim["verdict"] for claim in report["claims"]} == {"not attempted"}
    with Image.open(done / "sheet.jpg") as sheet:
        assert sheet.size == (4 * (192 + 4), 2 * (256 + 4))
    assert (done / "kappa.svg").read_text().startswith("<svg")


def test_what_is_measured_is_not_measured_again(done, monkeypatch):
    before = (done / "found.jsonl").read_text()
    monkeypatch.setattr(experiment.Panel, "score", lambda *_: pytest.fail("learnt again"))
    monkeypatch.setattr(experiment, "score_overpaint", lambda *_: pytest.fail("looked again"))
    for name in ("marked", "default"):
        monkeypatch.setattr(experiment, name, lambda *_: pytest.fail("looked again"))
    experiments.reproduce("detection", out=done)
    assert (done / "found.jsonl").read_text() == before


def test_labels_come_from_above_and_what_is_measured_lies_below():
    panel = experiment.Panel.of(1000, experiment.SCALES["smoke"])
    places, lost = panel._drawn(slice(0, 128), 20, stream=1)
    assert places[:, 0].max() < 128
    np.testing.assert_array_equal(panel.lost[tuple(places.T)], lost)
    asked, truth = panel._drawn(slice(144, None), 50, stream=2)
    assert asked[:, 0].min() >= 144
    np.testing.assert_array_equal(panel.lost[tuple(asked.T)], truth)
    more, _ = panel._drawn(slice(0, 128), 40, stream=1)
    np.testing.assert_array_equal(more[:20], places[:20])


def test_drawn_losses_take_their_share_and_leave_the_paint_between_them():
    image = np.random.default_rng(0).integers(0, 256, (200, 240, 3)).astype(np.uint8)
    scan, lost = experiment.with_losses(image, seed=3)
    assert lost.mean() == pytest.approx(experiment.DRAWN, abs=1e-3)
    far = ndimage.distance_transform_edt(~lost) > 8
    np.testing.assert_array_equal(scan.read()[far], image[far])
    assert (scan.read()[lost] != image[lost]).mean() > 0.9


# --- rivals ------------------------------------------------------------------------------------------


def rings(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A disc within a ring: no line parts them."""
    rng = np.random.default_rng(seed)
    lost = rng.random(count) < 0.5
    radius, angle = np.where(lost, 0.4, 1.5) + rng.normal(0, 0.15, count), rng.uniform(0, 2 * np.pi, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), lost


@pytest.mark.parametrize("way", [_finders.kernel_sparse, _finders.boosted_stumps])
def test_rivals_part_what_no_line_parts(way):
    learnt, lost = rings(160, 0)
    asked, truth = rings(400, 1)
    assert kappa(truth[None], way(learnt, lost, asked)[None] > 0) > 0.8
    assert kappa(truth[None], _finders.logistic(learnt, lost, asked)[None] > 0) < 0.4


def test_sparse_codes_are_those_of_matching_pursuit_one_by_one():
    learnt, lost = rings(30, 2)
    asked, _ = rings(6, 3)
    mean, spread = learnt.mean(axis=0), learnt.std(axis=0) + 1e-6
    atoms, points = (learnt - mean) / spread, (asked - mean) / spread
    apart = ((atoms[:, None] - atoms[None]) ** 2).sum(axis=2)
    width = np.median(apart[~np.eye(30, dtype=bool)])
    gram = np.exp(-apart / width)
    expected = []
    for point in points:
        near = np.exp(-((atoms - point) ** 2).sum(axis=1) / width)
        chosen: list[int] = []
        code = np.zeros(0)
        for _ in range(_finders.ATOMS):
            left = np.abs(near - (gram[:, chosen] @ code if chosen else 0))
            left[chosen] = -1
            chosen.append(int(left.argmax()))
            inner = gram[np.ix_(chosen, chosen)] + 1e-6 * np.eye(len(chosen))
            code = np.linalg.solve(inner, near[chosen])
        over = []
        for kind in (False, True):
            mine = np.where(lost[chosen] == kind, code, 0)
            over.append(1 - 2 * mine @ near[chosen] + mine @ inner @ mine)
        expected.append(over[0] - over[1])
    np.testing.assert_allclose(_finders.kernel_sparse(learnt, lost, asked), expected, atol=1e-8)


@pytest.mark.parametrize("way", [_finders.ti_unet, _finders.plain_unet])
def test_nets_from_scratch_learn_a_texture_from_labelled_pixels(way, monkeypatch):
    monkeypatch.setattr(_finders, "STEPS", 80)
    rng = np.random.default_rng(0)
    image = np.full((64, 64, 2), 0.5, np.float32)
    image[:, 32:] += rng.normal(0, 0.3, (64, 32, 2)).astype(np.float32)
    places = np.argwhere(np.ones((64, 64), bool))
    places = places[(np.abs(places[:, 1] - 31.5) > 6)]
    places = places[rng.permutation(len(places))]
    lost = places[:, 1] >= 32
    scores = way(image, places[:60], lost[:60], places[60:], seed=0)
    assert kappa(lost[None, 60:], scores[None] > 0) > 0.8


def test_squares_have_their_place_in_the_middle():
    image = np.arange(48, dtype=np.float32).reshape(6, 8, 1)
    cut = _finders._crops(image, 5)
    places = np.array([[0, 0], [3, 4], [5, 7]])
    np.testing.assert_array_equal(cut(places)[:, 0, 2, 2].numpy(), image[tuple(places.T)][:, 0])
    assert cut(places).shape == (3, 1, 5, 5)


# --- verdicts ----------------------------------------------------------------------------------------


def verdicts(overpaint: float = 0.95, alarm: float = 0.004, **kappas: float) -> list[str]:
    """Verdicts for kappa by method at every number of labels."""
    scale = experiment.SCALES["cpu"]
    values = {FPCAE: 0.8, RAW: 0.5, SPARSE: 0.5, TI_UNET: 0.7, U_NET: 0.6} | {
        getattr(experiment, name): value for name, value in kappas.items()
    }
    scores = {
        (method, scans, count): [Score(values.get(method, 0.5) - 0.3 * (scans == ALONE), 0.1)]
        for method in METHODS
        for scans in (STACKED, ALONE)
        for count in scale.counts
    }
    hidden = [{"irr and uvf": overpaint, RGB_ALONE: 0.5}]
    return [one.verdict for one in check_claims(scores, hidden, {"a.jpg": alarm}, scale)]


def test_claims_stand_or_fall_by_their_figures():
    held, failed = "reproduced", "not reproduced"
    assert verdicts() == [held] * 7
    assert verdicts(FPCAE=0.4) == [failed, failed, held, held, held, held, held]
    assert verdicts(U_NET=0.9) == [held, failed, failed, held, held, held, held]
    assert verdicts(overpaint=0.89)[5] == failed
    assert verdicts(alarm=0.011)[6] == failed
