"""What fitting the net to one painting brings: PSNR in cracks and in losses before and after some minutes.

    python benchmarks/adapt.py --data FOLDER [--images 4] [--size 640] [--minutes 2,10] [--seed 0]

FOLDER holds images. Of those whose names no shipped net has learnt from, a seeded choice is cut to squares
at their centres. Each gets cracks and spots in its upper half and wide lacunae in its lower half; the lost
paint is hidden from the training. Engine `pconv` fills with the included weights, then with weights that
`tratteggio.adapt` trained for so many minutes on this machine. Prints a Markdown table: PSNR in dB (peak 255)
in the lacunae of each half.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from appearance import pictures

import tratteggio as tg
from tratteggio.experiments._lacunae import narrow, wide
from tratteggio.metrics import psnr
from tratteggio.treatment.making import make_engine


def damage(grid: tuple[int, int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw narrow lacunae for the upper half and wide ones for the lower half."""
    upper = np.arange(grid[0])[:, None] < grid[0] // 2
    return narrow(grid, rng) & upper, wide(grid, rng) & ~upper


def adapted(picture: np.ndarray, lost: np.ndarray, run: Path, minutes: float, seed: int) -> tuple[Path, int]:
    """Train on what is known; return the weights and the number of steps that the minutes held."""
    weights = tg.adapt(picture, lost, run, minutes=minutes, seed=seed)
    return weights, json.loads((run / "recipe.json").read_text("utf-8"))["steps"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--size", type=int, default=640)
    parser.add_argument("--minutes", default="2,10")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    minutes = [float(number) for number in given.minutes.split(",")]
    print("| painting | minutes | steps | cracks, dB | losses, dB |\n| --- | --- | --- | --- | --- |")
    gains: dict[float, list[tuple[float, float]]] = {}
    chosen = pictures(given.data, given.images, given.size, given.seed, None)
    for number, (name, picture) in enumerate(chosen.items()):
        cracks, losses = damage(picture.shape[:2], np.random.default_rng([given.seed, number]))
        lost = cracks | losses
        damaged = np.where(lost[..., None], 0, picture).astype(np.uint8)
        first: tuple[float, ...] | None = None
        for time in [0.0, *minutes]:
            with tempfile.TemporaryDirectory() as folder:
                weights, steps = None, 0
                if time:
                    weights, steps = adapted(damaged, lost, Path(folder) / "run", time, given.seed)
                fill = tg.inpaint(damaged, lost, engine=make_engine("pconv", weights=weights))
            scores = tuple(psnr(picture, fill, data_range=255, where=half) for half in (cracks, losses))
            first = first or scores
            gains.setdefault(time, []).append((scores[0] - first[0], scores[1] - first[1]))
            cells = (Path(name).stem[:40], f"{time:g}", f"{steps:,}", f"{scores[0]:.2f}", f"{scores[1]:.2f}")
            print(f"| {' | '.join(cells)} |", flush=True)
    for time in minutes:
        gain = np.mean(gains[time], axis=0)
        print(f"| mean gain | {time:g} | | {gain[0]:+.2f} | {gain[1]:+.2f} |")


if __name__ == "__main__":
    main()
