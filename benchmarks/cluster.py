"""What several workers change: nothing in the bits, little in the work. And where one client is the limit.

    python benchmarks/cluster.py compare --verb inpaint --side 10000   # or detect, encode, enhance, evaluate
    python benchmarks/cluster.py limit                                 # simulated, 1 to 1,000 workers
    python benchmarks/cluster.py plan                                  # core seconds and bytes per megapixel

compare   The verb runs in one process, then with `--scheduler local:2`, then so again while a worker is
          killed by SIGKILL three times at random. Prints core seconds of all processes together, the peak of
          the memory of the process that writes, and whether all outputs are the same, byte by byte; exits 1
          if they are not, if a run failed, or if an unfinished file was left.
limit     Measures what a window takes in a worker, and what the client and the scheduler take to hand out and
          take in one of that size, each in a process of its own. Then plays a job of many such windows with
          more and more workers: windows go out in order, a bounded number at a time, and the client takes in
          one output after the other.
plan      Runs verbs on one panel in one process, for the plan of a million paintings in the documentation.

Needs about 40 bytes of disk a pixel where TMPDIR points.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import os
import pickle
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import cloudpickle
import numpy as np
from gigapixel import make_panel

from tratteggio import files, treatment
from tratteggio.damage import Strengths, threshold_and_trace
from tratteggio.painting import Region
from tratteggio.windows import MemoryLedger, compute_in_order, run
from tratteggio.windows import plan as plan_windows
from tratteggio.windows.cluster import PER_THREAD, cluster_at
from tratteggio.windows.run import _jobs

PROGRAM = [sys.executable, "-m", "tratteggio"]
KILLS = 3
WRITTEN_LATER = ("history.json", "zarr.json")  # they hold the moment


class Run(NamedTuple):
    """What a command took: seconds, core seconds of all its processes, peak MiB of its first process."""

    seconds: float
    core: float
    peak: float
    kills: int


def measure(command: list[str], *, kills: int = 0, expected_s: float = 0.0, seed: int = 0) -> Run:
    """Run a command; kill one of its workers at random moments."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # only the table is printed
    peak, rng = 0.0, random.Random(seed)
    due = sorted(rng.uniform(0.3, 0.8) * expected_s for _ in range(kills))
    killed = 0
    while True:
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        peak = max(peak, peak_mib(process.pid))
        workers = children(process.pid) if due and time.perf_counter() - begun > due[0] else []
        if workers:
            os.kill(rng.choice(workers), signal.SIGKILL)
            killed += 1
            due.pop(0)
        time.sleep(0.05)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} ended with status {os.waitstatus_to_exitcode(status)}")
    return Run(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, peak, killed)


def peak_mib(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0


def children(pid: int) -> list[int]:
    """List the worker processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            words = stat.with_name("cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if parent == pid and b"spawn_main" in words:
            found.append(int(stat.parent.name))
    return found


def words_of(verb: str, folder: Path, scan: Path, mask: Path, options: argparse.Namespace) -> list[str]:
    """Return the command that writes into a folder."""
    return [*PROGRAM, verb, "--quiet"] + {
        "inpaint": [str(scan), "--mask", str(mask), "-o", str(folder / "out.tif"), "--memory", "1",
                    "--engine", options.engine],
        "detect": [str(scan), "-o", str(folder / "out.png"), "--kind", options.detector],
        "encode": [str(scan), "-o", str(folder / "out.ome.zarr")],
        "enhance": [str(scan), "-o", str(folder / "out.tif"), "--op", "gaussian:sigma=4"],
        "evaluate": ["--reference", str(scan), "--result", str(scan), "--mask", str(mask)],
    }[verb]  # fmt: skip


def digest(folder: Path) -> str:
    """Hash all files of a folder by name, but for what holds the moment of writing."""
    digests = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.name.endswith(WRITTEN_LATER):
            digests.update(
                f"{file.relative_to(folder)} {hashlib.sha256(file.read_bytes()).hexdigest()}".encode()
            )
    return digests.hexdigest()


def panel_in(folder: Path, side: int) -> tuple[Path, Path, float]:
    """Make the panel, unless the folder holds it."""
    scan, mask = folder / f"panel-{side}.tif", folder / f"lost-{side}.tif"
    if not mask.exists():
        return make_panel(folder, side, 0)
    return scan, mask, files.read_lacunae(mask).share


def compare(options: argparse.Namespace) -> None:
    verb, same = options.verb, True
    with tempfile.TemporaryDirectory(prefix="cluster-") as scratch:
        place = Path(scratch)
        scan, mask, share = panel_in(options.panel or place, options.side)
        size = options.side**2 / 1e6
        print(f"{verb}, {size:.0f} MP, 16 bit, {share:.1%} lost; {os.cpu_count()} CPUs", flush=True)
        print("| run | s | core s | of one process | peak of the client, MiB | killed | same bytes |")
        print("|---|---|---|---|---|---|---|", flush=True)
        first, truth, before = None, "", 0.0
        for name, more, kills in (
            ("one process", [], 0),
            ("local:2", ["--scheduler", "local:2"], 0),
            ("local:2, killed", ["--scheduler", "local:2"], KILLS),
        ):
            folder = place / name.replace(":", "").replace(", ", "-")
            folder.mkdir()
            command = words_of(verb, folder, scan, mask, options) + more
            one = measure(command, kills=kills, expected_s=before)
            found, before = digest(folder), one.seconds
            first, truth = first or one, truth or found
            left = [path.name for path in folder.iterdir() if path.name.endswith((".part", ".job"))]
            same = same and found == truth and not left
            print(
                f"| {name} | {one.seconds:.0f} | {one.core:.1f} | {one.core / first.core:.2f} | "
                f"{one.peak:.0f} | {one.kills} | {'yes' if found == truth and not left else left or 'NO'} |",
                flush=True,
            )
            shutil.rmtree(folder)
    sys.exit(not same)


# --- where the client becomes the limit -----------------------------------------------------------------

SERVE = """
import os, resource, sys
from tratteggio.windows.cluster import DEATHS
from dask import config
from distributed import LocalCluster
if __name__ == "__main__":
    config.set({"distributed.scheduler.allowed-failures": DEATHS})
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=60) as workers:
        used = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        print(workers.scheduler_address, flush=True)
        begun = used()
        for _ in sys.stdin:
            print(used() - begun, flush=True)
            begun = used()
"""


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, Callable[[], float]]]:
    """Start a scheduler in a process of its own; yields its address, and what tells its core seconds."""
    script = folder / "serve.py"
    script.write_text(SERVE)
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout

        def used() -> float:
            process.stdin.write("\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            return float(process.stdout.readline())  # type: ignore[union-attr]

        yield process.stdout.readline().strip(), used
        process.stdin.close()


class Costs(NamedTuple):
    """Core seconds of windows: one by one in a worker; on average in the client and in the scheduler.

    Attributes:
        own: of the client, what is ours: planning, reading the mask, tracing damage.
        sent, received: bytes of a window on its way, and of its output.
    """

    worker: list[float]
    own: float
    client: float
    scheduler: float
    sent: int
    received: int


def costs_of(name: str, side: int, folder: Path) -> Costs:
    """Measure the windows of one job on a panel, then what it takes to hand out and take in as many."""
    scan, mask, _ = make_panel(folder, side, 0)
    stack = treatment.open(scan)
    lacunae = files.read_lacunae(mask, stack.primary)
    if name == "biharmonic":
        engine = Timed(treatment.make_engine(name, seed=0, device="cpu"))
        ledger = MemoryLedger()
        planned = run(stack, lacunae, engine, ledger)
        begun = time.thread_time()
        plan_windows(lacunae, halo=engine.halo, capacity=engine.capacity)
        jobs = list(_jobs(planned.tiles, stack, lacunae, planned.groups, crops=False))
        own = time.thread_time() - begun
        times, outputs = engine.times, [piece for tile in planned.tiles for piece in ledger.kept(tile.index)]
        sent = [len(pickle.dumps(job)) for job in jobs]
        received = [len(pickle.dumps(output)) for output in outputs]
    else:
        detector = treatment.make_detector(name, seed=0, device="cpu")[0]
        strengths, times = Strengths(stack, detector), []
        levels = np.zeros(stack.grid, np.uint8)
        for window in Region.whole(stack.grid).tiles(512):
            begun = time.thread_time()
            levels[window.slices] = strengths[window.slices]
            times.append(time.thread_time() - begun)
        begun = time.thread_time()
        threshold_and_trace(levels, threshold=detector.threshold, trace=detector.trace, name="")
        own = time.thread_time() - begun
        sent, received = [100], [512 * 512]
    sizes = round(statistics.mean(sent)), round(statistics.mean(received))
    client, scheduler = handing_out(folder, *sizes)
    return Costs(times, own / len(times), client + own / len(times), scheduler, *sizes)


class Echo:
    """Computes nothing."""

    def __init__(self, size: int) -> None:
        self.size = size

    def compute(self, _: bytes) -> np.ndarray:
        return np.zeros(self.size, np.uint8)


def handing_out(folder: Path, sent: int, received: int, windows: int = 300) -> tuple[float, float]:
    """Return core seconds of client and scheduler for one window that takes no time itself."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not know this file
    echo, items = Echo(received), [bytes([i % 256]) * sent for i in range(windows)]
    with served(folder) as (address, used), cluster_at(address) as executor:
        for _ in compute_in_order(echo.compute, items[:20], executor=executor):
            pass
        used()
        begun = resource.getrusage(resource.RUSAGE_SELF)
        for _ in compute_in_order(echo.compute, items, executor=executor):
            pass
        ended = resource.getrusage(resource.RUSAGE_SELF)
        scheduler = used()
    client = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
    return client / windows, scheduler / windows


class Timed:
    """An engine that keeps how long each window took."""

    def __init__(self, engine: object) -> None:
        self.engine = engine
        self.times: list[float] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.engine, name)

    def fill(self, *given: object) -> object:
        begun = time.process_time()
        filled = self.engine.fill(*given)  # type: ignore[attr-defined]
        self.times.append(time.process_time() - begun)
        return filled


def play(costs: Costs, workers: int, windows: int, rng: random.Random) -> float:
    """Return the seconds of a job: windows go out in order, a bounded number at a time, and come in in order.

    The client is busy for its share with each window, and the scheduler, beside it, for its own.
    """
    free = [0.0] * workers  # when each worker is free
    ahead = max(8, PER_THREAD * workers)
    ready: list[float] = []  # when the output of each window is there
    client = scheduler = 0.0
    taken = 0
    for number in range(windows):
        if number - taken >= ahead:  # the client takes in the next output before it sends another window
            client = max(client, ready[taken]) + costs.client / 2
            taken += 1
        client += costs.client / 2
        scheduler = max(scheduler, client) + costs.scheduler
        begun = max(heapq.heappop(free), scheduler)
        ended = begun + rng.choice(costs.worker)
        heapq.heappush(free, ended)
        ready.append(ended)
    for number in range(taken, windows):
        client = max(client, ready[number]) + costs.client / 2
    return client


def limit(options: argparse.Namespace) -> None:
    print(f"{os.cpu_count()} CPUs; windows of a panel of {options.side} px a side, 16 bit", flush=True)
    for name in options.work:
        with tempfile.TemporaryDirectory(prefix="cluster-") as scratch:
            costs = costs_of(name, options.side, Path(scratch))
        mean = statistics.mean(costs.worker)
        print(
            f"\n{name}: {len(costs.worker)} windows, {1000 * mean:.0f} ms each in a worker; "
            f"{1000 * costs.client:.1f} ms in the client ({1000 * costs.own:.1f} of them ours), "
            f"{1000 * costs.scheduler:.1f} ms in the scheduler; "
            f"{costs.sent / 1000:.0f} kB out, {costs.received / 1000:.0f} kB in\n"
        )
        print("| workers | windows a second | of what the workers could |\n|---|---|---|")
        known = None
        for workers in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
            windows = max(2000, 20 * workers)
            took = play(costs, workers, windows, random.Random(0))
            share = windows * mean / workers / took
            known = workers if share >= 0.5 else known
            print(f"| {workers} | {windows / took:.1f} | {share:.0%} |")
        slow = max(costs.client, costs.scheduler)
        which = "client" if costs.client >= costs.scheduler else "scheduler"
        print(
            f"\nThe {which} is the limit from {mean / slow:.0f} workers on: {1 / slow:.0f} windows a second."
        )


# --- the plan of a million paintings --------------------------------------------------------------------


def plan(options: argparse.Namespace) -> None:
    """Print what verbs take for each megapixel of a panel, in one process."""
    size = options.side**2 / 1e6
    print(f"{size:.0f} MP, 16 bit RGB; {os.cpu_count()} CPUs, one process")
    print("| verb | core s / MP | bytes read / px | bytes written / px |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="cluster-") as scratch:
        place = Path(scratch)
        scan, mask, _ = panel_in(options.panel or place, options.side)
        for verb in options.verbs:
            folder = place / verb
            folder.mkdir()
            one = measure(words_of(verb, folder, scan, mask, options))
            written = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
            read = scan.stat().st_size + (mask.stat().st_size if verb in ("inpaint", "evaluate") else 0)
            print(
                f"| {verb} | {one.core / size:.2f} | {read / size / 1e6:.2f} | {written / size / 1e6:.2f} |",
                flush=True,
            )
            shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parts = parser.add_subparsers(required=True)
    one = parts.add_parser("compare")
    one.set_defaults(part=compare)
    one.add_argument(
        "--verb", default="inpaint", choices=("inpaint", "detect", "encode", "enhance", "evaluate")
    )
    one.add_argument("--side", type=int, default=10_000)
    two = parts.add_parser("limit")
    two.set_defaults(part=limit)
    two.add_argument("--side", type=int, default=2500)
    two.add_argument("--work", nargs="+", default=["biharmonic", "tophat"])
    three = parts.add_parser("plan")
    three.set_defaults(part=plan)
    three.add_argument("--side", type=int, default=2500)
    three.add_argument("--verbs", nargs="+", default=["inpaint", "detect", "encode", "enhance", "evaluate"])
    for each in (one, three):
        each.add_argument("--panel", type=Path, help="a folder that keeps the panel for the next call")
        each.add_argument("--engine", default="biharmonic")
        each.add_argument("--detector", default="tophat")
    options = parser.parse_args()
    options.part(options)


if __name__ == "__main__":
    main()
