"""Nets: one architecture per file with `NAMES` and `build(name)`; the tensor door; weights and cards."""

import tratteggio.models._forking  # noqa: F401  for its effect
from tratteggio.models._catalogue import build, names, parameters
from tratteggio.models.tensors import admit, crop, pad, to_pixels, to_tensors, to_units
from tratteggio.models.weights import Card, find, load, read_card, save, sha256, shipped

__all__ = [
    "Card",
    "admit",
    "build",
    "crop",
    "find",
    "load",
    "names",
    "pad",
    "parameters",
    "read_card",
    "save",
    "sha256",
    "shipped",
    "to_pixels",
    "to_tensors",
    "to_units",
]
