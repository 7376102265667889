"""Super-resolution: twice the pixels.

What a lens and a sensor left out cannot come back. A net that was trained on many images guesses sharper
edges than bicubic interpolation. PSNR is measured against the image before it was reduced.

Source: Dong, Loy, He, Tang, "Image super-resolution using deep convolutional networks", 2016.
"""

from pathlib import Path

import numpy as np
from PIL import Image

import tratteggio as tg
from example import Example, build
from tratteggio.metrics import psnr


def show(example: Example) -> None:
    truth = example.panel(seed=2).painted.read()
    half = (example.side // 2, example.side // 2)
    small = np.asarray(Image.fromarray(truth).resize(half, Image.Resampling.BICUBIC))
    bicubic = np.asarray(
        Image.fromarray(small).resize((example.side, example.side), Image.Resampling.BICUBIC)
    )
    twice = tg.enhance(small, enhancer="superres:scale=2")
    example.show(
        small.repeat(2, axis=0).repeat(2, axis=1), "Reduced to half the size, each pixel shown as four"
    )
    example.show(bicubic, "Bicubic, twice the size")
    example.show(twice, "superres, twice the size")
    example.show(truth, "The truth")
    example.table(
        ["Method", "PSNR (dB)"],
        [
            ["bicubic", float(psnr(truth, bicubic, data_range=255))],
            ["superres", float(psnr(truth, twice, data_range=255))],
        ],
    )


if __name__ == "__main__":
    build(Path(__file__))
