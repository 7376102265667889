"""No net that ships is asleep: in every layer features answer above 0, and a gradient reaches every weight.

A feature that is never above 0 passes no rectifier: nothing goes on from it, and no gradient ever mends it.
"""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tratteggio import models
from tratteggio.inside.layers import layers
from tratteggio.inside.showing import asked, everything, fills, prepared, show, takes
from tratteggio.layers import Known
from tratteggio.painting import Region, Stack
from tratteggio.phantom import multimodal, panel
from tratteggio.training.damage import draw, drawer

AWAKE = 0.25
"""Share of the features of each layer that answer above 0 somewhere on the phantoms, at least. The last layer
is not held to it: what it answers passes no rectifier."""
AWAKE_IN_DEPTH = 0.5  # the same, of the net that was made to use its depth
SIDE, SEEDS = 144, (0, 1)

ASLEEP = {
    "cracks": "told.1.two never answers to colours alone, and no gradient reaches a quarter and deeper",
    "lowlight-raw-narrow": "down.4.2 has 29 of 192 features",
    "fpcae-concat": "its fifth encoder has 7 of 32 features in layer 1",
    "pconv-compact": "its deep half; it still fills by default, as pconv-deep fills no better yet",
    "vae-fill": "began with pconv-compact, whose deep half slept; its posterior learns in training alone",
}
"""Nets that are to be trained again, and what is asleep in them. A net that is awake must not stand here."""


def painting(net: nn.Module, seed: int) -> Stack:
    if getattr(net, "modalities", None):
        return multimodal(2 * SIDE, 2 * SIDE, seed=seed, um_per_px=100.0).stack
    return Stack((panel(2 * SIDE, 2 * SIDE, seed=seed, motif=None, cracks=0.04).damaged,))


def seen_by(net: nn.Module, seed: int) -> tuple[Tensor, Known | None]:
    """Show a net a window of a phantom; one that fills is shown lacunae."""
    what = takes(net)
    side = what.side if what.fixed else SIDE // what.side * what.side
    shown = show(net, prepared(net, painting(net, seed), what.light), Region(0, 0, side, side))
    if not fills(net):
        return shown.x, shown.known
    lost = draw(drawer("dense"), (side, side), np.random.default_rng(seed))
    known = everything(net, shown.x) * torch.from_numpy(~lost)
    return shown.x * known, known


def asleep(net: nn.Module, *, least: float) -> list[str]:
    """Name what is asleep in a net: layers with too few features above 0, weights without a gradient."""
    awake: dict[str, tuple[int, int]] = {}
    net.requires_grad_(True).zero_grad()
    for seed in SEEDS:
        x, known = seen_by(net, seed)
        with torch.no_grad():
            for layer in layers(net, x, known):
                before, _ = awake.get(layer.name, (0, 0))
                awake[layer.name] = max(before, layer.awake), layer.outer
        asked(net, x, known).square().sum().backward()
    *rectified, _ = awake.items()
    few = [f"{name}: {some} of {all_}" for name, (some, all_) in rectified if some < least * all_]
    out_of_reach = [
        name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()
    ]
    return few + [f"{name}: no gradient" for name in out_of_reach]


@pytest.mark.parametrize("name", sorted(set(models.shipped()) - ASLEEP.keys()))
def test_a_net_that_ships_is_awake(name: str) -> None:
    net, _ = models.load(models.find(name))
    assert asleep(net, least=AWAKE) == []


@pytest.mark.parametrize("name", ASLEEP)
def test_a_net_that_was_mended_is_struck_off_the_list(name: str) -> None:
    net, _ = models.load(models.find(name))
    assert asleep(net, least=AWAKE) != [], f"{name} is awake; take it off the list"


def test_the_deep_net_uses_its_depth() -> None:
    net, _ = models.load(models.find("pconv-deep"))
    assert asleep(net, least=AWAKE_IN_DEPTH) == []


def test_a_sleeping_feature_is_seen() -> None:
    """A bias far below 0 puts a layer to sleep, as a rate that is too high does."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 3, 3))
    assert asleep(net, least=AWAKE) == []
    nn.init.constant_(net[0].bias, -100.0)
    assert asleep(net, least=AWAKE) == [
        "0: 0 of 8", "0.weight: no gradient", "0.bias: no gradient", "2.weight: no gradient"
    ]  # fmt: skip
