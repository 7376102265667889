"""Kinds of damage: which pixels of a patch are taken away, True = lost.

Each kind comes in two parts: a drawer that draws parameters by chance, and a plain function that makes the
same lacunae from the same parameters: `walk`, `brushed`, `squares`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tratteggio.errors import BadUsage
from tratteggio.painting.pixels import Lost
from tratteggio.painting.region import Region
from tratteggio.phantom.craquelure import Craquelure
from tratteggio.phantom.noise import Doubles, Floats, field

Grid: TypeAlias = tuple[int, int]
Border: TypeAlias = Literal["open", "wall"]
Reading: TypeAlias = Literal["area", "side"]
Moves: TypeAlias = NDArray[np.integer]

_DOWN = np.array([-1, 0, 1, 0], np.int32)  # moves 0 .. 3: up, right, down, left
_RIGHT = np.array([0, 1, 0, -1], np.int32)


# --- walks ---------------------------------------------------------------------------------------------


def walk(grid: Grid, start: tuple[int, int], way: Moves, *, stroke: int = 1, border: Border = "open") -> Lost:
    """Lose what a walk from pixel to pixel visits.

    Args:
        grid: (rows, cols).
        start: (row, column) of the first pixel visited.
        way: (n,) of 0 up, 1 right, 2 down, 3 left.
        stroke: side of the square brush in pixels; an even one reaches one pixel further down and right.
        border: "open": the walk goes on outside and may come back. "wall": a step into the border stays where
            it is, and from then on the walk takes the directions of that axis mirrored. Walks clipped at the
            border have the same law, since both directions are equally likely.

    Returns:
        (rows, cols) bool.

    Example:
        >>> walk((2, 3), (0, 0), np.array([1, 2, 1])).astype(int)
        array([[1, 1, 0],
               [0, 1, 1]])
    """
    rows, cols = path(grid, start, way, border)
    # A brush outside may reach in: walk on a canvas with a margin as wide as the brush.
    canvas = np.zeros((grid[0] + 2 * stroke, grid[1] + 2 * stroke), np.bool_)
    near = (rows >= -stroke) & (rows < grid[0] + stroke) & (cols >= -stroke) & (cols < grid[1] + stroke)
    canvas[rows[near] + stroke, cols[near] + stroke] = True
    for axis in (0, 1):
        thin = canvas.copy()
        for shift in range(-((stroke - 1) // 2), stroke // 2 + 1):
            canvas |= np.roll(thin, shift, axis)
    return canvas[stroke : stroke + grid[0], stroke : stroke + grid[1]]


def random_walk(
    grid: Grid,
    rng: Generator,
    *,
    steps: int | None = None,
    stroke: int = 1,
    border: Border = "open",
    margin: float = 50 / 256,
) -> Lost:
    """Lose what a random walk visits.

    Args:
        grid: (rows, cols).
        rng: chance.
        steps: None takes 50,000 for 256 x 256 pixels, as the Dunhuang poster, and as many per pixel on other
            grids: a share of 0.10 +- 0.05. The challenge took 10,000 from anywhere: 0.03 +- 0.014.
        stroke: side of the brush in pixels.
        border: as in `walk`.
        margin: how far from the border the walk starts at least, as a share of each side, below 0.5.
    """
    count = round(50_000 / 256**2 * grid[0] * grid[1]) if steps is None else steps
    row, col = (int(rng.integers(edge, side - edge)) for side in grid for edge in [int(side * margin)])
    return walk(grid, (row, col), moves(count, rng), stroke=stroke, border=border)


def moves(count: int, rng: Generator) -> Moves:
    """Draw the moves of a random walk."""
    return rng.integers(0, 4, count, dtype=np.uint8)


def path(
    grid: Grid, start: tuple[int, int], way: Moves, border: Border
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return rows and columns of the pixels visited, the start included."""
    axes = []
    for size, first, step in zip(grid, start, (_DOWN, _RIGHT), strict=True):
        at = np.empty(len(way) + 1, np.int32)
        at[0] = first
        at[1:] = first + np.cumsum(step[way], dtype=np.int32)
        if border == "wall":  # the free walk, folded at the borders like a strip of paper
            at %= 2 * size
            at = np.minimum(at, 2 * size - 1 - at)
        axes.append(at)
    return axes[0], axes[1]


# --- strokes and cracks --------------------------------------------------------------------------------


class Stroke(NamedTuple):
    """One pull of a brush.

    Attributes:
        points: (n, 2) of row, column, in pixels.
        width: in pixels.
    """

    points: Doubles
    width: int


def brushed(grid: Grid, strokes: Iterable[Stroke]) -> Lost:
    """Lose what brush strokes cover; strokes wider than 3 pixels have round ends and bends."""
    sheet = Image.new("1", (grid[1], grid[0]))
    pen = ImageDraw.Draw(sheet)
    for points, width in strokes:
        pen.line(points[:, ::-1].ravel().tolist(), fill=1, width=width)
        if width > 3:
            for row, col in points.tolist():
                pen.circle((col, row), width / 2, fill=1)
    return np.array(sheet)


def strokes(grid: Grid, rng: Generator) -> Lost:
    """Lose a few free-form strokes, 2 to 10 % of the shorter side wide (9 to 49 pixels at 512)."""
    count = int(rng.integers(1, 6))
    widths = np.maximum(1, rng.uniform(0.018, 0.096, count) * min(grid)).round().astype(int).tolist()
    return brushed(grid, map(Stroke, scribbles(grid, count, rng), widths))


def cracks(grid: Grid, rng: Generator) -> Lost:
    """Lose thin branching cracks, 1 to 5 pixels wide, finer from branch to branch."""
    count = 1 + int(rng.poisson(min(grid) / 100))
    lengths = rng.uniform(0.5, 1.6, count) * min(grid)
    headings = rng.uniform(0, 2 * np.pi, count)
    # The middle of a first crack lies within the grid, its ends may not.
    starts = rng.uniform(0, 1, (count, 2)) * grid - _way(headings) * lengths[:, None] / 2
    widths = np.exp(rng.uniform(0, np.log(4), count))
    found: list[Stroke] = []
    for _ in range(3):
        nodes = np.maximum(2, np.ceil(lengths / _STEP_PX)).astype(int)
        angles, points = _grown(starts, headings, int(nodes.max()), rng)
        found += _pieces(points, nodes, widths, rng)
        count = min(int(rng.poisson(lengths.sum() / 70)), 30)
        parents = rng.integers(0, len(nodes), count)
        at = (rng.random(count) * nodes[parents]).astype(int)
        starts = points[parents, at]
        headings = angles[parents, at] + rng.choice([-1.0, 1.0], count) * rng.uniform(0.7, 1.5, count)
        lengths = rng.uniform(0.15, 0.6, count) * lengths[parents]
        widths = widths[parents] * 0.7
        if not count:
            break
    return brushed(grid, found)


def _way(headings: Doubles) -> Doubles:
    """Return unit steps (n, 2) of row, column."""
    return np.stack([np.sin(headings), np.cos(headings)], axis=-1)


def scribbles(grid: Grid, count: int, rng: Generator) -> list[Doubles]:
    """Draw polylines of 3 to 9 corners, as a hand scribbles, around places within the grid."""
    headings = np.cumsum(rng.normal(0, 1.2, (count, 9)), axis=1) + rng.uniform(0, 2 * np.pi, (count, 1))
    steps = rng.uniform(0.05, 0.2, (count, 9, 1)) * float(np.hypot(*grid))
    points = np.cumsum(_way(headings) * steps, axis=1)
    points += rng.uniform(0, 1, (count, 1, 2)) * grid - points[:, :3].mean(axis=1, keepdims=True)
    corners = rng.integers(3, 10, count).tolist()
    return [path[:corner] for path, corner in zip(points, corners, strict=True)]


_STEP_PX = 4.0  # between the nodes of a crack
_PIECE = 4  # steps of one width


def _grown(starts: Doubles, headings: Doubles, nodes: int, rng: Generator) -> tuple[Doubles, Doubles]:
    """Let cracks grow and wander -> headings (n, nodes) and places (n, nodes, 2)."""
    angles = headings[:, None] + np.cumsum(rng.normal(0, 0.17, (len(starts), nodes)), axis=1)
    points = starts[:, None] + np.cumsum(_way(angles) * _STEP_PX, axis=1)
    return angles, points


def _pieces(points: Doubles, nodes: NDArray[np.int64], widths: Doubles, rng: Generator) -> list[Stroke]:
    """Cut cracks into pieces of uneven width, finest towards the end."""
    firsts = np.arange(0, points.shape[1], _PIECE)
    uneven = rng.uniform(0.6, 1.35, (len(points), len(firsts))) * widths[:, None]
    uneven *= 1.1 - 0.5 * firsts / nodes[:, None]
    wide = np.maximum(1, uneven.round()).astype(int).tolist()
    return [
        Stroke(points[crack, first : min(first + _PIECE + 1, last)], wide[crack][k])
        for crack, last in enumerate(nodes.tolist())
        for k, first in enumerate(range(0, last - 1, _PIECE))
    ]


_SHEETS, _SHEET_PX = 12, 768


def craquelure(grid: Grid, rng: Generator) -> Lost:
    """Lose a piece of the craquelure of one of twelve panels, cracks 1 to 6 pixels wide."""
    number = int(rng.integers(_SHEETS))
    corner = rng.integers(0, np.maximum(1, _SHEET_PX - np.array(grid) + 1))
    where = Region(0, 0, *grid).shift(*corner.tolist())
    whole = Region(0, 0, _SHEET_PX, _SHEET_PX)
    lost = _sheet(number)[where.slices] if whole.holds(where) else _cracked(number, where)
    return (lost[::-1, ::-1] if rng.random() < 0.5 else lost).copy()


def _cracked(number: int, where: Region) -> Lost:
    um_per_px, spacing_px = 40.0 + 10.0 * number, 30.0 + 30.0 * (number % 4)
    network = Craquelure(7919 + number, um_per_px, spacing_px * um_per_px / 1000)
    lost: Lost = network.at(where).cover > 0
    return lost


@lru_cache(maxsize=_SHEETS)
def _sheet(number: int) -> Lost:
    """Keep a sheet of a network: a patch is then a slice, the same bits as if it were made alone."""
    return _cracked(number, Region(0, 0, _SHEET_PX, _SHEET_PX))


# --- losses --------------------------------------------------------------------------------------------


def losses(grid: Grid, rng: Generator, *, share: tuple[float, float] = (0.01, 0.35)) -> Lost:
    """Lose ragged islands, from specks of a few pixels to half the side.

    Args:
        grid: (rows, cols).
        rng: chance.
        share: of the area, drawn between these two, small ones as often as large ones.
    """
    wanted = float(np.exp(rng.uniform(*np.log(share))))
    height = relief(grid, rng)
    count = max(1, min(round(wanted * height.size), height.size - 1))
    level = np.partition(height, count - 1, axis=None)[count - 1]
    lost: Lost = height <= level
    return lost


def relief(grid: Grid, rng: Generator) -> Floats:
    """Draw smooth chance with fine grain on it: its valleys have ragged rims."""
    lump = float(np.exp(rng.uniform(np.log(6.0), np.log(max(8.0, min(grid) / 2)))))
    y, x = (np.arange(side, dtype=np.float64) + rng.uniform(0, 1000) for side in grid)
    seed = int(rng.integers(2**31))
    height = field(y / lump, x / lump, seed, 0)
    height += field(y / lump * 3.1, x / lump * 3.1, seed, 1) * np.float32(0.42)
    height += field(y / 3.0, x / 3.0, seed, 2) * np.float32(0.16)
    return height


# --- squares -------------------------------------------------------------------------------------------


def square_side(grid: Grid, share: float, *, reading: Reading = "area") -> int:
    """Return the side in pixels of a square with a share of a grid.

    Deesamutara and Maggiore (2020) write "20 % of the area", but their figures come from squares of 20 % of
    the side: both readings are offered.

    Args:
        grid: (rows, cols).
        share: above 0, up to 1; where the grid is too narrow for that, the square is the largest that fits.
        reading: what the share is of: "area", or "side" (the shorter one).

    Raises:
        BadUsage: a square larger than the grid, or none.

    Example:
        >>> square_side((100, 100), 0.2), square_side((100, 100), 0.2, reading="side")
        (45, 20)
    """
    if not 0 < share <= 1:
        raise BadUsage(
            f"a square takes more than 0 and at most 100 % of the {reading} of {grid[0]} x {grid[1]} pixels, "
            f"got {share:.0%}"
        )
    full = min(grid)
    side = share * full if reading == "side" else (share * grid[0] * grid[1]) ** 0.5
    return max(1, min(round(side), full))


def squares(grid: Grid, corners: Iterable[tuple[int, int]], side: int) -> Lost:
    """Lose squares of one side, given by their upper left corners (row, column); they may overlap."""
    lost = np.zeros(grid, np.bool_)
    for row, col in corners:
        lost[row : row + side, col : col + side] = True
    return lost


def some_squares(
    grid: Grid,
    rng: Generator,
    *,
    share: float = 0.2,
    count: int = 1,
    reading: Reading = "area",
) -> Lost:
    """Lose squares anywhere within the grid.

    Args:
        grid: (rows, cols).
        rng: chance.
        share: of one square.
        count: how many; each lies independently of the others.
        reading: as in `square_side`.
    """
    side = square_side(grid, share, reading=reading)
    corners = rng.integers(0, np.array(grid) - side + 1, (count, 2))
    return squares(grid, [(int(row), int(col)) for row, col in corners], side)


def square_centre(
    grid: Grid,
    rng: Generator,  # noqa: ARG001 # a drawer that leaves nothing to chance
    *,
    share: float = 0.25,
    reading: Reading = "area",
) -> Lost:
    """Lose a square in the middle; arguments as in `some_squares`."""
    side = square_side(grid, share, reading=reading)
    return squares(grid, [((grid[0] - side) // 2, (grid[1] - side) // 2)], side)
