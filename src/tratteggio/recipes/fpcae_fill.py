"""FP-CAE trained to fill lost colour from infrared, X-ray, ultraviolet and the surrounding paint.

    python benchmarks/guided_fill.py --paint PHANTOMS
    tratteggio train fpcae_fill --data PHANTOMS -o runs/fill

The stacked net of Xie, Meeus, Pižurica, "Partial convolution based multimodal autoencoder for art
investigation", BNAIC 2019 (CEUR 2491-123), for four modalities. Lacunae are drawn in RGB alone; now and then
a scan is missing, RGB too, so that the net learns to do with what there is. Patches, steps, rate and
objective, that of `pconv_dunhuang`, are ours.

Time: 18 minutes on a busy core. Figures: 17.44 dB where lost on the halves set aside (`tratteggio models info
fpcae-fill`); beside engine guided by `benchmarks/guided_fill.py`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="fpcae_fill",
    model="fp-cae:rgb=3,irr=1,xray=1,uvf=3",
    steps=12_000,
    batch=8,
    side=64,
    rate=2e-3,
    schedule="cosine",
    warmup=100,
    clip=100.0,
    loss="psnr_ssim",
    dataset="paintings",
    damage="dense",
    augment={"flip": 0.5, "upend": 0.5, "diagonal": 0.5, "turn": 0.0},
    absent=0.2,
    filled="rgb",
    validate_every=1000,
)
