"""How well cracks are found, beside detectors of scikit-image tuned on other images; time and memory.

    python benchmarks/detection.py --data CRACKS          photographs of cracks with masks or skeletons
    python benchmarks/detection.py                        phantoms alone
    python benchmarks/detection.py --megapixels 25        time and memory on a scan of that size

Some images (the middle 700 x 700 pixels of them), and phantoms of their own seeds, are there for tuning:
scales and thresholds of the rivals are those of the best mean F1 over the sets there. All others are only
measured on. Masks are compared with a tolerance of 2 pixels; where the truth is a skeleton, what was found is
thinned first.

CRACKS holds cfd_*.jpg (CrackForest), craquelure_*.jpg and montage_*.jpg beside *_mask.png or *_skeleton.png.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from skimage.filters import apply_hysteresis_threshold, frangi, sato
from skimage.morphology import black_tophat, disk, skeletonize

import tratteggio as tg
from tratteggio import damage, files, phantom
from tratteggio.metrics import Agreement, agreement, auc_pr
from tratteggio.painting import Scan, Stack
from tratteggio.treatment import make_detector

OURS = ("tophat", "ridge", "cracks")
TOLERANCE_PX = 2
TUNED_ON = {"craquelure": ("fl187",), "montage": ("dataset-1-", "dataset-3-")}
MIDDLE = 700  # px a side of images that are tuned on
PANEL, UM_PER_PX = 512, 40.0
TUNING_SEEDS, TEST_SEEDS = range(700, 703), range(800, 808)
MOTIFS = ("saint", "landscape", "still life")


class Sample(NamedTuple):
    """An image and where its cracks are."""

    stack: Stack
    truth: np.ndarray
    thin: bool

    @property
    def grey(self) -> np.ndarray:
        colour = self.stack.primary.colour().astype(np.float32) / 255
        return colour @ np.float32([0.299, 0.587, 0.114]) if colour.shape[2] == 3 else colour[..., 0]


def photographs(data: Path, kind: str, *, tuning: bool) -> Iterator[Sample]:
    for file in sorted(data.glob(f"{kind}_*.jpg")):
        thin = file.with_name(f"{file.stem}_skeleton.png")
        truth = thin if thin.exists() else file.with_name(f"{file.stem}_mask.png")
        if truth.exists() and tuning == any(mark in file.stem for mark in TUNED_ON.get(kind, ())):
            pixels, cracks = np.asarray(Image.open(file)), np.asarray(Image.open(truth)) > 127
            if tuning:
                top, left = (max(0, side - MIDDLE) // 2 for side in cracks.shape)
                inner = (slice(top, top + MIDDLE), slice(left, left + MIDDLE))
                pixels, cracks = pixels[inner], cracks[inner]
            yield Sample(Stack((Scan(pixels),)), cracks, thin.exists())


def panels(seeds: range, *, scans: bool) -> Iterator[Sample]:
    for seed in seeds:
        made = phantom.multimodal(
            PANEL, PANEL, seed=seed, um_per_px=UM_PER_PX, cracks=0.04, losses=0, overpaint=0,
            motif=MOTIFS[seed % 3],
        )  # fmt: skip
        names = ("rgb_during", "irr", "xray", "uvf") if scans else ("rgb_during",)
        taken = [Scan(made.stack[name].read(), "rgb" if name == "rgb_during" else name) for name in names]
        yield Sample(Stack(tuple(taken)), made.truth.cracks.read(), thin=False)


# --- rivals --------------------------------------------------------------------------------------------


class Rival(NamedTuple):
    """A detector of scikit-image, and what may be chosen for it."""

    strength: Callable[[np.ndarray, float], np.ndarray]
    scales: tuple[float, ...]
    thresholds: tuple[float, ...]


RIVALS = {
    "frangi": Rival(
        lambda grey, most: frangi(grey, sigmas=np.arange(1, most + 1)),
        (2, 4),
        (0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4),
    ),
    "sato": Rival(
        lambda grey, most: sato(grey, sigmas=np.arange(1, most + 1)),
        (2, 4),
        (0.02, 0.03, 0.045, 0.06, 0.08, 0.1, 0.13, 0.17, 0.22, 0.28),
    ),
    "top-hat": Rival(
        lambda grey, radius: black_tophat(grey, disk(int(radius))),
        (3, 6),
        (0.06, 0.09, 0.12, 0.16, 0.2, 0.25, 0.31, 0.38, 0.46, 0.55),
    ),
}
WEAK = (0.5, 1.0)


def tuned(rival: Rival, sets: dict[str, list[Sample]]) -> tuple[float, float, float]:
    """Return the scale, threshold and share for weak places of the best mean F1 over the sets."""
    best, chosen = -1.0, (0.0, 0.0, 0.0)
    for scale in rival.scales:
        strengths = {
            name: [rival.strength(one.grey, scale) for one in samples] for name, samples in sets.items()
        }
        for threshold, weak in product(rival.thresholds, WEAK):
            scores = []
            for name, samples in sets.items():
                found = [apply_hysteresis_threshold(s, weak * threshold, threshold) for s in strengths[name]]
                scores.append(pooled(samples, found).f1)
            if np.mean(scores) > best:
                best, chosen = float(np.mean(scores)), (scale, threshold, weak)
    return chosen


# --- measuring -----------------------------------------------------------------------------------------


def pooled(samples: list[Sample], found: list[np.ndarray], tolerance_px: float = TOLERANCE_PX) -> Agreement:
    added = Agreement(0, 0, 0, 0)
    for sample, mask in zip(samples, found, strict=True):
        drawn = skeletonize(mask) if sample.thin else mask
        added += agreement(sample.truth, drawn, tolerance_px=tolerance_px)
    return added


def row(name: str, samples: list[Sample], strengths: list[np.ndarray], found: list[np.ndarray]) -> str:
    near, exact = pooled(samples, found), pooled(samples, found, 0)
    area = np.mean([auc_pr(s.truth, strength) for s, strength in zip(samples, strengths, strict=True)])
    return (
        f"| {name} | {near.f1:.3f} | {near.precision:.3f} | {near.recall:.3f} | {near.iou:.3f} "
        f"| {exact.f1:.3f} | {area:.3f} |"
    )


def compare(data: Path | None, ours: list[str]) -> None:
    tuning = {"phantoms": list(panels(TUNING_SEEDS, scans=False))}
    tests = {
        "phantoms, RGB": list(panels(TEST_SEEDS, scans=False)),
        "phantoms, RGB + IRR + X-ray + UVF": list(panels(TEST_SEEDS, scans=True)),
    }
    if data:
        tuning |= {kind: list(photographs(data, kind, tuning=True)) for kind in TUNED_ON}
        tests |= {
            kind: list(photographs(data, kind, tuning=False)) for kind in ("craquelure", "montage", "cfd")
        }
    print("Tuned on:", ", ".join(f"{len(samples)} of {name}" for name, samples in tuning.items()))
    chosen = {name: tuned(rival, tuning) for name, rival in RIVALS.items()}
    for name, (scale, threshold, weak) in chosen.items():
        print(f"{name}: largest scale {scale}, threshold {threshold}, weak from {weak} of it")
    for title, samples in tests.items():
        print(f"\n{title}: {len(samples)} images\n")
        print("| detector | F1, 2 px | precision | recall | IoU | F1, 0 px | AUC-PR, 0 px |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for kind in ours:
            detector, _ = make_detector(kind, device="cpu")
            strengths = [damage.Strengths(sample.stack, detector)[:, :] for sample in samples]
            found = [
                damage.threshold_and_trace(
                    s, threshold=detector.threshold, trace=detector.trace, name=kind
                ).read()
                for s in strengths
            ]
            print(row(f"`{kind}`", samples, strengths, found), flush=True)
        for name, (scale, threshold, weak) in chosen.items():
            strengths = [RIVALS[name].strength(sample.grey, scale) for sample in samples]
            found = [apply_hysteresis_threshold(s, weak * threshold, threshold) for s in strengths]
            print(row(f"scikit-image {name}", samples, strengths, found), flush=True)


def measured(kind: str, megapixels: float) -> None:
    """Write a scan of that size, find cracks in a process of its own, and print what that took."""
    side = round((megapixels * 1e6) ** 0.5)
    made = phantom.panel(1024, 1024, seed=900, um_per_px=40, cracks=0.04, losses=0).damaged.read()
    times = -(-side // 1024)
    with tempfile.TemporaryDirectory() as folder:
        scan = Path(folder, "scan.tif")
        files.write(np.tile(made, (times, times, 1))[:side, :side], scan)
        done = subprocess.run(
            [sys.executable, __file__, "--alone", kind, str(scan)], check=True, capture_output=True, text=True
        )
        print(f"| `{kind}` | {side * side / 1e6:.0f} | {done.stdout.strip()} |", flush=True)


def alone(kind: str, scan: str) -> None:
    begun, used = time.perf_counter(), time.process_time()
    tg.detect(scan, kind, device="cpu")
    wall, core = time.perf_counter() - begun, time.process_time() - used
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{wall:.0f} | {core:.0f} | {most / 2**20:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--ours", nargs="*", default=list(OURS))
    parser.add_argument("--megapixels", type=float)
    parser.add_argument("--alone", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        alone(*options.alone)
    elif options.megapixels:
        print("| detector | megapixels | seconds | seconds of processors | peak GiB |")
        print("| --- | --- | --- | --- | --- |")
        for kind in options.ours:
            measured(kind, options.megapixels)
    else:
        compare(options.data, options.ours)


if __name__ == "__main__":
    main()
