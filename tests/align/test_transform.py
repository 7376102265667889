"""Transforms and fields against closed forms and SciPy."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.interpolate import BSpline

from tratteggio.align import Field, Transform
from tratteggio.painting import Region

RNG = np.random.default_rng(0)
BENT = Transform(
    np.array([[1.1, 0.1, 4], [-0.05, 0.9, -3], [1e-4, -2e-4, 1]]),
    (50, 70),
    (60, 65),
    Field(RNG.normal(size=(6, 7, 2)), (50, 70)),
)


def test_a_field_is_scipys_b_spline() -> None:
    places = np.linspace(0, 49, 23)
    knots = (np.arange(10) - 3) * (49 / 3)
    field = Field(np.repeat(RNG.normal(size=(6, 1, 2)), 4, axis=1), (50, 70))
    expected = BSpline(knots, field.coefficients[:, 0], 3)(places)
    assert_allclose(field.at(places, np.full(23, 11.0)), expected, atol=1e-12)


def test_a_field_goes_on_beyond_the_rim_as_it_is_there() -> None:
    field = BENT.field
    assert field is not None
    assert_array_equal(
        field.at(np.array([-9.0]), np.array([99.0])), field.at(np.array([0.0]), np.array([69.0]))
    )


def test_points_crossings_and_regions_agree() -> None:
    region = Region(3, 10, 12, 31)
    over = BENT.over(region)
    down, across = np.meshgrid(np.arange(3.0, 12), np.arange(10.0, 31), indexing="ij")
    assert_allclose(over.reshape(-1, 2), BENT.at(np.stack([down.ravel(), across.ravel()], 1)), atol=1e-12)


@given(st.integers(0, 49), st.integers(0, 69), st.integers(1, 20), st.integers(1, 20))
def test_a_place_is_mapped_to_the_same_bits_in_any_region(top, left, rows, cols):
    region = Region(top, left, min(50, top + rows), min(70, left + cols))
    assert_array_equal(BENT.over(region), BENT.over(Region.whole((50, 70)))[region.slices])


def test_json_gives_it_back_bit_by_bit() -> None:
    again = Transform.from_json(json.loads(json.dumps(BENT.as_json())))
    assert_array_equal(again.over(Region(0, 0, 50, 70)), BENT.over(Region(0, 0, 50, 70)))
    assert (again.grid, again.source_grid) == (BENT.grid, BENT.source_grid)


def test_scale_is_source_pixels_per_reference_pixel() -> None:
    assert Transform(np.diag([2.0, 3.0, 1.0]), (10, 10), (20, 30)).scale() == pytest.approx(6**0.5)


@pytest.mark.parametrize(("shift", "whole"), [(0.0, True), (0.5, True), (0.6, False), (-0.6, False)])
def test_a_source_is_seen_to_the_rim_of_its_pixels(shift, whole):
    moved = Transform(np.array([[1, 0, shift], [0, 1, 0], [0, 0, 1.0]]), (20, 20), (20, 20))
    assert moved.sees_all() is whole


def test_a_place_is_moved_by_the_field_before_the_homography() -> None:
    field = Field(np.full((4, 4, 2), [3.0, -1.0]), (20, 20))
    twice = Transform(np.diag([2.0, 2.0, 1.0]), (20, 20), (40, 40), field)
    assert_allclose(twice.at(np.array([[5.0, 7.0]])), [[16.0, 12.0]])
    assert_allclose(twice.bent(np.array([[5.0, 7.0]])), [[3.0, -1.0]])
