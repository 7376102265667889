"""FP-CAE with an encoder and a decoder for each modality, joined by one convolution.

    tratteggio train fpcae_separated --data PAINTINGS -o runs/concat
    tratteggio train fpcae_separated --data PAINTINGS -o runs/add --set model=fpcae-add

Xie, Meeus, Pižurica, "Partial convolution based multimodal autoencoder for art investigation", BNAIC 2019
(CEUR 2491-123), table 2: SSIM 0.9469 (`fpcae-concat`), 0.9450 (`fpcae-add`) on halves of two panels of the
Ghent Altarpiece. Adam at 8e-4, divided by 1 + 4e-5 a step; all else as in `fpcae_normal`.

Time: an hour on two cores. Figures of ours: see `tratteggio reproduce fpcae`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="fpcae_separated",
    model="fpcae-concat",
    steps=20_000,
    batch=64,
    side=32,
    rate=8e-4,
    schedule="inverse_time",
    decay=4e-5,
    loss="log_ssim",
    dataset="paintings",
    damage="none",
    augment={"flip": 0.5, "upend": 0.5, "diagonal": 0.5, "turn": 0.0},
)
