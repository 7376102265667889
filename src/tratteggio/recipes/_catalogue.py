"""Which recipes there are: the files of this package with a `RECIPE`, and those of other packages."""

from __future__ import annotations

import inspect

from tratteggio import registry
from tratteggio.training.recipe import Recipe


def names() -> list[str]:
    """List the recipes, in alphabetical order."""
    return registry.names("recipes")


def load(name: str) -> Recipe:
    """Return a recipe by name.

    Raises:
        UnknownName: no recipe has that name; the message gives the nearest and all.

    Example:
        >>> load("pconv_dunhuang").model
        'pconv-compact'
    """
    module = registry.load("recipes", name)
    with registry.usable("recipes", name):
        recipe: Recipe = module.RECIPE
    return recipe


def about(name: str) -> str:
    """Return what a recipe is for, where it comes from and what it gave: the docstring of its file.

    Raises:
        UnknownName: no recipe has that name; the message gives the nearest and all.
    """
    return inspect.getdoc(registry.load("recipes", name)) or ""
