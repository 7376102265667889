"""Cracks as a graph, on networks whose graph is known."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tratteggio.damage.graph import CrackGraph, crack_graph
from tratteggio.damage.rose import lengths_by_direction, rose
from tratteggio.errors import BadUsage
from tratteggio.painting import Lacunae, Metadata

SCALED = Metadata(resolution=(100.0, 100.0), unit="cm")  # 100 um a pixel


def drawn(*lines: tuple[float, float, float, float], width: int = 3, side: int = 200) -> CrackGraph:
    """The graph of straight cracks, each from (column, row) to (column, row)."""
    sheet = Image.new("L", (side, side))
    for line in lines:
        ImageDraw.Draw(sheet).line(line, fill=255, width=width)
    return crack_graph(Lacunae(np.asarray(sheet) > 0), metadata=SCALED)


def test_one_crack_is_one_edge_with_its_length_width_and_direction():
    graph = drawn((20, 100, 180, 100), width=5)
    assert len(graph.junctions) == 0
    [edge] = graph.edges
    assert edge.nodes == (-1, -1)
    assert edge.length_px == pytest.approx(160, abs=6)  # a skeleton is shorter than what it is of
    assert edge.width_px == pytest.approx(5, abs=0.3)
    assert edge.direction_deg % 180 == pytest.approx(0, abs=1)


@pytest.mark.parametrize(("end", "degrees"), [((180, 20), 45), ((180, 180), 135), ((100, 20), 63.4)])
def test_directions_are_counted_from_level_upwards(end, degrees):
    start = (20, 180) if degrees != 135 else (20, 20)
    [edge] = drawn((*start, *end)).edges
    assert edge.direction_deg == pytest.approx(degrees, abs=2)
    assert edge.length_px == pytest.approx(np.hypot(end[0] - start[0], end[1] - start[1]), rel=0.04)


def test_a_crossing_is_a_junction_of_four_edges():
    graph = drawn((20, 100, 180, 100), (100, 20, 100, 180))
    assert len(graph.junctions) == 1
    assert graph.junctions[0] == pytest.approx([100, 100], abs=1.5)
    assert [edge.nodes.count(0) for edge in graph.edges] == [1] * 4
    assert graph.length_px == pytest.approx(320, abs=12)


def test_cells_between_cracks_are_islands_and_those_at_the_rim_are_none():
    lines = [(0, at, 199, at) for at in (50, 100, 150)] + [(at, 0, at, 199) for at in (50, 100, 150)]
    graph = drawn(*lines)
    assert len(graph.junctions) == 9
    assert len(graph.islands_px) == 4
    assert graph.islands_px == pytest.approx([49 * 49] * 4, rel=0.03)
    assert len(graph.edges) == 24


def test_a_ring_is_an_edge_of_its_own():
    sheet = Image.new("L", (200, 200))
    ImageDraw.Draw(sheet).ellipse((50, 50, 150, 150), outline=255, width=3)
    graph = crack_graph(Lacunae(np.asarray(sheet) > 0), metadata=SCALED)
    [edge] = graph.edges
    assert edge.length_px == pytest.approx(np.pi * 98, rel=0.04)
    assert len(graph.islands_px) == 1


def test_geojson_tells_pixels_and_millimetres():
    told = json.loads(json.dumps(drawn((20, 100, 180, 100), (100, 20, 100, 180)).geojson()))
    assert told["type"] == "FeatureCollection"
    kinds = [feature["properties"]["kind"] for feature in told["features"]]
    assert kinds == ["junction"] + ["crack"] * 4
    line = told["features"][1]
    assert line["geometry"]["type"] == "LineString"
    assert line["properties"]["length_mm"] == pytest.approx(line["properties"]["length_px"] / 10, abs=0.01)
    assert line["properties"]["width_um"] == pytest.approx(300, abs=60)
    assert told["facts"]["length_mm"] == pytest.approx(32, abs=1.2)
    columns = [x for x, _ in line["geometry"]["coordinates"]]
    assert min(columns) >= 18
    assert max(columns) <= 182


def test_a_painting_without_cracks_has_an_empty_graph():
    graph = crack_graph(Lacunae(np.zeros((30, 40), bool)), metadata=Metadata())
    assert graph.edges == ()
    assert graph.facts()["length_px"] == 0
    assert graph.facts()["mean_width_px"] is None
    assert "length_mm" not in graph.facts()
    ET.fromstring(rose(graph, title="nothing"))


def test_the_rose_has_all_length_where_it_runs():
    graph = drawn((20, 60, 180, 60), (20, 140, 180, 140), (60, 10, 60, 50))
    lengths = lengths_by_direction(graph)
    assert lengths.sum() == pytest.approx(graph.length_px)
    assert lengths[0] == pytest.approx(320, abs=15)
    assert lengths[9] == pytest.approx(40, abs=6)
    shown = ET.fromstring(rose(graph, title="a < b & c"))
    assert len(shown.findall("{http://www.w3.org/2000/svg}path")) == 36


def test_what_does_not_fit_into_memory_is_refused(monkeypatch):
    monkeypatch.setattr("tratteggio.damage.graph.MOST_MP", 0.001)
    with pytest.raises(BadUsage, match="crop the scan first"):
        crack_graph(Lacunae(np.zeros((40, 40), bool)), metadata=Metadata())
