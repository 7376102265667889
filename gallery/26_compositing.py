"""Compositing: mattes, layers, and seams.

A matte says how opaque the front is: front times matte, plus back times what is left. A photograph before
black and one before white give the matte. What the command enhance offers in chains: composite lays one scan
over another, blend joins two band by band, coarse and laplacian show the levels of a pyramid.

Sources: Porter and Duff 1984; Smith and Blinn 1996; Burt and Adelson 1983.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import blend_across, coarse, composite, laplacian, lay_over, matte


def show(example: Example) -> None:
    front = example.panel().painted.read() / 255
    back = example.panel(seed=4, motif="landscape").painted.read() / 255
    y, x = np.mgrid[: example.side, : example.side] / example.side - 0.5
    opaque = np.clip((0.4 - np.hypot(x, y)) * 12, 0, 1)
    over_black, over_white = opaque[..., None] * front, opaque[..., None] * front + (1 - opaque[..., None])
    example.show(over_black, "A thing before black")
    example.show(over_white, "The same before white")
    found = matte(over_black, over_white)
    example.show(found, "Its matte, from the two")
    example.check(
        "largest difference from the true matte", float(np.abs(found - opaque).max()), 0, within=1e-6
    )
    example.show(composite(front, back, found), "Laid over another panel")
    example.show(lay_over(back, front, share=0.5), "--op composite:far=FILE,share=0.5")
    example.show(blend_across(front, back, levels=1), "--op blend:far=FILE,levels=1: a seam")
    example.show(blend_across(front, back, levels=5), "--op blend:far=FILE,levels=5")
    example.show(coarse(front, level=3), "--op coarse:level=3")
    example.show(laplacian(front, level=2), "--op laplacian:level=2")


if __name__ == "__main__":
    build(Path(__file__))
