"""How our nets are trained: one file per recipe, found by its file name, and the way to put one to work.

Looking at recipes imports nothing heavy; `train` and `adapt` do when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tratteggio.recipes._catalogue import about, load, names

if TYPE_CHECKING:
    from tratteggio.recipes._adapting import adapt
    from tratteggio.recipes._training import train

__all__ = ["about", "adapt", "load", "names", "train"]


def __getattr__(name: str) -> Any:
    """Import `train` and `adapt` on first use."""
    if name == "adapt":
        return import_module("tratteggio.recipes._adapting").adapt
    if name == "train":
        return import_module("tratteggio.recipes._training").train
    raise AttributeError(f"module 'tratteggio.recipes' has no attribute {name!r}")
