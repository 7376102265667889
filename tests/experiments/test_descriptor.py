"""Figures of the patch descriptor: what is missing, who finds what, and the smoke scale, stopped once."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from tratteggio import experiments, models
from tratteggio.errors import Stopped
from tratteggio.experiments import _retrieval as retrieval
from tratteggio.experiments import descriptor as experiment
from tratteggio.experiments._descriptor_findings import (
    CHEN,
    EXHAUSTIVE,
    OFF,
    PARTIAL,
    SYSTEMS,
    V32,
    V128,
    Memory,
    check_claims,
)
from tratteggio.experiments._occlusions import occlusion
from tratteggio.experiments._plot import curves
from tratteggio.experiments._retrieval import SHARES, SIDE
from tratteggio.experiments._rivals import learn
from tratteggio.models import weights


def image(rows: int = 48, cols: int = 64, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (rows, cols, 3), np.uint8)


def net(name: str = "descriptor-v32") -> torch.nn.Module:
    torch.manual_seed(0)
    return models.build(name).eval()


# --- what is missing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("share", SHARES)
def test_about_as_much_is_missing_as_wanted(number: int, share: float) -> None:
    lost = occlusion(number, share, side=16, rng=np.random.default_rng(number))
    assert lost.shape == (16, 16)
    assert abs(lost.mean() - share) <= 0.05
    assert share > 0 or not lost.any()


@pytest.mark.parametrize("number", [1, 2])
def test_a_side_and_a_corner_are_rectangles_at_the_rim(number: int) -> None:
    for seed in range(20):
        lost = occlusion(number, 0.2, side=16, rng=np.random.default_rng(seed))
        rows, cols = np.nonzero(lost)
        height, width = np.ptp(rows) + 1, np.ptp(cols) + 1
        assert height * width == lost.sum()
        touched = [rows.min() == 0, rows.max() == 15, cols.min() == 0, cols.max() == 15]
        assert sum(touched) >= number


def test_spots_hold_together() -> None:
    """A pixel beside a missing one is missing more often than any."""
    beside = []
    for seed in range(20):
        lost = occlusion(0, 0.4, side=16, rng=np.random.default_rng(seed))
        beside.append(np.mean(lost[:, 1:][lost[:, :-1]]) - lost.mean())
    assert np.mean(beside) > 0.25


# --- searches --------------------------------------------------------------------------------------------


SEARCHES = ("patch by patch", "partial", "rival", "pixels", "read off")


def all_searches(of: np.ndarray) -> dict[str, retrieval.Search]:
    rival = learn((image(16, 320).reshape(-1, 768) / 255).astype(np.float32), seed=0, iterations=2)
    found = (
        retrieval.patch_by_patch(net(), of),
        retrieval.patch_by_patch(net(), of, partial=True),
        retrieval.by_rival(rival, of),
        retrieval.by_pixels(of),
        retrieval.read_off(net(), of),
    )
    return dict(zip(SEARCHES, found, strict=True))


@pytest.mark.parametrize("name", SEARCHES)
def test_a_patch_that_is_whole_is_nearest_to_itself_and_to_its_copy(name: str) -> None:
    of = image()
    of[26:48, 29:51] = of[5:27, 5:27]  # with what lies around it
    search = all_searches(of)[name]
    away = search(8, 8, np.zeros((16, 16), bool))
    assert away.shape == (5, 7)
    assert np.argmin(away) == 1 * 7 + 1
    assert away.min() == pytest.approx(0, abs=1e-4)
    assert np.sort(away, axis=None)[1] > 10 * max(away.min(), 1e-6)


@pytest.mark.parametrize("name", SEARCHES)
def test_a_patch_whose_missing_part_alone_differs_is_found(name: str) -> None:
    of = image()
    of[21:43, 29:51] = of[5:27, 5:27]
    of[24:28, 32:36] = 255 - of[24:28, 32:36]
    lost = np.zeros((16, 16), bool)
    lost[:4, :4] = True
    away = all_searches(of)[name](8, 8, lost)
    assert away[3, 4] == pytest.approx(away[1, 1], abs=1e-4)
    assert away[3, 4] < np.delete(away.ravel(), [1 * 7 + 1, 3 * 7 + 4]).min()


def test_the_pixels_of_every_candidate_are_compared_where_known() -> None:
    of, lost = image(), np.random.default_rng(1).random((16, 16)) < 0.4
    away = retrieval.by_pixels(of)(8, 16, lost)
    for r, c in np.ndindex(away.shape):
        off = of[8 * r : 8 * r + 16, 8 * c : 8 * c + 16] / 255 - of[8:24, 16:32] / 255
        assert away[r, c] == pytest.approx(np.sum(off[~lost] ** 2), abs=1e-8)


def test_patch_by_patch_is_the_encoder_of_blackened_patches() -> None:
    of, lost = image(), np.random.default_rng(1).random((16, 16)) < 0.4
    away = retrieval.patch_by_patch(net(), of)(0, 0, lost)
    x = torch.from_numpy(np.where(lost[..., None], 0, of[24:40, 8:24]) / 255).float().movedim(-1, 0)[None]
    q = torch.from_numpy(np.where(lost[..., None], 0, of[:16, :16]) / 255).float().movedim(-1, 0)[None]
    with torch.inference_mode():
        wanted = (net().encoder(x) - net().encoder(q)).square().sum()
    assert away[3, 1] == pytest.approx(wanted.item(), rel=1e-4)


@pytest.mark.parametrize("name", ["partial", "read off", "pixels"])
def test_what_is_missing_does_not_matter_to_what_is_blind_to_it(name: str) -> None:
    of, lost = image(), occlusion(2, 0.3, side=16, rng=np.random.default_rng(0))
    other = of.copy()
    other[8:24, 8:24][lost] = 0
    kept = [all_searches(p)[name](8, 8, lost)[4, 6] for p in (of, other)]
    assert kept[0] == pytest.approx(kept[1], rel=1e-6)  # of a candidate that does not touch the query


@pytest.mark.parametrize("number", range(6))
def test_places_that_tell_have_seen_least_of_what_is_missing(number: int) -> None:
    """Counted pixel by pixel: how many of the 729 ways through three 3 x 3 windows end at what is missing."""
    lost = occlusion(number, 0.4, side=16, rng=np.random.default_rng(number))
    ways = np.convolve(np.convolve([1, 1, 1], [1, 1, 1]), [1, 1, 1])
    met = np.zeros((16, 16))
    for r, c in np.argwhere(lost):
        for i, j in np.ndindex(7, 7):
            if 0 <= (a := r + i - 3) < 16 and 0 <= (b := c + j - 3) < 16:
                met[a, b] += ways[i] * ways[j]
    where = retrieval.telling(lost)
    for top, left in ((0, 0), (0, 8), (8, 0), (8, 8)):
        cell = (slice(top, top + 8), slice(left, left + 8))
        kept, passed = met[cell][where[cell]], met[cell][~where[cell] & ~lost[cell]]
        assert len(kept) >= min(8, np.sum(~lost[cell]))
        assert kept.max(initial=0) < passed.min(initial=np.inf)
        assert kept.max(initial=0) == 0 or np.sum(kept < kept.max()) < 8


def test_the_query_is_no_candidate_and_misfits_are_in_levels() -> None:
    of = image()
    found = retrieval.nearest(retrieval.by_pixels(of), 8, 16, np.zeros((16, 16), bool), 34)
    assert found.shape == (34, 2)
    assert [8, 16] not in found.tolist()
    away = retrieval.misfits(of, 8, 16, found)
    off = of[8:24, 16:32].astype(float) - of[found[0, 0] :, found[0, 1] :][:16, :16]
    assert away[0] == pytest.approx(np.sqrt(np.mean(off**2)), rel=1e-5)
    assert_array_equal(away, np.sort(away))  # by pixels, all known: nearest first is best first


# --- verdicts ----------------------------------------------------------------------------------------------


def found_of(levels: dict[str, list[float]]) -> np.ndarray:
    """Make findings of which the median of a system is as told."""
    spread = np.array([-1.0, 0.0, 1.0], np.float32)
    return np.stack([np.array(levels[s], np.float32)[:, None, None] + spread[None, None] for s in SYSTEMS])


def test_verdicts_say_from_which_share_on_the_descriptor_is_better() -> None:
    levels = {
        V32: [10.0] * 6,
        V128: [8, 8, 8, 8, 8, 8],
        CHEN: [9.5, 9.5, 9.5, 9.5, 9.5, 9.5],
        EXHAUSTIVE: [5, 6, 7, 9, 10, 11],
        PARTIAL[0]: [20.0] * 6,
        PARTIAL[1]: [9.0] * 6,
        OFF[0]: [20.0] * 6,
        OFF[1]: [12.0] * 6,
    }
    exact = Memory(512, {name: n * (512**2 if name in OFF else 497**2) for name, n in zip(
        (*OFF, CHEN, V32, V128), (8, 32, 128, 32, 128), strict=True)})  # fmt: skip
    claims = check_claims([exact], {"walls": found_of(levels)}, conclusive=True)
    assert [claim.verdict for claim in claims] == [
        "reproduced", *["ordering only"] * 2, "not reproduced", *["ordering only"] * 2, "not reproduced",
        "ordering only",
    ]  # fmt: skip
    assert "better from 30% on" in claims[4].why
    assert "better from 40% on" in claims[5].why
    assert "better at no share" in claims[6].why
    open_ones = check_claims([exact], {"walls": found_of(levels)}, conclusive=False)
    assert {claim.verdict for claim in open_ones} == {"not attempted"}
    large = Memory(512, {**exact.floats, OFF[0]: 9 * 512**2})
    assert check_claims([large], {}, conclusive=True)[0].verdict == "not reproduced"


def test_bars_are_drawn_from_quartile_to_quartile() -> None:
    drawn = curves({"a": [1.0], "b": [3.0]}, labels=["x"], title="t", spreads={"a": [(0.0, 2.0)]})
    assert drawn.count('stroke-opacity="0.5"') == 1


# --- the experiment ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `reproduce descriptor` leaves on a folder of pictures, with random weights, stopped once."""
    folder = tmp_path_factory.mktemp("descriptor")
    data, out, shipped = folder / "data", folder / "out", folder / "weights"
    data.mkdir()
    for number in range(8):
        Image.fromarray(image(90, 80, seed=number)).save(data / f"{number}.png")
    shipped.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "SHIPPED", shipped)
        for name in experiment.NETS:
            card = models.Card(
                model=name, recipe="r", data=("0.png",), licence="open", seed=0, hours=0, machine="m"
            )
            models.save(net(name), shipped / f"{name}.safetensors", card)
        with pytest.raises(Stopped, match="the same command again"):
            experiments.reproduce("descriptor", data=data, out=out, progress=_stop_at_once)
        assert not (out / "report.md").exists()
        first = next((out / "found").iterdir())
        before = first.stat().st_mtime_ns
        experiments.reproduce("descriptor", data=data, out=out)
        assert first.stat().st_mtime_ns == before
    return out


def _stop_at_once(done: int, total: int) -> None:
    assert (done, total) == (1, 2)
    raise KeyboardInterrupt


def test_the_report_has_all_figures_and_concludes_nothing_from_a_few(done: Path) -> None:
    report = json.loads((done / "report.json").read_text("utf-8"))
    titles = [table["title"].split(":")[0] for table in report["tables"]]
    assert titles == ["Figure 3"] + ["Figure 4 on phantoms"] * 3 + ["Figure 4 on paintings"] * 3
    for table in report["tables"][1:]:
        assert [row["name"] for row in table["rows"]] == list(SYSTEMS)
        assert all(value >= 0 for row in table["rows"] for value in row["ours"].values())
    assert {claim["verdict"] for claim in report["claims"]} == {"not attempted"}
    assert set(report["pictures"]) == {
        "memory.svg", "retrieval-phantoms.svg", "retrieval-paintings.svg", "rows.jpg",
    }  # fmt: skip
    for name in report["pictures"]:
        assert 0 < (done / name).stat().st_size < 100_000


def test_what_is_stored_is_what_the_formula_says(done: Path) -> None:
    table = json.loads((done / "report.json").read_text("utf-8"))["tables"][0]
    for row in table["rows"]:
        wanted = 89**2 / 96**2 if row["name"] in OFF else 1  # no maximum begins in the last 7 rows
        assert row["ours"]["measured / formula, 96 x 96"] == pytest.approx(wanted, abs=0.03)


def test_rows_show_the_query_whole_broken_and_eight_that_were_found() -> None:
    of = image(64, 64)
    searches = [lambda top, left, lost: np.arange(49.0).reshape(7, 7)] * len(SYSTEMS)
    drawn = experiment.rows(searches, of, seed=0)
    cell = SIDE * 3 + 4
    assert drawn.shape[1] == 10 * cell
    top, left = retrieval.queries(of, SIDE)[2]
    assert_array_equal(drawn[: SIDE * 3 : 3, : SIDE * 3 : 3], of[top : top + 16, left : left + 16])
    broken = drawn[: SIDE * 3 : 3, cell : cell + SIDE * 3 : 3]
    assert np.any(np.all(broken == (0, 255, 255), axis=-1))
    assert_allclose(drawn[: SIDE * 3 : 3, 2 * cell : 2 * cell + SIDE * 3 : 3], of[:16, :16])
