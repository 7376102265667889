"""Low light: a scan that was taken with too little light.

Too little light is a factor on linear light. The enhancer lowlight finds it from the white point and undoes
it, and leaves a bright scan alone. A tone curve brightens everything equally, and histogram equalization
also amplifies noise. A net estimates the light that fell on each place and divides by it: it was taught
another darkness, and shows here what that costs.

Source: Wang et al., "Underexposed photo enhancement using deep illumination estimation", 2019.
"""

from pathlib import Path

import numpy as np

import tratteggio as tg
from example import Example, build
from tratteggio.filters import clahe, gamma
from tratteggio.metrics import psnr
from tratteggio.painting.tone import from_light, to_light


def show(example: Example) -> None:
    truth = example.panel(seed=3, motif="landscape").painted.read()
    dark = from_light(to_light(truth) * 0.1, np.dtype(np.uint8))
    ways = {
        "As taken": dark,
        "Gamma 0.45": gamma(dark, exponent=0.45),
        "CLAHE": clahe(dark),
        "lowlight: exposure in linear light": tg.enhance(dark, enhancer="lowlight"),
        "A net: lowlight:route=illumination": tg.enhance(dark, enhancer="lowlight:route=illumination"),
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
