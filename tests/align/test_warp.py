"""Resampling and lazy warps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.align import Field, Transform, warp
from tratteggio.align.resample import resample
from tratteggio.errors import GridMismatch
from tratteggio.painting import Metadata, Region, Scan

RNG = np.random.default_rng(1)
BENT = Transform(
    np.array([[0.96, 0.1, -4], [-0.08, 1.05, 3], [1e-4, 0, 1]]),
    (70, 90),
    (64, 80),
    Field(RNG.normal(size=(5, 6, 2)), (70, 90)),
)
SOURCE = Scan(RNG.integers(0, 65535, (64, 80, 3), np.uint16), modality="irr")
WHOLE = warp(SOURCE, BENT, Metadata()).read()


def shifted(rows: float, cols: float, grid=(40, 50)) -> Transform:
    return Transform(np.array([[1, 0, rows], [0, 1, cols], [0, 0, 1.0]]), grid, grid)


@given(st.integers(0, 69), st.integers(0, 89), st.integers(1, 70), st.integers(1, 90))
def test_any_window_has_the_bits_of_the_whole(top, left, rows, cols):
    region = Region(top, left, min(70, top + rows), min(90, left + cols))
    assert_array_equal(warp(SOURCE, BENT, Metadata()).read(region), WHOLE[region.slices])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_whole_pixels_are_moved_unchanged_at_their_own_depth(dtype):
    values = RNG.integers(0, 255, (40, 50)).astype(dtype)
    moved = warp(Scan(values), shifted(3, -5), Metadata()).read()
    assert moved.dtype == dtype
    assert_array_equal(moved[:37, 5:], values[3:, :45])


def test_places_outside_the_source_are_marked_as_not_seen() -> None:
    moved = warp(Scan(np.full((40, 50), 9, np.uint8)), shifted(3, -5), Metadata())
    expected = np.zeros((40, 50), bool)
    expected[:37, 5:] = True
    assert_array_equal(moved.read_seen(), expected)
    assert_array_equal(moved.read(), expected * 9)


def test_a_source_that_covers_all_needs_no_mark() -> None:
    assert warp(Scan(np.zeros((40, 50), np.uint8)), shifted(0.25, -0.5), Metadata()).seen is None


def test_what_the_source_did_not_see_stays_unseen() -> None:
    seen = np.ones((40, 50), bool)
    seen[10:20, 10:20] = False
    moved = warp(Scan(np.zeros((40, 50), np.uint8), seen=seen), shifted(3, -5), Metadata())
    assert not moved.read_seen()[7:17, 15:25].any()
    assert moved.read_seen()[17:37, 5:].all()


def test_a_parabola_is_resampled_exactly() -> None:
    """Keys 1981: with a = -1/2 the cubic reproduces polynomials of second degree."""
    row, col = np.mgrid[0:30, 0:30].astype(np.float64)
    places = RNG.uniform(5, 24, (8, 8, 2))
    found, _ = resample(row**2 - 3 * row * col + col, places)
    expected = places[..., 0] ** 2 - 3 * places[..., 0] * places[..., 1] + places[..., 1]
    assert_allclose(found, expected, atol=1e-9)


def test_a_finer_source_is_averaged_and_not_aliased() -> None:
    stripes = np.tile(np.array([0, 200], np.uint8), (120, 60))
    coarse = Transform(np.array([[4, 0, 1.5], [0, 4, 1.5], [0, 0, 1]]), (30, 30), (120, 120))
    assert np.abs(warp(Scan(stripes), coarse, Metadata()).read()[2:-2, 2:-2].astype(int) - 100).max() <= 2


def test_the_warped_scan_is_as_large_in_centimetres_as_its_reference() -> None:
    source = Scan(np.zeros((40, 50), np.uint8), metadata=Metadata((50, 50), "cm", icc=b"profile"))
    moved = warp(source, shifted(0, 0), Metadata((300, 300), "inch", orientation=3))
    assert moved.metadata == Metadata((300, 300), "inch", orientation=3, icc=b"profile")


def test_a_transform_of_another_scan_is_refused() -> None:
    with pytest.raises(GridMismatch, match="40 rows x 51 columns"):
        warp(Scan(np.zeros((40, 51), np.uint8)), shifted(0, 0), Metadata())
