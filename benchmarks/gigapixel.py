"""Does memory stay put and time grow with the area? A phantom panel of 6, 100 and 400 megapixels, filled.

    python benchmarks/gigapixel.py                     # 2500, 10000 and 20000 pixels a side
    python benchmarks/gigapixel.py --sides 2500 5000   # a quick look

Each size is filled by `tratteggio inpaint` in a process of its own. Peak memory is that process's, above that
of an idle interpreter which has loaded the same libraries and done nothing. Needs about 12 bytes of disk a
pixel where TMPDIR points.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from tratteggio import files
from tratteggio.phantom import panel

IDLE = (
    "import tratteggio.treatment, tratteggio.windows, tratteggio.files as f, tratteggio.registry as r;"
    "import tifffile, imagecodecs, scipy.sparse.linalg, scipy.ndimage;"
    "r.load('engines', {engine!r}).make(seed=0, device='auto')"
)


# Linux counts the memory of whoever starts a process towards its peak: something small has to start it.
STARTER = """
import os, subprocess, sys, time
start = time.perf_counter()
_, status, usage = os.wait4(subprocess.Popen(sys.argv[2:]).pid, 0)
told = time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
os.write(int(sys.argv[1]), " ".join(map(str, told)).encode())
sys.exit(os.waitstatus_to_exitcode(status))
"""


def measured(command: list[str]) -> tuple[float, float, float]:
    """Run a command; return its wall seconds, processor seconds and peak resident MiB."""
    reader, writer = os.pipe()
    starter = [sys.executable, "-c", STARTER, str(writer), *command]
    done = subprocess.run(starter, check=False, pass_fds=[writer])
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {done.returncode}")
    seconds, core, peak = map(float, os.read(reader, 1000).split())
    os.close(reader)
    os.close(writer)
    return seconds, core, peak


def make_panel(folder: Path, side: int, seed: int) -> tuple[Path, Path, float]:
    """Write a damaged 16-bit panel and its mask; return both and the share that is lost."""
    phantom = panel(side, side, seed=seed, depth="uint16", cracks=0.015, losses=0.015)
    scan, mask = folder / f"panel-{side}.tif", folder / f"lost-{side}.tif"
    files.write(phantom.damaged.pixels, scan, metadata=phantom.damaged.metadata)
    files.write_lacunae(phantom.lacunae, mask)
    return scan, mask, phantom.lacunae.share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[2500, 10_000, 20_000])
    parser.add_argument("--engine", default="biharmonic")
    parser.add_argument("--memory", default="1", help="GiB, as for `tratteggio inpaint`")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    tratteggio = str(Path(sys.executable).with_name("tratteggio"))
    *_, idle = measured([sys.executable, "-c", IDLE.format(engine=options.engine)])
    print(f"{os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}")
    print(f"engine {options.engine}, --memory {options.memory}, idle interpreter {idle:.0f} MiB\n")
    print("| side px | megapixels | lost | s | CPU s | s / MP | CPU s / MP | against the first | peak MiB |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    first = None
    with tempfile.TemporaryDirectory(prefix="gigapixel-") as scratch:
        for side in options.sides:
            scan, mask, share = make_panel(Path(scratch), side, options.seed)
            output = Path(scratch) / f"proposal-{side}.tif"
            command = [tratteggio, "inpaint", str(scan), "--mask", str(mask), "-o", str(output), "--quiet"]
            command += ["--engine", options.engine, "--memory", options.memory, "--json"]
            wall, cpu, peak = measured(["sh", "-c", 'exec "$@" > /dev/null', "sh", *command])
            megapixels = side * side / 1e6
            per_mp = wall / megapixels, cpu / megapixels
            first = first or per_mp
            print(
                f"| {side} | {megapixels:.2f} | {share:.2%} | {wall:.1f} | {cpu:.1f} | {per_mp[0]:.3f} | "
                f"{per_mp[1]:.3f} | {per_mp[0] / first[0]:.2f}, CPU {per_mp[1] / first[1]:.2f} | "
                f"{peak - idle:.0f} |",
                flush=True,
            )
            for file in Path(scratch).iterdir():
                file.unlink()


if __name__ == "__main__":
    main()
