"""Inpainting: lacunae filled in four ways.

Smoothly, by the classical method of Telea, by a net of partial convolutions, and with patches of the
painting's own paint. Pixels that are not lost stay as they are, bit by bit; any fill is a conjecture.
"""

from pathlib import Path

import numpy as np

import tratteggio as tg
from tratteggio.metrics import psnr
from wall import Wall, build

ENGINES = ("diffusion", "telea", "pconv", "patch_mrf")


def hang(wall: Wall) -> None:
    panel = wall.panel()
    truth, damaged, lost = panel.painted.read(), panel.damaged.read(), panel.lacunae.read()
    wall.hang(damaged, "Damaged: cracks and losses")
    rows = []
    for engine in ENGINES:
        filled = tg.inpaint(damaged, lost, engine=engine)
        wall.check(f"paint changed by {engine}, in pixels", int((filled[~lost] != damaged[~lost]).sum()), 0)
        wall.hang(filled, f"Filled by {engine}")
        rows.append([engine, float(psnr(truth, filled, data_range=255, where=lost))])
    wall.hang(np.where(lost[..., None], truth, 141).astype(np.uint8), "What was there, in the lacunae alone")
    wall.table(["Engine", "PSNR in the lacunae (dB)"], rows)


if __name__ == "__main__":
    build(Path(__file__))
