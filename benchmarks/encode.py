"""What encoding costs: megapixels a second, beside a loop over patches, and what partial layers add.

    python benchmarks/encode.py [--quick] [--threads N]

1. `Latents` of an 8-bit stack of the five modalities of the Ghent Altarpiece, 11 channels, in memory: the
   median of passes, in megapixels a second and a core second (goal of the stacked net 2 MP / s on two cores).
   Beside it, in turn, a loop that encodes the 32 x 32 patch about every feature by itself, over a part (goal:
   20 times as many core seconds).
2. Forward and backward of 64 patches by each stacked net, in core seconds, as ratios to the normal one (goal
   1.15 for fp-cae).
3. Peak memory, written to OME-Zarr, above that of a process that has encoded one window: bounded by windows.

Core seconds are what a busy machine spoils least. Random weights: they cost the same.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import tratteggio  # noqa: F401  # before torch: it asks for huge pages

import numpy as np  # isort: skip
import torch
from torch import nn

from tratteggio import models
from tratteggio.features import Latents, View
from tratteggio.losses import LogSsimLoss
from tratteggio.models import fpcae
from tratteggio.painting import Scan, Stack

SIDE, PART = 1024, 160  # px a side: of the stack, and of the part that the loop goes over
STEP = fpcae.CELL


def five(side: int) -> Stack:
    rng = np.random.default_rng(0)
    return Stack(
        tuple(
            Scan(rng.integers(0, 256, (side, side, count) if count > 1 else (side, side), np.uint8), name)
            for name, count in fpcae.MODALITIES.items()
        )
    )


def built(name: str) -> nn.Module:
    torch.manual_seed(0)
    return models.build(name)


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return (seconds, core seconds)."""
    start, core = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - core


def patch_by_patch(stack: Stack, net: nn.Module) -> None:
    """Encode the patch about every feature by itself, as one would write it first."""
    pixels = np.concatenate([stack[name].colour() for name in stack], axis=-1)
    with torch.inference_mode():
        for top in range(0, PART - 32 + 1, STEP):
            for left in range(0, PART - 32 + 1, STEP):
                patch = torch.from_numpy(pixels[top : top + 32, left : left + 32]).float() / 255
                net.encode(patch.permute(2, 0, 1)[None])


def encoding(rounds: int, side: int) -> None:
    stack, part = five(side), five(PART)
    patches = ((PART - 32) // STEP + 1) ** 2
    print(f"\nencoding {side} x {side} x 11, uint8, in memory; a loop encodes {patches} patches, 8 px apart")
    print("| net | MP / s | MP / core s | loop, MP / core s | ratio |\n| --- | --- | --- | --- | --- |")
    for name in ("fp-cae", "normal", "fpcae-concat", "fpcae-add"):
        net = built(name).eval()
        latents = Latents(View(stack, net))
        ours, loops = [], []
        for _ in range(rounds + 1):
            ours.append(seconds(lambda latents=latents: latents[:, :]))
            loops.append(seconds(lambda net=net: patch_by_patch(part, net)))
        wall, core = (1e-6 * side**2 / statistics.median(of) for of in zip(*ours[1:], strict=True))
        loop = 1e-6 * patches * STEP**2 / statistics.median(of for _, of in loops[1:])
        print(f"| {name} | {wall:.2f} | {core:.2f} | {loop:.3f} | {core / loop:.1f} |", flush=True)


def training(rounds: int) -> None:
    x = torch.rand(64, 11, 32, 32)
    x_last = x.contiguous(memory_format=torch.channels_last)
    known = torch.ones(64, 1, 32, 32)
    print("\nforward + backward of 64 patches, ratio of core seconds to normal; median over pairs")
    print(
        "| net | channels first | channels last | with the objective, as trained |\n| --- | --- | --- | --- |"
    )
    loss = LogSsimLoss(fpcae.MODALITIES)
    plain = built("normal")
    ways: list[Callable[[nn.Module], object]] = [
        lambda net: net(x).mean().backward(),
        lambda net: net(x_last).mean().backward(),
        lambda net: loss(net(x_last, known), x_last).total.backward(),
    ]
    for name in ("fp-cae", "pen-nde", "pen-upde"):
        net = built(name)
        cells = []
        for way in ways:
            pairs = [
                (seconds(lambda way=way: way(plain))[1], seconds(lambda way=way, net=net: way(net))[1])
                for _ in range(rounds)
            ]
            ratio = statistics.median(mine / theirs for theirs, mine in pairs[2:])
            cells.append(f"{ratio:.2f} ({1e3 * statistics.median(mine for _, mine in pairs[2:]):.1f} ms)")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


MEMORY = """
import resource, sys
import numpy as np, torch
from tratteggio import files, models
from tratteggio.features import Latents, View
from tratteggio.models import fpcae
from tratteggio.painting import Scan, Stack

class Made:
    "Pixels that are made where they are read."
    def __init__(self, side, channels):
        self.shape, self.dtype = (side, side, channels), np.dtype(np.uint8)
    def __getitem__(self, key):
        rows, cols = (np.arange(*part.indices(self.shape[0])) for part in key)
        return np.add.outer(rows, cols)[..., None].repeat(self.shape[2], -1).astype(np.uint8)

side, target = int(sys.argv[1]), sys.argv[2]
torch.manual_seed(0)
net = models.build("fp-cae").eval()
stack = Stack(tuple(Scan(Made(side, count), name) for name, count in fpcae.MODALITIES.items()))
small = Latents(View(stack, net))[:2, :2]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if side > 64:
    files.write_stack(Stack((Scan(Latents(View(stack, net)), "features"),)), target)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def memory(sides: list[int]) -> None:
    print("\npeak memory above a process that has encoded one window, written to OME-Zarr by fp-cae")
    for side in sides:
        with tempfile.TemporaryDirectory(prefix="encode-") as folder:
            command = [sys.executable, "-c", MEMORY, str(side), f"{folder}/features.ome.zarr"]
            start = time.perf_counter()
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            took = time.perf_counter() - start
        print(f"  {side**2 / 1e6:6.1f} MP  {done.stdout.strip():>5} MiB  {took:6.1f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 rounds, smaller paintings")
    parser.add_argument("--threads", type=int, help="of torch; default: as many as it takes by itself")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    threads = torch.get_num_threads()
    print(f"torch {torch.__version__}, {threads} threads, {os.cpu_count()} CPUs, {platform.machine()}")
    encoding(3 if options.quick else 9, 512 if options.quick else SIDE)
    training(12 if options.quick else 60)
    memory([1024, 2048] if options.quick else [2048, 6144])


if __name__ == "__main__":
    main()
