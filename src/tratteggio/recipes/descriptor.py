"""Descriptors of patches: an autoencoder that passes 16 x 16 pixels through 32 or 128 numbers.

    tratteggio train descriptor --data PAINTINGS -o runs/v32
    tratteggio train descriptor --data PAINTINGS -o runs/v128 --set model=descriptor-v128

and, to fit it to one painting, 50,000 patches of it with the weights that ship (or others) to begin with:

    tratteggio train descriptor --data FOLDER_OF_ONE -o runs/fitted --set-aside 0 --set steps=1563 \
        --set init_from=descriptor-v32

Žižakić, Ito, Meeus, Pižurica, "Autoencoder-learned local image descriptor for image inpainting", BNAIC 2019:
200,000 patches of photographs, binary cross-entropy, Adadelta with its own length of steps, neither turned
nor mirrored, so that the descriptor minds both. 32 patches a step and 50 rounds are those of the first
author's code (github.com/nimpy/patch-desc-ae); here all patches are new ones, five times 200,000.

Time: under an hour on one core, minutes to fit it to a painting. Figures: with the weights that ship
(`tratteggio models info descriptor-v32`), and `tratteggio reproduce descriptor`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="descriptor",
    model="descriptor-v32",
    steps=31_250,
    batch=32,
    side=16,
    optimiser="adadelta",
    rate=1.0,
    loss="cross_entropy",
    damage="none",
    augment={"flip": 0.0, "turn": 0.0},
)
