"""Seeds are whole numbers that every generator takes, and one sentence says so everywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import tratteggio as tg
from tratteggio.cli.main import app
from tratteggio.errors import BadUsage
from tratteggio.experiments import reproduce
from tratteggio.features import cluster_picture, learn
from tratteggio.filters import gaussian_noise, impulse, salt_and_pepper
from tratteggio.phantom import multimodal, panel
from tratteggio.seeds import LARGEST, require_seed
from tratteggio.training.recipe import Recipe
from tratteggio.training.sources import Phantoms
from tratteggio.treatment import FillOptions, inpaint_file, make_detector, make_engine, survey

GREY = np.zeros((40, 40), np.uint8)
LOST = np.pad(np.ones((4, 4), bool), 18)
SENTENCE = "a seed must be a whole number from 0 to 4294967295, got"


@pytest.mark.parametrize("seed", [0, 1, LARGEST, np.int64(7), np.uint32(9)])
def test_a_seed_comes_back_as_a_plain_number(seed: Any) -> None:
    assert require_seed(seed) == int(seed)
    assert type(require_seed(seed)) is int


@pytest.mark.parametrize("seed", [-1, LARGEST + 1, 10**400, 1.5, "1", None, np.float64(1)])
def test_anything_else_is_refused(seed: Any) -> None:
    with pytest.raises(BadUsage, match=SENTENCE):
        require_seed(seed)


CALLS: dict[str, Callable[[int], object]] = {
    "inpaint": lambda seed: tg.inpaint(GREY, LOST, engine="diffusion", seed=seed),
    "inpaint with an engine": lambda seed: tg.inpaint(GREY, LOST, engine=make_engine("diffusion"), seed=seed),
    "inpaint_file": lambda seed: inpaint_file(
        Path("a.tif"), Path("m.png"), Path("o.tif"), options=FillOptions(seed=seed)
    ),
    "detect": lambda seed: tg.detect(GREY, "tophat", seed=seed),
    "survey": lambda seed: survey("none.tif", ["tophat"], seed=seed),
    "make_engine": lambda seed: make_engine("telea", seed=seed),
    "make_detector": lambda seed: make_detector("tophat", seed=seed),
    "panel": lambda seed: panel(64, 64, seed=seed),
    "multimodal": lambda seed: multimodal(64, 64, seed=seed),
    "gaussian_noise": lambda seed: gaussian_noise(GREY, sigma=0.1, seed=seed),
    "impulse": lambda seed: impulse(GREY, share=0.1, seed=seed),
    "salt_and_pepper": lambda seed: salt_and_pepper(GREY, share=0.1, seed=seed),
    "cluster_picture": lambda seed: cluster_picture(np.zeros((4, 4, 2), np.float32), seed=seed),
    "learn": lambda seed: learn("none.tif", "none.png", seed=seed),
    "reproduce": lambda seed: reproduce("fills", out="nowhere", seed=seed),
    "Recipe": lambda seed: Recipe(name="a", model="b", steps=1, seed=seed),
    "Phantoms": lambda seed: Phantoms(1, first_seed=seed),
}


@pytest.mark.parametrize("seed", [-1, 10**30])
@pytest.mark.parametrize("name", CALLS)
def test_every_call_that_takes_a_seed_checks_it(
    name: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadUsage, match=SENTENCE):
        CALLS[name](seed)
    assert not list(tmp_path.iterdir())


def test_the_largest_seed_works() -> None:
    assert panel(64, 64, seed=LARGEST).damaged.read().shape == (64, 64, 3)
    assert gaussian_noise(GREY, sigma=0.1, seed=LARGEST).shape == GREY.shape
    assert cluster_picture(np.random.default_rng(0).random((8, 8, 2)), count=2, seed=LARGEST).shape == (
        8,
        8,
        3,
    )


@pytest.mark.parametrize(
    "words",
    [
        ["demo", "-o", "out"],
        ["inpaint", "a.png", "--mask", "m.png", "-o", "o.png"],
        ["detect", "a.png", "-o", "o.png"],
        ["encode", "a.png", "-o", "o.ome.zarr", "--clusters", "c.png"],
        ["reproduce", "fills", "-o", "out"],
        ["train", "pconv_dunhuang", "--data", ".", "-o", "RUN"],
    ],
)
@pytest.mark.parametrize("seed", ["-1", "99999999999999999999999"])
def test_every_verb_says_the_same_and_leaves_nothing(
    words: list[str], seed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "m.png"):
        tg.files.write(GREY, tmp_path / name)
    outcome = CliRunner().invoke(app, [*words, "--seed", seed])
    assert outcome.exit_code == 2
    assert SENTENCE in outcome.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.png", "m.png"]
