"""How much of a painting is read at a time."""

from __future__ import annotations

from tratteggio.errors import BadUsage
from tratteggio.painting import Stack

TILES = (2048, 1024, 512)  # pixels a side that are read at a time: the first that fits the memory
OVERHANG = 1024  # windows reach beyond their tile by at most about this
WORKING_GIB = 0.3  # measured: the engine's window, the reader's cache, the writer's bands


def memory_plan(stack: Stack, *, tile: int | None = None, memory: float | None = None) -> tuple[int, float]:
    """Choose how much of a painting is read at a time, and estimate what filling it takes.

    Args:
        stack: what is read: the scan to fill and those that the engine reads.
        tile: pixels a side, if the user chose.
        memory: GiB that the work may take, if the user chose.

    Returns:
        the tile in pixels a side, and the peak in GiB above an idle interpreter.

    Raises:
        BadUsage: the memory is too little for these scans, or an option is out of range.
    """
    if tile is not None and tile < 1:
        raise BadUsage(f"tile must be a number of pixels, 1 or more, got {tile}", option="tile")
    rows, cols = stack.grid
    sample_bytes = [(scan.channels + scan.alpha) * scan.dtype.itemsize for scan in stack.scans]
    by_region = [getattr(scan.pixels, "by_region", True) for scan in stack.scans]
    whole = sum(size for size, lazy in zip(sample_bytes, by_region, strict=True) if not lazy)
    fixed = WORKING_GIB + rows * cols * whole / 2**30
    # A tile while it is put together, its masks, and the pieces of its fill.
    per_px = 2 * sum(sample_bytes) + 8

    def peak(side: int) -> float:
        return fixed + min(side + OVERHANG, rows) * min(side + OVERHANG, cols) * per_px / 2**30

    if tile is None:
        fitting = [side for side in TILES if memory is None or peak(side) <= memory]
        if not fitting:
            hint = "" if all(by_region) else "; it cannot be read by region, which a tiled TIFF could"
            raise BadUsage(
                f"memory of {memory:g} GiB is too little: filling {stack.primary.name} takes about "
                f"{peak(TILES[-1]):.1f} GiB{hint}",
                option="memory",
            )
        tile = fitting[0]
    return tile, peak(tile)
