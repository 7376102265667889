"""Colours spread along lightness: against the plain system, and what must hold whatever the picture."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.filters.colouring import (
    LEAST_VARIANCE,
    SHARE_OF_VARIANCE,
    Reference,
    guide,
    match_colours,
    spread_colours,
)

RNG = np.random.default_rng(0)


def looped(light: np.ndarray, colours: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Levin et al. 2004, eq. 2, pixel by pixel, solved densely."""
    rows, cols = light.shape
    matrix, right = np.zeros((light.size, light.size)), np.zeros((light.size, 2))
    padded = np.pad(light, 1, mode="edge")
    for r in range(rows):
        for c in range(cols):
            here = r * cols + c
            if np.isinf(trust[r, c]):
                matrix[here, here], right[here] = 1, colours[r, c]
                continue
            variance = padded[r : r + 3, c : c + 3].var()
            judged = max(SHARE_OF_VARIANCE * variance, LEAST_VARIANCE)
            around = [
                (y, x)
                for y in range(max(0, r - 1), min(rows, r + 2))
                for x in range(max(0, c - 1), min(cols, c + 2))
                if (y, x) != (r, c)
            ]
            weights = [np.exp(-((light[r, c] - light[p]) ** 2) / (2 * judged)) + 1e-6 for p in around]
            for (y, x), weight in zip(around, weights, strict=True):
                matrix[here, y * cols + x] -= weight / sum(weights)
            matrix[here, here] += 1 + trust[r, c]
            right[here] = trust[r, c] * colours[r, c]
    return np.linalg.solve(matrix, right).reshape(rows, cols, 2)


def test_the_sparse_system_is_that_of_the_paper() -> None:
    light, colours = RNG.uniform(0, 100, (7, 6)), RNG.normal(0, 30, (7, 6, 2))
    trust = np.zeros((7, 6))
    trust[1, 1], trust[5, 4], trust[3, 3] = np.inf, np.inf, 0.3
    assert_allclose(spread_colours(light, colours, trust), looped(light, colours, trust), atol=1e-8)


def test_one_hint_colours_all_and_hints_keep_their_colours() -> None:
    light = RNG.uniform(0, 100, (20, 30))
    colours, trust = np.zeros((20, 30, 2)), np.zeros((20, 30))
    colours[4, 5], trust[4, 5] = (12, -7), np.inf
    assert_allclose(spread_colours(light, colours, trust), np.broadcast_to((12, -7), (20, 30, 2)), atol=1e-6)
    colours[15, 22], trust[15, 22] = (-3, 30), np.inf
    spread = spread_colours(light, colours, trust)
    assert_allclose(spread[[4, 15], [5, 22]], [(12, -7), (-3, 30)], atol=1e-9)
    assert spread[..., 0].min() >= -3 - 1e-6
    assert spread[..., 0].max() <= 12 + 1e-6


def test_a_reference_that_is_the_picture_gives_it_back_where_lightness_tells_colours() -> None:
    light = np.repeat(np.linspace(10, 90, 40)[None], 40, axis=0)
    colours = np.stack([light / 3, 20 - light / 4], axis=-1)
    everywhere = np.ones(light.shape, int)
    found, trust = match_colours(light, everywhere, Reference(light, colours, everywhere))
    assert_allclose(found, colours, atol=2)
    assert trust.min() > 0.9


def test_a_region_without_a_counterpart_is_left_to_its_neighbours() -> None:
    light = np.full((4, 6), 50.0)
    region = np.repeat([[0, 0, 1, 1, 2, 2]], 4, axis=0)
    reference = Reference(light, np.full((4, 6, 2), 9.0), np.ones((4, 6), int))
    _, trust = match_colours(light, region, reference)
    assert ((trust > 0) == (region == 1)).all()
    with pytest.raises(BadUsage, match="no region of the picture has a part in the reference"):
        match_colours(light, 0 * region, reference)


def test_a_guide_says_colours_that_are_lines_over_lightness_exactly() -> None:
    light = RNG.uniform(0, 100, (30, 30))
    colours = np.stack([0.4 * light - 3, np.full_like(light, 7.0)], axis=-1)
    slope, offset = guide(light, colours)
    assert_allclose(slope * light[..., None] + offset, colours, atol=1.0)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(GridMismatch, match="share a grid"):
        spread_colours(np.zeros((3, 3)), np.zeros((3, 4, 2)), np.zeros((3, 3)))
    with pytest.raises(BadUsage, match="no colour is known anywhere"):
        spread_colours(np.zeros((3, 3)), np.zeros((3, 3, 2)), np.zeros((3, 3)))
