"""The verb explain: any net that ships, any painting, and a page of it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from typer.testing import CliRunner

import tratteggio as tg
from tratteggio import models
from tratteggio.cli.main import app
from tratteggio.errors import BadPixels, BadUsage, UnknownName, UnreadableFile
from tratteggio.explanation import explain_page, explaining
from tratteggio.explanation.explaining import cut, explain
from tratteggio.explanation.inputs import InputSpec, choose_windows, find_input_spec, prepare, show
from tratteggio.explanation.layers import layers
from tratteggio.explanation.patches import Strongest
from tratteggio.painting import Region, Scan, Stack
from tratteggio.phantom import multimodal, panel


@pytest.fixture(scope="module")
def paint() -> np.ndarray:
    return panel(96, 80, seed=2).painted.read()


@pytest.mark.parametrize("name", models.shipped())
def test_every_net_that_ships_can_be_shown_a_phantom(name: str) -> None:
    """Without a list: a net that comes says by itself what it takes."""
    net, _ = models.load(models.find(name))
    painting = Stack((panel(128, 96).painted, *multimodal(128, 96).stack.scans))
    what = find_input_spec(net)
    stack = prepare(net, painting, what.light)
    (region,) = choose_windows(what, stack.grid, longest=96, count=1, name=name)
    shown = show(net, stack, region)
    with torch.no_grad():
        found = layers(net, shown.x, shown.known)
    assert found
    assert all(image.shape == (*shown.x.shape[2:], 3) for image in shown.images.values())


@pytest.mark.parametrize("name", ["descriptor-v32", "fp-cae"])
def test_a_page_shows_all_that_was_found(name: str, paint: np.ndarray) -> None:
    painting = paint if name != "fp-cae" else multimodal(96, 80, seed=1).stack
    found = explain(name, painting)
    assert len(found.shown) == 3
    page = explain_page(found)
    for word in (name, *(one.name for one in found.layers), "deconvolutional", "A grey square", found.data):
        assert word in page
    assert page.count("<img") >= 2 + len(found.shown) * 2
    for close in found.shown:
        assert all(
            patch.paint.shape[:2] == patch.projection.shape[:2]
            for one in close.features
            for patch in one.patches
        )


def test_the_same_question_has_the_same_page(paint: np.ndarray) -> None:
    pages = {explain_page(explain("descriptor-v32", paint, layer="encoder.2")) for _ in range(2)}
    assert len(pages) == 1


def test_patches_come_from_the_folder(tmp_path: Path, paint: np.ndarray) -> None:
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = np.random.default_rng(0).integers(0, 256, (64, 64))
    for number in range(2):
        Image.fromarray(red).save(tmp_path / f"{number}.png")
    steps: list[tuple[int, int]] = []
    found = tg.explain(
        "descriptor-v32",
        paint,
        data=tmp_path,
        layer="encoder.0",
        progress=lambda done, total: steps.append((done, total)),
    )
    assert steps == [(done, len(steps)) for done in range(1, len(steps) + 1)], "the last step is the total"
    patches = [patch for one in found.shown[0].features for patch in one.patches]
    assert patches
    assert not any(patch.paint[..., 1:].any() for patch in patches)
    assert "2 windows of 64 × 64" in found.data


def test_missing_modalities_are_told_and_left_out() -> None:
    whole = multimodal(96, 80, seed=1).stack
    found = explain("fp-cae", Stack((whole["irr"],)), layer="encoder.layers.0.convolution")
    assert list(found.images) == ["irr"]
    assert "Masked as missing: " in explain_page(found)


@pytest.mark.parametrize("name", ["denoiser", "lowlight-raw-narrow", "srcnn-915", "colorizer-compact"])
def test_nets_that_take_no_plain_images_are_shown_all_the_same(name: str) -> None:
    net = models.build(name).eval()
    what = find_input_spec(net)
    stack = prepare(net, Stack((panel(96, 96).painted,)), what.light)
    shown = show(net, stack, Region(0, 0, 96, 96))
    assert shown.x.shape[1] == what.channels
    with torch.no_grad():
        assert layers(net, shown.x, shown.known)


def test_a_net_that_answers_for_the_middle_alone_is_shown_more_around() -> None:
    """What people see of it is on the grid of what the net sees."""
    net = models.build("ti-unet:channels=8,classes=1,depth=2,cell=4").eval()
    what = find_input_spec(net)
    assert what.inner == what.side + net.form.loss_px
    light = panel(64, 96).painted
    stack = prepare(net, Stack((light,)), what.light)
    shown = show(net, stack, Region(0, 0, 64, 96))
    with torch.no_grad():
        assert net(shown.x).shape == (1, 1, 64, 96)
    (image,) = shown.images.values()
    assert image.shape == (64 + net.form.loss_px, 96 + net.form.loss_px, 3)
    half = net.form.loss_px // 2
    np.testing.assert_array_equal(image[half : half + 64, half : half + 96], light.read())


def test_a_net_may_say_how_it_is_shown_light() -> None:
    class Packed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Conv2d(12, 1, 3, padding=1)

        def from_rgb(self, x: Tensor) -> Tensor:
            return nn.functional.pixel_unshuffle(x, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x)

    stack = prepare(Packed(), Stack((panel(64, 64).painted,)), 3)
    assert find_input_spec(Packed()) == InputSpec(3, 16, False, 12, 8)
    shown = show(Packed(), stack, Region(0, 0, 64, 64))
    assert shown.x.shape == (1, 12, 32, 32)
    assert shown.images["rgb"].shape == (32, 32, 3)


def test_a_net_that_takes_neither_is_refused() -> None:
    with pytest.raises(BadUsage, match="from_rgb"):
        find_input_spec(nn.Conv2d(7, 1, 3))


def test_a_patch_beyond_the_image_is_grey_there() -> None:
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    got = cut(image, Strongest(0, 0, 0, 1.0, Region(-1, 2, 2, 6)))
    assert got.shape == (3, 4, 3)
    assert (got[0] == 128).all()
    assert (got[1:, 2:] == 128).all()
    assert (got[1:, :2] == image[:2, 2:]).all()


def test_windows_are_apart_and_within() -> None:
    net = InputSpec(3, 16, False, 3, 16)
    found = choose_windows(net, (300, 500), longest=64, count=12, name="x")
    assert len(found) <= 12
    assert len(found) >= 8
    whole = Region(0, 0, 300, 500)
    assert all(whole.holds(one) for one in found)
    assert all(one.meet(other).empty for one in found for other in found if one is not other)
    assert choose_windows(net, (40, 500), longest=64, count=1, name="x")[0].rows == 32


# --- bad input -----------------------------------------------------------------------------------------


def test_unknown_nets_and_layers_are_helped_with(paint: np.ndarray) -> None:
    with pytest.raises(UnknownName, match="no net named 'descriptor-v33'; did you mean 'descriptor-v32'"):
        explain("descriptor-v33")
    with pytest.raises(BadUsage, match="no included weights"):
        explain("vae-published")
    with pytest.raises(UnknownName, match=r"no layer named 'encoder.1'; did you mean 'encoder"):
        explain("descriptor-v32", paint, layer="encoder.1")


def test_a_painting_that_is_too_small_is_refused() -> None:
    with pytest.raises(BadUsage, match="20 rows x 80 columns, .* needs at least 32"):
        explain("descriptor-v32", np.zeros((20, 80, 3), np.uint8))


def test_a_painting_without_what_the_net_knows_is_refused() -> None:
    with pytest.raises(BadUsage, match="has only sonar"):
        explain("fp-cae", Scan(np.zeros((64, 64), np.uint8), "sonar"))
    with pytest.raises(BadUsage, match="3 channels, but"):
        explain("descriptor-v32", np.zeros((64, 64, 5), np.uint8))


def test_pixels_that_are_no_numbers_are_refused(paint: np.ndarray) -> None:
    bad = paint.astype(np.float32) / 255
    bad[48, 40] = np.nan
    with pytest.raises(BadPixels, match="NaN"):
        explain("descriptor-v32", bad)


def test_a_folder_without_images_is_refused(tmp_path: Path, paint: np.ndarray) -> None:
    with pytest.raises(BadUsage, match="holds no images"):
        explain("descriptor-v32", paint, data=tmp_path)
    with pytest.raises(UnreadableFile, match="is not a folder"):
        explain("descriptor-v32", paint, data=tmp_path / "none")


# --- the command line ----------------------------------------------------------------------------------


def test_the_verb_writes_a_page_of_a_phantom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "PHANTOM", (128, 96))
    page = tmp_path / "inside.html"
    done = CliRunner().invoke(
        app, ["explain", "descriptor-v32", "-o", str(page), "--layer", "encoder.2", "--json"]
    )
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["shown"] == ["encoder.2"]
    second = result["layers"][1]
    assert (second["name"], second["features"], second["sees_px"]) == ("encoder.2", 8, [5, 5])
    assert 0 < second["above_0"] <= 8
    assert "https://" not in page.read_text("utf-8")


def test_a_page_has_the_name_of_a_page(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["explain", "descriptor-v32", "-o", str(tmp_path / "inside.png")])
    assert done.exit_code == 2
    assert "inside.html" in done.output


def test_an_image_in_place_of_the_net_is_named_as_such() -> None:
    with pytest.raises(BadUsage, match="panel.tif is an image, but the first argument is a net"):
        explain("panel.tif")
