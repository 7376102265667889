"""Denoising by a net that is told how strong the noise is.

A residual net answers with the noise, which is taken off. It is shown the level, or reads it off the scan, so
one net serves a clean photograph and an ultraviolet one.

Source: Zhang, Zuo, Zhang, "FFDNet: toward a fast and flexible solution for CNN-based image denoising", 2018.
"""

from pathlib import Path

import tratteggio as tg
from tratteggio.filters import gaussian, gaussian_noise, median, non_local_means
from tratteggio.metrics import psnr
from wall import Wall, build


def hang(wall: Wall) -> None:
    truth = wall.photograph("chelsea")
    noisy = gaussian_noise(truth, sigma=0.1)
    ways = {
        "Noisy": noisy,
        "Gaussian, sigma 1.2": gaussian(noisy, sigma=1.2),
        "Median 3 x 3": median(noisy, size=3),
        "Non-local means": non_local_means(noisy, strength=0.1),
        "The net: denoise, told the level": tg.enhance(noisy, enhancer="denoise:sigma=0.1"),
    }
    for name, picture in ways.items():
        wall.hang(picture, name)
    wall.table(
        ["Way", "PSNR (dB)"],
        [[name, float(psnr(truth, picture, data_range=255))] for name, picture in ways.items()],
    )


if __name__ == "__main__":
    build(Path(__file__))
