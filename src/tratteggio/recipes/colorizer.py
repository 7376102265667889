"""A net that colours grey scans, at the published size.

    tratteggio train colorizer --data PICTURES -o runs/colorizer --device cuda

and its rivals, without rebalancing and by distance, as in `colorizer_compact`.

Zhang, Isola, Efros, "Colorful image colorization", ECCV 2016: 1.3 million photographs (ImageNet), Adam,
450,000 steps of 40 patches of 176 x 176. Its rate falls from 3e-5 to 3e-6 in two jumps, here along a cosine,
and its moments last longer (0.999 instead of 0.99). Pictures are reduced to 256 pixels, as those of ImageNet
were.

Time: days on a GPU. Figures of ours: none; `colorizer_compact` is what two cores can train.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="colorizer",
    model="colorizer",
    steps=450_000,
    batch=40,
    side=176,
    reduced=256,
    rate=3e-5,
    schedule="cosine",
    loss="colour_classes",
    damage="none",
    augment={"flip": 0.5, "turn": 0.0},
    precision="bf16",
    validate_every=5000,
    keep_every=5000,
)
