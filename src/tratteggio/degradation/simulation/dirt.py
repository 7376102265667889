"""Dirt on paint: round spots of one tone, as flies and splashes leave them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tratteggio.painting.pixels import Array
from tratteggio.painting.region import Region

ROOM_PX = 8  # that a spot reaches from its middle


class Spot(NamedTuple):
    """One spot, in pixels; `aspect` is how much narrower it is down a column."""

    row: float
    col: float
    aspect: float
    radius: float


class Dirt(NamedTuple):
    """Spots, how far they hide the paint (0 .. 1), and their tone (0 .. 1)."""

    spots: tuple[Spot, ...]
    strength: float
    tone: float


def random_dirt(side: int, rng: Generator) -> Dirt:
    """Draw one to eleven spots on a square of a side in pixels."""
    spots = []
    for _ in range(int(rng.integers(1, 12))):
        row, col = rng.uniform(0, side, 2)
        aspect = rng.uniform(1, 1.8)
        spots.append(Spot(row, col, aspect, rng.uniform(0.8, 5)))
    return Dirt(tuple(spots), rng.uniform(0.4, 1), rng.uniform(0, 1) ** 2)


def add_dirt(light: Array, dirt: Dirt) -> NDArray[np.float32]:
    """Return (side, side, C) with spots on it."""
    side = light.shape[0]
    away = np.full((side, side), 99.0)
    for row, col, aspect, radius in dirt.spots:
        top, left = int(row) - ROOM_PX, int(col) - ROOM_PX
        reach = Region(top, left, top + 2 * ROOM_PX + 1, left + 2 * ROOM_PX + 1)
        near = reach.meet(Region(0, 0, side, side))
        y, x = np.mgrid[near.slices]
        here = np.hypot((y - row) * aspect, x - col) - radius
        np.minimum(away[near.slices], here, out=away[near.slices])
    share = np.clip(0.5 - away, 0, 1)[..., None] * dirt.strength
    return (light * (1 - share) + dirt.tone * share).astype(np.float32)
