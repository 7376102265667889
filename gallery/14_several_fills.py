"""Several plausible fills: what a variational net draws.

One fill looks like a claim. A variational net draws many; where they agree it is sure, where they differ
nobody can know.
"""

from pathlib import Path

import numpy as np

import tratteggio as tg
from tratteggio.painting import Lacunae, Scan
from wall import Wall, build


def hang(wall: Wall) -> None:
    panel = wall.panel(motif="still life")
    painted = panel.painted.read()
    lost = np.zeros(painted.shape[:2], bool)
    third = wall.side // 3
    lost[third : third + wall.side // 5, third : third + wall.side // 4] = True
    wall.hang(np.where(lost[..., None], 141, painted).astype(np.uint8), "A lacuna")
    drawn = [tg.inpaint(painted, lost, engine="vae", seed=seed) for seed in range(2)]
    wall.hang(drawn[0], "The mean of eight draws")
    mended = tg.inpaint(Scan(painted), Lacunae(lost), engine="vae")
    sure = np.asarray(mended.confidence[:, :])
    wall.hang(np.where(lost, sure, 0.55), "How sure it is: bright where draws agree")
    wall.check("paint changed, in pixels", int((drawn[1][~lost] != painted[~lost]).sum()), 0)


if __name__ == "__main__":
    build(Path(__file__))
