"""How well damage is found, against counting pixel by pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.metrics import Agreement, agreement, auc_pr, auc_roc, kappa


def some(seed: int, share: float = 0.2, grid: tuple[int, int] = (9, 12)) -> np.ndarray:
    return np.random.default_rng(seed).random(grid) < share


def counted(truth, found, known, tolerance) -> tuple[int, int, int, int]:
    """The same by looking at every pair of pixels."""

    def near(place, flags):
        return any(np.hypot(*(np.array(place) - other)) <= tolerance for other in np.argwhere(flags))

    damaged, claimed = np.argwhere(truth & known), np.argwhere(found & known)
    return (
        sum(near(place, truth & known) for place in claimed),
        len(claimed),
        sum(near(place, found) for place in damaged),
        len(damaged),
    )


@given(seed=st.integers(0, 10_000), tolerance=st.sampled_from([0, 1, 1.5, 2, 3]))
def test_pixels_are_counted_as_pair_by_pair(seed, tolerance):
    truth, found, known = some(seed, 0.1), some(seed + 1, 0.15), some(seed + 2, 0.8)
    got = agreement(truth, found, annotated=known, tolerance_px=tolerance)
    assert (got.found_right, got.found, got.truth_met, got.truth) == counted(truth, found, known, tolerance)


@given(seed=st.integers(0, 10_000))
def test_without_tolerance_the_textbook_fractions_come_out(seed):
    truth, found = some(seed, 0.4), some(seed + 1, 0.5)
    got = agreement(truth, found)
    both, either = (truth & found).sum(), (truth | found).sum()
    assert got.precision == pytest.approx(both / found.sum())
    assert got.recall == pytest.approx(both / truth.sum())
    assert got.iou == pytest.approx(both / either)
    assert got.f1 == pytest.approx(2 * both / (truth.sum() + found.sum()))


def test_what_nobody_has_looked_at_does_not_count():
    truth, found, known = some(0), some(1), some(2, 0.5)
    other = np.where(known, found, ~found)
    assert agreement(truth, found, annotated=known) == agreement(truth, other, annotated=known)
    assert kappa(truth, found, annotated=known) == kappa(truth, other, annotated=known)
    strength = np.random.default_rng(3).random(truth.shape)
    noise = np.where(known, strength, 1 - strength)
    assert auc_pr(truth, strength, annotated=known) == auc_pr(truth, noise, annotated=known)


def test_agreements_of_pictures_add_up_to_that_of_both_side_by_side():
    one, two = (some(0), some(1)), (some(2), some(3))
    apart = np.zeros((9, 5), bool)  # so that no tolerance reaches from one to the other
    both = [np.hstack([a, apart, b]) for a, b in zip(one, two, strict=True)]
    added = agreement(*one, tolerance_px=2) + agreement(*two, tolerance_px=2)
    assert added == agreement(*both, tolerance_px=2)


def test_finding_nothing_of_something_is_worth_nothing():
    empty, full = np.zeros((3, 3), bool), np.ones((3, 3), bool)
    assert agreement(full, empty).f1 == 0
    assert agreement(empty, full).f1 == 0
    assert np.isnan(agreement(empty, empty).f1)
    assert np.isnan(agreement(full, empty).precision)
    assert Agreement(0, 0, 0, 4).recall == 0


@given(seed=st.integers(0, 10_000), levels=st.integers(2, 6))
def test_areas_under_curves_are_those_of_all_thresholds(seed, levels):
    """With ties: average precision by its sum over thresholds, ROC by all pairs."""
    rng = np.random.default_rng(seed)
    truth = rng.random((6, 7)) < 0.4
    truth[0, :2] = True, False
    strength = rng.integers(0, levels, truth.shape) / levels
    area, before = 0.0, 0.0
    for threshold in sorted(set(strength.ravel()), reverse=True):
        got = agreement(truth, strength >= threshold)
        area += (got.recall - before) * got.precision
        before = got.recall
    assert auc_pr(truth, strength) == pytest.approx(area)
    damaged, sound = strength[truth][:, None], strength[~truth][None]
    assert auc_roc(truth, strength) == pytest.approx(((damaged > sound) + (damaged == sound) / 2).mean())


def test_kappa_is_1_for_the_truth_0_for_chance_and_that_of_cohens_example():
    truth = some(5, 0.3)
    assert kappa(truth, truth) == 1
    # Half and half, independent of each other: 25 pixels of each of the four kinds.
    truth, found = np.indices((10, 10)) % 2 == 0
    assert_allclose(kappa(truth, found), 0, atol=1e-12)
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: (0.7 - 0.5) / 0.5.
    truth = np.repeat([True, True, False, False], [20, 5, 10, 15])[None]
    found = np.repeat([True, False, True, False], [20, 5, 10, 15])[None]
    assert kappa(truth, found) == pytest.approx(0.4)


def test_arrays_of_another_kind_are_refused():
    flags = np.zeros((3, 3), bool)
    with pytest.raises(GridMismatch, match="one grid"):
        agreement(flags, np.zeros((3, 4), bool))
    with pytest.raises(BadUsage, match="threshold it first"):
        agreement(flags, np.zeros((3, 3)))
    with pytest.raises(BadUsage, match="nothing to compare"):
        agreement(flags, flags, annotated=flags)
    with pytest.raises(BadUsage, match="NaN"):
        auc_pr(flags, np.full((3, 3), np.nan))
    with pytest.raises(BadUsage, match="0 pixels or more"):
        agreement(flags, flags, tolerance_px=-1)


def test_strengths_may_be_levels_of_8_bit():
    """Unsigned numbers have no negatives."""
    truth = some(8, 0.3)
    levels = np.random.default_rng(9).integers(0, 256, truth.shape).astype(np.uint8)
    assert auc_pr(truth, levels) == auc_pr(truth, levels / 255)
    assert auc_roc(truth, levels) == auc_roc(truth, levels / 255)
