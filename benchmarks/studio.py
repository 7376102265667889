"""The studio on a large scan: first view, tiles, strokes, undo, preview, stop, and tiles beside a fill.

    .venv/bin/python benchmarks/studio.py [--side 20000]

Prints milliseconds of CPU of the server, and seconds as a user waits for them. The scan is synthetic: smooth
shapes and grain, 16 bits, in a pyramid (OME-Zarr).
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio import files
from tratteggio.files.display import Tone
from tratteggio.painting import Metadata, Region, Scan, Stack
from tratteggio.painting.lazy import LazyPixels
from tratteggio.studio.pyramid import TILE, halvings, tile_region
from tratteggio.studio.session import Session


@dataclass(frozen=True, eq=False)
class Large(LazyPixels):
    """A scan of any size, made as it is read."""

    shape: tuple[int, ...]
    dtype = np.dtype(np.uint16)

    def _read(self, region: Region) -> Any:
        rows = np.arange(region.top, region.bottom)[:, None]
        cols = np.arange(region.left, region.right)[None]
        smooth = np.sin(rows / 700) * np.cos(cols / 900) + 0.3 * np.sin((rows + cols) / 90)
        rng = np.random.default_rng(region.top * 100_003 + region.left)
        grain = rng.integers(0, 3000, (*smooth.shape, 3))
        return (28_000 + 14_000 * smooth[..., None] * [1.0, 0.9, 0.7] + grain).astype(np.uint16)


def spent(act: Callable[[], Any]) -> float:
    """Return the milliseconds of CPU of this process that something takes."""
    began = time.process_time()
    act()
    return 1e3 * (time.process_time() - began)


def tiles(session: Session, count: int) -> list[float]:
    """Serve tiles at random places and halvings, none twice."""
    rng, grid, times = np.random.default_rng(0), session.stack.grid, []
    while len(times) < count:
        halving = int(rng.integers(0, halvings(grid) + 1))
        side = TILE << halving
        region = tile_region(grid, halving, *(int(rng.integers(0, -(-edge // side))) for edge in grid))
        times.append(spent(partial(session.screen.scan_tile, "rgb", region, halving, Tone())))
    return times


def wait(session: Session) -> str:
    while (job := session.jobs.current) is not None and job.status == "running":
        time.sleep(0.01)
    assert job is not None
    return job.status


def resident() -> float:
    """Return the MiB that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def measure(folder: Path, side: int) -> None:
    path = folder / "panel.ome.zarr"
    metadata = Metadata(resolution=(500.0, 500.0), unit="cm")
    began = time.monotonic()
    stack = Stack((Scan(Large((side, side, 3)), metadata=metadata),))
    files.write_stack(stack, path, history={"verb": "bench"})
    print(f"written: {side} x {side} px of 16 bits in {time.monotonic() - began:.0f} s")
    began = time.monotonic()
    session = Session(path)
    last = halvings(session.stack.grid)
    session.screen.scan_tile("rgb", Region.whole(session.stack.grid), last, Tone())
    print(f"open to first view: {time.monotonic() - began:.2f} s")
    times = tiles(session, 200)
    tail = sorted(times)[int(0.95 * len(times))]
    print(f"tile: median {statistics.median(times):.1f} ms CPU, 95 % below {tail:.1f} ms")
    marking, rng = session.marking, np.random.default_rng(0)

    def stroke(_: int) -> None:
        start = rng.uniform(0.1, 0.9, 2) * side
        line = np.cumsum(rng.normal(0, 8, (300, 2)), axis=0) + start
        marking.brush([tuple(point) for point in line.tolist()], 20, "loss")

    times = [spent(lambda n=n: stroke(n)) for n in range(1000)]
    print(f"stroke of 300 points: median {statistics.median(times):.1f} ms CPU")
    began = time.monotonic()
    marking.undo(1000)
    print(f"1,000 strokes undone: {time.monotonic() - began:.2f} s")
    corner, far = 0.02 * side, 0.98 * side
    corners = [(corner, corner), (far, corner), (far, far), (corner, far)]
    took = spent(partial(marking.polygon, corners, "crack"))
    print(f"lasso of {marking.marks.counts['crack'] / 1e6:.0f} megapixels: {took:.0f} ms CPU")
    marking.undo()
    middle = side // 2
    for row in range(middle - 400, middle + 400, 100):
        marking.brush([(middle - 400.0, row), (middle + 400.0, row + 40)], 12, "loss")
    view = Region(middle - 400, middle - 400, middle + 400, middle + 400)
    for number in range(3):
        began = time.monotonic()
        session.filling.preview(view, engine="auto", finish="mimetic", seed=0, samples=0, policies={})
        status = wait(session)
        print(f"preview {number + 1} of 1 MP: {time.monotonic() - began:.2f} s, {status}")
    for _ in range(60):
        place = rng.uniform(0.1, 0.9, 2) * side
        marking.brush([tuple(place), tuple(place + 200)], 60, "loss")
    began = time.monotonic()
    session.filling.fill_whole(engine="auto", finish="mimetic", seed=0, sample=0, suffix=".tif", policies={})
    print(f"fill begun: {time.monotonic() - began:.2f} s")
    while session.jobs.current is not None and not session.jobs.current.done:
        time.sleep(0.05)
    walls = tiles_with_waiting(session, 60)
    print(f"tile beside a fill: median {statistics.median(walls):.0f} ms with waiting")
    began = time.monotonic()
    session.jobs.stop()
    status = wait(session)
    print(f"stop answered: {time.monotonic() - began:.2f} s, {status}")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"server: {resident():.0f} MiB now, {most:.0f} MiB most")
    before = resident()
    readers = [threading.Thread(target=tiles, args=(session, 20)) for _ in range(50)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    print(f"50 readers of 20 tiles each: {resident() - before:+.0f} MiB")
    session.close()


def tiles_with_waiting(session: Session, count: int) -> list[float]:
    walls = []
    rng, grid = np.random.default_rng(1), session.stack.grid
    for _ in range(count):
        row, col = (int(rng.integers(0, edge // TILE)) for edge in grid)
        region = tile_region(grid, 0, row, col)
        assert region is not None
        began = time.monotonic()
        session.screen.scan_tile("rgb", region, 0, Tone())
        walls.append(1e3 * (time.monotonic() - began))
    return walls


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=int, default=20_000)
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), parser.parse_args().side)
