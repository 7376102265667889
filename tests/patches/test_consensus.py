"""Pruning and message passing on lattices so small that all choices can be tried."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tratteggio.patches.consensus import UNCERTAIN, WARMTH, Asked, Pruned, agree, disturb, prune
from tratteggio.patches.lattice import CORNERS, SIDES, Lattice


class Table:
    """Costs between labels, read off a table [label above or on the left, label below or on the right]."""

    samples = 1

    def __init__(self, pairs: np.ndarray) -> None:
        self.pairs = pairs.astype(np.float32)

    def between(self, mine, theirs, side):
        mine, theirs = mine[:, :, None], theirs[:, None, :]
        return self.pairs[theirs, mine] if side % 2 == 0 else self.pairs[mine, theirs]


def lattice_of(rows: int, cols: int) -> Lattice:
    """Nodes in a rectangle, rows x cols, on a grid where no patch is whole: labels are mere names."""
    places = {place: number for number, place in enumerate(np.ndindex(rows, cols))}
    around = [[places.get((r + d, c + e), -1) for d, e in SIDES + CORNERS] for r, c in places]
    nodes = np.array(list(places))
    nothing = np.zeros((2 * rows + 4, 2 * cols + 4), bool)
    return Lattice(
        patch=4,
        border=((2, 2), (2, 2)),
        lost=nothing,
        inside=nothing,
        whole=nothing,
        rows=nodes[:, 0],
        cols=nodes[:, 1],
        at=2 * nodes[:, 0] * nothing.shape[1] + 2 * nodes[:, 1],
        around=np.array(around),
        number=np.arange(rows * cols).reshape(rows, cols),
    )


def free(nodes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Price of what no test asks for: nothing."""
    return np.zeros(labels.shape, np.float32)


def pruned_of(
    lattice, table, names, costs, *, keep: int, seed: int = 0, blind: tuple[int, ...] = ()
) -> Pruned:
    asked = Asked(names, costs, fits=costs, blind=np.isin(np.arange(len(costs)), blind))
    return prune(lattice, table, free, asked, keep=keep, rng=np.random.default_rng(seed))


def plain_energy(lattice, table, costs, choice) -> float:
    """Sum node by node and pair by pair; label k is k at every node."""
    total = sum(costs[node, choice[node]] for node in range(len(choice)))
    for node in range(len(choice)):
        for side in (1, 3):
            other = lattice.around[node, side]
            if other >= 0:
                total += table.pairs[choice[node], choice[other]]
    return float(total)


def random_case(seed: int, *, shape=(2, 3), labels=3):
    """Costs of the size that patches of paint have: WARMTH is the unit."""
    rng = np.random.default_rng(seed)
    lattice = lattice_of(*shape)
    costs = (rng.random((len(lattice.at), labels)) * 10 * WARMTH).astype(np.float32)
    table = Table(rng.random((labels, labels)) * 10 * WARMTH)
    names = np.tile(np.arange(labels), (len(costs), 1))
    return lattice, table, names, costs


def test_what_is_agreed_is_near_the_least_energy_of_all_choices():
    """729 choices each; on the way to the least energy from what each node would choose by itself."""
    begun, left, exact = 0.0, 0.0, 0
    for seed in range(40):
        lattice, table, names, costs = random_case(seed)
        agreed = agree(lattice, table, Pruned(names, costs, np.zeros(len(costs), int)))
        got = plain_energy(lattice, table, costs, agreed.order[:, 0])
        first = plain_energy(lattice, table, costs, costs.argmin(axis=1))
        least = min(
            plain_energy(lattice, table, costs, choice)
            for choice in itertools.product(range(3), repeat=len(costs))
        )
        assert least - 1e-9 <= got <= first + 1e-9
        begun, left, exact = begun + first - least, left + got - least, exact + (got - least < 1e-9)
    assert left < begun / 3
    assert exact >= 20


def test_a_node_hears_all_its_neighbours_together():
    """Each neighbour alone would be outvoted: three of them together turn the fourth's choice."""
    lattice = lattice_of(2, 2)
    costs = np.array([[3, 0], [0, 9], [0, 9], [0, 9]], np.float32) * WARMTH * 10
    table = Table(np.array([[0, 2], [2, 0]]) * WARMTH * 10)
    names = np.tile(np.arange(2), (4, 1))
    agreed = agree(lattice, table, Pruned(names, costs, np.zeros(4, int)))
    assert agreed.order[0, 0] == 0  # 3 for itself against 2 + 2; one neighbour's 2 would not do


def test_energies_are_those_of_the_node_and_beside_what_its_neighbours_believe():
    lattice = lattice_of(1, 2)
    costs = np.array([[0, 50], [0, 50]], np.float32) * WARMTH
    table = Table(np.array([[3, 1], [2, 0]]) * WARMTH)
    agreed = agree(lattice, table, Pruned(np.tile(np.arange(2), (2, 1)), costs, np.zeros(2, int)))
    assert_array_equal(agreed.order[:, 0], 0)
    assert agreed.energies[:, 0] == pytest.approx(3 * WARMTH, rel=1e-3)


def test_a_node_alone_keeps_its_cheapest_labels_in_order():
    lattice = lattice_of(1, 1)
    costs = np.array([[5, 1, 4, 2, 3]], np.float32)
    pruned = pruned_of(lattice, Table(np.zeros((5, 5))), np.arange(5)[None], costs, keep=3)
    assert_array_equal(pruned.labels, [[1, 3, 4]])
    assert_array_equal(pruned.costs, [[1, 2, 3]])


def test_a_sure_node_goes_first_and_tells_its_neighbours_labels_apart():
    """The second node cannot choose by itself; beside the first only label 2 costs nothing."""
    lattice = lattice_of(1, 2)
    far = 100 * UNCERTAIN
    costs = np.array([[far, 0, far, far], [0, 0, 0, 0]], np.float32)
    pairs = np.full((4, 4), far)
    pairs[1, 2] = 0
    pruned = pruned_of(lattice, Table(pairs), np.tile(np.arange(4), (2, 1)), costs, keep=1)
    assert_array_equal(pruned.wave, [0, 1])
    assert_array_equal(pruned.labels, [[1], [2]])


@pytest.mark.parametrize("seed", range(5))
def test_neighbours_are_never_visited_together_and_all_are(seed):
    lattice, table, names, costs = random_case(seed, shape=(5, 6), labels=4)
    pruned = pruned_of(lattice, table, names, costs, keep=2, seed=seed)
    assert (pruned.wave >= 0).all()
    for node, around in enumerate(lattice.around):
        assert (pruned.wave[around[around >= 0]] != pruned.wave[node]).all()


def test_a_node_considers_what_a_visited_neighbours_label_runs_on_to():
    """The node on the right knows only bad labels; 2 pixels on from its neighbour's lies a good one."""
    lattice = lattice_of(1, 2)
    whole = lattice.whole.copy()
    whole[3, 1] = whole[3, 3] = True  # flat 25 and 27
    lattice = replace(lattice, whole=whole)
    far = 100 * UNCERTAIN
    pairs = np.full((30, 30), far)
    pairs[25, 27] = 0
    labels, costs = np.array([[25, 0], [1, 2]]), np.array([[0, far], [far, far]], np.float32)
    pruned = pruned_of(lattice, Table(pairs), labels, costs, keep=1)
    assert_array_equal(pruned.wave, [0, 1])
    assert_array_equal(pruned.labels, [[25], [27]])
    assert_array_equal(pruned.costs, 0)


def test_a_node_that_has_only_guessed_waits_for_a_neighbour_however_certain():
    """In a row of four the middle two are sure of label 0, the ends of none, but only the ends see paint."""
    lattice, far = lattice_of(1, 4), 100 * UNCERTAIN
    costs = np.array([[0, 0], [0, far], [0, far], [0, 0]], np.float32)
    table, names = Table(np.zeros((2, 2))), np.tile(np.arange(2), (4, 1))
    seeing = pruned_of(lattice, table, names, costs, keep=1)
    waiting = pruned_of(lattice, table, names, costs, keep=1, blind=(1, 2))
    assert seeing.wave[[1, 2]].min() == 0
    assert_array_equal(waiting.wave[[0, 3]], 0)
    assert (waiting.wave[[1, 2]] > 0).all()


def test_where_every_node_has_only_guessed_one_must_begin():
    lattice, costs = lattice_of(2, 3), np.zeros((6, 2), np.float32)
    names = np.tile(np.arange(2), (6, 1))
    pruned = pruned_of(lattice, Table(np.zeros((2, 2))), names, costs, keep=1, blind=tuple(range(6)))
    assert (pruned.wave >= 0).all()


def test_disturbed_nodes_that_stand_alone_choose_as_often_as_they_believe():
    lattice, table, names, _ = random_case(0, shape=(1, 1))
    costs = np.array([[0.0, 0.5, 1.5]], np.float32) * WARMTH
    pruned, chance = Pruned(names, costs, np.zeros(1, int)), np.random.default_rng(0)
    drawn = [agree(lattice, table, disturb(pruned, table, chance=chance)).order[0, 0] for _ in range(3000)]
    belief = np.exp(-costs[0] / WARMTH)
    np.testing.assert_allclose(np.bincount(drawn) / 3000, belief / belief.sum(), atol=0.03)


def test_disturbed_nodes_still_mind_their_neighbours():
    """Where equal labels go together, nodes choose the same one more often than by chance, 1 in 3."""
    lattice, _, names, _ = random_case(0, shape=(1, 2))
    table = Table(2 * WARMTH * (1 - np.eye(3)))
    pruned = Pruned(names, np.zeros((2, 3), np.float32), np.arange(2))
    chance = np.random.default_rng(0)
    drawn = [agree(lattice, table, disturb(pruned, table, chance=chance)).order[:, 0] for _ in range(500)]
    assert np.mean([one == other for one, other in drawn]) > 0.45
