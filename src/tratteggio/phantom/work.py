"""The work behind a phantom: its composition, surface and damage, each made when first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tratteggio.degradation.simulation.crack_network import Cracks, Craquelure
from tratteggio.degradation.simulation.flaking import Losses
from tratteggio.degradation.simulation.value_noise import Floats, field, millimetres
from tratteggio.errors import BadUsage
from tratteggio.names import rows_and_columns
from tratteggio.painting import Metadata
from tratteggio.painting.pixels import Lost
from tratteggio.painting.region import Region
from tratteggio.phantom.cartoon import Cartoon, Sheet
from tratteggio.phantom.motifs import Motif, motif_of, paint
from tratteggio.phantom.surface import Surface

_SHADOW_UM = 260.0  # how far the rim of a loss throws its shadow

GESSO = np.array([0.87, 0.83, 0.73], np.float32)
_GRIME = np.array([0.58, 0.47, 0.33], np.float32)
_BOLE = np.array([0.56, 0.27, 0.17], np.float32)
_CLEFT = np.array([0.10, 0.07, 0.05], np.float32)


@dataclass(frozen=True, eq=False)
class Damage:
    """What is lost within a region, and how it looks."""

    cracks: Cracks
    depth: Floats
    shadow: Floats
    flaked: Lost
    cracked: Lost

    @property
    def lost(self) -> Lost:
        """Both."""
        return self.flaked | self.cracked


@dataclass(frozen=True, eq=False)
class Work:
    """A painting that can be looked at in pieces.

    Attributes:
        grid: (rows, cols).
        seed: another seed, another painting.
        um_per_px: micrometres per pixel.
        crack_share, loss_share: of the area.
        motif: what is painted; None draws it from the seed.
        matter: whether the paint is known to other rays than light.

    Raises:
        BadUsage: a size, share or scale that cannot be, or no such motif.
    """

    grid: tuple[int, int]
    seed: int
    um_per_px: float
    crack_share: float
    loss_share: float
    motif: Motif | None
    matter: bool = False

    def __post_init__(self) -> None:
        rows, cols = self.grid
        if rows < 1 or cols < 1:
            raise BadUsage(f"a panel needs at least one pixel, got {rows_and_columns((rows, cols))}")
        if not (np.isfinite(self.um_per_px) and self.um_per_px > 0):
            raise BadUsage(f"um_per_px must be a positive number of micrometres, got {self.um_per_px}")
        if not (0 <= self.crack_share <= 0.1 and 0 <= self.loss_share <= 0.5):
            raise BadUsage(
                "shares must lie in 0 .. 0.1 (cracks) and 0 .. 0.5 (losses), "
                f"got {self.crack_share} and {self.loss_share}"
            )
        motif_of(self.motif, self.seed)

    @cached_property
    def surface(self) -> Surface:
        """The painted surface."""
        cartoon = Cartoon.bare(Sheet.of(*self.grid), matter=self.matter)
        paint(cartoon, motif_of(self.motif, self.seed), self.seed)
        return Surface(cartoon, self.grid, self.seed, self.um_per_px)

    @cached_property
    def craquelure(self) -> Craquelure:
        """The network of cracks."""
        return Craquelure.aimed(self.crack_share, seed=self.seed, um_per_px=self.um_per_px, grid=self.grid)

    @cached_property
    def losses(self) -> Losses:
        """The losses."""
        return Losses.aimed(self.loss_share, seed=self.seed, um_per_px=self.um_per_px, grid=self.grid)

    @property
    def metadata(self) -> Metadata:
        """The scale of the panel."""
        return scaled(self.um_per_px)

    def damage(self, region: Region) -> Damage:
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
        return Damage(here, depth[inner], shadow, flaked, (here.cover > 0) & ~flaked)

    def exposed(self, region: Region, intact: Floats, damage: Damage) -> Floats:
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
        ground = upper + (GESSO - upper) * bared + (stain * np.float32(0.035))[..., None]
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


def scaled(um_per_px: float) -> Metadata:
    """Return the metadata of a scan that knows its scale and nothing else."""
    per_cm = 10_000 / um_per_px
    return Metadata(resolution=(per_cm, per_cm), unit="cm")
