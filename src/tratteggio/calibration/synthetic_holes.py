"""Synthetic holes: lacunae in known paint, in the shapes of the real ones, to measure how far fills err."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tratteggio.errors import BadUsage
from tratteggio.painting import Groups, Lacunae, Region, Stack
from tratteggio.painting.pixels import Lost
from tratteggio.roles import Engine
from tratteggio.seeds import require_seed
from tratteggio.windows.blend import ConfidencePixels, FillPixels
from tratteggio.windows.ledger import MemoryLedger
from tratteggio.windows.run import run

HOLES = 24
WIDEST_PX = 320  # of a hole: of larger lacunae a part is taken
ATTEMPTS = 60  # to place one where paint is known
SHARE_KNOWN = 0.9  # of a hole's pixels, at least


class SyntheticHole(NamedTuple):
    """What filling one hole showed, at its n pixels.

    Attributes:
        confidence: (n,) float32, as the engine gave it.
        error: (n,) float64, the largest difference of all channels, as a share of the range of the scan.
    """

    confidence: NDArray[np.float32]
    error: NDArray[np.float64]


def fill_synthetic_holes(stack: Stack, lacunae: Lacunae, engine: Engine, *, seed: int) -> list[SyntheticHole]:
    """Put holes of the painting's own shapes into known paint, fill them, and compare with the paint.

    Each hole is a window of its own, so memory does not grow with the painting. What is lost there already
    stays lost.

    Args:
        stack: the painting.
        lacunae: the real ones.
        engine: whose fills are measured.
        seed: of shapes and places.

    Raises:
        BadUsage: there is not enough known paint.
    """
    rng = np.random.default_rng(require_seed(seed))
    found = [
        _filled(stack, lacunae, engine, shape, box)
        for shape, box in _draw_holes(lacunae, lacunae.groups(), rng)
    ]
    if len(found) < 2:
        raise BadUsage(
            f"{stack.primary.name} has too little known paint beside its lacunae to calibrate by; "
            "leave `calibrate=True` out"
        )
    return found


def _draw_holes(lacunae: Lacunae, groups: Groups, rng: Generator) -> Iterator[tuple[Lost, Region]]:
    """Draw shapes, more often those that cover more, and places where paint is known."""
    often = groups.lost_px / groups.lost_px.sum()
    rows, cols = lacunae.grid
    for _ in range(HOLES):
        shape = _shape(lacunae, groups, int(rng.choice(len(often), p=often)), rng)
        for _ in range(ATTEMPTS):
            top = int(rng.integers(rows - shape.shape[0] + 1))
            left = int(rng.integers(cols - shape.shape[1] + 1))
            box = Region(top, left, top + shape.shape[0], left + shape.shape[1])
            if (shape & ~lacunae.read(box)).sum() >= SHARE_KNOWN * shape.sum():
                yield shape, box
                break


def _shape(lacunae: Lacunae, groups: Groups, number: int, rng: Generator) -> Lost:
    """Cut a group out; of one wider than a hole a part that holds something."""
    region = groups.regions[number]
    while True:
        top, left = (
            start + int(rng.integers(max(1, stop - start - WIDEST_PX + 1)))
            for start, stop in ((region.top, region.bottom), (region.left, region.right))
        )
        part = Region(top, left, min(region.bottom, top + WIDEST_PX), min(region.right, left + WIDEST_PX))
        shape: Lost = lacunae.read(part) & (groups.label_map(part) == number + 1)
        if shape.any():
            rows, cols = np.nonzero(shape)
            return shape[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]


def _filled(stack: Stack, lacunae: Lacunae, engine: Engine, shape: Lost, box: Region) -> SyntheticHole:
    around = box.grow(engine.halo + 1, within=stack.grid)
    crop, real = stack.crop(around), lacunae.read(around)
    made = np.zeros(real.shape, np.bool_)
    made[box.relative_to(around).slices] = shape
    made &= ~real & crop.primary.read_seen()
    scan, ledger = crop.primary, MemoryLedger()
    truth = scan.colour().astype(np.float64)
    holes = Lacunae(real | made, lacunae.name, kept_damage=lacunae.read_kept_damage(around))
    run(crop, holes, engine, ledger)
    whole = Region.whole(scan.grid).slices
    fill = FillPixels(scan, ledger)[whole].astype(np.float64)
    error = np.abs(fill - truth).max(axis=2) / scan.white
    return SyntheticHole(ConfidencePixels(scan, ledger)[whole][made], error[made])
