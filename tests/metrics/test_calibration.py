"""Calibrated confidences hold: against Gaussians whose spread is known, and by their own definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tratteggio.errors import BadUsage
from tratteggio.metrics import calibrate, calibration_error, confidence_of, reliability, stated_error
from tratteggio.metrics.calibration import LEVELS, band


def gaussian(n: int = 40_000, *, overstated: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Errors of pixels whose spread is known, and confidences that state it times `overstated`."""
    rng = np.random.default_rng(seed)
    spread = rng.uniform(0.01, 0.2, n)
    return confidence_of(overstated * spread), np.abs(rng.normal(0, spread))


@given(st.floats(0, 10))
def test_a_confidence_states_the_error_that_it_was_made_from(error: float) -> None:
    confidence = confidence_of(np.array([error]))
    assert 0 < confidence[0] <= 1
    assert stated_error(confidence)[0] == pytest.approx(error, rel=1e-5, abs=1e-6)


def test_a_confidence_of_0_states_any_error() -> None:
    assert stated_error(np.array([0.0]))[0] == np.inf


@given(st.floats(0.05, 0.95))
def test_the_band_is_that_of_a_gaussian(level: float) -> None:
    assert band(2.0, level) == pytest.approx(stats.norm.interval(level, scale=2.0)[1])


def test_honest_confidences_lie_on_the_diagonal() -> None:
    within = reliability(*gaussian())
    assert within == pytest.approx(LEVELS, abs=0.01)
    assert calibration_error(within) < 0.005


@pytest.mark.parametrize("overstated", [0.2, 1.0, 5.0])
def test_calibration_makes_confidences_hold_on_pixels_that_it_has_not_seen(overstated: float) -> None:
    calibration = calibrate(*gaussian(overstated=overstated))
    confidence, error = gaussian(overstated=overstated, seed=1)
    within = reliability(calibration(confidence), error)
    assert within[[4, 8]] == pytest.approx((0.5, 0.9), abs=0.02)


def test_bands_of_errors_that_are_not_gaussian_hold_at_every_level() -> None:
    rng = np.random.default_rng(0)
    confidence, error = np.full(20_000, 0.5, np.float32), rng.uniform(0.02, 0.1, 20_000)
    calibration = calibrate(confidence[::2], error[::2])
    within = reliability(calibration(confidence[1::2]), error[1::2], spans=calibration.spans)
    assert within == pytest.approx(LEVELS, abs=0.02)


def test_the_order_of_confidences_is_kept() -> None:
    calibration = calibrate(*gaussian(overstated=3.0))
    rising = calibration(np.linspace(0.05, 1, 50, dtype=np.float32))
    assert (np.diff(rising) >= 0).all()


def test_one_confidence_for_all_is_calibrated_to_the_errors_there_are() -> None:
    error = np.linspace(0, 0.1, 1000)
    calibration = calibrate(np.full(1000, 0.7, np.float32), error)
    assert band(stated_error(calibration(np.array([0.7]))), 0.9)[0] == pytest.approx(0.09, abs=1e-3)


def test_what_was_not_proposed_stays_so() -> None:
    calibration = calibrate(*gaussian())
    assert calibration(np.array([0.0, 0.5], np.float32))[0] == 0


def test_too_few_pixels_and_arrays_that_do_not_match_are_refused() -> None:
    with pytest.raises(BadUsage, match="too few"):
        calibrate(np.full(10, 0.5), np.zeros(10))
    with pytest.raises(BadUsage, match="each pixel"):
        calibrate(np.full(300, 0.5), np.zeros(301))
