"""The studio on a large scan: first view, tiles, strokes, undo, preview, stop, tiles beside a fill, readers.

    .venv/bin/python benchmarks/studio.py [--side 20000] [--scan panel.tif]

Prints milliseconds of CPU of the server, and seconds as a user waits for them. The scan is synthetic: smooth
shapes and grain, 16 bits, in a pyramid TIFF, which is made first and removed at the end (2.5 GB for 20,000
pixels a side); `--scan` keeps it for the next time. Where Chromium and Node.js are installed, the brush is
measured in the page, too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio import files
from tratteggio.files.display import Tone
from tratteggio.painting import Metadata, Region
from tratteggio.painting.lazy import LazyPixels
from tratteggio.studio.pyramid import TILE, halvings, tile_region
from tratteggio.studio.session import Session

ROOT = Path(__file__).parents[1]
QUIETLY = ("--no-browser", "--json")


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


def resident(pid: int | str = "self") -> float:
    """Return the MiB that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def spent_by(pid: int) -> float:
    """Return the seconds of CPU that a process has spent."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def write(path: Path, side: int) -> None:
    """Write the scan; in a process of its own, so that it does not count as memory of the server."""
    metadata = Metadata(resolution=(500.0, 500.0), unit="cm")
    began = time.monotonic()
    files.write(Large((side, side, 3)), path, metadata=metadata)
    size = path.stat().st_size / 1e9
    print(f"written: {side} x {side} px of 16 bits, {size:.1f} GB, in {time.monotonic() - began:.0f} s")


def measure(path: Path, side: int) -> None:
    began = time.monotonic()
    session = Session(path)
    last = halvings(session.stack.grid)
    session.screen.scan_tile("rgb", Region.whole(session.stack.grid), last, Tone())
    print(f"open to first view: {time.monotonic() - began:.2f} s")
    times = tiles(session, 200)
    tail = sorted(times)[int(0.95 * len(times))]
    print(f"tile: median {statistics.median(times):.1f} ms CPU, 95 % below {tail:.1f} ms")
    session.jobs.warm_up(engine=True)
    mark(session, side)
    preview(session, side)
    fill(session, side)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"server: {resident():.0f} MiB now, {most:.0f} MiB most")
    session.close()


def mark(session: Session, side: int) -> None:
    """Draw, undo, and outline."""
    marking, rng = session.marking, np.random.default_rng(0)

    def stroke(_: int) -> None:
        start = rng.uniform(0.1, 0.9, 2) * side
        line = np.cumsum(rng.normal(0, 8, (300, 2)), axis=0) + start
        marking.brush([tuple(point) for point in line.tolist()], 20, "loss")

    times = [spent(lambda n=n: stroke(n)) for n in range(1000)]
    print(f"stroke of 300 points: median {statistics.median(times):.1f} ms CPU")
    began = time.monotonic()
    took = spent(lambda: marking.undo(1000))
    print(f"1,000 strokes undone: {time.monotonic() - began:.2f} s, {took / 1e3:.2f} s CPU")
    corner, far = 0.02 * side, 0.98 * side
    corners = [(corner, corner), (far, corner), (far, far), (corner, far)]
    took = spent(partial(marking.polygon, corners, "crack"))
    print(f"lasso of {marking.marks.counts['crack'] / 1e6:.0f} megapixels: {took:.0f} ms CPU")
    marking.undo()


def preview(session: Session, side: int) -> None:
    """Preview a view of 1 megapixel, with several shares of it lost."""
    middle = side // 2
    view = Region(middle - 500, middle - 500, middle + 500, middle + 500)
    for strokes in (2, 24):
        for row in np.linspace(middle - 400, middle + 400, strokes):
            session.marking.brush([(middle - 400.0, row), (middle + 400.0, row + 40)], 12, "loss")
        lost = session.marking.marks.counts["loss"] / (view.rows * view.cols)
        for engine in ("auto", "diffusion"):
            for again in ("first", "then"):
                process = session.jobs.process_id
                before, began = spent_by(process) if process else 0.0, time.monotonic()
                session.filling.preview(view, engine=engine, finish="mimetic", seed=0, samples=0, policies={})
                status = wait(session)
                wall, process = time.monotonic() - began, session.jobs.process_id
                cpu = spent_by(process) - before if process else 0.0
                step = session.filling.shown["preview"].step if status == "done" else 0
                print(
                    f"preview of 1 MP with {engine}, {lost:.1%} lost, {again}: {cpu:.2f} s CPU, "
                    f"{wall:.2f} s, at 1/{step}, {status}"
                )
        session.marking.undo(strokes)


def fill(session: Session, side: int) -> None:
    """Fill the whole, look at tiles meanwhile, and stop."""
    rng = np.random.default_rng(2)
    for _ in range(60):
        place = rng.uniform(0.1, 0.9, 2) * side
        session.marking.brush([tuple(place), tuple(place + 200)], 60, "loss")
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


def read_by_many(path: Path, side: int) -> None:
    """Let 50 clients read tiles from a server that only shows, and look at its memory."""
    command = [
        sys.executable,
        "-m",
        "tratteggio",
        "studio",
        str(path),
        "--no-browser",
        "--json",
        "--read-only",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as studio:
        assert studio.stdout is not None
        address = json.loads("".join(iter(studio.stdout.readline, "}\n")) + "}")["address"]
        origin, before, failed = address.partition("/?")[0], 0.0, 0

        def read(client: int, count: int) -> None:
            nonlocal failed
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            opener.open(address).read()
            rng = np.random.default_rng(client)
            for _ in range(count):
                row, col = rng.integers(0, side // TILE, 2)
                try:
                    opener.open(f"{origin}/api/tiles/scan/rgb/0/{row}/{col}").read()
                except OSError:
                    failed += 1

        for name, clients, count in (("at first", 1, 300), ("by 50 clients", 50, 20)):
            began, cpu = time.monotonic(), spent_by(studio.pid)
            readers = [threading.Thread(target=read, args=(n, count)) for n in range(clients)]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
            tile = 1e3 * (spent_by(studio.pid) - cpu) / (clients * count)
            now = resident(studio.pid)
            print(
                f"read-only, {clients * count} tiles {name}: {tile:.1f} ms CPU each, {failed} failed, "
                f"{time.monotonic() - began:.1f} s, {now:.0f} MiB ({now - before:+.0f})"
            )
            before = now
        studio.terminate()


def brush(path: Path) -> None:
    """Draw with the brush in Chromium, at several zooms."""
    programs = [shutil.which("node"), shutil.which("chromium")]
    if not all(programs):
        print("brush in the page: not measured; Node.js or Chromium is not installed")
        return
    command = [sys.executable, "-m", "tratteggio", "studio", str(path), *QUIETLY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as studio:
        assert studio.stdout is not None
        address = json.loads("".join(iter(studio.stdout.readline, "}\n")) + "}")["address"]
        words = [
            programs[0],
            ROOT / "tests/studio/browser.mjs",
            ROOT / "frontend",
            programs[1],
            "brush",
            address,
        ]
        done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
        studio.terminate()
    for line in json.loads(done.stdout)["said"] if done.returncode == 0 else [done.stderr]:
        print("brush in the page:", line)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=int, default=20_000)
    parser.add_argument("--scan", type=Path, help="where the scan is kept; made if it is not there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scan = given.scan or Path(name) / "panel.tif"
        if not scan.exists():
            writer = multiprocessing.get_context("spawn").Process(target=write, args=(scan, given.side))
            writer.start()
            writer.join()
        measure(scan, given.side)
        read_by_many(scan, given.side)
        brush(scan)
