"""The net of the Dunhuang poster, fine-tuned on murals, loss: squared error and SSIM.

    tratteggio train dunhuang_pconv_mse_ssim --data MURALS -o runs/tuned \\
        --set init_from=runs/pretrained/weights.safetensors

"Dunhuang image restoration" (poster): MSE 36.42 (in arithmetic that wraps at 8 bits) and SSIM 0.80 on
pictures 401 to 500 of the Dunhuang Grottoes data. 10 rounds of 10,000 patches, 32 at a time, are 3,125 steps
of Adam at 5e-5, with the norms of the encoder as they were (Liu et al. 2018). The poster does not say how
much structure weighs; 0.1 is ours.

Time: a day on two cores. Figures of ours: none yet.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="dunhuang_pconv_mse_ssim",
    model="pconv-256",
    steps=3125,
    batch=32,
    side=256,
    rate=5e-5,
    loss="mse_ssim",
    loss_options={"weight": 0.1},
    damage="walk",
    augment={"flip": 0.5, "turn": 0.5, "degrees": 30.0},
    freeze_norms=True,
)
