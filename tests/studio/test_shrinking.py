"""A preview at a smaller size: what is shrunk comes back in its place."""

import numpy as np
import pytest

from tratteggio.painting import Lacunae, Scan, Stack
from tratteggio.studio.shrinking import grow_confidence, grow_fill, shrink_lacunae, shrink_stack, step_of


@pytest.mark.parametrize("step", [1, 2, 4])
@pytest.mark.parametrize("shape", [(40, 50), (41, 53), (3, 5), (1, 1)])
def test_a_slope_survives_the_way_down_and_up(step, shape):
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    array = np.stack([100.0 + rows, 100.0 + 2 * cols, np.full(shape, 7.0)], axis=-1).astype(np.float32)
    scan = Scan(array)
    small = shrink_stack(Stack((scan,)), step).primary
    lost = shrink_lacunae(Lacunae(np.ones(shape, bool)), step).read()
    assert lost.shape == small.grid
    grown = grow_fill(small.pixels, lost, scan, step)
    inner = (slice(step, -step), slice(step, -step)) if min(shape) > 9 * step else (slice(0, 0),)
    assert grown.shape == array.shape
    assert np.allclose(grown[inner], array[inner], atol=1e-3)


def test_a_block_is_lost_if_any_pixel_of_it_is():
    lost = np.zeros((10, 10), bool)
    lost[3, 5] = True
    small = shrink_lacunae(Lacunae(lost), 4).read()
    assert small.tolist() == [[False, True, False], [False] * 3, [False] * 3]


def test_what_is_known_does_not_bleed_into_a_fill():
    fill, lost = np.zeros((5, 5, 1), np.float32), np.zeros((5, 5), bool)
    lost[2, 2], fill[2, 2] = True, 200
    grown = grow_fill(fill, lost, Scan(np.zeros((10, 10), np.float32)), 2)
    assert (grown[4:6, 4:6] == 200).all()
    assert grow_confidence(np.ones((5, 5), np.float32), (9, 10), 2).shape == (9, 10)


def test_the_step_follows_from_what_is_lost():
    assert [step_of(px, 100) for px in (100, 101, 400, 401, 1600, 10**6)] == [1, 2, 2, 4, 4, 4]
