"""Is a job that was killed and resumed the same, bit by bit, as one left alone?

    python benchmarks/resume.py --side 10000

Fills a phantom panel twice: once undisturbed, once killed with SIGKILL several times on the way and resumed.
Prints how far each run came and the SHA-256 of both outputs; exits 1 if they differ.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gigapixel import make_panel


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--side", type=int, default=10_000)
    parser.add_argument("--engine", default="biharmonic")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    tratteggio = str(Path(sys.executable).with_name("tratteggio"))
    with tempfile.TemporaryDirectory(prefix="resume-") as scratch:
        scan, mask, share = make_panel(Path(scratch), options.side, options.seed)
        print(
            f"{options.side**2 / 1e6:.0f} megapixels, {share:.2%} lost, engine {options.engine}", flush=True
        )

        def fill(target: Path, *more: str) -> list[str]:
            command = [tratteggio, "inpaint", str(scan), "--mask", str(mask), "-o", str(target), "--quiet"]
            return [*command, "--engine", options.engine, *more]

        left_alone, killed = Path(scratch) / "alone.tif", Path(scratch) / "killed.tif"
        start = time.perf_counter()
        subprocess.run(fill(left_alone), check=True, stdout=subprocess.DEVNULL)
        whole = time.perf_counter() - start
        print(f"undisturbed: {whole:.1f} s")
        ledger = killed.with_name(killed.name + ".job")
        for n in range(options.kills):
            process = subprocess.Popen(fill(killed, *["--resume"] * (n > 0)), stdout=subprocess.DEVNULL)
            time.sleep(whole * rng.uniform(0.15, 0.9 / options.kills))
            process.send_signal(signal.SIGKILL)
            process.wait()
            done = len(list(ledger.glob("tile-*.npz")))
            print(f"kill {n + 1}: {done} tiles done, output there: {killed.exists()}", flush=True)
        start = time.perf_counter()
        subprocess.run(fill(killed, "--resume"), check=True, stdout=subprocess.DEVNULL)
        print(f"resumed to the end: {time.perf_counter() - start:.1f} s, ledger left: {ledger.exists()}")
        one, other = sha256(left_alone), sha256(killed)
        print(f"undisturbed {one}\nresumed     {other}\n{'identical' if one == other else 'DIFFERENT'}")
        raise SystemExit(one != other)


if __name__ == "__main__":
    main()
