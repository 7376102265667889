"""The final net of the Dunhuang poster, fine-tuned on murals, loss: content, style and smoothness.

    tratteggio train dunhuang_pconv_style --data MURALS -o runs/final \\
        --set init_from=runs/pretrained/weights.safetensors --features vgg16-397923af.pth

"Dunhuang image restoration" (poster), last line of its table: MSE 36.3145 (in arithmetic that wraps at 8
bits) and SSIM 0.8016 on pictures 401 to 500 of the Dunhuang Grottoes data. 0.05 content + 1000 style + 0.1
variation, by VGG16 at relu3_1; Adam at 5e-5, 10 rounds of 10,000 patches, 32 at a time. Published with the
features of torchvision's VGG16; whichever net judges is named in the run by the hash of its weights.

Time: days on two cores. Figures of ours: none yet.
"""

from tratteggio.training.recipe import Recipe

RECIPE = Recipe(
    name="dunhuang_pconv_style",
    model="pconv-256",
    steps=3125,
    batch=32,
    side=256,
    rate=5e-5,
    loss="poster",
    damage="walk",
    augment={"flip": 0.5, "turn": 0.5, "degrees": 30.0},
    freeze_norms=True,
)
