"""Outlines of damage enclose what is damaged and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal
from scipy import ndimage
from skimage.draw import polygon2mask

from tratteggio.formats._iiif import outlines
from tratteggio.formats._iiif.outlines import outline_areas, trace_rings
from tratteggio.painting import Lacunae


@given(arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))))
def test_outlines_enclose_what_is_inside_and_nothing_else(inside: np.ndarray) -> None:
    """Even-odd filling of all rings gives the mask back (centres of pixels, by scikit-image)."""
    filled = np.zeros(inside.shape, bool)
    for ring in trace_rings(inside):
        corners = np.array([(y - 0.5, x - 0.5) for x, y in ring])
        filled ^= polygon2mask(inside.shape, corners)
        assert all(
            (x0 == x1) != (y0 == y1) for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True)
        )
    assert_array_equal(filled, inside)


def test_areas_that_touch_at_a_corner_are_one_ring_and_holes_run_the_other_way() -> None:
    assert len(trace_rings(np.eye(3, dtype=bool))) == 1
    frame = np.ones((3, 3), bool)
    frame[1, 1] = False
    outer, inner = trace_rings(frame)
    turn = [
        sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(r, r[1:] + r[:1], strict=True))
        for r in (outer, inner)
    ]
    assert [np.sign(one) for one in turn] == [1, -1]


def test_outlines_of_many_areas_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = np.random.default_rng(0).random((120, 150)) < 0.05
    exact = outline_areas(Lacunae(lost))
    assert (exact.areas, exact.cell) == (ndimage.label(lost, np.ones((3, 3)))[1], 1)
    assert sum(one.lost_px for one in exact.largest) == lost.sum()
    monkeypatch.setattr(outlines, "MOST_CORNERS", 600)
    coarse = outline_areas(Lacunae(lost))
    assert coarse.cell > 1
    assert sum(len(ring) for one in coarse.largest for ring in one.rings) <= 600
    assert sum(one.lost_px for one in coarse.largest) == lost.sum()
