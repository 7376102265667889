"""Find cracks by curvature: second derivatives at several widths. Needs no weights and no torch.

The largest curvature across a valley, less what bends along it, so that pits are no valleys, and less the
slope, so that steps are none; then as in `tophat`: what of that is long, beside the grain around. It is
smoother than `tophat` and better in noise; it finds the middle of cracks, not their walls.

Source: Lindeberg, "Edge detection and ridge detection with automatic scale selection", International Journal
of Computer Vision 30, 1998, eq. 41 (scale-normalised second derivatives) with gamma = 1.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.detectors._grain import above_grain
from tratteggio.detectors._lens import Lens, each_side, require_side
from tratteggio.detectors._lines import longest

Floats = NDArray[np.float32]

SIGMAS = (1.0, 2.0, 4.0)  # px: half the width of the cracks that answer most
LENGTH = 11
SLOPE = 1.0  # times the slope is subtracted: next to a step, curvature is about as large
REACH = 68  # 16 by the derivatives, 20 by opening, 32 by the grain
THRESHOLD = 0.37


def make(
    *,
    seed: int = 0,  # noqa: ARG001  (nothing here is random)
    device: str = "auto",  # noqa: ARG001  (no GPU is needed)
    side: str = "dark",
) -> Lens:
    """Find long valleys of the light that stand out from the grain of the paint around.

    Args:
        seed: not used; there is nothing random.
        device: not used.
        side: cracks that are "dark", "bright" or "both".

    Raises:
        BadUsage: another side.
    """
    require_side("ridge", side)
    return Lens(
        name="ridge",
        look=partial(each_side, side=side, look=_look),
        reach=REACH,
        threshold=THRESHOLD,
        parameters={"side": side, "sigmas_px": SIGMAS, "length_px": LENGTH},
    )


def _look(light: Floats) -> Floats:
    """Tell how likely dark cracks are: (h, w) of 0 .. 1."""
    best = np.zeros_like(light)
    for sigma in SIGMAS:
        valley = _valley(light, sigma)
        np.maximum(best, above_grain(longest(valley, LENGTH)), out=best)
    return best


def _valley(light: Floats, sigma: float) -> Floats:
    """Return the curvature across a valley, less that along it and the slope: (h, w), never negative.

    Beside a step in the light there is curvature, too, but on a slope that is as steep.
    """

    def derive(*order: int) -> Floats:
        found: Floats = ndimage.gaussian_filter(light, sigma, order=order, truncate=4)
        return found

    down, across, slanted = derive(2, 0), derive(0, 2), derive(1, 1)
    mean, half = (down + across) / 2, np.hypot((down - across) / 2, slanted)
    slope = np.hypot(derive(1, 0), derive(0, 1)) * np.float32(SLOPE * sigma)
    valley = (mean + half - np.abs(mean - half)) * np.float32(sigma**2) - slope
    return np.asarray(np.maximum(valley, 0), np.float32)
