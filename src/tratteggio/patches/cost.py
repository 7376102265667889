"""What patches are compared by: features at taps, so that pixels and descriptors are one case.

The cost of a label at a node is the sum of squared differences of their features over the taps of a patch,
weighted by how much of the node is known there; that of two labels at neighbouring nodes is the sum over the
taps of the half that their patches share.

    pixels        features are the colours of a pixel; the taps of a patch are its pixels
    descriptors   features are those of a box of 8 x 8 pixels; a patch of 16 x 16 has four taps
    from afar     features are means of 2 x 2 pixels; taps are every other pixel
    hints         the same of another scan, which may tell of lost pixels
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.patches.lattice import Floats, Lattice, Numbers, box_sums

BOX = 8  # pixels, side of what one descriptor describes
SEEN = 3  # pixels around a box that its descriptor has seen
BATCH = 1 << 17  # numbers gathered at a time: 512 KiB, which a processor keeps at hand


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

    def worth(self, share: float, of: Cost) -> Cost:
        """Weigh so that this tells, relative to its samples, a share of what another cost tells."""
        return replace(self, weight=self.weight * np.float32(share * of.samples / self.samples))

    def tells_nothing(self, nodes: Numbers) -> NDArray[np.bool_]:
        """Tell of which nodes, flat indices (n,), nothing is known."""
        told: NDArray[np.bool_] = self.weight[nodes[:, None] + self.taps.ravel()].any(axis=1)
        return ~told

    def halves(self, side: int) -> tuple[Numbers, Numbers]:
        """Offsets of the half that a node shares with its neighbour on a side, in its patch and in the other.

        Args:
            side: 0 above, 1 below, 2 left, 3 right.
        """
        half = len(self.taps) // 2
        first, last = (
            (self.taps[:half], self.taps[half:]) if side < 2 else (self.taps[:, :half], self.taps[:, half:])
        )
        return (first, last) if side % 2 == 0 else (last, first)

    def taken(self, places: Numbers, taps: Numbers) -> Floats:
        """Features at taps (r, c), all or a half of those of a patch, from places (...): (..., r * c * f)."""
        # A view that repeats pixels, indexed once for each place: an index for each tap takes five times as
        # long where the taps of a row are one piece of memory.
        down, right = self.taps[1, 0] - self.taps[0, 0], self.taps[0, 1] - self.taps[0, 0]
        step, single = self.features.strides
        seen = as_strided(
            self.features[taps[0, 0] :],
            (len(self.features) - taps[-1, -1], *taps.shape, self.features.shape[1]),
            (step, down * step, right * step, single),
            writeable=False,
        )
        return seen[places].reshape(*places.shape, -1)

    def at_nodes(self, nodes: Numbers, labels: Numbers) -> Floats:
        """Cost of labels (n, k) at nodes (n,), all as flat indices: (n, k)."""
        costs = np.zeros(labels.shape, dtype=np.float32)
        telling = np.flatnonzero(~self.tells_nothing(nodes))
        for part in batches(len(telling), labels.shape[1] * self.samples, most=BATCH):
            some = telling[part]
            weight = self.weight[nodes[some, None] + self.taps.ravel()].repeat(self.features.shape[1], axis=1)
            differ = self.taken(labels[some], self.taps)
            differ -= self.taken(nodes[some], self.taps)[:, None]
            differ *= differ
            costs[some] = (differ @ weight[..., None])[..., 0]
        return costs

    def between(self, mine: Numbers, theirs: Numbers, side: int) -> Floats:
        """Cost of labels (n, k) beside labels (n, l) of the neighbours on a side: (n, k, l)."""
        my_half, their_half = self.halves(side)
        costs = np.empty((*mine.shape, theirs.shape[1]), dtype=np.float32)
        for some in batches(len(mine), (mine.shape[1] + theirs.shape[1]) * self.samples // 2, most=BATCH):
            a, b = self.taken(mine[some], my_half), self.taken(theirs[some], their_half)
            pairs = a @ b.transpose(0, 2, 1)
            pairs *= -2
            pairs += np.einsum("nkd,nkd->nk", a, a)[:, :, None]
            pairs += np.einsum("nld,nld->nl", b, b)[:, None]
            costs[some] = pairs
        return np.maximum(costs, 0, out=costs)  # rounding may go below


def of_pixels(lattice: Lattice, colours: NDArray[np.floating]) -> Cost:
    """Compare patches pixel by pixel; `colours` is (h, w, channels), border included."""
    features = np.ascontiguousarray(colours.reshape(-1, colours.shape[2]), dtype=np.float32)
    weight = (lattice.inside & ~lattice.lost).ravel().astype(np.float32)
    return Cost(features, weight, lattice.square)


def of_descriptors(lattice: Lattice, found: Floats, colours: NDArray[np.floating]) -> Cost:
    """Compare patches by descriptors of their boxes of 8 x 8 pixels, those that have seen nothing lost.

    Args:
        found: (h - 7, w - 7, f), what describes the box that begins at each pixel, border included.
        colours: (h, w, channels); descriptors are scaled to differ as much as colours do, so that costs of
            both mean the same.
    """
    known = lattice.inside & ~lattice.lost
    clear = box_sums(ndimage.binary_erosion(known, np.ones((3, 3)), iterations=SEEN), BOX) == BOX**2
    whole = found[clear]
    spread = [float(values.var(axis=0).mean()) for values in (colours[known], whole)]
    height, width, depth = found.shape
    features = np.zeros((*lattice.lost.shape, depth), dtype=np.float32)
    # About their mean, since what is common to all only takes digits from sums of squares.
    features[:height, :width] = found - whole.mean(axis=0)
    features *= np.float32(np.sqrt(spread[0] / spread[1])) if spread[1] else 0
    weight = np.zeros(lattice.lost.shape, dtype=np.float32)
    weight[:height, :width] = clear
    steps = np.arange(0, lattice.patch, BOX)
    taps = steps[:, None] * lattice.lost.shape[1] + steps
    return Cost(features.reshape(-1, depth), weight.ravel(), taps)


def from_afar(lattice: Lattice, colours: NDArray[np.floating], guess: NDArray[np.floating]) -> Cost:
    """Compare lost pixels with a guess by means of 2 x 2, every other one: a guess tells no more of them.

    Weights are such that `samples` and `weight` speak of all lost pixels of a patch.

    Args:
        colours, guess: (h, w, channels), border included.
    """
    means = ndimage.uniform_filter(np.where(lattice.lost[..., None], guess, colours), (2, 2, 0))
    features = np.ascontiguousarray(means.reshape(-1, means.shape[2]), dtype=np.float32)
    return Cost(features, lattice.lost.ravel().astype(np.float32), lattice.square[1::2, 1::2])


def of_hint(
    lattice: Lattice, values: NDArray[np.floating], told: NDArray[np.bool_], colours: NDArray[np.floating]
) -> Cost:
    """Compare patches by what another scan shows, by means of 2 x 2, every other one.

    Args:
        values: (h, w, channels) about 0, border included; scaled to differ as much as colours do.
        told: (h, w) bool, where a node is held to it.
        colours: (h, w, channels).
    """
    known = lattice.inside & ~lattice.lost
    spread = np.sqrt(colours[known].var(axis=0).mean())
    means = ndimage.uniform_filter(values * spread, (2, 2, 0))
    features = np.ascontiguousarray(means.reshape(-1, means.shape[2]), dtype=np.float32)
    return Cost(features, (told & lattice.inside).ravel().astype(np.float32), lattice.square[1::2, 1::2])


def batches(count: int, numbers: int, *, most: int) -> list[slice]:
    """Cut `count` rows of `numbers` numbers each into slices of `most` numbers, or of one row."""
    size = max(1, most // max(numbers, 1))
    return [slice(first, first + size) for first in range(0, count, size)]
