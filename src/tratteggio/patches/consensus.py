"""Few labels for each node, then one for each, chosen together.

T. Ruzic and A. Pizurica 2015, "Context-aware patch-based image inpainting using Markov random field
modeling", doi:10.1109/TIP.2014.2372479: the energy is the cost of each label at its node and of each pair of
neighbours where their patches overlap (section IV). Nodes are visited in the order of their certainty and
keep their best labels, which tell their neighbours' labels apart (label pruning); then every node hears from
all its neighbours together (neighbourhood-consensus message passing).

Three things are done otherwise. Nodes are visited in waves: all that are more certain than the nodes around
them at once, ties broken by chance from a fixed seed. A node also considers what its visited neighbours'
labels run on to, the paint beside them where they come from, so that whole strokes are carried over and not
only their beginnings. And messages are summed over the neighbours, in the logarithmic domain, as the
equations say and published code does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tratteggio.patches.cost import Cost
from tratteggio.patches.lattice import SIDES, Floats, Lattice, Numbers

UNCERTAIN = 0.004  # mean squared difference, of a range of 1, within which labels are as good as the best
CLASSES = 2  # of certainty for each doubling; nodes of one class are visited in any order
WARMTH = 0.0002  # mean squared difference at which a belief falls to 1 / e
ROUNDS = 10

Price = Callable[[Numbers, Numbers], Floats]
"""Nodes (n,) by number, labels (n, k) -> what these cost there (n, k)."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What comes into question at each node.

    Attributes:
        labels: (n, k) flat indices.
        costs: (n, k), their price.
        fits: (n, k), the part of it that known paint asks; a guess makes no node certain.
        blind: (n,) bool, where labels were found by nothing but a guess: such a node waits for a neighbour.
    """

    labels: Numbers
    costs: Floats
    fits: Floats
    blind: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pruned:
    """What is left at each node.

    Attributes:
        labels: (n, k) flat indices, the best first.
        costs: (n, k) cost of each at its node alone.
        wave: (n,) when the node was visited, from 0; neighbours, corners included, never together.
    """

    labels: Numbers
    costs: Floats
    wave: Numbers


@dataclass(frozen=True, eq=False)
class Agreed:
    """What the nodes have agreed upon.

    Attributes:
        order: (n, k) positions in the node's labels, the best first.
        energies: (n, k) cost of each label at its node plus that expected beside its neighbours, so ordered.
    """

    order: Numbers
    energies: Floats


def prune(lattice: Lattice, cost: Cost, price: Price, asked: Asked, *, keep: int, rng: Generator) -> Pruned:
    """Visit nodes from the most certain to the least; each keeps a few labels and informs its neighbours.

    Args:
        price: of any label at any node.
        asked: k labels for each node, and their price.
        keep: labels that a node keeps, at most k.
        rng: breaks ties.
    """
    labels, told, certain = asked.labels, asked.costs.copy(), asked.fits.copy()
    count, in_question = labels.shape
    kept, kept_costs = np.empty((count, keep), dtype=np.intp), np.empty((count, keep), dtype=np.float32)
    wave = np.full(count, -1)
    certainty = np.full(count + 1, -np.inf)  # the last stands for no neighbour
    blind = asked.blind.copy()
    # Of one class the node with most to go by comes first, known paint or neighbours; then it is chance.
    known = lattice.inside & ~lattice.lost
    grounds = known.ravel()[lattice.at[:, None] + lattice.square.ravel()].mean(axis=1)
    chance = rng.permutation(count) / count
    stale = waiting = np.arange(count)
    limit = UNCERTAIN * cost.samples
    while len(waiting):
        least = certain[stale].min(axis=1, keepdims=True)
        good = np.count_nonzero(certain[stale] - least < limit, axis=1)
        classes = np.floor(CLASSES * np.log2(in_question / np.maximum(good, 1)))
        order = classes + (np.floor(8 * grounds[stale]) + chance[stale]) / 32  # all of it below 100
        certainty[stale] = order - 100.0 * blind[stale]
        first = (certainty[waiting][:, None] > certainty[lattice.around[waiting]]).all(axis=1)
        if not blind[waiting].all():
            first &= ~blind[waiting]
        now = waiting[first]
        others = lattice.around[now, : len(SIDES)]
        visited = (others >= 0) & (wave[others] >= 0)
        more = _run_on(lattice, now, others, np.where(visited[..., None], kept[others], -1))
        more, new = _first_seen(more, labels[now])
        paid = np.where(new, price(now, more), np.inf).astype(np.float32)
        heard = paid.copy()
        for side in range(len(SIDES)):
            met = np.flatnonzero(visited[:, side])
            heard[met] += cost.between(kept[others[met, side]], more[met], side ^ 1).min(axis=1)
        best = np.argsort(np.concatenate([told[now], heard], axis=1), axis=1, kind="stable")[:, :keep]
        for into, old, added in ((kept, labels, more), (kept_costs, asked.costs, paid)):
            into[now] = np.take_along_axis(np.concatenate([old[now], added], axis=1), best, axis=1)
        wave[now] = wave.max() + 1
        certainty[now] = -np.inf
        waiting = waiting[~first]
        informed = []
        for side in range(len(SIDES)):
            others = lattice.around[now, side]
            open_ = (others >= 0) & (wave[others] < 0)
            heard = cost.between(kept[now[open_]], labels[others[open_]], side).min(axis=1)
            told[others[open_]] += heard
            certain[others[open_]] += heard
            grounds[others[open_]] += 0.5  # of a patch lies on its neighbour
            blind[others[open_]] = False
            informed.append(others[open_])
        stale = np.unique(np.concatenate(informed))
    return Pruned(kept, kept_costs, wave)


def _run_on(lattice: Lattice, nodes: Numbers, others: Numbers, labels: Numbers) -> Numbers:
    """Step from labels of neighbours to the patches as far on as the nodes are.

    Args:
        nodes: (m,) numbers.
        others: (m, sides) numbers of neighbours.
        labels: (m, sides, r) of these; -1 for none.

    Returns:
        (m, sides * r) labels; -1 where there was none or no whole patch lies there.
    """
    # No step leads off the grid: its border is as wide.
    on = np.where(labels >= 0, labels + (lattice.at[nodes, None] - lattice.at[others])[..., None], 0)
    there = (labels >= 0) & lattice.whole.ravel()[on]
    return np.where(there, on, -1).reshape(len(nodes), -1)


def _first_seen(labels: Numbers, known: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """Tell which labels (m, r) are neither -1 nor `known` (m, k) nor repeated; others become a known one."""
    new = labels >= 0
    new &= ~(labels[:, :, None] == known[:, None]).any(axis=2)
    new &= ~np.tril(labels[:, :, None] == labels[:, None], k=-1).any(axis=2)
    return np.where(new, labels, known[:, :1]), new


def disturb(pruned: Pruned, cost: Cost, *, chance: Generator) -> Pruned:
    """Change the costs by chance, so that what nodes then agree upon is one of several plausible choices.

    Perturb and MAP, G. Papandreou and A. Yuille 2011, doi:10.1109/ICCV.2011.6126242: Gumbel noise as large as
    beliefs are warm. A node without neighbours chooses each label as often as it believes in it.
    """
    noise = chance.gumbel(size=pruned.costs.shape).astype(np.float32)
    return replace(pruned, costs=pruned.costs - np.float32(WARMTH * cost.samples) * noise)


def agree(lattice: Lattice, cost: Cost, pruned: Pruned) -> Agreed:
    """Let every node weigh its labels by what all its neighbours believe, until no first choice changes.

    A node's energy for a label is its cost there plus, summed over the neighbours, the mean cost beside
    their labels under their beliefs; its belief is the softmax of the negative energies. All nodes speak at
    once.
    """
    pairs = _pairs(lattice, cost, pruned.labels)
    choice = pruned.costs.argmin(axis=1)
    belief = np.zeros_like(pruned.costs)
    np.put_along_axis(belief, choice[:, None], 1, axis=1)
    best, least = choice, np.inf
    for _ in range(ROUNDS):
        energies = pruned.costs.copy()
        for mine, theirs, beside in pairs:
            energies[mine] += np.einsum("nkl,nl->nk", beside, belief[theirs])
            energies[theirs] += np.einsum("nkl,nk->nl", beside, belief[mine])
        # Nodes that all move at once may end worse than they began; the best choice heard is kept.
        total = _total(pruned.costs, pairs, choice)
        if total < least:
            best, least = choice, total
        new = energies.argmin(axis=1)
        belief = np.exp((energies.min(axis=1, keepdims=True) - energies) / (WARMTH * cost.samples))
        belief /= belief.sum(axis=1, keepdims=True)
        if (new == choice).all():
            break
        choice = new
    if _total(pruned.costs, pairs, choice) < least:
        best = choice
    ranks = energies.copy()
    np.put_along_axis(ranks, best[:, None], -np.inf, axis=1)
    order = np.argsort(ranks, axis=1, kind="stable")
    return Agreed(order, np.take_along_axis(energies, order, axis=1))


Pairs = list[tuple[Numbers, Numbers, Floats]]


def _pairs(lattice: Lattice, cost: Cost, labels: Numbers) -> Pairs:
    """Neighbours below and on the right: (nodes, their neighbours, cost of all pairs of labels)."""
    found = []
    for side in (1, 3):
        mine = np.flatnonzero(lattice.around[:, side] >= 0)
        theirs = lattice.around[mine, side]
        found.append((mine, theirs, cost.between(labels[mine], labels[theirs], side)))
    return found


def _total(costs: Floats, pairs: Pairs, choice: Numbers) -> float:
    total = float(np.take_along_axis(costs, choice[:, None], axis=1).sum(dtype=np.float64))
    for mine, theirs, beside in pairs:
        chosen: NDArray[np.float32] = beside[np.arange(len(mine)), choice[mine], choice[theirs]]
        total += float(chosen.sum(dtype=np.float64))
    return total
