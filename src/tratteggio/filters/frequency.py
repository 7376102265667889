"""By frequency: hybrid images, and what a picture looks like in cycles (Szeliski 2022, section 3.4)."""

from __future__ import annotations

import math

import numpy as np
from scipy import fft

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.filters._window import Border, channels, floats, require_image, require_positive
from tratteggio.filters.pyramids import reduced
from tratteggio.filters.smooth import blurred
from tratteggio.painting.pixels import Array, to_depth, white


def sigma_at(cycles: float, side: int) -> float:
    """Return the sigma in pixels of the Gaussian whose gain is one half at so many cycles per image.

    The gain is exp(-2 pi^2 sigma^2 f^2) at f cycles per pixel, so sigma = sqrt(ln 2 / 2) / (pi f).

    Args:
        cycles: per `side` pixels, above 0.
        side: pixels.

    Raises:
        BadUsage: no cycles, or a side without pixels.

    Example:
        >>> sigma = sigma_at(16, 256)
        >>> round(math.exp(-2 * (math.pi * sigma * 16 / 256) ** 2), 12)
        0.5
    """
    require_positive("a cut-off in cycles per image", cycles)
    require_positive("side", side)
    return math.sqrt(math.log(2) / 2) * side / (math.pi * cycles)


def hybrid(
    near: Array,
    far: Array,
    *,
    low: float,
    high: float,
    side: int | None = None,
    border: Border = "reflect",
) -> Array:
    """Make one picture that shows `near` from near by and `far` from afar (Oliva, Torralba and Schyns 2006).

    H = far G_low + near (1 - G_high), where G is a Gaussian with gain one half at its cut-off. They go
    together best if both are aligned and `high` lies above `low` with a gap.

    Args:
        near: (H, W) or (H, W, C); uint8, uint16 or float: gives the details.
        far: of the same shape and depth: gives the large forms.
        low: cut-off of `far`, in cycles per image, along its longer side.
        high: cut-off of `near`, likewise.
        side: pixels of the longer side, if the two are part of a larger picture.
        border: see `Border`.

    Returns:
        an array like the two.

    Raises:
        BadUsage: no pictures, two depths, a cut-off of 0 or below, or one so low that its Gaussian reaches
            beyond the picture.
        GridMismatch: the shapes differ.
    """
    if near.shape != far.shape:
        raise GridMismatch(f"a hybrid takes two pictures of one shape, got {near.shape} and {far.shape}")
    if near.dtype != far.dtype:
        raise BadUsage(
            f"a hybrid takes two pictures of one depth, got {near.dtype.name} and {far.dtype.name}"
        )
    side = side or max(near.shape[:2])
    forms = blurred(far, sigma=sigma_at(low, side), border=border)
    details = near - blurred(near, sigma=sigma_at(high, side), border=border)
    return to_depth(forms + details, near.dtype)


def strip(image: Array, *, steps: int = 4) -> Array:
    """Set a picture beside itself at 1/2, 1/4, 1/8 ...: what is seen as one walks away.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        steps: pictures, 1 to 8.

    Returns:
        an array of the image's depth, as high as the image; bottoms are aligned, what is left over is white.

    Raises:
        BadUsage: no picture, or another number of steps.
    """
    require_image(image)
    if not 1 <= steps <= 8:
        raise BadUsage(f"a strip has 1 to 8 steps, got {steps}")
    shown = [image]
    while len(shown) < steps:
        shown.append(to_depth(reduced(shown[-1]), image.dtype))
    top = np.array(white(image.dtype), image.dtype)
    return np.concatenate(
        [
            np.pad(
                part,
                [(image.shape[0] - part.shape[0], 0), *[(0, 0)] * (image.ndim - 1)],
                constant_values=top,
            )
            for part in shown
        ],
        axis=1,
    )


def spectrum(image: Array) -> Array:
    """Show which frequencies a picture holds: log(1 + magnitude) of its Fourier transform, 0 in the middle.

    It looks at the whole picture, channel by channel; no window is laid over it, so that edges which do not
    match the opposite ones show as a cross.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.

    Returns:
        an array like the image: pixel (r, c) is for r - H // 2 cycles per image down and c - W // 2 across;
        the strongest is white, and mid-scale (the mean) is left out of the measure unless it is all there is.

    Raises:
        BadUsage: no picture.
    """
    require_image(image)

    def shown(channel: Array) -> Array:
        size = np.abs(fft.fft2(channel.astype(floats(image.dtype))))
        mean = size[0, 0].copy()
        size[0, 0] = 0
        strongest = float(size.max()) or float(mean) or 1.0
        size[0, 0] = min(float(mean), strongest)
        np.log1p(size, out=size)
        size *= white(image.dtype) / math.log1p(strongest)
        return np.asarray(fft.fftshift(size))

    return to_depth(channels(image, shown), image.dtype)
