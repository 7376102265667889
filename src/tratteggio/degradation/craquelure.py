"""Loss along the craquelure of an old panel."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.random import Generator

from tratteggio.degradation._types import Damage, Grid
from tratteggio.degradation.simulation.crack_network import Craquelure
from tratteggio.painting.pixels import Lost
from tratteggio.painting.region import Region

LOSES = True

_SHEETS, _SHEET_PX = 12, 768


def make() -> Damage:
    """Return the rule."""
    return random_craquelure


def random_craquelure(grid: Grid, rng: Generator) -> Lost:
    """Lose a piece of the craquelure of one of twelve panels, cracks 1 to 6 pixels wide."""
    number = int(rng.integers(_SHEETS))
    corner = rng.integers(0, np.maximum(1, _SHEET_PX - np.array(grid) + 1))
    where = Region(0, 0, *grid).shift(*corner.tolist())
    whole = Region(0, 0, _SHEET_PX, _SHEET_PX)
    lost = _sheet(number)[where.slices] if whole.holds(where) else _network(number, where)
    return (lost[::-1, ::-1] if rng.random() < 0.5 else lost).copy()


def _network(number: int, where: Region) -> Lost:
    um_per_px, spacing_px = 40.0 + 10.0 * number, 30.0 + 30.0 * (number % 4)
    network = Craquelure(7919 + number, um_per_px, spacing_px * um_per_px / 1000)
    lost: Lost = network.at(where).cover > 0
    return lost


@lru_cache(maxsize=_SHEETS)
def _sheet(number: int) -> Lost:
    """Keep a sheet of a network: a patch is then a slice, the same bits as if it were made alone."""
    return _network(number, Region(0, 0, _SHEET_PX, _SHEET_PX))
