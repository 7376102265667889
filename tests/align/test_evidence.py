"""What patches say, against surfaces whose tops are known."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tratteggio.align.evidence import Evidence

SIDE = 17
RNG = np.random.default_rng(0)
NOISE = RNG.normal(0, 0.08, (1, SIDE, SIDE))


def surface(down: float, across: float, *, height: float = 0.8, edge: bool = False) -> np.ndarray:
    """Correlations of a patch that belongs at a shift; those of an edge do not change along its columns."""
    offsets = np.arange(SIDE) - SIDE // 2
    rows, cols = offsets[:, None] - down, (offsets[None, :] - across) * (not edge)
    return (height * np.exp(-(rows**2 + cols**2) / 8))[None]


def evidence(surfaces: np.ndarray, *, laid=(0.0, 0.0), factor: int = 1) -> Evidence:
    count = len(surfaces)
    return Evidence.of(np.zeros((count, 2)), np.tile(laid, (count, 1)), surfaces, factor)


def test_a_patch_pulls_to_its_top_to_a_fraction_of_a_pixel() -> None:
    """However sure it is: here a shift by a whole pixel is as good as ruled out."""
    weights, pulls = evidence(surface(2.3, -1.4)).near(np.zeros((1, 2)), within_px=8)
    assert_allclose(np.linalg.solve(weights[0], pulls[0]), [2.3, -1.4], atol=0.1)


def test_pulls_are_in_pixels_of_the_reference_from_where_patches_were_laid() -> None:
    weights, pulls = evidence(surface(2, -1), laid=(10.0, 20.0), factor=4).near(
        np.array([[10.0, 20]]), within_px=8
    )
    assert_allclose(np.linalg.solve(weights[0], pulls[0]), [18, 16], atol=0.2)


def test_an_edge_says_nothing_along_itself() -> None:
    weights, _ = evidence(surface(0, 0, edge=True)).near(np.zeros((1, 2)), within_px=8)
    assert weights[0, 0, 0] > 0.1
    assert_allclose(weights[0, 1], 0, atol=1e-9)


def test_a_faint_peak_weighs_less_than_a_clear_one() -> None:
    found = evidence(np.concatenate([NOISE + surface(0, 0, height=height) for height in (0.15, 0.4, 0.8)]))
    weights, _ = found.near(np.zeros((3, 2)), within_px=1)
    faint, fair, clear = np.trace(weights, axis1=1, axis2=2)
    assert faint < fair / 2 < clear / 2


def test_what_one_patch_says_is_bounded() -> None:
    """At most that its place is one of 17 x 17, as surely as that it has none."""
    found = evidence(np.concatenate([NOISE, surface(0, 0, height=0.9)]))
    assert found.likely.min() >= 0
    assert found.likely.max() <= np.log1p(SIDE**2)


@pytest.mark.parametrize(("within_px", "top"), [(20.0, 5), (1.0, 0)])
def test_the_nearer_a_patch_looks_the_less_a_better_place_far_off_counts(within_px, top):
    both = np.maximum(surface(0, 0, height=0.6), surface(5, 0, height=0.8))
    weights, pulls = evidence(both).near(np.zeros((1, 2)), within_px=within_px)
    assert_allclose(np.linalg.solve(weights[0], pulls[0]), [top, 0], atol=0.3)


def test_parts_of_one_level_are_joined_in_order() -> None:
    one, other = evidence(surface(1, 1)), evidence(surface(-2, 0), laid=(3.0, 4.0))
    joined = Evidence.joined([one, other])
    assert_allclose(joined.laid, [[0, 0], [3, 4]])
    assert_allclose(joined.likely, np.concatenate([one.likely, other.likely]))
