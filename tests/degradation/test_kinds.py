"""Kinds of damage: walks against a walker that goes step by step, published shares, published squares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from scipy import ndimage

from tratteggio.degradation.cracks import random_cracks
from tratteggio.degradation.craquelure import _network, random_craquelure
from tratteggio.degradation.losses import random_losses
from tratteggio.degradation.squares import centre_square, random_squares, square_side
from tratteggio.degradation.strokes import Stroke, draw_strokes, random_strokes
from tratteggio.degradation.walk import random_walk, walk
from tratteggio.errors import BadUsage

STEPS = {0: (-1, 0), 1: (0, 1), 2: (1, 0), 3: (0, -1)}


def walked(grid, start, way, stroke, border):
    """Go step by step with a square brush."""
    lost = np.zeros(grid, bool)
    at, sense = list(start), [1, 1]
    before, after = (stroke - 1) // 2, stroke // 2
    for move in [None, *way]:
        step = (0, 0) if move is None else STEPS[int(move)]
        for axis in (0, 1):
            to = at[axis] + sense[axis] * step[axis]
            if border == "wall" and not 0 <= to < grid[axis]:
                sense[axis] = -sense[axis]
            else:
                at[axis] = to
        top, left = max(at[0] - before, 0), max(at[1] - before, 0)
        lost[top : max(at[0] + after + 1, 0), left : max(at[1] + after + 1, 0)] = True
    return lost


def shares(draw, count=60):
    return np.array([draw(np.random.default_rng(seed)).mean() for seed in range(count)])


@settings(max_examples=80)
@given(
    way=nps.arrays(np.uint8, st.integers(0, 120), elements=st.integers(0, 3)),
    grid=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    stroke=st.integers(1, 4),
    border=st.sampled_from(["open", "wall"]),
    data=st.data(),
)
def test_a_walk_loses_what_a_walker_visits_step_by_step(way, grid, stroke, border, data):
    start = tuple(data.draw(st.integers(0, side - 1)) for side in grid)
    got = walk(grid, start, way, stroke=stroke, border=border)
    assert np.array_equal(got, walked(grid, start, way, stroke, border))


def test_a_walk_that_left_comes_back_where_the_border_is_open():
    there_and_back = np.array([0, 0, 0, 1, 2, 2, 2])
    assert walk((4, 4), (1, 1), there_and_back).sum() == 4
    assert walk((4, 4), (1, 1), there_and_back[:4]).sum() == 2


def test_walks_have_the_shares_of_the_published_ones():
    """50,000 steps on 256: 0.107 +- 0.046; 10,000: 0.032 +- 0.014; 512^2 within walls: 0.18 +- 0.03."""
    poster = shares(lambda rng: random_walk((256, 256), rng), 300)
    assert abs(poster.mean() - 0.107) < 0.01
    assert abs(poster.std() - 0.046) < 0.01
    official = shares(lambda rng: random_walk((256, 256), rng, density=10_000, margin=0), 300)
    assert abs(official.mean() - 0.032) < 0.003
    assert abs(official.std() - 0.014) < 0.003
    walled = shares(lambda rng: random_walk((512, 512), rng, density=256**2, border="wall", margin=0), 30)
    assert abs(walled.mean() - 0.18) < 0.015


def test_walks_keep_their_share_on_other_grids():
    assert abs(shares(lambda rng: random_walk((128, 200), rng)).mean() - 0.107) < 0.025


def test_a_stroke_is_as_wide_as_it_says_and_ends_round():
    points = np.array([[20.0, 10.0], [20.0, 50.0]])
    lost = draw_strokes((40, 60), [Stroke(points, 9)])
    assert lost[:, 30].sum() in (9, 10)
    assert lost[20, 6]
    assert not lost[16, 6]
    assert draw_strokes((40, 60), [Stroke(points, 1)]).sum() == 41


def test_cracks_are_long_and_thin():
    """Half the width of a crack is at most that of its widest part; its length is many widths."""
    for seed in range(20):
        lost = random_cracks((160, 160), np.random.default_rng(seed))
        depth = ndimage.distance_transform_edt(np.pad(lost, 1, mode="edge"))
        assert depth.max() <= 5
        assert np.median(depth[depth > 0]) <= 2.3
    assert 0.01 < shares(lambda rng: random_cracks((160, 160), rng)).mean() < 0.1


def test_a_piece_of_craquelure_has_the_bits_of_the_whole_network():
    """A kept sheet is the fast path of reading the network at a place."""
    grid = (64, 48)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        number, corner = int(rng.integers(12)), rng.integers(0, 769 - np.array(grid))
        from tratteggio.painting import Region

        alone = _network(number, Region(0, 0, *grid).shift(*corner.tolist()))
        lost = random_craquelure(grid, np.random.default_rng(seed))
        assert any(np.array_equal(lost, turned) for turned in (alone, alone[::-1, ::-1]))


def test_craquelure_larger_than_a_sheet_is_made_at_its_own_size():
    assert random_craquelure((20, 800), np.random.default_rng(1)).shape == (20, 800)


def test_losses_keep_to_their_share_and_lie_in_islands():
    drawn = shares(lambda rng: random_losses((96, 96), rng, share=(0.05, 0.2)))
    assert drawn.min() > 0.045
    assert drawn.max() < 0.205
    lost = random_losses((128, 128), np.random.default_rng(3), share=(0.1, 0.11))
    assert ndimage.label(lost)[1] < 0.1 * lost.sum()


def test_strokes_cover_about_a_tenth():
    assert 0.05 < shares(lambda rng: random_strokes((128, 128), rng)).mean() < 0.2


@pytest.mark.parametrize(
    ("share", "reading", "area"),
    [(0.2, "side", 400), (0.4, "side", 1600), (0.2, "area", 2025), (0.4, "area", 3969)],
)
def test_squares_have_the_published_areas_in_both_readings(share, reading, area):
    """vae-inpainting sheet: 100 x 100 pixels."""
    assert square_side((100, 100), share, reading=reading) ** 2 == area
    for seed in range(20):
        lost = random_squares((100, 100), np.random.default_rng(seed), share=share, reading=reading)
        assert lost.sum() == area


@pytest.mark.parametrize("reading", ["area", "side"])
@pytest.mark.parametrize("share", [1.2, 0.0, -0.1])
def test_a_square_larger_than_the_picture_or_none_is_refused(share, reading):
    with pytest.raises(BadUsage, match=f"100 % of the {reading} of 9 x 12 pixels, got"):
        random_squares((9, 12), np.random.default_rng(0), share=share, reading=reading)


def test_squares_reach_every_corner_of_the_grid():
    lost = sum(random_squares((9, 9), np.random.default_rng(k), share=0.7, reading="side") for k in range(80))
    assert (lost > 0).all()


def test_several_squares_may_overlap():
    drawn = [
        random_squares((100, 100), np.random.default_rng(k), share=0.2, count=2, reading="side").sum()
        for k in range(60)
    ]
    assert max(drawn) == 800
    assert min(drawn) < 800


def test_the_square_in_the_middle_is_the_same_from_all_sides():
    lost = centre_square((40, 60), np.random.default_rng(0), share=0.5, reading="side")
    assert lost.sum() == 400
    assert np.array_equal(lost, lost[::-1, ::-1])
