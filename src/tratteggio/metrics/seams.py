"""Whether the rim of a fill can be seen: how much changes across it, beside what changes next to it.

A step of tone at the rim makes the measure large. A fill that is smooth while the paint around is not moves
it away from 1 as well. It favours fills that go on from the paint at the rim with the same texture. It says
nothing of the middle of a lacuna.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import GridMismatch
from tratteggio.metrics.fidelity import Array, Where

FIRST, LAST = 2, 4  # pixels from the rim, of the lines beside it
MARGIN = LAST + 2  # pixels around a region that its sums depend on


def seam_visibility(picture: Array, lost: Where) -> float:
    """Compare the change across the rim of the lacunae with that across parallel lines inside and outside.

    The change is the mean absolute difference of neighbours, of the mean of the channels. Lines are level
    sets of the taxicab distance to the rim; those 2 to 4 pixels away count. The change beside the rim is the
    mean of that inside and that outside (of lacunae too narrow to have an inside, that outside).

    Args:
        picture: (H, W) or (H, W, C), filled.
        lost: (H, W), True where it was filled.

    Returns:
        the ratio: 1 on average for paint that nobody touched, above 1 for a seam; nan where there is no rim
        or nothing changes beside it.

    Raises:
        GridMismatch: picture and lacunae differ in size.

    Example:
        A slope goes on as it is, a step does not:

        >>> slope = np.tile(np.arange(24.0), (24, 1))
        >>> lost = np.zeros((24, 24), bool)
        >>> lost[:, 12:] = True
        >>> seam_visibility(slope, lost), seam_visibility(slope + 2 * lost, lost)
        (1.0, 3.0)
    """
    return seam_of(seam_sums(picture, lost))


def seam_sums(picture: Array, lost: Where, *, core: Where | None = None) -> NDArray[np.float64]:
    """Return what `seam_of` needs; sums of parts of a painting may be added.

    Args:
        picture, lost: as for `seam_visibility`; a part shows `MARGIN` pixels around its core.
        core: (H, W) bool, pixels whose differences to the next below and on the right count; None: all.

    Returns:
        (3, 2): total and count of the differences across the rim, inside, and outside.
    """
    if np.shape(picture)[:2] != lost.shape:
        raise GridMismatch(f"the picture is {np.shape(picture)[:2]}, its lacunae are {lost.shape}")
    tone = np.asarray(picture, np.float64).reshape(*lost.shape, -1).mean(axis=2)
    level = _levels(lost)
    sums = np.zeros((3, 2))
    for here, there in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        step = np.abs(tone[there] - tone[here])
        lower, upper = np.minimum(level[here], level[there]), np.maximum(level[here], level[there])
        across = upper == lower + 1
        if core is not None:
            across &= core[here]
        for row, (first, last) in enumerate(((0, 0), (FIRST, LAST), (-LAST, -FIRST))):
            chosen = across & (lower >= first) & (lower <= last)
            sums[row] += step[chosen].sum(), np.count_nonzero(chosen)
    return sums


def seam_of(sums: NDArray[np.float64]) -> float:
    """Return the seam visibility that sums make, see `seam_sums`."""
    means = [total / count for total, count in sums if count]
    if not sums[0, 1] or len(means) == 1:
        return float("nan")
    beside = float(np.mean(means[1:]))
    return float(means[0]) / beside if beside else float("nan")


def _levels(lost: Where) -> NDArray[np.int64]:
    """Number the lines: 1, 2, ... inward from the rim, 0, -1, ... outward; far away where there is no rim."""
    if not lost.any() or lost.all():
        return np.full(lost.shape, 1 << 30)
    inward = ndimage.distance_transform_cdt(lost, metric="taxicab").astype(np.int64)
    outward = ndimage.distance_transform_cdt(~lost, metric="taxicab").astype(np.int64)
    levels: NDArray[np.int64] = np.where(lost, inward, 1 - outward)
    return levels
