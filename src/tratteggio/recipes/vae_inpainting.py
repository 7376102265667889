"""A variational autoencoder that fills squares in small pictures of one kind: faces, animals, one painter.

    tratteggio train vae_inpainting --data PICTURES -o runs/vae
    tratteggio train vae_inpainting --data PICTURES -o runs/vae_published --set model=vae-published \
        --set loss_options.signed=true --set loss_options.alpha=true --set loss_options.warmup=0 \
        --set fixed=true --set rate=1e-4 --set moments=bf16

Deesamutara, Maggiore, "Image inpainting with a VAE": each picture grey and whole on 100 x 100 pixels, one
black square of 20 % of the side, MSE plus 0.01 KL per pixel, Adam at 1e-4, 32 pictures a step, 350 rounds of
25,000 pictures (50 with squares of 40 %), more than 30 hours on a GPU. The second command is that: 301
million parameters, whose state takes 2.4 GB instead of 3.6. The first takes the compact form, with new
squares in every round and a rate of its own. Colours: `--set model=vae-compact`.

Time: a round of 2,000 pictures in about a minute on two cores. Figures: see `tratteggio reproduce vae`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="vae_inpainting",
    model="vae-compact:colours=1",
    steps=2000,
    batch=32,
    side=100,
    rate=1e-3,
    loss="elbo",
    loss_options={"warmup": 600},
    damage="square_20",
    whole=True,
    augment={"flip": 0.5, "turn": 0.0},
)
