"""Wiener's filter by frequency: noise taken off and a blur undone as far as the noise allows.

Of each frequency as much is kept as is signal: W = B* P / (|B|^2 P + N), where B is the gain of the blur, P
the power of the picture and N that of the noise (Wiener 1949; Szeliski 2022, section 3.4.3).
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from tratteggio.errors import BadUsage
from tratteggio.filters._window import channels, floats, require_image, require_positive
from tratteggio.painting.pixels import Array, to_depth, white

MARGIN = 1.1  # times the noise that a ring of frequencies must hold
LEAST_GAIN = 0.02  # of a blur; what it has left less of is gone


def fourier_wiener(image: Array, *, noise: float, blur: float = 0.0) -> Array:
    """Take off noise, and undo a Gaussian blur, by frequency.

    The power of the picture is its own spectrum's, averaged over rings of one frequency, less that of the
    noise. It looks at the whole picture, mirrored at its borders, so that opposite edges match.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        noise: standard deviation of white noise, as a share of the range; above 0.
        blur: sigma of the Gaussian in pixels that is to be undone; 0: none.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, noise of 0 or below, or a negative blur.
    """
    require_image(image)
    require_positive("noise", noise)
    if not 0 <= blur < np.inf:
        raise BadUsage(f"blur is 0 or the sigma of a Gaussian in pixels, got {blur}")
    power_of_noise = (noise * white(image.dtype)) ** 2

    def restore(channel: Array) -> Array:
        rows, cols = channel.shape
        # The cosine transform is the Fourier transform of the picture and its mirror images.
        spectrum = fft.dctn(channel.astype(floats(image.dtype)), norm="ortho")
        down = np.arange(rows)[:, None] / (2 * rows)
        across = np.arange(cols)[None] / (2 * cols)
        cycles = np.hypot(down, across)  # per pixel
        gain = np.exp(-2 * np.pi**2 * blur**2 * cycles**2)
        # Power of the blurred picture; the margin keeps chance of the noise from being taken for signal.
        seen = np.maximum(_ring_means(spectrum**2, cycles) - MARGIN * power_of_noise, 0)
        # P = seen / |B|^2, so that W is as below.
        kept = seen / (seen + power_of_noise) / np.maximum(gain, LEAST_GAIN)
        kept[0, 0] = 1  # the mean
        return np.asarray(fft.idctn(spectrum * kept, norm="ortho"))

    return to_depth(channels(image, restore), image.dtype)


def _ring_means(power: Array, cycles: Array) -> Array:
    """Replace each value by the mean of those of about its frequency."""
    rings = np.minimum((cycles * 2 * max(power.shape)).astype(np.int64), 2 * max(power.shape))
    sums = np.bincount(rings.ravel(), power.ravel())
    counts = np.bincount(rings.ravel())
    return np.asarray((sums / np.maximum(counts, 1))[rings])
