"""The frequency view: what a canvas, a blur and noise look like.

A picture as a sum of waves: slow ones in the middle, fast ones outside. A weave is a few bright spots, a blur
takes the outside away, noise fills it.
"""

from pathlib import Path

import numpy as np

from tratteggio.filters import gaussian, gaussian_noise, spectrum
from wall import Wall, build


def hang(wall: Wall) -> None:
    grey = wall.panel().painted.read().mean(axis=2).astype(np.uint8)
    y, x = np.mgrid[: wall.side, : wall.side]
    period = 8
    weave = grey * (0.85 + 0.075 * (np.sin(2 * np.pi * x / period) + np.sin(2 * np.pi * y / period)))
    views = {
        "a panel": grey,
        "on canvas, a thread every 8 px": weave.astype(np.uint8),
        "blurred, sigma 3": gaussian(grey, sigma=3),
        "with noise": gaussian_noise(grey, sigma=0.1),
    }
    for name, picture in views.items():
        wall.hang(np.hstack([picture, spectrum(picture)]), f"{name.capitalize()}, and its frequencies")

    wave = 0.5 + 0.5 * np.cos(2 * np.pi * 5 * x / wall.side)
    _, col = np.unravel_index(spectrum(wave - wave.mean()).argmax(), wave.shape)
    wall.check("a wave of 5 cycles lies so far from the middle", abs(int(col) - wall.side // 2), 5)


if __name__ == "__main__":
    build(Path(__file__))
