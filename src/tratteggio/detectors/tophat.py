"""Find cracks by morphology: a top-hat with an octagon, then long lines. Needs no weights and no torch.

    light -> closing by octagons of several radii, less the light: what is dark and narrow (black top-hat)
          -> opening by lines in eight directions, the largest: what of it is long
          -> beside the mean of that around, what stands out left aside: how far above the grain of the paint

Bright cracks are dark cracks of the inverted image (white top-hat).

Source: Meyer, "Iterative image transformations for an automatic screening of cervical smears", Journal of
Histochemistry and Cytochemistry 27, 1979 (top-hat); lines as in Cornelis, Ružić et al., "Crack detection and
inpainting for virtual restoration of paintings", Signal Processing 93, 2013, section 3; the comparison with
the grain around is ours.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.detectors._grain import above_grain
from tratteggio.detectors._lens import Lens, each_side, require_side
from tratteggio.detectors._lines import longest, octagon

Floats = NDArray[np.float32]

RADII = (2, 4, 8)  # of the octagons: cracks up to 16 pixels wide
LENGTH = 11  # px of the lines: what is shorter is no crack
BLUR = 0.7  # px, against noise
REACH = 72  # 3 by the blur, 16 by closing, 20 by opening, 32 by the grain
THRESHOLD = 0.53


def make(
    *,
    seed: int = 0,  # noqa: ARG001  (nothing here is random)
    device: str = "auto",  # noqa: ARG001  (no GPU is needed)
    side: str = "dark",
) -> Lens:
    """Find narrow, long places that stand out from the grain of the paint around.

    Args:
        seed: not used; there is nothing random.
        device: not used.
        side: cracks that are "dark", "bright" or "both".

    Raises:
        BadUsage: another side.
    """
    require_side("tophat", side)
    return Lens(
        name="tophat",
        look=partial(each_side, side=side, look=_look),
        reach=REACH,
        threshold=THRESHOLD,
        parameters={"side": side, "radii_px": RADII, "length_px": LENGTH},
    )


def _look(light: Floats) -> Floats:
    """Tell how likely dark cracks are: (h, w) of 0 .. 1."""
    light = ndimage.gaussian_filter(light, BLUR, truncate=4)
    best = np.zeros_like(light)
    for radius in RADII:
        hat = octagon(octagon(light, radius, np.maximum), radius, np.minimum) - light
        np.maximum(best, above_grain(longest(hat, LENGTH)), out=best)
    return best
