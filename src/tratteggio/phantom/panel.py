"""A seeded painted panel with damage and exact truth, of any size, read by region.

    cartoon (composition, once) -> surface (strokes, leaf, grain, varnish) = painted
    craquelure + losses -> lost;  painted, exposed where lost = damaged

Every pixel depends on the seed, the size of the panel and its own place: whole or in pieces, the bits
are the same. The composition grows with the panel; strokes, cracks and losses keep their size in
micrometres.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.painting import Lacunae, Metadata, Scan
from tratteggio.painting.pixels import Array, Lost
from tratteggio.painting.region import Region
from tratteggio.phantom.cartoon import Cartoon, Sheet
from tratteggio.phantom.craquelure import Cracks, Craquelure
from tratteggio.phantom.figure import paint_figure
from tratteggio.phantom.gold import frame, paint_ground
from tratteggio.phantom.lacunae import Losses
from tratteggio.phantom.noise import Floats, field, millimetres
from tratteggio.phantom.surface import Surface

Depth = Literal["uint8", "uint16", "float32"]

_BLOCK = (128, 512)  # pixels worked on at once: small enough for the processor's cache
_LEVELS = {"uint8": 255, "uint16": 65535}
_SHADOW_UM = 260.0  # how far the rim of a loss throws its shadow

_GESSO = np.array([0.87, 0.83, 0.73], np.float32)
_GRIME = np.array([0.58, 0.47, 0.33], np.float32)
_BOLE = np.array([0.56, 0.27, 0.17], np.float32)
_CLEFT = np.array([0.10, 0.07, 0.05], np.float32)


@dataclass(frozen=True, eq=False)
class Phantom:
    """A painted panel, before and after damage.

    Attributes:
        painted: the intact panel: the truth for what a fill proposes.
        damaged: what a scanner would see today; equals `painted` bit for bit wherever paint is known.
        cracks: the craquelure, without what lies in losses.
        losses: where paint has flaked.
        lacunae: both.
    """

    painted: Scan
    damaged: Scan
    cracks: Lacunae
    losses: Lacunae
    lacunae: Lacunae


def panel(
    rows: int = 1024,
    cols: int = 768,
    *,
    seed: int = 0,
    um_per_px: float = 100.0,
    depth: Depth = "uint8",
    cracks: float = 0.02,
    losses: float = 0.03,
) -> Phantom:
    """Paint a panel: a saint before gold, cracked and flaked.

    Nothing is computed before pixels are read, but for the composition (at most 1280 pixels a side) on
    the first reading.

    Args:
        rows, cols: size in pixels.
        seed: another seed is another panel: pose, colours, folds, tooling, cracks, losses.
        um_per_px: micrometres per pixel; sets the size of strokes, cracks and losses.
        depth: type of one sample; "float32" is 0 .. 1.
        cracks: share of the area to crack, 0 .. 0.1. A target: the lacunae say what came of it.
        losses: share of the area to flake, 0 .. 0.5; likewise.

    Raises:
        BadUsage: a size, share or scale that cannot be, or an unknown depth.

    Example:
        >>> phantom = panel(64, 48, seed=3)
        >>> known = ~phantom.lacunae.read()
        >>> bool((phantom.damaged.read()[known] == phantom.painted.read()[known]).all())
        True
    """
    if rows < 1 or cols < 1:
        raise BadUsage(f"a panel has at least one pixel, got {rows} x {cols} (rows x columns)")
    if depth not in (*_LEVELS, "float32"):
        raise BadUsage(f"depth must be uint8, uint16 or float32, got {depth!r}")
    if not (np.isfinite(um_per_px) and um_per_px > 0):
        raise BadUsage(f"um_per_px must be a positive number of micrometres, got {um_per_px}")
    if not (0 <= cracks <= 0.1 and 0 <= losses <= 0.5):
        raise BadUsage(
            f"shares must lie in 0 .. 0.1 (cracks) and 0 .. 0.5 (losses), got {cracks} and {losses}"
        )
    work = _Panel((rows, cols), seed, float(um_per_px), depth, float(cracks), float(losses))
    per_cm = 10_000 / um_per_px
    metadata = Metadata(resolution=(per_cm, per_cm), unit="cm")
    name = f"phantom {seed}"

    def scan(read: Callable[[Region], Array], kind: str) -> Scan:
        return Scan(
            _Layer((rows, cols, 3), np.dtype(depth), read), metadata=metadata, name=f"{name} ({kind})"
        )

    def lost(read: Callable[[Region], Lost], kind: str) -> Lacunae:
        return Lacunae(_Layer((rows, cols), np.dtype(np.bool_), read), name=f"{name} ({kind})")

    return Phantom(
        scan(work.painted, "painted"),
        scan(work.damaged, "damaged"),
        lost(lambda region: work.damage(region).cracked, "cracks"),
        lost(lambda region: work.damage(region).flaked, "losses"),
        lost(lambda region: work.damage(region).lost, "lacunae"),
    )


@dataclass(frozen=True, eq=False)
class _Layer:
    """Lazy pixels: a function of a region, called block by block."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    make: Callable[[Region], Array]

    def __getitem__(self, key: tuple[slice, slice]) -> Array:
        (top, bottom), (left, right) = (
            _span(part, size) for part, size in zip(key, self.shape, strict=False)
        )
        whole = Region(top, left, bottom, right)
        out = np.empty((whole.rows, whole.cols, *self.shape[2:]), self.dtype)
        for row in range(top, bottom, _BLOCK[0]):
            for col in range(left, right, _BLOCK[1]):
                block = Region(row, col, min(row + _BLOCK[0], bottom), min(col + _BLOCK[1], right))
                out[block.relative_to(whole).slices] = self.make(block)
        return out

    def __array__(self, dtype: np.dtype[Any] | None = None, copy: bool | None = None) -> Array:
        return np.asarray(self[:, :], dtype=dtype)


def _span(part: slice, size: int) -> tuple[int, int]:
    if not isinstance(part, slice) or part.step not in (None, 1):
        raise BadUsage(f"a phantom is read by two slices of step 1, got {part!r}")
    start, stop, _ = part.indices(size)
    return start, max(start, stop)


@dataclass(frozen=True, eq=False)
class _Damage:
    """What is lost within a region, and how it looks."""

    cracks: Cracks
    depth: Floats
    shadow: Floats
    flaked: Lost
    cracked: Lost

    @property
    def lost(self) -> Lost:
        return self.flaked | self.cracked


@dataclass(frozen=True, eq=False)
class _Panel:
    """The work behind a phantom; makes its parts when they are first needed."""

    grid: tuple[int, int]
    seed: int
    um_per_px: float
    depth: str
    crack_share: float
    loss_share: float

    @cached_property
    def surface(self) -> Surface:
        cartoon = Cartoon.bare(Sheet.of(*self.grid))
        paint_ground(cartoon, self.seed)
        bordered = cartoon.copy()
        paint_figure(cartoon, self.seed)
        frame(cartoon, bordered)
        return Surface(cartoon, self.grid, self.seed, self.um_per_px)

    @cached_property
    def craquelure(self) -> Craquelure:
        return Craquelure.aimed(self.crack_share, seed=self.seed, um_per_px=self.um_per_px, grid=self.grid)

    @cached_property
    def losses(self) -> Losses:
        return Losses.aimed(self.loss_share, seed=self.seed, um_per_px=self.um_per_px, grid=self.grid)

    def painted(self, region: Region) -> Array:
        return self._stored(self.surface.at(region))

    def damaged(self, region: Region) -> Array:
        intact = self.surface.at(region)
        seen = self._stored(intact)
        damage = self.damage(region)
        if damage.lost.any():
            worn = self._stored(self._exposed(region, intact, damage))
            seen[damage.lost] = worn[damage.lost]
        return seen

    def damage(self, region: Region) -> _Damage:
        """Find what is lost; a margin is looked at too, for the shadows of the rims."""
        far = max(1, min(round(_SHADOW_UM / self.um_per_px), 24))
        wide = Region(region.top - far, region.left - far, region.bottom + far, region.right + far)
        cracks = self.craquelure.at(wide)
        depth = self.losses.depth(wide, cracks.island)
        gone = depth > 0
        h, w = region.rows, region.cols
        inner = (slice(far, far + h), slice(far, far + w))
        shadow = np.zeros((h, w), np.float32)
        if gone.any():
            steps = sorted({1, (far + 1) // 2, far})
            for step in steps:
                shadow += ~gone[far - step : far - step + h, far - step : far - step + w]
                shadow -= ~gone[far + step : far + step + h, far + step : far + step + w] * np.float32(0.45)
            shadow /= np.float32(len(steps))
        here = Cracks(cracks.cover[inner], cracks.side[inner], cracks.island[inner])
        flaked = gone[inner]
        return _Damage(here, depth[inner], shadow, flaked, (here.cover > 0) & ~flaked)

    def _exposed(self, region: Region, intact: Floats, damage: _Damage) -> Floats:
        """Return the look of damaged places: gesso or bole in losses, a dark cleft in cracks."""
        y, x = millimetres(region, self.um_per_px)
        stain = field(y / 2.3, x / 2.3, self.seed, 81) + field(
            y / 0.35, x / 0.35, self.seed, 82
        ) * np.float32(0.5)
        gilt = self.surface.gilt(region)
        bared = np.clip((damage.depth - np.float32(0.14) - stain * np.float32(0.16)) * np.float32(7), 0, 1)[
            ..., None
        ]
        upper = _GRIME + (_BOLE - _GRIME) * gilt[..., None]
        ground = upper + (_GESSO - upper) * bared + (stain * np.float32(0.035))[..., None]
        ground *= np.float32(1) - np.float32(0.42) * damage.shadow[..., None]
        cracks = damage.cracks
        # Light from the upper left falls on the far wall of a cleft.
        wall = np.clip(cracks.side, 0, 1) * np.clip(cracks.cover, 0, 1) * np.float32(0.16)
        cleft = intact * np.float32(0.18) + _CLEFT + wall[..., None] * intact
        opened = np.minimum(cracks.cover * np.float32(1.1), np.float32(0.94))[..., None]
        fissured = ground + (cleft + np.float32(0.12) - ground) * (opened * np.float32(0.55))
        flaked = damage.flaked[..., None]
        worn = np.where(flaked, fissured, intact + (cleft - intact) * opened)
        exposed: Floats = np.clip(worn, 0, 1)
        return exposed

    def _stored(self, colour: Floats) -> Array:
        """Return encoded colours 0 .. 1 at the depth of the scans, rounded."""
        if self.depth == "float32":
            return colour
        levels: Array = np.rint(colour * np.float32(_LEVELS[self.depth])).astype(self.depth)
        return levels
