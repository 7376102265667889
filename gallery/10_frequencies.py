"""The frequency view: what a canvas, a blur and noise look like.

An image is a sum of waves: slow waves in the centre of the spectrum, fast ones outside. A weave gives a few
bright spots, a blur removes the outside, noise fills everything.

Some pairs of a function and its transform are worth knowing: a box and a sinc, a Gaussian and a Gaussian,
    narrow here
and wide there, an impulse and a constant. What is multiplied here is convolved there.
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

    n = 512
    places = np.arange(n) - n // 2

    def transform(f: np.ndarray) -> np.ndarray:
        return np.fft.fftshift(np.fft.fft(np.fft.ifftshift(f))).real

    cycles = places / n  # per pixel
    impulse, box, sigma = (places == 0).astype(float), (abs(places) <= 4).astype(float), 3.0
    example.check("an impulse and a constant", transform(impulse), np.ones(n), within=1e-9)
    dirichlet = np.where(places, np.sin(9 * np.pi * cycles) / np.where(places, np.sin(np.pi * cycles), 1), 9)
    example.check("a box of 9 px and a (periodic) sinc", transform(box), dirichlet, within=1e-9)
    bell = np.exp(-(places**2) / (2 * sigma**2))
    pair = sigma * np.sqrt(2 * np.pi) * np.exp(-2 * (np.pi * sigma * cycles) ** 2)
    example.check("a Gaussian of sigma and one of 1 / (2 pi sigma)", transform(bell), pair, within=1e-6)
    both = np.fft.fftshift(np.fft.ifft(np.fft.fft(np.fft.ifftshift(box)) ** 2).real)
    tent = np.maximum(9 - abs(places), 0)
    example.check("a box convolved with itself, by its squared transform: a tent", both, tent, within=1e-9)

    wave = 0.5 + 0.5 * np.cos(2 * np.pi * 5 * x / example.side)
    _, col = np.unravel_index(spectrum(wave - wave.mean()).argmax(), wave.shape)
    example.check("distance of a wave of 5 cycles from the centre", abs(int(col) - example.side // 2), 5)


if __name__ == "__main__":
    build(Path(__file__))
