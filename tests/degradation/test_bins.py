"""Shares within a bin, always."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from scipy import ndimage

from tratteggio.degradation.bins import BINS, _order_by_walks, in_bin, lowest
from tratteggio.errors import BadUsage


@settings(max_examples=60)
@given(
    bounds=st.sampled_from(BINS), rows=st.integers(12, 80), cols=st.integers(12, 80), seed=st.integers(0, 99)
)
def test_the_share_lies_within_the_bin_always(bounds, rows, cols, seed):
    lost = in_bin(bounds, (rows, cols), np.random.default_rng(seed))
    assert bounds[0] < lost.mean() <= bounds[1]


def test_shares_spread_over_the_bin():
    drawn = [in_bin((0.2, 0.3), (64, 64), np.random.default_rng(k)).mean() for k in range(200)]
    counts, _ = np.histogram(drawn, bins=4, range=(0.2, 0.3))
    assert counts.min() > 25


def test_everything_is_never_lost():
    assert {int(in_bin((0.6, 1.0), (2, 2), np.random.default_rng(k)).sum()) for k in range(20)} == {3}


@pytest.mark.parametrize("bounds", [(0.5, 0.5), (0.3, 0.1), (-0.1, 0.5), (0.01, 0.1), (0.9, 1.0)])
def test_a_bin_that_no_number_of_pixels_meets_is_refused(bounds):
    with pytest.raises(BadUsage, match=r"3 x 3 .*share in"):
        in_bin(bounds, (3, 3), np.random.default_rng(0))


@given(
    order=nps.arrays(np.int8, nps.array_shapes(min_dims=2, max_dims=2, max_side=8)),
    count=st.integers(0, 64),
)
def test_lowest_takes_those_that_a_stable_sort_puts_first(order, count):
    lost = lowest(order, min(count, order.size))
    assert np.array_equal(np.flatnonzero(lost), np.sort(np.argsort(order, axis=None, kind="stable")[:count]))


def test_the_lower_end_is_without_and_the_upper_end_within_the_bin():
    counts = {int(in_bin((0.1, 0.2), (10, 10), np.random.default_rng(k)).sum()) for k in range(200)}
    assert counts == set(range(11, 21))


@pytest.mark.parametrize("seed", range(10))
def test_walks_lose_pixels_in_the_order_of_the_first_visit(seed):
    """What a walk has visited so far is one piece at any time."""
    order = _order_by_walks((40, 40), 30, np.random.default_rng(seed))
    for count in (5, 15, 30):
        assert ndimage.label(lowest(order, count))[1] == 1
