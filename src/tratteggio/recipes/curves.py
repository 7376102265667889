"""A net that brightens dark images with curves, trained on dark images only.

    tratteggio train curves --data PAINTINGS -o runs/curves

Guo, Li, Guo, Loy, Hou, Kwong, Cong, "Zero-reference deep curve estimation for low-light image enhancement",
CVPR 2020: variation of the maps, contrast, grey world and exposure weighed 200, 1, 5 and 10, Adam at 1e-4,
weights decayed by 1e-4, gradients cut at 0.1, on photographs of many exposures. Here paintings are darkened;
what they were before is not used. Weights do not decay, the rate begins ten times as high and falls like a
cosine. Exposure aims at 0.5 instead of 0.6, and grey world weighs 1: paintings are darker than snapshots, and
warmer.

Time: minutes on one core. Figures: see `tratteggio reproduce lowlight`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="curves",
    model="curves",
    steps=150,
    batch=4,
    side=96,
    rate=1e-3,
    schedule="cosine",
    clip=0.1,
    loss="curves",
    loss_options={"level": 0.5, "grey": 1.0},
    damage="none",
    spoilt="dim",
    whole=True,
    augment={"flip": 0.5, "upend": 0.5, "diagonal": 0.5, "turn": 0.0},
)
