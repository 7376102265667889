"""Each filter beside the library call that it stands on: how many times as long it takes (goal: at most 1.2).

    python benchmarks/filters.py [--side 512] [--rounds 7]

The library is asked for the same answer at the same depth: where a filter rounds 8-bit answers, so does the
call beside it. Pairs are timed in turn, in processor seconds, and the median ratio is printed; OpenCV is held
to one thread. Filters that are a sum of others (opening, hybrid, ...) are left out.

Before that: 16-bit RGB scans of two sizes, made where they are read, through `gaussian:sigma=2`, then
`sobel`, tile by tile: processor seconds and peak memory above what is loaded.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import cv2
import numpy as np
from scipy import fft, ndimage

from tratteggio import enhance, filters
from tratteggio.painting import Pixels, Scan


def rounded(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return values if dtype.kind == "f" else np.clip(np.rint(values), 0, 255).astype(dtype)


def by_hand(x: np.ndarray) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Return what we do and what one would write with the library alone, on one channel."""
    f4, d, top = np.float32, x.dtype, 255 if x.dtype == np.uint8 else 1.0
    taps = np.full(5, 1 / 5)
    wide = x if x.dtype == np.uint8 else (x * 65535).astype(np.uint16)
    levels = (x.astype(np.uint16) * 257) if x.dtype == np.uint8 else wide

    def separable() -> np.ndarray:
        down = ndimage.correlate1d(x, taps, 0, f4, "reflect")
        return rounded(ndimage.correlate1d(down, taps, 1, f4, "reflect"), d)

    def sobel() -> np.ndarray:
        both = [ndimage.sobel(x, axis, f4, "reflect") for axis in (0, 1)]
        return rounded(np.hypot(*both) / 4, d)

    def derivative() -> np.ndarray:
        both = [ndimage.gaussian_filter(x, 1.5, order, f4) for order in ((0, 1), (1, 0))]
        return rounded(0.8 * both[0] + 0.6 * both[1] + top / 2, d)

    def nlm() -> np.ndarray:
        return cv2.fastNlMeansDenoising(
            levels, h=[3276.0], templateWindowSize=3, searchWindowSize=7, normType=cv2.NORM_L1
        )

    def spectrum() -> np.ndarray:
        level = np.log1p(np.abs(fft.fftshift(fft.fft2(x.astype(f4)))))
        return rounded(level * f4(top / level.max()), d)

    rng = np.random.default_rng(0)
    return {
        "contrast": (
            lambda: filters.contrast(x, gain=1.1),
            lambda: rounded(np.multiply(x, f4(1.1), dtype=f4), d),
        ),
        "gamma": (
            lambda: filters.gamma(x, exponent=0.7),
            lambda: rounded(np.power(x * f4(1 / top), f4(0.7)) * f4(top), d),
        ),
        "clahe": (lambda: filters.clahe(x), lambda: cv2.createCLAHE(2.0, (8, 8)).apply(wide)),
        "box 5": (lambda: filters.box(x, size=5), separable),
        "gaussian 2": (
            lambda: filters.gaussian(x, sigma=2),
            lambda: rounded(ndimage.gaussian_filter(x, 2, output=f4), d),
        ),
        "median 3": (lambda: filters.median(x), lambda: ndimage.median_filter(x, 3)),
        "bilateral": (lambda: filters.bilateral(x), lambda: cv2.bilateralFilter(x, 9, 0.1 * top, 2.0)),
        "non_local_means 3, 7": (lambda: filters.non_local_means(x, patch=3, search=7), nlm),
        "sobel": (lambda: filters.sobel(x), sobel),
        "steerable 1.5": (lambda: filters.steerable(x, sigma=1.5, degrees=37), derivative),
        "erode 5": (lambda: filters.erode(x, size=5), lambda: ndimage.minimum_filter(x, 5)),
        "distance": (
            lambda: filters.distance(x, most=16),
            lambda: ndimage.distance_transform_edt(x >= top / 2),
        ),
        "spectrum": (lambda: filters.spectrum(x), spectrum),
        "gaussian_noise": (
            lambda: filters.gaussian_noise(x, sigma=0.1),
            lambda: rounded(x + rng.standard_normal(x.shape, f4) * f4(0.1 * top), d),
        ),
    }


class Made:
    """Pixels that are made where they are read."""

    dtype = np.dtype(np.uint16)

    def __init__(self, rows: int, cols: int) -> None:
        self.shape = rows, cols, 3

    def __getitem__(self, key: tuple[slice, slice]) -> np.ndarray:
        rows, cols = (np.arange(*part.indices(side)) for part, side in zip(key, self.shape, strict=False))
        return np.bitwise_xor.outer(rows * 37, cols * 101)[..., None].repeat(3, -1).astype(np.uint16)


def sizes() -> None:
    words = ["gaussian:sigma=2", "sobel"]
    enhance(Scan(Made(64, 64)), words).read()
    print("| megapixels | CPU s / MP | peak MiB |\n| --- | --- | --- |")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for rows, cols in ((1000, 2000), (4000, 8000)):
        pixels = enhance(Scan(Made(rows, cols)), words).pixels

        def read(pixels: Pixels = pixels, rows: int = rows) -> None:
            for top in range(0, rows, 256):
                pixels[top : top + 256, :]

        spent = seconds(read) / (rows * cols / 1e6)
        peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        print(f"| {rows * cols / 1e6:.0f} | {spent:.2f} | {peak} |", flush=True)
    print()


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", type=int, default=512, help="pixels of the square image")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    sizes()
    ramp = np.random.default_rng(0).random((options.side, options.side), np.float32)
    tables = {"8 bit": by_hand((ramp * 255).astype(np.uint8)), "float32": by_hand(ramp)}
    print(f"{options.side} x {options.side}, one channel, one thread, {options.rounds} pairs, median")
    print("| filter | 8 bit, ms | against the library | float32, ms | against the library |")
    print("| --- | --- | --- | --- | --- |")
    for name in tables["8 bit"]:
        cells = []
        for table in tables.values():
            ours, library = table[name]
            pairs = [(seconds(ours), seconds(library)) for _ in range(options.rounds + 1)][1:]
            ratio = np.median([mine / max(theirs, 1e-9) for mine, theirs in pairs])
            cells += [f"{1000 * np.median([mine for mine, _ in pairs]):.1f}", f"{ratio:.2f}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
