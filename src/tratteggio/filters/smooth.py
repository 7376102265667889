"""Smoothing: weighted means, and filters that keep edges or throw out pixels (Szeliski 2022, 3.2, 3.3).

All keep the depth, work on channels one by one, and have a reach: how many pixels away from itself a pixel
looks. Sums are correlations, kernels are not flipped, unless a filter says otherwise; symmetrical weights
make no difference. NaN spreads as far as the reach.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    opencv,
    require_image,
    require_positive,
    require_unit_range,
    summed,
)
from tratteggio.painting.pixels import Array, to_depth, white

TRUNCATE = 4.0  # sigmas at which a Gaussian is cut off: what is left out weighs less than one level of 8 bits
LANES = 16  # floats that the widest processors that OpenCV is built for work on at once


def correlate(image: Array, kernel: Array, *, border: Border = "reflect", convolution: bool = False) -> Array:
    """Sum the pixels under a kernel: g(i, j) = sum of f(i + k, j + l) h(k, l), its middle at the pixel.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        kernel: (h, w), both odd, any real numbers.
        border: see `Border`; a partial one needs a kernel whose sum is not 0.
        convolution: flip the kernel both ways: f(i - k, j - l) instead.

    Returns:
        floats of the image's shape and units, since sums may be negative: float64 for float64, else float32.

    Raises:
        BadUsage: no picture, an even kernel or one larger than the picture.

    Example:
        The lecture's example of a separable kernel, centre only:

        >>> kernel = np.outer([1, 2, 1], [1, 2, 1])
        >>> float(correlate(np.array([[2, 3, 3], [3, 5, 5], [4, 4, 6]], np.uint8), kernel)[1, 1])
        65.0
    """
    if kernel.ndim != 2:
        raise BadUsage(f"a kernel is (h, w), got shape {kernel.shape}")
    reach = max(half(side, name="a kernel's side") for side in kernel.shape)
    require_image(image, reach=reach)
    weights = kernel[::-1, ::-1] if convolution else kernel

    def weigh(picture: Array, words: str) -> Array:
        window = weights if picture.ndim == 2 else weights[..., None]
        return np.asarray(ndimage.correlate(picture, window, floats(image.dtype), mode=words))

    return summed(image, border, weigh)


def weighted(image: Array, *, weights: Sequence[float], border: Border = "reflect") -> Array:
    """Take a weighted mean along rows, then along columns, such as 1, 4, 6, 4, 1 (by 16).

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        weights: an odd number of them; they are divided by their sum. As a correlation: the first weight is
            for what lies above and to the left.
        border: see `Border`.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, an even number of weights, more than fit, or a sum of 0.
    """
    reach = half(len(weights), name="the number of weights")
    taps = np.asarray(weights, np.float64)
    if not np.isfinite(taps).all() or taps.sum() == 0:
        raise BadUsage(f"weights are finite and have a sum that is not 0, got {list(weights)}")
    require_image(image, reach=reach)
    taps = taps / taps.sum()

    def weigh(picture: Array, words: str) -> Array:
        for axis in (0, 1):
            picture = ndimage.correlate1d(picture, taps, axis, floats(image.dtype), words)
        return picture

    return to_depth(summed(image, border, weigh), image.dtype)


def box(image: Array, *, size: int = 3, border: Border = "reflect") -> Array:
    """Replace each pixel by the mean of the square about it: the moving average.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        size: side of the square in pixels, odd.
        border: see `Border`.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, an even size, or one larger than the picture.
    """
    half(size)
    # Not ndimage.uniform_filter: its running sum starts where a row starts, so that the last bits of a
    # window would not be those of the whole.
    return weighted(image, weights=(1.0,) * size, border=border)


def gaussian_reach(sigma: float) -> int:
    """Return where a Gaussian is cut off, in pixels.

    Raises:
        BadUsage: sigma is 0 or below.
    """
    require_positive("sigma", sigma)
    return int(TRUNCATE * sigma + 0.5)


def gaussian(image: Array, *, sigma: float, border: Border = "reflect") -> Array:
    """Smooth by exp(-(x^2 + y^2) / 2 sigma^2), along columns, then along rows; the weights have the sum 1.

    Two passes of sigma s and t are one of sqrt(s^2 + t^2), up to the cut at 4 sigma and to sampling, which
    counts below a sigma of about 1.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        sigma: in pixels.
        border: see `Border`.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, a sigma of 0 or below, or one that reaches beyond the picture.
    """
    return to_depth(blurred(image, sigma=sigma, border=border), image.dtype)


def blurred(
    image: Array, *, sigma: float, border: Border = "reflect", order: tuple[int, int] = (0, 0)
) -> Array:
    """Return what `gaussian` gives before it is rounded, or derivatives of it along (rows, columns)."""
    reach = gaussian_reach(sigma)
    require_image(image, reach=reach)

    def weigh(picture: Array, words: str) -> Array:
        return np.asarray(
            ndimage.gaussian_filter(
                picture, sigma, order, floats(image.dtype), words, radius=reach, axes=(0, 1)
            )
        )

    return summed(image, border, weigh)


def median(image: Array, *, size: int = 3, border: Border = "reflect") -> Array:
    """Replace each pixel by the median of the square about it; takes out salt and pepper.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        size: side of the square in pixels, odd.
        border: see `Border`; not "partial".

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, an even size, or one larger than the picture.
    """
    require_image(image, reach=half(size))
    return np.asarray(ndimage.median_filter(image, size=flat(size, image), mode=mode(border)))


def bilateral_reach(sigma: float) -> int:
    """Return where the bilateral filter's window ends: two sigmas.

    Raises:
        BadUsage: sigma is 0 or below.
    """
    require_positive("sigma", sigma)
    return max(1, int(2 * sigma + 0.5))


def bilateral(image: Array, *, sigma: float = 2.0, likeness: float = 0.1) -> Array:
    """Take the mean of pixels that are near and alike (Tomasi and Manduchi 1998), by OpenCV.

    Beyond the edge the picture is reflected (b a | a b).

    Args:
        image: (H, W) or (H, W, C); uint8, uint16, or float from 0 to 1.
        sigma: of nearness, in pixels; the window is a disc of two sigmas.
        likeness: sigma of the difference in value, as a share of the range.

    Returns:
        an array like the image; float64 is worked on as float32.

    Raises:
        BadUsage: no picture, a sigma of 0 or below, or one that reaches beyond the picture.
        BadPixels: floats beyond 0 .. 1.
        MissingExtra: OpenCV is not installed.
    """
    require_positive("likeness", likeness)
    reach = bilateral_reach(sigma)
    require_image(image, reach=reach)
    require_unit_range(image, "bilateral")
    cv2, top = opencv("bilateral"), white(image.dtype)

    def smooth(channel: Array) -> Array:
        rows, cols = channel.shape
        margin = reach + 1
        # To whole vectors of the processor: what is left over at the end of a row is rounded differently.
        more = -(cols + 2 * margin) % LANES
        exact = channel if image.dtype == np.uint8 else channel.astype(np.float32, copy=False)
        padded = cv2.copyMakeBorder(exact, margin, margin, margin, margin + more, cv2.BORDER_REFLECT)
        # OpenCV tabulates weights between the least and the greatest value it sees. Two corners that no
        # disc reaches hold black and white, so that a window gets the table of the whole.
        padded[0, 0], padded[-1, 0] = 0, top
        answer = cv2.bilateralFilter(padded, 2 * reach + 1, likeness * top, sigma)
        inner = np.ascontiguousarray(answer[margin : margin + rows, margin : margin + cols])
        return inner if image.dtype == np.uint8 else to_depth(inner, image.dtype)

    return channels(image, smooth)


def non_local_means(image: Array, *, strength: float = 0.05, patch: int = 5, search: int = 15) -> Array:
    """Take the mean of pixels whose surroundings are alike (Buades, Coll and Morel 2005), by OpenCV.

    Surroundings are compared by their mean absolute difference, at 16 bits whatever the depth. Beyond the
    edge the picture is mirrored (c b | a b).

    Args:
        image: (H, W) or (H, W, C); uint8, uint16, or float from 0 to 1.
        strength: the difference at which a pixel's weight falls to 1 / e, as a share of the range.
        patch: side of the surroundings that are compared, in pixels, odd.
        search: side of the square in which pixels are looked for, odd.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, even sizes, or such as reach beyond the picture.
        BadPixels: floats beyond 0 .. 1.
        MissingExtra: OpenCV is not installed.
    """
    require_positive("strength", strength)
    require_image(image, reach=half(patch, name="patch") + half(search, name="search"))
    require_unit_range(image, "non_local_means")
    cv2, top = opencv("non_local_means"), white(np.dtype(np.uint16))
    own = white(image.dtype)

    def smooth(channel: Array) -> Array:
        levels = channel if own == top else to_depth(channel * (top / own), np.dtype(np.uint16))
        answer = cv2.fastNlMeansDenoising(
            levels,
            h=[strength * top],
            templateWindowSize=patch,
            searchWindowSize=search,
            normType=cv2.NORM_L1,
        )
        return answer if own == top else to_depth(answer * (own / top), image.dtype)

    return channels(image, smooth)


def wiener(image: Array, *, size: int = 5, noise: float, border: Border = "reflect") -> Array:
    """Move each pixel towards the local mean by as much of the local variance as is noise (Lim 1990, 9.2).

    What `scipy.signal.wiener` does, but with a border that does not darken the edge, and by sums that are the
    same in whatever window a pixel lies; SciPy's way, by Fourier transform, is not.

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or float.
        size: side of the square in pixels, odd.
        noise: standard deviation of the noise, as a share of the range.
        border: see `Border`.

    Returns:
        an array like the image.

    Raises:
        BadUsage: no picture, noise of 0 or below, an even size, or one larger than the picture.
    """
    require_positive("noise", noise)
    require_image(image, reach=half(size))
    values = image.astype(np.float64)
    variance_of_noise = (noise * white(image.dtype)) ** 2
    mean = box(values, size=size, border=border)
    variance = np.maximum(box(values**2, size=size, border=border) - mean**2, variance_of_noise)
    return to_depth(mean + (1 - variance_of_noise / variance) * (values - mean), image.dtype)
