"""Costs of labels against loops over pixels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tratteggio.patches import cost as costs
from tratteggio.patches.cost import of_pixels
from tratteggio.patches.lattice import SIDES, lay

PATCH = 6


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    lost = np.zeros((18, 24), bool)
    lost[5:11, 8:15] = True
    lattice = lay(lost, patch=PATCH)
    colours = lattice.with_border(rng.random((18, 24, 3)).astype(np.float32))
    labels = rng.choice(np.flatnonzero(lattice.whole), (len(lattice.at), 5))
    return lattice, colours, of_pixels(lattice, colours), labels


def cut_out(lattice, colours, label):
    row, col = divmod(int(label), lattice.lost.shape[1])
    return colours[row : row + PATCH, col : col + PATCH]


def test_a_label_costs_its_squared_differences_from_the_known_pixels_of_the_node(case):
    lattice, colours, cost, labels = case
    known = (lattice.inside & ~lattice.lost)[..., None]
    got = cost.at_nodes(lattice.at, labels)
    for node, label in np.ndindex(labels.shape):
        at = lattice.at[node]
        differ = cut_out(lattice, colours, labels[node, label]) - cut_out(lattice, colours, at)
        expected = (cut_out(lattice, known, at) * differ**2).sum()
        assert got[node, label] == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("side", range(4))
def test_two_labels_cost_their_squared_differences_where_the_patches_overlap(case, side):
    lattice, colours, cost, labels = case
    mine = np.flatnonzero(lattice.around[:, side] >= 0)
    theirs = lattice.around[mine, side]
    got = cost.between(labels[mine], labels[theirs], side)
    down, right = (step * lattice.step for step in SIDES[side])
    for pair, k, l in np.ndindex(got.shape):  # noqa: E741  (as in the formula)
        # Both patches on one canvas, at their nodes' places: what both cover counts.
        canvas = np.full((2, 3 * PATCH, 3 * PATCH, 3), np.nan)
        for layer, label, (top, left) in (
            (0, labels[mine[pair], k], (PATCH, PATCH)),
            (1, labels[theirs[pair], l], (PATCH + down, PATCH + right)),
        ):
            canvas[layer, top : top + PATCH, left : left + PATCH] = cut_out(lattice, colours, label)
        expected = np.nansum((canvas[0] - canvas[1]) ** 2)
        assert got[pair, k, l] == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_batches_change_nothing(case, monkeypatch):
    lattice, _, cost, labels = case
    mine = np.flatnonzero(lattice.around[:, 1] >= 0)
    theirs = lattice.around[mine, 1]
    whole = cost.at_nodes(lattice.at, labels), cost.between(labels[mine], labels[theirs], 1)
    monkeypatch.setattr(costs, "BATCH", 1)
    assert_allclose(cost.at_nodes(lattice.at, labels), whole[0], rtol=1e-6)
    assert_allclose(cost.between(labels[mine], labels[theirs], 1), whole[1], rtol=1e-5, atol=1e-5)
