"""Point operators: contrast, brightness, gamma, histograms, mattes.

Each pixel becomes another by itself, whatever stands around it: contrast g = 1.1 f, brightness g = f + 16,
the tone curve, the histogram made even, one picture laid over another through a matte.

What lies beyond black or white stays black or white; nothing wraps round.
"""

from pathlib import Path

import numpy as np

from tratteggio.filters import brightness, clahe, composite, contrast, equalise, gamma
from wall import Wall, build


def hang(wall: Wall) -> None:
    paint = wall.panel().painted.read()
    wall.hang(paint, "A phantom panel")
    wall.hang(contrast(paint, gain=1.1), "Contrast: 1.1 f")
    wall.hang(brightness(paint, by=16 / 255), "Brightness: f + 16 of 255 levels")
    wall.hang(gamma(paint, exponent=0.5), "Gamma 0.5: dark passages open up")
    wall.hang(equalise(paint), "Histogram made even, over the whole")
    wall.hang(clahe(paint), "Made even place by place, with a limit (CLAHE)")

    other = wall.panel(seed=1, motif="landscape").painted.read()
    across = np.linspace(0, 1, wall.side)[None].repeat(wall.side, axis=0)
    wall.hang(composite(paint, other, across), "Two panels through a matte that runs from 0 to 1")

    pixels = np.array([[100, 250]], np.uint8)
    wall.check("1.1 times 100", contrast(pixels, gain=1.1)[0, 0], 110)
    wall.check("250 + 16, held at white", brightness(pixels, by=16 / 255)[0, 1], 255)


if __name__ == "__main__":
    build(Path(__file__))
