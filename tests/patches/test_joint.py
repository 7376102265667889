"""Patches along a structure: structure says what lies where, paint says how it looks."""

import numpy as np
import pytest
from scipy import ndimage

from tratteggio.metrics import patch_distance, texture_kept
from tratteggio.patches import Swatch, fill_along


def halves(rows: int = 96, cols: int = 120, seed: int = 0) -> np.ndarray:
    """Dark brushwork above, bright below: grain of a pixel or two."""
    rng = np.random.default_rng(seed)
    grain = ndimage.gaussian_filter(rng.normal(0, 40, (rows, cols, 3)), (0.7, 1.4, 0))
    return np.where(np.arange(rows)[:, None, None] < rows // 2, 70.0, 180.0) + grain


def blot(rows: int = 96, cols: int = 120) -> np.ndarray:
    lost = np.zeros((rows, cols), bool)
    lost[28:68, 40:80] = True
    return lost


def filled(paint, lost, structure, **options):
    return fill_along(paint, lost, structure, rng=np.random.default_rng(0), **options)


def test_structure_says_where_and_paint_says_how():
    paint, lost = halves(), blot()
    smear = ndimage.gaussian_filter(paint, (2, 6, 0))
    found = filled(paint, lost, smear).colours
    assert patch_distance(paint, found, where=lost) < 0.3 * patch_distance(paint, smear, where=lost)
    away = lost & (np.abs(np.arange(96) - 48) > 8)[:, None]  # from the step between the halves
    assert 0.7 < texture_kept(found, away) / texture_kept(paint, away) < 1.3
    broad = [ndimage.gaussian_filter(p, (5, 5, 0))[lost] for p in (paint, found)]
    assert np.abs(broad[0] - broad[1]).mean() < 8


def test_another_structure_makes_another_fill():
    """The lost half is led to be dark all over, though paint at the rim is bright below."""
    paint, lost = halves(), blot()
    dark = np.full(paint.shape, 70.0)
    led = np.zeros_like(lost)
    led[56:64, 52:68] = True
    told, plain = filled(paint, lost, dark).colours[led], filled(paint, lost, paint).colours[led]
    assert told.mean() < plain.mean() - 40


def test_far_from_the_rim_a_structure_is_not_trusted():
    """A net's invention in the middle of a wide lacuna, white on dark paint, does not come into the fill."""
    rng = np.random.default_rng(0)
    paint = np.full((220, 220, 3), 60.0) + ndimage.gaussian_filter(
        rng.normal(0, 30, (220, 220, 3)), (1, 1, 0)
    )
    paint[:30] += 150
    lost = np.zeros((220, 220), bool)
    lost[40:200, 30:190] = True
    structure = np.where(ndimage.distance_transform_edt(lost)[..., None] > 60, 230.0, 60.0)
    found = filled(paint, lost, structure).colours
    assert found[110:130, 100:120].mean() < 110


def test_what_is_barred_is_not_copied():
    paint, lost = halves(160), np.zeros((160, 120), bool)
    paint[..., 2] = 90
    lost[100:140, 40:80] = True
    barred = np.zeros_like(lost)
    barred[:72, :] = True
    paint[barred] = [0, 0, 255]
    asked = np.where(lost[..., None], [0.0, 0.0, 255.0], halves(160))  # as much blue as can be had
    free, held = (filled(paint, lost, asked, barred=where).colours[lost][:, 2] for where in (None, barred))
    assert np.mean(free > 200) > 0.05
    assert np.mean(held > 200) < 0.01


def test_paint_from_other_places_is_taken():
    """The window shows little more than the rim; the swatch has the stripes that structure asks for."""
    stripes = np.tile(np.where(np.arange(60) % 6 < 3, 40.0, 200.0)[None, :, None], (60, 1, 1))
    lost = np.zeros((60, 60), bool)
    lost[16:44, 16:44] = True
    more = [Swatch(np.tile(stripes, (2, 2, 1)), np.ones((120, 120), bool))]
    found = filled(stripes, lost, stripes, more=more).colours
    assert np.abs(found - stripes)[lost].mean() < 15


def test_without_a_whole_patch_there_is_no_fill():
    lost = np.zeros((40, 40), bool)
    lost[::6] = True
    assert filled(halves(40, 40), lost, halves(40, 40)) is None


def test_one_colour_stays_so():
    paint, lost = np.full((60, 60, 3), 137.0), np.zeros((60, 60), bool)
    lost[20:40, 20:40] = True
    found = filled(paint, lost, paint)
    assert (found.colours == 137).all()
    assert (found.sure[lost] == 1).all()


@pytest.mark.parametrize("scale", [257.0, 1 / 255])
def test_units_make_hardly_a_difference(scale):
    paint, lost = np.rint(halves().clip(0, 255)), blot()
    one = filled(paint, lost, halves(seed=1)).colours
    other = filled(paint * scale, lost, halves(seed=1) * scale).colours
    # Of labels that are equally good rounding may take another.
    assert np.mean(np.abs(other / scale - one) > 0.5) < 0.02


def test_chance_draws_another_fill_and_the_same_again():
    paint, lost = halves(), blot()
    draws = [filled(paint, lost, paint, chance=np.random.default_rng(seed)).colours for seed in (1, 1, 2)]
    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
