"""What the paint around tells of colours, given other scans: linear regression, place by place.

At each place the colour is modelled as an affine function of the features, the one with the least

    sum over known pixels p of K(p) |colour(p) - b - W features(p)|**2  +  ridge |W|**2

K falls off with the distance: a narrow bell, to follow paint that changes, on a wide one and a floor, so that
the middle of a large lacuna still has something to go by. K is a sum of Gaussians, so moments are what is
smoothed, and they are smooth: all is done on blocks of pixels, as in K. He and J. Sun 2015, "Fast guided
filter", arXiv:1505.00996; the model is that of K. He, J. Sun, X. Tang 2013, "Guided image filtering",
doi:10.1109/TPAMI.2012.213, whose window is a box.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.painting.pixels import Array, Lost

BLOCK = 4  # pixels a side over which moments are added up
BELLS = ((8.0, 1.0), (32.0, 0.01))  # (standard deviation in pixels, weight)
FLOOR = 1e-4  # weight of the mean over all known pixels
RIDGE = 0.01  # on features whose variance over the window is 1


def regressed(features: Array, colour: Array, known: Lost) -> tuple[Array, Array]:
    """Predict colours at every pixel from features, as the known pixels around suggest.

    Args:
        features: (h, w, n), each about 0 with a spread of about 1.
        colour: (h, w, channels); read where known.
        known: (h, w), True where features and colour can be relied on; somewhere it is.

    Returns:
        predicted (h, w, channels) float64 in the units of `colour`, within the range that each channel has
        where known; leverage (h, w) float64, how far the features of unknown pixels lie from those of the
        known paint around: squared Mahalanobis distance over n, about 1 for paint of the same kind; 0 where
        known.
    """
    count = features.shape[2]
    x = np.concatenate([np.ones((*known.shape, 1)), features, colour], axis=2)
    moments = _around(np.where(known[..., None], x, 0))
    moments /= moments[..., :1, :1]
    mean = moments[..., 0, 1:]
    spread = moments[..., 1:, 1:] - mean[..., :, None] * mean[..., None, :]
    own = spread[..., :count, :count] + RIDGE * np.eye(count)
    slopes = np.linalg.solve(own, spread[..., :count, count:])
    off = features - _unblocked(mean[..., :count], known.shape)
    predicted = _unblocked(mean[..., count:], known.shape)
    for number in range(count):
        predicted += off[..., number, None] * _unblocked(slopes[..., number, :], known.shape)
    low, high = colour[known].min(axis=0), colour[known].max(axis=0)
    rows, cols = np.nonzero(~known)
    whitening = np.linalg.inv(np.linalg.cholesky(own))[rows // BLOCK, cols // BLOCK]
    leverage = np.zeros(known.shape)
    leverage[rows, cols] = (np.einsum("pij,pj->pi", whitening, off[rows, cols]) ** 2).mean(axis=1)
    return np.clip(predicted, low, high), leverage


def _around(x: Array) -> Array:
    """Add up the products of all pairs of planes over blocks, then smooth with the kernel.

    Returns:
        (h / 4, w / 4, planes, planes), rows and columns rounded up.
    """
    rows, cols, planes = x.shape
    x = np.pad(x, ((0, -rows % BLOCK), (0, -cols % BLOCK), (0, 0)))
    down, across = x.shape[0] // BLOCK, x.shape[1] // BLOCK
    blocks = x.reshape(down, BLOCK, across, BLOCK, planes).swapaxes(1, 2).reshape(down, across, -1, planes)
    sums = blocks.swapaxes(2, 3) @ blocks
    smooth: Array = FLOOR * sums.mean(axis=(0, 1), keepdims=True)
    for sigma, weight in BELLS:
        bell = (sigma / BLOCK, sigma / BLOCK, 0, 0)
        smooth = smooth + weight * ndimage.gaussian_filter(sums, bell, mode="constant")
    return smooth


def _unblocked(coarse: Array, grid: tuple[int, ...]) -> NDArray[np.float64]:
    """Interpolate from the middles of blocks to pixels: (h, w, channels)."""
    # Separable, so that no list of all places is made.
    for axis in (0, 1):
        at = np.clip((np.arange(grid[axis]) + 0.5) / BLOCK - 0.5, 0, coarse.shape[axis] - 1)
        below = np.minimum(at.astype(int), max(coarse.shape[axis] - 2, 0))
        share = (at - below).reshape((-1, 1, 1) if axis == 0 else (-1, 1))
        above = np.minimum(below + 1, coarse.shape[axis] - 1)
        coarse = coarse.take(below, axis) * (1 - share) + coarse.take(above, axis) * share
    return coarse
