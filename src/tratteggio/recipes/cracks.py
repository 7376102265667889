"""The net that finds cracks, trained on synthetic panels and on cracks drawn into images.

    tratteggio train cracks --data PAINTINGS -o runs/cracks

A small U-Net (Ronneberger, Fischer, Brox, MICCAI 2015). Half of the patches are of 64 panels, painted,
cracked and examined (`tratteggio.phantom`), some scans of which are missing. The other half are parts of
images, or grounds of one tone, with crack networks drawn over them, so that the truth is exact, and with
drawn lines that are no cracks (`tratteggio.datasets.cracks`). The net learns from no photograph of cracks,
and there is no validation split: it is measured on phantoms and photographs that it never sees.

Time: 35 minutes on one core. Figures: docs/performance.md, "Finding cracks", printed by
`python benchmarks/detection.py --data CRACKS`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="cracks",
    model="crack-unet",
    steps=7000,
    batch=6,
    side=144,
    rate=2e-3,
    schedule="cosine",
    warmup=50,
    clip=1.0,
    loss="finding",
    dataset="cracks",
    damage="none",
    augment={},
    keep_every=100,
)
