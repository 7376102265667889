"""Inpainting: lacunae filled in four ways.

With a smooth surface, with the classical method of Telea, with a net of partial convolutions, and with
patches of the painting's own paint. Pixels that are not lost stay bit-identical. Every fill is a hypothesis.
"""

from pathlib import Path

import numpy as np

import tratteggio as tg
from example import Example, build
from tratteggio.metrics import psnr

ENGINES = ("diffusion", "telea", "pconv", "patch_mrf")


def show(example: Example) -> None:
    panel = example.panel()
    truth, damaged, lost = panel.painted.read(), panel.damaged.read(), panel.lacunae.read()
    example.show(damaged, "Damaged: cracks and losses")
    rows = []
    for engine in ENGINES:
        filled = tg.inpaint(damaged, lost, engine=engine)
        example.check(f"known pixels that {engine} changed", int((filled[~lost] != damaged[~lost]).sum()), 0)
        example.show(filled, f"Filled by {engine}")
        rows.append([engine, float(psnr(truth, filled, data_range=255, where=lost))])
    example.show(np.where(lost[..., None], truth, 141).astype(np.uint8), "The truth, in the lacunae only")
    example.table(["Engine", "PSNR in the lacunae (dB)"], rows)


if __name__ == "__main__":
    build(Path(__file__))
