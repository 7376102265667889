"""Does anything get lost, or lie about, when jobs are killed, raced or run out of disk?

    python benchmarks/kills.py --kills 100

Small paintings are filled, a larger one is saved and a net is trained, each in a process of its own that is
killed at a random moment: by SIGKILL, or by two SIGINT or SIGTERM in a row. The same command with --resume
goes on. Then the files must be those of a job left alone, byte by byte (but for the moment that a history
names), and nothing else may lie there. Two jobs are also started on one output at a time, and jobs run on a
full disk.

Prints a line for each kind with what was counted; exits 1 if anything differed or was left.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import lightning_fabric  # noqa: F401 brought in once, for all children
import numpy as np
import tifffile
import torch
import torch.utils.tensorboard
from PIL import Image

from tratteggio import engines, recipes, treatment  # noqa: F401 brought in once, for all children
from tratteggio.cli.main import app
from tratteggio.phantom import panel
from tratteggio.training import loop  # noqa: F401 likewise

FORK = multiprocessing.get_context("fork")
TIMES = ("created", "hours")  # what differs between two runs that are the same
ENDS = ("kill", "int", "term")
SMALL_DISK = 150_000

Check = Callable[[Path], str]


def run(words: Sequence[str], output: Path, most: int | None) -> None:
    """Be one command, in a child."""
    torch.set_num_threads(1)
    if most is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    with (
        output.open("w") as stream,
        contextlib.redirect_stderr(stream),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        try:
            code = app(list(words), standalone_mode=False) or 0
        except BaseException as end:  # noqa: BLE001 a fault of the program, which the parent counts
            code = getattr(end, "exit_code", 1)
            stream.write(f"\n{end!r}")
        stream.flush()
    os._exit(code)


def start(words: Sequence[str], output: Path, most: int | None = None) -> multiprocessing.process.BaseProcess:
    child = FORK.Process(target=run, args=(words, output, most))
    child.start()
    return child


def finish(words: Sequence[str], output: Path) -> int:
    child = start(words, output)
    child.join()
    return child.exitcode or 0


def kill(child: multiprocessing.process.BaseProcess, how: str, rng: random.Random) -> None:
    """End a child; the second signal comes before it has cleared up."""
    number = {"kill": signal.SIGKILL, "int": signal.SIGINT, "term": signal.SIGTERM}[how]
    for _ in range(1 if how == "kill" else 2):
        if child.is_alive():
            os.kill(child.pid or 0, number)
        time.sleep(rng.uniform(0, 0.02))
    child.join()


class Task:
    """What is killed: a command with an output of its own each time, and what must be there in the end.

    Attributes:
        words: the command for an output.
        made: the output in a folder.
        digest: says what an output is, without what may differ.
    """

    def __init__(self, name: str, place: Path, words: Callable[[Path], list[str]], output: str) -> None:
        self.name, self.place, self.words, self.output = name, place / name, words, output
        self.place.mkdir()
        self.log = place / f"{name}.txt"
        alone = self.fresh("alone")
        begun = time.perf_counter()
        if finish(words(alone), self.log):
            sys.exit(f"{name} cannot be run at all: {self.log.read_text()}")
        self.seconds = time.perf_counter() - begun
        self.truth = contents(alone.parent)

    def fresh(self, name: str) -> Path:
        folder = self.place / name
        folder.mkdir(parents=True)
        return folder / self.output

    def end(self, output: Path, found: Counter[str]) -> None:
        """Go on to the end with the same command, and look at what lies there."""
        code = finish([*self.words(output), "--resume"], self.log)
        if code and "no saved state" in self.log.read_text():
            code = finish(self.words(output), self.log)
        there = contents(output.parent)
        found["resumed"] += code == 0
        found["identical"] += all(there.get(name) == digest for name, digest in self.truth.items())
        litter = sorted(there.keys() - self.truth.keys())
        found["litter"] += bool(litter)
        if code or litter or there != self.truth:
            wrong = [name for name, digest in self.truth.items() if there.get(name) != digest]
            log = self.log.read_text()[-300:]
            print(f"  {output}: exit {code}, left {litter}, differing {wrong}: {log}", flush=True)
        else:
            shutil.rmtree(output.parent)


def contents(folder: Path) -> dict[str, str]:
    """Return what lies in a folder, by name: a digest without what may differ between two runs."""
    found = {}
    for file in sorted(folder.rglob("*")):
        name = str(file.relative_to(folder))
        if file.is_dir() or "tensorboard" in name:
            continue
        if name.endswith(".jsonl"):
            found[name] = ""
        elif name.endswith(".safetensors"):
            found[name] = digest_of_tensors(file)
        elif name.endswith(".json"):
            history = json.loads(file.read_text("utf-8"))
            history["source"] = history.get("source") and {**history["source"], "file": ""}
            found[name] = str({key: value for key, value in history.items() if key not in TIMES})
        else:
            found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def digest_of_tensors(file: Path) -> str:
    """Return a digest of weights alone: the header tells how long the run took."""
    content = file.read_bytes()
    size = int.from_bytes(content[:8], "little")
    return hashlib.sha256(content[8 + size :]).hexdigest()


def make_paintings(place: Path, seed: int) -> None:
    """Make what is filled: a small panel with many lacunae, and a larger one with few, which saves slowly."""
    for name, side in (("small", 320), ("large", 1600)):
        painted = panel(side, side, seed=seed, depth="uint16")
        tifffile.imwrite(place / f"{name}.tif", painted.damaged.read(), photometric="rgb")
        lost = painted.lacunae.read() if name == "small" else np.zeros((side, side), bool)
        lost[40:44, 50:90] = True
        Image.fromarray(lost.astype(np.uint8) * 255).save(place / f"{name}.png")
    (place / "data").mkdir()
    for number in range(6):
        picture = panel(96, 96, seed=number).painted.read()
        Image.fromarray(picture).save(place / "data" / f"{number}.png")


def tasks(place: Path) -> list[Task]:
    def fill(name: str, tile: int) -> Callable[[Path], list[str]]:
        scan, mask = place / f"{name}.tif", place / f"{name}.png"
        return lambda out: [
            "inpaint", str(scan), "--mask", str(mask), "-o", str(out), "--quiet",
            "--engine", "biharmonic", "--tile", str(tile),
        ]  # fmt: skip

    sets = ("steps=12", "batch=2", "side=32", "keep_every=3", "validate_every=6")

    def learn(out: Path) -> list[str]:
        options = [word for one in sets for word in ("--set", one)]
        return ["train", "denoiser", "--data", str(place / "data"), "-o", str(out), "--device", "cpu",
                "--quiet", *options]  # fmt: skip

    return [
        Task("filling", place, fill("small", 64), "out.tif"),
        Task("saving", place, fill("large", 2048), "out.tif"),
        Task("training", place, learn, "run"),
    ]


def killed(task: Task, count: int, rng: random.Random) -> Counter[str]:
    found: Counter[str] = Counter()
    for number in range(count):
        output = task.fresh(f"kill-{number}")
        for _ in range(rng.choice((1, 1, 2))):  # some are killed again on the way back
            more = ["--resume"] if output.parent.exists() and any(output.parent.iterdir()) else []
            child = start([*task.words(output), *more], task.log)
            time.sleep(task.seconds * rng.uniform(0.02, 0.9))
            how = rng.choice(ENDS)
            found["killed" if child.is_alive() else "done before"] += 1
            kill(child, how, rng)
        task.end(output, found)
    return found


def raced(task: Task, count: int, rng: random.Random) -> Counter[str]:
    """Start two jobs on one output: one ends well, the other is told."""
    found: Counter[str] = Counter()
    for number in range(count):
        output = task.fresh(f"race-{number}")
        log = [task.log.with_suffix(f".{one}") for one in "ab"]
        pair = []
        for one in log:
            pair.append(start(task.words(output), one))
            time.sleep(rng.uniform(0, 0.3))
        for child in pair:
            child.join()
        codes = sorted(child.exitcode or 0 for child in pair)
        words = " ".join(one.read_text() for one in log)
        refused = any(word in words for word in ("in use by process", "there already", "unfinished job"))
        found["one won, one was told"] += codes == [0, 2] and refused
        if codes != [0, 2]:
            print(f"  {output}: exit {codes}: {words[-300:]}")
        task.end(output, found)
    return found


def full(task: Task, count: int, rng: random.Random) -> Counter[str]:
    """Let the disk end at a random size of a file, as a quota does."""
    found: Counter[str] = Counter()
    for number in range(count):
        output = task.fresh(f"full-{number}")
        child = start(task.words(output), task.log, most=int(10 ** rng.uniform(2.0, 5.5)))
        child.join()
        found["refused" if child.exitcode == 1 else "fitted" if child.exitcode == 0 else "other"] += 1
        if child.exitcode not in (0, 1):
            print(f"  {output}: exit {child.exitcode}: {task.log.read_text()[-300:]}")
        half = [file for file in output.parent.iterdir() if file.suffix in (".tif", ".part")]
        found["half written"] += bool(half) and child.exitcode != 0
        task.end(output, found)
    return found


def on_small_disk(task: Task, place: Path) -> Counter[str]:
    """Fill on a file system that is really too small, then make room; needs root."""
    found: Counter[str] = Counter()
    disk = place / "disk"
    disk.mkdir()

    def mount(size: int, *more: str) -> bool:
        words = ["mount", "-t", "tmpfs", "-o", ",".join([f"size={size}", *more]), "none", str(disk)]
        done = shutil.which("mount") and subprocess.run(words, capture_output=True, check=False)
        return bool(done) and done.returncode == 0

    if not mount(SMALL_DISK):
        found["not allowed here"] += 1
        return found
    try:
        (disk / "work").mkdir()
        output = disk / "work" / task.output
        found["refused"] += finish(task.words(output), task.log) == 1
        mount(400 * SMALL_DISK, "remount")
        task.end(output, found)
    finally:
        subprocess.run(["umount", str(disk)], check=False)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="kills-") as scratch:
        place = Path(scratch)
        make_paintings(place, options.seed)
        all_tasks = tasks(place)
        shares = (0.4, 0.35, 0.25)
        kinds: list[tuple[str, int, Callable[[int], Counter[str]]]] = [
            (f"killed while {task.name}", round(options.kills * share), lambda n, t=task: killed(t, n, rng))
            for task, share in zip(all_tasks, shares, strict=True)
        ]
        rare = max(2, options.kills // 10)
        kinds += [
            ("two jobs at once", rare, lambda n: raced(all_tasks[0], n, rng)),
            ("full disk while filling", rare, lambda n: full(all_tasks[0], n, rng)),
            ("full disk while training", max(2, rare // 2), lambda n: full(all_tasks[2], n, rng)),
            ("small file system", 1, lambda _: on_small_disk(all_tasks[1], place)),
        ]
        print(f"seed {options.seed}; " + ", ".join(f"{t.name} {t.seconds:.1f} s" for t in all_tasks))
        for name, count, do in kinds:
            begun = time.perf_counter()
            found = do(count)
            counts = ", ".join(f"{what} {number}" for what, number in found.items())
            print(f"{name:<26} {count:3}: {counts} ({time.perf_counter() - begun:.0f} s)", flush=True)
            if "not allowed here" not in found:
                wrong += (
                    found["litter"] + (count - found["identical"]) + found["half written"] + found["other"]
                )
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
