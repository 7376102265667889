import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from tratteggio.errors import BadUsage
from tratteggio.metrics.confidence import nearness


def test_it_falls_with_the_chessboard_distance_to_known_paint():
    lost = np.ones((9, 9), bool)
    lost[4, 4] = False
    rows, cols = np.mgrid[-4:5, -4:5]
    assert_allclose(nearness(lost), 1 / (1 + np.maximum(abs(rows), abs(cols)) / 8), rtol=1e-6)


def test_known_is_1_and_lost_is_between():
    noise = ndimage.gaussian_filter(np.random.default_rng(0).standard_normal((50, 60)), 4)
    lost = noise > 0
    got = nearness(lost)
    assert got.dtype == np.float32
    assert (got[~lost] == 1).all()
    assert ((got[lost] > 0) & (got[lost] < 1)).all()


def test_the_border_is_not_known_paint():
    lost = np.ones((5, 20), bool)
    lost[:, 0] = False
    assert (np.diff(nearness(lost), axis=1) < 0).all()


def test_where_nothing_is_known_confidence_is_0():
    assert_array_equal(nearness(np.ones((3, 4), bool)), 0)


def test_a_mask_of_numbers_is_refused():
    with pytest.raises(BadUsage, match="uint8"):
        nearness(np.zeros((3, 4), np.uint8))
