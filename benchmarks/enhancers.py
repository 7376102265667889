"""Each enhancer on a scan of four megapixels, from file to file: seconds, and memory at the peak.

    python benchmarks/enhancers.py [--megapixels 4] [--threads 2] [superres:scale=2 ...]

Goals, on two cores: `superres:scale=2` within 15 s and 1.5 GiB, others within 20 s. Each runs in a process of
its own, on 16-bit RGB, or grey where it takes no colour; loading of libraries and weights counts in memory
and not in time.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GIB = 2**20  # of the KiB that the system counts in


def scan_file(folder: Path, megapixels: float, channels: int) -> Path:
    """Write a painted panel, repeated to the size that is asked for."""
    import numpy as np

    from tratteggio import files
    from tratteggio.phantom import panel

    side = round((megapixels * 1e6) ** 0.5)
    painted = panel(500, 500, seed=0).damaged.colour().astype(np.uint16) * 257
    whole = np.tile(painted, (side // 500 + 1, side // 500 + 1, 1))[:side, :side, :channels]
    target = folder / "scan.tif"
    files.write(np.ascontiguousarray(whole[..., 0] if channels == 1 else whole), target)
    return target


def measure(words: str, megapixels: float) -> None:
    """Enhance once, and print a row."""
    from tratteggio import files
    from tratteggio.errors import BadUsage
    from tratteggio.treatment import enhance_file, make_enhancer

    enhancer, description = make_enhancer(words)
    with tempfile.TemporaryDirectory() as place:
        source = scan_file(Path(place), megapixels, 3)
        try:
            enhancer.channels(files.read(source))
        except BadUsage:
            source = scan_file(Path(place), megapixels, 1)
        start, before = time.perf_counter(), time.process_time()
        enhance_file(source, Path(place) / "out.tif", enhancer=enhancer)
        wall, busy = time.perf_counter() - start, time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB
    print(f"| `{description}` | {wall:.1f} | {busy:.1f} | {peak:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("words", nargs="*", help="as for `enhance --with`; none takes all enhancers")
    parser.add_argument("--megapixels", type=float, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--one", help=argparse.SUPPRESS)  # what a child is asked for
    asked = parser.parse_args()
    if asked.one:
        measure(asked.one, asked.megapixels)
        return
    from tratteggio import registry

    print(f"{asked.megapixels:g} megapixels, {asked.threads} threads\n")
    print("| enhancer | s | core s | peak, GiB |\n| --- | ---: | ---: | ---: |", flush=True)
    for words in asked.words or registry.names("enhancers"):
        command = [sys.executable, __file__, "--one", words, "--megapixels", str(asked.megapixels)]
        subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": str(asked.threads)})


if __name__ == "__main__":
    main()
