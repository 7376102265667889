"""Colour for grey images: the most probable colour, the mean, and between.

For each pixel a net gives the probability of each of 313 colours. The most probable colour gives patches, the
mean of all gives sepia. The published compromise is the annealed mean at a temperature of 0.38. The net sees
lightness only, so every colour is a hypothesis, never evidence.

Source: Zhang, Isola, Efros, "Colorful image colorization", 2016.
"""

from pathlib import Path

import numpy as np

import tratteggio as tg
from example import Example, build


def show(example: Example) -> None:
    paint = example.photograph("coffee")
    grey = np.rint(paint @ [0.299, 0.587, 0.114]).astype(np.uint8)
    example.show(grey, "Grey, as an archive photograph")
    for temperature, name in ((0, "the most probable"), (0.38, "annealed"), (1, "the mean of all")):
        example.show(
            tg.enhance(grey, enhancer=f"colorize:temperature={temperature}"),
            f"Temperature {temperature}: {name}",
        )
    example.show(paint, "The truth")


if __name__ == "__main__":
    build(Path(__file__))
