"""What a patch costs, by stage, in milliseconds on one core.

    python benchmarks/patches.py [--data FOLDER] [--side 128] [--patches 2000]

FOLDER holds images (JPEG, PNG or TIFF); without it four phantoms are painted. Prints

1. what it costs to decode an image, and a patch once all images are decoded: cut (with flips and
   rotation), damage, both (goal at 128 pixels: 1.5 ms);
2. each kind of damage alone: median milliseconds, share lost.

Set OMP_NUM_THREADS=1. Medians, since other processes disturb single calls.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tratteggio.degradation import damage_names, draw_damage, make_damage
from tratteggio.training.patches import Patches
from tratteggio.training.sources import Folder, Phantoms, Source


def median_ms(step: Callable[[int], object], count: int) -> float:
    spent = []
    for k in range(count):
        start = time.perf_counter()
        step(k)
        spent.append(time.perf_counter() - start)
    return float(np.median(spent)) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--patches", type=int, default=2000)
    options = parser.parse_args()

    source: Source = Folder(options.data) if options.data else Phantoms(4)
    count = min(len(source), 16)
    decode = median_ms(source.read, count)
    pixels = np.mean([np.prod(source.grid(k)) for k in range(count)]) / 1e6
    print(f"{len(source)} images; decoding one of {pixels:.2f} megapixels: {decode:.1f} ms\n")

    patches = Patches(source, side=options.side, cache_mib=4096)
    for number in range(len(source)):
        patches.decoded[number]
    for k in range(options.patches):  # places of a round, sheets of craquelure
        patches[k]
    before = dict(patches.seconds)
    both = median_ms(patches.__getitem__, options.patches)
    spent = {stage: (total - before[stage]) / options.patches for stage, total in patches.seconds.items()}
    names = {"decode": "find (and decode)", "cut": "cut", "damage": "damage"}
    print(f"| a patch of {options.side} pixels | ms |\n| --- | --- |")
    for stage, name in names.items():
        print(f"| {name}, mean | {spent[stage] * 1000:.3f} |")
    print(f"| all, mean | {sum(spent.values()) * 1000:.3f} |\n| all, median | {both:.3f} |\n")

    print("| damage | ms | share lost |\n| --- | --- | --- |")
    grid = (options.side, options.side)
    for name in damage_names():
        kind = make_damage(name)
        lost = [draw_damage(kind, grid, np.random.default_rng(k)).mean() for k in range(100)]
        ms = median_ms(lambda k, kind=kind: draw_damage(kind, grid, np.random.default_rng(k)), 300)
        print(f"| {name} | {ms:.3f} | {np.mean(lost):.3f} +- {np.std(lost):.3f} |")


if __name__ == "__main__":
    main()
