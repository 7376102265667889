"""A net of several modalities put to learn: from halves of paintings that have them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tratteggio import models, recipes, treatment
from tratteggio.datasets.paintings import HELD_OUT, split_paintings
from tratteggio.degradation import make_damage
from tratteggio.errors import BadUsage
from tratteggio.painting import Scan, Stack
from tratteggio.training.recipe import from_json

NOTHING = make_damage("none")
PAIR = {"rgb": 3, "irr": 1}


def stack(seed: int = 0, rows: int = 120, cols: int = 70) -> Stack:
    rng = np.random.default_rng(seed)
    rgb, irr, xray = (rng.integers(0, 256, (rows, cols, n), np.uint8) for n in (3, 1, 1))
    return Stack((Scan(xray[..., 0], "xray"), Scan(rgb), Scan(irr[..., 0], "irr")))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders that are paintings, and one that is not."""
    for name in ("panel a", "panel b", "notes"):
        place = tmp_path / "data" / name
        place.mkdir(parents=True)
        if name != "notes":
            (place / "painting.toml").write_text("")
    monkeypatch.setattr(treatment, "open", lambda place: stack(seed=len(place.name) + ord(place.name[-1])))
    return tmp_path / "data"


def gathered(folder: Path, **options):
    return split_paintings(
        folder,
        **{"modalities": PAIR, "side": 32, "damage": NOTHING, "filled": None, "set_aside": True, **options},
    )


def test_one_half_of_each_painting_is_learnt_from_in_the_order_of_the_net(folder: Path) -> None:
    found = gathered(folder)
    assert found.names == ("panel a", "panel b")
    assert [found.learnt.grid(number) for number in range(2)] == [(44, 70)] * 2
    assert found.learnt.read(0).shape == (44, 70, 4)
    assert len(found.held_out) == HELD_OUT
    truth, known = found.held_out[0]
    assert truth.shape == (4, 32, 32)
    assert (known == 1).all()
    assert gathered(folder / "panel a").names == ("panel a",)


def test_nothing_set_aside_learns_from_all(folder: Path) -> None:
    found = gathered(folder, set_aside=False)
    assert (found.learnt.grid(0), found.held_out) == ((120, 70), [])
    assert found.manifest == {"pictures.txt": "panel a, whole\npanel b, whole\n"}


def test_a_modality_that_is_not_there_is_named_with_a_net_that_would_do(folder: Path) -> None:
    with pytest.raises(BadUsage, match=r"panel a lacks uvf of 3 channels.*model=fp-cae:xray=1,rgb=3,irr=1"):
        gathered(folder, modalities={"rgb": 3, "uvf": 3})
    with pytest.raises(BadUsage, match="lacks rgb of 1 channels"):
        gathered(folder, modalities={"rgb": 1, "irr": 1})


def test_where_there_is_no_painting_it_is_said_what_one_is(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match=r"holds no painting of several modalities.*painting\.toml"):
        gathered(tmp_path)
    with pytest.raises(BadUsage, match="holds no painting"):
        gathered(tmp_path / "nowhere")


@pytest.mark.parametrize(("recipe", "kind"), [("fpcae_stacked", "fp-cae"), ("fpcae_separated", "fpcae-add")])
def test_a_recipe_trains_on_the_modalities_that_are_named(
    folder: Path, tmp_path: Path, recipe: str, kind: str
) -> None:
    settings = [f"model={kind}:rgb=3,irr=1", "steps=3", "batch=4", "absent=0.3", "loss_options.padding=same"]
    weights = recipes.train(recipe, folder, tmp_path / "run", settings=settings, device="cpu")
    net, card = models.load(weights)
    assert net.modalities == PAIR
    assert set(card.figures) == {"loss", "psnr"}
    assert card.data == ("panel a", "panel b")
    assert from_json(card.recipe).absent == 0.3
    assert (tmp_path / "run" / "samples" / "step-3.png").exists()


def test_what_is_learnt_to_be_filled_is_judged_alone(folder: Path, tmp_path: Path) -> None:
    """Of the last layer, that of the other modality has nothing to learn: its gradient is 0."""
    settings = ["model=fp-cae:irr=1,rgb=3", "steps=1", "batch=2", "side=32"]
    weights = recipes.train("fpcae_fill", folder, tmp_path / "run", settings=settings, device="cpu")
    net, card = models.load(weights)
    torch.manual_seed(from_json(card.recipe).seed)
    before = models.build(card.model).decoder.layers[-1].convolution.bias
    moved = (net.decoder.layers[-1].convolution.bias != before).tolist()
    assert moved == [False, True, True, True]
    assert set(card.figures) == {"loss", "psnr_lost"}


def test_a_modality_to_fill_must_be_one_of_the_net(folder: Path, tmp_path: Path) -> None:
    for model in ("fp-cae:irr=1,xray=1", "fp-cae:rgb=3"):
        with pytest.raises(BadUsage, match=f"got 'rgb' for {model}"):
            recipes.train("fpcae_fill", folder, tmp_path / "run", settings=[f"model={model}"], device="cpu")


def test_an_autoencoder_of_colour_alone_learns_from_a_folder_of_pictures(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "data").mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 48, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "data" / f"{number}.png")
    settings = ["model=fp-cae:rgb=3", "steps=2", "batch=4"]
    weights = recipes.train(
        "fpcae_stacked", tmp_path / "data", tmp_path / "run", settings=settings, device="cpu"
    )
    assert models.read_card(weights).model == "fp-cae:rgb=3"


def test_a_list_of_pictures_does_not_go_with_paintings(folder: Path, tmp_path: Path) -> None:
    settings = ["model=fp-cae:rgb=3,irr=1"]
    with pytest.raises(BadUsage, match="leave `only=...` out"):
        recipes.train("fpcae_stacked", folder, tmp_path / "run", settings=settings, only="list.txt")
