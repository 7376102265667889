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
AT_A_TIME = 1 << 22  # costs of nodes with all labels in memory: 16 MiB; few nodes make slow products
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
    few = min(keep, len(labels))
    strength = np.float32(TEXTURE * wanted[0].samples)
    own = texture.own[labels]
    columns = np.concatenate([*(_columns(cost, labels) for cost in wanted), [own * own, own]])
    found = np.empty((len(lattice.at), few), dtype=np.intp)
    for some in batches(len(lattice.at), len(labels), most=AT_A_TIME):
        nodes = lattice.at[some]
        asked = np.full((len(nodes), 2), strength)
        asked[:, 1] *= -2 * texture.around[nodes]
        # Less what costs the same with every label: of (q - c)^2, q^2.
        differ = np.concatenate([*(_rows(cost, nodes) for cost in wanted), asked], axis=1) @ columns
        found[some] = labels[np.argpartition(differ, few - 1, axis=1)[:, :few]]
    return found[:, np.arange(keep) % few]


# sum w (q - c)^2 = sum w q^2 - 2 sum (w q) c + sum w c^2: one matrix product compares nodes with all labels.


def _columns(cost: Cost, labels: Numbers) -> Floats:
    """Squared lengths of the features of labels (l,), and these themselves: (taps + taps * f, l)."""
    taken = cost.taken(labels, cost.taps)
    squares = (taken**2).reshape(len(labels), cost.taps.size, -1).sum(axis=2)
    return np.concatenate([squares.T, taken.T])


def _rows(cost: Cost, nodes: Numbers) -> Floats:
    """What the columns count at nodes (n,): (n, taps + taps * f)."""
    weight = cost.weight[nodes[:, None] + cost.taps.ravel()]
    wanted = cost.taken(nodes, cost.taps).reshape(*weight.shape, -1)
    weighted: Floats = -2 * weight[..., None] * wanted
    return np.concatenate([weight, weighted.reshape(len(nodes), -1)], axis=1)


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


def fewer(labels: Numbers, costs: Floats, *, keep: int) -> Numbers:
    """Say where each node's cheapest labels stand (n, keep), each once as long as there are others."""
    order = np.argsort(labels, axis=1, kind="stable")
    ordered = np.take_along_axis(labels, order, axis=1)
    again = np.zeros(labels.shape, dtype=bool)
    np.put_along_axis(again, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    rank = np.where(again, costs + costs.max() + 1, costs)
    best: Numbers = np.argsort(rank, axis=1, kind="stable")[:, :keep]
    return best


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
