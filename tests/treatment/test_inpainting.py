"""`inpaint` in Python: from a mask or a damage map, with other fills beside the best."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import tratteggio as tg
from tratteggio import files, treatment
from tratteggio.damage import PALETTE, DamageMap, index_of
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.painting import Lacunae, Scan

PAINT = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
INDICES = np.zeros((48, 64), np.uint8)
INDICES[10:14, 20:26], INDICES[30, 5:50] = index_of("loss"), index_of("crack")


def test_a_damage_map_is_filled_by_its_default_policy():
    made = tg.inpaint(Scan(PAINT), damage=DamageMap(INDICES), engine="telea")
    assert_array_equal(made.lacunae.read(), index_of("loss") == INDICES)


def test_policy_and_grow_choose_what_is_filled(tmp_path):
    files.write_indexed(INDICES, tmp_path / "map.png", PALETTE)
    made = tg.inpaint(
        Scan(PAINT), damage=tmp_path / "map.png", policy="loss=keep,crack=fill", grow="1px", engine="telea"
    )
    lost = made.lacunae.read()
    assert lost[29:32, 5:50].all()
    assert not lost[10:14, 20:26].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give `lost"),
        ({"lost": INDICES > 0, "damage": DamageMap(INDICES)}, "not both"),
        ({"lost": INDICES > 0, "policy": "crack=fill"}, "need a damage map"),
        ({"damage": DamageMap(INDICES), "policy": "loss=keep"}, "all damage in damage map is kept"),
    ],
)
def test_a_mask_and_a_map_are_told_apart(arguments, message):
    with pytest.raises(BadUsage, match=message):
        tg.inpaint(Scan(PAINT), engine="telea", **arguments)


def test_a_map_that_fills_much_by_its_cracks_is_warned_of(caplog):
    much = np.zeros_like(INDICES)
    much[10:20, 20:40] = index_of("loss")
    tg.inpaint(Scan(PAINT), damage=DamageMap(much, name="map.png"), engine="telea")
    assert "of the area" not in caplog.text, "a wide loss that somebody marked is no doubt"
    much[10:20, 20:40] = index_of("crack")
    damage = DamageMap(much, name="map.png")
    tg.inpaint(Scan(PAINT), damage=damage, policy="crack=fill", engine="telea")
    assert "map.png: 6.51 % of the area would be filled (more than 2 %)" in caplog.text


def test_a_mask_file_may_mark_what_is_known_or_be_a_layer(tmp_path):
    lost = index_of("loss") == INDICES
    files.write(np.where(lost, 0, 255).astype(np.uint8), tmp_path / "known.png")
    made = tg.inpaint(Scan(PAINT), tmp_path / "known.png", mask_sense="known", engine="telea")
    assert_array_equal(made.lacunae.read(), lost)
    made.save(tmp_path / "layers.ora")
    again = tg.inpaint(Scan(PAINT), tmp_path / "layers.ora", mask_layer="lacunae", engine="telea")
    assert_array_equal(again.lacunae.read(), lost)
    assert again.history["understood"].startswith("opaque strokes in layer 'lacunae' of layers.ora are taken")


def test_a_map_of_another_size_is_refused():
    with pytest.raises(GridMismatch):
        tg.inpaint(Scan(PAINT), damage=DamageMap(INDICES[1:]), engine="telea")


def test_samples_are_the_fills_that_the_engine_offers():
    lost = index_of("loss") == INDICES
    made = tg.inpaint(Scan(PAINT), lost, engine="patch_mrf", samples=2)
    engines = treatment.samplers(treatment.make_engine("patch_mrf"), 2)
    assert len(made.samples) == 2
    for sample, engine in zip(made.samples, engines, strict=True):
        assert_array_equal(sample.image, tg.inpaint(Scan(PAINT), lost, engine=engine).image)
        assert_array_equal(sample.image[~lost], PAINT[~lost])


def test_samples_need_an_engine_that_has_some_and_a_scan():
    lost = index_of("loss") == INDICES
    with pytest.raises(BadUsage, match="only one fill"):
        tg.inpaint(Scan(PAINT), lost, engine="telea", samples=1)
    with pytest.raises(BadUsage, match="give a scan instead of an array"):
        tg.inpaint(PAINT, lost, engine="patch_mrf", samples=1)


def test_a_restoration_says_in_three_lines_what_it_is():
    lost = index_of("loss") == INDICES
    made = tg.inpaint(Scan(PAINT, name="panel.tif"), Lacunae(lost), engine="telea", finish="neutral", seed=3)
    assert repr(made).split("\n") == [
        "Restoration of panel.tif: 48 rows x 64 columns, 3 channels, uint8",
        "filled: 24 px, 0.78 % of the area",
        "engine telea, finish neutral, seed 3",
    ]


def test_a_notebook_shows_the_original_and_the_proposal():
    made = tg.inpaint(Scan(PAINT, name="<panel>.tif"), INDICES > 0, engine="telea")
    page = made._repr_html_()
    assert page.count('<img width="64" height="48"') == 2
    assert "&lt;panel&gt;.tif: 48 rows x 64 columns" in page
    assert "<panel>" not in page
