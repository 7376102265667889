"""A net that brightens dark images: it estimates the illumination, and the image is divided by it.

    tratteggio train illumination --data PAINTINGS -o runs/illumination

Wang, Zhang, Fu, Shen, Zheng, Jia, "Underexposed photo enhancement using deep illumination estimation", CVPR
2019: reconstruction, smoothness and colour weighed 1, 2 and 3, Adam at 1e-4, on 3,000 retouched photographs,
which we have not. Here paintings are darkened, 0.1 .. 1 times their levels to the power of 1 .. 3.5, and
the net learns to go back. Whole paintings at 128 x 128, for it is the whole that tells what is dark.
The squared error of the picture counts as well, ten times: where S is small the published terms hardly
tell a grey answer from a right one. Colour weighs 0.1 and smoothness 0.02, means instead of sums.

Time: minutes on one core. Figures: see `tratteggio reproduce lowlight`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="illumination",
    model="illumination",
    steps=1_500,
    batch=8,
    side=128,
    rate=1e-3,
    schedule="cosine",
    warmup=50,
    clip=1.0,
    loss="illumination",
    loss_options={"picture": 10.0, "colour": 0.1, "smooth": 0.02},
    damage="none",
    spoilt="dim",
    whole=True,
    augment={"flip": 0.5, "upend": 0.5, "diagonal": 0.5, "turn": 0.0},
)
