"""Laws of every recipe, and that looking at them costs nothing."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from tratteggio import losses, models, recipes, registry
from tratteggio.degradation import make_damage
from tratteggio.errors import UnknownName
from tratteggio.losses import frozen
from tratteggio.training.patches import Augment
from tratteggio.training.recipe import Recipe, from_json, rate_at, to_json, with_settings


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_names_only_what_is_there(name: str) -> None:
    recipe = recipes.load(name)
    assert recipe.name == name
    assert recipe.model.partition(":")[0] in models.names()
    make_damage(recipe.damage)
    assert recipe.dataset in registry.names("datasets")
    Augment.of(recipe.augment)
    taps = losses.taps(recipe.loss)
    features = frozen(losses.Vgg16(taps)) if taps else None
    losses.build(recipe.loss, recipe.loss_options, features=features)


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_can_be_written_down_and_read_again(name: str) -> None:
    assert from_json(to_json(recipes.load(name))) == recipes.load(name)


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_opens_with_its_purpose_and_gives_its_command_source_and_time(name: str) -> None:
    first, _, rest = recipes.about(name).partition("\n")
    assert first.endswith(".")
    sources = {
        "liu": "ECCV",
        "fpcae": "BNAIC",
        "descriptor": "BNAIC",
        "colorizer": "ECCV",
        "vae": "Deesamutara",
        "vae_fill": "NIPS",
        "srcnn": "ECCV",
        "superres": "ECCV",
        "denoiser": "FFDNet",
        "illumination": "CVPR",
        "cracks": "MICCAI",
        "curves": "CVPR",
        "lowlight": "CVPR",
        "lacunae": "SPIE 2020",
        "pconv_deep": "CVPR",
    }
    source = next((sources[what] for what in sorted(sources)[::-1] if name.startswith(what)), "poster")
    for told in (f"tratteggio train {name} --data", source, "Time:", "igures"):
        assert told in rest


def test_the_recipes_of_the_poster_have_its_rates_and_objectives() -> None:
    rates = {
        name: (recipes.load(name).rate, recipes.load(name).loss)
        for name in recipes.names()
        if name.startswith("dunhuang")
    }
    assert rates == {
        "dunhuang_conv_mse": (2e-4, "mse"),
        "dunhuang_pconv_mse": (2e-4, "mse"),
        "dunhuang_pconv_mse_ssim": (5e-5, "mse_ssim"),
        "dunhuang_pconv_style": (5e-5, "poster"),
    }
    tuned = [name for name in recipes.names() if recipes.load(name).freeze_norms]
    assert tuned == ["dunhuang_pconv_mse_ssim", "dunhuang_pconv_style"]


def test_the_recipes_of_fpcae_have_its_rates_and_the_decay_of_keras():
    """6e-4 without decay; 12e-4 with 3e-5; 8e-4 with 4e-5. At 1 / decay steps half the rate is left."""
    published = ("fpcae_normal", "fpcae_stacked", "fpcae_separated")
    found = {name: recipes.load(name) for name in published}
    rates = {name: (recipe.rate, recipe.decay) for name, recipe in found.items()}
    assert rates == {
        "fpcae_normal": (6e-4, 0.0),
        "fpcae_stacked": (12e-4, 3e-5),
        "fpcae_separated": (8e-4, 4e-5),
    }
    stacked = found["fpcae_stacked"]
    assert rate_at(found["fpcae_normal"], 10_000) == 6e-4
    assert rate_at(stacked, 33_333) == pytest.approx(6e-4, rel=1e-4)
    assert rate_at(found["fpcae_separated"], 25_000) == pytest.approx(4e-4)
    for recipe in found.values():
        assert (recipe.side, recipe.loss, recipe.damage, recipe.absent) == (32, "log_ssim", "none", 0)
        assert Augment.of(recipe.augment) == Augment(flip=0.5, turn=0, upend=0.5, diagonal=0.5)


def test_the_recipe_of_descriptors_neither_turns_nor_mirrors_and_leaves_the_rate_to_adadelta() -> None:
    recipe = recipes.load("descriptor")
    # 16 x 16 are answered; the 3 pixels around them are seen.
    assert (recipe.side, recipe.batch, recipe.optimiser, recipe.rate) == (22, 32, "adadelta", 1.0)
    assert (recipe.schedule, recipe.loss, recipe.damage) == ("cosine", "cross_entropy", "none")
    assert Augment.of(recipe.augment) == Augment(flip=0, turn=0)
    assert recipe.steps * recipe.batch == 2 * 200_000


def test_a_misspelt_recipe_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="no recipe named 'pconv_dunhang'; did you mean 'pconv_dunhuang'"):
        recipes.load("pconv_dunhang")


def test_looking_at_recipes_imports_no_torch() -> None:
    code = (
        "import sys; from tratteggio import recipes\n"
        "for name in recipes.names(): recipes.load(name), recipes.about(name)\n"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_train_is_offered_where_people_look_for_it() -> None:
    import tratteggio

    assert tratteggio.train is recipes.train
    with pytest.raises(AttributeError, match="no attribute 'bake'"):
        recipes.bake  # noqa: B018


def test_settings_change_a_recipe_and_leave_the_file_as_it_was() -> None:
    before = recipes.load("pconv_dunhuang")
    assert with_settings(before, ["loss_options.weight=0.5"]) == replace(before, loss_options={"weight": 0.5})
    assert recipes.load("pconv_dunhuang") is before
    assert isinstance(registry.load("recipes", "pconv_dunhuang").RECIPE, Recipe)


# --- objectives by name ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in losses.names() if name not in ("curves", "finding")])
def test_every_objective_judges_a_perfect_answer_with_nothing_but_its_variation(name: str) -> None:
    taps = losses.taps(name)
    features = frozen(losses.Vgg16(taps)) if taps else None
    options = {"variation": 0.0} if name in ("poster", "liu") else {}
    truth = torch.rand(2, 3, 16, 16)
    known = (torch.rand(2, 1, 16, 16) > 0.3).float()
    loss = losses.build(name, options, features=features)
    # A perfect answer is taken for one of 40 dB; the grey of the truth has an entropy of its own.
    entropy = -(truth * truth.log() + (1 - truth) * (1 - truth).log()).mean().item()
    least = {"psnr": -40, "psnr_ssim": -40, "depth_psnr_ssim": -40, "cross_entropy": entropy}.get(name, 0)
    assert loss(truth, truth, known).total.item() == pytest.approx(least, abs=1e-5)
    assert loss(1 - truth, truth, known).total.item() > least
