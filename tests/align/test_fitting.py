"""Fits against transforms that are known, and what they expect of themselves against what is true."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from tratteggio.align import Field, Transform
from tratteggio.align.evidence import Evidence
from tratteggio.align.fitting import _design, _half, _skew, _smooth, _straight, fit
from tratteggio.align.transform import inside

GRID = (300, 400)
SIDE, SHARP = 17, 2.0  # of the surfaces; standard deviation of one that is sure, pixels
PLAIN = Transform(np.eye(3), GRID, GRID)
STEPS = (4.0, 2.0, 1.0, 1.0)


def grid_of_places(step: int = 16) -> np.ndarray:
    rows, cols = np.mgrid[8 : GRID[0] : step, 8 : GRID[1] : step]
    return np.stack([rows.ravel(), cols.ravel()], axis=1).astype(float)


def evidence(places: np.ndarray, displacements: np.ndarray) -> Evidence:
    """Patches that are sure, each, of a displacement: near it log likelihoods are exact quadrics."""
    offsets = np.arange(SIDE) - SIDE // 2
    down, across = (np.square(offsets - displacements[:, axis, None]) for axis in (0, 1))
    quadrics = -(down[:, :, None] + across[:, None, :]) / (2 * SHARP**2)
    return Evidence(places, np.zeros_like(places), quadrics, np.maximum(quadrics + 4, 0), 1)


def test_a_homography_is_found_from_patches_that_are_sure() -> None:
    places = grid_of_places()
    truth = Transform(np.array([[1.01, 0.005, 3], [-0.005, 0.99, -2], [2e-6, -1e-6, 1]]), GRID, GRID)
    found = fit(PLAIN, evidence(places, truth.at(places) - places), bent=False, within_px=STEPS).transform
    assert np.abs(found.at(places) - truth.at(places)).max() < 0.05


def test_a_field_is_found_beside_a_homography_past_wrong_patches() -> None:
    rng = np.random.default_rng(1)
    places = grid_of_places()
    bumps = np.stack([np.sin(places[:, 1] / 60), np.cos(places[:, 0] / 50)], axis=1)
    wrong = bumps.copy()
    wrong[::8] = rng.uniform(-7, 7, wrong[::8].shape)
    found = fit(PLAIN, evidence(places, wrong), bent=True, within_px=STEPS).transform
    errors = np.linalg.norm(found.at(places) - places - bumps, axis=1)
    assert errors.mean() < 0.6


@pytest.mark.parametrize("bent", [False, True])
def test_a_fit_expects_the_error_that_it_has(bent):
    """Noise of the spread that surfaces state is drawn many times; where nothing is shown it is more."""
    places = grid_of_places(32)
    places = places[places[:, 1] < 250]
    asked = np.array([[100.0, 100.0], [150.0, 200.0], [200.0, 150.0]])
    squares, rng = [], np.random.default_rng(2)
    for _ in range(40):
        noisy = rng.normal(0, SHARP, places.shape)
        found = fit(PLAIN, evidence(places, noisy), bent=bent, within_px=(20.0,))
        squares.append(np.square(found.transform.at(asked) - asked).sum(axis=1))
    expected, true = found.spread(asked), np.sqrt(np.mean(squares, axis=0))
    # The prior holds a bent field back, and the truth here is no field at all.
    assert (true < 1.2 * expected).all()
    if not bent:
        assert_allclose(true, expected, rtol=0.25)
    beyond = np.array([[150.0, 380.0]])
    assert found.spread(beyond)[0] > 1.3 * expected.max()


def test_unknowns_and_homography_displace_alike() -> None:
    """To first order: the matrix of the fit is the slope of the homography that it makes."""
    places, tiny = grid_of_places(64), 1e-4 * _half(GRID)
    design = _design(GRID, places, bent=False).toarray()
    for unknown in range(8):
        moved = Transform(_straight(tiny * np.eye(8)[unknown], GRID), GRID, GRID).at(places) - places
        assert_allclose(design[:, unknown].reshape(2, -1).T * tiny, moved, atol=1e-3 * np.abs(moved).max())


def test_skew_is_what_turning_scaling_and_shifting_leave() -> None:
    unknowns = np.array([0, 0, 0, 0, 0.01, -0.02, 0.005, -0.01]) * _half(GRID)
    turned = np.eye(3)
    turned[:2, :2] = 1.7 * Rotation.from_euler("z", 35, degrees=True).as_matrix()[:2, :2]
    turned[:2, 2] = (40, -25)
    skewed = Transform(turned @ _straight(unknowns, GRID), GRID, GRID)
    assert_allclose(_skew(skewed), unknowns, atol=2e-3 * _half(GRID))


def test_the_prior_of_a_field_has_variance_about_1() -> None:
    variances = np.diag(np.linalg.inv(_smooth(19, 15).toarray())).reshape(19, 15)
    assert_allclose(variances[6:-6, 5:-5], 1, rtol=0.2)


def test_without_evidence_against_it_a_fit_stays_where_it_was() -> None:
    rng = np.random.default_rng(3)
    field = Field(rng.normal(0, 0.5, (15, 19, 2)), GRID)
    bent = Transform(np.eye(3), GRID, GRID, field)
    places = grid_of_places(8)
    laid = bent.bent(places)
    again = replace(evidence(places, np.zeros_like(places)), laid=laid)
    found = fit(bent, again, bent=True, within_px=STEPS).transform
    near = places[inside(places, GRID)]
    assert np.linalg.norm(found.at(near) - bent.at(near), axis=1).mean() < 0.3
