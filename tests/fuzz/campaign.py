"""Many trials of one format, in processes that may die or hang without taking the rest along."""

import json
import os
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SECONDS = 20  # for one input of a few kilobytes; thousands take 10 ms
START_SECONDS = 240  # for imports and seeds, on a busy machine


class Result(NamedTuple):
    """What one input did."""

    kind: str
    number: int
    verdict: str

    @property
    def fault(self) -> bool:
        return self.verdict not in ("ok", "refused")

    def __str__(self) -> str:
        return f"{self.kind} {self.number}: {self.verdict}\n    make fuzz ONE='{self.kind} {self.number}'"


def campaign(kind: str, first: int, last: int) -> Iterator[Result]:
    """Run the trials of a format; one that ends its process, or takes too long, is a fault like others."""
    while first < last:
        for result in _worker(kind, first, last):
            yield result
            first = result.number + 1


def _worker(kind: str, first: int, last: int) -> Iterator[Result]:
    """Run trials in one process, until it has done all or does not answer."""
    words = [sys.executable, "-m", "fuzz.trial", kind, str(first), str(last)]
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
    settings = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=settings, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    number, seconds = None, START_SECONDS
    try:
        while select.select([process.stdout], [], [], seconds)[0]:
            line = process.stdout.readline()
            if not line:
                break
            if not line.startswith("["):  # what seeds print while they are made
                continue
            number, verdict = json.loads(line)
            seconds = SECONDS
            if verdict:
                yield Result(kind, number, verdict)
                number = None
        else:
            assert number is not None, f"no seeds of {kind} in {START_SECONDS} s"
            yield Result(kind, number, f"no end within {SECONDS} s")
            return
        code = process.wait()
        if number is not None:
            yield Result(kind, number, f"the process died with {code}: {process.stderr.read()[-300:]}")
        elif code:
            raise RuntimeError(f"trials of {kind} cannot be run: {process.stderr.read()[-2000:]}")
    finally:
        process.kill()
        process.communicate()


def counted(results: Iterator[Result]) -> tuple[Counter[str], list[Result]]:
    """Count what inputs did, and keep the faults."""
    counts: Counter[str] = Counter()
    faults = []
    for result in results:
        counts["fault" if result.fault else result.verdict] += 1
        if result.fault:
            faults.append(result)
    return counts, faults
