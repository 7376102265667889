"""Wavelets: details of several sizes, and noise below a threshold.

Haar's transform replaces pairs of pixels by their sum and their difference, rows and columns, again and
again. Most differences of a painting are near 0, and those of noise are all alike: leave the small ones
away, and the noise is gone.

Sources: Haar 1910; Mallat 1989; Donoho and Johnstone 1994; Starck, Murtagh and Fadili 2010.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import gaussian, gaussian_noise, haar, starlet, unhaar, wavelet
from tratteggio.metrics import psnr


def show(example: Example) -> None:
    truth = example.panel().painted.read()
    grey = truth.mean(axis=2)[: example.side // 8 * 8, : example.side // 8 * 8] / 255
    turned = haar(grey, levels=3)
    small = grey.shape[0] // 8, grey.shape[1] // 8
    shown = 0.5 + 2 * turned
    shown[: small[0], : small[1]] = turned[: small[0], : small[1]] / 8
    example.show(shown, "Haar's transform, three levels; grey is 0")
    for number, band in enumerate(starlet(grey, levels=3)[:-1], start=1):
        example.show(0.5 + 3 * band, f"Starlet, details number {number}")
    noisy = gaussian_noise(truth, sigma=0.1)
    ways = {
        "Noise of 0.1": noisy,
        "Gaussian, sigma 1.2": gaussian(noisy, sigma=1.2),
        "Starlet, details below 2 sigma left away": wavelet(noisy, noise=0.1),
    }
    for name, image in ways.items():
        example.show(image, name)
    example.table(
        ["Image", "PSNR (dB)"],
        [[name, float(psnr(truth, image, data_range=255))] for name, image in ways.items()],
    )
    example.check(
        "1 2 / 3 5 by Haar",
        haar(np.array([[1.0, 2], [3, 5]]), levels=1),
        [[5.5, -1.5], [-2.5, 0.5]],
        within=1e-12,
    )
    back = float(np.abs(unhaar(turned, levels=3) - grey).max())
    example.check("largest difference after the way back", back, 0.0, within=1e-6)
    half = np.abs(turned) >= np.quantile(np.abs(turned), 0.9)
    kept = float((turned[half] ** 2).sum() / (turned**2).sum())
    example.say(f"The largest tenth of the numbers holds {100 * kept:.2f} % of the energy.")


if __name__ == "__main__":
    build(Path(__file__))
