"""Which patches come into question at a node: all of a coarse grid, then what came out there, nearby.

Least squares alone prefers smooth patches, since they differ little from anything, and fills go blurred. So
a label also costs the more, the further the strength of its texture is from that of the known paint around.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.patches.cost import Cost, batches
from tratteggio.patches.lattice import Floats, Lattice, Numbers, box_sums, nearest_whole

MOST = 16_000  # labels compared with every node
TEXTURE = 0.003  # squared difference of colour that a texture e times as strong is worth
REACH = 6.0  # pixels, standard deviation: how far a node looks for the texture around
FLAT = 1e-5  # squared difference of neighbours, of a range of 1, below which paint has no texture
JITTER = ((0, 0), (0, 1), (1, 0), (1, 1), (0, -1), (-1, 0), (-1, -1), (-1, 1), (1, -1))
JITTERED = 2  # best labels of a coarse node that are also tried a pixel off


@dataclass(frozen=True, eq=False)
class Texture:
    """How strong the texture is: natural logarithm of the mean squared difference of neighbouring pixels.

    Attributes:
        own: (pixels,) of the patch that begins at each flat index; meant where it is whole.
        around: (pixels,) of whole patches around.
    """

    own: Floats
    around: Floats

    def differ(self, nodes: Numbers, labels: Numbers) -> Floats:
        """Squared difference between labels (n, k) or (k,) and what is around nodes (n,): (n, k)."""
        return (self.own[labels] - self.around[nodes][:, None]) ** 2


def textures(lattice: Lattice, colours: NDArray[np.floating]) -> Texture:
    """Measure the texture of known paint; `colours` is (h, w, channels) with the border."""
    tone = colours.mean(axis=2)
    known = lattice.inside & ~lattice.lost
    energy, pairs = np.zeros_like(tone), np.zeros_like(tone)
    for axis in (0, 1):
        head, tail = _ends(axis)
        both = known[head] & known[tail]
        energy[head] += np.where(both, (tone[tail] - tone[head]) ** 2, 0)
        pairs[head] += both
    own = np.zeros_like(tone)
    inner = tuple(slice(side - lattice.patch + 1) for side in tone.shape)
    own[inner] = box_sums(energy, lattice.patch) / np.maximum(box_sums(pairs, lattice.patch), 1)
    weight = ndimage.gaussian_filter(lattice.whole.astype(np.float32), REACH)
    around = ndimage.gaussian_filter(own * lattice.whole, REACH) / np.maximum(weight, 1e-4)
    around[weight < 1e-4] = own[lattice.whole].mean()
    own, around = np.log(own + FLAT), np.log(around + FLAT)
    return Texture(own.ravel().astype(np.float32), around.ravel().astype(np.float32))


def _ends(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    every = [slice(None), slice(None)]
    head, tail = every.copy(), every.copy()
    head[axis], tail[axis] = slice(-1), slice(1, None)
    return tuple(head), tuple(tail)


def compare_all(lattice: Lattice, wanted: Sequence[Cost], texture: Texture, *, keep: int) -> Numbers:
    """Compare every node with all patches of known paint, or with a regular share if there are many.

    Args:
        wanted: costs that are added up; `samples` of the first are the measure for texture.
        keep: labels for each node.

    Returns:
        (n, keep) labels, in no order; repeated if there are fewer.
    """
    labels = np.flatnonzero(lattice.whole)
    stride = int(np.ceil(np.sqrt(len(labels) / MOST)))
    rows, cols = np.divmod(labels, lattice.lost.shape[1])
    regular = labels[(rows % stride == 0) & (cols % stride == 0)]
    labels = regular if len(regular) else labels[:MOST]
    compared = [_Columns.of(cost, labels) for cost in wanted]
    few = min(keep, len(labels))
    found = np.empty((len(lattice.at), few), dtype=np.intp)
    for some in batches(len(lattice.at), len(labels)):
        nodes = lattice.at[some]
        differ = np.float32(TEXTURE * wanted[0].samples) * texture.differ(nodes, labels)
        for one in compared:
            differ += one.differ(nodes)
        best = np.argpartition(differ, few - 1, axis=1)[:, :few]
        found[some] = labels[best]
    return found[:, np.arange(keep) % few]


@dataclass(frozen=True, eq=False)
class _Columns:
    """Features of labels as columns, so that nodes are compared with all of them by matrix products."""

    cost: Cost
    columns: Floats  # (taps * f, labels)
    squares: Floats  # (taps, labels)

    @classmethod
    def of(cls, cost: Cost, labels: Numbers) -> _Columns:
        features = cost.features[labels[:, None] + cost.taps.ravel()]
        columns = np.ascontiguousarray(features.reshape(len(labels), -1).T)
        return cls(cost, columns, np.ascontiguousarray((features**2).sum(axis=2).T))

    def differ(self, nodes: Numbers) -> Floats:
        """Cost of all labels at nodes, flat indices (n,): (n, labels)."""
        here = nodes[:, None] + self.cost.taps.ravel()
        weight, wanted = self.cost.weight[here], self.cost.features[here]
        weighted = weight[..., None] * wanted
        # sum w (q - c)^2 = sum w q^2 - 2 sum (w q) c + sum w c^2: two matrix products for all pairs.
        differ = weight @ self.squares - 2 * weighted.reshape(len(nodes), -1) @ self.columns
        differ += (weighted * wanted).sum(axis=(1, 2))[:, None]
        costs: Floats = np.maximum(differ, 0)  # rounding may go below
        return costs


def from_coarse(fine: Lattice, coarse: Lattice, chosen: Numbers) -> Numbers:
    """Carry labels to a level twice as fine: those of the coarse node at the same place, and around it.

    Args:
        chosen: (n, k) labels of the coarse nodes, the best first.

    Returns:
        (fine nodes, m) labels of the fine level; each is a patch of known paint, the nearest one to where
        the coarse label leads.
    """
    down, right = (
        to - at[:, None]
        for to, at in zip(
            np.divmod(chosen, coarse.lost.shape[1]), np.divmod(coarse.at, coarse.lost.shape[1]), strict=True
        )
    )
    parent = _parents(fine, coarse)
    downs, rights = [], []
    for off_row, off_col in JITTER:
        downs.append(2 * down[parent, :JITTERED] + off_row)
        rights.append(2 * right[parent, :JITTERED] + off_col)
    downs.append(2 * down[parent, JITTERED:])
    rights.append(2 * right[parent, JITTERED:])
    others = coarse.around[parent]
    others = np.where(others < 0, parent[:, None], others)
    downs.append(2 * down[others, 0])
    rights.append(2 * right[others, 0])
    height, width = fine.lost.shape
    rows = np.clip((fine.at // width)[:, None] + np.concatenate(downs, axis=1), 0, height - 1)
    cols = np.clip((fine.at % width)[:, None] + np.concatenate(rights, axis=1), 0, width - 1)
    labels: Numbers = nearest_whole(fine)[rows * width + cols]
    return labels


def fewer(labels: Numbers, costs: Floats, *, keep: int) -> tuple[Numbers, Floats]:
    """Keep the cheapest labels of each node, each once as long as there are others."""
    order = np.argsort(labels, axis=1, kind="stable")
    ordered = np.take_along_axis(labels, order, axis=1)
    again = np.zeros(labels.shape, dtype=bool)
    np.put_along_axis(again, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    rank = np.where(again, costs + costs.max() + 1, costs)
    best = np.argsort(rank, axis=1, kind="stable")[:, :keep]
    return np.take_along_axis(labels, best, axis=1), np.take_along_axis(costs, best, axis=1)


def _parents(fine: Lattice, coarse: Lattice) -> Numbers:
    """Return the number of the coarse node that is nearest to each fine one."""
    # A fine node's centre is one step into the painting's own pixels for each row of the lattice: half as
    # many coarse pixels, so row r of the fine lattice lies at row r / 2 of the coarse one.
    rows = np.minimum(np.rint(fine.rows / 2).astype(np.intp) + 1, coarse.number.shape[0] - 1)
    cols = np.minimum(np.rint(fine.cols / 2).astype(np.intp) + 1, coarse.number.shape[1] - 1)
    near_rows, near_cols = ndimage.distance_transform_edt(
        coarse.number < 0, return_distances=False, return_indices=True
    )
    parents: Numbers = coarse.number[near_rows[rows, cols], near_cols[rows, cols]]
    return parents
