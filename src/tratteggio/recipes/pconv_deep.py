"""A net that fills lacunae, awake in its deep half, grown out of the compact one.

    tratteggio train pconv_deep --data PAINTINGS -o runs/deep

It begins with the layers of `pconv-compact` that are awake (`models.pconv_deep`), a net of the recipe
`pconv_dunhuang`, and learns on with gradients clipped at 1. Rims and middles of lacunae count alike
(`depth_psnr_ssim`), and paintings are also seen upside down and mirrored at the diagonal. What is handed on
is a running mean of the weights, halfway back to those that it began with.

Sources: those of `pconv_dunhuang`; Polyak and Juditsky 1992 (doi:10.1137/0330046) for the mean; Wortsman et
al. 2022, "Robust fine-tuning of zero-shot models", CVPR, for the blend.

Time: 0.4 core seconds a step, 16 minutes on one core. Figures: see the card of `pconv-deep`. Also tried: a
leaky ReLU in the shallow half too, which undoes what is there (7 dB; after 400 steps still 0.2 dB below);
a constant rate of 3e-4 (0.05 dB below a falling one); all of what was learnt instead of half (0.03 dB below
the compact net in cracks, 0.1 dB above it deep in wide lacunae).
"""

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
    blend=0.5,
    loss="depth_psnr_ssim",
    damage="dense",
    augment={"flip": 0.5, "turn": 0.5, "degrees": 30.0, "upend": 0.5, "diagonal": 0.5},
    init_from="pconv-compact",
    validate_every=200,
    keep_every=100,
)
