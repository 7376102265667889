"""Which labels come into question, against comparing everything in a loop."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.patches import search
from tratteggio.patches.cost import from_afar, of_pixels
from tratteggio.patches.lattice import lay


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    lost = np.zeros((26, 30), bool)
    lost[8:15, 10:18] = True
    lattice = lay(lost, patch=6)
    colours = lattice.with_border(rng.random((26, 30, 3)).astype(np.float32))
    return lattice, colours, of_pixels(lattice, colours)


def test_strength_of_texture_is_the_mean_square_of_the_steps_within_a_patch(case):
    lattice, colours, _ = case
    own = search.textures(lattice, colours).own
    tone, width = colours.mean(axis=2), lattice.lost.shape[1]
    for label in np.flatnonzero(lattice.whole)[::17]:
        row, col = divmod(label, width)
        # Steps that begin in the patch, as far as they end on known paint.
        steps = [
            (tone[r + down, c + right] - tone[r, c]) ** 2
            for r in range(row, row + 6)
            for c in range(col, col + 6)
            for down, right in ((1, 0), (0, 1))
            if lattice.inside[r + down, c + right] and not lattice.lost[r + down, c + right]
        ]
        assert own[label] == pytest.approx(np.log(np.mean(steps) + search.FLAT), rel=1e-4)


def test_every_node_gets_the_cheapest_of_all_labels(case):
    lattice, colours, cost = case
    texture = search.textures(lattice, colours)
    every = np.flatnonzero(lattice.whole)
    labels = search.compare_all(lattice, [cost], texture, keep=7)
    all_costs = cost.at_nodes(lattice.at, np.tile(every, (len(lattice.at), 1)))
    all_costs += search.TEXTURE * cost.samples * texture.differ(lattice.at, every)
    got = np.take_along_axis(all_costs, np.searchsorted(every, labels), axis=1)
    assert_allclose(np.sort(got, axis=1), np.sort(all_costs, axis=1)[:, :7], rtol=1e-3, atol=1e-3)
    assert_array_equal(every[np.searchsorted(every, labels)], labels)


def test_labels_are_repeated_where_there_are_fewer_than_are_kept():
    lost = np.ones((6, 20), bool)
    lost[:, :7] = False  # two places for a patch of 6
    lattice = lay(lost, patch=6)
    colours = lattice.with_border(np.random.default_rng(0).random((6, 20, 1)).astype(np.float32))
    labels = search.compare_all(
        lattice, [of_pixels(lattice, colours)], search.textures(lattice, colours), keep=5
    )
    assert labels.shape == (len(lattice.at), 5)
    assert set(labels.ravel()) == set(np.flatnonzero(lattice.whole))


def test_fewer_keeps_the_cheapest_each_once():
    labels = np.array([[4, 9, 4, 2, 9, 7]])
    costs = np.array([[1, 5, 1, 3, 5, 4]], np.float32)
    assert_array_equal(search.fewer(labels, costs, keep=4), [[0, 3, 5, 1]])


def test_labels_of_a_coarse_level_lead_to_the_same_place_of_a_finer_one():
    """A coarse label some pixels off its node is tried twice as many pixels off, and around, where whole."""
    lost = np.zeros((64, 64), bool)
    lost[24:40, 24:40] = True
    fine, coarse = lay(lost, patch=8), lay(lost[::2, ::2], patch=8)
    offset = -12 * coarse.lost.shape[1]  # 12 rows up
    chosen = np.full((len(coarse.at), 3), 0) + (coarse.at + offset)[:, None]
    usable = coarse.whole.ravel()[chosen[:, 0]]
    labels = search.from_coarse(fine, coarse, chosen)
    assert usable.any()
    assert fine.whole.ravel()[labels].all()
    wanted = fine.at - 24 * fine.lost.shape[1]
    there = fine.whole.ravel()[np.clip(wanted, 0, fine.lost.size - 1)] & (wanted >= 0)
    assert there.any()
    assert (labels == wanted[:, None]).any(axis=1)[there].all()


def test_costs_to_compare_all_labels_by_are_added_up(case):
    lattice, colours, cost = case
    texture = search.textures(lattice, colours)
    guess = from_afar(lattice, colours, np.full_like(colours, 0.5)).worth(3, of=cost)
    every = np.flatnonzero(lattice.whole)
    sums = sum(one.at_nodes(lattice.at, np.tile(every, (len(lattice.at), 1))) for one in (cost, guess))
    sums += search.TEXTURE * cost.samples * texture.differ(lattice.at, every)
    labels = search.compare_all(lattice, [cost, guess], texture, keep=1)
    got = np.take_along_axis(sums, np.searchsorted(every, labels), axis=1)
    assert_allclose(got[:, 0], sums.min(axis=1), rtol=1e-3)
    alone = search.compare_all(lattice, [cost], texture, keep=1)
    assert (alone != labels).any()
