"""GeoJSON (.geojson): polygons as a mask, in pixels: columns from the left, rows from the top.

Source: RFC 7946, but coordinates are pixels, as QuPath and other annotation programs write them. (0, 0) is
the upper left corner of the image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio.errors import UnreadableFile
from tratteggio.files.documents import MOST_BYTES, parse_json
from tratteggio.roles import Facts, Keeps, Outlines

FACTS = Facts(title="GeoJSON", suffixes=(".geojson",), keeps=Keeps(alpha=False, lossless=True))
KINDS = (b'"Feature', b'"Polygon"', b'"MultiPolygon"', b'"GeometryCollection"')
BOM = b"\xef\xbb\xbf"


def recognizes(path: Path, start: bytes) -> bool:
    """True if a file begins as JSON does, and its name or its first bytes say GeoJSON."""
    begins = start.removeprefix(BOM).lstrip().startswith((b"{", b"["))
    return begins and (path.suffix.lower() == FACTS.suffixes[0] or any(kind in start for kind in KINDS))


def read_outlines(path: Path, grid: tuple[int, int]) -> Outlines:  # noqa: ARG001 coordinates are pixels
    """Read the polygons of a file: a geometry, a feature, a collection, or a list of features.

    Raises:
        UnreadableFile: too large, or a polygon is damaged.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise UnreadableFile(f"{path} has {size:,} bytes, more than {MOST_BYTES:,}; simplify its outlines")
    found = parse_json(path.read_bytes().removeprefix(BOM), path, what="GeoJSON file")
    polygons, left_out = [], Counter[str]()
    for kind, coordinates in _geometries(found):
        if kind == "Polygon":
            polygons.append(_rings(path, coordinates))
        elif kind == "MultiPolygon" and isinstance(coordinates, list):
            polygons.extend(_rings(path, one) for one in coordinates)
        else:
            left_out[kind] += 1
    return Outlines(polygons, dict(left_out))


def _geometries(found: Any) -> Iterator[tuple[str, Any]]:
    """Yield the kind and the coordinates of each geometry; `parse_json` limits how deep they lie."""
    if isinstance(found, list):
        for one in found:
            yield from _geometries(one)
        return
    if not isinstance(found, dict):
        return
    kind = found.get("type")
    if kind == "FeatureCollection":
        yield from _geometries(found.get("features"))
    elif kind == "GeometryCollection":
        yield from _geometries(found.get("geometries"))
    elif kind == "Feature":
        yield from _geometries(found.get("geometry"))
    elif isinstance(kind, str):
        yield kind[:40], found.get("coordinates")


def _rings(path: Path, coordinates: Any) -> list[Any]:
    """Return the rings of one polygon: (n, 2) float64 each."""
    try:
        rings = [np.array([place[:2] for place in ring], dtype=np.float64) for ring in coordinates]
    except (TypeError, ValueError, KeyError, IndexError):
        rings = []
    if not rings or any(ring.ndim != 2 or ring.shape[0] < 3 or ring.shape[1] != 2 for ring in rings):
        raise UnreadableFile(
            f"{path} has a polygon whose corners are not at least three pairs of numbers; export it again"
        )
    return rings
