"""Polygons of GeoJSON and SVG files are masks: a pixel is lost if its centre lies inside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Reference
from numpy.testing import assert_array_equal

from tratteggio import files
from tratteggio.errors import BadUsage, GridMismatch, TratteggioError, UnreadableFile
from tratteggio.files.outlines import PolygonMask, fill_rings
from tratteggio.painting import Metadata, Region, Scan

ROWS, COLS = 40, 60
SCAN = Scan(np.full((ROWS, COLS, 3), 90, np.uint8), name="panel.tif")
SQUARE = [[10, 5], [20, 5], [20, 15], [10, 15], [10, 5]]
HOLE = [[12, 8], [16, 8], [16, 12], [12, 12], [12, 8]]


def area(top: int, left: int, bottom: int, right: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    lost = np.zeros((ROWS, COLS), bool)
    lost[top:bottom, left:right] = True
    return lost


def geojson(path: Path, *geometries: dict[str, Any]) -> Path:
    features = [{"type": "Feature", "properties": {}, "geometry": one} for one in geometries]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def svg(path: Path, body: str, page: str = f'viewBox="0 0 {COLS} {ROWS}"') -> Path:
    path.write_text(f'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" {page}>{body}</svg>')
    return path


@settings(max_examples=40, deadline=None)
@given(
    corners=st.lists(st.tuples(st.floats(-5, 65), st.floats(-5, 45)), min_size=3, max_size=9),
    top=st.integers(0, ROWS - 1),
    left=st.integers(0, COLS - 1),
)
def test_filling_a_ring_agrees_with_matplotlib(
    corners: list[tuple[float, float]], top: int, left: int
) -> None:
    """Rings that cross themselves differ: matplotlib counts turns, and even ones are outside here."""
    ring = np.array(corners)
    middle = ring.mean(axis=0)
    ring = ring[np.argsort(np.arctan2(*(ring - middle).T))]  # around its middle: no crossings
    rows, cols = np.mgrid[:ROWS, :COLS] + 0.5
    places = np.stack([cols.ravel(), rows.ravel()], axis=1)
    outline = Reference(ring, closed=False)
    inside, outside = (outline.contains_points(places, radius=r) for r in (-1e-6, 1e-6))
    found = np.asarray(PolygonMask([[ring]], (ROWS, COLS)))
    clear = inside == outside  # no centre lies on the outline itself
    assert_array_equal(found.ravel()[clear], inside[clear])
    assert_array_equal(PolygonMask([[ring]], (ROWS, COLS))[top:, left:], found[top:, left:])


def test_many_edges_are_worked_out_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = np.stack([30 + 25 * np.cos(angles), 20 + 15 * np.sin(angles)], axis=1)
    whole = fill_rings([ring], Region(0, 0, ROWS, COLS))
    monkeypatch.setattr("tratteggio.files.outlines.CROSSINGS", 7)
    assert_array_equal(fill_rings([ring], Region(0, 0, ROWS, COLS)), whole)
    assert abs(whole.sum() - np.pi * 25 * 15) < 10


def test_geojson_polygons_with_holes_and_of_several_parts(tmp_path: Path, caplog: Any) -> None:
    path = geojson(
        tmp_path / "lost.geojson",
        {"type": "Polygon", "coordinates": [SQUARE, HOLE]},
        {"type": "MultiPolygon", "coordinates": [[[[30, 20], [40, 20], [40, 30], [30, 30]]]]},
        {"type": "Point", "coordinates": [1, 2]},
    )
    lacunae = files.read_lacunae(path, SCAN)
    assert_array_equal(lacunae.read(), (area(5, 10, 15, 20) & ~area(8, 12, 12, 16)) | area(20, 30, 30, 40))
    assert lacunae.marked == "2 polygons"
    assert "only closed areas mark losses; left out: 1 x Point" in caplog.text


def test_polygons_that_overlap_leave_no_hole(tmp_path: Path) -> None:
    square = {"type": "Polygon", "coordinates": [SQUARE]}
    assert_array_equal(
        files.read_lacunae(geojson(tmp_path / "a.geojson", square, square), SCAN).read(), area(5, 10, 15, 20)
    )


@pytest.mark.parametrize(
    ("body", "lost"),
    [
        ('<polygon points="10,5 20,5 20,15 10,15"/>', area(5, 10, 15, 20)),
        ('<rect x="10" y="5" width="10" height="10" style="fill:none;stroke:red"/>', area(5, 10, 15, 20)),
        ('<path d="m10,5h10v10h-10z"/>', area(5, 10, 15, 20)),
        ('<path d="M 10 5 20 5 20 15 10 15 10 5"/>', area(5, 10, 15, 20)),
        ('<path d="M10,5H20V15H10ZM12 8h4v4h-4z"/>', area(5, 10, 15, 20) & ~area(8, 12, 12, 16)),
        ('<g transform="translate(10 5)"><rect transform="scale(2,1)" width="5" height="10"/></g>',
         area(5, 10, 15, 20)),
        ('<rect x="5" y="-20" width="10" height="10" transform="rotate(90)"/>', area(5, 10, 15, 20)),
        ('<g style="display: none"><rect width="9" height="9"/></g><rect x="3" width="1" height="1"/>',
         area(0, 3, 1, 4)),
        ('<defs><rect width="9" height="9"/></defs><rect x="3" width="1" height="1"/>', area(0, 3, 1, 4)),
    ],
)  # fmt: skip
def test_svg_shapes(tmp_path: Path, body: str, lost: Any) -> None:
    assert_array_equal(files.read_lacunae(svg(tmp_path / "lost.svg", body), SCAN).read(), lost)


@pytest.mark.parametrize(
    "body",
    [
        '<circle cx="30" cy="20" r="10"/>',
        '<ellipse cx="30" cy="20" rx="10" ry="10"/>',
        '<path d="M20 20A10 10 0 0 1 40 20A10 10 0 01 20 20z"/>',
        '<path d="M20,20a10,10,0,1,0,20,0a10,10,0,1,0-20,0"/>',
        '<path d="M20 20C20 14.477 24.477 10 30 10S40 14.477 40 20 35.523 30 30 30 20 25.523 20 20Z"/>',
    ],
)
def test_one_circle_drawn_in_many_ways(tmp_path: Path, body: str) -> None:
    rows, cols = np.mgrid[:ROWS, :COLS] + 0.5
    distance = np.hypot(cols - 30, rows - 20)
    lost = files.read_lacunae(svg(tmp_path / "lost.svg", body), SCAN).read()
    assert lost[distance < 9.8].all()
    assert not lost[distance > 10.2].any()


def test_a_page_is_scaled_to_the_painting(tmp_path: Path) -> None:
    page = 'width="300mm" height="200mm" viewBox="30 10 30 20"'
    body = '<rect x="35" y="12.5" width="5" height="5"/>'
    assert_array_equal(
        files.read_lacunae(svg(tmp_path / "a.svg", body, page), SCAN).read(), area(5, 10, 15, 20)
    )
    body = f'<rect x="{10 * 96 / 25.4}" y="{5 * 96 / 25.4}" width="{960 / 25.4}" height="{960 / 25.4}"/>'
    path = svg(tmp_path / "b.svg", body, f'width="{COLS}mm" height="{ROWS}mm"')
    assert_array_equal(files.read_lacunae(path, SCAN).read(), area(5, 10, 15, 20))
    with pytest.raises(GridMismatch, match="proportions of the painting, but .* has 60 x 60"):
        files.read_lacunae(svg(tmp_path / "c.svg", body, 'viewBox="0 0 60 60"'), SCAN)


def test_polygons_over_a_scan_that_viewers_turn(tmp_path: Path) -> None:
    """A quarter turn clockwise: what is upper left on the screen is lower left in the file."""
    turned = Scan(SCAN.pixels, metadata=Metadata(orientation=6), name="panel.tif")
    path = geojson(
        tmp_path / "a.geojson", {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 2], [0, 2]]]}
    )
    with pytest.raises(BadUsage, match="fit in two ways"):
        files.read_lacunae(path, turned)
    stored = files.read_lacunae(path, turned, mask_orientation="stored").read()
    assert_array_equal(stored, area(0, 0, 2, 4))
    shown = files.read_lacunae(path, turned, mask_orientation="displayed").read()
    assert_array_equal(shown, area(ROWS - 4, 0, ROWS, 2))


def test_polygons_outside_are_refused_or_noted(tmp_path: Path, caplog: Any) -> None:
    far = {"type": "Polygon", "coordinates": [[[12.4, 41.9], [12.5, 41.9], [12.5, 42.0]]]}
    with pytest.raises(BadUsage, match=r"lie outside the painting: columns 12 to 12, rows 42 to 42, but"):
        files.read_lacunae(geojson(tmp_path / "a.geojson", far), SCAN)
    wide = {"type": "Polygon", "coordinates": [[[-9, 5], [20, 5], [20, 15], [-9, 15]]]}
    assert_array_equal(
        files.read_lacunae(geojson(tmp_path / "b.geojson", wide), SCAN).read(), area(5, 0, 15, 20)
    )
    assert "1 of 1 polygons reach beyond the painting" in caplog.text


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.geojson", "{", "not a sound GeoJSON file"),
        ("a.geojson", '{"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}', "at least three pairs"),
        ("a.geojson", '{"type": "Polygon", "coordinates": [["a", "b", "c"]]}', "at least three pairs"),
        ("a.geojson", '{"type": "Polygon", "coordinates": {"a": 1}}', "at least three pairs"),
        ("a.geojson", '{"type": "Polygon", "coordinates": [[[0, 0], [1e300, 1], [2, 2]]]}', "no places"),
        ("a.geojson", '{"type": "Polygon", "coordinates": [[[0, 0], [NaN, 1], [2, 2]]]}', "no places"),
        ("a.geojson", "[" * 5000 + "]" * 5000, "nested"),
        ("a.geojson", '{"type": "FeatureCollection", "features": []}', "has no closed area; draw"),
        ("a.geojson", '{"type": "LineString", "coordinates": [[0, 0]]}', "only 1 x LineString"),
        ("a.svg", "<svg", "not a sound SVG file"),
        ("a.svg", "<html/>", "is XML, but no SVG"),
        ("a.svg", "<svg><rect/></svg>", "states no size of its page"),
        ("a.svg", '<svg viewBox="0 0 60 40"><path d="M0 0 L"/></svg>', "command L of a path lacks numbers"),
        ("a.svg", '<svg viewBox="0 0 60 40"><path d="M0 0 h9" /></svg>', "only 1 x open line"),
        ("a.svg", '<svg viewBox="0 0 60 40"><g transform="matrix(1)"><rect/></g></svg>', "not a sound SVG"),
        ("a.svg", '<svg viewBox="0 0 60 40"><rect width="1e300" height="2"/></svg>', "no places in pixels"),
        ("a.svg", '<!DOCTYPE s [<!ENTITY a "aaa"><!ENTITY b "&a;">]><svg>&b;</svg>', "defines XML entities"),
        ("a.svg", "<svg>" + "<g>" * 400, "more than 200 levels"),
    ],
)  # fmt: skip
def test_what_is_no_polygon_is_refused_in_one_sentence(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(TratteggioError, match=words) as caught:
        files.read_lacunae(tmp_path / name, SCAN)
    assert name in str(caught.value)


def test_polygons_need_a_scan_and_have_no_sense(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", {"type": "Polygon", "coordinates": [SQUARE]})
    for scan, options in ((None, {}), (SCAN, {"mask_sense": "known"}), (SCAN, {"mask_layer": "losses"})):
        with pytest.raises(BadUsage, match="polygons"):
            files.read_lacunae(path, scan, **options)


def test_too_many_corners_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = geojson(tmp_path / "a.geojson", {"type": "Polygon", "coordinates": [SQUARE]})
    monkeypatch.setattr("tratteggio.files.outlines.MOST_CORNERS", 4)
    with pytest.raises(UnreadableFile, match="has 5 corners, more than 4"):
        files.read_lacunae(path, SCAN)
