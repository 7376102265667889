"""Engine vae draws several fills from one look, lays their mean, and is sure where they agree."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio import models
from tratteggio.engines import pconv, vae
from tratteggio.errors import BadUsage, UnknownName, UnsupportedFile
from tratteggio.metrics import stated_error
from tratteggio.painting import Lacunae, Scan, Stack
from tratteggio.roles import Sampler


@pytest.fixture(scope="module")
def file(random_weights: Path) -> Path:
    return random_weights / f"{vae.WEIGHTS}.safetensors"


@pytest.fixture(scope="module")
def engine(file: Path) -> vae.Vae:
    return vae.make(seed=3, device="cpu", weights=file)


def scene(channels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Paint that runs over all levels of 8 bit, so that stretching it changes nothing; a crack and a loss."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (48, 64, channels)).astype(np.uint8)
    picture[0, 0], picture[0, 1] = 0, 255
    lost = np.zeros((48, 64), bool)
    lost[10:40, 20:22] = lost[5:25, 40:60] = True
    picture[lost] = 0
    return picture, lost


def answer(engine: vae.Vae, picture: np.ndarray, lost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return engine.fill(Stack((Scan(picture),)), Lacunae(lost), None)


def by_hand(file: Path, picture: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Draw from the net with nothing but torch: (draws, h, w, 3)."""
    net, _ = models.load(file)
    x = torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None]
    known = torch.from_numpy(~lost).float()[None, None]
    with torch.no_grad():
        drawn = net.samples(x * known, known, count=vae.DRAWS, rng=torch.Generator().manual_seed(3))
    return np.stack([255 * one[0].permute(1, 2, 0).numpy() for one in drawn])


def test_the_fill_is_the_mean_of_the_draws_and_confidence_states_their_spread(engine, file) -> None:
    picture, lost = scene()
    draws = by_hand(file, picture, lost)
    fill, confidence = answer(engine, picture, lost)
    assert_allclose(fill, draws.mean(axis=0), atol=1e-2)
    spread = draws.std(axis=0).max(axis=2) / 255
    assert_allclose(stated_error(confidence), spread, atol=1e-4)
    assert spread[lost].min() > 0


def test_a_sample_is_one_of_the_draws(engine, file) -> None:
    picture, lost = scene()
    draws = by_hand(file, picture, lost)
    for number in (1, vae.DRAWS):
        assert_allclose(answer(engine.sample(number), picture, lost)[0], draws[number - 1], atol=1e-2)
    beyond, _ = answer(engine.sample(vae.DRAWS + 2), picture, lost)
    assert all(np.abs(beyond - draw).max() > 0.01 for draw in draws)


def test_the_seed_chooses_the_draws(engine, file) -> None:
    picture, lost = scene()
    again = vae.make(seed=3, device="cpu", weights=file)
    other = vae.make(seed=4, device="cpu", weights=file)
    assert_array_equal(answer(again, picture, lost)[0], answer(engine, picture, lost)[0])
    assert not np.array_equal(answer(other, picture, lost)[0], answer(engine, picture, lost)[0])


@pytest.mark.parametrize("channels", [1, 4])
def test_any_number_of_channels_is_filled(engine, channels: int) -> None:
    picture, lost = scene(channels)
    fill, confidence = answer(engine, picture, lost)
    assert fill.shape == picture.shape
    assert confidence.shape == lost.shape
    assert confidence.dtype == np.float32


def test_it_is_a_sampler_whose_history_names_the_sample(engine) -> None:
    assert isinstance(engine, Sampler)
    assert engine.sample(2).parameters["sample"] == 2
    assert "sample" not in engine.parameters


@pytest.mark.parametrize("number", [0, -1])
def test_samples_are_numbered_from_1(engine, number: int) -> None:
    with pytest.raises(BadUsage, match="from 1"):
        engine.sample(number)


def test_weights_of_another_net_are_refused(random_weights: Path) -> None:
    with pytest.raises(UnsupportedFile, match="engine vae takes those of vae-fill"):
        vae.make(weights=random_weights / f"{pconv.WEIGHTS}.safetensors")


def test_grey_weights_are_refused_with_both_nets_named(tmp_path: Path) -> None:
    grey = "vae-compact:colours=1"
    card = models.Card(model=grey, recipe="none", data=(), licence="open", seed=0, hours=0.0, machine="none")
    models.save(models.build(grey), tmp_path / "grey.safetensors", card)
    with pytest.raises(UnsupportedFile, match="'vae-compact:colours=1', but engine vae takes .* vae-fill"):
        vae.make(weights=tmp_path / "grey.safetensors")


# --- attributes ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a net that is told of attributes."""
    torch.manual_seed(0)
    net = models.build("vae-fill:attributes=saint+landscape")
    for parameter in net.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.01)
    file = tmp_path_factory.mktemp("told") / "told.safetensors"
    card = models.Card(
        model="vae-fill:attributes=saint+landscape", recipe="none", data=(), licence="open", seed=0,
        hours=0.0, machine="none",
    )  # fmt: skip
    models.save(net, file, card)
    return file


@pytest.mark.parametrize("channels", [1, 3])
def test_what_the_painting_shows_changes_the_fill_and_stands_in_the_history(told_file, channels: int) -> None:
    picture, lost = scene(channels)
    engines = [
        vae.make(device="cpu", weights=told_file, attributes=attributes)
        for attributes in ([], ["saint"], ["landscape"], ["landscape", "saint"])
    ]
    fills = [answer(engine, picture, lost)[0] for engine in engines]
    for number, fill in enumerate(fills):
        assert all(not np.array_equal(fill, other) for other in fills[number + 1 :])
    assert "attributes" not in engines[0].parameters
    assert engines[1].parameters["attributes"] == ["saint"]


def test_the_net_is_told_by_number_what_is_named(told_file) -> None:
    picture, lost = scene()
    net, _ = models.load(told_file)
    x = torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None]
    known = torch.from_numpy(~lost).float()[None, None]
    with torch.no_grad():
        drawn = net.samples(
            x * known, known, torch.tensor([[0.0, 1.0]]), count=1, rng=torch.Generator().manual_seed(0)
        )
    engine = vae.make(device="cpu", weights=told_file, attributes=["landscape"]).sample(1)
    fill, _ = answer(engine, picture, lost)
    assert_allclose(fill, 255 * drawn[0][0].permute(1, 2, 0).numpy(), atol=1e-2)


def test_an_attribute_that_was_not_learnt_is_named_with_those_that_were(told_file, file) -> None:
    with pytest.raises(UnknownName, match="no attribute named 'saints'; did you mean 'saint'"):
        vae.make(device="cpu", weights=told_file, attributes=["saints"])
    with pytest.raises(BadUsage, match="vae-fill takes no attributes"):
        vae.make(device="cpu", weights=file, attributes=["saint"])
