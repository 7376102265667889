"""Places, search and vote against brute force."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.patches import voting


def case(rows: int = 40, cols: int = 44, seed: int = 0):
    rng = np.random.default_rng(seed)
    picture = rng.random((rows, cols, 3)).astype(np.float32)
    lost = np.zeros((rows, cols), bool)
    lost[14:22, 15:27] = True
    void = np.zeros_like(lost)
    void[:, -6:] = True
    return picture, lost, void, voting.ground(lost, void)


def test_places_cover_all_that_is_lost_and_labels_are_whole_patches():
    _, lost, void, ground = case()
    width, reach = ground.shape[1], voting.REACH
    covered = np.zeros(ground.shape, bool)
    for at in ground.at:
        row, col = divmod(int(at), width)
        covered[row - reach : row + reach + 1, col - reach : col + reach + 1] = True
    assert covered[ground.lost].all()
    unknown = np.pad(lost | void, reach, constant_values=True)
    for row, col in zip(*np.nonzero(ground.whole.reshape(ground.shape)), strict=True):
        assert not unknown[row - reach : row + reach + 1, col - reach : col + reach + 1].any()


def test_search_of_all_finds_the_nearest_patch():
    picture, _, _, ground = case()
    wide = voting.bordered(picture)
    labels, least = voting.search_all(ground, wide)
    seen, start = voting.patches_of(ground, wide), voting.first(ground)
    known = np.flatnonzero(ground.whole)
    for at, label, paid in list(zip(ground.at, labels, least, strict=True))[::7]:
        apart = ((seen[known - start] - seen[at - start]) ** 2).sum(axis=(1, 2, 3))
        assert paid == pytest.approx(apart.min(), rel=1e-4)
        assert known[apart.argmin()] == label


def test_looking_on_never_makes_a_label_worse_and_mostly_finds_the_nearest():
    picture, _, _, ground = case()
    wide = voting.bordered(np.kron(picture[::4, ::4], np.ones((4, 4, 1)))[:40, :44].astype(np.float32))
    known, rng = np.flatnonzero(ground.whole), np.random.default_rng(1)
    labels = rng.choice(known, len(ground.at))
    seen, start = voting.patches_of(ground, wide), voting.first(ground)
    wanted = seen[ground.at - start].reshape(len(labels), -1)
    before = voting.differences(seen, wanted, labels - start)
    for _ in range(6):
        labels, least = voting.search_on(ground, wide, labels, rng)
    assert ground.whole[labels].all()
    # A neighbour's find counts for a little more than it is worth, so single places may lose by that.
    assert (least <= before / voting.ALONG + 1e-6).all()
    assert least.mean() < 0.5 * before.mean()


def test_a_vote_is_the_weighted_mean_of_what_patches_say():
    picture, _, _, ground = case()
    wide = voting.bordered(picture)
    labels, least = voting.search_all(ground, wide)
    voted = voting.vote(ground, wide, labels, least)
    spread = np.quantile(least, 0.75) * voting.SHARP + 1e-6
    row, col = np.argwhere(ground.lost)[17]
    total, count = np.zeros(3), 0.0
    for at, label, paid in zip(ground.at, labels, least, strict=True):
        down, right = row - at // ground.shape[1], col - at % ground.shape[1]
        if max(abs(down), abs(right)) <= voting.REACH:
            weight = np.exp(-paid / (2 * spread)) * voting.FALL ** -min(ground.depth.ravel()[at], 60)
            total += weight * wide[label // ground.shape[1] + down, label % ground.shape[1] + right]
            count += weight
    assert_allclose(voted[row, col], total / count, rtol=1e-4)
    assert_array_equal(voted[~ground.lost], wide[~ground.lost])


def test_a_structure_pulls_broad_tones_near_the_rim():
    picture, _, _, ground = case()
    wide = voting.bordered(picture)
    led = voting.lead(ground, wide, wide + np.float32(1), share=0.5)
    assert_array_equal(led[~ground.lost], wide[~ground.lost])
    moved = (led - wide)[ground.lost]
    assert (moved > 0).all()
    assert moved.max() < 0.5


def test_labels_carried_to_a_finer_level_lead_to_the_same_paint():
    picture, lost, void, fine = case(40, 44)
    coarse_lost = lost.reshape(20, 2, 22, 2).all(axis=(1, 3))
    coarse_void = void.reshape(20, 2, 22, 2).any(axis=(1, 3))
    ground = voting.ground(coarse_lost, coarse_void)
    small = voting.bordered(picture[::2, ::2])
    labels, _ = voting.search_all(ground, small)
    found = voting.carried(fine, voting.Guess(ground, small, labels))
    assert fine.whole[found].all()
    shifts = {
        tuple(np.subtract(divmod(int(b), 28), divmod(int(a), 28)))
        for a, b in zip(ground.at, labels, strict=True)
    }
    near = [
        min(max(abs(down - 2 * r), abs(right - 2 * c)) for r, c in shifts)
        for down, right in (
            np.subtract(divmod(int(b), fine.shape[1]), divmod(int(a), fine.shape[1]))
            for a, b in zip(fine.at, found, strict=True)
        )
    ]
    assert np.median(near) <= 2
