"""Does the confidence hold? Before and after `--calibrate`, on paintings whose lacunae are known.

    python benchmarks/calibration.py [--data FOLDER [--names LIST]] [--images 8] [--size 512]
                                     [--engines vae,pconv] [--plot FILE.svg]

FOLDER holds images, searched in depth; without it the photographs of scikit-image are taken. LIST is a text
file with the names of those to take, one per line, such as the `set_aside.txt` of a run. Each is cut to a
square at its centre and damaged by a seeded mixture of ragged losses and cracks; every engine then proposes a
fill with its confidence calibrated on the known paint. Prints a Markdown table: the share of lost
pixels whose truth lies within the band of 90 %, over all images and its extremes, before and after; how far
reliability is off on average over the levels 0.1 to 0.9; PSNR where lost; and lost pixels a second, with the
synthetic holes included.

--plot draws the reliability curves.
"""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

import numpy as np
from PIL import Image

from engines import centre, cracks, losses, pictures
from tratteggio import treatment
from tratteggio.calibration import calibrate_confidence, fill_synthetic_holes
from tratteggio.experiments._plot import curves
from tratteggio.metrics.calibration import LEVELS, calibration_error, reliability
from tratteggio.painting import Lacunae, Scan, Stack

NINE = LEVELS.index(0.9)


def paintings(folder: Path | None, names: Path | None, count: int, size: int) -> list[np.ndarray]:
    """Return RGB squares (size, size, 3) uint8, or smaller where an image is."""
    if folder is None or names is None:
        return pictures(folder, count, size, seed=0)
    files = [folder / name for name in names.read_text("utf-8").splitlines()]
    chosen = np.random.default_rng(0).permutation(len(files))[:count]
    return [centre(np.asarray(Image.open(files[k]).convert("RGB")), size) for k in chosen]


def damage(grid: tuple[int, int], seed: int) -> np.ndarray:
    """Ragged losses over 6 % of the area and cracks over 2 %."""
    rng = np.random.default_rng(seed)
    return losses(grid, 0.06, rng, sigma=10) | cracks(grid, 0.02, rng)


def tried(name: str, picture: np.ndarray, seed: int) -> dict[str, np.ndarray | float]:
    """Fill one painting; returns what is printed, and errors with their calibrated bands."""
    lost = damage(picture.shape[:2], seed)
    scan = Scan(np.where(lost[..., None], np.uint8(255), picture))
    engine = treatment.make_engine(name, seed=seed, device="cpu")
    start = time.perf_counter()
    made = treatment.inpaint(scan, lost, engine=engine, seed=seed)
    calibration, _ = calibrate_confidence(
        fill_synthetic_holes(Stack((scan,)), Lacunae(lost), engine, seed=seed)
    )
    seconds = time.perf_counter() - start
    difference = (made.image.astype(float) - picture)[lost] / 255
    error = np.abs(difference).max(axis=1)
    before = made.confidence[: lost.shape[0], : lost.shape[1]][lost]
    return {
        "before": reliability(before, error),
        "after": reliability(calibration(before), error, spans=calibration.spans),
        "psnr": float(-10 * np.log10(np.mean(difference**2))),
        "lost": float(lost.sum()),
        "seconds": seconds,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--names", type=Path)
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--engines", default="vae,pconv")
    parser.add_argument("--plot", type=Path)
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)
    found = paintings(chosen.data, chosen.names, chosen.images, chosen.size)
    print(f"{len(found)} paintings of {chosen.size} px\n")
    print("| engine | within 90 %, before | after | least to most | off, before | after | PSNR | px / s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    drawn = {"honest": list(LEVELS)}
    for name in chosen.engines.split(","):
        results = [tried(name, picture, seed) for seed, picture in enumerate(found)]
        weights = np.array([one["lost"] for one in results])
        before, after = (
            np.average([one[key] for one in results], axis=0, weights=weights) for key in ("before", "after")
        )
        nine = [one["after"][NINE] for one in results]
        speed = weights.sum() / sum(one["seconds"] for one in results)
        psnr = np.mean([one["psnr"] for one in results])
        print(
            f"| {name} | {before[NINE]:.1%} | {after[NINE]:.1%} | {min(nine):.1%} to {max(nine):.1%} | "
            f"{calibration_error(before):.3f} | {calibration_error(after):.3f} | {psnr:.2f} | {speed:.0f} |",
            flush=True,
        )
        drawn |= {f"{name}, before": before.tolist(), f"{name}, after": after.tolist()}
    if chosen.plot:
        labels = [f"{level:.0%}" for level in LEVELS]
        title = "Share of lost pixels within the band of each level"
        chosen.plot.write_text(curves(drawn, labels=labels, title=title), "utf-8")


if __name__ == "__main__":
    main()
