"""The compact net that enlarges scans 2, 3 or 4 times, for enhancer `superres`.

    tratteggio train superres --data PICTURES -o runs/x2
    tratteggio train superres --data PICTURES -o runs/x3 --set model=superres:scale=3 --set side=144
    tratteggio train superres --data PICTURES -o runs/x4 --set model=superres:scale=4 --set side=192

As large as SRCNN (Dong, Loy, He, Tang, ECCV 2014), but at work on the small grid (`models/superres.py`).
Pictures are brought to half their size first, then found again from reduced copies.

Time: 21 minutes for two times, on a busy core with bfloat16 units. Figures: `tratteggio
reproduce srcnn`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="superres",
    model="superres:scale=2",
    steps=6000,
    batch=8,
    side=96,
    rate=2e-3,
    schedule="cosine",
    warmup=100,
    clip=1.0,
    loss="mse",
    loss_options={"judged": "out"},
    damage="none",
    halved=True,
    augment={"flip": 0.5, "upend": 0.5, "diagonal": 0.5, "turn": 0.0},
    precision="bf16",
    validate_every=1000,
)
