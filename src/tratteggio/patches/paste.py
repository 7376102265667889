"""Patches laid over each other: cut along the path where they differ least, or in the mean.

Cut: A. A. Efros and W. T. Freeman 2001, "Image quilting for texture synthesis and transfer",
doi:10.1145/383259.383296, section 2.1; here for all patches of a wave at once, which do not overlap. The mean
fits better by squares, and blurs: Y. Wexler, E. Shechtman and M. Irani 2007, "Space-time completion of
video", doi:10.1109/TPAMI.2007.60.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.patches.lattice import SIDES, Floats, Lattice, Numbers

# Views of (n, patch, patch) in which a side's half lies on the left and the path runs down.
_TURNED: tuple[Callable[[NDArray[Any]], NDArray[Any]], ...] = (
    lambda a: a.transpose(0, 2, 1),  # above
    lambda a: a.transpose(0, 2, 1)[:, :, ::-1],  # below
    lambda a: a,  # left
    lambda a: a[:, :, ::-1],  # right
)


def paste(
    lattice: Lattice, colours: NDArray[np.floating], labels: Numbers, wave: Numbers
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Lay the patch of each node's label, wave by wave.

    Args:
        colours: (h, w, channels), border included; its dtype is kept.
        labels: (n,) flat indices.
        wave: (n,) when each node comes; neighbours, corners included, never together.

    Returns:
        (h, w, channels), all that patches cover, known paint too; `colours` elsewhere; and (h, w) bool, where
        patches cover.
    """
    flat = colours.reshape(-1, colours.shape[2])
    laid, covered = flat.copy(), np.zeros(len(flat), dtype=bool)
    square, half = lattice.square.ravel(), lattice.step
    for now in range(int(wave.max()) + 1):
        nodes = np.flatnonzero(wave == now)
        here = lattice.at[nodes, None] + square
        old, new, there = laid[here], flat[labels[nodes, None] + square], covered[here]
        shape = (len(nodes), lattice.patch, lattice.patch)
        differ = (((new - old) ** 2).sum(axis=2) * there).reshape(shape)
        share = np.ones(shape, dtype=np.float32)
        others = lattice.around[nodes, : len(SIDES)].T
        met = [np.flatnonzero(some) for some in (others >= 0) & (wave[others] < now)]
        turned = [turn(differ[some])[:, :, :half] for turn, some in zip(_TURNED, met, strict=True)]
        shares = cut(np.concatenate(turned))
        for turn, some in zip(_TURNED, met, strict=True):
            part = share[some]
            turn(part)[:, :, :half] *= shares[: len(some)]
            share[some], shares = part, shares[len(some) :]
        part = np.where(there, share.reshape(here.shape), 1)[..., None].astype(colours.dtype)
        laid[here] = old + part * (new - old)
        covered[here] = True
    return laid.reshape(colours.shape), covered.reshape(colours.shape[:2])


def mean(
    lattice: Lattice, colours: NDArray[np.floating], labels: Numbers
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Take the mean of the patches on each pixel; towards its middle a patch weighs more (Hann window).

    Args:
        colours: (h, w, channels), border included; its dtype is kept.
        labels: (n, k) flat indices, the best of each node first; each next one weighs half.

    Returns:
        as `paste`.
    """
    flat = colours.reshape(-1, colours.shape[2])
    square = lattice.square.ravel()
    rise = np.sin(np.pi * (np.arange(lattice.patch) + 1) / (lattice.patch + 1)) ** 2
    weights = (0.5 ** np.arange(labels.shape[1])[:, None] * np.outer(rise, rise).ravel()).ravel()
    weights = np.tile(weights, len(lattice.at))
    here = np.broadcast_to(lattice.at[:, None, None] + square, (*labels.shape, square.size)).ravel()
    there = (labels[..., None] + square).ravel()
    total = np.bincount(here, weights, minlength=len(flat))
    covered = total > 0
    laid = flat.copy()
    for channel in range(flat.shape[1]):
        sums = np.bincount(here, weights * flat[there, channel], minlength=len(flat))
        laid[covered, channel] = sums[covered] / total[covered]
    return laid.reshape(colours.shape), covered.reshape(colours.shape[:2])


def cut(differ: NDArray[np.floating]) -> Floats:
    """Find the path from top to bottom along which two patches differ least.

    Args:
        differ: (n, length, width) squared differences.

    Returns:
        (n, length, width) float32: share of what lies on the right, 0 left of the path, 1/2 on it, 1 right
        of it.
    """
    count, length, width = differ.shape
    # A column of infinity on either side; then places count from 1.
    least = np.pad(differ, ((0, 0), (0, 0), (1, 1)), constant_values=np.inf)
    for row in range(1, length):
        left, above, right = (least[:, row - 1, first : first + width] for first in range(3))
        least[:, row, 1:-1] += np.minimum(above, np.minimum(left, right))
    path, every = np.empty((count, length), dtype=np.intp), np.arange(count)
    path[:, -1] = at = least[:, -1].argmin(axis=1)
    for row in range(length - 2, -1, -1):
        left, above, right = (least[every, row, at + step] for step in (-1, 0, 1))
        aside = np.where(left <= right, -1, 1)  # straight on where it costs no more than either
        path[:, row] = at = at + np.where(above <= np.minimum(left, right), 0, aside)
    path -= 1
    shares: Floats = np.clip((np.arange(width) - path[..., None] + 1) / 2, 0, 1).astype(np.float32)
    return shares
