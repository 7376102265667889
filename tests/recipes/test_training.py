"""A recipe put to work: which pictures teach, which judge, what the weights tell of it."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from tratteggio import losses, models, recipes
from tratteggio.datasets.images import HELD_OUT, split_images
from tratteggio.degradation import make_damage
from tratteggio.errors import BadUsage, MissingExtra, UnreadableFile
from tratteggio.recipes._judges import feature_net
from tratteggio.training.recipe import Recipe, from_json

TINY = Recipe(
    name="tiny", model="pconv-compact", steps=2, batch=1, side=32, rate=1e-3, loss="mse", damage="cracks",
    validate_every=2, keep_every=1,
)  # fmt: skip
CRACKS = make_damage("cracks")
FINDS = Recipe(
    name="finds", model="ti-unet:channels=8,classes=1,filters=4,cell=2", steps=2, batch=2, side=40,
    loss="finding", damage="large_losses", dataset="losses", keep_every=1,
)  # fmt: skip


def picture(file: Path, side: int = 40, seed: int = 0) -> None:
    file.parent.mkdir(exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side + 8, 3), np.uint8)
    Image.fromarray(pixels).save(file)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(6):
        picture(folder / f"{number}.png", seed=number)
    return folder


def train(folder: Path, run: Path, recipe: Recipe = TINY, **options: Any) -> Path:
    return recipes.train(recipe, folder, run, device="cpu", **options)


# --- which pictures ----------------------------------------------------------------------------------


def test_whole_pictures_are_set_aside_and_listed(folder: Path, tmp_path: Path) -> None:
    weights = train(folder, tmp_path / "run", set_aside=0.5, licence="open")
    learnt, aside = (
        (tmp_path / "run" / name).read_text().splitlines() for name in ("pictures.txt", "set_aside.txt")
    )
    assert sorted(learnt + aside) == [f"{number}.png" for number in range(6)]
    assert learnt
    assert aside
    card = models.read_card(weights)
    assert card.data == tuple(learnt)
    assert (card.model, card.licence, card.seed) == ("pconv-compact", "open", 0)
    assert from_json(card.recipe) == TINY
    assert set(card.figures) == {"loss", "psnr_lost"}


def test_what_is_set_aside_depends_on_names_alone(folder: Path) -> None:
    found = [split_images(folder, only=None, set_aside=0.3, side=side, damage=CRACKS) for side in (16, 32)]
    assert found[0].aside == found[1].aside
    assert set(found[0].aside).isdisjoint(found[0].names)


def test_patches_held_out_are_upright_cut_from_pictures_set_aside_and_always_the_same(folder: Path) -> None:
    found = split_images(folder, only=None, set_aside=0.3, side=32, damage=CRACKS)
    again = split_images(folder, only=None, set_aside=0.3, side=32, damage=CRACKS)
    assert len(found.held_out) == HELD_OUT
    for (truth, known), (other, other_known) in zip(found.held_out, again.held_out, strict=True):
        assert np.array_equal(truth, other)
        assert np.array_equal(known, other_known)
    pixels = [np.asarray(Image.open(folder / name)) for name in found.aside]
    for truth, _ in found.held_out[::8]:
        levels = np.rint(truth.transpose(1, 2, 0) * 255).astype(np.uint8)
        views = [
            np.lib.stride_tricks.sliding_window_view(p, (32, 32, 3)).reshape(-1, 32, 32, 3) for p in pixels
        ]
        assert any((view == levels).all(axis=(1, 2, 3)).any() for view in views)


def test_none_set_aside_measures_nothing(folder: Path, tmp_path: Path) -> None:
    card = models.read_card(train(folder, tmp_path / "run", set_aside=0))
    assert len(card.data) == 6
    assert not card.figures


def test_only_the_pictures_of_a_list_are_taken(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("# two\n1.png\n4.png\n")
    found = split_images(folder, only=tmp_path / "list.txt", set_aside=0.5, side=32, damage=CRACKS)
    assert sorted([*found.names, *found.aside]) == ["1.png", "4.png"]


def test_pictures_smaller_than_a_patch_are_left_out_and_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number, side in enumerate((20, 40, 41, 31)):
        picture(tmp_path / f"{number}.png", side)
    found = split_images(tmp_path, only=None, set_aside=0.5, side=32, damage=CRACKS)
    assert sorted([*found.names, *found.aside]) == ["1.png", "2.png"]
    assert (
        "2 of 4 images are smaller than a patch of 32 pixels and are left out, for example 0.png"
        in caplog.text
    )


def test_a_picture_set_aside_that_cannot_be_decoded_is_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(40):
        picture(tmp_path / f"{number:02}.png")
    aside = split_images(tmp_path, only=None, set_aside=0.1, side=32, damage=CRACKS).aside
    broken = tmp_path / aside[1]
    broken.write_bytes(broken.read_bytes()[:-2000])
    found = split_images(tmp_path, only=None, set_aside=0.1, side=32, damage=CRACKS)
    assert found.aside == tuple(name for name in aside if name != aside[1])
    assert found.learnt.unreadable == (aside[1],)
    assert "the picture is left out" in caplog.text


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_out_of_range_is_refused(folder: Path, share: float) -> None:
    with pytest.raises(BadUsage, match="share to set aside must be 0 or more and less than 1"):
        split_images(folder, only=None, set_aside=share, side=32, damage=CRACKS)


def test_the_card_of_many_pictures_holds_one_hash(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tratteggio.recipes._training.MOST_NAMED", 3)
    (told,) = models.read_card(train(folder, tmp_path / "run", set_aside=0)).data
    assert told.startswith("6 pictures, sha256 of the list ")


# --- runs --------------------------------------------------------------------------------------------


def test_settings_reach_the_run_and_the_seed_the_weights(folder: Path, tmp_path: Path) -> None:
    one, same, other = (
        load_file(train(folder, tmp_path / name, settings=[f"seed={seed}"]))
        for name, seed in (("one", 1), ("same", 1), ("other", 2))
    )
    assert from_json((tmp_path / "one" / "recipe.json").read_text()).seed == 1
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_a_run_is_not_resumed_on_other_pictures(folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    weights = train(folder, run)
    before = weights.read_bytes()
    with pytest.raises(BadUsage, match=r"pictures.txt records how the run was started, and '.*png'"):
        train(folder, run, set_aside=0.8, resume=True)
    (run / "set_aside.txt").unlink()  # as if killed before it was written
    assert train(folder, run, resume=True).read_bytes() == before
    assert (run / "set_aside.txt").exists()


def test_tuning_needs_weights_to_begin_with_which_the_card_names_without_their_folder(
    folder: Path, tmp_path: Path
) -> None:
    begun = train(folder, tmp_path / "begun")
    with pytest.raises(BadUsage, match="dunhuang_pconv_mse_ssim tunes a net .* .*init_from=FILE"):
        train(folder, tmp_path / "tuned", "dunhuang_pconv_mse_ssim")
    tuned = train(folder, tmp_path / "tuned", settings=[f"init_from={begun}", "rate=1e-12"])
    assert from_json(models.read_card(tuned).recipe).init_from == "weights.safetensors"
    a, b = load_file(begun), load_file(tuned)
    assert all(torch.allclose(a[name], b[name], atol=1e-6) for name in a)


def test_one_picture_alone_cannot_be_split(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "one.png")
    with pytest.raises(BadUsage, match="at least two pictures are needed to set one aside, got 1"):
        train(tmp_path / "a", tmp_path / "run")
    assert train(tmp_path / "a", tmp_path / "run", set_aside=0).exists()


# --- feature nets ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights in torchvision's layout, as deep as the poster's tap."""
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("features") / "vgg.safetensors"
    save_file(losses.Vgg16(losses.POSTER_TAPS).state_dict(), file)
    return file


def test_a_run_names_its_judge_and_goes_on_with_no_other(folder: Path, tmp_path: Path, vgg: Path) -> None:
    choices = ["loss=poster", "steps=1"]
    weights = train(folder, tmp_path / "run", settings=choices, features=vgg)
    sha256 = models.sha256(vgg)
    assert from_json(models.read_card(weights).recipe).loss_options == {"features_sha256": sha256}
    other = tmp_path / "other.safetensors"
    save_file({name: 2 * tensor for name, tensor in load_file(vgg).items()}, other)
    with pytest.raises(BadUsage, match=f"another recipe .*{sha256}"):
        train(folder, tmp_path / "run", settings=choices, features=other, resume=True)
    demand = [*choices, f"loss_options.features_sha256={sha256}"]
    with pytest.raises(UnreadableFile, match=f"must have the sha256 {sha256}"):
        train(folder, tmp_path / "run2", settings=demand, features=other)
    assert train(folder, tmp_path / "run2", settings=demand, features=vgg).exists()


def test_a_net_of_ours_can_judge_with_its_encoder(folder: Path, tmp_path: Path) -> None:
    weights = train(folder, tmp_path / "run")
    net, sha256 = feature_net(weights, taps=("pool1",), sha256=None)
    assert (net.name, sha256) == ("pconv-compact encoder", models.sha256(weights))
    assert not any(parameter.requires_grad for parameter in net.parameters())
    x = torch.rand(1, 3, 32, 48, requires_grad=True)
    (tap,) = net.taps(x)
    assert tap.shape == (1, 128, 2, 3)
    tap.sum().backward()
    assert x.grad.abs().sum() > 0
    with pytest.raises(UnreadableFile, match="must have the sha256 abc"):
        feature_net(weights, taps=("pool1",), sha256="abc")
    assert train(folder, tmp_path / "judged", settings=["loss=liu"], features=weights).exists()


def test_a_judge_that_is_missing_or_not_needed_is_told_of(folder: Path, tmp_path: Path, vgg: Path) -> None:
    with pytest.raises(MissingExtra, match="give its weights with `features=FILE`"):
        train(folder, tmp_path / "run", settings=["loss=liu"])
    with pytest.raises(MissingExtra, match="there is no file"):
        train(folder, tmp_path / "run", settings=["loss=liu"], features=tmp_path / "none.pth")
    with pytest.raises(BadUsage, match="mse uses no feature net; omit `features=...`"):
        train(folder, tmp_path / "run", features=vgg)
    assert not (tmp_path / "run").exists()


# --- descriptors ----------------------------------------------------------------------------------------


def test_descriptors_that_ship_are_fitted_to_one_painting(tmp_path: Path) -> None:
    """As the recipe tells, but for a few steps: what it brings back of that painting is nearer to it."""
    stripes = np.indices((66, 88)).sum(axis=0) % 5 < 2
    colour = np.where(stripes[..., None], (230, 40, 20), (20, 60, 150)).astype(np.uint8)
    (tmp_path / "one").mkdir()
    Image.fromarray(colour).save(tmp_path / "one" / "painting.png")
    fitted = recipes.train(
        "descriptor", tmp_path / "one", tmp_path / "fitted", device="cpu", set_aside=0,
        settings=["steps=60", "init_from=descriptor-v32"],
    )  # fmt: skip
    card = models.read_card(fitted)
    assert from_json(card.recipe).init_from == "descriptor-v32"
    assert card.data == ("painting.png",)
    squares = [colour[r : r + 22, c : c + 22] for r in range(0, 45, 11) for c in range(0, 67, 11)]
    x = torch.from_numpy(np.stack(squares) / np.float32(255)).movedim(-1, 1)
    with torch.inference_mode():
        off = [
            (models.load(weights)[0](x) - x[..., 3:-3, 3:-3]).square().mean().item()
            for weights in (models.find("descriptor-v32"), fitted)
        ]
    assert off[1] < 0.95 * off[0]


# --- variational autoencoders --------------------------------------------------------------------------


def test_whole_pictures_are_squared_and_grey_for_a_net_of_one_colour(folder: Path, tmp_path: Path) -> None:
    weights = recipes.train(
        "vae_inpainting", folder, tmp_path / "run", device="cpu", set_aside=0.4,
        settings=["steps=2", "batch=2", "side=32", "validate_every=2"],
    )  # fmt: skip
    figures = models.read_card(weights).figures
    assert set(figures) == {"loss", "psnr_lost", "active_units"}
    found = split_images(folder, only=None, set_aside=0.4, side=32, damage=CRACKS, channels=1, whole=True)
    truth, _ = found.held_out[0]
    assert truth.shape == (1, 32, 32)
    with Image.open(folder / found.aside[0]) as file:
        grey = file.convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    assert np.abs(truth[0] * 255 - np.asarray(grey, np.float32)).max() < 3  # luma is rounded before or after


def test_a_net_built_on_another_begins_with_its_weights(folder: Path, tmp_path: Path) -> None:
    begun = train(folder, tmp_path / "first")
    weights = recipes.train(
        "vae_fill", folder, tmp_path / "second", device="cpu",
        settings=["steps=1", "batch=1", "side=32", "rate=1e-9", "schedule=constant", f"init_from={begun}"],
    )  # fmt: skip
    first, second = load_file(begun), load_file(weights)
    for name, tensor in first.items():
        torch.testing.assert_close(second[f"foundation.{name}"], tensor, rtol=0, atol=1e-6)


def test_folders_tell_a_net_what_its_pictures_show(folder: Path, tmp_path: Path) -> None:
    for name in ("0.png", "1.png", "2.png"):
        for kind in ("cats", "dogs"):
            (tmp_path / "pets" / kind).mkdir(parents=True, exist_ok=True)
            (tmp_path / "pets" / kind / name).write_bytes((folder / name).read_bytes())
    small = ["steps=2", "batch=2", "side=32", "rate=0.01", "warmup=0", "schedule=constant"]
    weights = recipes.train(
        "vae_fill", tmp_path / "pets", tmp_path / "run", device="cpu", set_aside=0.4,
        settings=[*small, "model=vae-fill:attributes=cats+dogs"],
    )  # fmt: skip
    net, card = models.load(weights)
    assert net.attributes == ("cats", "dogs")
    assert card.model == "vae-fill:attributes=cats+dogs"
    assert load_file(weights)["shifts.linear.weight"].any()
    found = split_images(
        tmp_path / "pets", only=None, set_aside=0.4, side=32, damage=CRACKS, attributes=("cats", "dogs")
    )
    kinds = {"cats": [1, 0], "dogs": [0, 1]}
    each = len(found.held_out) // len(found.aside)
    for number, name in enumerate(found.aside):
        assert found.held_out[each * number][2].tolist() == kinds[name.partition("/")[0]]


def test_an_attribute_that_no_picture_has_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="no picture to learn from has the attribute 'cats'"):
        train(folder, tmp_path / "run", settings=["model=vae-fill:attributes=cats"])


# --- colours for grey ----------------------------------------------------------------------------------


TINY_COLOUR = (
    "steps=2", "batch=2", "side=32", "reduced=36", "warmup=0", "validate_every=2", "keep_every=2",
)  # fmt: skip


def test_colours_are_learnt_from_reduced_pictures(folder: Path, tmp_path: Path) -> None:
    found = split_images(folder, only=None, set_aside=0.4, side=30, damage=make_damage("none"), reduced=36)
    assert found.learnt.grid(0) == (30, 36)  # 40 x 48 before
    weights = recipes.train(
        "colorizer_compact", folder, tmp_path / "run", device="cpu", set_aside=0.4,
        settings=[*TINY_COLOUR, "side=24"],
    )  # fmt: skip
    figures = models.read_card(weights).figures
    assert set(figures) == {"loss", "psnr"}


def test_colours_are_weighed_by_what_is_frequent_among_the_pictures(tmp_path: Path) -> None:
    """Of pictures of one brown and a little blue: without rebalancing the same run loses less at first."""
    (tmp_path / "data").mkdir()
    pixels = np.full((48, 48, 3), (120, 90, 50), np.uint8)
    pixels[:8, :8] = (20, 40, 220)
    for number in range(3):
        Image.fromarray(pixels).save(tmp_path / "data" / f"{number}.png")
    told = {}
    for name, even in (("rebalanced", 0.5), ("plain", 1.0)):
        recipes.train(
            "colorizer_compact", tmp_path / "data", tmp_path / name, device="cpu", set_aside=0,
            settings=[*TINY_COLOUR, f"loss_options.even={even}", "reduced=48"],
        )  # fmt: skip
        lines = (tmp_path / name / "journal.jsonl").read_text("utf-8").splitlines()
        told[name] = next(json.loads(line)["loss"] for line in lines if "loss" in json.loads(line))
    assert told["plain"] == pytest.approx(math.log(313), rel=0.1)
    assert told["rebalanced"] < 0.5 * told["plain"]


def test_a_net_that_finds_cracks_is_trained_on_a_folder_and_serves_its_detector(tmp_path):
    from tratteggio.treatment import make_detector

    (tmp_path / "pictures").mkdir()
    pixels = np.random.default_rng(0).integers(60, 200, (140, 150, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "pictures" / "one.png")
    settings = ["steps=2", "batch=2", "side=32"]
    weights = recipes.train(
        "cracks", tmp_path / "pictures", tmp_path / "run", settings=settings, device="cpu"
    )
    detector, _ = make_detector(f"cracks:weights={weights}", device="cpu")
    assert detector.parameters["model"] == "crack-unet"
    assert (tmp_path / "run" / "pictures.txt").read_text("utf-8") == "one.png\n"


def test_losses_are_learnt_near_by_and_from_afar_where_a_picture_is_large_enough():
    from tratteggio.datasets.losses import _near_and_far
    from tratteggio.training.sources import Arrays

    source = Arrays([np.zeros((900, 1280, 3), np.uint8), np.zeros((300, 1280, 3), np.uint8)])
    shown = _near_and_far(source, 160)
    assert [shown.grid(number) for number in range(len(shown))] == [(900, 1280), (300, 1280), (450, 640)]


def test_a_net_that_finds_losses_learns_from_simulated_losses(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("tratteggio.datasets.losses.PANEL_GRID", (64, 64))
    file = recipes.train(FINDS, folder, tmp_path / "run", set_aside=0.2)
    net, card = models.load(file)
    assert card.model == FINDS.model
    assert (tmp_path / "run" / "set_aside.txt").read_text()
    assert net(torch.rand(1, 8, 40, 42)).shape == (1, 1, 4, 6)
    journal = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    assert journal[-1]["parts"]["overlap"] > 0
    assert not any("validation" in line for line in journal), "of what is found no picture is a proposal"
