"""Light heads on fixed features: multinomial logistic regression, calibration, and a threshold by kappa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from tratteggio.metrics.detection import kappa

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]

STEPS = 200  # of the descent, at most
LEAST_SURE = 0.05  # of calibration: a head that is wrong on what it has not seen is not turned round
NEAR = 0.01  # kappa below the best that is as good


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


@dataclass(frozen=True)
class Calibration:
    """Platt's: from log odds to probabilities that are as often right as they say.

    Attributes:
        sure: factor of the log odds, above 0.
        bias: what is added.
    """

    sure: float
    bias: float

    def __call__(self, odds: Doubles) -> Doubles:
        """Return probabilities."""
        probabilities: Doubles = special.expit(self.sure * odds + self.bias)
        return probabilities


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


def calibrated(odds: Doubles, truth: Flags) -> Calibration:
    """Fit Platt's sigmoid to log odds of samples that the head has not learnt from.

    Source: Platt 1999, with his targets (n + 1) / (n + 2) and 1 / (n + 2) against too much certainty.
    """
    many, few = int(truth.sum()), int((~truth).sum())
    target = np.where(truth, (many + 1) / (many + 2), 1 / (few + 2))

    def cost(chosen: Doubles) -> tuple[float, Doubles]:
        logit = chosen[0] * odds + chosen[1]
        off = special.expit(logit) - target
        value = (np.logaddexp(0, logit) - target * logit).sum()
        return float(value), np.array([(off * odds).sum(), off.sum()])

    bounds = [(LEAST_SURE, None), (None, None)]
    sure, bias = optimize.minimize(cost, np.array([1.0, 0.0]), jac=True, bounds=bounds).x.tolist()
    return Calibration(sure, bias)


def threshold_by_kappa(probabilities: Doubles, truth: Flags) -> tuple[float, float]:
    """Return the threshold with the largest kappa, and that; the highest of those that are as good.

    What is found should be damage, so of equals the one is taken that finds least.
    """
    candidates = np.unique(np.clip(np.quantile(probabilities, np.linspace(0.01, 0.99, 99)), 0.01, 0.99))
    kappas = [kappa(truth[None], (probabilities >= one)[None]) for one in candidates]
    best = max(number for number, kappa in enumerate(kappas) if kappa >= max(kappas) - NEAR)
    return float(candidates[best]), kappas[best]
