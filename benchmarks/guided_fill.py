"""What other scans of a painting are worth to a fill: RGB alone against infrared, X-ray, ultraviolet, all.

    python benchmarks/guided_fill.py [--phantoms 6] [--engines guided]
    python benchmarks/guided_fill.py --paint FOLDER

Phantom panels of 256 x 320 pixels that no net of ours has learnt from (seeds from 1000), with scans as an
examination takes them: blurred, noisy, with cracks and flaked paint of their own. The RGB that is filled is
the panel without damage, so that there is a truth. What is lost of it:

    spots, blots    5 % and 10 % of the area, small and large, where the other scans show the paint: it is
                    hidden or spoilt for the eye alone, as under stains, overpaint or abraded varnish
    both            blots in a panel whose cracks and flaked paint are lost, too; measured in the blots
    flaked          cracks and flaked paint, where the other scans see bare ground

Prints the mean PSNR in the lacunae (dB, peak 255) of each engine on RGB alone, and of each engine that reads
other scans with each of them and with all; then core seconds of one fill.

With --paint the panels of recipe `fpcae_fill` are painted instead, and nothing is measured.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import ndimage

import tratteggio as tg
from tratteggio import files
from tratteggio.metrics.fidelity import psnr
from tratteggio.painting import Stack
from tratteggio.painting.pixels import Lost
from tratteggio.phantom import multimodal

FIRST_SEED, GRID = 2000, (256, 320)
LEARNT, LEARNT_GRID = 160, (384, 320)  # panels to learn from, seeds from 0
ALONE = ("tension", "pconv", "auto")
GUIDES = {"irr": ("irr",), "xray": ("xray",), "uvf": ("uvf",), "all": ("irr", "xray", "uvf")}
SPOTS, BLOTS = (4.0, 0.05), (14.0, 0.1)  # (pixels over which the noise is smoothed, share of the area)


def draw_spots(sigma: float, share: float, seed: int) -> Lost:
    """Lose a share of the area in blobs of about `sigma` pixels."""
    noise = np.random.default_rng(seed).standard_normal(GRID)
    smooth = ndimage.gaussian_filter(noise, sigma, mode="wrap")
    lost: Lost = smooth > np.quantile(smooth, 1 - share)
    return lost


def examined(grid: tuple[int, int], seed: int, guides: tuple[str, ...]) -> tuple[Stack, Lost]:
    """Give a panel without damage in RGB, as other scans show it with damage; and that damage."""
    panel = multimodal(*grid, seed=seed)
    truth = replace(panel.truth.painted, modality="rgb")
    return Stack((truth, *(panel.stack[guide] for guide in guides))), panel.truth.lacunae.read()


def paint(folder: Path) -> None:
    """Paint the panels to learn from, as OME-Zarr; those that are there already stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(LEARNT):
        target = folder / f"phantom-{seed}.ome.zarr"
        if not target.exists():
            files.write_stack(examined(LEARNT_GRID, seed, GUIDES["all"])[0], target)


def cases(seed: int, real: Lost) -> Iterator[tuple[str, Lost, Lost]]:
    """Give (name, what is lost, where the fill is measured)."""
    spots, blots = draw_spots(*SPOTS, seed), draw_spots(*BLOTS, seed)
    yield "spots", spots, spots
    yield "blots", blots, blots
    yield "both", blots | real, blots & ~real
    yield "flaked", real, real


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--phantoms", type=int, default=6)
    parser.add_argument("--engines", default="guided", help="those that read other scans, with commas")
    parser.add_argument("--paint", type=Path, help="folder for the panels of recipe fpcae_fill")
    options = parser.parse_args()
    if options.paint:
        paint(options.paint)
        return
    readers = options.engines.split(",")
    found: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    seconds: dict[str, list[float]] = defaultdict(list)
    for seed in range(FIRST_SEED, FIRST_SEED + options.phantoms):
        panel, flaked = examined(GRID, seed, GUIDES["all"])
        truth = panel.primary.read()
        for name, lost, where in cases(seed, flaked):
            jobs = [(engine, "rgb alone", ()) for engine in ALONE]
            jobs += [(engine, *guides) for engine in readers for guides in GUIDES.items()]
            for engine, shown, guides in jobs:
                stack = Stack((panel.primary, *(panel[guide] for guide in guides)))
                started = time.process_time()
                image = tg.inpaint(stack, lost, engine=engine).image
                seconds[engine].append(time.process_time() - started)
                found[engine, shown][name].append(psnr(truth[where], image[where], data_range=255))
    columns = list(next(iter(found.values())))
    print(f"| engine | reads | {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 2)}")
    for (engine, shown), figures in found.items():
        cells = " | ".join(f"{np.mean(figures[column]):.2f}" for column in columns)
        print(f"| {engine} | {shown} | {cells} |")
    print("\ncore seconds of one fill, median: ", end="")
    print(", ".join(f"{engine} {np.median(taken):.2f}" for engine, taken in seconds.items()))


if __name__ == "__main__":
    main()
