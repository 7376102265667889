"""Hybrid images: one image from near, another from far away.

The coarse forms of one image and the fine detail of another: H = far G_low + near (1 - G_high). The cut-off
is where the gain is one half, in cycles per image. The strip shows what one sees while walking away.

Source: Oliva, Torralba, Schyns, "Hybrid images", 2006.
"""

from pathlib import Path

import numpy as np

from example import Example, build
from tratteggio.filters import hybrid, strip


def show(example: Example) -> None:
    near, far = example.panel(seed=0).painted.read(), example.panel(seed=1, motif="landscape").painted.read()
    example.show(near, "From near")
    example.show(far, "From afar")
    both = hybrid(near, far, low=6, high=20)
    example.show(both, "Both: far below 6 cycles per image, near above 20")
    example.show(strip(both), "From near to far", wide=True)

    same = hybrid(near, near, low=12, high=12)
    example.check("an image combined with itself", int(np.abs(same.astype(int) - near).max()), 0, within=1)


if __name__ == "__main__":
    build(Path(__file__))
