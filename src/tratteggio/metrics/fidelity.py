"""How close a picture comes to a reference: MSE, MAE, PSNR and SSIM, whole or inside chosen pixels.

All functions take two arrays of one shape, (H, W) or (H, W, C), of any real dtype, compute in float64 and
return a plain float. `where` (H, W) bool chooses the pixels that count, for example the lacunae; where it
chooses none, the answer is nan. They raise `GridMismatch` when the shapes differ.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage, GridMismatch

Array = NDArray[Any]
Where = NDArray[np.bool_]
Window = Literal["gaussian", "uniform"]


def data_range_of(dtype: DTypeLike) -> float:
    """Return the span from black to white of a depth: 255, 65535, or 1.0 for floats.

    It follows from the dtype, never from the data: a dark 16-bit picture is still a 16-bit picture.

    Raises:
        BadUsage: signed integers and other types that no scan has.

    Example:
        >>> data_range_of("uint16")
        65535.0
    """
    dtype = np.dtype(dtype)
    if dtype.kind == "u":
        return float(np.iinfo(dtype).max)
    if dtype.kind == "f":
        return 1.0
    raise BadUsage(f"a data range is known for unsigned integers and floats, got {dtype.name}; state it")


def mse(reference: Array, result: Array, *, where: Where | None = None) -> float:
    """Return the mean squared error over all chosen pixels and channels, in squared units of the data."""
    difference = _difference(reference, result, where)
    return float(np.mean(np.square(difference))) if difference.size else math.nan


def mse_uint8_wrapped(reference: Array, result: Array) -> float:
    """Return the mean of the wrapped square of the wrapped difference: what 8-bit arithmetic makes of MSE.

    A replica of one protocol and no measure of quality: differences and squares are taken modulo 256, so
    that an error of 16 levels counts as none and no picture is further than 255 from another. The scores of
    the Dunhuang challenge at NTU (2019), and of the poster after it, were computed so: `mean((a - b) ** 2)`
    on uint8 arrays. Compare them with nothing else, and see `mse` for the truth.

    Raises:
        GridMismatch: the shapes differ.
        BadUsage: an array is not uint8.

    Example:
        >>> flat = np.zeros((4, 4), np.uint8)
        >>> mse_uint8_wrapped(flat, flat + 15), mse_uint8_wrapped(flat, flat + 16)
        (225.0, 0.0)
    """
    _pair(reference, result)
    if not reference.dtype == result.dtype == np.uint8:
        raise BadUsage(f"wrapped MSE is defined for uint8, got {reference.dtype} and {result.dtype}")
    difference = reference - result
    return float(np.mean(difference * difference))


def mae(reference: Array, result: Array, *, where: Where | None = None) -> float:
    """Return the mean absolute error over all chosen pixels and channels, in units of the data."""
    difference = _difference(reference, result, where)
    return float(np.mean(np.abs(difference))) if difference.size else math.nan


def psnr(reference: Array, result: Array, *, data_range: float, where: Where | None = None) -> float:
    """Return the peak signal-to-noise ratio in dB: 10 log10(data_range² / MSE).

    Equal pictures give infinity, no chosen pixel gives nan.

    Example:
        One level of 255, everywhere:

        >>> flat = np.full((4, 4), 100, np.uint8)
        >>> round(psnr(flat, flat + 1, data_range=255), 2)
        48.13
    """
    return psnr_from_mse(mse(reference, result, where=where), data_range=data_range)


def psnr_from_mse(error: float, *, data_range: float) -> float:
    """Turn a mean squared error, for example one summed up band by band, into dB."""
    return math.inf if error == 0 else 10 * math.log10(data_range**2 / error)


def ssim(
    reference: Array,
    result: Array,
    *,
    data_range: float,
    window: Window = "gaussian",
    sigma: float = 1.5,
    size: int = 11,
    k1: float = 0.01,
    k2: float = 0.03,
    sample: bool = False,
    where: Where | None = None,
) -> float:
    """Return the mean structural similarity (Wang et al. 2004), 1 for equal pictures.

    Only windows that lie wholly inside the picture count, as in the paper; with `where`, those centred on a
    chosen pixel. Channels are compared one by one and averaged. A picture smaller than the window gives nan.

    Args:
        data_range: span from black to white, see `data_range_of`.
        window: "gaussian" of standard deviation `sigma` pixels, or "uniform".
        size: side of the square window in pixels, odd.
        k1: stabilises the comparison of means, where both are near black.
        k2: stabilises the comparison of contrasts, where both are flat.
        sample: variances and covariances are those of a sample, n / (n - 1) times as large, n being the
            pixels of a "uniform" window. With `window="uniform", size=7` this is the default of
            scikit-image, which published scores often are.

    Raises:
        BadUsage: an even window, a sigma that is not positive, or a sample with a window of weights.

    Source:
        Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error
        visibility to structural similarity", IEEE Trans. Image Processing 13(4), 2004, eq. 13 to 17.
    """
    similarity = ssim_map(
        reference,
        result,
        data_range=data_range,
        window=window,
        sigma=sigma,
        size=size,
        k1=k1,
        k2=k2,
        sample=sample,
    )
    margin = size // 2
    inside = (slice(margin, similarity.shape[0] - margin), slice(margin, similarity.shape[1] - margin))
    chosen = similarity[inside] if where is None else similarity[inside][_checked(where, reference)[inside]]
    return float(chosen.mean()) if chosen.size else math.nan


def ssim_map(
    reference: Array,
    result: Array,
    *,
    data_range: float,
    window: Window = "gaussian",
    sigma: float = 1.5,
    size: int = 11,
    k1: float = 0.01,
    k2: float = 0.03,
    sample: bool = False,
) -> NDArray[np.float64]:
    """Return the structural similarity of the window around each pixel: float64 in -1 .. 1, shaped as given.

    Within `size // 2` pixels of the border the picture is mirrored, so those values rest on less.
    Arguments, errors and source as for `ssim`.
    """
    weights = _weights(window, sigma, size)
    if sample and (window != "uniform" or size == 1):
        raise BadUsage(
            f'a sample needs a "uniform" SSIM window of 3 pixels or more, got {window!r} and size={size}'
        )
    x, y = _pair(reference, result)
    mean_x, mean_y = _local_mean(x, weights), _local_mean(y, weights)
    # Of a sample of n pixels, or of all there are.
    spread = size**2 / (size**2 - 1) if sample else 1.0
    var_x = spread * (_local_mean(x * x, weights) - mean_x * mean_x)
    var_y = spread * (_local_mean(y * y, weights) - mean_y * mean_y)
    covariance = spread * (_local_mean(x * y, weights) - mean_x * mean_y)
    c1, c2 = (k1 * data_range) ** 2, (k2 * data_range) ** 2
    above = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    below = (mean_x * mean_x + mean_y * mean_y + c1) * (var_x + var_y + c2)
    similarity: NDArray[np.float64] = above / below
    return similarity


def _weights(window: Window, sigma: float, size: int) -> NDArray[np.float64]:
    """Return one side of the separable window, (size,), summing to 1."""
    if size < 1 or size % 2 == 0:
        raise BadUsage(f"the SSIM window has an odd side, so that it has a centre, got size={size}")
    if window == "uniform":
        return np.full(size, 1 / size)
    if window != "gaussian":
        raise BadUsage(f'the SSIM window is "gaussian" or "uniform", got {window!r}')
    if sigma <= 0:
        raise BadUsage(f"the SSIM window needs a positive sigma in pixels, got {sigma}")
    bell = np.exp(-0.5 * (np.arange(-(size // 2), size // 2 + 1) / sigma) ** 2)
    weights: NDArray[np.float64] = bell / bell.sum()
    return weights


def _local_mean(x: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    down = ndimage.correlate1d(x, weights, axis=0, mode="reflect")
    mean: NDArray[np.float64] = ndimage.correlate1d(down, weights, axis=1, mode="reflect")
    return mean


def _difference(reference: Array, result: Array, where: Where | None) -> NDArray[np.float64]:
    """Subtract in float64: unsigned integers would wrap around."""
    x, y = _pair(reference, result)
    difference: NDArray[np.float64] = x - y
    return difference if where is None else difference[_checked(where, reference)]


def _pair(reference: Array, result: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if np.shape(reference) != np.shape(result) or np.ndim(reference) not in (2, 3):
        raise GridMismatch(
            "reference and result must share one shape, (H, W) or (H, W, C), "
            f"got {np.shape(reference)} and {np.shape(result)}"
        )
    return np.asarray(reference, np.float64), np.asarray(result, np.float64)


def _checked(where: Where, reference: Array) -> Where:
    where = np.asarray(where)
    if where.shape != np.shape(reference)[:2] or where.dtype != np.bool_:
        raise GridMismatch(
            f"`where` must be bool {np.shape(reference)[:2]}, rows and columns as in the picture, "
            f"got {where.dtype.name} {where.shape}"
        )
    return where
