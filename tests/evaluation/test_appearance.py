"""What the eye sees of fills: the measures of `metrics` on whole pictures, at any band and depth."""

import numpy as np
import pytest
from scipy import ndimage

from tratteggio.evaluation import evaluate
from tratteggio.evaluation.appearance import FAVOURS, Appearance, appearance
from tratteggio.files import to_lab
from tratteggio.metrics import broad_colour_difference, haarpsi, patch_distance, seam_visibility, texture_kept
from tratteggio.painting import Lacunae, Scan


def painted(rows: int = 130, cols: int = 150, dtype: str = "uint8") -> tuple[Scan, Scan, Lacunae]:
    """Paint, the same with a blurred fill, and where."""
    rng = np.random.default_rng(2)
    paint = ndimage.gaussian_filter(rng.random((rows, cols, 3)), (1, 2, 0))
    paint = (paint - paint.min()) / np.ptp(paint)
    noise = ndimage.gaussian_filter(rng.random((rows, cols)), 7)
    lost = noise > np.quantile(noise, 0.8)
    filled = np.where(lost[..., None], ndimage.gaussian_filter(paint, (4, 4, 0)), paint)
    top = {"uint8": 255, "uint16": 65535}.get(dtype, 1)
    truth, out = ((x * top).round().astype(dtype) if top > 1 else x.astype(dtype) for x in (paint, filled))
    return Scan(truth, name="truth.tif"), Scan(out, name="out.tif"), Lacunae(lost, "lost.png")


def test_it_is_what_the_measures_say_of_the_whole():
    truth, out, lacunae = painted()
    a, b, lost = truth.read(), out.read(), lacunae.read()
    result = appearance(truth, out, lacunae)
    assert result.patches_5 == pytest.approx(patch_distance(a, b, where=lost, side=5), rel=1e-4)
    assert result.patches_9 == pytest.approx(patch_distance(a, b, where=lost, side=9), rel=1e-4)
    assert result.texture == pytest.approx(texture_kept(b, lost))
    assert result.texture_reference == pytest.approx(texture_kept(a, lost))
    assert result.haarpsi == pytest.approx(haarpsi(a, b, data_range=255, where=lost))
    assert result.seam == pytest.approx(seam_visibility(b, lost))
    assert result.seam_reference == pytest.approx(seam_visibility(a, lost))
    broad = broad_colour_difference(to_lab(a, None), to_lab(b, None), where=lost)
    assert result.broad_colour == pytest.approx(broad)


@pytest.mark.parametrize("band", [17, 40, 64])
def test_bands_give_what_the_whole_gives(band):
    truth, out, lacunae = painted()
    whole, parts = (appearance(truth, out, lacunae, band=rows) for rows in (512, band))
    for name in Appearance.__dataclass_fields__:
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), rel=1e-4), name


def test_of_large_lacunae_a_share_is_drawn_by_place(monkeypatch):
    truth, out, lacunae = painted()
    every = appearance(truth, out, lacunae)
    monkeypatch.setattr("tratteggio.evaluation.appearance.PATCHES", 1500)
    drawn, by_bands = (appearance(truth, out, lacunae, band=band) for band in (512, 40))
    assert drawn.patches_5 == pytest.approx(every.patches_5, rel=0.1)
    assert drawn.patches_5 != every.patches_5
    assert by_bands.patches_5 == pytest.approx(drawn.patches_5, rel=1e-4)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_distances_are_levels_of_255_at_any_depth(dtype):
    of_8_bits = appearance(*painted())
    result = appearance(*painted(dtype=dtype))
    for name in Appearance.__dataclass_fields__:
        assert getattr(result, name) == pytest.approx(getattr(of_8_bits, name), rel=0.1), name


def test_evaluate_tells_it_beside_psnr_with_what_it_favours():
    truth, out, lacunae = painted()
    result = evaluate(truth, out, lacunae)
    assert result.as_dict()["appearance"]["texture"] == pytest.approx(result.seen.texture)
    assert result.as_dict()["appearance"]["patches_5"] > 1
    for measure in ("patches_5", "texture", "haarpsi", "seam", "broad_colour"):
        assert FAVOURS[measure] in result.as_text()
    assert evaluate(truth, out).as_dict()["appearance"] is None


def test_where_nothing_is_lost_nothing_is_told():
    truth, out, _ = painted()
    result = evaluate(truth, out, Lacunae(np.zeros(truth.grid, bool)))
    assert set(result.as_dict()["appearance"].values()) == {None}
