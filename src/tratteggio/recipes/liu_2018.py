"""Partial convolutions as first published (Liu et al. 2018): irregular lacunae, five losses.

    tratteggio train liu_2018 --data PICTURES -o runs/liu --features vgg16-397923af.pth

Liu, Reda, Shih, Wang, Tao, Catanzaro, "Image inpainting for irregular holes using partial convolutions", ECCV
2018: 6 pictures of 512 x 512 a step, Adam at 2e-4, then at 5e-5 with the norms of the encoder as they are
(`--set init_from=... --set rate=5e-5 --set freeze_norms=true`). Known and lost pixels, content, style and
variation weigh 1, 6, 0.05, 120 and 0.1. On Places2 it reached 33.75 dB where 1 to 10 % is lost and 18.21 dB
where 50 to 60 % is, as we recall the table. Their masks of streaks are not free to ship: lacunae of any share
up to 0.6 stand for them. They give days, not steps; 100,000 is ours.

Time: a GPU for days. Figures of ours: none.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="liu_2018",
    model="pconv-512",
    steps=100_000,
    batch=6,
    side=512,
    rate=2e-4,
    loss="liu",
    damage="bins",
    augment={"flip": 0.5, "turn": 0.0},
)
