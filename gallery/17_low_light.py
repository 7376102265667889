"""Low light: a scan taken with too little of it.

A tone curve lifts everything alike, a histogram made even lifts the noise with it. A net that answers with
the light that fell on each place divides by that light, so that dark passages open and bright ones stay.

Source: Wang et al., "Underexposed photo enhancement using deep illumination estimation", 2019.
"""

from pathlib import Path

import numpy as np

import tratteggio as tg
from tratteggio.filters import clahe, gamma
from tratteggio.metrics import psnr
from wall import Wall, build


def hang(wall: Wall) -> None:
    truth = wall.panel(seed=3, motif="landscape").painted.read()
    dark = np.rint(255 * 0.35 * (truth / 255) ** 2.2).astype(np.uint8)
    ways = {
        "As it was taken": dark,
        "Gamma 0.45": gamma(dark, exponent=0.45),
        "CLAHE": clahe(dark),
        "The net: lowlight": tg.enhance(dark, enhancer="lowlight"),
    }
    for name, picture in ways.items():
        wall.hang(picture, name)
    wall.hang(truth, "In good light")
    wall.table(
        ["Way", "PSNR (dB)"],
        [[name, float(psnr(truth, picture, data_range=255))] for name, picture in ways.items()],
    )


if __name__ == "__main__":
    build(Path(__file__))
