"""Make the pictures of the README from a phantom panel.

    .venv/bin/python docs/pictures.py

Writes docs/pictures/panel.jpg (before, proposal, fill alone, lacunae), finishes.jpg (the finishes, close) and
hybrid.jpg (a hybrid image from near to far).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import tratteggio as tg
from tratteggio.files import overview
from tratteggio.filters import hybrid, strip
from tratteggio.finish import apply_finish
from tratteggio.painting import Region, Restoration
from tratteggio.phantom import panel

HERE = Path(__file__).parent / "pictures"
GAP = 8


def beside(pictures: list[np.ndarray], path: Path, *, quality: int) -> None:
    """Put pictures in a row on white."""
    rows, gap = pictures[0].shape[0], np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
    row = [part for picture in pictures for part in (picture[:rows], gap)][:-1]
    Image.fromarray(np.hstack(row)).save(path, quality=quality, optimize=True)


def layers(restoration: Restoration, longest: int) -> list[np.ndarray]:
    """Show before, proposal, the fill on grey, and the lacunae in white on black."""
    original, lost = restoration.original, restoration.lacunae.read()
    fill = np.where(lost[..., None], restoration.image, 40_000).astype(np.uint16)
    mask = np.repeat(lost[..., None], 3, axis=2) * np.uint16(65_535)
    shown = [None, restoration.pixels, fill, mask]
    return [overview(original, longest=longest, pixels=pixels) for pixels in shown]


def main() -> None:
    phantom = panel(1280, 960, depth="uint16")
    HERE.mkdir(exist_ok=True)
    restoration = tg.inpaint(phantom.damaged, phantom.lacunae)
    beside(layers(restoration, 420), HERE / "panel.jpg", quality=74)
    close = Region(380, 340, 700, 580)
    shown = []
    for name in ("mimetic", "hatched", "neutral", "outlined"):
        pixels = apply_finish(restoration, name).pixels
        shown.append(overview(phantom.damaged, longest=320, pixels=pixels, region=close))
    beside(shown, HERE / "finishes.jpg", quality=85)
    near, far = panel(320, 320).painted.read(), panel(320, 320, seed=1, motif="landscape").painted.read()
    beside([near, far, strip(hybrid(near, far, low=6, high=20))], HERE / "hybrid.jpg", quality=80)


if __name__ == "__main__":
    main()
