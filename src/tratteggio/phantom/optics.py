"""How rays pass through layers of paint.

Only additions, multiplications, divisions and square roots, so that a pixel has the same bits in any
region and on any machine; library exponentials do not promise that.
"""

from __future__ import annotations

import numpy as np

from tratteggio.degradation.simulation.value_noise import Floats

_HALVINGS = 6
_DEEPEST = np.float32(20.0)  # e^-20 is nothing


def transmitted(absorbance: Floats) -> Floats:
    """Return the share of rays that pass, e^-A (Beer and Lambert), to a relative error of 2e-3 up to A = 10.

    Args:
        absorbance: 0 or more; above 20 nothing passes.

    Example:
        >>> [round(float(passed), 3) for passed in transmitted(np.array([0, 1, 2], np.float32))]
        [1.0, 0.368, 0.135]
    """
    part = np.minimum(absorbance, _DEEPEST) * np.float32(2.0**-_HALVINGS)
    # 1 / (1 + u + u^2/2 + u^3/6), squared six times.
    grown = part * (np.float32(0.5) + part * np.float32(1 / 6))
    passed: Floats = np.divide(np.float32(1), np.float32(1) + part * (np.float32(1) + grown))
    for _ in range(_HALVINGS):
        passed *= passed
    return passed


def masstone(absorbs: Floats, scatters: Floats) -> Floats:
    """Return what a layer too thick to see through reflects, from its absorption K and scattering S.

    With q = K / S it is 1 + q - sqrt(q^2 + 2 q) (Kubelka and Munk 1931).
    """
    ratio = absorbs / np.maximum(scatters, np.float32(1e-6))
    # In this form nothing cancels where absorption is strong.
    reflects: Floats = np.divide(
        np.float32(1), ratio + np.float32(1) + np.sqrt(ratio * ratio + np.float32(2) * ratio)
    )
    return reflects


def covered(mass: Floats, power: Floats | np.float32, below: Floats) -> Floats:
    """Return what a layer over something reflects (Kubelka and Munk 1931, solved for the layer).

    With M the masstone, R the reflectance below and P = S X the scattering power,
    d = e^(-P (1/M - M)) (R - M) / (1 - R M), and the layer reflects (M + d) / (1 + M d).

    Args:
        mass: what the layer reflects where it hides all, 0 .. 1.
        power: scattering times thickness; 0 hides nothing.
        below: what lies under it reflects, 0 .. 1.

    Example:
        No paint hides nothing, thick paint hides all:

        >>> white, black = np.float32([0.9]), np.float32([0.05])
        >>> [round(float(covered(white, np.float32(power), black)[0]), 2) for power in (0, 2, 200)]
        [0.05, 0.67, 0.9]
    """
    tone = np.clip(mass, np.float32(0.004), np.float32(0.996))
    under = np.clip(below, np.float32(0), np.float32(0.996))
    rest = (
        transmitted((np.divide(np.float32(1), tone) - tone) * power)
        * (under - tone)
        / (np.float32(1) - under * tone)
    )
    reflects: Floats = (tone + rest) / (np.float32(1) + tone * rest)
    return reflects
