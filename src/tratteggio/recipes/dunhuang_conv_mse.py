"""The baseline of the Dunhuang poster: plain convolutions without a mask of the lacunae.

    tratteggio train dunhuang_conv_mse --data MURALS -o runs/conv

"Dunhuang image restoration" (poster), first line of its table: MSE 40.67 (in arithmetic that wraps at 8
bits) and SSIM 0.75 on pictures 401 to 500 of the Dunhuang Grottoes data. The layers are those of pconv-256
without masks and skips. Adam, 2e-4, 32 patches of 256 x 256 a step, one random walk of 50,000 steps in each,
flips and rotation; 15 rounds of 40,000 pictures make 18,750 steps.

Time: days on two cores; a smaller try is `--set model=conv-256-quarter --set batch=8 --set steps=2000`.
Figures of ours: none yet.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="dunhuang_conv_mse",
    model="conv-256",
    steps=18_750,
    batch=32,
    side=256,
    rate=2e-4,
    loss="mse",
    damage="walk",
    augment={"flip": 0.5, "turn": 0.5, "degrees": 30.0},
)
