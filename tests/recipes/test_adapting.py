"""A net fitted to the painting at hand: begun, stopped, resumed, and told of in the history."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import tratteggio as tg
from tratteggio import models
from tratteggio.errors import BadUsage, Stopped, UnsafeOutput
from tratteggio.recipes import _adapting
from tratteggio.treatment import make_engine

Painting = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def painting() -> Painting:
    y, x = np.mgrid[:96, :96]
    pixels = np.stack([128 + 90 * np.sin((x + 2 * y + 20 * c) / 5) for c in range(3)], -1).astype(np.uint8)
    lost = np.zeros((96, 96), bool)
    lost[20:80, 40:44] = True
    return pixels, lost


@pytest.fixture(autouse=True)
def three_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let any number of minutes be three steps: how fast the machine is does not matter here."""
    monkeypatch.setattr(_adapting, "_steps", lambda *_, **__: 3)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "before.safetensors"
    net = models.build("pconv-deep")
    for parameter in net.parameters():  # what begins at 0 would hide from gradients what lies before
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=1e-3)
    card = models.Card(
        model="pconv-deep", recipe="none", data=("before",), licence="open", seed=0, hours=0.0, machine="none"
    )
    models.save(net, file, card)
    return file


def same_weights(one: Path, other: Path) -> bool:
    pairs = zip(load_file(one).values(), load_file(other).values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_adapted_weights_differ_and_serve_the_engine(painting: Painting, begun: Path, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    weights = tg.adapt(
        *painting, tmp_path / "run", minutes=1, weights=begun, progress=lambda *call: steps.append(call)
    )
    assert steps[-1] == (3, 3)
    before, after = load_file(begun), load_file(weights)
    assert all(not torch.equal(before[name], after[name]) for name in before)
    engine = make_engine("pconv", weights=weights)
    assert engine.parameters["adapted"]["from"] == begun.name
    assert engine.parameters["adapted"]["steps"] == 3
    assert engine.parameters["weights_sha256"] == models.sha256(weights)
    filled = tg.inpaint(*painting, engine=engine)
    assert np.array_equal(filled[~painting[1]], painting[0][~painting[1]])


def test_what_a_lacuna_held_has_no_influence(painting: Painting, begun: Path, tmp_path: Path) -> None:
    pixels, lost = painting
    other = np.where(lost[..., None], np.uint8(255), pixels)
    one = tg.adapt(pixels, lost, tmp_path / "one", minutes=1, weights=begun)
    two = tg.adapt(other, lost, tmp_path / "two", minutes=1, weights=begun)
    assert same_weights(one, two)


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(
    painting: Painting, begun: Path, tmp_path: Path
) -> None:
    whole = tg.adapt(*painting, tmp_path / "whole", minutes=1, weights=begun)

    def stop(done: int, _: int) -> None:
        if done == 2:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        tg.adapt(*painting, tmp_path / "cut", minutes=1, weights=begun, progress=stop)
    with pytest.raises(UnsafeOutput, match="resume=True"):
        tg.adapt(*painting, tmp_path / "cut", minutes=1, weights=begun)
    again = tg.adapt(*painting, tmp_path / "cut", minutes=1, weights=begun, resume=True)
    assert same_weights(whole, again)


def test_a_complete_run_is_not_done_again(painting: Painting, begun: Path, tmp_path: Path) -> None:
    first = tg.adapt(*painting, tmp_path / "run", minutes=1, weights=begun)
    digest = models.sha256(first)

    def never(*_: int) -> None:
        raise AssertionError("it was done again")

    again = tg.adapt(*painting, tmp_path / "run", minutes=1, weights=begun, resume=True, progress=never)
    assert models.sha256(again) == digest


def test_a_run_of_another_painting_is_not_gone_on_with(
    painting: Painting, begun: Path, tmp_path: Path
) -> None:
    pixels, lost = painting

    def stop(*_: int) -> None:
        raise Stopped("enough")

    with pytest.raises(Stopped):
        tg.adapt(pixels, lost, tmp_path / "run", minutes=1, weights=begun, progress=stop)
    with pytest.raises(BadUsage, match="painting"):
        tg.adapt(pixels // 2, lost, tmp_path / "run", minutes=1, weights=begun, resume=True)


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf")])
def test_minutes_are_above_0(painting: Painting, begun: Path, tmp_path: Path, minutes: float) -> None:
    with pytest.raises(BadUsage, match="minutes must be above 0"):
        tg.adapt(*painting, tmp_path / "run", minutes=minutes, weights=begun)


def test_weights_of_a_net_that_does_not_fill_are_refused(
    painting, random_weights: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadUsage, match="cannot be adapted"):
        tg.adapt(*painting, tmp_path / "run", minutes=1, weights=random_weights / "denoiser.safetensors")
