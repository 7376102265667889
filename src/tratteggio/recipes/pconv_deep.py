"""The net that fills lacunae by default."""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="pconv_deep",
    model="pconv-deep",
    steps=2440,
    batch=4,
    side=160,
    rate=3e-4,
    schedule="cosine",
    hold=0.3,
    warmup=100,
    clip=1.0,
    average=0.997,
    loss="depth_psnr_ssim",
    damage="dense",
    augment={"flip": 0.5, "turn": 0.5, "degrees": 30.0, "upend": 0.5, "diagonal": 0.5},
    init_from="pconv-compact",
    validate_every=200,
    keep_every=100,
)
