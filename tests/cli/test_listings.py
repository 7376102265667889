"""`tratteggio recipes` and `tratteggio models`: what there is, for people and for programs."""

import json

import pytest
from typer.testing import CliRunner, Result

from tratteggio import models, recipes
from tratteggio.cli.main import app


def run(*words: object) -> Result:
    outcome = CliRunner().invoke(app, [str(word) for word in words])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome


def test_recipes_are_listed_one_a_line():
    lines = run("recipes").stdout.splitlines()
    assert [line.split()[0] for line in lines] == recipes.names()
    told = json.loads(run("recipes", "--json").stdout)["recipes"]
    assert [recipe["name"] for recipe in told] == recipes.names()


@pytest.mark.parametrize("name", recipes.names())
def test_the_settings_of_a_recipe_read_as_they_are_set(name):
    from tratteggio.training.recipe import Recipe, with_settings

    recipe = recipes.load(name)
    about, _, settings = run("recipes", name).stdout.rpartition("\n\n")
    assert about == recipes.about(name).rstrip()
    blank = Recipe(name="", model="", steps=1)
    assert with_settings(blank, settings.split()) == recipe
    assert json.loads(run("recipes", name, "--json").stdout)["settings"]["model"] == recipe.model


def test_an_unknown_recipe():
    outcome = run("recipes", "liu_2019")
    assert outcome.exit_code == 2
    assert "did you mean 'liu_2018'?" in outcome.stderr


def test_nets_are_listed_with_their_parameters():
    text = run("models").stdout
    assert all(name in text for name in [*models.names(), *models.shipped()])
    told = json.loads(run("models", "list", "--json").stdout)
    sizes = {net["name"]: net["parameters"] for net in told["nets"]}
    assert sizes["pconv-compact"] == sum(p.numel() for p in models.build("pconv-compact").parameters())
    assert [weights["name"] for weights in told["weights"]] == models.shipped()


def test_info_tells_of_a_net():
    told = json.loads(run("models", "info", "pconv-512", "--json").stdout)
    assert told["parameters"] > 32_848_849
    assert "pconv-512" in run("models", "info", "pconv-512").stdout


@pytest.fixture
def weights(tmp_path):
    card = models.Card(
        model="pconv-compact", recipe="pconv_dunhuang", data=("a.jpg", "b.jpg"), licence="open", seed=3,
        hours=1.5, machine="2 cores", figures={"psnr_lost": 24.125},
    )  # fmt: skip
    models.save(models.build("pconv-compact"), tmp_path / "w.safetensors", card)
    return tmp_path / "w.safetensors"


def test_info_tells_the_card_and_the_hash_of_a_file(weights):
    told = json.loads(run("models", "info", weights, "--json").stdout)
    assert told["sha256"] == models.sha256(weights)
    assert told["data"] == ["a.jpg", "b.jpg"]
    text = run("models", "info", weights).stdout
    for word in (models.sha256(weights), "2 images, a.jpg ... b.jpg", "open", "psnr_lost 24.12", "1.5"):
        assert word in text


def test_what_info_cannot_tell_of(weights, tmp_path):
    for words, code, told in (
        (("info", "pconv-compat"), 2, "did you mean 'pconv-compact'?"),
        (("info", tmp_path / "none.safetensors"), 1, "no such file"),
        (("info",), 2, "needs the name"),
        (("list", "pconv-compact"), 2, "takes no name"),
        (("info2",), 2, "did you mean 'info'?"),
    ):
        outcome = run("models", *words)
        assert outcome.exit_code == code
        assert told in outcome.stderr
    weights.write_bytes(b"")
    assert run("models", "info", weights).exit_code == 1
