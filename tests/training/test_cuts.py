"""Where patches lie, and how they are taken out of a picture."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.distance import pdist

from tratteggio.training.cuts import CANDIDATES, SWEEPS, Cut, cut, maximin

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (90, 110, 3), dtype=np.uint8)


def farthest_by_hand(places, count):
    """From the definition: take, then move, to where the nearest of the others is farthest."""
    chosen = [0]

    def farthest(others):
        nearest = [min((a - c) ** 2 + (b - d) ** 2 for c, d in others) for a, b in places]
        return max(range(len(places)), key=lambda k: nearest[k])

    while len(chosen) < count:
        chosen.append(farthest([places[c] for c in chosen]))
    for _ in range(SWEEPS):
        for k in range(count):
            chosen[k] = farthest([places[c] for n, c in enumerate(chosen) if n != k])
    return [places[c] for c in chosen]


def rejected(grid, side, count, least, rng, *, tries=20_000):
    """The seed's way: centres by chance, each at least so far from all before; may never end."""
    corners = []
    for _ in range(tries):
        corner = rng.integers(0, np.array(grid) - side + 1)
        if all(math.dist(corner, other) >= least for other in corners):
            corners.append(corner)
        if len(corners) == count:
            break
    return corners


def test_each_patch_is_the_farthest_from_the_others():
    got = maximin((90, 70), side=20, count=6, rng=np.random.default_rng(3))
    places = np.random.default_rng(3).integers(0, (71, 51), (CANDIDATES, 2))
    assert got.tolist() == farthest_by_hand(places.tolist(), 6)


@pytest.mark.parametrize("seed", range(12))
def test_patches_lie_at_least_as_far_apart_as_those_of_the_seed(seed):
    """25 of 256 on 500 x 800: the seed draws centres anew that are closer than 70, at times for ever."""
    ours = pdist(maximin((500, 800), side=256, count=25, rng=np.random.default_rng(seed))).min()
    theirs = pdist(rejected((500, 800), 256, 25, 70, np.random.default_rng(seed))).min()
    assert ours >= max(70, theirs)


@settings(max_examples=60)
@given(rows=st.integers(1, 300), cols=st.integers(1, 300), count=st.integers(1, 30), seed=st.integers(0, 99))
def test_patches_lie_within_the_picture_or_hold_all_of_it(rows, cols, count, seed):
    corners = maximin((rows, cols), side=64, count=count, rng=np.random.default_rng(seed))
    assert corners.shape == (count, 2)
    for size, first in zip((rows, cols), corners.T, strict=True):
        if size >= 64:
            assert first.min() >= 0
            assert first.max() <= size - 64
        else:
            assert set(first) == {(size - 64) // 2}


def test_257_pixels_give_25_patches_of_256():
    corners = maximin((257, 257), side=256, count=25, rng=np.random.default_rng(0))
    assert {tuple(corner) for corner in corners.tolist()} == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_an_upright_patch_is_the_picture_itself():
    truth, seen = cut(PICTURE, Cut(7, 11), side=40)
    assert truth.dtype == np.float32
    assert np.array_equal(np.rint(truth * 255), PICTURE[7:47, 11:51].transpose(2, 0, 1))
    assert seen.all()


def test_a_flipped_patch_is_its_mirror_image():
    (truth, seen), (mirrored, _) = (
        cut(PICTURE, Cut(7, 11, flipped, 0), side=40) for flipped in (False, True)
    )
    assert np.array_equal(truth[..., ::-1], mirrored)
    assert seen.all()


@pytest.mark.parametrize("degrees", [-30.0, -7.5, 12.0, 30.0])
@pytest.mark.parametrize("flipped", [False, True])
def test_a_turned_patch_is_interpolated_once_as_scipy_does(degrees, flipped):
    side, top, left = 30, 28, 35
    truth, _ = cut(PICTURE, Cut(top, left, flipped, degrees), side=side)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    matrix, half = np.array([[cos, sin], [-sin, cos]]), (side - 1) / 2
    offset = np.array([top, left]) + half - matrix @ [half, half]
    for plane, channel in zip(truth, np.moveaxis(PICTURE, -1, 0), strict=True):
        wanted = ndimage.affine_transform(channel.astype(float), matrix, offset, (side, side), order=1)
        assert np.allclose(plane * 255, wanted[:, ::-1] if flipped else wanted, atol=1e-3)


def test_positive_degrees_turn_anticlockwise():
    picture = np.zeros((41, 41, 1), np.uint8)
    picture[20, 30] = 255  # right of the middle
    truth, _ = cut(picture, Cut(0, 0, degrees=30.0), side=41)
    row, col = np.unravel_index(truth[0].argmax(), (41, 41))
    assert (row, col) == (15, 29)  # higher up


def test_corners_that_are_turned_in_are_not_seen_but_hold_what_the_picture_holds():
    side, degrees = 30, 30.0
    truth, seen = cut(PICTURE, Cut(28, 35, degrees=degrees), side=side)
    assert not seen[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    # Two squares about one middle share 2 / (1 + sin + cos) of their area, turned by 30 degrees.
    share = 2 / (1 + math.sin(math.radians(degrees)) + math.cos(math.radians(degrees)))
    assert abs(seen.mean() - share) < 0.02
    assert truth[:, ~seen].std() > 0.1


def test_beyond_the_picture_nothing_is_seen_and_truth_is_its_mirror_image():
    picture = PICTURE[:10, :60]
    truth, seen = cut(picture, Cut(-6, 5), side=22)
    assert seen[6:16].all()
    assert not seen[:6].any()
    assert not seen[16:].any()
    assert np.array_equal(truth[:, 6:12], truth[:, 5::-1])


@settings(max_examples=60)
@given(
    grid=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    side=st.integers(2, 48),
    degrees=st.sampled_from([0.0, -30.0, 3.0, 45.0]),
    seed=st.integers(0, 9),
)
def test_any_patch_of_any_picture_is_finite_and_within_0_and_1(grid, side, degrees, seed):
    corner = maximin(grid, side=side, count=3, rng=np.random.default_rng(seed))[2].tolist()
    truth, seen = cut(PICTURE[: grid[0], : grid[1]], Cut(*corner, True, degrees), side=side)
    assert truth.shape == (3, side, side)
    assert truth.min() >= 0
    assert truth.max() <= 1
    assert seen.shape == (side, side)
