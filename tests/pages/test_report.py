"""The report: its numbers equal hand-counted ones, its text is escaped, and it loads nothing."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pages.parsed import Page, parsed
from tratteggio.files.rasters import to_display
from tratteggio.pages import report
from tratteggio.pages.census import REACH_PX, TILE_PX, census
from tratteggio.pages.maps import (
    apply_colours,
    confidence_map,
    isolate_fill,
    mark_lacunae,
    place_upright,
    reduce_maps,
)
from tratteggio.painting import Lacunae, Metadata, Pixels, Region, Restoration, Scan


def overview(
    scan: Scan, *, longest: int, pixels: Pixels | None = None, region: Region | None = None
) -> np.ndarray:
    """Every n-th pixel: enough to look at."""
    pixels = scan.pixels if pixels is None else pixels
    array = np.asarray(pixels[(region or Region.whole(scan.grid)).slices])
    step = max(1, -(-max(array.shape[:2]) // longest))
    return array[::step, ::step]


def three_lacunae(um_per_px: float | None = None, **changed: Any) -> Restoration:
    """A square of 20 px, a crack of 3 x 50 px and one pixel, far from each other."""
    lost = np.zeros((200, 300), bool)
    lost[10:30, 40:60] = True
    lost[100:103, 150:200] = True
    lost[180, 20] = True
    confidence = np.zeros((200, 300), np.float32)
    confidence[10:30, 40:60] = 0.25
    confidence[100:103, 150:200] = 0.75
    confidence[180, 20] = 1
    original = np.full((200, 300, 3), 120, np.uint8)
    fill = np.where(lost[..., None], np.uint8(200), np.uint8(0)) * np.ones(3, np.uint8)
    metadata = Metadata() if um_per_px is None else Metadata(resolution=(10_000 / um_per_px,) * 2, unit="cm")
    made = Restoration(
        Scan(original, metadata=metadata, name="/some/folder/panel.tif"),
        Lacunae(lost, "/some/folder/lost.png"),
        fill,
        confidence,
        {"tratteggio": "9.9", "engine": {"name": "telea", "parameters": {"radius": 5}}, "seed": 3},
    )
    return replace(made, **changed)


def page_of(restoration: Restoration, rows: int = 200) -> Page:
    return parsed(report(restoration, overview=overview, rows=rows))


def test_the_table_equals_what_one_counts_by_hand() -> None:
    table = page_of(three_lacunae()).tables[0]
    assert table[1:] == [
        ["1", "40, 10", "20 × 20", "400", "19", "0.25"],
        ["2", "150, 100", "50 × 3", "150", "3", "0.75"],
        ["3", "20, 180", "1 × 1", "1", "1", "1.00"],
    ]


def test_millimetres_stand_beside_pixels_where_the_scale_is_known() -> None:
    """At 50 µm a pixel is 0.05 mm, and 400 pixels are 1 mm²."""
    table = page_of(three_lacunae(um_per_px=50.0)).tables[0]
    assert table[1] == ["1", "40, 10", "20 × 20", "1.00 × 1.00", "400", "1.00", "19", "0.95", "0.25"]
    assert table[2] == ["2", "150, 100", "50 × 3", "2.50 × 0.15", "150", "0.38", "3", "0.15", "0.75"]


def test_the_summary_names_what_was_done() -> None:
    text = page_of(three_lacunae(um_per_px=50.0)).text
    for said in ("panel.tif", "lost.png", "300 × 200 px", "15.0 × 10.0 mm", "0.918 %", "telea", "9.9"):
        assert said in text
    assert "/some/folder" not in text


def test_the_report_speaks_of_a_proposal_and_of_uncalibrated_confidence() -> None:
    text = page_of(three_lacunae()).text.lower()
    assert "proposal" in text
    assert "restored" not in text
    assert "not calibrated" in text.replace("\n", " ")


def test_a_calibrated_report_says_how_far_off_fills_may_be_and_what_showed_it() -> None:
    """A confidence of 1 / 2 states 1 / 16 of the range, whose band of 90 % is 1.645 times as wide."""
    made = three_lacunae()
    told = {"levels": [0.5, 0.9], "within_before": [0.1, 0.42], "within_after": [0.5, 0.91], "trials": 24}
    confidence = np.where(made.confidence > 0, np.float32(0.5), np.float32(0))
    history = {**made.history, "calibration": told, "left_open": {"lacunae": 7}}
    page = page_of(replace(made, confidence=confidence, history=history))
    assert page.tables[0][0][-1] == "Error of 90 % of pixels below"
    assert {row[-1] for row in page.tables[0][1:]} == {"± 10.3% of the range"}
    assert "not calibrated" not in page.text
    for said in ("24 times", "91%", "42% before", "7 lacunae"):
        assert said in page.text


def test_the_rows_that_are_left_out_are_counted() -> None:
    page = page_of(three_lacunae(), rows=2)
    assert len(page.tables[0]) == 3
    assert "1 smaller lacuna is not listed." in page.text
    assert "2 smaller lacunae are not listed." in page_of(three_lacunae(), rows=1).text
    assert "listed" not in page_of(three_lacunae()).text


@pytest.mark.parametrize("rows", [1, 200])
def test_the_page_is_sound_and_loads_nothing(rows: int) -> None:
    page = page_of(three_lacunae(), rows=rows)
    assert page.unclosed == []
    assert page.outside == []
    assert all(page.alts)
    assert page.scripts == 0
    assert len(set(page.names_of_ids)) == page.ids
    assert set(page.links) <= set(page.names_of_ids)
    assert len(page.links) == min(rows, 3)


def test_names_and_history_are_escaped() -> None:
    before = three_lacunae()
    nasty = replace(
        before,
        original=replace(before.original, name='<img src="x">.tif'),
        lacunae=Lacunae(before.lacunae.lost, "<script>lost"),
        history={"engine": "<b>bold", "a<i>": ["<u>", {"deep": "<s>"}]},
    )
    page = page_of(nasty)
    assert page.scripts == 0
    assert page.outside == []
    assert not {"u", "s"} & set(page.tags)
    assert "i" not in page.tags
    assert '<img src="x">.tif' in page.text
    assert ["a<i>", "<u>, deep: <s>"] in page.tables[1]


def test_the_history_is_laid_out_leaf_by_leaf() -> None:
    digest = "ab" * 32
    history = {"source": {"sha256": digest, "size": [300, 200]}, "notes": {}, "seed": None}
    html = report(three_lacunae(history=history), overview=overview)
    assert parsed(html).tables[1] == [
        ["source · sha256", digest],
        ["source · size", "300, 200"],
        ["notes", "–"],
        ["seed", "–"],
    ]
    assert f"<code>{digest}</code>" in html


def test_a_painting_without_lacunae_has_a_report() -> None:
    whole = three_lacunae()
    page = page_of(replace(whole, lacunae=Lacunae(np.zeros((200, 300), bool))))
    assert "There are no lacunae." in page.text
    assert page.unclosed == []


def test_a_painting_that_is_wholly_lost_has_a_report() -> None:
    lost = np.ones((30, 40), bool)
    blank = np.zeros((30, 40, 3), np.uint8)
    page = page_of(Restoration(Scan(blank), Lacunae(lost), blank, lost.astype(np.float32), {}))
    assert page.tables[0][1] == ["1", "0, 0", "40 × 30", "1,200", "–", "1.00"]


def test_grey_scans_have_a_report() -> None:
    before = three_lacunae()
    grey = np.full((200, 300), 90, np.uint8)
    fill = np.where(before.lacunae.lost[:, :], np.uint8(7), np.uint8(0))[..., None]
    page = page_of(replace(before, original=Scan(grey, modality="irr"), fill=fill))
    assert page.unclosed == []


def test_the_lacunae_lie_beside_the_page_as_a_table_of_plain_numbers(tmp_path: Path) -> None:
    report(three_lacunae(um_per_px=50.0), tmp_path / "panel.report.html", overview=overview)
    with (tmp_path / "panel.report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["area_px"] for row in rows] == ["400", "150", "1"]
    assert rows[1] == {
        "no": "2", "left_px": "150", "top_px": "100", "width_px": "50", "height_px": "3", "area_px": "150",
        "widest_px": "3.0", "widest_is_at_least": "False", "mean_confidence": "0.7500", "width_mm": "2.500",
        "height_mm": "0.150", "area_mm2": "0.3750", "widest_mm": "0.150",
    }  # fmt: skip


# --- census


def test_lacunae_are_connected_areas_however_near_they_lie() -> None:
    """Two squares 2 px apart are two; a pixel that touches at a corner belongs."""
    lost = np.zeros((40, 40), bool)
    lost[5:10, 5:10] = lost[5:9, 12:16] = lost[10, 10] = True
    flat = np.zeros((40, 40, 1), np.uint8)
    made = Restoration(Scan(flat[..., 0]), Lacunae(lost), flat, lost.astype(np.float32), {})
    found = census(made, rows=9)
    assert [(one.lost_px, one.box) for one in found.largest] == [
        (26, Region(5, 5, 11, 11)),
        (16, Region(5, 12, 9, 16)),
    ]
    assert found.apart_px == 1
    coarse = census(made, rows=9, cells=400)
    assert (coarse.count, coarse.apart_px) == (1, 2)


def test_the_census_of_a_lacuna_wider_than_a_tile_is_exact_where_it_can_be() -> None:
    """A crack across two tiles: tight box, true width; its deepest pixel is lost."""
    lost = np.zeros((30, TILE_PX + 400), bool)
    lost[10:17, 5:-5] = True
    flat = np.zeros((*lost.shape, 1), np.uint8)
    found = census(Restoration(Scan(flat[..., 0]), Lacunae(lost), flat, lost.astype(np.float32), {}), rows=5)
    (lacuna,) = found.largest
    assert (found.count, lacuna.box) == (1, Region(10, 5, 17, TILE_PX + 395))
    assert (lacuna.width_px, lacuna.at_least) == (7, False)
    assert lost[lacuna.deepest]
    assert lacuna.confidence == 1


def test_a_width_that_was_not_seen_to_its_end_is_called_a_least_one() -> None:
    lost = np.ones((2 * REACH_PX + 200, TILE_PX + 700), bool)
    lost[0] = lost[-1] = False
    flat = np.zeros((*lost.shape, 1), np.uint8)
    (lacuna,) = census(
        Restoration(Scan(flat[..., 0]), Lacunae(lost), flat, lost.astype(np.float32), {}), rows=1
    ).largest
    assert lacuna.at_least
    assert lacuna.width_px == 2 * REACH_PX - 1


def test_a_lacuna_inside_the_bounding_box_of_another_is_measured_apart() -> None:
    """A ring of cracks 3 px wide around a block of 9 x 9."""
    lost = np.zeros((160, 160), bool)
    lost[10:150, 10:150] = True
    lost[13:147, 13:147] = False
    lost[75:84, 75:84] = True
    flat = np.zeros((160, 160, 1), np.uint8)
    found = census(
        Restoration(Scan(flat[..., 0]), Lacunae(lost), flat, lost.astype(np.float32), {}), rows=9
    ).largest
    assert [(lacuna.box, lacuna.width_px) for lacuna in found] == [
        (Region(10, 10, 150, 150), 3),
        (Region(75, 75, 84, 84), 9),
    ]


@pytest.mark.parametrize("width", [1, 3, 9])
def test_the_width_of_a_straight_crack_is_its_width(width: int) -> None:
    lost = np.zeros((60, 90), bool)
    lost[20 : 20 + width, 8:80] = True
    flat = np.zeros((60, 90, 1), np.uint8)
    (lacuna,) = census(
        Restoration(Scan(flat[..., 0]), Lacunae(lost), flat, lost.astype(np.float32), {}), rows=1
    ).largest
    assert lacuna.width_px == width


# --- maps


@pytest.mark.parametrize("shape", [(200, 300), (100, 150), (67, 101), (1, 1)])
def test_reduced_maps_keep_the_lost_area_and_the_mean_confidence(shape: tuple[int, int]) -> None:
    restoration = three_lacunae()
    share, sure = reduce_maps(restoration, shape)
    rows, cols = (np.arange(side) * small // side for side, small in zip((200, 300), shape, strict=True))
    area = np.bincount(rows)[:, None] * np.bincount(cols)
    assert_allclose((share * area).sum(), 551)
    assert_allclose((sure * share * area).sum(), 400 * 0.25 + 150 * 0.75 + 1)
    assert share.shape == sure.shape == shape


def test_maps_show_the_lacunae_and_leave_the_rest_bare() -> None:
    restoration = three_lacunae()
    share, sure = reduce_maps(restoration, (200, 300))
    lost = restoration.lacunae.read()
    proposal = restoration.image
    assert_array_equal(isolate_fill(proposal, share)[lost], proposal[lost])
    assert len(np.unique(isolate_fill(proposal, share)[~lost], axis=0)) == 1
    assert_array_equal(np.unique(mark_lacunae(proposal, share)[lost], axis=0), [[226, 0, 122]])
    assert len(np.unique(confidence_map(sure, share)[lost], axis=0)) == 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pins_and_maps_stand_where_the_upright_picture_shows_the_lacuna(orientation: int) -> None:
    restoration = three_lacunae(um_per_px=50.0)
    scan = replace(
        restoration.original, metadata=replace(restoration.original.metadata, orientation=orientation)
    )
    lost = np.zeros((200, 300), bool)
    lost[20, 30] = True
    turned = replace(restoration, original=scan, lacunae=Lacunae(lost))
    upright = to_display(lost, orientation)
    share, _ = reduce_maps(turned, (upright.shape[0], upright.shape[1]))
    assert_array_equal(share > 0, upright)
    row, col = place_upright(20.5 / 200, 30.5 / 300, orientation)
    (there,) = np.argwhere(upright)
    assert_allclose((row * upright.shape[0], col * upright.shape[1]), there + 0.5)
    html = report(turned)
    assert f"left: {100 * col:.3f}%; top: {100 * row:.3f}%;" in html
    assert ("stored pixels" in html) == (orientation != 1)


def test_higher_confidence_is_always_lighter() -> None:
    luminance = apply_colours(np.linspace(0, 1, 100)) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > 0).all()
