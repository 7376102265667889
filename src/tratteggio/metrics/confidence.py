"""How far to trust a fill: one scale for every engine, in which a confidence states an expected error.

    confidence = 1 / (1 + error / (1 / 16))

`error` is a standard deviation, as a share of the scan's range: 16 levels of 256 off make a confidence of
one half. What engines state by themselves is an ordering first; `metrics.calibration` makes it hold.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage

HALF_PX = 8.0  # at this distance from known paint nearness is 1/2
HALF_ERROR = 1 / 16  # of the range: at this error confidence is 1/2

Floats = NDArray[np.floating]


def confidence_of(error: Floats) -> NDArray[np.float32]:
    """Return the confidence that states an error, a share of the range: 1 for none, towards 0 for any.

    Example:
        >>> confidence_of(np.array([0.0, 1 / 16])).tolist()
        [1.0, 0.5]
    """
    result: NDArray[np.float32] = (1 / (1 + np.asarray(error) / HALF_ERROR)).astype(np.float32)
    return result


def stated_error(confidence: Floats) -> NDArray[np.float64]:
    """Return the error, a share of the range, that a confidence states: the inverse of `confidence_of`.

    A confidence of 0 states an infinite one.
    """
    with np.errstate(divide="ignore"):
        result: NDArray[np.float64] = HALF_ERROR * (1 / np.asarray(confidence, dtype=np.float64) - 1)
    return result


def nearness(lost: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Trust pixels by their distance d to the nearest known pixel: 1 / (1 + d / 8).

    For engines that know nothing better: paint close to what is known is a better guess than paint far from
    it. It states an error of 1/128 of the range for each pixel of distance, whatever the painting. d is the
    chessboard distance (a king's moves, 1 for a pixel at the rim of a lacuna). The border of the image is
    not known paint.

    Args:
        lost: (H, W), True where paint is lost.

    Returns:
        (H, W) float32: 1 where known, in (0, 1) where lost; 0 everywhere if nothing is known.

    Example:
        >>> nearness(np.array([[False, True, True, True]])).round(2).tolist()
        [[1.0, 0.8899999856948853, 0.800000011920929, 0.7300000190734863]]
    """
    if lost.ndim != 2 or lost.dtype != np.bool_:
        raise BadUsage(f"lost is a boolean array (H, W), got {lost.dtype.name} {lost.shape}")
    if lost.all():
        return np.zeros(lost.shape, dtype=np.float32)
    distance = ndimage.distance_transform_cdt(lost, metric="chessboard")
    result: NDArray[np.float32] = np.float32(1) / (1 + distance.astype(np.float32) / np.float32(HALF_PX))
    return result
