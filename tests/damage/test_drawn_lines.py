"""Segments that look like drawn lines, apart from cracks."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tratteggio.damage import DamageMap
from tratteggio.damage.drawn_lines import drawn_lines
from tratteggio.damage.graph import crack_graph
from tratteggio.painting import Lacunae, Metadata, Scan
from tratteggio.treatment import find_doubts, lacunae_by_policy

SIZE = 400


def brush_lines(*, tapered: bool, jagged: bool) -> NDArray[np.bool_]:
    """Draw three curves: bool (400, 400)."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(float)
    lost = np.zeros((SIZE, SIZE), bool)
    rng = np.random.default_rng(2)
    for row in (90, 200, 310):
        across = np.arange(60, 340)
        down = row + 25 * np.sin((across - 60) / 280 * np.pi)
        if jagged:
            down = down + np.interp(across, across[::12], rng.normal(0, 5, len(across[::12])))
        for col, middle in zip(across, down, strict=True):
            half = 1 + 3.5 * np.sin((col - 60) / 280 * np.pi) if tapered else 1.5
            lost |= np.hypot(y - middle, x - col) <= half
    return lost


def painted(lost: NDArray[np.bool_]) -> Scan:
    pixels = np.full((SIZE, SIZE, 3), 190, np.uint8)
    pixels[lost] = 40
    return Scan(pixels)


@pytest.mark.parametrize(
    ("tapered", "jagged", "found"),
    [(True, False, 3), (False, False, 0), (False, True, 0), (True, True, 0)],
)
def test_smooth_tapered_lines_look_drawn_and_no_others(tapered, jagged, found):
    lost = brush_lines(tapered=tapered, jagged=jagged)
    cracks = Lacunae(lost)
    graph = crack_graph(cracks, metadata=Metadata())
    assert len(drawn_lines(graph, cracks, painted(lost))) == found


def test_a_line_between_two_colours_is_left_to_the_detector():
    lost = brush_lines(tapered=True, jagged=False)
    pixels = np.full((SIZE, SIZE, 3), 190, np.uint8)
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    pixels[y > 90 + 25 * np.sin((x - 60) / 280 * np.pi)] = 120
    pixels[lost] = 40
    cracks = Lacunae(lost)
    graph = crack_graph(cracks, metadata=Metadata())
    assert len(drawn_lines(graph, cracks, Scan(pixels))) == 2


def test_drawn_lines_are_doubted_only_if_cracks_are_filled():
    lost = brush_lines(tapered=True, jagged=False)
    damage = DamageMap(np.where(lost, 3, 0).astype(np.uint8))
    damage.indices[5:9, 5:9] = 1
    scan = painted(lost)
    doubts = find_doubts(scan, damage, lacunae_by_policy(damage, "crack=fill"), "crack=fill", detected=True)
    assert doubts[-1] == "100 % of the length of the cracks looks like drawn lines"
    assert find_doubts(scan, damage, lacunae_by_policy(damage), detected=True) == []
