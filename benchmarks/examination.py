"""What it costs to examine a phantom, streamed to disk band by band: seconds per megapixel, peak memory.

    python benchmarks/examination.py [--side 8192] [--misregistered]

Writes the raw samples of all five modalities (11 bytes a pixel) one after the other to a file that is
removed at the end, and prints a table. Peak memory is above an idle interpreter with the libraries
loaded. Set OMP_NUM_THREADS=1. CPU seconds are what to compare on a shared machine.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from tratteggio.painting import Region
from tratteggio.phantom import multimodal


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", type=int, default=8192)
    parser.add_argument("--misregistered", action="store_true")
    options = parser.parse_args()

    idle, side = peak_mib(), options.side
    found = multimodal(side, side, seed=2, motif="saint", misregistered=options.misregistered)
    print(f"{side} x {side} pixels, {side * side / 1e6:.1f} megapixels\n")
    print("| | megapixels | s | CPU s | CPU s / MP | peak MiB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "samples").open("wb") as file:
        begin = time.perf_counter(), time.process_time()
        found.stack["rgb_before"].pixels[0:1, 0:1]

        def print_row(name: str, pixels: float, since: tuple[float, float]) -> None:
            wall, cpu = time.perf_counter() - since[0], time.process_time() - since[1]
            each = f"{cpu / pixels:.2f}" if pixels else ""
            print(
                f"| {name} | {pixels:.1f} | {wall:.1f} | {cpu:.1f} | {each} | {peak_mib() - idle:.0f} |",
                flush=True,
            )

        print_row("composition", 0, begin)
        for scan in found.scans:
            since = time.perf_counter(), time.process_time()
            for band in Region.whole(scan.grid).bands(256):
                file.write(np.ascontiguousarray(scan.read(band)).tobytes())
            print_row(scan.modality, scan.grid[0] * scan.grid[1] / 1e6, since)
        print_row("all", side * side / 1e6, begin)


if __name__ == "__main__":
    main()
