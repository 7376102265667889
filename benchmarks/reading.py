"""Time an overview of a region, and a tile at reduced scale, of a pyramidal TIFF and an OME-Zarr.

    .venv/bin/python benchmarks/reading.py [--side 8192]

Prints CPU milliseconds, the median of several readings, each with the file opened anew: through the pyramid,
and from the full-size pixels as a file without one is read.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tratteggio import files
from tratteggio.painting import Pixels, Region, Scan, Stack

TURNS = 5


def main() -> None:
    """Write both files, read them, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=8192, help="pixels a side of the painting")
    side = parser.parse_args().side
    region = Region(1024, 1024, 1024 + 4096, 1024 + 4096).meet(Region.whole((side, side)))
    with tempfile.TemporaryDirectory() as folder:
        tiff, zarr = Path(folder, "a.tif"), Path(folder, "a.ome.zarr")
        scan = Scan(_paint(side))
        files.write(scan.pixels, tiff)
        files.write_stack(Stack((scan,)), zarr)
        del scan
        print(f"{'region 4096 x 4096 of 16-bit RGB':40s} {'pyramid':>10s} {'full size':>10s}   CPU ms")
        _compare(tiff.name, lambda: files.read(tiff), region)
        _compare(zarr.name, lambda: files.read_stack(zarr).primary, region)


def _compare(name: str, opened: Callable[[], Scan], region: Region) -> None:
    for what, work in (
        ("overview, longest=512", lambda scan: files.overview(scan, longest=512, region=region)),
        ("Scan.read(region, step=8)", lambda scan: scan.read(region, step=8)),
    ):
        with_levels = _time(opened, work)
        without = _time(lambda: Scan(_Flat(opened().pixels)), work)
        print(f"{name + ' ' + what:40s} {with_levels:10.1f} {without:10.1f}")


def _paint(side: int) -> np.ndarray:
    """Make brushwork-like noise, so that compression has something to do."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 1 << 12, (side // 8, side // 8, 3)).astype(np.uint16)
    paint = np.kron(small, np.ones((8, 8, 1), np.uint16)) * 8
    paint += rng.integers(0, 1 << 8, paint.shape, np.uint16)
    return paint


class _Flat:
    """Pixels without their smaller copies."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self.shape, self.dtype = pixels.shape, pixels.dtype

    def __getitem__(self, key: tuple[slice, slice]) -> np.ndarray:
        return np.asarray(self.pixels[key])


def _time(opened: Callable[[], Scan], work: Callable[[Scan], object]) -> float:
    times = []
    for _ in range(TURNS):
        scan = opened()
        start = time.process_time()
        work(scan)
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
