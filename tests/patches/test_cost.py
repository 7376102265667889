"""Costs of labels against loops over pixels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.patches import cost as costs
from tratteggio.patches.cost import from_afar, of_descriptors, of_pixels
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


@pytest.mark.parametrize("thinned", [False, True])
def test_what_is_taken_for_a_patch_is_what_lies_at_its_taps(case, thinned):
    lattice, colours, cost, labels = case
    if thinned:
        cost = from_afar(lattice, colours, colours)
    some = cost.taps[1:, :2]
    got = cost.taken(labels, some)
    for node, label in np.ndindex(labels.shape):
        expected = [cost.features[labels[node, label] + tap] for tap in some.ravel()]
        assert_array_equal(got[node, label], np.concatenate(expected))


def test_batches_change_nothing(case, monkeypatch):
    lattice, _, cost, labels = case
    mine = np.flatnonzero(lattice.around[:, 1] >= 0)
    theirs = lattice.around[mine, 1]
    whole = cost.at_nodes(lattice.at, labels), cost.between(labels[mine], labels[theirs], 1)
    monkeypatch.setattr(costs, "BATCH", 1)
    assert_allclose(cost.at_nodes(lattice.at, labels), whole[0], rtol=1e-6)
    assert_allclose(cost.between(labels[mine], labels[theirs], 1), whole[1], rtol=1e-5, atol=1e-5)


def described(lattice, colours):
    """Two numbers for each box of 8 x 8: largest red and largest green known in it."""
    known = np.where((lattice.inside & ~lattice.lost)[..., None], colours, 0)
    boxes = np.lib.stride_tricks.sliding_window_view(known[..., :2], (8, 8), axis=(0, 1))
    return boxes.max(axis=(3, 4)).astype(np.float32)


@pytest.fixture
def boxes():
    rng = np.random.default_rng(0)
    lost = np.zeros((48, 56), bool)
    lost[17:29, 18:40] = True
    lattice = lay(lost, patch=16)
    colours = lattice.with_border(rng.random((48, 56, 3)).astype(np.float32))
    found = described(lattice, colours)
    return lattice, colours, found, of_descriptors(lattice, found, colours)


def test_descriptors_differ_as_much_as_colours_do(boxes):
    lattice, colours, _, cost = boxes
    known = lattice.inside & ~lattice.lost
    whole = cost.weight == 1
    assert_allclose(cost.features[whole].var(axis=0).mean(), colours[known].var(axis=0).mean(), rtol=1e-3)


def test_a_label_costs_the_differences_of_those_of_its_four_boxes_that_have_seen_nothing_lost(boxes):
    lattice, _, found, cost = boxes
    labels = np.tile(np.flatnonzero(lattice.whole)[::9], (len(lattice.at), 1))
    got = cost.at_nodes(lattice.at, labels)
    whole = cost.weight.reshape(lattice.lost.shape) == 1
    scale = np.ptp(cost.features[whole.ravel(), 0]) / np.ptp(found[whole[:-7, :-7], 0])
    width, known = lattice.lost.shape[1], lattice.inside & ~lattice.lost
    for node, label in [(0, 0), (3, 7), (len(lattice.at) - 1, 1)]:
        expected = 0.0
        for down, right in [(0, 0), (0, 8), (8, 0), (8, 8)]:
            (r, c), (q, p) = divmod(lattice.at[node], width), divmod(labels[node, label], width)
            differ = found[r + down, c + right] - found[q + down, p + right]
            clear = known[max(0, r + down - 3) : r + down + 11, max(0, c + right - 3) : c + right + 11].all()
            expected += clear * ((scale * differ) ** 2).sum()
        assert got[node, label] == pytest.approx(expected, rel=1e-3)
    assert cost.samples == 8


def test_labels_side_by_side_are_compared_by_the_two_boxes_that_they_share(boxes):
    lattice, _, _, cost = boxes
    mine = np.flatnonzero(lattice.around[:, 3] >= 0)
    theirs = lattice.around[mine, 3]
    labels = np.random.default_rng(1).choice(np.flatnonzero(lattice.whole), (len(lattice.at), 3))
    got = cost.between(labels[mine], labels[theirs], 3)
    down = 8 * lattice.lost.shape[1]
    for pair, k, l in np.ndindex(got.shape):  # noqa: E741
        a, b = labels[mine[pair], k] + 8, labels[theirs[pair], l]
        expected = sum(((cost.features[a + d] - cost.features[b + d]) ** 2).sum() for d in (0, down))
        assert got[pair, k, l] == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_a_guess_weighs_its_share_whatever_it_is_sampled_by():
    """One tone against another differs by 1 at each number."""
    lost = np.zeros((40, 40), bool)
    lost[10:26, 10:26] = True
    lattice = lay(lost, patch=8)
    colours = np.zeros((*lattice.lost.shape, 3), np.float32)
    cost = of_pixels(lattice, colours)
    guess = from_afar(lattice, colours, np.ones_like(colours)).worth(0.25, of=cost)
    lost = lattice.lost.ravel()[lattice.at[:, None] + lattice.square.ravel()]
    inner = lattice.at[lost.all(axis=1)]
    label = np.flatnonzero(lattice.whole)[:1]
    got = guess.at_nodes(inner, np.tile(label, (len(inner), 1)))
    assert len(inner)
    assert got.max() == pytest.approx(0.25 * cost.samples, rel=1e-5)
