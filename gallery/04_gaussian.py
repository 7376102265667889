"""Gaussians: round, separable, and closed under repetition.

G = exp(-(x² + y²) / 2 s²) / (2 pi s²). Filtering rows and then columns gives the same result as filtering
both together, with 2 n products instead of n². Two passes of sigma equal one pass of sigma times the square
root of 2. A wider sigma takes off more noise, and more detail: which is best depends on both.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import correlate, gaussian, gaussian_noise
from tratteggio.metrics import psnr

QUARTER = [[0.003, 0.013, 0.022], [0.013, 0.059, 0.097], [0.022, 0.097, 0.159]]


def show(example: Example) -> None:
    paint = example.panel().painted.read()
    for sigma in (1, 3, 9):
        example.show(gaussian(paint, sigma=sigma), f"Sigma {sigma} px")

    noisy = gaussian_noise(paint, sigma=0.1)
    scores = {
        sigma: float(psnr(paint, gaussian(noisy, sigma=sigma), data_range=255))
        for sigma in (0.5, 1, 1.5, 2, 3, 6)
    }
    example.table(["Sigma, px, on noise of 0.1", "PSNR (dB)"], [[f"{s:g}", v] for s, v in scores.items()])

    y, x = np.mgrid[-2:3, -2:3]
    table = np.exp(-(x**2 + y**2) / 2) / (2 * np.pi)
    example.check("the 5 x 5 table of sigma 1, a quarter of it", table[:3, :3], QUARTER, within=6e-4)
    example.check("its sum, which is slightly below 1", float(table.sum()), 0.98181, within=5e-6)

    part = np.array([[2, 3, 3], [3, 5, 5], [4, 4, 6]], np.uint8)
    rows = correlate(part, np.array([[1, 2, 1]]))
    example.check("rows first: 11, 18, 18", rows[:, 1], [11, 18, 18])
    example.check("then the column", correlate(rows, np.array([[1], [2], [1]]))[1, 1], 65)
    example.check(
        "[1 2 1; 2 4 2; 1 2 1] in one pass", correlate(part, np.outer([1, 2, 1], [1, 2, 1]))[1, 1], 65
    )

    light = paint.astype(np.float64) / 255
    twice, once = gaussian(gaussian(light, sigma=3), sigma=3), gaussian(light, sigma=3 * 2**0.5)
    example.check(
        "largest difference between two passes and one", float(abs(twice - once).max()), 0.0, within=3e-3
    )


if __name__ == "__main__":
    build(Path(__file__))
