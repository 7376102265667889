"""The net of the Dunhuang poster before fine-tuning: a partial-convolution U-Net, loss: squared error.

    tratteggio train dunhuang_pconv_mse --data PICTURES -o runs/pretrained

"Dunhuang image restoration" (poster): 15 rounds of 40,000 pictures of Places2, 32 at a time, which are 18,750
steps of Adam at 2e-4. Damage and variation as in `dunhuang_conv_mse`. The weights are where
`dunhuang_pconv_mse_ssim` and `dunhuang_pconv_style` begin.

Time: days on two cores; a smaller try is `--set model=pconv-256-quarter --set batch=8 --set steps=2000`.
Figures: the poster gives none for this stage; ours: none yet.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="dunhuang_pconv_mse",
    model="pconv-256",
    steps=18_750,
    batch=32,
    side=256,
    rate=2e-4,
    loss="mse",
    damage="walk",
    augment={"flip": 0.5, "turn": 0.5, "degrees": 30.0},
)
