"""Super-resolution: twice the pixels.

What a lens and a sensor left out cannot come back; a net that has seen many pictures guesses edges sharper
than bicubic interpolation does. PSNR against the picture that was reduced.

Source: Dong, Loy, He, Tang, "Image super-resolution using deep convolutional networks", 2016.
"""

from pathlib import Path

import numpy as np
from PIL import Image

import tratteggio as tg
from tratteggio.metrics import psnr
from wall import Wall, build


def hang(wall: Wall) -> None:
    truth = wall.panel(seed=2).painted.read()
    half = (wall.side // 2, wall.side // 2)
    small = np.asarray(Image.fromarray(truth).resize(half, Image.Resampling.BICUBIC))
    bicubic = np.asarray(Image.fromarray(small).resize((wall.side, wall.side), Image.Resampling.BICUBIC))
    twice = tg.enhance(small, enhancer="superres:scale=2")
    wall.hang(small.repeat(2, axis=0).repeat(2, axis=1), "Reduced to a half; each pixel shown as four")
    wall.hang(bicubic, "Bicubic, twice the size")
    wall.hang(twice, "superres, twice the size")
    wall.hang(truth, "What it was")
    wall.table(
        ["Way", "PSNR (dB)"],
        [
            ["bicubic", float(psnr(truth, bicubic, data_range=255))],
            ["superres", float(psnr(truth, twice, data_range=255))],
        ],
    )


if __name__ == "__main__":
    build(Path(__file__))
