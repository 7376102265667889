"""Several plausible fills for lacunae of paintings: a variational net on top of the compact net.

    tratteggio train vae_fill --data PAINTINGS -o runs/vae_fill --set init_from=pconv-compact

The compact net goes on learning, where paint is lost, by the bound of Sohn, Lee and Yan, NIPS 2015, from the
paintings and the damage that it was made with (recipe `pconv_dunhuang`). `divergence` is 2 s² for errors of
s = 0.03 of the range; with 0.013, about what the net leaves, all but four of the sixteen numbers fell silent.

What a painting shows can be told, beside what is left of it. With pictures in folders `saint` and `landscape`

    tratteggio train vae_fill --data PAINTINGS -o runs/told --set model=vae-fill:attributes=saint+landscape
    tratteggio inpaint panel.tif --mask lost.png -o proposal.tif --engine vae \
        --weights runs/told/weights.safetensors --attribute saint

learns that and fills by it; a tenth of what is told is withheld in training, so that the net does without.

Time: twenty minutes on one core. Figures: see the card of `vae-fill`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="vae_fill",
    model="vae-fill",
    steps=2000,
    batch=8,
    side=128,
    rate=3e-4,
    schedule="cosine",
    warmup=100,
    clip=1.0,
    loss="elbo",
    loss_options={"divergence": 0.002, "known": 0.0, "warmup": 200},
    damage="dense",
    augment={"flip": 0.5, "turn": 0.5, "degrees": 30.0},
)
