"""What patches are compared by: features at taps, so that pixels and descriptors are one case.

The cost of a label at a node is the sum of squared differences of their features over the taps of a patch,
weighted by how much of the node is known there; that of two labels at neighbouring nodes is the sum over the
taps of the half that their patches share.

    pixels        features are the colours of a pixel; the taps of a patch are its pixels
    descriptors   features are those of a box of 8 x 8 pixels; a patch of 16 x 16 has four taps
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tratteggio.patches.lattice import Floats, Lattice, Numbers

BATCH = 1 << 22  # numbers gathered at a time: 16 MiB


@dataclass(frozen=True, eq=False)
class Cost:
    """Features of a lattice's grid and where a patch takes them from.

    Attributes:
        features: (pixels, f) float32 by flat index.
        weight: (pixels,) float32, how much the feature of a node counts there: 0 where nothing is known.
        taps: (t, t) offsets in flat indices from a patch's upper left pixel, t even.
    """

    features: Floats
    weight: Floats
    taps: Numbers

    @property
    def samples(self) -> int:
        """Numbers that describe a patch."""
        return int(self.taps.size * self.features.shape[1])

    def halves(self, side: int) -> tuple[Numbers, Numbers]:
        """Offsets of the half that a node shares with its neighbour on a side, in its patch and in the other.

        Args:
            side: 0 above, 1 below, 2 left, 3 right.
        """
        half = len(self.taps) // 2
        first, last = (
            (self.taps[:half], self.taps[half:]) if side < 2 else (self.taps[:, :half], self.taps[:, half:])
        )
        return (first.ravel(), last.ravel()) if side % 2 == 0 else (last.ravel(), first.ravel())

    def at_nodes(self, nodes: Numbers, labels: Numbers) -> Floats:
        """Cost of labels (n, k) at nodes (n,), all as flat indices: (n, k)."""
        taps = self.taps.ravel()
        costs = np.empty(labels.shape, dtype=np.float32)
        for some in batches(len(nodes), labels.shape[1] * self.samples):
            here = nodes[some, None] + taps
            differ = self.features[labels[some][..., None] + taps]
            differ -= self.features[here][:, None]
            differ *= differ
            costs[some] = np.einsum("nktf,nt->nk", differ, self.weight[here])
        return costs

    def between(self, mine: Numbers, theirs: Numbers, side: int) -> Floats:
        """Cost of labels (n, k) beside labels (n, l) of the neighbours on a side: (n, k, l)."""
        my_half, their_half = self.halves(side)
        costs = np.empty((*mine.shape, theirs.shape[1]), dtype=np.float32)
        for some in batches(len(mine), (mine.shape[1] + theirs.shape[1]) * self.samples // 2):
            a = self.features[mine[some][..., None] + my_half].reshape(*mine[some].shape, -1)
            b = self.features[theirs[some][..., None] + their_half].reshape(*theirs[some].shape, -1)
            costs[some] = (
                np.einsum("nkd,nkd->nk", a, a)[:, :, None]
                + np.einsum("nld,nld->nl", b, b)[:, None]
                - 2 * a @ b.transpose(0, 2, 1)
            )
        return np.maximum(costs, 0, out=costs)  # rounding may go below


def of_pixels(lattice: Lattice, colours: NDArray[np.floating]) -> Cost:
    """Compare patches pixel by pixel; `colours` is (h, w, channels), border included."""
    features = np.ascontiguousarray(colours.reshape(-1, colours.shape[2]), dtype=np.float32)
    weight = (lattice.inside & ~lattice.lost).ravel().astype(np.float32)
    return Cost(features, weight, lattice.square)


def batches(count: int, numbers: int) -> list[slice]:
    """Cut `count` rows of `numbers` numbers each into slices that stay small."""
    size = max(1, BATCH // max(numbers, 1))
    return [slice(first, first + size) for first in range(0, count, size)]
