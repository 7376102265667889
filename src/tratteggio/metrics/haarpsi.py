"""Whether edges and strokes lie where they lay: the Haar wavelet-based perceptual similarity index, HaarPSI.

It compares the strengths of small edges, and weighs places by their coarser edges. It favours fills that put
structure into the right place; of two fills without structure it prefers the smooth one, less than PSNR does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.metrics.fidelity import Array, Where

C = 30.0  # squared levels of 255: where both responses are far below, they count as equal
ALPHA = 4.2
SCALES = 3
MARGIN = 2 * 2**SCALES  # pixels of a picture around a region that its similarity depends on
COLOURS = 3
YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def haarpsi(reference: Array, result: Array, *, data_range: float, where: Where | None = None) -> float:
    """Return the similarity of two pictures, or of their chosen pixels: 1 for equal ones, 0 at least.

    Args:
        reference: (H, W) or (H, W, C); three channels are RGB, of any other number the mean is compared.
        result: the same shape.
        data_range: from black to white, see `data_range_of`.
        where: (H, W) bool; the measure works on means of 2 x 2 pixels, of which those count that hold a
            chosen one. None: all.

    Returns:
        the similarity; nan where nothing is chosen or neither picture has any edge there.

    Raises:
        GridMismatch: the shapes differ.
        BadUsage: a range that is not positive.

    Source:
        R. Reisenhofer, S. Bosse, G. Kutyniok, T. Wiegand, "A Haar wavelet-based perceptual similarity index
        for image quality assessment", Signal Processing: Image Communication 61, 2018, eq. 10 to 16, with
        C = 30 and alpha = 4.2 as there.

    Example:
        >>> picture = np.random.default_rng(0).random((16, 16))
        >>> round(haarpsi(picture, picture, data_range=1.0), 6)
        1.0
    """
    return similarity_of(haarpsi_sums(reference, result, data_range=data_range, where=where))


def haarpsi_sums(
    reference: Array, result: Array, *, data_range: float, where: Where | None = None
) -> NDArray[np.float64]:
    """Return what `similarity_of` needs: (2,), weighted similarities and weights.

    Sums of parts of a painting may be added if each part begins at even rows and columns and shows `MARGIN`
    pixels around what is chosen. Arguments and errors as for `haarpsi`.
    """
    shape = np.shape(reference)
    if shape != np.shape(result) or len(shape) not in (2, 3):
        raise GridMismatch(f"reference and result must share one shape, got {shape} and {np.shape(result)}")
    if not data_range > 0:
        raise BadUsage(f"the range from black to white is above 0, got {data_range}")
    chosen = np.ones(shape[:2], np.bool_) if where is None else where
    if chosen.shape != shape[:2]:
        raise GridMismatch(f"`where` must be {shape[:2]}, as the picture, got {chosen.shape}")
    pair = [_planes(picture, 255.0 / data_range) for picture in (reference, result)]
    counts = ndimage.maximum_filter(chosen, size=2, origin=-1)[::2, ::2]
    edges = [_edges(planes[..., 0]) for planes in pair]
    maps = []
    for axis in (0, 1):
        weight = np.maximum(*(np.abs(coarse[axis]) for _, coarse in edges))
        similar = np.mean([_similar(*(np.abs(fine[s][axis]) for fine, _ in edges)) for s in (0, 1)], axis=0)
        maps.append((similar, weight))
    if pair[0].shape[2] == COLOURS:
        smooth = [[np.abs(_box(planes[..., c])) for c in (1, 2)] for planes in pair]
        similar = np.mean([_similar(smooth[0][c], smooth[1][c]) for c in (0, 1)], axis=0)
        maps.append((similar, (maps[0][1] + maps[1][1]) / 2))
    logistic = [(_logistic(similar)[counts], weight[counts]) for similar, weight in maps]
    return np.array(
        [sum(float((s * w).sum()) for s, w in logistic), sum(float(w.sum()) for _, w in logistic)]
    )


def similarity_of(sums: NDArray[np.float64]) -> float:
    """Return the similarity that sums make, see `haarpsi_sums`."""
    if not sums[1] > 0:
        return float("nan")
    mean = min(sums[0] / sums[1], 1 / (1 + np.exp(-ALPHA)))  # rounding may go beyond what equal pictures have
    return float((np.log(mean / (1 - mean)) / ALPHA) ** 2)


def _planes(picture: Array, scale: float) -> NDArray[np.float64]:
    """Return means of 2 x 2 pixels of Y, I, Q or of grey: (ceil(h / 2), ceil(w / 2), 3 or 1)."""
    values = np.asarray(picture, np.float64).reshape(*np.shape(picture)[:2], -1) * scale
    values = values @ YIQ.T if values.shape[2] == COLOURS else values.mean(axis=2, keepdims=True)
    rows, cols = values.shape[:2]
    padded = np.pad(values, ((0, rows % 2), (0, cols % 2), (0, 0)))
    means: NDArray[np.float64] = (
        padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]
    ) / 4
    return means


def _edges(
    tone: NDArray[np.float64],
) -> tuple[list[list[NDArray[np.float64]]], list[NDArray[np.float64]]]:
    """Return Haar responses of the two finer scales, by scale and axis, and of the coarsest by axis."""
    by_scale = [[_haar(tone, 2**scale, axis) for axis in (0, 1)] for scale in range(1, SCALES + 1)]
    return by_scale[:2], by_scale[2]


def _haar(tone: NDArray[np.float64], side: int, axis: int) -> NDArray[np.float64]:
    """Correlate with a Haar wavelet of side x side pixels, nothing beyond the border."""
    sign, share = np.repeat([1.0, -1.0], side // 2), np.full(side, 1 / side)
    across = ndimage.correlate1d(tone, sign, axis=axis, mode="constant", origin=-1)
    response: NDArray[np.float64] = ndimage.correlate1d(
        across, share, axis=1 - axis, mode="constant", origin=-1
    )
    return response


def _box(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    means: NDArray[np.float64] = ndimage.uniform_filter(plane, 2, mode="constant", origin=-1)
    return means


def _similar(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    similar: NDArray[np.float64] = (2 * a * b + C) / (a * a + b * b + C)
    return similar


def _logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    curve: NDArray[np.float64] = 1 / (1 + np.exp(-ALPHA * values))
    return curve
