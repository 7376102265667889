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

import numpy as np

from tratteggio.painting import Lacunae, Scan
from tratteggio.painting.pixels import Array, Lost
from tratteggio.painting.region import Region
from tratteggio.phantom.layer import Depth, Layer, require_depth, stored
from tratteggio.phantom.motifs import Motif
from tratteggio.phantom.work import Work
from tratteggio.seeds import require_seed


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
    motif: Motif | None = "saint",
) -> Phantom:
    """Paint a panel, cracked and flaked: a saint before gold, a landscape or a still life.

    Nothing is computed before pixels are read, but for the composition (at most 1280 pixels a side) on
    the first reading.

    Args:
        rows, cols: size in pixels.
        seed: another seed is another panel: pose, colours, folds, tooling, cracks, losses.
        um_per_px: micrometres per pixel; sets the size of strokes, cracks and losses.
        depth: type of one sample; "float32" is 0 .. 1.
        cracks: share of the area to crack, 0 .. 0.1. A target: the lacunae say what came of it.
        losses: share of the area to flake, 0 .. 0.5; likewise.
        motif: "saint", "landscape" or "still life"; None draws one from the seed.

    Raises:
        BadUsage: a size, share or scale that cannot be, or an unknown depth or motif.

    Example:
        >>> phantom = panel(64, 48, seed=3)
        >>> known = ~phantom.lacunae.read()
        >>> bool((phantom.damaged.read()[known] == phantom.painted.read()[known]).all())
        True
    """
    require_depth(depth)
    require_seed(seed)
    work = Work((rows, cols), seed, float(um_per_px), float(cracks), float(losses), motif)
    name = f"phantom {seed}"

    def scan(read: Callable[[Work, Region, Depth], Array], kind: str) -> Scan:
        layer = Layer((rows, cols, 3), np.dtype(depth), lambda region: read(work, region, depth))
        return Scan(layer, metadata=work.metadata, name=f"{name} ({kind})")

    def lost(read: Callable[[Region], Lost], kind: str) -> Lacunae:
        return Lacunae(Layer((rows, cols), np.dtype(np.bool_), read), name=f"{name} ({kind})")

    return Phantom(
        scan(_paint, "painted"),
        scan(_damage, "damaged"),
        lost(lambda region: work.damage(region).cracked, "cracks"),
        lost(lambda region: work.damage(region).flaked, "losses"),
        lost(lambda region: work.damage(region).lost, "lacunae"),
    )


def _paint(work: Work, region: Region, depth: Depth) -> Array:
    return stored(work.surface.at(region), depth)


def _damage(work: Work, region: Region, depth: Depth) -> Array:
    intact = work.surface.at(region)
    seen = stored(intact, depth)
    damage = work.damage(region)
    if damage.lost.any():
        worn = stored(work.exposed(region, intact, damage), depth)
        seen[damage.lost] = worn[damage.lost]
    return seen
