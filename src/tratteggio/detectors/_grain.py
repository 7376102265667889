"""How far a pixel exceeds the grain of the paint around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]

AROUND = 32  # px to each side in which the grain is measured
GRAIN = np.float32(2.4)  # times its mean around is as likely a crack as not
FAINTEST = np.float32(0.02)  # of the range, 5 levels of 8 bit: likewise, where there is no grain


def above_grain(evidence: Floats) -> Floats:
    """Return how far evidence stands above its own mean around: 0 .. 1.

    the result is 1/2 for evidence as strong as `GRAIN` times that mean and `FAINTEST` together.

    Args:
        evidence: (h, w), 0 where there is none, in shares of the range from black to white.
    """
    mean = ndimage.uniform_filter(evidence, 2 * AROUND + 1, mode="reflect")
    # Running means of nothing may come out a hair below 0.
    strength: Floats = evidence / (evidence + GRAIN * np.maximum(mean, 0) + FAINTEST)
    return strength
