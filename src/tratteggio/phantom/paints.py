"""The paints of the workshop: each a ramp of colours from its shadow to its light."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from tratteggio.phantom.noise import Floats


@dataclass(frozen=True)
class Ramp:
    """Colours of one paint from its deepest shadow (tone 0) to its highest light (tone 1).

    Attributes:
        stops: RGB in 0 .. 1, encoded (sRGB), evenly spaced over the tones.
    """

    stops: tuple[tuple[float, float, float], ...]

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


FLESH = Ramp(
    (
        (0.20, 0.16, 0.09),
        (0.40, 0.36, 0.21),
        (0.62, 0.52, 0.34),
        (0.80, 0.63, 0.46),
        (0.90, 0.76, 0.59),
        (0.97, 0.89, 0.76),
    )
)
VEIL = Ramp(((0.42, 0.38, 0.28), (0.66, 0.62, 0.50), (0.83, 0.80, 0.69), (0.95, 0.93, 0.84)))
HEM = Ramp(((0.42, 0.27, 0.08), (0.68, 0.50, 0.20), (0.86, 0.70, 0.36), (0.97, 0.88, 0.60)))
LINE = Ramp(((0.13, 0.08, 0.05), (0.28, 0.18, 0.10)))
LIP = Ramp(((0.42, 0.16, 0.11), (0.70, 0.33, 0.25), (0.84, 0.52, 0.42)))
GOLD = Ramp(
    ((0.30, 0.17, 0.07), (0.52, 0.35, 0.14), (0.71, 0.53, 0.25), (0.85, 0.69, 0.38), (0.96, 0.87, 0.62))
)
BOLE = Ramp(((0.28, 0.09, 0.05), (0.52, 0.22, 0.13), (0.66, 0.34, 0.22)))
MANTLES = (
    Ramp(
        ((0.03, 0.05, 0.11), (0.06, 0.11, 0.24), (0.12, 0.22, 0.41), (0.26, 0.40, 0.60), (0.55, 0.66, 0.78))
    ),
    Ramp(
        ((0.03, 0.07, 0.10), (0.05, 0.15, 0.22), (0.11, 0.27, 0.36), (0.26, 0.45, 0.53), (0.58, 0.71, 0.72))
    ),
    Ramp(
        ((0.05, 0.06, 0.04), (0.10, 0.16, 0.09), (0.20, 0.29, 0.16), (0.38, 0.47, 0.28), (0.66, 0.70, 0.48))
    ),
    Ramp(
        ((0.07, 0.03, 0.07), (0.17, 0.08, 0.17), (0.31, 0.17, 0.29), (0.50, 0.33, 0.45), (0.74, 0.60, 0.66))
    ),
)
ROBES = (
    Ramp(
        ((0.19, 0.03, 0.03), (0.40, 0.07, 0.06), (0.63, 0.14, 0.10), (0.80, 0.32, 0.22), (0.92, 0.62, 0.48))
    ),
    Ramp(
        ((0.22, 0.06, 0.09), (0.44, 0.14, 0.18), (0.66, 0.30, 0.31), (0.82, 0.52, 0.48), (0.93, 0.76, 0.68))
    ),
    Ramp(
        ((0.24, 0.10, 0.03), (0.50, 0.24, 0.06), (0.74, 0.42, 0.13), (0.87, 0.62, 0.30), (0.95, 0.82, 0.58))
    ),
)
