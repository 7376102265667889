"""What pigments do to X-rays, infrared, visible light and ultraviolet: one row each, per micrometre of paint.

The figures are of the right order, not measured on one painting:

- X-rays: absorbance for a film of oil paint at 30 keV, from mass attenuation coefficients (Hubbell and
  Seltzer, NIST 5632), density, and a third of the film being pigment.
- Infrared (1.0 - 1.7 um) and visible light: absorption K and scattering S of Kubelka and Munk (1931), so
  set that lead white, vermilion and lakes let a reflectogram through, azurite less, umber and copper
  greens little, carbon black not at all (van Asperen de Boer, "Reflectography of paintings", 1969;
  Cosentino, "Identification of pigments by multispectral imaging", 2014).
- Ultraviolet: what the paint itself emits, linear RGB: lead white pale blue, lakes orange to pink, copper
  and iron pigments nearly nothing (de la Rie, "Fluorescence of paint and varnish layers", 1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tratteggio.degradation.simulation.value_noise import Floats


class Pigment(NamedTuple):
    """A pigment in its binder, per micrometre of paint."""

    xray: float  # absorbance
    ir_absorbs: float  # K
    ir_scatters: float  # S
    hides: float  # S in visible light
    glows: tuple[float, float, float]  # emission of a surface of it, relative to thick aged varnish


PIGMENTS = {
    "lead white": Pigment(0.0057, 0.0003, 0.050, 0.30, (0.27, 0.31, 0.40)),
    "lead-tin yellow": Pigment(0.0050, 0.0004, 0.055, 0.33, (0.20, 0.19, 0.12)),
    "vermilion": Pigment(0.0058, 0.0006, 0.060, 0.45, (0.10, 0.04, 0.04)),
    "red lake": Pigment(0.0001, 0.0002, 0.004, 0.03, (0.42, 0.17, 0.13)),
    "azurite": Pigment(0.0007, 0.0140, 0.026, 0.16, (0.03, 0.04, 0.07)),
    "ultramarine": Pigment(0.0002, 0.0030, 0.016, 0.06, (0.05, 0.06, 0.10)),
    "malachite": Pigment(0.0006, 0.0180, 0.034, 0.16, (0.03, 0.05, 0.04)),
    "verdigris": Pigment(0.0006, 0.0100, 0.012, 0.05, (0.02, 0.03, 0.02)),
    "green earth": Pigment(0.0002, 0.0120, 0.024, 0.08, (0.05, 0.06, 0.05)),
    "ochre": Pigment(0.0003, 0.0040, 0.036, 0.24, (0.06, 0.05, 0.04)),
    "umber": Pigment(0.0004, 0.0200, 0.030, 0.26, (0.03, 0.03, 0.03)),
    "bone black": Pigment(0.0003, 0.2500, 0.012, 0.60, (0.00, 0.00, 0.01)),
    "bole": Pigment(0.0003, 0.0060, 0.040, 0.30, (0.05, 0.03, 0.03)),
    "gold leaf": Pigment(0.0530, 0.5000, 20.000, 40.0, (0.08, 0.08, 0.07)),  # metal: opaque at 0.3 um
}

Amounts = Sequence[tuple[str, float, float]]
"""Pigments of a paint: name, micrometres in its deepest shadow, micrometres in its highest light."""

TRAITS = ("xray", "ir_absorbs", "ir_scatters", "hides", "red", "green", "blue")
"""What a paint layer as a whole does; the last three are its glow."""


def traits(amounts: Amounts, tone: Floats) -> Floats:
    """Return what a paint does at each tone.

    Absorption and scattering of a mixture add up (Duncan 1940); the glow is the mean over what lies there.

    Args:
        amounts: its pigments.
        tone: (n,) 0 (shadow) .. 1 (light).

    Returns:
        (n, 7) float32, in the order of `TRAITS`, of the whole thickness.

    Example:
        Lead white alone, 10 micrometres in the shadow and 30 in the light:

        >>> both = traits([("lead white", 10, 30)], np.array([0, 1], np.float32))
        >>> [round(float(absorbance), 3) for absorbance in both[:, 0]]
        [0.057, 0.171]
    """
    shadow, light = (np.array([row[k] for row in amounts], np.float64) for k in (1, 2))
    um = shadow + (light - shadow) * tone[:, None]
    rows = [PIGMENTS[name] for name, _, _ in amounts]
    whole = um @ np.array([(p.xray, p.ir_absorbs, p.ir_scatters, p.hides) for p in rows])
    glow = um @ np.array([p.glows for p in rows]) / um.sum(axis=1, keepdims=True)
    return np.concatenate([whole, glow], axis=1).astype(np.float32)
