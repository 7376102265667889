"""What the net that finds losses sees of a scan: its colours, how they differ from those around, and texture.

Ground that lies bare differs from the paint around in colour and in how even it is. A net finds that out by
itself, given time; told at once, it learns the rest sooner.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]

AROUND = 32  # px to each side that colours are held against
TEXTURES = (2, 8)  # px to each side over which texture is judged
SMOOTHEST = 1e-3  # standard deviation, of the range, that is as smooth as can be told
PLANES = 3 + 3 + len(TEXTURES)
REACH = AROUND


def planes(light: Floats) -> Floats:
    """Return colours, less their mean over 65 x 65 pixels, and how textured it is: (8, h, w).

    Args:
        light: (h, w, 3), 0 black .. 1 white.
    """
    colours = np.moveaxis(np.asarray(light, np.float32), 2, 0)
    away = colours - np.stack([_mean(plane, AROUND) for plane in colours])
    grey = colours.mean(axis=0)
    rough = []
    for reach in TEXTURES:
        mean = _mean(grey, reach)
        power = _mean((grey - mean) ** 2, reach)
        # A tenth of the range stands for 1, and a hundredth for 0.
        rough.append(np.log10(np.sqrt(np.maximum(power, 0)) + SMOOTHEST) + 2)
    return np.concatenate([colours, away, np.stack(rough)]).astype(np.float32)


def _mean(plane: Floats, reach: int) -> Floats:
    return np.asarray(ndimage.uniform_filter(plane, 2 * reach + 1, mode="reflect"))
