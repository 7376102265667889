"""Several plausible fills: samples of a variational net.

A single fill looks like a claim. A variational net draws many fills. Where they agree, the net is confident;
where they differ, nobody can know.
"""

from pathlib import Path

import numpy as np

import tratteggio as tg
from example import Example, build
from tratteggio.painting import Lacunae, Scan


def show(example: Example) -> None:
    panel = example.panel(motif="still life")
    painted = panel.painted.read()
    lost = np.zeros(painted.shape[:2], bool)
    third = example.side // 3
    lost[third : third + example.side // 5, third : third + example.side // 4] = True
    example.show(np.where(lost[..., None], 141, painted).astype(np.uint8), "A lacuna")
    samples = [tg.inpaint(painted, lost, engine="vae", seed=seed) for seed in range(2)]
    example.show(samples[0], "The mean of eight samples")
    proposal = tg.inpaint(Scan(painted), Lacunae(lost), engine="vae")
    sure = np.asarray(proposal.confidence[:, :])
    example.show(np.where(lost, sure, 0.55), "Confidence: bright where the samples agree")
    example.check("known pixels that changed", int((samples[1][~lost] != painted[~lost]).sum()), 0)


if __name__ == "__main__":
    build(Path(__file__))
