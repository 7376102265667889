"""Denoising with a net that takes the noise level.

A residual net estimates the noise, which is subtracted. The net takes the noise level as an input or measures
it in the scan, so that one net serves a clean photograph and an ultraviolet one.

Source: Zhang, Zuo, Zhang, "FFDNet: toward a fast and flexible solution for CNN-based image denoising", 2018.
"""

from pathlib import Path

import tratteggio as tg
from example import Example, build
from tratteggio.filters import gaussian, gaussian_noise, median, non_local_means
from tratteggio.metrics import psnr


def show(example: Example) -> None:
    truth = example.photograph("chelsea")
    noisy = gaussian_noise(truth, sigma=0.1)
    ways = {
        "Noisy": noisy,
        "Gaussian, sigma 1.2": gaussian(noisy, sigma=1.2),
        "Median 3 x 3": median(noisy, size=3),
        "Non-local means": non_local_means(noisy, strength=0.1),
        "The net: denoise, with the noise level": tg.enhance(noisy, enhancer="denoise:sigma=0.1"),
    }
    for name, image in ways.items():
        example.show(image, name)
    example.table(
        ["Method", "PSNR (dB)"],
        [[name, float(psnr(truth, image, data_range=255))] for name, image in ways.items()],
    )


if __name__ == "__main__":
    build(Path(__file__))
