"""Boosted oblivious trees on planes of 8 bits: learnt from some thousand pixels in half a second.

All nodes of a level ask the same question, "is this plane above this level?". So a tree of depth d is d
questions and 2^d answers; a window is answered by comparing whole planes, and a file holds a few lists.

Source: Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29, 2001;
oblivious trees after Prokhorenkova et al., "CatBoost: unbiased boosting with categorical features", NeurIPS
2018; steps by gradient and curvature as Chen, Guestrin, "XGBoost", KDD 2016.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import special

Levels = NDArray[np.uint8]
Doubles = NDArray[np.float64]

COUNT, DEPTH, RATE = 100, 4, 0.12
BINS = 32  # questions that are tried of a plane
PLANES, PIXELS = 0.35, 0.7  # shares that a tree learns from, drawn anew for each
PENALTY = 3.0  # on answers, as the weight of so many pixels


class Tree(NamedTuple):
    """One tree.

    Attributes:
        planes: what is asked, level by level.
        above: the levels that planes are compared with.
        answers: (2^depth,) log odds to add; the first question is the highest bit.
    """

    planes: tuple[int, ...]
    above: tuple[int, ...]
    answers: tuple[float, ...]


class Trees(NamedTuple):
    """All trees, and the log odds that they are added to."""

    start: float
    trees: tuple[Tree, ...]

    def __call__(self, planes: Levels) -> NDArray[np.float32]:
        """Return log odds of planes (n, ...): (...)."""
        odds = np.full(planes.shape[1:], self.start, np.float32)
        for tree in self.trees:
            leaf = np.zeros(planes.shape[1:], np.uint8)
            for plane, above in zip(tree.planes, tree.above, strict=True):
                leaf = (leaf << 1) | (planes[plane] > above)
            odds += np.array(tree.answers, np.float32)[leaf]
        return odds


def boost(
    planes: Levels, truth: NDArray[np.bool_], weight: Doubles, *, seed: int = 0, count: int = COUNT
) -> Trees:
    """Learn to tell damage.

    Args:
        planes: (planes, n) of n pixels.
        truth: (n,), True = damage; both kinds are there.
        weight: (n,), how much each pixel counts, above 0.
        seed: draws what each tree learns from.
        count: of trees.
    """
    rng = np.random.default_rng(seed)
    shares = np.linspace(0, 1, BINS + 1)[1:-1]
    edges = [np.unique(np.quantile(plane, shares, method="lower")) for plane in planes]
    bins = np.stack([np.searchsorted(edge, plane) for edge, plane in zip(edges, planes, strict=True)])
    # A plane of few levels has fewer edges than others; beyond them there is no question.
    free = np.arange(BINS - 1) < np.array([len(edge) for edge in edges])[:, None]
    share = float((weight * truth).sum() / weight.sum())
    start = float(special.logit(np.clip(share, 0.01, 0.99)))
    odds = np.full(len(truth), start)
    trees = []
    for _ in range(count):
        chance = special.expit(odds)
        slope, curve = weight * (chance - truth), weight * chance * (1 - chance) + 1e-9
        asked, leaf = _grow(bins, free, slope, curve, rng)
        size = 1 << DEPTH
        slopes, curves = (np.bincount(leaf, values, size) for values in (slope, curve))
        answers = -RATE * slopes / (curves + PENALTY)
        odds += answers[leaf]
        above = tuple(int(edges[plane][number]) for plane, number in asked)
        trees.append(Tree(tuple(plane for plane, _ in asked), above, tuple(np.round(answers, 5).tolist())))
    return Trees(start, tuple(trees))


def _grow(
    bins: NDArray[np.intp], free: NDArray[np.bool_], slope: Doubles, curve: Doubles, rng: Generator
) -> tuple[list[tuple[int, int]], NDArray[np.intp]]:
    """Ask the questions that tell most -> (plane and number of the edge of each, leaf of each pixel)."""
    few = max(4, int(PLANES * len(bins)))
    drawn = rng.permutation(len(bins))[:few]
    shown = np.flatnonzero(rng.random(len(slope)) < PIXELS)
    seen = bins[np.ix_(drawn, shown)]
    leaf = np.zeros(len(slope), np.intp)
    asked = []
    for depth in range(DEPTH):
        leaves = 1 << depth
        cell = (np.arange(few)[:, None] * leaves + leaf[shown]) * BINS + seen
        below = [
            np.bincount(cell.ravel(), np.tile(values[shown], few), few * leaves * BINS)
            .reshape(few, leaves, BINS)
            .cumsum(axis=2)
            for values in (slope, curve)
        ]
        slopes, curves = below
        rest, others = slopes[..., -1:] - slopes, curves[..., -1:] - curves
        gain = (slopes**2 / (curves + PENALTY) + rest**2 / (others + PENALTY)).sum(axis=1)[:, :-1]
        which, number = divmod(int(np.where(free[drawn], gain, -1).argmax()), BINS - 1)
        plane = int(drawn[which])
        asked.append((plane, number))
        leaf = leaf * 2 + (bins[plane] > number)
    return asked, leaf
