"""Colour for grey: the most probable, the mean, and what lies between.

A net says for each place how probable each of 313 colours is. Taking the most probable gives patches, the
mean of all gives sepia; the published way between is the annealed mean at a temperature of 0.38. Seen is the
lightness alone, so any colour is a guess: a hypothesis, never evidence.

Source: Zhang, Isola, Efros, "Colorful image colorization", 2016.
"""

from pathlib import Path

import numpy as np

import tratteggio as tg
from wall import Wall, build


def hang(wall: Wall) -> None:
    paint = wall.photograph("coffee")
    grey = np.rint(paint @ [0.299, 0.587, 0.114]).astype(np.uint8)
    wall.hang(grey, "Grey, as an archive photograph")
    for temperature, name in ((0, "the most probable"), (0.38, "annealed"), (1, "the mean of all")):
        wall.hang(
            tg.enhance(grey, enhancer=f"colorize:temperature={temperature}"),
            f"Temperature {temperature}: {name}",
        )
    wall.hang(paint, "What it was")


if __name__ == "__main__":
    build(Path(__file__))
