"""The rose of a crack network: how much of it runs in each direction, as SVG."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tratteggio.damage.graph import CrackGraph, directions
from tratteggio.markup import Markup, html, join

SECTORS = 18  # of 10 degrees each, from 0 to 180
SIDE = 420  # px
RADIUS = 165


def lengths_by_direction(graph: CrackGraph, sectors: int = SECTORS) -> NDArray[np.float64]:
    """Return how many pixels of cracks run in each direction: (sectors,), the first about 0 degrees, level.

    Directions have no sense: 0 is 180. Sectors are centred on multiples of 180 / `sectors` degrees.
    """
    sums = np.zeros(sectors)
    for edge in graph.edges:
        angles, lengths = directions(edge)
        at = np.rint(angles / (180 / sectors)).astype(int) % sectors
        np.add.at(sums, at, lengths)
    return sums


def rose(graph: CrackGraph, *, title: str) -> Markup:
    """Draw the rose: areas of petals are lengths of cracks, each direction drawn to both sides.

    Args:
        graph: of cracks; it may be empty.
        title: above.

    Returns:
        an SVG document.
    """
    lengths = lengths_by_direction(graph)
    radii = RADIUS * np.sqrt(lengths / max(lengths.max(), 1e-9))
    middle = SIDE / 2, SIDE / 2 + 12
    parts = [_text(16, 24, title, weight="bold")]
    parts += [
        html(
            '<circle cx="{}" cy="{}" fill="none" stroke="#ddd" r="{:.1f}"/>',
            *middle,
            RADIUS * math.sqrt(share),
        )
        for share in (0.25, 0.5, 0.75, 1.0)
    ]
    width = 180 / len(radii)
    for number, radius in enumerate(radii.tolist()):
        for turned in (0, 180):
            start, stop = (number * width + turned + side * width / 2 for side in (-1, 1))
            parts.append(_petal(middle, radius, start, stop))
    for degrees, text, anchor in ((0, "0°", "start"), (90, "90°", "middle"), (180, "180°", "end")):
        x, y = _at(middle, RADIUS + 10, degrees)
        parts.append(_text(x, y + (4 if degrees != 90 else 0), text, anchor=anchor))
    total = f"{lengths.sum():.0f} px of cracks; area of a petal = length in its direction"
    parts.append(_text(16, SIDE - 10, total))
    return html(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}" viewBox="0 0 {0} {0}">'
        '<rect width="{0}" height="{0}" fill="white"/>{1}</svg>\n',
        SIDE,
        join(parts),
    )


def _at(middle: tuple[float, float], radius: float, degrees: float) -> tuple[float, float]:
    angle = math.radians(degrees)
    return middle[0] + radius * math.cos(angle), middle[1] - radius * math.sin(angle)


def _petal(middle: tuple[float, float], radius: float, start: float, stop: float) -> Markup:
    (x1, y1), (x2, y2) = _at(middle, radius, start), _at(middle, radius, stop)
    return html(
        '<path d="M{:.1f} {:.1f} L{:.1f} {:.1f} A{:.1f} {:.1f} 0 0 0 {:.1f} {:.1f} Z" '
        'fill="#1b6ca8" stroke="white"/>',
        *middle, x1, y1, radius, radius, x2, y2,
    )  # fmt: skip


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> Markup:
    return html(
        '<text x="{:.1f}" y="{:.1f}" text-anchor="{}" font-family="sans-serif" font-size="12" '
        'font-weight="{}" fill="#222">{}</text>',
        x, y, anchor, weight, text,
    )  # fmt: skip
