"""The frequency view: what a canvas, a blur and noise look like.

An image is a sum of waves: slow waves in the centre of the spectrum, fast ones outside. A weave gives a few
bright spots, a blur removes the outside, noise fills everything.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import gaussian, gaussian_noise, spectrum


def show(example: Example) -> None:
    grey = example.panel().painted.read().mean(axis=2).astype(np.uint8)
    y, x = np.mgrid[: example.side, : example.side]
    period = 8
    weave = grey * (0.85 + 0.075 * (np.sin(2 * np.pi * x / period) + np.sin(2 * np.pi * y / period)))
    views = {
        "a panel": grey,
        "on canvas, a thread every 8 px": weave.astype(np.uint8),
        "blurred, sigma 3": gaussian(grey, sigma=3),
        "with noise": gaussian_noise(grey, sigma=0.1),
    }
    for name, image in views.items():
        example.show(np.hstack([image, spectrum(image)]), f"{name.capitalize()}, and its spectrum")

    wave = 0.5 + 0.5 * np.cos(2 * np.pi * 5 * x / example.side)
    _, col = np.unravel_index(spectrum(wave - wave.mean()).argmax(), wave.shape)
    example.check("distance of a wave of 5 cycles from the centre", abs(int(col) - example.side // 2), 5)


if __name__ == "__main__":
    build(Path(__file__))
