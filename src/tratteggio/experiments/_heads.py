"""Light heads on fixed features: multinomial logistic regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

Doubles = NDArray[np.float64]

STEPS = 200  # of the descent, at most


@dataclass(frozen=True, eq=False)
class Head:
    """Multinomial logistic regression.

    Attributes:
        mean, spread: (n,) of the features.
        weights: (n + 1, kinds), the last row what is added.
    """

    mean: Doubles
    spread: Doubles
    weights: Doubles

    def __call__(self, features: NDArray[Any]) -> Doubles:
        """Return log probabilities of the kinds, up to a constant for each pixel: (..., kinds)."""
        # One product with weights in the units of the features: no standardised copy of a window.
        inner = self.weights[:-1] / self.spread[:, None]
        scores: Doubles = features @ inner + (self.weights[-1] - self.mean @ inner)
        return scores


def fit(features: NDArray[Any], truth: NDArray[np.int64], kinds: int, *, penalty: float) -> Head:
    """Find the weights with the least

        - mean over kinds of the mean log probability of their samples, times the number of samples
        + penalty / 2 * |weights|^2     (of standardised features; what is added is free)

    so that kinds count alike, however many pixels each has.

    Args:
        features: (n, features).
        truth: (n,) kind of each, 0 .. kinds - 1; each kind is there.
        kinds: how many.
        penalty: above 0.
    """
    mean = features.mean(axis=0, dtype=np.float64)
    spread = features.std(axis=0, dtype=np.float64) + 1e-6
    x = np.concatenate([(features - mean) / spread, np.ones((len(features), 1))], axis=1)
    counts = np.bincount(truth, minlength=kinds)
    weight = (len(truth) / kinds / counts)[truth]
    wanted = np.eye(kinds)[truth]
    free = np.ones((x.shape[1], 1))
    free[-1] = 0

    def cost(flat: Doubles) -> tuple[float, Doubles]:
        weights = flat.reshape(x.shape[1], kinds)
        logs = special.log_softmax(x @ weights, axis=1)
        slope = x.T @ ((np.exp(logs) - wanted) * weight[:, None]) + penalty * free * weights
        value = -(weight * (logs * wanted).sum(axis=1)).sum() + penalty / 2 * (free * weights**2).sum()
        return float(value), slope.ravel()

    start = np.zeros(x.shape[1] * kinds)
    found = optimize.minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return Head(mean, spread, found.x.reshape(x.shape[1], kinds))


def log_odds(scores: Doubles, kind: int) -> Doubles:
    """Return the log odds of one kind against all others, of scores (..., kinds).

    Example:
        >>> log_odds(np.log([[0.2, 0.5, 0.3]]), 1)
        array([0.])
    """
    odds: Doubles = scores[..., kind] - special.logsumexp(np.delete(scores, kind, axis=-1), axis=-1)
    return odds
