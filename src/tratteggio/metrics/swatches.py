"""Whether a fill is made of patches like those of the paint that was lost: sliced Wasserstein distance.

A squared error asks each pixel to be in its place, so a grey smear wins over brushwork that lies a little
beside the true one. This distance forgets places: it compares the sets of all small patches. A smear has no
patch with contrast and is far from any paint; brushwork of the right strength and direction is near.

It favours fills from patches and punishes smooth ones. It does not see whether a face has two eyes: read it
beside PSNR, never alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.metrics.fidelity import Array, Where

PROJECTIONS = 64
MOST = 20_000  # patches that are compared; of more a regular share
AT_A_TIME = 1 << 14  # patches in memory


def patch_distance(
    reference: Array,
    result: Array,
    *,
    where: Where,
    side: int = 5,
    projections: int = PROJECTIONS,
    seed: int = 0,
) -> float:
    """Return the sliced Wasserstein distance of the patches around chosen pixels, in units of the data.

    Each patch loses its mean, channel by channel, so that only texture and structure count. Patches are
    projected on random unit vectors; on each the distance is the mean absolute difference of the sorted
    values (Wasserstein-1); the answer is the mean over the vectors. It is symmetric, and 0 for equal sets.

    Args:
        reference: (H, W) or (H, W, C), the lost paint itself.
        result: the same shape, filled.
        where: (H, W) bool, centres of the patches: the lacunae.
        side: of a patch in pixels, odd, 3 or more.
        projections: number of vectors.
        seed: of the vectors.

    Returns:
        the distance; nan where no chosen pixel has a whole patch inside the picture.

    Raises:
        GridMismatch: the shapes differ.
        BadUsage: an even side, a side below 3, or no projection.

    Source:
        J. Rabin, G. Peyre, J. Delon, M. Bernot, "Wasserstein barycenter and its application to texture
        mixing", SSVM 2011, eq. 4, with the absolute instead of the squared difference, so that the unit is
        that of the data.

    Example:
        >>> stripes = np.tile([0.0, 8.0], (8, 6))
        >>> everywhere = np.ones((8, 12), bool)
        >>> patch_distance(stripes, np.roll(stripes, 2, axis=1), where=everywhere)
        0.0
    """
    if np.shape(reference) != np.shape(result):
        raise GridMismatch(
            f"reference and result must share one shape, got {np.shape(reference)} and {np.shape(result)}"
        )
    rows, cols = patch_centres(where, side)
    kept = slice(None, None, max(1, -(-len(rows) // MOST)))
    return distance_of_patches(
        *(patches_at(picture, rows[kept], cols[kept], side=side) for picture in (reference, result)),
        projections=projections,
        seed=seed,
    )


def patch_centres(where: Where, side: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of the chosen pixels whose patch lies wholly inside the picture.

    Raises:
        BadUsage: an even side, or a side below 3.
    """
    if side < 3 or side % 2 == 0:
        raise BadUsage(f"a patch has an odd side of 3 pixels or more, got {side}")
    reach = side // 2
    inside = np.zeros(where.shape, np.bool_)
    inside[reach : where.shape[0] - reach, reach : where.shape[1] - reach] = True
    rows, cols = np.nonzero(where & inside)
    return rows, cols


def patches_at(
    picture: Array, rows: NDArray[np.intp], cols: NDArray[np.intp], *, side: int
) -> NDArray[np.float32]:
    """Return the patches centred on pixels, each less its mean: (n, side * side * channels) float32.

    Raises:
        GridMismatch: the picture is neither (H, W) nor (H, W, C).
    """
    values = np.asarray(picture)
    if values.ndim not in (2, 3):
        raise GridMismatch(f"a picture is (H, W) or (H, W, C), got {values.shape}")
    values = values.reshape(*values.shape[:2], -1)
    taken = np.empty((len(rows), values.shape[2], side * side), np.float32)
    if len(rows):
        seen = sliding_window_view(values, (side, side), axis=(0, 1))
        for first in range(0, len(rows), AT_A_TIME):
            some = slice(first, first + AT_A_TIME)
            boxes = seen[rows[some] - side // 2, cols[some] - side // 2].astype(np.float64)
            boxes -= boxes.mean(axis=(2, 3), keepdims=True)
            taken[some] = boxes.reshape(len(boxes), values.shape[2], -1)
    return taken.reshape(len(rows), values.shape[2] * side * side)


def distance_of_patches(
    reference: NDArray[Any], result: NDArray[Any], *, projections: int = PROJECTIONS, seed: int = 0
) -> float:
    """Return the sliced Wasserstein distance of two sets of as many patches, (n, d) each; nan for none.

    Raises:
        GridMismatch: the sets differ in shape.
        BadUsage: no projection.
    """
    if reference.shape != result.shape:
        raise GridMismatch(f"two sets of patches must share one shape, got {reference.shape}, {result.shape}")
    if projections < 1:
        raise BadUsage(f"1 projection or more is needed, got {projections}")
    if not len(reference):
        return float("nan")
    vectors = np.random.default_rng(seed).standard_normal((reference.shape[1], projections))
    vectors = (vectors / np.linalg.norm(vectors, axis=0)).astype(np.float32)
    total = 0.0
    for vector in vectors.T:
        apart = np.sort(reference @ vector).astype(np.float64) - np.sort(result @ vector)
        total += float(np.abs(apart).mean())
    return total / projections
