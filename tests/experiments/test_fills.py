"""The comparison of fills: paired, measured as it says, resumed without doing anything twice."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity

from tratteggio.errors import UnreadableFile
from tratteggio.experiments import _peers, _scores, _sized, fills
from tratteggio.experiments._images import readable, rng_of, square
from tratteggio.experiments._plot import curves
from tratteggio.metrics import patch_distance, texture_kept

TINY = fills.Scale(
    most=2,
    side=48,
    engines=("telea", "tension", "warp"),
    peers=(),
    conclusive=True,
    bins=True,
    sized=(),
    sheets=None,
)


@pytest.fixture
def paintings(tmp_path: Path) -> Path:
    folder = tmp_path / "paintings"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(12):
        rough = rng.integers(0, 256, (9, 9, 3), np.uint8)
        Image.fromarray(rough).resize((60, 70), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def tiny(monkeypatch) -> None:
    monkeypatch.setattr(fills, "SCALES", {"tiny": TINY})


def run(folder: Path, out: Path):
    out.mkdir(exist_ok=True)
    return fills.run("tiny", data=folder, out=out, seed=0, progress=None)


def test_a_score_is_psnr_where_lost_and_ssim_around_it():
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (40, 30, 3), np.uint8)
    lost = np.zeros((40, 30), bool)
    lost[20, 11:14] = True
    answer = np.where(lost[..., None], 128, image).astype(np.uint8)
    seen = []

    def fill(broken, where):
        seen.append(broken[where])
        return answer, 0.25

    found = fills.score(image, lost, fill)
    assert not np.any(seen), "what is lost must not be shown"
    inside = np.mean((image[lost].astype(float) - 128) ** 2)
    assert found.psnr == pytest.approx(10 * np.log10(255**2 / inside))
    _, similar = structural_similarity(image, answer, channel_axis=-1, full=True)
    assert found.ssim == pytest.approx(similar[17:24, 8:17].mean(), abs=1e-7)
    assert found.seconds == 0.25
    assert found.patches_5 == pytest.approx(patch_distance(image, answer, where=lost), rel=1e-4)
    truth = texture_kept(image, lost)
    assert found.texture == pytest.approx(texture_kept(answer, lost) / truth)


def test_an_exact_fill_and_a_failure_have_scores_too():
    image = np.zeros((20, 20, 3), np.uint8)
    lost = np.eye(20, dtype=bool)
    assert fills.score(image, lost, lambda p, _: (p, 0.1)).psnr == _scores.EXACT_DB
    assert set(fills.score(image, lost, lambda *_: None)) == {None}


def test_every_system_sees_the_same_squares_and_the_table_says_who_wins(paintings, tmp_path, tiny):
    report = run(paintings, tmp_path / "out")
    psnr, ssim, won, seconds, ours, *sights = report.tables
    assert [table.title for table in sights] == [sight.title for sight in fills.SIGHTS]
    assert [row.name for row in psnr.rows] == ["telea", "tension"]
    for table in (psnr, ssim, won, seconds, *sights):
        assert [column.name for column in table.columns] == list(fills.DAMAGE)
        assert all(value is not None for row in table.rows for value in row.ours.values())
    for kind in fills.DAMAGE:
        assert sum(row.ours[kind] for row in won.rows) >= 1
    assert len(ours.rows) == len(report.claims) == len(fills.DAMAGE)
    assert {claim.verdict for claim in report.claims} == {"not attempted"}, "our net is not among them"
    assert any("warp is absent" in note for note in report.notes)
    assert (tmp_path / "out" / "psnr.svg").stat().st_size < 100_000


def test_only_pictures_that_were_set_aside_are_filled(paintings, tmp_path, tiny):
    from tratteggio.training.image_lists import list_images, split

    run(paintings, tmp_path / "out")
    keys = [json.loads(line)["key"] for line in (tmp_path / "out" / "fills.jsonl").read_text().splitlines()]
    used = {key.split(" | ")[-2] for key in keys}
    assert used == set(split(list_images(paintings), share=0.2)[1][:2])


def test_a_second_sitting_fills_nothing_twice_and_tells_the_same(paintings, tmp_path, tiny, monkeypatch):
    first = run(paintings, tmp_path / "out")
    monkeypatch.setattr(fills, "inpaint", lambda *_, **__: pytest.fail("filled again"))
    assert run(paintings, tmp_path / "out") == first


def test_a_kill_costs_the_fill_in_hand_alone(paintings, tmp_path, tiny, monkeypatch):
    whole = run(paintings, tmp_path / "whole")
    run(paintings, tmp_path / "out")
    file = tmp_path / "out" / "fills.jsonl"
    file.write_bytes(file.read_bytes()[:-700])
    again = run(paintings, tmp_path / "out")
    for table, other in zip(whole.tables[:3], again.tables[:3], strict=True):
        assert table == other


def test_our_net_is_judged_against_the_best_rival(tmp_path):
    def scores(*values):
        return [fills.Score(value, value / 100, 0.1) for value in values]

    found = {}
    for kind in fills.DAMAGE:
        found["telea", kind] = scores(20.0, 30.0)
        found["fsr", kind] = scores(22.0, 29.0)
        found["auto", kind] = scores(40.0, 40.0)  # ours as well, no rival
        found["pconv", kind] = scores(25.0, 29.5)
    worse = next(iter(fills.DAMAGE))
    found["pconv", worse] = scores(19.0, 20.0)
    names = ["telea", "fsr", "auto", "pconv"]
    report = fills.summed_up(found, names, setting="", notes=(), conclusive=True, out=tmp_path)
    lost, *held = report.claims
    assert lost.verdict == "not reproduced"
    assert {claim.verdict for claim in held} == {"reproduced"}
    assert "+1.75 dB against fsr" in held[0].why
    assert "+1.75" not in lost.why
    rows = report.tables[4].rows
    assert rows[0].name == f"{worse}: best is auto, best rival fsr"
    assert rows[1].ours["rank by PSNR"] == 2
    assert rows[0].ours["rank by PSNR"] == 4
    assert rows[1].ours["pictures better than that rival"] == 1
    open_still = fills.summed_up(found, names, setting="", notes=(), conclusive=False, out=tmp_path)
    assert {claim.verdict for claim in open_still.claims} == {"not attempted"}


def test_of_equal_fills_all_win_and_failures_never_do():
    score = fills.Score
    found = {
        ("a", "k"): [score(20.0, 0, 0), score(None, None, None), score(None, None, None)],
        ("b", "k"): [score(20.0, 0, 0), score(10.0, 0, 0), score(None, None, None)],
    }
    assert fills.wins(found, ["a", "b"], "k") == {"a": [True, False, False], "b": [True, True, False]}


def test_chance_depends_on_names_alone_and_squares_lie_within():
    one, other = rng_of(3, "a.png", "cracks"), rng_of(3, "a.png", "losses")
    assert one.integers(2**60) == rng_of(3, "a.png", "cracks").integers(2**60)
    assert rng_of(3, "a.png", "cracks").integers(2**60) != other.integers(2**60)
    image = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
    assert square(image, 16, one).shape == (16, 16, 3)
    assert square(image, 25, one).shape == (20, 25, 3)


def test_a_picture_that_cannot_be_decoded_is_named_and_above_5_percent_is_an_error(paintings, caplog):
    with caplog.at_level("WARNING", logger="tratteggio"):
        broken = paintings / "3.png"
        broken.write_bytes(broken.read_bytes()[:200])
        for number in range(12, 30):
            (paintings / f"{number}.png").write_bytes((paintings / "0.png").read_bytes())
        names = [f"{number}.png" for number in range(30)]
        assert sorted(readable(paintings, names).names) == sorted(set(names) - {"3.png"})
        assert "3.png" in caplog.text
        with pytest.raises(UnreadableFile, match="5 %"):
            readable(paintings, names[:10])


def test_curves_hold_every_name_and_leave_gaps_where_nothing_was_measured():
    drawn = curves(
        {"a<b": [20.0, None, 24.0], "flat": [22.0, 22.0, 22.0]}, labels=["1", "2", "3"], title="dB"
    )
    assert drawn.count("<circle") == 5
    assert "a&lt;b" in drawn
    assert curves({}, labels=[], title="nothing").endswith("</svg>\n")


# --- peers -------------------------------------------------------------------------------------------


@pytest.fixture
def broken() -> tuple[np.ndarray, np.ndarray]:
    ramp = np.repeat(np.arange(0, 192, 4, dtype=np.uint8)[:, None, None], 48, axis=1).repeat(3, axis=2)
    lost = np.zeros((48, 48), bool)
    lost[20:24, 10:30] = True
    return np.where(lost[..., None], np.uint8(0), ramp), lost


@pytest.mark.parametrize("name", _peers.PEERS)
def test_a_peer_says_that_it_is_missing_or_fills_where_lost_alone(name, broken):
    image, lost = broken
    why = _peers.missing(name)
    if why:
        assert "pip install" in why
        return
    filled, seconds = _peers.ask(name, image, lost)
    assert (filled[~lost] == image[~lost]).all()
    assert filled[lost].mean() > 20
    assert 0 < seconds < 60


def test_a_peer_that_crashes_gives_no_answer_and_takes_nobody_along(broken, monkeypatch):
    monkeypatch.setattr(_peers.sys, "executable", "/bin/false")
    assert _peers.ask("shift_map", *broken) is None


# --- wide and narrow lacunae by size -----------------------------------------------------------------


def test_sizes_have_tables_of_all_measures_and_sheets_to_look_at(tmp_path, monkeypatch):
    folder = tmp_path / "paintings"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(12):
        side = 120 if number % 2 else 200
        rough = rng.integers(0, 256, (20, 20, 3), np.uint8)
        Image.fromarray(rough).resize((side, side), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    wide = _sized.Sized("wide", 130, 9)
    scale = fills.Scale(
        most=None, side=48, engines=("telea", "tension"), peers=(), conclusive=True,
        bins=False, sized=(wide, _sized.Sized("narrow", 110, 2)), sheets=wide._replace(most=1),
    )  # fmt: skip
    monkeypatch.setattr(fills, "SCALES", {"tiny": scale})
    monkeypatch.setattr(_sized, "BEFORE", "telea")
    monkeypatch.setattr(_sized, "AFTER", "tension")
    monkeypatch.setattr("tratteggio.training.image_lists._rank", lambda name: int(name[:-4]) / 30)
    report = run(folder, tmp_path / "out")
    large, narrow = report.tables
    assert large.title == "Wide lacunae in squares of 130 px, 3 pictures", (
        "three of the six set aside are large"
    )
    assert narrow.title.endswith("110 px, 2 pictures")
    for table in report.tables:
        assert [row.name for row in table.rows] == ["telea", "tension"]
        assert all(value is not None for row in table.rows for value in row.ours.values())
    assert report.claims == []
    assert report.seconds.keys() == {"telea", "tension"}
    (sheet,) = (tmp_path / "out" / "sheets").iterdir()
    laid = np.asarray(Image.open(sheet))
    assert laid.shape == (130, 4 * 130 + 3 * _sized.GAP, 3)
    lost = (laid[:, :130] == 255).all(axis=2)
    assert (laid[:, 136:266][~lost] == laid[:, :130][~lost]).all()
    assert 0.1 < lost.mean() < 0.6
    assert (laid[:, 272:402][lost] != laid[:, 408:538][lost]).any()


def test_slow_systems_are_left_out_of_large_squares():
    assert _sized.takes("shift_map", 256)
    assert not _sized.takes("shift_map", 512)
    assert _sized.takes("auto", 1024)


def test_goals_in_wide_lacunae_are_judged_by_the_best_peer():
    def score(psnr, patches, texture=0.9, seam=1.05):
        return 8 * [_scores.Score(psnr, 0.5, 1.0, patches, patches, texture, 0.4, seam, 4.0)]

    wide, narrow = _sized.Sized("wide", 512, 1), _sized.Sized("narrow", 512, 1)
    scores = {
        ("pconv", wide.name): score(20.0, 6.0),
        ("auto", wide.name): score(19.0, 2.0, seam=1.3),
        ("patch_mrf", wide.name): score(18.9, 1.0),
        ("patchmatch", wide.name): score(18.0, 2.5),
        ("resynthesizer", wide.name): score(18.5, 2.2),
        ("pconv", narrow.name): score(30.0, 1.0),
        ("auto", narrow.name): score(29.0, 1.0),
    }
    verdicts = [claim.verdict for claim in _sized.judge(scores, wide, conclusive=True)]
    assert verdicts == ["reproduced", "reproduced", "reproduced", "not reproduced"]
    scores["resynthesizer", wide.name] = score(19.5, 1.9)
    verdicts = [claim.verdict for claim in _sized.judge(scores, wide, conclusive=True)]
    assert verdicts == ["not reproduced", "not reproduced", "reproduced", "not reproduced"]
    (claim,) = _sized.judge(scores, narrow, conclusive=True)
    assert claim.verdict == "not reproduced"
    assert {one.verdict for one in _sized.judge(scores, wide, conclusive=False)} == {"not attempted"}
    few = {key: found[:7] for key, found in scores.items()}
    assert {one.verdict for one in _sized.judge(few, wide, conclusive=True)} == {"not attempted"}
