"""How far to trust a fill: paint close to what is known is a better guess than paint far from it."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage

HALF_PX = 8.0  # at this distance the value is 1/2


def nearness(lost: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Rank pixels by their distance d to the nearest known pixel: 1 / (1 + d / 8).

    This is an ordering, not a probability: it has not been calibrated against the errors that engines
    make, and says the same for all of them. d is the chessboard distance (a king's moves, 1 for a pixel
    at the rim of a lacuna). The border of the image is not known paint.

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
