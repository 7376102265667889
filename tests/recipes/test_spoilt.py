"""Recipes of light and noise put to work: nets that are shown their patches spoilt."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tratteggio import models, recipes
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.training.recipe import from_json


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    for number in range(6):
        rough = np.random.default_rng(number).integers(0, 256, (7, 8, 3), np.uint8)
        smooth = Image.fromarray(rough).resize((64, 60), Image.Resampling.BICUBIC)
        smooth.save(tmp_path / "data" / f"{number}.png")
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("recipe", "side", "spoilt"),
    [
        ("denoiser", 16, "noise"),
        ("illumination", 32, "dim"),
        ("curves", 32, "dim"),
        ("lowlight_raw", 32, "raw"),
    ],
)
def test_a_recipe_trains_and_tells_what_spoilt_its_patches(
    folder: Path, tmp_path: Path, recipe: str, side: int, spoilt: str
) -> None:
    weights = recipes.train(
        recipe, folder, tmp_path / "run", device="cpu", set_aside=0.4,
        settings=[f"side={side}", "steps=2", "batch=2", "validate_every=2"],
    )  # fmt: skip
    _, card = models.load(weights)
    assert card.model == recipes.load(recipe).model
    assert from_json(card.recipe).spoilt == spoilt
    assert {name: np.isfinite(figure) for name, figure in card.figures.items()} == {
        "loss": True,
        "psnr": True,
    }
    assert (tmp_path / "run" / "samples" / "step-2.png").exists()


def test_how_patches_are_spoilt_is_looked_at_before_the_pictures(folder: Path, tmp_path: Path) -> None:
    for setting, kind, message in (
        ("spoilt=nois", UnknownName, "no degradation named 'nois'"),
        ("spoilt_options.strong=1", UnknownName, "no option of noise named 'strong'"),
        ("damage=cracks", BadUsage, "patches spoilt by noise are not damaged as well"),
    ):
        with pytest.raises(kind, match=message):
            recipes.train("denoiser", tmp_path / "nowhere", tmp_path / "run", settings=[setting])
