"""Search and vote against brute force."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.patches import voting
from tratteggio.patches.places import REACH, find_places, with_border
from tratteggio.patches.traits import traits_of


def case(seed: int = 0, *, grain: int = 1, stride: int = 2, scale: int = 1):
    rng = np.random.default_rng(seed)
    picture = np.kron(rng.random((40 // grain, 44 // grain, 3)), np.ones((grain, grain, 1)))[::scale, ::scale]
    lost, void = np.zeros((40, 44), bool), np.zeros((40, 44), bool)
    lost[14:22, 15:27] = True
    void[:, -6:] = True
    places = find_places(lost[::scale, ::scale], void[::scale, ::scale], stride=stride)
    wide = with_border(picture)
    window = places.lost.shape[0] - 2 * REACH, places.lost.shape[1] - 2 * REACH
    return wide, places, traits_of(places, wide, wide, factor=1, window=window)


def test_search_of_all_finds_the_nearest_source():
    picture, places, traits = case()
    wanted = traits.of_places(places, picture)
    labels, least = voting.search_all(traits, wanted)
    apart = ((traits.known[None] - wanted[:, None]) ** 2).sum(axis=2)
    assert_array_equal(labels, traits.sources[apart.argmin(axis=1)])
    assert_allclose(least, apart.min(axis=1), rtol=1e-3)


def test_chance_draws_among_the_likeliest():
    picture, places, traits = case()
    wanted = traits.of_places(places, picture)
    labels, _ = voting.search_all(traits, wanted, chance=np.random.default_rng(3))
    apart = ((traits.known[None] - wanted[:, None]) ** 2).sum(axis=2)
    ranks = apart.argsort(axis=1).argsort(axis=1)
    row_of = {int(source): number for number, source in enumerate(traits.sources)}
    drawn = np.array([ranks[n, row_of[int(label)]] for n, label in enumerate(labels)])
    assert set(drawn) == set(range(voting.LIKELY))


def test_looking_on_never_makes_a_label_worse_and_mostly_finds_the_nearest():
    picture, places, traits = case(grain=4)
    rng, wanted = np.random.default_rng(1), traits.of_places(places, picture)
    start = rng.integers(len(traits.sources), size=len(places.at))
    before = ((traits.known[start] - wanted) ** 2).sum(axis=1)
    labels = traits.sources[start]
    for _ in range(6):
        labels, least = voting.search_on(places, traits, wanted, labels, rng)
    assert places.whole.ravel()[labels].all()
    # A neighbour's find counts for a little more than it is worth, so single places may lose by that.
    assert (least <= before / voting.ALONG + 1e-4).all()
    assert least.mean() < 0.5 * before.mean()


def brute(places, labels, row, col):
    """Yield (number, row, column) of what each patch on a pixel says it is."""
    for number, (at, label) in enumerate(zip(places.at, labels, strict=True)):
        down, right = row - at // places.width, col - at % places.width
        if max(abs(down), abs(right)) <= REACH:
            yield number, label // places.width + down, label % places.width + right


@pytest.mark.parametrize("stride", [1, 2])
def test_a_vote_is_the_weighted_mean_of_what_patches_say(stride):
    picture, places, traits = case(stride=stride)
    labels, least = voting.search_all(traits, traits.of_places(places, picture))
    weight = voting.trust(places, least)
    voted = voting.vote(places, picture, labels, weight)
    row, col = np.argwhere(places.lost)[17]
    said = [(weight[n], picture[r, c]) for n, r, c in brute(places, labels, row, col)]
    mean = sum(w * p for w, p in said) / sum(w for w, _ in said)
    assert_allclose(voted[row, col], mean, rtol=1e-4)
    assert_array_equal(voted[~places.lost], picture[~places.lost])


@pytest.mark.parametrize("stride", [1, 2])
def test_the_source_is_elected_on_which_most_patches_agree(stride):
    picture, places, traits = case(stride=stride, grain=4)
    labels, least = voting.search_all(traits, traits.of_places(places, picture))
    weight = voting.trust(places, least)
    shifts = voting.elected(places, labels, weight)
    for number in range(0, len(places.pixels), 5):
        row, col = divmod(int(places.pixels[number]), places.width)
        votes: dict[int, float] = {}
        for n, r, c in brute(places, labels, row, col):
            shift = (r - row) * places.width + c - col
            votes[shift] = votes.get(shift, 0) + float(weight[n])
        assert votes[int(shifts[number])] == pytest.approx(max(votes.values()), rel=1e-5)
    chosen = voting.elect(places, picture, labels, weight)
    flat = picture.reshape(-1, 3)
    assert_array_equal(chosen.reshape(-1, 3)[places.pixels], flat[places.pixels + shifts])


def test_labels_carried_to_a_finer_level_lead_to_the_same_paint():
    small, coarse, traits = case(stride=1, scale=2)
    labels, least = voting.search_all(traits, traits.of_places(coarse, small))
    _, fine, _ = case()
    found = voting.carried(fine, voting.Guess(coarse, small, labels, least))
    assert fine.whole.ravel()[found].all()
    shifts = np.stack(np.divmod(labels, coarse.width)) - np.stack(np.divmod(coarse.at, coarse.width))
    moved = np.stack(np.divmod(found, fine.width)) - np.stack(np.divmod(fine.at, fine.width))
    near = np.abs(moved[:, :, None] - 2 * shifts[:, None, :]).max(axis=0).min(axis=1)
    assert np.median(near) <= 2
