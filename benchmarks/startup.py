"""How long people wait before anything happens: medians of the wall time of fresh processes.

    python benchmarks/startup.py

The bound is 0.4 s for `tratteggio --help`; compare with `python -c pass`, which no program can undercut.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 11
BOUND_S = 0.4

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import tratteggio": [sys.executable, "-c", "import tratteggio"],
    "tratteggio --help": [str(Path(sys.executable).with_name("tratteggio")), "--help"],
}


def seconds(command: list[str]) -> list[float]:
    """Run once to warm the file cache, then measure."""
    subprocess.run(command, check=True, capture_output=True)
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return times


def main() -> None:
    """Print a table, and whether the bound holds."""
    print(f"{'':20}{'median':>10}{'fastest':>10}")
    for name, command in COMMANDS.items():
        times = seconds(command)
        print(f"{name:20}{statistics.median(times):9.3f}s{min(times):9.3f}s")
    print(f"bound for --help: {BOUND_S} s, {'held' if statistics.median(times) < BOUND_S else 'NOT HELD'}")


if __name__ == "__main__":
    main()
