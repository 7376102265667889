"""What it costs to describe every patch of a painting, beside describing each patch alone.

    python benchmarks/descriptor.py [--side 2048] [--patches 2000]

For both nets and patches of 16 x 16 of a random image, on one core:

1. core seconds to find the maxima of the whole image, which hold all descriptors, and to read these off,
   row after row (measured on 32 rows, multiplied); beside it the encoder on one patch after the other, and
   on 64 at a time (measured on some patches, multiplied). The ratios are those of the encoder to the maxima
   (goal: 100);
2. MiB that all descriptors take: the maxima as float32, float16 and bytes; one descriptor for each patch; 128
   numbers for each patch, as those of Chen et al. (goal: a 4th by v128, a 16th by v32).

Random weights: they cost the same.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable

import tratteggio  # noqa: F401  # before torch: it asks for huge pages

import numpy as np  # isort: skip
import torch

from tratteggio import models
from tratteggio.models.descriptor import NAMES, describe, descriptors, quantised

PATCH, TOGETHER = 16, 64
READ = 32  # rows whose patches are read off
RIVAL = 128  # numbers a patch


def core_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", type=int, default=2048, help="of the image, in pixels")
    parser.add_argument("--patches", type=int, default=2000, help="that are described alone")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, 1 thread, {os.cpu_count()} CPUs, {platform.machine()}")

    side, rng = options.side, np.random.default_rng(0)
    picture = rng.integers(0, 256, (side, side, 3), np.uint8)
    whole = np.zeros((side, side), np.bool_)
    across = side - PATCH + 1
    count = across**2
    rows = [np.stack([np.full(across, r), np.arange(across)], axis=1) for r in range(READ)]
    corners = rng.integers(0, across, (options.patches, 2))
    patches = np.stack([picture[r : r + PATCH, c : c + PATCH] for r, c in corners])
    x = torch.from_numpy(patches.transpose(0, 3, 1, 2) / np.float32(255))

    print(f"\n{side} x {side} pixels, {count} patches; core seconds for all of them")
    heads = ("maxima", "all read off", "one by one", "ratio", f"{TOGETHER} at a time", "ratio")
    print(f"| net | {' | '.join(heads)} |\n| --- {'| --- ' * len(heads)}|")
    stores = {}
    for name in NAMES:
        torch.manual_seed(0)
        net = models.build(name).eval()
        describe(net, picture[:256, :256], whole[:256, :256])  # what only the first call costs
        once = core_seconds(lambda net=net, name=name: stores.update({name: describe(net, picture, whole)}))
        read = across / READ * core_seconds(lambda name=name: [descriptors(stores[name], r) for r in rows])
        share = count / options.patches
        with torch.inference_mode():
            alone, together = (
                share * core_seconds(lambda net=net, n=n: [net.encoder(few) for few in x.split(n)])
                for n in (1, TOGETHER)
            )
        cells = [f"{once:.1f}", f"{read:.1f}"]
        cells += [cell for way in (alone, together) for cell in (f"{way:.0f}", f"{way / once:.0f}")]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)

    print("\nMiB for the descriptors of all patches")
    heads = ("float32", "float16", "bytes", "one by one", "to float32", "Chen et al.", "to float32")
    print(f"| net | {' | '.join(heads)} |\n| --- {'| --- ' * len(heads)}|")
    rival = 4 * RIVAL * count
    for name, store in stores.items():
        alone = 4 * count * store.shape[2] * (PATCH // 8) ** 2
        sizes = [store.nbytes, store.nbytes // 2, quantised(store).nbytes, alone]
        cells = " | ".join(f"{size / 2**20:.0f}" for size in sizes)
        print(
            f"| {name} | {cells} | {alone / store.nbytes:.2f} | {rival / 2**20:.0f} "
            f"| {rival / store.nbytes:.2f} |"
        )


if __name__ == "__main__":
    main()
