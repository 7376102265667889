"""Heads on fixed features: against a brute-force minimum."""

import numpy as np
import pytest
from scipy import optimize, special

from tratteggio.experiments._heads import fit, log_odds


def clouds(seed: int = 0, counts: tuple[int, ...] = (40, 25)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    parts = [rng.normal(1.5 * kind, 1 + 0.3 * kind, (count, 3)) for kind, count in enumerate(counts)]
    return np.concatenate(parts) * (1, 10, 100) + 7, np.repeat(np.arange(len(counts)), counts)


def test_the_head_has_the_least_cost_of_all_that_were_tried() -> None:
    features, truth = clouds(counts=(30, 20, 10))
    head = fit(features, truth, 3, penalty=2.0)
    weight = (60 / 3 / np.array([30, 20, 10]))[truth]

    def cost(weights: np.ndarray) -> float:
        x = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
        logs = special.log_softmax(x @ weights[:-1] + weights[-1], axis=1)
        return -(weight * logs[np.arange(60), truth]).sum() + (weights[:-1] ** 2).sum()

    best = cost(head.weights)
    rng = np.random.default_rng(1)
    assert all(
        cost(head.weights + rng.normal(0, size, (4, 3))) > best for size in (0.01, 0.1, 1) for _ in "1234"
    )
    plain = optimize.minimize(lambda flat: cost(flat.reshape(4, 3)), np.zeros(12))
    assert best == pytest.approx(plain.fun, rel=1e-5)


def test_units_of_features_do_not_matter() -> None:
    features, truth = clouds()
    one, other = fit(features, truth, 2, penalty=1.0), fit(features * 1000 - 3, truth, 2, penalty=1.0)
    np.testing.assert_allclose(one(features), other(features * 1000 - 3), atol=1e-3)


def test_kinds_count_alike_however_many_pixels_each_has() -> None:
    """Without features a head is left with what it adds, which then favours no kind."""
    head = fit(np.zeros((50, 1)), np.repeat([0, 1], [45, 5]), 2, penalty=1.0)
    np.testing.assert_allclose(log_odds(head(np.zeros((1, 1))), 1), 0, atol=1e-5)


def test_log_odds_are_of_one_kind_against_all_others() -> None:
    shares = np.array([0.1, 0.6, 0.3])
    found = [log_odds(np.log(shares)[None] + 5, kind)[0] for kind in range(3)]
    np.testing.assert_allclose(found, special.logit(shares))
