"""`make fuzz`: many mutated inputs over all formats, with counts, and how to see each fault again.

python -m fuzz                        20,000 inputs, spread over the formats
python -m fuzz --count 1700 --first 400    the next ones: input 400 onwards of each format
python -m fuzz --only tiff ledger
python -m fuzz --one "tiff 17"        one input, kept in a folder, with the command that reads it
"""

import argparse
import re
import shlex
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz.campaign import Result, campaign, counted
from fuzz.seeds import FORMATS, seeds
from fuzz.trial import trial


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--count", type=int, default=20_000, help="inputs in all")
    asked.add_argument("--first", type=int, default=0, help="number of the first input of each format")
    asked.add_argument("--only", nargs="+", choices=FORMATS, default=list(FORMATS), metavar="FORMAT")
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--one", metavar="'FORMAT NUMBER'")
    options = asked.parse_args()
    if options.one:
        return show(*options.one.split())
    each = -(-options.count // len(options.only))
    last = options.first + each
    print(f"inputs {options.first} to {last - 1} of each format\n")
    print(f"{'format':<10} {'inputs':>7} {'ok':>7} {'refused':>8} {'faults':>7}", flush=True)
    failed, done = [], 0
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = [
            pool.submit(lambda k=kind: counted(campaign(k, options.first, last))) for kind in options.only
        ]
        for kind, run in zip(options.only, runs, strict=True):
            counts, faults = run.result()
            done += counts.total()
            failed += faults
            row = f"{counts['ok']:>7} {counts['refused']:>8} {counts['fault']:>7}"
            print(f"{kind:<10} {counts.total():>7} {row}", flush=True)
            for count, example in kinds(faults):
                print(f"  {count} x {example}", flush=True)
    print(f"\n{done:,} inputs, {len(failed)} faults")
    return bool(failed)


def kinds(faults: Sequence[Result]) -> list[tuple[int, Result]]:
    """Count faults of one kind, which differ in numbers alone; the most frequent first, each by its first."""
    by_kind: dict[str, list[Result]] = {}
    for fault in faults:
        by_kind.setdefault(re.sub(r"0x[0-9a-f]+|\d+", "#", fault.verdict)[:120], []).append(fault)
    return sorted(((len(same), same[0]) for same in by_kind.values()), key=lambda pair: -pair[0])


def show(kind: str, number: str) -> int:
    """Write one input to a folder and say how to run it."""
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{kind}-{number}-"))
    with tempfile.TemporaryDirectory() as base:
        one = trial(kind, seeds(kind, Path(base)), int(number))
    for name, content in one.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    print(f"cd {folder}  # {one.touched} was touched\ntratteggio {shlex.join(one.verb)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
