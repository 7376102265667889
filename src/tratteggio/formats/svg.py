"""SVG (.svg): closed shapes as a mask, whatever their colours; the page of the file is the painting.

Source: Scalable Vector Graphics 1.1 (W3C). The view box, or else width and height, must have the proportions
of the painting; it is scaled to the grid of the painting. Inkscape makes such a file from an image.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import GridMismatch, UnreadableFile
from tratteggio.files.documents import MOST_BYTES
from tratteggio.files.xml_documents import parse_xml
from tratteggio.formats._svg.paths import (
    Ring,
    draw_ellipse,
    list_numbers,
    read_path,
    read_points,
    read_transform,
)
from tratteggio.names import rows_and_columns
from tratteggio.roles import Facts, Keeps, Outlines

FACTS = Facts(title="SVG", suffixes=(".svg",), keeps=Keeps(alpha=False))
# What draws nothing by itself, or describes the file.
UNDRAWN = {
    *("defs", "symbol", "clipPath", "mask", "pattern", "marker", "metadata", "title", "desc", "style"),
    *("namedview", "linearGradient", "radialGradient", "filter", "script", "image"),
}
GROUPS = ("svg", "g", "a", "switch")
LENGTH = re.compile(r"\s*([-+.\deE]+?)\s*(px|mm|cm|in|pt|pc|)\s*")
PER_UNIT = {"": 1.0, "px": 1.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0, "pt": 96 / 72, "pc": 16.0}
CLOSE = 0.01  # by how much proportions may differ
MOST_CORNERS = 4_000_000


class Shape(NamedTuple):
    """An element that draws, with the matrix of all its groups."""

    kind: str
    element: ET.Element
    matrix: NDArray[np.float64]


def recognizes(path: Path, start: bytes) -> bool:
    """True if a file begins as XML does, and its name or its first bytes say SVG."""
    begins = start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
    return begins and (path.suffix.lower() == FACTS.suffixes[0] or b"<svg" in start)


def read_outlines(path: Path, grid: tuple[int, int]) -> Outlines:
    """Read the closed shapes of a file: polygons, paths, rectangles, circles and ellipses that are shown.

    Raises:
        GridMismatch: the page has other proportions than the painting.
        UnreadableFile: too large, entities of its own, or no SVG.
        ValueError: a shape is damaged.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise UnreadableFile(f"{path} has {size:,} bytes, more than {MOST_BYTES:,}; simplify its outlines")
    root = parse_xml(path.read_bytes(), path, what="SVG file")
    if _kind(root) != "svg":
        raise UnreadableFile(f"{path} is XML, but no SVG; export it again")
    polygons: list[list[Ring]] = []
    left_out, corners = Counter[str](), 0
    for shape in _shapes(root, _to_grid(path, root, grid)):
        rings, lines = _outline(shape)
        left_out.update(lines)
        corners += sum(map(len, rings))
        if corners > MOST_CORNERS:
            raise UnreadableFile(f"{path} has more than {MOST_CORNERS:,} corners; simplify its outlines")
        if rings:
            polygons.append([np.c_[ring, np.ones(len(ring))] @ shape.matrix[:2].T for ring in rings])
    return Outlines(polygons, dict(left_out))


def _to_grid(path: Path, root: ET.Element, grid: tuple[int, int]) -> NDArray[np.float64]:
    """Return the matrix from user units to pixels of the painting."""
    box = list_numbers(root.get("viewBox", ""))
    if len(box) != 4:
        box = [0.0, 0.0, _length(root.get("width", "")), _length(root.get("height", ""))]
    x, y, width, height = box
    rows, cols = grid
    if not (width > 0 and height > 0):
        raise UnreadableFile(
            f"{path} states no size of its page; export it with a width, a height or a viewBox"
        )
    if abs(width / height / (cols / rows) - 1) > CLOSE:
        raise GridMismatch(
            f"the page of an SVG mask must have the proportions of the painting, but {path} has {width:g} x "
            f"{height:g} and the painting {rows_and_columns(grid)}; draw it over the whole painting"
        )
    scaled: NDArray[np.float64] = np.diag([cols / width, rows / height, 1.0]) @ np.array(
        [[1, 0, -x], [0, 1, -y], [0, 0, 1.0]]
    )
    return scaled


def _shapes(root: ET.Element, matrix: NDArray[np.float64]) -> Iterator[Shape]:
    """Yield what is shown, in order."""
    for child in root:
        kind = _kind(child)
        if kind in UNDRAWN or _hidden(child):
            continue
        own = matrix @ read_transform(child.get("transform", ""))
        if kind in GROUPS and kind != "svg":
            yield from _shapes(child, own)
        else:
            yield Shape(kind, child, own)


def _outline(shape: Shape) -> tuple[list[Ring], dict[str, int]]:
    """Return the rings of a shape, and what of it is no area."""
    kind, element = shape.kind, shape.element
    if kind == "path":
        rings, lines = read_path(element.get("d", ""))
        return rings, {"open line": lines} if lines else {}
    if kind == "polygon":
        ring = read_points(element.get("points", ""))
    elif kind == "polyline":
        ring = read_points(element.get("points", ""))
        if len(ring) < 3 or (ring[0] != ring[-1]).any():
            return [], {"open line": 1}
    elif kind == "rect":
        x, y, width, height = (_length(element.get(key, "0")) for key in ("x", "y", "width", "height"))
        ring = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
    elif kind in ("circle", "ellipse"):
        radii = ("r", "r") if kind == "circle" else ("rx", "ry")
        ring = draw_ellipse(*(_length(element.get(key, "0")) for key in ("cx", "cy", *radii)))
    else:
        return [], {"open line" if kind == "line" else kind[:40]: 1}
    return ([ring], {}) if len(ring) > 2 else ([], {"open line": 1})


def _kind(element: ET.Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _hidden(element: ET.Element) -> bool:
    style = element.get("style", "").replace(" ", "")
    return (
        element.get("display") == "none"
        or element.get("visibility") in ("hidden", "collapse")
        or "display:none" in style
        or "visibility:hidden" in style
    )


def _length(text: str) -> float:
    """Return a length in user units; 0 of one that says nothing, as a share of the page."""
    found = LENGTH.fullmatch(text)
    return float(found[1]) * PER_UNIT[found[2]] if found else 0.0
