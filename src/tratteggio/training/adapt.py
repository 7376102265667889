"""Patches of one damaged painting to learn from: its known paint, with lacunae in the shapes of its own.

    index -> place (half of them beside real lacunae, half anywhere)
          -> shape of lacunae from another place of the same painting, turned and mirrored by chance
          -> truth (the paint; NaN where it is really lost), known (0 where lost, really or on purpose)

What is really lost has no truth: it stays hidden from the net, and `where_true` keeps it out of the
objective.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from tratteggio.degradation import draw_damage, make_damage
from tratteggio.errors import BadUsage
from tratteggio.losses.terms import Objective, Terms
from tratteggio.painting import Lacunae, Region, Scan
from tratteggio.painting.pixels import COLOURS, Lost

Floats = NDArray[np.float32]
_Kind = TypeVar("_Kind", bound=np.generic)

CELL = 16  # px, of the coarse map of where something is lost
LEAST = 32  # px a side: a smaller painting teaches nothing
ATTEMPTS = 20  # to lay a shape where enough paint stays known
KNOWN = 0.1  # share of a patch that stays known, at least
BESIDE = 0.5  # share of the patches that lie beside real lacunae


@dataclass(frozen=True, eq=False)
class OwnPaint:
    """Patches of a painting, by index 0, 1, ... without end; each is a function of the seed and its index.

    Only the patch that is asked for is read, so the painting may have any size. A patch is stretched so that
    its known paint runs from 0 to 1, as engines show windows to nets.

    Attributes:
        scan: the painting.
        lacunae: where it is lost.
        seed: another seed, other patches.
        longest: side of a patch in pixels; smaller where the painting is smaller.

    Raises:
        BadUsage: the painting is too small, or too little of it is known.
    """

    scan: Scan
    lacunae: Lacunae
    seed: int = 0
    longest: int = 128

    def __post_init__(self) -> None:
        if min(self.scan.grid) < LEAST or self.lacunae.share > 1 - KNOWN:
            rows, cols = self.scan.grid
            raise BadUsage(
                f"{self.scan.name} is {rows} x {cols} pixels and {self.lacunae.share:.0%} of it is lost; "
                f"adapting needs {LEAST} x {LEAST} pixels and {KNOWN:.0%} known paint; fill without adapting"
            )

    @property
    def side(self) -> int:
        """Side of a patch in pixels."""
        return min(self.longest, *self.scan.grid)

    def __getitem__(self, index: int) -> tuple[Floats, Floats]:
        """Return truth (3, side, side), NaN where there is none, and known (1, side, side) of 0 or 1."""
        rng = np.random.default_rng([self.seed, index])
        region, real = self._draw_window(rng)
        made = self._lay_lacunae(real, rng)
        colour = self.scan.colour(region).astype(np.float32)
        if colour.shape[2] != COLOURS:  # engines fill each channel by itself, as a grey picture
            channel = int(rng.integers(colour.shape[2]))
            colour = np.repeat(colour[..., channel : channel + 1], COLOURS, axis=2)
        known = ~(real | made)
        low, high = colour[known].min(), colour[known].max()
        truth = (colour - low) / max(high - low, np.finfo(np.float32).tiny)
        truth[real] = np.nan
        turn = _draw_turn(rng)
        return _turn(truth, turn).transpose(2, 0, 1).copy(), _turn(known, turn)[None].astype(np.float32)

    @cached_property
    def _cells(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the coarse cells that hold something lost, and how often each is to be drawn."""
        counts = self.lacunae.groups(CELL).counts
        cells = np.argwhere(counts)
        often = counts[counts > 0].astype(np.float64)
        return cells, np.cumsum(often / often.sum())

    def _beside(self, rng: Generator) -> Region:
        """Draw a patch that holds a lost pixel, each lost pixel as likely as any other."""
        cells, ends = self._cells
        cell = cells[min(int(np.searchsorted(ends, rng.random(), side="right")), len(cells) - 1)]
        corner = cell * CELL + rng.integers(0, CELL, 2) - rng.integers(0, self.side, 2)
        return self._within(corner)

    def _within(self, corner: NDArray[np.int64]) -> Region:
        top, left = np.clip(corner, 0, np.array(self.scan.grid) - self.side).tolist()
        return Region(top, left, top + self.side, left + self.side)

    def _draw_window(self, rng: Generator) -> tuple[Region, Lost]:
        """Draw a patch of which enough is known, and where it is really lost or not seen."""
        for _ in range(ATTEMPTS):
            anywhere = self._within(rng.integers(0, self.scan.grid))
            region = self._beside(rng) if rng.random() < BESIDE else anywhere
            real = self.lacunae.read(region) | ~self.scan.read_seen(region)
            if (~real).mean() >= 2 * KNOWN:
                return region, real
        raise BadUsage(
            f"{self.scan.name} has too little known paint in one place to learn from; fill without adapting"
        )

    def _lay_lacunae(self, real: Lost, rng: Generator) -> Lost:
        """Lay lacunae of the painting's own shapes over what is known; where none fit, drawn ones."""
        for _ in range(ATTEMPTS):
            shape = _turn(self.lacunae.read(self._beside(rng)), _draw_turn(rng))
            made: Lost = shape & ~real
            if made.any() and (~(real | made)).mean() >= KNOWN:
                return made
        drawn = draw_damage(make_damage("cracks"), real.shape, rng) & ~real
        return drawn if drawn.any() and (~(real | drawn)).any() else _one(real, rng)


def where_true(loss: Objective) -> Objective:
    """Judge by an objective only where there is a truth; elsewhere there is no error and no gradient."""

    def masked(out: Tensor, truth: Tensor, known: Tensor) -> Terms:
        absent, same = truth.isnan(), out.detach()
        return loss(torch.where(absent, same, out), torch.where(absent, same, truth), known)

    return masked


def _one(real: Lost, rng: Generator) -> Lost:
    """Lose one known pixel."""
    places = np.flatnonzero(~real)
    lost = np.zeros(real.shape, np.bool_)
    lost.flat[rng.choice(places)] = True
    return lost


def _draw_turn(rng: Generator) -> int:
    """Draw one of the eight ways to turn and mirror a square."""
    return int(rng.integers(8))


def _turn(square: NDArray[_Kind], turn: int) -> NDArray[_Kind]:
    turned = np.rot90(square, turn % 4)
    return turned[:, ::-1] if turn >= 4 else turned
