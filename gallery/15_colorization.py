"""Colour for grey images: hints, a reference, and what a net expects.

For each pixel a net gives the probability of each of 313 colours. The most probable colour gives patches, the
mean of all gives sepia. The published compromise is the annealed mean at a temperature of 0.38. The net sees
lightness only, so every colour is a hypothesis, never evidence. DeOldify, which the lecture names, trains a
generator against a judge (a GAN) for livelier colours, no truer ones; it is not part of this package.

A few dots of known colour do better: they spread to neighbours of like lightness.

Sources: Zhang, Isola, Efros, "Colorful image colorization", 2016; Levin, Lischinski, Weiss, "Colorization
using optimization", 2004; Antic, DeOldify, 2018.
"""

from pathlib import Path

import numpy as np

import tratteggio as tg
from example import Example, build
from tratteggio import files


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
    rng = np.random.default_rng(0)
    for count in (10, 100):
        layer = np.zeros((*grey.shape, 4), np.uint8)
        places = rng.integers(0, grey.shape[0], count), rng.integers(0, grey.shape[1], count)
        layer[places] = np.concatenate([paint[places], np.full((count, 1), 255, np.uint8)], axis=1)
        example.out.mkdir(parents=True, exist_ok=True)
        hints = example.out / f"{example.script.stem}-{count}.png"
        files.write(layer, hints, alpha=True)
        example.show(
            tg.enhance(grey, enhancer=f"colorize:hints={hints}"), f"From {count} dots of the true colours"
        )


if __name__ == "__main__":
    build(Path(__file__))
