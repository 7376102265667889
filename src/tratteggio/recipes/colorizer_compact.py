"""A net that colours grey scans, with a quarter of the published channels: two cores can train it.

    tratteggio train colorizer_compact --data PAINTINGS -o runs/colorizer

and its rivals, without rebalancing and by distance:

    tratteggio train colorizer_compact --data PAINTINGS -o runs/classes --set loss_options.even=1
    tratteggio train colorizer_compact --data PAINTINGS -o runs/l2 \
        --set model=colorizer-compact-l2 --set loss=colour_distance

Zhang, Isola, Efros, "Colorful image colorization", ECCV 2016, whose full recipe is `colorizer`. Paintings are
reduced first, so that a patch shows much of a composition: what a thing is gives away its colour. The rate is
that of a small net, and falls to 0.

Time: half an hour on one core of a busy machine. Figures: see `tratteggio reproduce colorization`; by the
raw area the order of the rivals is the published one, and what one sees is sepia.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="colorizer_compact",
    model="colorizer-compact",
    steps=900,
    batch=8,
    side=96,
    reduced=224,
    rate=1e-3,
    schedule="cosine",
    warmup=50,
    loss="colour_classes",
    damage="none",
    augment={"flip": 0.5, "turn": 0.0},
)
