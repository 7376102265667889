"""What a degradation is: a rule that loses pixels, or one that changes what a net is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from numpy.random import Generator

from tratteggio.painting.pixels import Lost

if TYPE_CHECKING:
    from torch import Tensor

Grid: TypeAlias = tuple[int, int]
"""(rows, cols)."""

Damage: TypeAlias = Callable[[Grid, Generator], Lost]
"""Draws what is lost: grid, random numbers -> (rows, cols) bool, True = lost. Can be pickled."""

Degrade: TypeAlias = "Callable[[Tensor], Tensor]"
"""Truth (B, C, H, W), 0 .. 1 -> what a net is shown of it. Uses torch's global random numbers."""
