"""Age cracks: a network in two directions, wide cracks first, finer ones ending on them.

The paint layer is split as a drying or shrinking layer splits, again and again: first into strips,
the strips into blocks, the blocks into islands, each split drawn anew within its parent. So a finer
crack starts and ends on a coarser one (T-junctions) and is not continued beyond it. The first cracks
run across the grain of the wood, which is upright, as on early Italian panels (Bucklow, "The description
of craquelure patterns", Studies in Conservation 42, 1997). No graph is kept: each pixel finds the cracks
of its own island by arithmetic on its place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from tratteggio.degradation.simulation.value_noise import (
    Bits,
    Doubles,
    Floats,
    bits,
    draw,
    field,
    millimetres,
)
from tratteggio.painting.region import Region

LEAST = np.float32(0.3)  # a crack that covers less of a pixel than this is not seen and not marked


class _Level(NamedTuple):
    """One generation of cracks."""

    across: bool  # runs across the grain (left to right), else along it
    spacing: float  # mean distance of neighbours, as a share of the first generation's
    width_um: float  # typical width
    open: float  # share of a crack's length that is open; the rest has not torn
    slant: float  # largest slant against the direction


LEVELS = (
    _Level(True, 1.0, 175.0, 0.88, 0.0),
    _Level(False, 0.72, 120.0, 0.86, 0.22),
    _Level(True, 0.50, 80.0, 0.74, 0.45),
    _Level(False, 0.40, 58.0, 0.62, 0.6),
)


class Cracks(NamedTuple):
    """The network within a region.

    Attributes:
        cover: (h, w) float32, share of the pixel that a crack covers; 0 where none is to be seen.
        side: (h, w) float32 in -1 .. 1, place across the crack: -1 at its upper or left wall, 1 at the other.
        island: (h, w) uint32, random bits that are one number on each island.
    """

    cover: Floats
    side: Floats
    island: Bits


@dataclass(frozen=True)
class Craquelure:
    """The crack network of a panel.

    Attributes:
        seed: another seed is another network.
        um_per_px: micrometres per pixel.
        spacing_mm: mean distance between cracks of the first generation; infinite for none.
    """

    seed: int
    um_per_px: float
    spacing_mm: float

    @classmethod
    def aimed(cls, share: float, *, seed: int, um_per_px: float, grid: tuple[int, int]) -> Craquelure:
        """Return a network that covers about `share` of the area, by looking at samples of the panel."""
        if share == 0:
            return cls(seed, um_per_px, np.inf)
        network = cls(seed, um_per_px, 0.15 / share)
        for _ in range(3):
            got = max(network._sample(grid), share / 4)
            network = replace(network, spacing_mm=network.spacing_mm * float(np.clip(got / share, 0.25, 4)))
        return network

    def _sample(self, grid: tuple[int, int]) -> float:
        """Return the cracked share of small windows spread over the panel, or wider if it is small."""
        span = 12 * self.spacing_mm * 1000 / self.um_per_px
        rows, cols = (np.linspace(0, max(side, span) - 64, 7).astype(int).tolist() for side in grid)
        windows = [self.at(Region(r, c, r + 64, c + 64)).cover for r in rows for c in cols]
        return float(np.mean(np.stack(windows) > 0))

    def at(self, region: Region) -> Cracks:
        """Return the network within a region, which may reach beyond the panel."""
        shape = (region.rows, region.cols)
        cover, side = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        key: Bits = np.full(shape, bits(self.seed, 101), np.uint32)
        if not np.isfinite(self.spacing_mm):
            return Cracks(cover, side, key)
        mm = self.um_per_px / 1000
        y, x = millimetres(region, self.um_per_px)
        lean = np.float32(draw(self.seed, "lean", -0.08, 0.08))
        plain_y, plain_x = y.astype(np.float32)[:, None], x.astype(np.float32)[None, :]
        down = plain_y + lean * plain_x + self._wander(y, x, 11)
        right = plain_x - lean * plain_y + self._wander(y, x, 21)
        swell = field(y / 2.1, x / 2.1, self.seed, 31)
        tear = field(y / 9.0, x / 9.0, self.seed, 32)
        for number, level in enumerate(LEVELS):
            step = np.float32(1 / (self.spacing_mm * level.spacing))
            along, across = (right, down) if level.across else (down, right)
            slant = (np.float32(level.slant) * _byte(key, 8)) if level.slant else np.float32(0)
            place = (across + slant * along) * step + _byte(key, 0)
            cell = np.floor(place)
            lattice = bits(cell.astype(np.int32).view(np.uint32), key)
            off = place - cell - (np.float32(0.5) + np.float32(0.28) * _byte(lattice, 0))
            # How wide it is here: its own width, swelling along it; where it falls below 0 it has not torn.
            own = np.float32(1) + np.float32(0.45) * _byte(lattice, 8)
            opened = (
                np.float32(level.open - 0.5) * 2
                + _byte(lattice, 16) * np.float32(0.5)
                + tear * np.float32(0.7)
            )
            width = (
                own * (np.float32(0.85) + np.float32(0.6) * swell) * np.clip(opened * np.float32(1.6), 0, 1)
            )
            width *= np.float32(level.width_um / self.um_per_px)
            away = off / (step * np.float32(mm) * np.sqrt(np.float32(1) + slant * slant))
            here = np.clip(width * np.float32(0.5) + np.float32(0.5) - np.abs(away), 0, np.minimum(width, 1))
            wider = here > cover
            np.copyto(side, np.clip(away / np.maximum(width * np.float32(0.5), 0.5), -1, 1), where=wider)
            np.maximum(cover, here, out=cover)
            key = (
                key ^ (cell.astype(np.int32).view(np.uint32) + (off > 0)) * np.uint32(0x85EBCA6B)
            ) * np.uint32(0xC2B2AE35) + np.uint32(number)
            key ^= key >> np.uint32(15)
        cover[cover < LEAST] = 0
        return Cracks(cover, side, key)

    def _wander(self, y: Doubles, x: Doubles, stream: int) -> Floats:
        """Return how far cracks stray from their direction, in mm: bends, waves, jags."""
        bend = field(y / 23, x / 23, self.seed, stream) * np.float32(3.2)
        bend += field(y / 4.3, x / 4.3, self.seed, stream + 1) * np.float32(0.75)
        bend += field(y / 1.1, x / 1.1, self.seed, stream + 2) * np.float32(0.17)
        bend += field(y / 0.37, x / 0.37, self.seed, stream + 3) * np.float32(0.05)
        return bend


def _byte(word: Bits, shift: int) -> Floats:
    """Return eight of the random bits as a number in -1 .. 1."""
    eight = (word >> np.uint32(shift)) & np.uint32(255)
    return eight.astype(np.float32) * np.float32(2 / 255) - np.float32(1)
