"""A narrow U-Net that develops dark camera raw.

    tratteggio train lowlight_raw --data PAINTINGS -o runs/raw
    tratteggio train lowlight_raw --data PAINTINGS -o runs/published --set model=lowlight-raw --set side=512

Chen, Chen, Xu, Koltun, "Learning to see in the dark", CVPR 2018: L1, patches of 512 x 512 of raw (1024 of
the picture), one a step, mirrored and turned, Adam at 1e-4 and, half-way on, 1e-5, 4,000 rounds over 161
pairs of short and long exposures. Here the raw is made from paintings, see `degradation.simulation.sensor`,
10 .. 300 times too little light; patches are small and the rate falls like a cosine.

Time: a quarter of an hour on one core. Figures: see `tratteggio reproduce lowlight`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="lowlight_raw",
    model="lowlight-raw-narrow",
    steps=900,
    batch=4,
    side=128,
    rate=1e-3,
    schedule="cosine",
    warmup=50,
    clip=1.0,
    loss="absolute",
    damage="none",
    spoilt="raw",
    augment={"flip": 0.5, "upend": 0.5, "diagonal": 0.5, "turn": 0.0},
)
