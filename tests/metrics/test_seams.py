"""Seam visibility: 1 for paint that nobody touched, above for a step, and the same part by part."""

import numpy as np
import pytest
from scipy import ndimage

from tratteggio.errors import GridMismatch
from tratteggio.metrics import seam_visibility
from tratteggio.metrics.seams import MARGIN, seam_of, seam_sums

RNG = np.random.default_rng(0)


def blot(rows: int = 120, cols: int = 140) -> np.ndarray:
    noise = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=(rows, cols)), 8)
    return noise > np.quantile(noise, 0.8)


def test_untouched_paint_has_no_seam():
    paint = ndimage.gaussian_filter(RNG.normal(0, 40, (120, 140, 3)), (1, 1, 0))
    assert seam_visibility(paint, blot()) == pytest.approx(1, abs=0.1)


def test_it_is_what_a_walk_over_all_neighbours_finds():
    lost = np.zeros((20, 20), bool)
    lost[5:15, 5:15] = True
    picture = RNG.random((20, 20))
    rows, cols = np.indices(lost.shape)
    inward = np.minimum(np.minimum(rows - 4, 15 - rows), np.minimum(cols - 4, 15 - cols))
    outside_by = np.maximum(0, np.maximum(5 - rows, rows - 14)) + np.maximum(
        0, np.maximum(5 - cols, cols - 14)
    )
    level = np.where(lost, inward, 1 - outside_by)
    found = {"rim": [], "in": [], "out": []}
    for r, c in zip(rows.ravel(), cols.ravel(), strict=True):
        for other in ((r + 1, c), (r, c + 1)):
            if max(other) < 20 and abs(level[other] - level[r, c]) == 1:
                low = min(level[other], level[r, c])
                name = "rim" if low == 0 else "in" if 2 <= low <= 4 else "out" if -4 <= low <= -2 else None
                if name:
                    found[name].append(abs(picture[other] - picture[r, c]))
    mean = {name: np.mean(steps) for name, steps in found.items()}
    assert seam_visibility(picture, lost) == pytest.approx(2 * mean["rim"] / (mean["in"] + mean["out"]))


@pytest.mark.parametrize("step", [20.0, -20.0])
def test_a_step_at_the_rim_shows(step):
    paint = ndimage.gaussian_filter(RNG.normal(0, 40, (120, 140)), 1)
    lost = blot()
    assert seam_visibility(paint + step * lost, lost) > 1.5 * seam_visibility(paint, lost)


def test_parts_add_up_to_the_whole():
    lost, picture = blot(), RNG.random((120, 140))
    total = np.zeros((3, 2))
    for top in range(0, 120, 31):
        first, end = max(0, top - MARGIN), min(120, top + 31 + MARGIN)
        core = np.zeros((end - first, 140), bool)
        core[top - first : top - first + 31] = True
        total += seam_sums(picture[first:end], lost[first:end], core=core)
    assert seam_of(total) == pytest.approx(seam_visibility(picture, lost))


def test_a_crack_without_an_inside_is_held_against_the_paint_around():
    lost = np.zeros((40, 40), bool)
    lost[:, 20] = True
    slope = np.tile(np.arange(40.0), (40, 1))
    assert seam_visibility(slope, lost) == pytest.approx(1)


def test_without_a_rim_or_without_change_there_is_nothing_to_tell():
    assert np.isnan(seam_visibility(np.zeros((9, 9)), np.zeros((9, 9), bool)))
    assert np.isnan(seam_visibility(np.zeros((9, 9)), np.ones((9, 9), bool)))
    assert np.isnan(seam_visibility(np.ones((40, 40)), blot(40, 40)))


def test_sizes_must_agree():
    with pytest.raises(GridMismatch, match=r"\(4, 4\)"):
        seam_visibility(np.zeros((4, 4)), np.zeros((5, 4), bool))
