"""The running mean of the weights of a run."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training.standins import Waves, recipe, squared, tiny_net
from tratteggio.errors import BadUsage
from tratteggio.training.average import Average
from tratteggio.training.loop import train


def test_the_mean_follows_the_weights_and_is_shown_for_a_while_only() -> None:
    net = tiny_net()
    average = Average(net, 0.75)
    first = {name: weight.detach().clone() for name, weight in net.named_parameters()}
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(1.0)
    average.add(1000)
    with average.shown():
        for name, weight in net.named_parameters():
            torch.testing.assert_close(weight.data, first[name] + 0.25)
    for name, weight in net.named_parameters():
        torch.testing.assert_close(weight.data, first[name] + 1.0)


def test_first_weights_are_soon_forgotten() -> None:
    net = tiny_net()
    average = Average(net, 0.999)
    with torch.no_grad():
        for step in range(20):
            for weight in net.parameters():
                weight.fill_(1.0)
            average.add(step)
    assert all((mean - 1).abs().max() < 1e-3 for mean in average.mean.values())


def test_without_averaging_nothing_is_kept() -> None:
    average = Average(tiny_net(), 0.0)
    average.add(0)
    assert average.mean == {}


def test_halfway_between_the_first_weights_and_the_last_is_handed_on() -> None:
    net = tiny_net()
    first = {name: weight.detach().clone() for name, weight in net.named_parameters()}
    average = Average(net, 0.0, blend=0.25)
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(1.0)
    average.add(1000)
    with average.shown():
        for name, weight in net.named_parameters():
            torch.testing.assert_close(weight.data, first[name] + 0.25)
    for name, weight in net.named_parameters():
        torch.testing.assert_close(weight.data, first[name] + 1.0)


@pytest.mark.parametrize("blend", [0, -0.5, 1.5])
def test_a_blend_is_a_share(blend: float) -> None:
    with pytest.raises(BadUsage, match="blend must be above 0"):
        recipe(blend=blend)


def test_a_run_hands_on_the_mean_of_its_weights(tmp_path: Path) -> None:
    plain = load_file(train(tiny_net(), Waves(), squared, recipe(steps=4), tmp_path / "plain"))
    mean = load_file(train(tiny_net(), Waves(), squared, recipe(steps=4, average=0.9), tmp_path / "mean"))
    assert any(not torch.equal(plain[name], mean[name]) for name in plain)


def test_a_resumed_run_ends_with_the_same_mean(tmp_path: Path) -> None:
    choices = recipe(steps=6, average=0.9, blend=0.5, keep_every=2)
    whole = load_file(train(tiny_net(), Waves(), squared, choices, tmp_path / "whole"))
    stopping = _stopping_after(3)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_net(), Waves(), squared, choices, tmp_path / "cut", progress=stopping)
    again = load_file(train(tiny_net(), Waves(), squared, choices, tmp_path / "cut", resume=True))
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def _stopping_after(step: int) -> Callable[[int, int], None]:
    def progress(done: int, _: int) -> None:
        if done == step:
            raise KeyboardInterrupt

    return progress
