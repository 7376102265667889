"""Strengths to pieces, over rasters of any size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import ndimage

from tratteggio.damage import finding, threshold_and_trace, trace_damage
from tratteggio.errors import BadUsage
from tratteggio.painting import Region
from tratteggio.roles import Trace

EIGHT = np.ones((3, 3), bool)


def strength(seed: int, grid: tuple[int, int] = (70, 90)) -> np.ndarray:
    """Smooth strengths with ridges, in levels."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=grid), (1.0, 3.0))
    return np.clip(128 + 400 * noise, 0, 255).astype(np.uint8)


@given(seed=st.integers(0, 1000))
def test_far_followed_it_is_plain_hysteresis(seed):
    levels = strength(seed)
    trace = Trace(weak=0.6, follow=10_000)
    labels, _ = ndimage.label(levels >= 0.6 * 200, EIGHT)
    kept = np.unique(labels[levels >= 200])
    assert_array_equal(trace_damage(levels, 200, trace), np.isin(labels, kept[kept > 0]))


def test_weak_places_are_followed_so_far_and_no_farther():
    levels = np.full((3, 60), 0.7)
    levels[1, 5] = 1
    row = trace_damage(levels, 1.0, Trace(weak=0.6, follow=20))[1]
    assert_array_equal(np.flatnonzero(row), np.arange(0, 26))


def test_specks_and_blots_are_dropped_and_lines_are_kept():
    levels = np.zeros((60, 80))
    levels[3, 3:9] = 1  # a speck
    levels[10:25, 5:20] = 1  # a blot
    levels[30, 5:40] = 1  # a line
    levels[35:55, 50:52] = 1  # a line upright
    levels[5:50, 55:79] = 1  # a large loss
    kept = trace_damage(levels, 0.5, Trace(shortest=10, blot=30, roundest=0.35))
    want = levels > 0
    want[3, 3:9] = want[10:25, 5:20] = False
    assert_array_equal(kept, want)


@given(seed=st.integers(0, 300), side=st.sampled_from([16, 24, 33]))
def test_pieces_are_the_same_in_whatever_windows_they_are_traced(seed, side):
    levels = strength(seed)
    trace = Trace(weak=0.7, follow=9, shortest=6, blot=12, roundest=0.4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding, "LATTICE", side)
        pieces = threshold_and_trace(levels, threshold=0.8, trace=trace, name="pieces")
    assert_array_equal(pieces.read(), trace_damage(levels, 0.8 * 255, trace))


@given(seed=st.integers(0, 300), top=st.integers(0, 19), left=st.integers(0, 39), rows=st.integers(1, 20))
def test_bits_come_back_as_they_were_packed(seed, top, left, rows):
    flags = np.random.default_rng(seed).random((20, 45)) < 0.5
    packed = finding.Packed(np.packbits(flags, axis=1), (20, 45))
    region = Region(top, left, min(20, top + rows), 45)
    assert_array_equal(packed[region.slices], flags[region.slices])


@pytest.mark.parametrize("threshold", [0, -1, 1.01])
def test_a_threshold_beyond_the_range_is_refused(threshold):
    with pytest.raises(BadUsage, match="threshold"):
        threshold_and_trace(strength(0), threshold=threshold, trace=Trace(), name="")
