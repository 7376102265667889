"""Kinds of degradation by name, with options, and mixtures of damage.

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
    large_losses    islands and strokes, large enough to be found by a detector
    none            nothing is lost, for autoencoders

    noise, dim, raw   what an enhancer is shown of a patch; nothing is lost

A file of this package is a kind. Its `make` takes the options of the kind, and `LOSES` says whether it loses
pixels. Other names are presets: a kind with options, or a mixture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.random import Generator

from tratteggio import options, registry
from tratteggio.degradation._types import Damage, Degrade, Grid
from tratteggio.errors import BadUsage, BrokenPlugin, MissingExtra
from tratteggio.painting.pixels import Lost

NONE = "none"
FORMER: Mapping[str, str] = {"bared": "large_losses"}

PRESETS: Mapping[str, str] = {
    "walk_sparse": "walk:density=10000,margin=0",
    "walk_walled": "walk:density=65536,border=wall,margin=0",
    "walk_broad": "walk:stroke=3",
    "square_centre": "squares:share=0.25,at=middle",
    "square_20": "squares:share=0.2,reading=side",
    "square_40": "squares:share=0.4,reading=side",
    "two_squares_20": "squares:share=0.2,count=2,reading=side",
    "square_area_20": "squares:share=0.2",
    "square_area_40": "squares:share=0.4",
    "two_squares_area_20": "squares:share=0.2,count=2",
}
_MIXED = (
    ("cracks", 0.2), ("craquelure", 0.12), ("losses", 0.25), ("walk", 0.08), ("walk_broad", 0.05),
    ("strokes", 0.1),
    ("bins", 0.2),  # large lacunae, which the others seldom draw
)  # fmt: skip
_MIXTURES: Mapping[str, tuple[tuple[tuple[str, float], ...], float]] = {
    "mixed": (_MIXED, 0.25),
    "dense": (_MIXED, 1.0),
    "large_losses": ((("losses", 0.85), ("strokes", 0.15)), 0.25),
}


@dataclass(frozen=True)
class Mixture:
    """Now one kind of damage, now another, at times two at once.

    Attributes:
        weights: (name of a kind, how often in relation to the others).
        twice: how often a second kind, drawn likewise, is added to the first: 0 .. 1.

    Raises:
        UnknownName: no such kind.
        BadUsage: a weight below 0, or none above.
    """

    weights: tuple[tuple[str, float], ...]
    twice: float = 0.25

    def __post_init__(self) -> None:
        for name, weight in self.weights:
            _by_name(name)
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
        return _by_name(self.weights[chosen][0])(grid, rng)


def damage_names() -> list[str]:
    """List the kinds that lose pixels, presets and mixtures included, in alphabetical order."""
    return sorted([*_kinds(loses=True), *PRESETS, *_MIXTURES])


def degradation_names() -> list[str]:
    """List the kinds that change what a net is shown, in alphabetical order."""
    return _kinds(loses=False)


def make_damage(damage: str | Mapping[str, Any] | Damage) -> Damage:
    """Return a rule that loses pixels.

    Args:
        damage: NAME or NAME:OPTION=VALUE of `damage_names()`, "none", names with weights, or a rule of your
            own, which is returned as it is.

    Raises:
        UnknownName: no such kind or option; the message gives the nearest and all.
        BadUsage: weights or values that cannot be.

    Example:
        >>> lost = make_damage("squares:share=0.25,at=middle")((8, 8), np.random.default_rng(0))
        >>> int(lost.sum())
        16
    """
    if damage == NONE:
        return nothing
    if isinstance(damage, str):
        return _by_name(damage)
    if isinstance(damage, Mapping):
        return Mixture(tuple(damage.items()))
    return damage


def nothing(grid: Grid, rng: Generator) -> Lost:  # noqa: ARG001 # one of many alike
    """Lose nothing: the rule called "none"."""
    return np.zeros(grid, np.bool_)


def draw_damage(damage: Damage, grid: Grid, rng: Generator) -> Lost:
    """Draw lacunae of which neither nothing nor everything is lost, except for the rule `nothing`.

    If a rule loses nothing, as between the cracks of a wide network, a walk is drawn instead. If it loses
    everything, one pixel is kept.

    Args:
        damage: the rule.
        grid: (rows, cols), two pixels or more.
        rng: random numbers.

    Returns:
        (rows, cols) bool, True = lost.
    """
    lost = damage(grid, rng)
    if damage is nothing:
        return lost
    if not lost.any():
        lost = _by_name("walk")(grid, rng)
    if lost.all():
        lost.flat[rng.integers(lost.size)] = False
    return lost


def make_degradation(name: str, given: Mapping[str, Any]) -> Degrade:
    """Return a rule that changes what a net is shown.

    Args:
        name: one of `degradation_names()`.
        given: its options; the others keep their defaults.

    Raises:
        UnknownName: no such kind or option.
        BadUsage: an option that is no number, or out of its range.

    Example:
        >>> make_degradation("noise", {"strongest": 0.1})
        Noise(strongest=0.1)
    """
    module = _load(name, loses=False)
    options.require_valid(name, given, options.options_of(module.make))
    with registry.usable("degradation", name):
        degrade: Degrade = module.make(**given)
    return degrade


@cache
def _by_name(text: str) -> Damage:
    name = options.name_of(text)
    if name in FORMER:
        raise BadUsage(f"damage {name} is now called {FORMER[name]}; write {FORMER[name]}")
    if text in _MIXTURES:
        return Mixture(*_MIXTURES[text])
    if name in PRESETS or name in _MIXTURES:
        if text != name:
            raise BadUsage(f"{name} takes no options; write {name} alone")
        return _by_name(PRESETS[name])
    module = _load(name, loses=True)
    _, given = options.parse(text, lambda _: options.options_of(module.make))
    with registry.usable("degradation", name):
        damage: Damage = module.make(**given)
    return damage


def _load(name: str, *, loses: bool) -> ModuleType:
    """Import a kind; `loses` says of which sort it must be."""
    if name in registry.names("degradation"):
        module = registry.load("degradation", name)
        with registry.usable("degradation", name):
            fits = module.LOSES is loses
        if fits:
            return module
    raise registry.unknown(
        *(("damage", name, damage_names()) if loses else ("degradation", name, degradation_names()))
    )


def _kinds(*, loses: bool) -> list[str]:
    """List the kinds of one sort; broken ones of other packages are left out."""
    found = []
    for name in registry.names("degradation"):
        try:
            module = registry.load("degradation", name)
        except (BrokenPlugin, MissingExtra):
            continue
        if getattr(module, "LOSES", None) is loses:
            found.append(name)
    return found
