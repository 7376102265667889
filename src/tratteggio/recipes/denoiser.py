"""A small residual net that removes noise of a given strength.

    tratteggio train denoiser --data PAINTINGS -o runs/denoiser

Zhang, Zuo, Zhang, "FFDNet: toward a fast and flexible solution for CNN-based image denoising", IEEE
Transactions on Image Processing, 2018: Gaussian noise of a standard deviation drawn evenly from 0 to 75
levels of 255, Adam at 1e-3, then less, mean squared error. Here up to 55 levels, and the rate falls like a
cosine.

Time: a quarter of an hour on one core. Figures: see `tratteggio reproduce lowlight`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="denoiser",
    model="denoiser",
    steps=2_500,
    batch=8,
    side=48,
    rate=1e-3,
    schedule="cosine",
    loss="mse",
    loss_options={"judged": "out"},
    damage="none",
    spoilt="noise",
    augment={"flip": 0.5, "upend": 0.5, "diagonal": 0.5, "turn": 0.0},
)
