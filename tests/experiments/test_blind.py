"""Blind comparison: nothing tells which is which, every vote finds its side again."""

import json

import numpy as np
import pytest
from scipy import stats

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.experiments._blind import Pair, count, hide, preference, write


def pairs(number: int = 12) -> list[Pair]:
    """The first fill is bright, the second dark."""
    flat = [np.full((10, 12, 3), level, np.uint8) for level in (128, 200, 10)]
    return [Pair("wide" if k % 3 else "narrow", *(one + np.uint8(k) for one in flat)) for k in range(number)]


def test_order_and_sides_are_drawn_from_the_seed_and_the_key_knows_them():
    shown, key = hide(pairs(40), seed=1)
    for (_, a, b), one in zip(shown, key, strict=True):
        assert (a.mean() > b.mean()) == one.one_is_a
    assert 8 < sum(one.one_is_a for one in key) < 32
    assert [one.group for one in key] != [pair.group for pair in pairs(40)]
    again, other = hide(pairs(40), seed=1)[1], hide(pairs(40), seed=2)[1]
    assert again == key
    assert other != key


def test_a_viewer_who_always_takes_the_bright_one_prefers_the_first(tmp_path):
    out, key = tmp_path / "pairs", tmp_path / "key" / "key.json"
    write(pairs(), out, key, seed=3)
    shown, _ = hide(pairs(), seed=3)
    lines = [f"{n},{'A' if a.mean() > b.mean() else 'B'}" for n, (_, a, b) in enumerate(shown, start=1)]
    (tmp_path / "votes.csv").write_text("pair,vote\n" + "\n".join(lines) + "\n")
    result = count(key, [tmp_path / "votes.csv"])
    assert (result["wide"].won, result["wide"].lost) == (8, 0)
    assert result["narrow"].share == 1
    (tmp_path / "even.csv").write_text("1,=\n")
    assert sum(one.equal for one in count(key, [tmp_path / "votes.csv", tmp_path / "even.csv"]).values()) == 1


def test_what_viewers_see_does_not_name_systems_or_groups(tmp_path):
    write(pairs(), tmp_path / "pairs", tmp_path / "key.json", seed=0)
    page = (tmp_path / "pairs" / "pairs.html").read_text()
    for word in ("wide", "narrow", "one_is_a", "://"):
        assert word not in page
    assert page.count("<section>") == 12
    assert len(list((tmp_path / "pairs").glob("pair-*.png"))) == 12
    assert len(json.loads((tmp_path / "key.json").read_text())["pairs"]) == 12


def test_the_key_is_not_laid_beside_the_pairs(tmp_path):
    with pytest.raises(BadUsage, match="where no viewer looks"):
        write(pairs(), tmp_path, tmp_path / "key.json", seed=0)
    with pytest.raises(BadUsage, match="at least one pair"):
        write([], tmp_path / "pairs", tmp_path / "key.json", seed=0)


@pytest.mark.parametrize(("won", "lost"), [(8, 2), (30, 0), (0, 5), (51, 9)])
def test_the_interval_is_wilsons(won, lost):
    result = preference(won, lost)
    expected = stats.binomtest(won, won + lost).proportion_ci(0.95, method="wilson")
    assert (result.low, result.high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_without_votes_nothing_is_preferred():
    result = preference(0, 0, 3)
    assert np.isnan(result.share)
    assert (result.low, result.high, result.equal) == (0, 1, 3)


@pytest.mark.parametrize("line", ["99,A", "1,C", "1", "one,A"])
def test_a_vote_that_means_nothing_is_named_by_its_line(tmp_path, line):
    write(pairs(), tmp_path / "pairs", tmp_path / "key.json", seed=0)
    (tmp_path / "votes.csv").write_text(f"1,A\n{line}\n")
    with pytest.raises(UnreadableFile, match="line 2"):
        count(tmp_path / "key.json", [tmp_path / "votes.csv"])


def test_a_key_that_is_none_is_refused(tmp_path):
    (tmp_path / "key.json").write_text("[]")
    with pytest.raises(UnreadableFile, match="no key"):
        count(tmp_path / "key.json", [])
