"""Hybrid images: one picture from near by, another from afar.

The large forms of one and the fine detail of another: H = far G_low + near (1 - G_high), cut off where the
gain is one half, in cycles per image. The strip shows what is seen as one walks away.

Source: Oliva, Torralba, Schyns, "Hybrid images", 2006.
"""

from pathlib import Path

import numpy as np

from tratteggio.filters import hybrid, strip
from wall import Wall, build


def hang(wall: Wall) -> None:
    near, far = wall.panel(seed=0).painted.read(), wall.panel(seed=1, motif="landscape").painted.read()
    wall.hang(near, "Near by")
    wall.hang(far, "From afar")
    both = hybrid(near, far, low=6, high=20)
    wall.hang(both, "Both: far below 6 cycles per image, near above 20")
    wall.hang(strip(both), "From near to far", wide=True)

    same = hybrid(near, near, low=12, high=12)
    wall.check("a picture with itself is itself", int(np.abs(same.astype(int) - near).max()), 0, within=1)


if __name__ == "__main__":
    build(Path(__file__))
