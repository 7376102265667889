"""Places: they cover all that is lost, and know which of them cover a pixel."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tratteggio.patches.places import REACH, find_places


def case(stride: int):
    lost = np.zeros((40, 44), bool)
    lost[14:23, 15:27] = True
    lost[0:3, 30:34] = True
    void = np.zeros_like(lost)
    void[:, -6:] = True
    return lost, void, find_places(lost, void, stride=stride)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_places_cover_all_that_is_lost_and_sources_are_whole_patches(stride):
    lost, void, places = case(stride)
    covered = np.zeros(places.shape, bool)
    for row, col in zip(*np.divmod(places.at, places.width), strict=True):
        covered[row - REACH : row + REACH + 1, col - REACH : col + REACH + 1] = True
    assert covered[places.lost].all()
    unknown = np.pad(lost | void, REACH, constant_values=True)
    for row, col in zip(*np.nonzero(places.whole), strict=True):
        assert not unknown[row - REACH : row + REACH + 1, col - REACH : col + REACH + 1].any()
    assert places.whole.sum() > 500


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_pixel_knows_the_places_over_it(stride):
    _, _, places = case(stride)
    rows, cols = np.divmod(places.at, places.width)
    for pixel, over in zip(places.pixels, places.over, strict=True):
        row, col = divmod(int(pixel), places.width)
        near = np.flatnonzero((abs(rows - row) <= REACH) & (abs(cols - col) <= REACH))
        assert_array_equal(np.sort(over[over >= 0]), near)
