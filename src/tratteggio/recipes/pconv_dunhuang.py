"""The compact net that fills lacunae of paintings, trained on two cores in hours or on a GPU in minutes.

    tratteggio train pconv_dunhuang --data PAINTINGS -o runs/pconv

It brings what the Dunhuang poster teaches, patches far apart, random-walk and crack damage, flips and
rotation within 30 degrees, structure beside pixels in the objective, to a net of 1.8 million parameters
that corrects a smooth fill. Steps, rate and the weight of structure are ours.

Sources: "Dunhuang image restoration" (poster); Liu et al. 2018, "Image inpainting for irregular holes using
partial convolutions" (doi:10.1007/978-3-030-01252-6_6).

Time: 20,000 steps of 16 patches. Not yet run in full; figures follow with the weights.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="pconv_dunhuang",
    model="pconv-compact",
    steps=15_000,
    batch=8,
    side=128,
    rate=1e-3,
    schedule="cosine",
    warmup=200,
    clip=100.0,
    loss="psnr_ssim",
    damage="dense",
    augment={"flip": 0.5, "turn": 0.5, "degrees": 30.0},
)
