"""Sharpening: what a blur takes away is added once more (Szeliski 2022, section 3.2)."""

from __future__ import annotations

import numpy as np

from tratteggio.filters._window import Border, floats, require_finite, require_image
from tratteggio.filters.smooth import blurred
from tratteggio.painting.pixels import Array, to_depth, white


def unsharp(
    image: Array,
    *,
    sigma: float = 2.0,
    amount: float = 0.7,
    least: float = 0.0,
    border: Border = "reflect",
) -> Array:
    """Sharpen by an unsharp mask: g = f + amount (f - f blurred).

    Edges get a dark and a bright rim, and noise grows: `least` leaves small differences alone.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        sigma: of the Gaussian, in pixels; above 0.
        amount: of the difference that is added.
        least: differences up to this share of the range are not added.
        border: see `Border`.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, a sigma of 0 or below or one that reaches beyond the picture, or numbers that
            are not finite.
    """
    require_image(image)
    require_finite("amount", amount)
    require_finite("least", least)
    details = image - blurred(image, sigma=sigma, border=border)
    if least > 0:
        details = np.where(np.abs(details) > least * white(image.dtype), details, 0)
    sharpened = np.add(image, amount * details, dtype=floats(image.dtype))
    return to_depth(sharpened, image.dtype)
