"""Descriptors of patches: an autoencoder that reduces 16 x 16 pixels to 32 or 128 numbers.

    tratteggio train descriptor --data PAINTINGS -o runs/v32
    tratteggio train descriptor --data PAINTINGS -o runs/v128 --set model=descriptor-v128

and, to fit it to one painting, 50,000 patches of it with the weights that ship (or others) to begin with:

    tratteggio train descriptor --data FOLDER_OF_ONE -o runs/fitted --set-aside 0 --set steps=1563 \
        --set init_from=descriptor-v32

Žižakić, Ito, Meeus, Pižurica, "Autoencoder-learned local image descriptor for image inpainting", BNAIC 2019:
200,000 patches of photographs, binary cross-entropy, Adadelta with its own length of steps, neither turned
nor mirrored, so that the descriptor minds both. 32 patches a step and 50 rounds are those of the first
author's code (github.com/nimpy/patch-desc-ae); here all patches are new ones, twice 200,000, and the steps
shorten towards the end: at their full length the error on patches set aside goes up and down by several
decibels, and the last step would be a matter of luck.

A patch of 22 x 22 is one of 16 x 16, which is brought back, and the 3 pixels around it, which half of the
time are seen: as published, with zeros around every patch, nets learn to lean on these, and descriptors that
are read off a whole picture find less. `--set side=16` is the published way.

Time: a quarter of an hour on one core for v32, more for v128, minutes to fit one to a painting. Figures,
November 2026: 27.46 dB with v32 and 28.22 dB with v128 on patches of 33 paintings set aside, see
`tratteggio models info descriptor-v32`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="descriptor",
    model="descriptor-v32",
    steps=12_500,
    batch=32,
    side=22,  # 16 and the 3 around that are seen, not answered
    optimiser="adadelta",
    rate=1.0,
    schedule="cosine",
    loss="cross_entropy",
    damage="none",
    augment={"flip": 0.0, "turn": 0.0},
)
