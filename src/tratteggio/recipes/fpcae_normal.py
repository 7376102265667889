"""The baseline of FP-CAE: an autoencoder of plain convolutions with black padding.

    tratteggio train fpcae_normal --data PAINTINGS -o runs/normal

Xie, Meeus, Pižurica, "Partial convolution based multimodal autoencoder for art investigation", BNAIC 2019
(CEUR 2491-123), table 1: SSIM 0.9366 on halves of two panels of the Ghent Altarpiece, five modalities. Adam
at 6e-4 without decay, all flips, until convergence; -log((SSIM + 1) / 2) on grey, averaged over modalities.
Window (11, Gaussian of 1.5, valid), patches a step and steps are not published; these are ours.

Time: minutes on two cores. Figures of ours: see `tratteggio reproduce fpcae`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="fpcae_normal",
    model="normal",
    steps=20_000,
    batch=64,
    side=32,
    rate=6e-4,
    loss="log_ssim",
    dataset="paintings",
    damage="none",
    augment={"flip": 0.5, "upend": 0.5, "diagonal": 0.5, "turn": 0.0},
)
