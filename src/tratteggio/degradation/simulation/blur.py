"""Blur and compression of a scan."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from tratteggio.painting.pixels import Array


def blur(light: Array, sigma_px: float, *, truncate: float = 4.0) -> Array:
    """Blur (H, W, C) by a Gaussian, each channel alone; `truncate` in standard deviations."""
    blurred: Array = ndimage.gaussian_filter(light, (sigma_px, sigma_px, 0), truncate=truncate)
    return blurred


def compress(levels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Store as JPEG and read again: (H, W, 3) uint8, or (H, W)."""
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), np.uint8)
