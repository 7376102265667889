"""How well patches come back near their edges: structural similarity by distance from the edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.metrics.fidelity import Array

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EdgeCurve:
    """Similarity by distance from the edges of a patch.

    Attributes:
        distance: (n,) Manhattan distance of a window from the nearest corner of the patch: 0, 1, ... pixels.
        ssim: (n,) mean similarity of the windows at that distance, over all patches.
        windows: (n,) how many windows of one patch lie at that distance.
    """

    distance: NDArray[np.int64]
    ssim: Floats
    windows: NDArray[np.int64]


def edge_distance_ssim(
    reference: Array,
    result: Array,
    *,
    data_range: float,
    window: int = 8,
    k1: float = 0.01,
    k2: float = 0.03,
) -> EdgeCurve:
    """Measure similarity by the distance from the edges of a patch: SSIM of each crop as a whole.

    Every window (x1, y1) - (x2, y2) of `window` pixels a side is compared as one, each of its pixels counting
    alike, and lies d = min(x1, l - x2) + min(y1, l - y2) from the edge: d = 0 are the four corners.

    Args:
        reference: patches (n, rows, cols), or one (rows, cols), grey.
        result: the same shape.
        data_range: span from black to white, see `data_range_of`.
        window: side of the crop in pixels.
        k1: stabilises the comparison of means, where both are near black.
        k2: stabilises the comparison of contrasts, where both are flat.

    Raises:
        GridMismatch: the shapes differ, or are not those of grey patches.
        BadUsage: no such window fits into a patch.

    Source:
        Xie, Meeus, Pižurica, "Partial convolution based multimodal autoencoder for art investigation", BNAIC
        2019, eq. 4 and 6, figure 6 (window 8 in patches of 32).

    Example:
        >>> patches = np.random.default_rng(0).random((3, 32, 32))
        >>> curve = edge_distance_ssim(patches, patches, data_range=1.0)
        >>> curve.distance[-1], curve.windows[:3], curve.ssim.min().round(12)
        (np.int64(24), array([ 4,  8, 12]), np.float64(1.0))
    """
    if np.shape(reference) != np.shape(result) or np.ndim(reference) not in (2, 3):
        raise GridMismatch(
            "patches are compared in one shape, (n, rows, cols) or (rows, cols), "
            f"got {np.shape(reference)} and {np.shape(result)}"
        )
    rows, cols = np.shape(reference)[-2:]
    x, y = (np.asarray(of, np.float64).reshape(-1, rows, cols) for of in (reference, result))
    if not 1 <= window <= min(rows, cols):
        raise BadUsage(f"no window of {window} x {window} pixels fits into patches of {rows} x {cols}")
    similarity = _each_window(x, y, window, (k1 * data_range) ** 2, (k2 * data_range) ** 2)
    distance = _from_edge(rows, window)[:, None] + _from_edge(cols, window)
    windows = np.bincount(distance.ravel())
    sums = np.bincount(distance.ravel(), similarity.mean(axis=0).ravel())
    return EdgeCurve(np.arange(len(windows)), sums / windows, windows)


def _from_edge(side: int, window: int) -> NDArray[np.int64]:
    """Return how far each window along an axis lies from the nearer end."""
    first = np.arange(side - window + 1)
    nearer: NDArray[np.int64] = np.minimum(first, side - window - first)
    return nearer


def _each_window(x: Floats, y: Floats, window: int, c1: float, c2: float) -> Floats:
    """Compare all windows (eq. 4): (n, rows - window + 1, cols - window + 1)."""
    # Variances do not change with the level, and lose fewer digits without it.
    level = x.mean(axis=(1, 2), keepdims=True)
    x, y = x - level, y - level
    mean_x, mean_y = _window_means(x, window), _window_means(y, window)
    var_x = _window_means(x * x, window) - mean_x * mean_x
    var_y = _window_means(y * y, window) - mean_y * mean_y
    covariance = _window_means(x * y, window) - mean_x * mean_y
    mean_x, mean_y = mean_x + level, mean_y + level
    above = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    below = (mean_x * mean_x + mean_y * mean_y + c1) * (var_x + var_y + c2)
    similarity: Floats = above / below
    return similarity


def _window_means(x: Floats, window: int) -> Floats:
    """Average every window: two differences of running sums."""
    for axis in (1, 2):
        sums = np.insert(np.cumsum(x, axis=axis), 0, 0.0, axis=axis)
        ends = np.arange(window, sums.shape[axis])
        x = np.take(sums, ends, axis=axis) - np.take(sums, ends - window, axis=axis)
    return x / window**2
