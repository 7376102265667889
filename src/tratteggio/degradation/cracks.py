"""Loss along thin branching cracks."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tratteggio.degradation._types import Damage, Grid
from tratteggio.degradation.simulation.value_noise import Doubles
from tratteggio.degradation.strokes import Stroke, directions, draw_strokes
from tratteggio.painting.pixels import Lost

LOSES = True

_STEP_PX = 4.0  # between the nodes of a crack
_PIECE = 4  # steps of one width


def make() -> Damage:
    """Return the rule."""
    return random_cracks


def random_cracks(grid: Grid, rng: Generator) -> Lost:
    """Lose thin branching cracks, 1 to 5 pixels wide, finer from branch to branch."""
    count = 1 + int(rng.poisson(min(grid) / 100))
    lengths = rng.uniform(0.5, 1.6, count) * min(grid)
    headings = rng.uniform(0, 2 * np.pi, count)
    # The middle of a first crack lies within the grid, its ends may not.
    starts = rng.uniform(0, 1, (count, 2)) * grid - directions(headings) * lengths[:, None] / 2
    widths = np.exp(rng.uniform(0, np.log(4), count))
    found: list[Stroke] = []
    for _ in range(3):
        nodes = np.maximum(2, np.ceil(lengths / _STEP_PX)).astype(int)
        angles, points = _grow(starts, headings, int(nodes.max()), rng)
        found += _cut_up(points, nodes, widths, rng)
        count = min(int(rng.poisson(lengths.sum() / 70)), 30)
        parents = rng.integers(0, len(nodes), count)
        at = (rng.random(count) * nodes[parents]).astype(int)
        starts = points[parents, at]
        headings = angles[parents, at] + rng.choice([-1.0, 1.0], count) * rng.uniform(0.7, 1.5, count)
        lengths = rng.uniform(0.15, 0.6, count) * lengths[parents]
        widths = widths[parents] * 0.7
        if not count:
            break
    return draw_strokes(grid, found)


def _grow(starts: Doubles, headings: Doubles, nodes: int, rng: Generator) -> tuple[Doubles, Doubles]:
    """Let cracks grow and wander -> headings (n, nodes) and places (n, nodes, 2)."""
    angles = headings[:, None] + np.cumsum(rng.normal(0, 0.17, (len(starts), nodes)), axis=1)
    points = starts[:, None] + np.cumsum(directions(angles) * _STEP_PX, axis=1)
    return angles, points


def _cut_up(points: Doubles, nodes: NDArray[np.int64], widths: Doubles, rng: Generator) -> list[Stroke]:
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
