"""SRCNN: three convolutions that sharpen a bicubic enlargement of the luminance.

    tratteggio train srcnn --data PICTURES -o runs/x3
    tratteggio train srcnn --data PICTURES -o runs/x2 --set model=srcnn-915:scale=2 \
        --set init_from=runs/x3/weights.safetensors --set steps=3000

Dong, Loy, He, Tang, "Learning a deep convolutional network for image super-resolution", ECCV 2014: 9-1-5 on
24,800 pieces of 33 x 33 of 91 photographs, squared error, gradient descent with momentum at 1e-4 (1e-5 in
the last layer), 8 x 10^8 times as we recall: 32.39 dB on Set5 and 29.00 dB on Set14, three times. Adam, its
rate, the larger pieces, the steps and a net that begins as the bicubic enlargement are ours; so is the half
size that pictures are brought to, since photographs are sharp to the pixel only then.

Time: 27 minutes on a busy core with bfloat16 units. Figures: `tratteggio
reproduce srcnn`.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="srcnn",
    model="srcnn-915:scale=3",
    steps=6000,
    batch=8,
    side=96,
    rate=1e-3,
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
