"""The laws of finishes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import tratteggio as tg
from tratteggio.painting import Scan
from tratteggio.testing.laws import DEPTHS, FIXED, Laws
from tratteggio.testing.phantoms import draw_lacunae, draw_painting


class FinishLaws(Laws):
    """What every finish must do. `names` are written as in `tg.inpaint(..., finish=...)`."""

    @pytest.mark.parametrize("depth", DEPTHS)
    def test_a_finish_stays_inside_the_lacunae(self, name: str, depth: str) -> None:
        """A finish changes no known pixel, and keeps the depth."""
        before, lost = draw_painting(90, 80, depth, seed=2), draw_lacunae(90, 80, 2)
        after = tg.inpaint(before, lost, engine="diffusion", finish=name)
        assert_array_equal(after[~lost], before[~lost])
        assert after.dtype == before.dtype

    @settings(FIXED, max_examples=5)
    @given(top=st.integers(0, 60), left=st.integers(0, 60), size=st.integers(1, 40))
    def test_a_finish_is_the_same_bits_in_whatever_regions_it_is_read(
        self, name: str, top: int, left: int, size: int
    ) -> None:
        """A pixel's answer depends on its place, never on the region that is read."""
        before, lost = draw_painting(90, 80, "uint16", seed=2), draw_lacunae(90, 80, 2)
        restoration = tg.inpaint(Scan(before), lost, engine="diffusion", finish=name)
        region = slice(top, top + size), slice(left, left + size)
        assert_array_equal(np.asarray(restoration.pixels[region]), restoration.image[region])
