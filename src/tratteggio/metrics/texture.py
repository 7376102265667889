"""Whether a fill keeps the texture of the paint around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.metrics.fidelity import Array


def texture_kept(picture: Array, lost: NDArray[np.bool_], *, reach: int = 16) -> float:
    """Compare the energy of gradients in a fill with that of the paint around.

    The energy is the mean squared difference of neighbours, of the mean of the channels. A fill as textured
    as its surroundings has 1, a blurred one is near 0, a noisy one is above 1. Differences between a lost
    pixel and a known one count on neither side.

    Args:
        picture: (H, W) or (H, W, channels), filled.
        lost: (H, W), True where it was filled.
        reach: pixels around lacunae that are their surroundings, across corners as well.

    Returns:
        the ratio; nan where no two neighbours are lost, or none known within reach, or the paint is flat.

    Raises:
        GridMismatch: picture and lacunae differ in size.
        BadUsage: a reach below 1.

    Example:
        >>> chequered = np.indices((8, 16)).sum(axis=0) % 2
        >>> lost = np.zeros((8, 16), bool)
        >>> lost[:, 6:10] = True
        >>> float(texture_kept(chequered, lost))
        1.0
    """
    return texture_of(texture_sums(picture, lost, reach=reach))


def texture_sums(
    picture: Array, lost: NDArray[np.bool_], *, reach: int = 16, core: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Return what `texture_of` needs; sums of parts of a painting may be added.

    Args:
        picture, lost, reach: as for `texture_kept`; a part shows `reach` + 1 pixels around its core.
        core: (H, W) bool, pixels whose differences to the next below and on the right count; None: all.

    Returns:
        (2, 2): total and count of squared differences, in fills and around them.

    Raises:
        GridMismatch, BadUsage: as `texture_kept`.
    """
    if np.shape(picture)[:2] != lost.shape:
        raise GridMismatch(f"the picture is {np.shape(picture)[:2]}, its lacunae are {lost.shape}")
    if reach < 1:
        raise BadUsage(f"the surroundings reach 1 pixel or more, got {reach}")
    tone = np.asarray(picture, np.float64).reshape(*lost.shape, -1).mean(axis=2)
    around = ~lost & ndimage.maximum_filter(lost, size=2 * reach + 1)
    return np.array([_energy(tone, where, core) for where in (lost, around)])


def texture_of(sums: NDArray[np.float64]) -> float:
    """Return the ratio that sums make, see `texture_sums`."""
    if not sums[:, 1].all() or not sums[1, 0]:
        return float("nan")
    means = sums[:, 0] / sums[:, 1]
    return float(means[0] / means[1])


def _energy(
    tone: NDArray[np.float64], where: NDArray[np.bool_], core: NDArray[np.bool_] | None
) -> tuple[float, int]:
    """Add up the squared differences of all neighbours that both lie within, and count them."""
    total, count = 0.0, 0
    for there, here in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        both = where[there] & where[here]
        if core is not None:
            both &= core[here]
        total += float(((tone[there] - tone[here]) ** 2)[both].sum())
        count += int(both.sum())
    return total, count
