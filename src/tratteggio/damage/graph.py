"""Cracks as a graph: junctions, and between them edges with length, width and direction; islands of paint.

    where cracks are -> skeleton, a pixel wide
                     -> junctions: three neighbours or more, those that touch as one
                     -> paths between them, from junction to junction or end

What such a graph tells of a painting: Bucklow, "The description of craquelure patterns", Studies in
Conservation 42, 1997; Sidorov and Hardeberg, "Craquelure as a graph", ICCV workshops 2019. The skeleton is
that of Zhang and Suen, "A fast parallel algorithm for thinning digital patterns", CACM 27,
1984, by scikit-image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.errors import BadUsage
from tratteggio.extras import optional
from tratteggio.names import rows_and_columns
from tratteggio.painting import Lacunae, Metadata, Region
from tratteggio.painting.lacunae import EIGHT
from tratteggio.painting.pixels import Lost

Points = NDArray[np.float64]

MOST_MP = 150  # megapixels whose skeleton is made at one look: some 12 bytes each
WIDEST = 64  # px: half widths are measured up to this
BAND = 1024
STEP = (
    6  # px of a path between two points that are kept: directions of single steps are multiples of 45 degrees
)
SPUR = 4  # px: ends that are shorter and hang on a junction are the skeleton's, not the crack's


class Edge(NamedTuple):
    """A crack between two nodes.

    Attributes:
        points: (n, 2) rows and columns along it, from node to node.
        nodes: numbers of the two junctions; -1 where it ends, and twice where it is closed upon itself.
        length_px: along the points.
        width_px: mean.
    """

    points: Points
    nodes: tuple[int, int]
    length_px: float
    width_px: float

    @property
    def direction_deg(self) -> float:
        """Mean direction, 0 .. 180: 0 level, 90 upright; weighted by length."""
        angles, lengths = directions(self)
        doubled = np.sum(lengths * np.exp(2j * np.radians(angles)))
        return float(np.degrees(np.angle(doubled)) / 2 % 180)


@dataclass(frozen=True, eq=False)
class CrackGraph:
    """The cracks of a painting.

    Attributes:
        junctions: (n, 2) rows and columns.
        edges: between them.
        islands_px: (m,) areas that cracks enclose all around, in pixels; those cut by the rim do not count.
        grid: (rows, columns) of the painting.
        metadata: of the scan: its scale.
    """

    junctions: Points
    edges: tuple[Edge, ...]
    islands_px: NDArray[np.int64]
    grid: tuple[int, int]
    metadata: Metadata

    @property
    def length_px(self) -> float:
        """Of all cracks together."""
        return float(sum(edge.length_px for edge in self.edges))

    def facts(self) -> dict[str, Any]:
        """Sum it up; lengths in mm too, if the scan has a scale."""
        rows, cols = self.grid
        length = self.length_px
        widths = np.array([edge.width_px for edge in self.edges])
        lengths = np.array([edge.length_px for edge in self.edges])
        described: dict[str, Any] = {
            "junctions": len(self.junctions),
            "edges": len(self.edges),
            "length_px": round(length, 1),
            "mean_width_px": round(float((widths * lengths).sum() / length), 2) if length else None,
            "density_px_per_px2": length / (rows * cols),
            "islands": len(self.islands_px),
            "mean_island_px": round(float(self.islands_px.mean()), 1) if len(self.islands_px) else None,
        }
        if (um := self.metadata.um_per_px) is not None:
            described["length_mm"] = round(length * um / 1000, 2)
            described["density_mm_per_mm2"] = length / (rows * cols) / (um / 1000)
            described["mean_width_um"] = None if not length else round(described["mean_width_px"] * um, 1)
        return described

    def geojson(self) -> dict[str, Any]:
        """Return junctions as points and edges as lines; coordinates are columns and rows in pixels."""
        um = self.metadata.um_per_px

        def line(edge: Edge) -> dict[str, Any]:
            described = {
                "length_px": round(edge.length_px, 1),
                "width_px": round(edge.width_px, 2),
                "direction_deg": round(edge.direction_deg, 1),
                "nodes": list(edge.nodes),
            }
            if um is not None:
                described |= {
                    "length_mm": round(edge.length_px * um / 1000, 3),
                    "width_um": round(edge.width_px * um, 1),
                }
            return _feature(
                "LineString", edge.points[:, ::-1].round(1).tolist(), {"kind": "crack", **described}
            )

        points = [
            _feature("Point", [round(col, 1), round(row, 1)], {"kind": "junction", "node": number})
            for number, (row, col) in enumerate(self.junctions.tolist())
        ]
        return {
            "type": "FeatureCollection",
            "coordinates": "pixels: column from the left, row from the top",
            "facts": self.facts(),
            "features": [*points, *map(line, self.edges)],
        }


def crack_graph(cracks: Lacunae, *, metadata: Metadata) -> CrackGraph:
    """Make the graph of cracks.

    Args:
        cracks: where they are; all of it is brought into memory.
        metadata: of the scan.

    Raises:
        BadUsage: more than 150 megapixels.
        MissingExtra: scikit-image is not installed.
    """
    rows, cols = cracks.grid
    if rows * cols > MOST_MP * 1_000_000:
        raise BadUsage(
            f"{cracks.name} has {rows_and_columns(cracks.grid)}, but a crack graph takes at most {MOST_MP} "
            "megapixels; crop the scan first"
        )
    needs = "a crack graph needs scikit-image"
    with optional("skimage", needs=needs, install="pip install 'tratteggio[detect]'"):
        from skimage.morphology import skeletonize  # noqa: PLC0415  an extra
    lost = cracks.read()
    thin: Lost = skeletonize(lost)  # type: ignore[no-untyped-call]
    skeleton = _without_spurs(thin)
    joined = skeleton & (_neighbours(skeleton) >= 3)
    labels, count = ndimage.label(joined, EIGHT)
    junctions = np.array(ndimage.center_of_mass(joined, labels, range(1, count + 1))).reshape(-1, 2)
    half = _half_widths(lost, skeleton)
    return CrackGraph(
        junctions,
        tuple(_edges(skeleton & ~joined, labels, junctions, half)),
        _islands(skeleton),
        cracks.grid,
        metadata,
    )


def directions(edge: Edge) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the direction of each part of an edge in degrees, 0 .. 180, and its length in pixels."""
    down, right = np.diff(edge.points, axis=0).T
    return np.degrees(np.arctan2(-down, right)) % 180, np.hypot(down, right)


def _neighbours(skeleton: Lost) -> NDArray[np.uint8]:
    """Count the neighbours of each pixel, at sides and corners."""
    wide = np.pad(skeleton, 1).astype(np.uint8)
    rows, cols = skeleton.shape
    count = np.zeros(skeleton.shape, np.uint8)
    for down in range(3):
        for right in range(3):
            if (down, right) != (1, 1):
                count += wide[down : down + rows, right : right + cols]
    return count


def _without_spurs(skeleton: Lost) -> Lost:
    """Take away short ends that hang on a junction; a crack that ends at both sides stays, however short."""
    count = _neighbours(skeleton)
    labels, number = ndimage.label(skeleton & (count < 3), EIGHT)
    if not number:
        return skeleton
    area = np.bincount(labels.ravel(), minlength=number + 1)
    ends = np.bincount(labels[skeleton & (count == 1)], minlength=number + 1)
    short = (area <= SPUR) & (ends == 1)
    short[0] = False
    return np.asarray(skeleton & ~short[labels])


def _edges(paths: Lost, nodes: NDArray[np.int32], junctions: Points, half: NDArray[np.float32]) -> list[Edge]:
    """Walk along every path from end to end."""
    left = {(int(row), int(col)) for row, col in np.argwhere(paths)}
    labels = np.pad(nodes, 1)  # so that neighbours of the rim can be looked at
    count = _neighbours(paths)
    ends = [(int(row), int(col)) for row, col in np.argwhere(paths & (count <= 1))]
    found = []
    for start in [*ends, *sorted(left)]:  # first from ends; what is left are rings
        if start not in left:
            continue
        way = [start]
        left.discard(start)
        while (onward := _next(way[-1], left)) is not None:
            way.append(onward)
            left.discard(onward)
        found.append(_edge(way, labels, junctions, half))
    return found


def _next(place: tuple[int, int], left: set[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the next pixel of a path: at a side sooner than at a corner."""
    row, col = place
    for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
        if (row + down, col + right) in left:
            return row + down, col + right
    return None


def _edge(
    way: list[tuple[int, int]], labels: NDArray[np.int32], junctions: Points, half: NDArray[np.float32]
) -> Edge:
    """Measure a path and tie it to the junctions that it touches."""
    width = float(np.mean([2 * half[place] - 1 for place in way]))
    ring = len(way) > 2 and max(abs(way[0][0] - way[-1][0]), abs(way[0][1] - way[-1][1])) <= 1
    first, last = _node(way[0], labels), _node(way[-1], labels, other=True)
    if len(way) == 1 and first == last:
        last = -1
    middle = way[1:-1][STEP - 1 :: STEP]
    if len(way) > 1 and middle and len(way) - 2 - STEP * len(middle) < STEP // 2:
        middle = middle[:-1]
    points: list[tuple[float, float]] = [*([junctions[first]] if first >= 0 else []), way[0], *middle]
    points += [*([way[-1]] if len(way) > 1 else []), *([junctions[last]] if last >= 0 else [])]
    if ring and first == last == -1:
        points.append(way[0])
    if len(points) == 1:
        points *= 2
    length = sum(math.dist(one, two) for one, two in pairwise(points))
    return Edge(np.array(points, np.float64), (first, last), max(length, 1.0), max(width, 1.0))


def _node(place: tuple[int, int], labels: NDArray[np.int32], *, other: bool = False) -> int:
    """Return the junction that a pixel touches, or -1; of several the first, or the last if `other`."""
    row, col = place
    near = labels[row : row + 3, col : col + 3]
    touched = near[near > 0]
    return int(touched[-1 if other else 0]) - 1 if touched.size else -1


def _half_widths(lost: Lost, skeleton: Lost) -> NDArray[np.float32]:
    """Return how far each pixel of the skeleton lies from sound paint; 0 elsewhere."""
    half = np.zeros(lost.shape, np.float32)
    whole = Region.whole((lost.shape[0], lost.shape[1]))
    for band in whole.bands(BAND):
        seen = band.grow(WIDEST, within=(lost.shape[0], lost.shape[1]))
        away = ndimage.distance_transform_edt(np.pad(lost[seen.slices], 1, mode="edge"))[1:-1, 1:-1]
        inner = np.minimum(away[band.relative_to(seen).slices], WIDEST)
        half[band.slices] = np.where(skeleton[band.slices], inner, 0)
    return half


def _islands(skeleton: Lost) -> NDArray[np.int64]:
    """Return the areas that the skeleton encloses: corners that touch let nothing through."""
    labels, count = ndimage.label(~skeleton)
    area = np.bincount(labels.ravel(), minlength=count + 1)
    rim = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    inside = np.setdiff1d(np.arange(1, count + 1), rim)
    return np.asarray(area[inside], np.int64)


def _feature(kind: str, coordinates: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": properties,
    }
