"""Noise: salt and pepper, impulses, Gaussian.

Scans under ultraviolet and in infrared are noisy. Three models: pixels that turn black or white at random;
pixels that turn white; and f = f_ideal + eta, where eta is drawn from a normal distribution for each pixel.

The effect of sigma is seen best along one row: the curve of grey values gets ever rougher.

A seed makes the noise repeatable: the same seed gives the same bits, whatever part of a scan is read.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import gaussian_noise, impulse, salt_and_pepper


def draw_row(values: np.ndarray) -> np.ndarray:
    """Draw a curve: values 0 .. 1 from below to above, a column for each."""
    height = 96
    heights = np.rint((height - 1) * (1 - values.clip(0, 1))).astype(int)
    before = np.concatenate([heights[:1], heights[:-1]])
    rows = np.arange(height)[:, None]
    drawn = (rows >= np.minimum(heights, before)) & (rows <= np.maximum(heights, before))
    return np.where(drawn, np.uint8(20), np.uint8(245))


def show(example: Example) -> None:
    paint = example.panel().painted.read()
    example.show(salt_and_pepper(paint, share=0.05), "Salt and pepper on 5 % of the pixels, half salt")
    example.show(impulse(paint, share=0.05), "Impulses on 5 %: white only")
    example.show(gaussian_noise(paint, sigma=0.08), "Gaussian, standard deviation 8 % of white")

    light = paint.mean(axis=2) / 255
    row = example.side // 2
    for sigma in (0.0, 0.03, 0.08, 0.2):
        noisy = gaussian_noise(light, sigma=sigma) if sigma else light
        example.show(draw_row(noisy[row]), f"Grey values along row {row}, sigma {sigma:g}")

    grey = np.full((256, 256), 0.5)
    noisy = gaussian_noise(grey, sigma=0.08, seed=1)
    example.check("mean of the noise", float((noisy - grey).mean()), 0.0, within=1e-3)
    example.check("its standard deviation", float((noisy - grey).std()), 0.08, within=1e-3)


if __name__ == "__main__":
    build(Path(__file__))
