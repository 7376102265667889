"""The tiles of a painting: squares of one size at every halving, down to one that holds it all."""

from __future__ import annotations

from tratteggio.painting import Region

TILE = 512


def halvings(grid: tuple[int, int]) -> int:
    """Return how often a grid is halved until one tile holds it."""
    count = 0
    while max(grid) > TILE << count:
        count += 1
    return count


def tile_region(grid: tuple[int, int], halving: int, row: int, col: int) -> Region | None:
    """Return what a tile of a halving covers, in full pixels; None if there is no such tile."""
    side = TILE << halving
    region = Region(row * side, col * side, (row + 1) * side, (col + 1) * side).meet(Region.whole(grid))
    return None if min(row, col, halving) < 0 or region.empty or halving > halvings(grid) else region
