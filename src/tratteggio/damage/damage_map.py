"""The damage map: each pixel sound or of one class, and what of it is to be filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from tratteggio.damage.classes import CLASSES, index_of
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.painting import Lacunae, Mapped, Metadata, Pixels, Region
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array, Lost

NOTHING = Metadata()


@dataclass(frozen=True, eq=False)
class DamageMap:
    """Damage by class, on the grid of a scan.

    Attributes:
        indices: (H, W) uint8: 0 = sound, else the number of the class, see `index_of`; may live on disk.
        metadata: resolution, unit and orientation of the scan.
        name: where it came from, for messages.
    """

    indices: Pixels
    metadata: Metadata = NOTHING
    name: str = "damage map"

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, cols)."""
        return self.indices.shape[0], self.indices.shape[1]

    def of(self, *classes: str) -> Lacunae:
        """Return where there is damage of some classes.

        Raises:
            UnknownName: no such class.
        """
        wanted = [index_of(name) for name in classes]
        lost = Mapped(self.indices, partial(np.isin, test_elements=wanted), 0, np.dtype(np.bool_))
        return Lacunae(lost, f"{', '.join(classes) or 'nothing'} in {self.name}")

    def to_fill(self, policies: Mapping[str, str], *, grow: str | None = None) -> Lacunae:
        """Return what is to be filled by the policies, grown by a rim; what is kept is `kept_damage`.

        Args:
            policies: class -> "fill" or "keep", see `policies`.
            grow: how far beyond what was found, as "2px" or "120um"; cracks have halos, losses soft rims.
                What is kept is not grown over.

        Raises:
            BadUsage: a length that is none, or in micrometres where the scan has no scale.
        """
        filled = [name for name, policy in policies.items() if policy == "fill"]
        lacunae = self.of(*filled)
        kept = self.of(*(name for name in policies if name not in filled)).lost
        if grow is None:
            return replace(lacunae, kept_damage=kept)
        wider = Grown(lacunae.lost, kept, length_px(grow, self.metadata))
        return Lacunae(wider, f"{lacunae.name}, grown by {grow}", kept_damage=kept)

    def areas(self) -> list[Area]:
        """Measure each class that there is: area, share and pieces; the map is read twice, in bands."""
        whole = Region.whole(self.grid)
        spacing = self.metadata.spacing_um
        mm2_per_px = None if spacing is None else spacing[0] * spacing[1] / 1e6
        found = []
        for name in CLASSES:
            lacunae = self.of(name)
            if not lacunae.lost_px:
                continue
            pieces = lacunae.pieces
            found.append(
                Area(
                    name,
                    lacunae.lost_px,
                    lacunae.lost_px / (whole.rows * whole.cols),
                    pieces,
                    None if mm2_per_px is None else lacunae.lost_px * mm2_per_px,
                )
            )
        return found


class Area(NamedTuple):
    """What there is of a class.

    Attributes:
        damage: the class.
        area_px: in pixels.
        share: of the whole.
        pieces: that touch nowhere, not even at corners.
        area_mm2: in square millimetres; None if the scan has no scale.
    """

    damage: str
    area_px: int
    share: float
    pieces: int
    area_mm2: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Indices(LazyPixels):
    """Classes merged, the first of `CLASSES` on top; computed where they are read.

    Attributes:
        found: by class.
        shape: (H, W).
    """

    found: Mapping[str, Lacunae]
    shape: tuple[int, int]

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8."""
        return np.dtype(np.uint8)

    def _read(self, region: Region) -> Array:
        out = np.zeros((region.rows, region.cols), np.uint8)
        for name in reversed(CLASSES):
            if name in self.found:
                out[self.found[name].read(region)] = index_of(name)
        return out


def merge_classes(lacunae: Mapping[str, Lacunae], *, metadata: Metadata = NOTHING, name: str) -> DamageMap:
    """Merge the lacunae of each class into one damage map.

    Args:
        lacunae: class -> where there is damage of it; at least one class.
        metadata: of the scan.
        name: of the map, for messages.

    Raises:
        UnknownName: no such class.
        GridMismatch: they are not on one grid.
    """
    for damage in lacunae:
        index_of(damage)
    grids = {one.grid for one in lacunae.values()}
    if len(grids) != 1:
        raise GridMismatch(f"a damage map has one grid, got {sorted(grids)} for {', '.join(lacunae)}")
    plain = Metadata(metadata.resolution, metadata.unit, metadata.orientation)
    return DamageMap(Indices(lacunae, next(iter(grids))), plain, name)


@dataclass(frozen=True, eq=False, repr=False)
class Grown(LazyPixels):
    """What lies within a distance of the lost pixels, without what is kept; made where it is read.

    Attributes:
        lost: (H, W) bool.
        kept: (H, W) bool.
        px: the distance, centre to centre.
    """

    lost: Pixels
    kept: Pixels
    px: float

    @property
    def shape(self) -> tuple[int, ...]:
        """That of `lost`."""
        return tuple(self.lost.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """bool."""
        return np.dtype(np.bool_)

    def _read(self, region: Region) -> Lost:
        grid = (self.shape[0], self.shape[1])
        seen = region.grow(int(np.ceil(self.px)), within=grid)
        lost = np.asarray(self.lost[seen.slices])
        if lost.any():
            lost = ndimage.distance_transform_edt(~lost) <= self.px
        inner = lost[region.relative_to(seen).slices]
        return np.asarray(
            inner & (~np.asarray(self.kept[region.slices]) | np.asarray(self.lost[region.slices]))
        )


def length_px(text: str, metadata: Metadata) -> float:
    """Read a length, as "2px" or "120um", in pixels.

    Raises:
        BadUsage: another form, a negative length, or micrometres where the scan has no scale.

    Example:
        >>> length_px("120um", Metadata(resolution=(100.0, 100.0), unit="cm"))
        1.2
    """
    number, unit = text[:-2].strip(), text[-2:]
    try:
        length = float(number)
    except ValueError:
        length = -1.0
    if unit not in ("px", "um") or not 0 <= length < float("inf"):
        raise BadUsage(f"a length is written as 2px or 120um, got {text!r}")
    if unit == "px":
        return length
    if metadata.um_per_px is None:
        raise BadUsage(
            f"the scan states no resolution, so {text} cannot be converted; give pixels, for example 2px"
        )
    return length / metadata.um_per_px
