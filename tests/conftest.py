"""What all tests share: no coin flips, and one thread each, since several run at once."""

import os
from collections.abc import Iterator
from pathlib import Path

# Read by numpy and torch when they are first imported, which is after this file.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

# Derandomised: the same examples in every run, so that red means a change and not bad luck.
settings.register_profile("house", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("house")


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of the weights that ship: the default nets of engines, with random weights."""
    import torch

    from tratteggio import models
    from tratteggio.engines import fpcae, pconv, vae
    from tratteggio.enhancers import colorize

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    models_of = {
        "superres-x2": "superres:scale=2",
        **{name: name for name in ("denoiser", "illumination", "curves", "lowlight-raw-narrow")},
        colorize.WEIGHTS: colorize.WEIGHTS,
        "cracks": "crack-unet",
        pconv.WEIGHTS: pconv.WEIGHTS,
        vae.WEIGHTS: vae.WEIGHTS,
        fpcae.WEIGHTS: "fp-cae:rgb=3,irr=1,xray=1,uvf=3",
    }
    for name, model in models_of.items():
        net = models.build(model)
        for parameter in net.parameters():
            if not parameter.any():  # layers that begin at 0 would hide what lies before; biases matter too
                torch.nn.init.normal_(parameter, std=1e-3)
        card = models.Card(
            model=model, recipe="none", data=(), licence="open", seed=0, hours=0.0, machine="none"
        )
        models.save(net, folder / f"{name}.safetensors", card)
    return folder


@pytest.fixture(scope="module")
def weights_at_hand(random_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Weights for every engine that needs some: those that ship, else random ones in their place.

    So the laws hold over all engines from the first day, and over the weights that ship from theirs.
    """
    from tratteggio.models import weights

    folder = tmp_path_factory.mktemp("at_hand")
    for home in (random_weights, weights.SHIPPED):
        for file in home.glob("*.safetensors"):
            place = folder / file.name
            place.unlink(missing_ok=True)
            place.symlink_to(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "SHIPPED", folder)
        yield
