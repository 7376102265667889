"""Noise: salt and pepper, impulses, Gaussian.

Scans are noisy under ultraviolet and in infrared. Three models: pixels that turn black or white at random,
pixels that turn white, and f = f_ideal + eta with eta drawn from a normal distribution, each pixel by itself.

A seed makes chance repeatable: the same seed gives the same bits, whatever part of a scan is read.
"""

from pathlib import Path

import numpy as np

from tratteggio.filters import gaussian_noise, impulse, salt_and_pepper
from wall import Wall, build


def hang(wall: Wall) -> None:
    paint = wall.panel().painted.read()
    wall.hang(salt_and_pepper(paint, share=0.05), "Salt and pepper on 5 % of the pixels, half of each")
    wall.hang(impulse(paint, share=0.05), "Impulses on 5 %: white only")
    wall.hang(gaussian_noise(paint, sigma=0.08), "Gaussian, standard deviation 8 % of white")

    grey = np.full((256, 256), 0.5)
    noisy = gaussian_noise(grey, sigma=0.08, seed=1)
    wall.check("mean of the noise", float((noisy - grey).mean()), 0.0, within=1e-3)
    wall.check("its standard deviation", float((noisy - grey).std()), 0.08, within=1e-3)


if __name__ == "__main__":
    build(Path(__file__))
