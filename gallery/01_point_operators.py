"""Point operators: contrast, brightness, gamma, histograms, mattes.

A point operator changes each pixel on its own, without its neighbours: contrast g = 1.1 f, brightness
g = f + 16, the tone curve, histogram equalization, and compositing of two images through a matte.

Values beyond black or white are clipped to black or white; nothing wraps around.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import brightness, clahe, composite, contrast, equalise, gamma


def show(example: Example) -> None:
    paint = example.panel().painted.read()
    example.show(paint, "A phantom panel")
    example.show(contrast(paint, gain=1.1), "Contrast: 1.1 f")
    example.show(brightness(paint, by=16 / 255), "Brightness: f + 16 of 255 levels")
    example.show(gamma(paint, exponent=0.5), "Gamma 0.5: dark passages become brighter")
    example.show(equalise(paint), "Histogram equalization of the whole image")
    example.show(clahe(paint), "Local histogram equalization with limited contrast (CLAHE)")

    other = example.panel(seed=1, motif="landscape").painted.read()
    across = np.linspace(0, 1, example.side)[None].repeat(example.side, axis=0)
    example.show(composite(paint, other, across), "Two panels, composited through a matte from 0 to 1")

    pixels = np.array([[100, 250]], np.uint8)
    example.check("1.1 times 100", contrast(pixels, gain=1.1)[0, 0], 110)
    example.check("250 + 16, clipped at white", brightness(pixels, by=16 / 255)[0, 1], 255)


if __name__ == "__main__":
    build(Path(__file__))
