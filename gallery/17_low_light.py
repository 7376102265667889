"""Low light: a scan that was taken with too little light.

A tone curve brightens everything equally. Histogram equalization also amplifies noise. A net estimates the
light that fell on each place and divides by it, so that dark passages become brighter and bright ones stay.

Source: Wang et al., "Underexposed photo enhancement using deep illumination estimation", 2019.
"""

from pathlib import Path

import numpy as np

import tratteggio as tg
from example import Example, build
from tratteggio.filters import clahe, gamma
from tratteggio.metrics import psnr


def show(example: Example) -> None:
    truth = example.panel(seed=3, motif="landscape").painted.read()
    dark = np.rint(255 * 0.35 * (truth / 255) ** 2.2).astype(np.uint8)
    ways = {
        "As taken": dark,
        "Gamma 0.45": gamma(dark, exponent=0.45),
        "CLAHE": clahe(dark),
        "The net: lowlight": tg.enhance(dark, enhancer="lowlight"),
    }
    for name, image in ways.items():
        example.show(image, name)
    example.show(truth, "In good light")
    example.table(
        ["Method", "PSNR (dB)"],
        [[name, float(psnr(truth, image, data_range=255))] for name, image in ways.items()],
    )


if __name__ == "__main__":
    build(Path(__file__))
