"""Noise: salt and pepper, impulses, Gaussian.

Scans under ultraviolet and in infrared are noisy. Three models: pixels that turn black or white at random;
pixels that turn white; and f = f_ideal + eta, where eta is drawn from a normal distribution for each pixel.

A seed makes the noise repeatable: the same seed gives the same bits, whatever part of a scan is read.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import gaussian_noise, impulse, salt_and_pepper


def show(example: Example) -> None:
    paint = example.panel().painted.read()
    example.show(salt_and_pepper(paint, share=0.05), "Salt and pepper on 5 % of the pixels, half salt")
    example.show(impulse(paint, share=0.05), "Impulses on 5 %: white only")
    example.show(gaussian_noise(paint, sigma=0.08), "Gaussian, standard deviation 8 % of white")

    grey = np.full((256, 256), 0.5)
    noisy = gaussian_noise(grey, sigma=0.08, seed=1)
    example.check("mean of the noise", float((noisy - grey).mean()), 0.0, within=1e-3)
    example.check("its standard deviation", float((noisy - grey).std()), 0.08, within=1e-3)


if __name__ == "__main__":
    build(Path(__file__))
