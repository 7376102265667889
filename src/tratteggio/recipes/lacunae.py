"""A translation-invariant U-Net that finds paint losses in a visible scan, trained on synthetic losses.

    tratteggio train lacunae --data PAINTINGS -o runs/lacunae --set-aside 0.2

No sheet of real losses can be passed on, so they are drawn: gesso, fill, canvas, plaster, wood and more laid
into intact paintings, each as it is and from afar, and phantom panels; see `tratteggio.datasets.losses`. Net
after Meeus et al., ISPA 2019 and SPIE 2020, of depth 2, on cells of 4 x 4 pixels; it sees colours, how they
differ from those around, and texture.

Time: 75 minutes on one core. The weights that ship have learnt for 1,700 more steps, see their card.
Figures, of what they find and of what they mark on intact paintings: docs/reports/detection, printed by
`tratteggio reproduce detection --scale cpu --data PAINTINGS`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="lacunae",
    model="ti-unet:channels=8,classes=1,depth=2,filters=48,cell=4",
    steps=4000,
    batch=8,
    side=352,  # 168 x 168 are answered for
    rate=3e-3,
    schedule="cosine",
    warmup=50,
    keep_every=100,
    clip=5.0,
    loss="finding",
    loss_options={"overlap": 0.0},
    dataset="losses",
    damage="large_losses",
    augment={"flip": 0.5, "turn": 0.0, "upend": 0.5, "diagonal": 0.5},
)
