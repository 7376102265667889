"""Sharpening, and a blur undone: unsharp mask and Wiener's filter.

An unsharp mask adds what a blur takes away: edges look sharper, noise grows, and rims appear. Wiener's filter
knows the blur and the noise. It keeps of each frequency as much as is signal, and undoes the blur as far as
the noise allows.

Source: Szeliski 2022, sections 3.2 and 3.4.3; Wiener 1949.
"""

from pathlib import Path

from example import Example, build
from tratteggio.filters import fourier_wiener, gaussian, gaussian_noise, unsharp
from tratteggio.metrics import psnr


def show(example: Example) -> None:
    truth = example.panel(seed=3, motif="landscape").painted.read()
    soft = gaussian(truth, sigma=1.5)
    taken = gaussian_noise(soft, sigma=0.01)
    noisy = gaussian_noise(truth, sigma=0.1)
    ways = {
        "Out of focus, with a little noise": taken,
        "Unsharp mask: sigma 1.5, amount 1": unsharp(taken, sigma=1.5, amount=1),
        "Unsharp mask, small differences left alone": unsharp(taken, sigma=1.5, amount=1, least=0.02),
        "Wiener's filter, blur and noise told": fourier_wiener(taken, noise=0.01, blur=1.5),
        "Noise of 0.1": noisy,
        "Wiener's filter, noise told": fourier_wiener(noisy, noise=0.1),
    }
    for name, image in ways.items():
        example.show(image, name)
    example.table(
        ["Image", "PSNR (dB)"],
        [[name, float(psnr(truth, image, data_range=255))] for name, image in ways.items()],
    )


if __name__ == "__main__":
    build(Path(__file__))
