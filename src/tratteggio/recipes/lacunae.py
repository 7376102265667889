"""Finds paint losses in a visible scan: a translation-invariant U-Net, learnt from losses that were drawn.

    tratteggio train lacunae --data PAINTINGS -o runs/lacunae --set-aside 0.2

No sheet of real losses can be passed on, so they are drawn: gesso, fill, canvas, plaster, wood and more laid
into intact paintings, and phantom panels; see `tratteggio.training.bared`. Net after Meeus et al., ISPA 2019
and SPIE 2020, of depth 2, on cells of 2 x 2 pixels; it sees colours, how they differ from those around, and
texture.

Time: some ten minutes on one core that is free. Figures, November 2026: of 33 paintings set aside detector
`lacunae` marks 0.18 % of the area by default, at most 4.1 % of one (`tratteggio reproduce detection`).
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="lacunae",
    model="ti-unet:channels=8,classes=1,depth=2,filters=24,cell=2",
    steps=1200,
    batch=4,
    side=236,  # 144 x 144 are answered for
    rate=4e-3,
    schedule="cosine",
    warmup=10,
    keep_every=100,
    clip=5.0,
    loss="finding",
    loss_options={"overlap": 0.0},
    damage="bared",
    augment={"flip": 0.5, "turn": 0.0, "upend": 0.5, "diagonal": 0.5},
)
