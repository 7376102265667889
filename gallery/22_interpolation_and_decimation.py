"""Interpolation and decimation: what lies between pixels, and what is lost without a blur.

To enlarge, each new pixel is a weighted mean of its neighbours: the nearest one, two by two, four by four
    (cubic)
or six by six (Lanczos). To reduce, blur first: otherwise waves that are finer than two new pixels turn up as
coarse ones that were never there. This is aliasing: a canvas becomes moiré.

Source: Szeliski 2022, sections 3.5.1 and 3.5.2; Keys 1981; Duchon 1979.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import decimate, resample
from tratteggio.filters.resampling import KERNELS
from tratteggio.metrics import psnr


def show(example: Example) -> None:
    truth = example.panel().painted.read()[: example.side // 4 * 4, : example.side // 4 * 4]
    small = decimate(truth, step=4)
    rows = []
    for kernel in KERNELS:
        again = resample(small, truth.shape[:2], kernel=kernel)
        rows.append([kernel, float(psnr(truth, again, data_range=255))])
        example.show(again, f"Reduced four times, enlarged again: {kernel}")
    example.table(["Kernel", "PSNR (dB)"], rows)

    y, x = np.mgrid[: example.side, : example.side] / example.side
    rings = 0.5 + 0.5 * np.cos(example.side * np.pi / 2.2 * (x**2 + y**2))
    example.show(rings, "Rings, ever finer")
    example.show(decimate(rings, step=3, smooth=False), "Every third pixel kept: rings that were never there")
    example.show(decimate(rings, step=3), "Blurred, then every third pixel: fine rings become grey")

    wave = np.repeat(np.cos(2 * np.pi * np.arange(240) / 3)[None], 4, axis=0)
    kept = decimate(wave, step=4, smooth=False)[0]
    slow = np.cos(2 * np.pi * np.arange(60) / 3)
    example.check(
        "a wave of 3 px, every fourth pixel kept, is one of 12 px (3 new ones)", kept, slow, within=1e-9
    )
    even = decimate(wave, step=4)[0]
    example.check("the same, blurred first: nothing is left", float(even[5:-5].std()), 0.0, within=0.06)


if __name__ == "__main__":
    build(Path(__file__))
