"""Outlines give back the mask that they came from, pixel by pixel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tratteggio.studio.outlines import rings_of, trace_outlines
from tratteggio.studio.strokes import polygon_spans


def filled(rings, grid):
    mask = np.zeros(grid, bool)
    for ring in rings:
        for row, start, stop in zip(*polygon_spans(np.asarray(ring[:-1], float), grid), strict=True):
            mask[row, start:stop] ^= True
    return mask


@settings(max_examples=100)
@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_outlines_give_back_the_mask(mask):
    rings = trace_outlines(mask)
    assert (filled(rings, mask.shape) == mask).all()
    for ring in rings:
        assert ring[0] == ring[-1]
        steps = np.diff(np.asarray(ring), axis=0)
        assert ((steps == 0).sum(axis=1) == 1).all()  # along rows and columns
        assert (np.abs(np.diff(np.sign(steps), axis=0)).sum(axis=1) > 0).all()  # only corners


def test_a_hole_is_a_ring_of_its_own_and_the_place_counts():
    mask = np.ones((3, 3), bool)
    mask[1, 1] = False
    assert len(trace_outlines(mask)) == 2
    assert trace_outlines(np.ones((1, 1), bool), top=5, left=7)[0][0] == (7, 5)


@pytest.mark.parametrize("geometry", [
    {"type": "Point", "coordinates": [1, 2]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, float("nan")], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[["a", 0]] * 4]},
    {"type": "Polygon"},
])  # fmt: skip
def test_what_is_no_polygon_is_refused(geometry):
    with pytest.raises(ValueError, match=r"."):
        rings_of(geometry)
