"""A view at a smaller size, for a quick preview: down before the fill, and up again after it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.painting import Lacunae, Pixels, Region, Scan, Stack
from tratteggio.painting.pixels import Array, to_depth

STEPS = (1, 2, 4)


def step_of(lost_px: int, most_px: int) -> int:
    """Return at which step a preview fills no more than a number of pixels; the largest if none does."""
    return next((step for step in STEPS if lost_px <= most_px * step**2), STEPS[-1])


def shrink_stack(stack: Stack, step: int) -> Stack:
    """Return a stack in memory at a smaller size: means of blocks."""
    if step == 1:
        return stack
    whole = Region.whole(stack.grid)
    small = [
        replace(
            scan,
            pixels=scan.read(whole, step=step),
            seen=None if scan.seen is None else _all(scan.read_seen(), step),
        )
        for scan in stack.scans
    ]
    return replace(stack, scans=tuple(small))


def shrink_lacunae(lacunae: Lacunae, step: int) -> Lacunae:
    """Return lacunae at a smaller size: a block is lost if any pixel of it is."""
    return lacunae if step == 1 else replace(lacunae, lost=~_all(~lacunae.read(), step))


def grow_fill(fill: Pixels, lost: NDArray[np.bool_], scan: Scan, step: int) -> Array:
    """Return a fill at the size of a scan: (h, w, channels) in its depth.

    Args:
        fill: at the smaller size; it means something where `lost`.
        lost: (h, w) bool at the smaller size.
        scan: that is filled.
        step: between the sizes.
    """
    whole = Region.whole((fill.shape[0], fill.shape[1]))
    array = np.asarray(fill[whole.slices])
    if step == 1:
        return array
    # At the rim the nearest lost block counts, not the 0 beyond it.
    rows, cols = ndimage.distance_transform_edt(~lost, return_distances=False, return_indices=True)
    array = array[rows, cols]
    channels = [_grow(array[..., channel], scan.grid, step) for channel in range(array.shape[2])]
    return to_depth(np.stack(channels, axis=-1), scan.dtype, white=scan.metadata.white)


def grow_confidence(confidence: Pixels, grid: tuple[int, int], step: int) -> NDArray[np.float32]:
    """Return the confidence at full size."""
    whole = Region.whole((confidence.shape[0], confidence.shape[1]))
    array = np.asarray(confidence[whole.slices], np.float32)
    return array if step == 1 else np.repeat(np.repeat(array, step, 0), step, 1)[: grid[0], : grid[1]]


def _grow(channel: Array, grid: tuple[int, int], step: int) -> Array:
    """Enlarge between the centres of blocks, in straight lines."""
    places = [(np.arange(side) + 0.5) / step - 0.5 for side in grid]
    columns = _between(channel.astype(np.float32), places[0])
    return _between(columns.T, places[1]).T


def _between(rows: Array, places: NDArray[np.float64]) -> Array:
    places = np.clip(places, 0, len(rows) - 1)
    first = np.minimum(places.astype(np.int64), max(0, len(rows) - 2))
    share = (places - first).astype(np.float32)[:, None]
    between: Array = rows[first] * (1 - share) + rows[np.minimum(first + 1, len(rows) - 1)] * share
    return between


def _all(flags: NDArray[np.bool_], step: int) -> NDArray[np.bool_]:
    rows = np.logical_and.reduceat(flags, np.arange(0, flags.shape[0], step), axis=0)
    every: NDArray[np.bool_] = np.logical_and.reduceat(rows, np.arange(0, flags.shape[1], step), axis=1)
    return every
