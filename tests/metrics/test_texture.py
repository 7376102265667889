"""Texture kept: 1 for paint like that around, whatever its units; less where it is blurred."""

import numpy as np
import pytest
from scipy import ndimage

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.metrics import texture_kept
from tratteggio.metrics.texture import texture_of, texture_sums

RNG = np.random.default_rng(0)


def blot() -> np.ndarray:
    lost = np.zeros((80, 90), bool)
    lost[20:50, 30:60] = True
    return lost


def test_it_is_what_a_walk_over_all_neighbours_finds():
    picture, lost = RNG.random((12, 14, 3)), np.zeros((12, 14), bool)
    lost[4:7, 5:9] = True
    tone, reach = picture.mean(axis=2), 2
    found = {"lost": [], "around": []}
    near = [
        (r, c)
        for r in range(12)
        for c in range(14)
        if not lost[r, c] and lost[max(r - reach, 0) : r + reach + 1, max(c - reach, 0) : c + reach + 1].any()
    ]
    for name, places in (("lost", list(zip(*np.nonzero(lost), strict=True))), ("around", near)):
        for r, c in places:
            for other in ((r + 1, c), (r, c + 1)):
                if other in places:
                    found[name].append((tone[r, c] - tone[other]) ** 2)
    expected = np.mean(found["lost"]) / np.mean(found["around"])
    assert texture_kept(picture, lost, reach=reach) == pytest.approx(expected)


@pytest.mark.parametrize("share", [0.3, 1.0, 2.0])
def test_contrast_counts_by_its_square_and_units_do_not_count(share):
    noise, lost = RNG.normal(0, 1, (80, 90)), blot()
    one = texture_kept(noise, lost)
    scaled = np.where(lost, share * noise, noise)
    assert texture_kept(scaled, lost) == pytest.approx(share**2 * one)
    assert texture_kept(300 + 40 * scaled, lost) == pytest.approx(share**2 * one)


def test_a_blurred_fill_has_lost_its_texture_and_the_step_at_the_rim_is_none():
    noise, lost = RNG.normal(0, 1, (80, 90)), blot()
    blurred = np.where(lost, 100 + ndimage.gaussian_filter(noise, 3), noise)
    assert texture_kept(blurred, lost) < 0.02


def test_flat_paint_and_single_pixels_have_no_ratio():
    assert np.isnan(texture_kept(np.zeros((80, 90)), blot()))
    assert np.isnan(texture_kept(RNG.random((9, 9)), np.eye(9, dtype=bool)))


def test_other_sizes_and_a_reach_of_none_are_refused():
    with pytest.raises(GridMismatch, match=r"\(5, 5\).*\(80, 90\)"):
        texture_kept(np.zeros((5, 5)), blot())
    with pytest.raises(BadUsage, match="got 0"):
        texture_kept(np.zeros((80, 90)), blot(), reach=0)


def test_parts_add_up_to_the_whole():
    picture, lost, total = RNG.random((80, 90, 3)), blot(), np.zeros((2, 2))
    for top in range(0, 80, 27):
        first, end = max(0, top - 17), min(80, top + 27 + 17)
        core = np.zeros((end - first, 90), bool)
        core[top - first : top - first + 27] = True
        total += texture_sums(picture[first:end], lost[first:end], core=core)
    assert texture_of(total) == pytest.approx(texture_kept(picture, lost))
