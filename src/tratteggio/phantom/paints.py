"""The paints of the workshop: each a ramp of colours from its shadow to its light."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from tratteggio.degradation.simulation.value_noise import Floats
from tratteggio.phantom.pigments import Amounts, traits


@dataclass(frozen=True)
class Ramp:
    """Colours of one paint from its deepest shadow (tone 0) to its highest light (tone 1).

    Attributes:
        stops: RGB in 0 .. 1, encoded (sRGB), evenly spaced over the tones.
        amounts: what it is made of.
    """

    stops: tuple[tuple[float, float, float], ...]
    amounts: Amounts

    @cached_property
    def table(self) -> Floats:
        """(1025, 3) colours."""
        at, stops = np.linspace(0, 1, 1025), np.asarray(self.stops)
        known = np.linspace(0, 1, len(stops))
        raw = np.stack([np.interp(at, known, stops[:, k]) for k in range(3)], axis=1)
        smooth: Floats = ndimage.uniform_filter1d(raw, 161, axis=0, mode="nearest").astype(np.float32)
        return smooth

    @cached_property
    def slopes(self) -> Floats:
        """(1025, 3) change of colour per unit of tone."""
        return (np.gradient(self.table, axis=0) * 1024).astype(np.float32)

    @cached_property
    def matter(self) -> Floats:
        """(1025, 7) what the paint does at each tone, see `pigments.TRAITS`."""
        return traits(self.amounts, np.linspace(0, 1, 1025, dtype=np.float32))


FLESH = Ramp(
    (
        (0.20, 0.16, 0.09),
        (0.40, 0.36, 0.21),
        (0.62, 0.52, 0.34),
        (0.80, 0.63, 0.46),
        (0.90, 0.76, 0.59),
        (0.97, 0.89, 0.76),
    ),
    [("lead white", 3, 34), ("vermilion", 0.6, 1.2), ("green earth", 8, 2), ("umber", 2, 0)],
)
VEIL = Ramp(
    ((0.42, 0.38, 0.28), (0.66, 0.62, 0.50), (0.83, 0.80, 0.69), (0.95, 0.93, 0.84)),
    [("lead white", 12, 46), ("ochre", 3, 0)],
)
HEM = Ramp(
    ((0.42, 0.27, 0.08), (0.68, 0.50, 0.20), (0.86, 0.70, 0.36), (0.97, 0.88, 0.60)),
    [("lead-tin yellow", 4, 26), ("ochre", 8, 3)],
)
LINE = Ramp(((0.13, 0.08, 0.05), (0.28, 0.18, 0.10)), [("umber", 14, 10), ("bone black", 1.5, 0.2)])
LIP = Ramp(
    ((0.42, 0.16, 0.11), (0.70, 0.33, 0.25), (0.84, 0.52, 0.42)),
    [("vermilion", 4, 6), ("red lake", 5, 1), ("lead white", 1, 14)],
)
GOLD = Ramp(
    ((0.30, 0.17, 0.07), (0.52, 0.35, 0.14), (0.71, 0.53, 0.25), (0.85, 0.69, 0.38), (0.96, 0.87, 0.62)),
    [("gold leaf", 0.3, 0.3), ("bole", 10, 10)],
)
BOLE = Ramp(
    ((0.28, 0.09, 0.05), (0.52, 0.22, 0.13), (0.66, 0.34, 0.22)),
    [("bole", 10, 10), ("gold leaf", 0.05, 0.05)],
)
MANTLES = (
    Ramp(
        ((0.03, 0.05, 0.11), (0.06, 0.11, 0.24), (0.12, 0.22, 0.41), (0.26, 0.40, 0.60), (0.55, 0.66, 0.78)),
        [("azurite", 28, 14), ("bone black", 0.3, 0), ("lead white", 0.5, 26)],
    ),
    Ramp(
        ((0.03, 0.07, 0.10), (0.05, 0.15, 0.22), (0.11, 0.27, 0.36), (0.26, 0.45, 0.53), (0.58, 0.71, 0.72)),
        [("azurite", 20, 8), ("malachite", 8, 6), ("lead white", 0.5, 26)],
    ),
    Ramp(
        ((0.05, 0.06, 0.04), (0.10, 0.16, 0.09), (0.20, 0.29, 0.16), (0.38, 0.47, 0.28), (0.66, 0.70, 0.48)),
        [("verdigris", 22, 10), ("malachite", 6, 4), ("lead-tin yellow", 0.5, 24)],
    ),
    Ramp(
        ((0.07, 0.03, 0.07), (0.17, 0.08, 0.17), (0.31, 0.17, 0.29), (0.50, 0.33, 0.45), (0.74, 0.60, 0.66)),
        [("ultramarine", 20, 6), ("red lake", 14, 4), ("lead white", 1, 26)],
    ),
)
ROBES = (
    Ramp(
        ((0.19, 0.03, 0.03), (0.40, 0.07, 0.06), (0.63, 0.14, 0.10), (0.80, 0.32, 0.22), (0.92, 0.62, 0.48)),
        [("vermilion", 10, 16), ("red lake", 16, 1), ("lead white", 0, 10)],
    ),
    Ramp(
        ((0.22, 0.06, 0.09), (0.44, 0.14, 0.18), (0.66, 0.30, 0.31), (0.82, 0.52, 0.48), (0.93, 0.76, 0.68)),
        [("red lake", 26, 6), ("lead white", 1, 28)],
    ),
    Ramp(
        ((0.24, 0.10, 0.03), (0.50, 0.24, 0.06), (0.74, 0.42, 0.13), (0.87, 0.62, 0.30), (0.95, 0.82, 0.58)),
        [("ochre", 24, 10), ("umber", 4, 0), ("lead-tin yellow", 0, 20)],
    ),
)
SKY = Ramp(  # from the zenith to the horizon
    ((0.24, 0.38, 0.56), (0.42, 0.56, 0.68), (0.64, 0.73, 0.75), (0.85, 0.83, 0.72), (0.93, 0.84, 0.66)),
    [("azurite", 8, 0.5), ("lead white", 16, 30), ("lead-tin yellow", 0, 4)],
)
CLOUD = Ramp(
    ((0.52, 0.55, 0.60), (0.72, 0.72, 0.71), (0.90, 0.87, 0.79), (0.97, 0.95, 0.88)),
    [("lead white", 16, 44), ("bone black", 0.1, 0), ("ochre", 1, 1)],
)
DISTANCE = Ramp(
    ((0.16, 0.27, 0.38), (0.28, 0.42, 0.52), (0.46, 0.59, 0.64), (0.66, 0.74, 0.72)),
    [("azurite", 10, 4), ("lead white", 6, 20), ("green earth", 3, 1)],
)
MEADOW = Ramp(
    ((0.10, 0.15, 0.07), (0.20, 0.29, 0.11), (0.36, 0.43, 0.17), (0.56, 0.57, 0.26), (0.76, 0.72, 0.42)),
    [("malachite", 14, 8), ("verdigris", 4, 1), ("lead-tin yellow", 1, 18), ("umber", 1.5, 0)],
)
FOLIAGE = Ramp(
    ((0.05, 0.07, 0.04), (0.10, 0.15, 0.06), (0.20, 0.26, 0.10), (0.38, 0.41, 0.17), (0.62, 0.60, 0.30)),
    [("verdigris", 18, 10), ("umber", 4, 1), ("bone black", 0.4, 0), ("lead-tin yellow", 0, 16)],
)
EARTH = Ramp(
    ((0.14, 0.09, 0.05), (0.28, 0.19, 0.10), (0.47, 0.34, 0.19), (0.66, 0.52, 0.33), (0.82, 0.71, 0.51)),
    [("umber", 10, 1), ("ochre", 10, 12), ("lead white", 0, 18)],
)
STONE = Ramp(
    ((0.29, 0.24, 0.20), (0.48, 0.42, 0.35), (0.70, 0.63, 0.52), (0.87, 0.81, 0.69)),
    [("lead white", 8, 32), ("ochre", 4, 3), ("bone black", 0.3, 0)],
)
TILES = Ramp(
    ((0.28, 0.10, 0.07), (0.50, 0.22, 0.14), (0.68, 0.37, 0.25), (0.80, 0.54, 0.40)),
    [("ochre", 14, 8), ("vermilion", 1, 4), ("lead white", 0, 8)],
)
DARKNESS = Ramp(  # the wall behind a still life
    ((0.07, 0.06, 0.05), (0.13, 0.11, 0.08), (0.22, 0.18, 0.13), (0.34, 0.28, 0.20)),
    [("umber", 20, 12), ("bone black", 1.2, 0.1), ("lead white", 0, 4)],
)
LINEN = Ramp(
    ((0.34, 0.32, 0.30), (0.56, 0.54, 0.50), (0.78, 0.76, 0.70), (0.94, 0.92, 0.87)),
    [("lead white", 10, 52), ("bone black", 0.3, 0)],
)
PEWTER = Ramp(
    ((0.09, 0.09, 0.10), (0.21, 0.21, 0.21), (0.38, 0.38, 0.36), (0.62, 0.61, 0.57), (0.97, 0.96, 0.91)),
    [("bone black", 1.2, 0), ("lead white", 3, 40)],
)
FRUITS = (
    Ramp(  # oranges
        ((0.30, 0.12, 0.04), (0.58, 0.26, 0.06), (0.84, 0.45, 0.10), (0.94, 0.64, 0.24), (0.99, 0.90, 0.66)),
        [("vermilion", 4, 5), ("ochre", 10, 3), ("lead-tin yellow", 2, 20)],
    ),
    Ramp(  # red apples
        ((0.20, 0.05, 0.04), (0.43, 0.09, 0.07), (0.66, 0.18, 0.11), (0.82, 0.40, 0.24), (0.97, 0.86, 0.72)),
        [("red lake", 16, 3), ("vermilion", 5, 8), ("lead white", 0, 20)],
    ),
    Ramp(  # lemons
        ((0.34, 0.26, 0.06), (0.60, 0.48, 0.10), (0.84, 0.71, 0.20), (0.94, 0.85, 0.42), (0.99, 0.97, 0.80)),
        [("ochre", 10, 2), ("lead-tin yellow", 6, 30)],
    ),
    Ramp(  # plums
        ((0.06, 0.05, 0.09), (0.14, 0.10, 0.20), (0.27, 0.18, 0.31), (0.45, 0.37, 0.50), (0.80, 0.79, 0.84)),
        [("ultramarine", 16, 6), ("red lake", 14, 5), ("bone black", 0.4, 0), ("lead white", 0, 14)],
    ),
    Ramp(  # green apples, pears
        ((0.14, 0.15, 0.05), (0.30, 0.32, 0.10), (0.52, 0.53, 0.19), (0.73, 0.71, 0.36), (0.95, 0.93, 0.74)),
        [("verdigris", 8, 3), ("malachite", 6, 3), ("lead-tin yellow", 3, 24)],
    ),
)
