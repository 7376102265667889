"""Edges, bands, shapes: derivatives, band-pass, morphology, distances (Szeliski 2022, 3.2.3, 3.3.2, 3.3.3).

All keep the depth and work on channels one by one. Outputs with a sign are laid about `zero`, a share of the
range: 0.5 shows nothing as mid-grey, 0.0 keeps the sign in floats.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import ndimage

from tratteggio.errors import BadUsage
from tratteggio.filters._window import (
    Border,
    channels,
    flat,
    floats,
    half,
    mode,
    require_finite,
    require_image,
    require_positive,
    require_share,
    require_unit_range,
)
from tratteggio.filters.smooth import blurred
from tratteggio.painting.pixels import Array, to_depth, white
from tratteggio.registry import unknown

SIDES = ("both", "vertical", "horizontal")


def sobel(
    image: Array, *, edges: Literal["both", "vertical", "horizontal"] = "both", border: Border = "reflect"
) -> Array:
    """Show how steep the picture is, by Sobel's kernels [1 0 -1; 2 0 -2; 1 0 -1] / 4 and its transpose.

    The absolute value is shown, so correlation and convolution are the same. A step from black to white gives
    the whole range.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        edges: vertical ones, horizontal ones, or the length of both answers as a vector.
        border: see `Border`; not "partial".

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, or one less than 2 pixels wide.
        UnknownName: no such edges or border.
    """
    require_image(image, reach=1)
    if edges not in SIDES:
        raise unknown("edges", edges, SIDES)
    words, dtype = mode(border), floats(image.dtype)
    # A vertical edge is a step along the row.
    axes = {"vertical": [1], "horizontal": [0], "both": [0, 1]}[edges]
    # Not ndimage.sobel, which smooths along every other axis: across the channels, too.
    steps = [
        ndimage.correlate1d(
            ndimage.correlate1d(image, [-1, 0, 1], axis, dtype, words), [1, 2, 1], 1 - axis, dtype, words
        )
        for axis in axes
    ]
    length = np.abs(steps[0]) if len(steps) == 1 else np.hypot(*steps)
    return to_depth(np.multiply(length, 0.25, out=length), image.dtype)


def steerable(
    image: Array, *, sigma: float, degrees: float = 0.0, zero: float = 0.5, border: Border = "reflect"
) -> Array:
    """Show the derivative of a Gaussian in any direction (Freeman and Adelson 1991, eq. 1).

    Two kernels do for all: cos(t) G_x + sin(t) G_y.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        sigma: in pixels; the derivative is per pixel.
        degrees: direction of the derivative; 0 to the right, 90 down.
        zero: where on the range an answer of 0 is laid.
        border: see `Border`; not "partial", since a derivative's weights have no sum.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, a sigma of 0 or below, or one that reaches beyond the picture.
        UnknownName: no such border.
    """
    require_share("zero", zero)
    require_finite("degrees", degrees)
    mode(border)
    angle = np.deg2rad(degrees)
    across = blurred(image, sigma=sigma, border=border, order=(0, 1))
    down = blurred(image, sigma=sigma, border=border, order=(1, 0))
    slope = np.cos(angle, dtype=across.dtype) * across + np.sin(angle, dtype=down.dtype) * down
    return to_depth(slope + across.dtype.type(zero * white(image.dtype)), image.dtype)


def band_pass(
    image: Array, *, fine: float, coarse: float, zero: float = 0.5, border: Border = "reflect"
) -> Array:
    """Show what lies between two scales: the difference of two Gaussians.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        fine: sigma in pixels below which details are left out.
        coarse: sigma in pixels above which they are; the larger of the two.
        zero: where on the range an answer of 0 is laid.
        border: see `Border`.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, sigmas in the wrong order or that reach beyond the picture.
    """
    require_band(fine, coarse)
    require_share("zero", zero)
    band = blurred(image, sigma=fine, border=border) - blurred(image, sigma=coarse, border=border)
    return to_depth(band + band.dtype.type(zero * white(image.dtype)), image.dtype)


def require_band(fine: float, coarse: float) -> None:
    """Refuse a band without width.

    Raises:
        BadUsage: a sigma is 0 or below, or fine is not below coarse.
    """
    require_positive("fine", fine)
    require_positive("coarse", coarse)
    if fine >= coarse:
        raise BadUsage(f"a band lies between a fine and a coarse sigma, got fine {fine:g}, coarse {coarse:g}")


def erode(image: Array, *, size: int = 3) -> Array:
    """Replace each pixel by the darkest of the square about it; beyond the edge nothing is seen.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        size: side of the square in pixels, odd.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, an even size, or one larger than the picture.
    """
    require_image(image, reach=half(size))
    return np.asarray(ndimage.minimum_filter(image, size=flat(size, image)))


def dilate(image: Array, *, size: int = 3) -> Array:
    """Replace each pixel by the brightest of the square about it; options and errors as `erode`."""
    require_image(image, reach=half(size))
    return np.asarray(ndimage.maximum_filter(image, size=flat(size, image)))


def opening(image: Array, *, size: int = 3) -> Array:
    """Take away what is bright and narrower than the square: erode, then dilate; errors as `erode`."""
    return dilate(erode(image, size=size), size=size)


def closing(image: Array, *, size: int = 3) -> Array:
    """Fill what is dark and narrower than the square: dilate, then erode; errors as `erode`."""
    return erode(dilate(image, size=size), size=size)


def distance(image: Array, *, threshold: float = 0.5, most: int = 32) -> Array:
    """Show how far each pixel is from the nearest dark one of its channel (Euclidean), up to `most`.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16, or float from 0 to 1.
        threshold: below this share of the range a pixel is dark.
        most: pixels at which white is reached; what is further is white, too, so that the reach is known.

    Returns:
        an array like the image: distance / most as a share of the range, 0 where it is dark.

    Raises:
        BadUsage: no picture, or one that is not larger than `most`.
        BadPixels: floats beyond 0 .. 1.
    """
    require_share("threshold", threshold)
    require_positive("most", most)
    require_image(image, reach=most)
    require_unit_range(image, "distance")
    top = white(image.dtype)

    def measured(channel: Array) -> Array:
        bright = channel >= threshold * top
        if bright.all():  # SciPy measures to nowhere then
            return np.full(channel.shape, top, floats(image.dtype))
        far = ndimage.distance_transform_edt(bright)
        return np.asarray(np.minimum(far, most) * (top / most), floats(image.dtype))

    return to_depth(channels(image, measured), image.dtype)
