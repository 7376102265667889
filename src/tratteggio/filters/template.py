"""Template matching: where a picture looks like a small one, whatever the light (Szeliski 2022, 9.1.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from tratteggio.errors import BadUsage
from tratteggio.filters._window import require_image
from tratteggio.painting.pixels import Array, white


def match_template(image: Array, template: Array) -> NDArray[np.float64]:
    """Return how alike each window is: normalised cross-correlation, over all channels together (Lewis 1995).

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        template: (h, w) or (h, w, C), as many channels and at most as large; not of one value alone.

    Returns:
        (H - h + 1, W - w + 1), -1 .. 1, for the upper left corner of the window; 1: alike but for
        brightness and contrast. Windows of one value have 0.

    Raises:
        BadUsage: no pictures, other channels, a template that is larger than the picture, or an even one.
    """
    require_image(image)
    require_image(template)
    planes, part = (one.reshape(*one.shape[:2], -1) / white(one.dtype) for one in (image, template))
    if planes.shape[2] != part.shape[2] or any(a < b for a, b in zip(planes.shape, part.shape, strict=True)):
        raise BadUsage(
            f"a template has the channels of the picture and is at most as large, got {template.shape} for a "
            f"picture of {image.shape}"
        )
    part = part - part.mean()
    norm = float(np.sqrt((part**2).sum()))
    if norm < 1e-9:
        raise BadUsage("a template of one value is like everything; choose one with details")
    # Less the mean of all, squares of which would drown the rest.
    planes = planes - planes.mean()
    window = np.ones(part.shape)
    products = signal.fftconvolve(planes, part[::-1, ::-1, ::-1], mode="valid")[..., 0]
    sums = signal.fftconvolve(planes, window, mode="valid")[..., 0]
    squares = signal.fftconvolve(planes**2, window, mode="valid")[..., 0]
    spread = np.sqrt(np.maximum(squares - sums**2 / part.size, 0))
    even = spread < 1e-6 * max(1.0, norm)
    return np.where(even, 0.0, np.clip(products / (norm * np.where(even, 1, spread)), -1, 1))
