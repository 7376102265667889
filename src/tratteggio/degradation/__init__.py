"""Damage and other degradation of images: one file per kind, found by its file name.

A kind draws its parameters from random numbers and calls a plain function with them. Kinds that lose pixels
serve training, experiments and calibration; the others show a net an image that is noisier or darker.
"""

from tratteggio.degradation._catalogue import (
    Mixture,
    damage_names,
    degradation_names,
    draw_damage,
    make_damage,
    make_degradation,
)
from tratteggio.degradation._types import Damage as Damage
from tratteggio.degradation._types import Degrade as Degrade
from tratteggio.degradation._types import Grid as Grid

__all__ = [
    "Mixture",
    "damage_names",
    "degradation_names",
    "draw_damage",
    "make_damage",
    "make_degradation",
]
