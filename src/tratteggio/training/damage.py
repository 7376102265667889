"""Damage to learn from, by name: kinds, mixtures of them, shares within a bin.

    walk            the random walk of the Dunhuang poster: share 0.11
    walk_sparse     that of the challenge before it: 0.03       walk_walled  within walls: 0.18
    walk_broad      the first with a brush of 3 pixels          strokes      free-form brush strokes
    cracks          thin branching lines                        craquelure   the network of an old panel
    losses          ragged islands                              squares      one to three
    square_centre   one, in the middle                          bins         any share in (0.01, 0.6]
    square_20       one anywhere, 20 % of the side: 4 % of the area, as the code of the VAE's authors has it
    square_40       40 % of the side: 16 % of the area           two_squares_20   two of the first
    square_area_20  20 % of the area, as their text has it       square_area_40, two_squares_area_20
    mixed           all but squares and within walls, by turns
    dense           two of these at once: more lost, so more to learn from a patch
    bared           islands and strokes, large enough to be found; nets that learn it see ground there
    none            nothing is lost, for autoencoders

`KINDS` is this table but for the last line; a drawer of one's own is any function of a grid and a generator.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.random import Generator

from tratteggio.errors import BadUsage, UnknownName
from tratteggio.painting.pixels import Lost
from tratteggio.training.bins import BINS, in_bin
from tratteggio.training.kinds import (
    Grid,
    cracks,
    craquelure,
    losses,
    random_walk,
    some_squares,
    square_centre,
    strokes,
)

Drawer: TypeAlias = Callable[[Grid, Generator], Lost]


def _kind(name: str) -> Drawer:
    if name not in KINDS:
        near = difflib.get_close_matches(name, KINDS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UnknownName(f"no damage named {name!r}; {hint}Known: {', '.join(sorted(KINDS))}")
    return KINDS[name]


@dataclass(frozen=True)
class Mixture:
    """Now one kind of damage, now another, at times two at once.

    Attributes:
        weights: (name in `KINDS`, how often in relation to the others).
        twice: how often a second kind, drawn likewise, is laid over the first: 0 .. 1.

    Raises:
        UnknownName: no such kind.
        BadUsage: a weight below 0, or none above.
    """

    weights: tuple[tuple[str, float], ...]
    twice: float = 0.25

    def __post_init__(self) -> None:
        for name, weight in self.weights:
            _kind(name)
            if not (isinstance(weight, int | float) and 0 <= weight < np.inf):
                raise BadUsage(f"the weight of {name} must be a number from 0 up, got {weight!r}")
        if not sum(weight for _, weight in self.weights) > 0:
            raise BadUsage("a mixture of damage needs at least one weight above 0")

    def __call__(self, grid: Grid, rng: Generator) -> Lost:
        """Draw lacunae."""
        lost = self._one(grid, rng)
        if rng.random() < self.twice:
            lost = lost | self._one(grid, rng)
        return lost

    def _one(self, grid: Grid, rng: Generator) -> Lost:
        ends = np.cumsum([weight for _, weight in self.weights])
        chosen = int(np.searchsorted(ends, rng.random() * ends[-1], side="right"))
        return _kind(self.weights[chosen][0])(grid, rng)


def _any_squares(grid: Grid, rng: Generator) -> Lost:
    count = int(rng.integers(1, 4))
    return some_squares(grid, rng, share=float(rng.uniform(0.01, 0.3)) / count, count=count)


def _any_bin(grid: Grid, rng: Generator) -> Lost:
    return in_bin((BINS[0][0], BINS[-1][1]), grid, rng)


def _walk_sparse(grid: Grid, rng: Generator) -> Lost:
    return random_walk(grid, rng, steps=round(10_000 / 256**2 * grid[0] * grid[1]), margin=0)


def _walk_walled(grid: Grid, rng: Generator) -> Lost:
    return random_walk(grid, rng, steps=grid[0] * grid[1], border="wall", margin=0)


KINDS: dict[str, Drawer] = {
    "walk": random_walk,
    "walk_sparse": _walk_sparse,
    "walk_walled": _walk_walled,
    "walk_broad": partial(random_walk, stroke=3),
    "strokes": strokes,
    "cracks": cracks,
    "craquelure": craquelure,
    "losses": losses,
    "squares": _any_squares,
    "square_centre": square_centre,
    "square_20": partial(some_squares, share=0.2, reading="side"),
    "square_40": partial(some_squares, share=0.4, reading="side"),
    "two_squares_20": partial(some_squares, share=0.2, count=2, reading="side"),
    "square_area_20": partial(some_squares, share=0.2),
    "square_area_40": partial(some_squares, share=0.4),
    "two_squares_area_20": partial(some_squares, share=0.2, count=2),
    "bins": _any_bin,
}
_MIXED = {"cracks": 0.2, "craquelure": 0.12, "losses": 0.25, "walk": 0.08, "walk_broad": 0.05, "strokes": 0.1}
_MIXED["bins"] = 0.2  # large lacunae, which the others seldom draw
KINDS["mixed"] = Mixture(tuple(_MIXED.items()))
KINDS["bared"] = Mixture((("losses", 0.85), ("strokes", 0.15)), twice=0.25)
KINDS["dense"] = Mixture(tuple(_MIXED.items()), twice=1.0)


def drawer(damage: str | Mapping[str, Any] | Drawer) -> Drawer:
    """Return the drawer that is meant: a name in `KINDS`, names with weights, or a drawer as it is.

    Raises:
        UnknownName: no such kind; the message gives the nearest and all.
        BadUsage: weights that cannot be.
    """
    if damage == "none":
        return nothing
    if isinstance(damage, str):
        return _kind(damage)
    if isinstance(damage, Mapping):
        return Mixture(tuple(damage.items()))
    return damage


def nothing(grid: Grid, rng: Generator) -> Lost:  # noqa: ARG001 # one of many alike
    """Lose nothing: the drawer called "none"."""
    return np.zeros(grid, np.bool_)


def draw(damage: Drawer, grid: Grid, rng: Generator) -> Lost:
    """Draw lacunae of which neither nothing nor everything is lost, unless by the drawer `nothing`.

    Where a drawer loses nothing, as between the cracks of a wide network, a walk is drawn instead; where it
    loses everything, one pixel is kept.

    Args:
        damage: what draws.
        grid: (rows, cols), two pixels or more.
        rng: chance.

    Returns:
        (rows, cols) bool, True = lost.
    """
    lost = damage(grid, rng)
    if damage is nothing:
        return lost
    if not lost.any():
        lost = random_walk(grid, rng)
    if lost.all():
        lost.flat[rng.integers(lost.size)] = False
    return lost
