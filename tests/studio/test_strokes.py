"""Strokes against the definition: a pixel is marked if its centre lies within the brush or the polygon."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tratteggio.studio.marks import Marks, shape_of_mask, shape_of_spans
from tratteggio.studio.pyramid import TILE
from tratteggio.studio.strokes import brush_spans, polygon_spans

GRID = (TILE + 40, TILE + 90)
coordinates = st.floats(-60, 700, allow_nan=False).map(lambda x: round(x, 2))
points = st.tuples(coordinates, coordinates)


def drawn(shape):
    marks = Marks(GRID)
    marks.flip(marks.painting(shape, "loss"))
    return np.asarray(marks.indices) > 0


def centres():
    rows, cols = np.mgrid[: GRID[0], : GRID[1]] + 0.5
    return cols, rows


@settings(max_examples=40)
@given(st.lists(points, min_size=1, max_size=5), st.floats(0.3, 90))
def test_a_brush_marks_what_is_near_its_line(line, radius):
    line = np.array(line)
    x, y = centres()
    near = np.zeros(GRID, bool)
    beside = np.zeros(GRID, bool)  # so near the rim that rounding decides
    for p, q in zip(line, [*line[1:], line[-1]], strict=True):
        way = q - p
        length = way @ way
        along = np.clip(((x - p[0]) * way[0] + (y - p[1]) * way[1]) / length, 0, 1) if length else 0
        distance = np.hypot(x - p[0] - along * way[0], y - p[1] - along * way[1])
        near |= distance <= radius
        beside |= abs(distance - radius) < 1e-6
    got = drawn(shape_of_spans(brush_spans(line, radius, GRID)))
    assert (got | beside == near | beside).all()


@settings(max_examples=40)
@given(st.lists(points, min_size=3, max_size=7))
def test_a_polygon_marks_its_inside_by_the_even_odd_rule(corners):
    corners = np.array(corners)
    x, y = centres()
    inside = np.zeros(GRID, bool)
    beside = np.zeros(GRID, bool)
    for p, q in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (min(p[1], q[1]) <= y) & (y < max(p[1], q[1]))
        at = p[0] + (y - p[1]) * ((q[0] - p[0]) / (q[1] - p[1]) if q[1] != p[1] else 0)
        inside ^= crosses & (at <= x)
        beside |= crosses & (abs(at - x) < 1e-6)
    got = drawn(shape_of_spans(polygon_spans(corners, GRID)))
    assert (got | beside == inside | beside).all()


@pytest.mark.parametrize("grid", [(1, 1), (3, 40_000), (TILE, TILE), (TILE + 1, 2 * TILE - 1)])
def test_a_wide_brush_marks_all_of_any_grid_and_nothing_beyond(grid):
    marks = Marks(grid)
    marks.flip(
        marks.painting(shape_of_spans(brush_spans(np.array([[grid[1] / 2, 0.0]]), 1e5, grid)), "crack")
    )
    assert marks.counts["crack"] == grid[0] * grid[1]


def test_a_mask_comes_back_as_it_was():
    mask = np.random.default_rng(0).random(GRID) > 0.7
    assert (drawn(shape_of_mask(mask)) == mask).all()


def test_a_pixel_has_one_class():
    marks = Marks(GRID)
    for damage in ("loss", "crack"):
        shape = shape_of_spans(brush_spans(np.array([[50.0, 50.0]]), 20, GRID))
        marks.flip(marks.painting(shape, damage))
    assert marks.counts["loss"] == 0
    assert marks.counts["crack"] == np.count_nonzero(np.asarray(marks.indices))
    assert marks.class_at(50, 50) == "crack"
    assert marks.class_at(0, 0) is None


@pytest.mark.parametrize("halving", range(4))
def test_an_overlay_shows_a_block_in_which_any_pixel_is_marked(halving):
    mask = np.random.default_rng(0).random(GRID) > 0.99
    marks = Marks(GRID)
    marks.flip(marks.painting(shape_of_mask(mask), "loss"))
    side = 1 << halving
    padded = np.zeros((TILE << halving, TILE << halving), bool)
    part = mask[: TILE << halving, : TILE << halving]
    padded[: part.shape[0], : part.shape[1]] = part
    wanted = padded.reshape(TILE, side, TILE, side).any(axis=(1, 3))
    assert ((marks.overlay(halving, 0, 0) > 0) == wanted).all()
