"""The verb encode, from Python and from the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import tratteggio as tg
from tratteggio import models
from tratteggio.cli.main import app
from tratteggio.errors import BadUsage, MissingExtra, UnknownName, UnsupportedFile
from tratteggio.features import Errors, Latents, View, encode_file
from tratteggio.features.encoding import load_net
from tratteggio.painting import Metadata, Scan, Stack
from tratteggio.phantom import multimodal

RNG = np.random.default_rng(0)
RGB, IRR = RNG.integers(0, 256, (70, 90, 3), np.uint8), RNG.integers(0, 256, (70, 90), np.uint8)
PAIR = Stack((Scan(RGB, metadata=Metadata((300, 300), "inch")), Scan(IRR, "irr")))


def written(folder: Path, model: str) -> Path:
    torch.manual_seed(0)
    card = models.Card(model=model, recipe="none", data=(), licence="open", seed=0, hours=0.0, machine="none")
    models.save(models.build(model), folder / "net.safetensors", card)
    return folder / "net.safetensors"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return written(tmp_path, "fpcae-add:rgb=3,irr=1")


def test_arrays_stacks_and_files_give_the_same_features(weights: Path, tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "rgb.png")
    Image.fromarray(IRR).save(tmp_path / "irr.png")
    z = tg.encode(PAIR, weights=weights)
    assert (z.shape, z.dtype) == ((8, 11, 80), np.float32)
    files = {"rgb": tmp_path / "rgb.png", "irr": tmp_path / "irr.png"}
    for painting in (np.dstack([RGB, IRR]), files):
        np.testing.assert_array_equal(tg.encode(painting, weights=weights, model="fpcae-add"), z)


def test_a_single_scan_is_encoded_by_what_it_is(weights: Path, caplog) -> None:
    z = tg.encode(PAIR["irr"], weights=weights)
    assert z.shape == (8, 11, 80)
    assert "the painting lacks rgb" in caplog.text


def test_features_maps_and_history_are_written_and_read_again(weights: Path, tmp_path: Path) -> None:
    target = tmp_path / "features.ome.zarr"
    history = encode_file(PAIR, target, weights=weights, maps=True)
    net, _ = load_net(None, weights)
    again = tg.open(target)
    assert list(again) == ["features", "error", "disagreement"]
    np.testing.assert_allclose(again["features"].read(), Latents(View(PAIR, net))[:, :], rtol=0, atol=2e-6)
    np.testing.assert_allclose(again["error"].read(), Errors(View(PAIR, net))[:, :], rtol=0, atol=2e-6)
    assert again["features"].um_per_px == pytest.approx(8 * PAIR["rgb"].um_per_px)
    assert history["modalities"] == ["rgb", "irr"]
    assert history["net"]["weights_sha256"] == models.sha256(weights)


def test_one_modality_has_errors_and_nothing_to_disagree_with(weights: Path, tmp_path: Path) -> None:
    target = tmp_path / "features.ome.zarr"
    history = encode_file(PAIR["rgb"], target, weights=weights, maps=True)
    assert list(tg.open(target)) == ["features", "error"]
    assert history["missing"] == ["irr"]


def test_what_cannot_be_encoded_is_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(
        BadUsage, match=r"array is \(H, W, 4\).*got \(70, 90, 3\); where a modality is missing"
    ):
        tg.encode(RGB, weights=weights)
    with pytest.raises(BadUsage, match="contains weights of 'fpcae-add:rgb=3,irr=1', not of 'fp-cae'"):
        tg.encode(PAIR, weights=weights, model="fp-cae")
    with pytest.raises(UnknownName, match="no device named 'gpu'"):
        tg.encode(PAIR, weights=weights, device="gpu")
    with pytest.raises(MissingExtra, match="includes no weights named 'pen-nde'"):
        tg.encode(PAIR, model="pen-nde")
    (tmp_path / "other").mkdir()
    with pytest.raises(UnsupportedFile, match="'pconv-compact', which is not an autoencoder of scans"):
        tg.encode(PAIR, weights=written(tmp_path / "other", "pconv-compact"))


@pytest.mark.parametrize("model", [None, "fp-cae"])
def test_the_weights_that_ship_bring_back_a_panel_that_they_have_not_seen(model: str | None) -> None:
    panel = multimodal(160, 160, seed=77)
    z = tg.encode(panel.stack, model=model)
    assert z.shape == (19, 19, 80)
    net, facts = load_net(model, None)
    torch.manual_seed(0)
    untaught = models.build(facts["model"])
    taught, untrained = (Errors(View(panel.stack, of))[:, :].mean() for of in (net, untaught))
    assert taught < 0.6 * untrained


# --- the command line ------------------------------------------------------------------------------------


def run(*words: object):
    return CliRunner().invoke(app, ["encode", *map(str, words)])


def test_the_verb_writes_features_and_pictures_of_them(weights: Path, tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "rgb.png")
    Image.fromarray(IRR).save(tmp_path / "irr.png")
    target, picture, clusters = (tmp_path / name for name in ("f.ome.zarr", "pca.png", "clusters.png"))
    done = run(
        f"rgb={tmp_path / 'rgb.png'}", f"irr={tmp_path / 'irr.png'}", "--weights", weights, "-o", target,
        "--maps", "--picture", picture, "--clusters", clusters, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["history"]["modalities"] == ["rgb", "irr"]
    assert result["features"] == [8, 11, 80]
    for shown in (picture, clusters):
        assert tg.open(shown)["rgb"].read().shape == (8, 11, 3)


def test_the_verb_says_what_is_missing_and_what_was_made(weights: Path, tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "rgb.png")
    done = run(tmp_path / "rgb.png", "--weights", weights, "-o", tmp_path / "f.ome.zarr")
    assert done.exit_code == 0, done.output
    assert "8 rows x 11 columns of features, 80 numbers" in done.stdout
    assert "note: the painting lacks irr" in done.stderr


def test_the_verb_ends_with_usage_where_scans_are_named_half(weights: Path, tmp_path: Path) -> None:
    done = run("a.png", "irr=b.png", "--weights", weights, "-o", tmp_path / "f.ome.zarr")
    assert done.exit_code == 2
    assert "scans each named MODALITY=FILE" in done.stderr
