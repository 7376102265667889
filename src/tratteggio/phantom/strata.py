"""The layers of a painting within a region, from the wood up, each made when a modality first asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from tratteggio.degradation.simulation.flaking import Losses
from tratteggio.degradation.simulation.value_noise import Floats, field, millimetres
from tratteggio.painting.pixels import Lost
from tratteggio.painting.region import Region
from tratteggio.phantom.drawing import underdrawing
from tratteggio.phantom.overpaint import SPILL, Overpaint
from tratteggio.phantom.support import Support
from tratteggio.phantom.surface import enlarged
from tratteggio.phantom.work import Damage, Work

DRAWN = np.float32(0.35)  # a pixel that the drawing covers by more than this counts as drawn


@dataclass(frozen=True, eq=False)
class Painting:
    """A panel with all its layers.

    Attributes:
        work: composition, paint and damage.
        support: the wood.
        overpaint: broad later paint.
        retouched: those of the losses that were retouched.
    """

    work: Work
    support: Support
    overpaint: Overpaint
    retouched: Losses

    def at(self, region: Region) -> Strata:
        """Return the layers of a region, which may reach beyond the panel."""
        return Strata(self, region)

    @cached_property
    def drawing(self) -> Floats:
        """(h, w, 1) the underdrawing, on the cartoon's sheet."""
        return underdrawing(self.work.surface.cartoon, self.work.seed)[..., None]

    @cached_property
    def broad(self) -> Floats:
        """(h, w, 3) the colours of the composition as a coarser hand sees them, on the cartoon's sheet."""
        cartoon = self.work.surface.cartoon
        soft = 0.02 * cartoon.sheet.scale
        tones: Floats = ndimage.gaussian_filter(cartoon.colour, (soft, soft, 0), truncate=3)
        return tones


@dataclass(frozen=True, eq=False)
class Strata:
    """The layers within a region: arrays of its (h, w)."""

    painting: Painting
    region: Region

    @cached_property
    def paint(self) -> Floats:
        """(h, w, 3) encoded colour of the intact paint, without varnish."""
        return self.painting.work.surface.at(self.region, varnished=False)

    @cached_property
    def matter(self) -> Floats:
        """(h, w, 7) what the intact paint layer does to other rays, see `pigments.TRAITS`."""
        return self._from_sheet(self.painting.work.surface.cartoon.matter)

    @cached_property
    def brush(self) -> Floats:
        """Strokes, about -2 .. 2."""
        return self.painting.work.surface.brush(self.region)

    @cached_property
    def gilt(self) -> Floats:
        """Where leaf lies, 0 .. 1."""
        return self.painting.work.surface.gilt(self.region)

    @cached_property
    def ink(self) -> Floats:
        """How much carbon black of the underdrawing covers, 0 .. 1."""
        coal = np.float32(0.88) + self.noise(83, 0.25, 0.25) * np.float32(0.2)
        return np.clip(self._from_sheet(self.painting.drawing)[..., 0] * coal, 0, 1)

    @cached_property
    def damage(self) -> Damage:
        """What is lost."""
        return self.painting.work.damage(self.region)

    @cached_property
    def overpaint(self) -> Floats:
        """How thickly overpaint lies, 0 .. 1."""
        return self.painting.overpaint.cover(self.region)

    @cached_property
    def retouch(self) -> Lost:
        """Where a retouch lies over a loss and a little beyond."""
        return self.painting.retouched.depth(self.region, self.damage.cracks.island) > -SPILL

    @cached_property
    def flat(self) -> Floats:
        """(h, w, 3) encoded colour that a retoucher takes for the place: the composition without strokes."""
        return self._from_sheet(self.painting.work.surface.cartoon.colour)

    @cached_property
    def broad(self) -> Floats:
        """(h, w, 3) encoded colour that an overpainter takes for the place."""
        return self._from_sheet(self.painting.broad)

    @cached_property
    def varnish(self) -> Floats:
        """Micrometres of old varnish: brushed on from side to side, run together here and there."""
        streaks = self.noise(91, 2.2, 34) * np.float32(0.20) + self.noise(92, 0.8, 15) * np.float32(0.10)
        pools = self.noise(93, 28, 19) * np.float32(0.38) + self.noise(97, 24, 3.5) * np.float32(0.16)
        return np.float32(20) * (np.float32(1) + streaks + pools)

    @property
    def drawn(self) -> Lost:
        """Where there is underdrawing."""
        return self.ink > DRAWN

    def noise(self, stream: int, tall_mm: float, wide_mm: float) -> Floats:
        """Return smooth random values in -1 .. 1 with lumps of a size in millimetres."""
        y, x = millimetres(self.region, self.painting.work.um_per_px)
        return field(y / tall_mm, x / wide_mm, self.painting.work.seed, stream)

    def _from_sheet(self, maps: Floats) -> Floats:
        return enlarged(maps, self.painting.work.grid, self.region)
