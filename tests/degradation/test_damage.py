"""Damage by name: laws over every kind, mixtures, and what is refused."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tratteggio.degradation import Mixture, damage_names, draw_damage, make_damage
from tratteggio.degradation.cracks import random_cracks
from tratteggio.errors import BadUsage, UnknownName


@pytest.mark.parametrize("name", damage_names())
@settings(max_examples=15)
@given(rows=st.integers(12, 70), cols=st.integers(12, 70), seed=st.integers(0, 2**32))
def test_every_kind_loses_something_and_never_everything(name, rows, cols, seed):
    lost = draw_damage(make_damage(name), (rows, cols), np.random.default_rng(seed))
    assert lost.shape == (rows, cols)
    assert lost.dtype == np.bool_
    assert lost.flags.writeable
    assert 0 < lost.sum() < lost.size


@pytest.mark.parametrize("name", damage_names())
def test_the_same_seed_gives_the_same_lacunae(name):
    first, second, other = (
        draw_damage(make_damage(name), (64, 64), np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    assert np.array_equal(first, second)
    assert name == "square_centre" or not np.array_equal(first, other)


@pytest.mark.parametrize("name", damage_names())
def test_kinds_travel_to_other_processes(name):
    there = pickle.loads(pickle.dumps(make_damage(name)))
    drawn = [draw_damage(kind, (32, 32), np.random.default_rng(1)) for kind in (there, make_damage(name))]
    assert np.array_equal(*drawn)


@pytest.mark.parametrize("side", [2, 3])
def test_the_smallest_grids_keep_and_lose_a_pixel(side):
    for seed in range(30):
        for kind in ("cracks", "losses", "strokes", "walk_broad", "square_centre", "craquelure"):
            lost = draw_damage(make_damage(kind), (side, side), np.random.default_rng(seed))
            assert 0 < lost.sum() < lost.size


def test_a_mixture_draws_each_kind_as_often_as_it_weighs():
    mixture = Mixture((("square_centre", 1.0), ("walk", 3.0)), twice=0)
    centre = draw_damage(make_damage("square_centre"), (32, 32), np.random.default_rng(0))
    same = [np.array_equal(mixture((32, 32), np.random.default_rng(k)), centre) for k in range(400)]
    assert 70 < sum(same) < 130


def test_a_kind_that_weighs_nothing_is_never_drawn():
    mixture = Mixture((("walk", 0.0), ("square_centre", 1.0)))
    assert {int(mixture((20, 20), np.random.default_rng(k)).sum()) for k in range(50)} == {100}


def test_two_kinds_at_once_lose_more():
    once, twice = (Mixture((("losses", 1.0),), twice=p) for p in (0.0, 1.0))
    lost = [
        [draw_damage(m, (40, 40), np.random.default_rng(k)).sum() for k in range(40)] for m in (once, twice)
    ]
    assert (np.array(lost[1]) >= lost[0]).all()
    assert np.mean(lost[1]) > 1.3 * np.mean(lost[0])


def test_dense_damage_loses_about_half_again_what_mixed_does():
    share = {
        name: np.mean(
            [draw_damage(make_damage(name), (64, 64), np.random.default_rng(k)).mean() for k in range(200)]
        )
        for name in ("mixed", "dense")
    }
    assert 1.3 < share["dense"] / share["mixed"] < 1.9


def test_damage_is_a_name_names_with_weights_or_a_function():
    def everything(grid, rng):
        return np.ones(grid, bool)

    assert make_damage("cracks") is random_cracks
    assert make_damage({"cracks": 1, "losses": 2}) == Mixture((("cracks", 1.0), ("losses", 2.0)))
    assert draw_damage(make_damage(everything), (4, 4), np.random.default_rng(0)).sum() == 15


def test_a_kind_takes_options():
    lost = make_damage("squares:share=0.25,at=middle")((8, 8), np.random.default_rng(0))
    assert lost[2:6, 2:6].all()
    assert lost.sum() == 16
    sparse = make_damage("walk:density=10000,margin=0")
    one, other = (rule((64, 64), np.random.default_rng(3)) for rule in (sparse, make_damage("walk_sparse")))
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("walk:stride=2", UnknownName, "no option of walk named 'stride'"),
        ("walk:stroke=wide", BadUsage, "walk: stroke must be a whole number, got 'wide'"),
        ("square_20:share=0.3", BadUsage, "square_20 takes no options; write square_20 alone"),
        ("bared", BadUsage, "damage bared is now called large_losses"),
        ("noise", UnknownName, "no damage named 'noise'"),
    ],
)
def test_an_option_that_a_kind_does_not_take_is_refused(text, kind, message):
    with pytest.raises(kind, match=message):
        make_damage(text)


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match=r"no damage named 'crack'; did you mean 'cracks'\?"):
        make_damage("crack")
    with pytest.raises(UnknownName, match="no damage named 'lossess'"):
        make_damage({"lossess": 1.0})


@pytest.mark.parametrize(
    "weights", [{}, {"walk": 0.0}, {"walk": -1.0, "cracks": 2.0}, {"walk": np.nan}, {"walk": "much"}]
)
def test_weights_that_cannot_be_are_refused(weights):
    with pytest.raises(BadUsage, match="weight"):
        make_damage(weights)


@pytest.mark.parametrize(
    ("name", "px"),
    [("square_20", 400), ("square_40", 1600), ("square_area_20", 2025), ("square_area_40", 3969)],
)
def test_squares_have_the_area_that_their_reading_of_a_share_says(name, px):
    lost = make_damage(name)((100, 100), np.random.default_rng(0))
    assert lost.sum() == px


@pytest.mark.parametrize(("name", "most"), [("two_squares_20", 800), ("two_squares_area_20", 4050)])
def test_two_squares_lie_independently(name, most):
    areas = [make_damage(name)((100, 100), np.random.default_rng(seed)).sum() for seed in range(40)]
    assert max(areas) == most
    assert min(areas) < most
