"""FP-CAE, and its rivals with partial layers: all modalities of a patch stacked into one autoencoder.

    tratteggio train fpcae_stacked --data PAINTINGS -o runs/fpcae
    tratteggio train fpcae_stacked --data PAINTINGS -o runs/upde --set model=pen-upde

Xie, Meeus, Pižurica, "Partial convolution based multimodal autoencoder for art investigation", BNAIC 2019
(CEUR 2491-123), table 1: SSIM 0.9377 (`fp-cae`), 0.9349 (`pen-nde`), 0.9271 (`pen-upde`) on halves of two
panels of the Ghent Altarpiece, five modalities. Adam at 12e-4, divided by 1 + 3e-5 a step; all else as in
`fpcae_normal`. Other modalities: `--set model=fp-cae:rgb=3,irr=1`. `--set absent=0.2` teaches a net to do
without some.

Time: minutes on two cores. Figures of ours: see `tratteggio reproduce fpcae`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="fpcae_stacked",
    model="fp-cae",
    steps=20_000,
    batch=64,
    side=32,
    rate=12e-4,
    schedule="inverse_time",
    decay=3e-5,
    loss="log_ssim",
    dataset="paintings",
    damage="none",
    augment={"flip": 0.5, "upend": 0.5, "diagonal": 0.5, "turn": 0.0},
)
