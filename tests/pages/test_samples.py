"""The contact sheet: every fill is on it, whole and close; where fills differ is counted by hand."""

from dataclasses import replace

import numpy as np
from numpy.testing import assert_allclose

from pages.parsed import parsed
from pages.test_report import overview, three_lacunae
from tratteggio.pages import report
from tratteggio.pages.samples import spread
from tratteggio.painting import Restoration


def others(*tones: int) -> list[Restoration]:
    made = three_lacunae()
    return [replace(made, fill=np.full((200, 300, 3), tone, np.uint8)) for tone in tones]


def alts(samples: list[Restoration]) -> list[str]:
    page = parsed(report(three_lacunae(), samples=samples, overview=overview))
    assert not page.unclosed + page.outside
    return page.alts


def test_the_sheet_shows_every_fill_whole_and_the_largest_lacunae_in_all_of_them() -> None:
    shown = alts(others(180, 190, 210))
    for name in ("Proposal", "Fill 1", "Fill 2", "Fill 3"):
        assert shown.count(name) == 1
        assert [f"Lacuna {number}, {name}" in shown for number in (1, 2, 3)] == [True] * 3
    assert "Fill 4" not in shown
    assert any("agree" in name for name in shown)


def test_one_other_fill_alone_says_nothing_of_agreement() -> None:
    shown = alts(others(180))
    assert "Fill 1" in shown
    assert not any("agree" in name for name in shown)


def test_a_report_without_other_fills_has_no_sheet() -> None:
    assert "plausible fills" not in report(three_lacunae(), overview=overview)
    assert "2 alternative fills" in report(three_lacunae(), samples=others(1, 2), overview=overview)


def test_the_spread_is_the_standard_deviation_of_the_channel_that_differs_most() -> None:
    one, other = np.zeros((2, 2, 2, 3), np.uint8)
    other[0, 1] = (51, 102, 0)
    assert_allclose(spread([one, other]), [[0, 0.2], [0, 0]])
