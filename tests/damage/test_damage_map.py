"""The damage map: classes, policies, rims and areas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import ndimage

from tratteggio.damage import CLASSES, DamageMap, index_of, length_px, merge_classes, policies
from tratteggio.errors import BadUsage, GridMismatch, UnknownName
from tratteggio.painting import Lacunae, Metadata, Region, lacunae

SCALED = Metadata(resolution=(100.0, 100.0), unit="cm")  # 100 um a pixel


def some(seed: int, grid: tuple[int, int] = (60, 70)) -> DamageMap:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=grid), 2)
    return DamageMap(np.digitize(noise, [0.1, 0.13, 0.16, 0.2, 0.25]).astype(np.uint8), SCALED)


def test_where_classes_overlap_the_more_urgent_is_shown():
    everywhere = Lacunae(np.ones((4, 5), bool))
    column = Lacunae(np.arange(5)[None].repeat(4, 0) == 2)
    damage = merge_classes({"overpaint": everywhere, "loss": column}, name="both")
    assert_array_equal(damage.of("loss").read(), column.read())
    assert_array_equal(damage.of("overpaint").read(), ~column.read())
    assert damage.of("crack").lost_px == 0


def test_losses_are_filled_and_cracks_kept_unless_told_otherwise():
    damage = some(0)
    assert_array_equal(damage.to_fill(policies()).read(), damage.of("loss", "scratch").read())
    told = policies("crack=fill,loss=keep")
    assert_array_equal(damage.to_fill(told).read(), damage.of("scratch", "crack").read())


@pytest.mark.parametrize("grow", [None, "2px"])
def test_what_is_not_filled_is_kept_damage(grow):
    damage = some(0)
    kept = damage.to_fill(policies("stain=fill"), grow=grow).read_kept_damage()
    assert kept.any()
    assert_array_equal(kept, damage.of("crack", "overpaint").read())


@given(seed=st.integers(0, 50), px=st.sampled_from([0.0, 1.0, 1.5, 3.2]))
def test_a_rim_reaches_as_far_as_told_and_never_over_what_is_kept(seed, px):
    damage = some(seed)
    grown = damage.to_fill(policies(), grow=f"{px}px")
    lost, kept = damage.of("loss", "scratch").read(), damage.of("crack", "stain", "overpaint").read()
    near = ndimage.distance_transform_edt(~lost) <= px if lost.any() else lost
    assert_array_equal(grown.read(), near & ~kept)
    region = Region(20, 30, 33, 51)
    assert_array_equal(grown.read(region), grown.read()[region.slices])


def test_micrometres_need_a_scale():
    assert length_px("150um", SCALED) == 1.5
    assert length_px("2px", Metadata()) == 2
    with pytest.raises(BadUsage, match="give pixels"):
        length_px("150um", Metadata())
    for wrong in ("2", "px", "-1px", "2mm", "nanpx", "infpx"):
        with pytest.raises(BadUsage, match="2px or 120um"):
            length_px(wrong, SCALED)


@given(seed=st.integers(0, 200), band=st.integers(1, 30))
def test_pieces_are_counted_as_in_one_look(seed, band):
    damage = some(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lacunae, "BAND", band)
        areas = {area.damage: area for area in damage.areas()}
    for name in CLASSES:
        lost = damage.of(name).read()
        if not lost.any():
            assert name not in areas
            continue
        assert areas[name].pieces == ndimage.label(lost, np.ones((3, 3)))[1]
        assert areas[name].area_px == lost.sum()
        assert areas[name].area_mm2 == pytest.approx(lost.sum() * 0.01)
        assert areas[name].share == pytest.approx(lost.mean())


def test_classes_and_policies_that_are_none_are_refused():
    for text, error, said in (
        ("crak=fill", UnknownName, "did you mean 'crack'"),
        ("crack=fil", UnknownName, "did you mean 'fill'"),
        ("crack", BadUsage, "CLASS=fill or CLASS=keep"),
        ("crack=fill,crack=keep", BadUsage, "given crack twice"),
    ):
        with pytest.raises(error, match=said):
            policies(text)
    with pytest.raises(UnknownName, match="loss"):
        index_of("los")
    square, wide = Lacunae(np.ones((2, 2), bool)), Lacunae(np.ones((2, 3), bool))
    with pytest.raises(GridMismatch, match="one grid"):
        merge_classes({"loss": square, "crack": wide}, name="")
