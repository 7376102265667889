"""Every included net uses all its layers: each has active features, and a gradient reaches every weight.

A feature that is never above 0 is inactive: it passes no rectifier, and no gradient ever changes it.
"""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tratteggio import models
from tratteggio.explanation.inputs import all_known, fills, find_input_spec, prepare, run_net, show
from tratteggio.explanation.layers import layers
from tratteggio.layers import Known
from tratteggio.painting import Region, Stack
from tratteggio.phantom import multimodal, panel
from tratteggio.training.damage import draw, drawer

ACTIVE = 0.25
"""Share of the features of each layer that answer above 0 somewhere on the phantoms, at least. The last layer
is not held to it: what it answers passes no rectifier."""
ACTIVE_IN_DEPTH = 0.5  # the same, of the net that was made to use its depth
SIDE, SEEDS = 144, (0, 1)

INACTIVE = {
    "cracks": "told.1.two never answers to colours alone, and no gradient reaches a quarter and deeper",
    "lowlight-raw-narrow": "down.4.2 has 29 of 192 features",
    "fpcae-concat": "its fifth encoder has 7 of 32 features in layer 1",
    "pconv-compact": "its deep half; it still fills by default, as pconv-deep fills no better yet",
    "vae-fill": "began with pconv-compact, whose deep half slept; its posterior learns in training alone",
}
"""Nets that are to be trained again, and what is inactive in them. A net that is active must not be listed here."""


def painting(net: nn.Module, seed: int) -> Stack:
    if getattr(net, "modalities", None):
        return multimodal(2 * SIDE, 2 * SIDE, seed=seed, um_per_px=100.0).stack
    return Stack((panel(2 * SIDE, 2 * SIDE, seed=seed, motif=None, cracks=0.04).damaged,))


def seen_by(net: nn.Module, seed: int) -> tuple[Tensor, Known | None]:
    """Show a net a window of a phantom; one that fills is shown lacunae."""
    what = find_input_spec(net)
    side = what.side if what.fixed else SIDE // what.side * what.side
    shown = show(net, prepare(net, painting(net, seed), what.light), Region(0, 0, side, side))
    if not fills(net):
        return shown.x, shown.known
    lost = draw(drawer("dense"), (side, side), np.random.default_rng(seed))
    known = all_known(net, shown.x) * torch.from_numpy(~lost)
    return shown.x * known, known


def inactive_parts(net: nn.Module, *, least: float) -> list[str]:
    """List what is inactive in a net: layers with too few features above 0, weights without a gradient."""
    active: dict[str, tuple[int, int]] = {}
    net.requires_grad_(True).zero_grad()
    for seed in SEEDS:
        x, known = seen_by(net, seed)
        with torch.no_grad():
            for layer in layers(net, x, known):
                before, _ = active.get(layer.name, (0, 0))
                active[layer.name] = max(before, layer.active), layer.outer
        run_net(net, x, known).square().sum().backward()
    *rectified, _ = active.items()
    few = [f"{name}: {some} of {all_}" for name, (some, all_) in rectified if some < least * all_]
    out_of_reach = [
        name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()
    ]
    return few + [f"{name}: no gradient" for name in out_of_reach]


@pytest.mark.parametrize("name", sorted(set(models.shipped()) - INACTIVE.keys()))
def test_a_net_that_ships_is_awake(name: str) -> None:
    net, _ = models.load(models.find(name))
    assert inactive_parts(net, least=ACTIVE) == []


@pytest.mark.parametrize("name", INACTIVE)
def test_a_net_that_was_mended_is_struck_off_the_list(name: str) -> None:
    net, _ = models.load(models.find(name))
    assert inactive_parts(net, least=ACTIVE) != [], f"{name} is active; take it off the list"


def test_the_deep_net_uses_its_depth() -> None:
    net, _ = models.load(models.find("pconv-deep"))
    assert inactive_parts(net, least=ACTIVE_IN_DEPTH) == []


def test_a_sleeping_feature_is_seen() -> None:
    """A bias far below 0 puts a layer to sleep, as a rate that is too high does."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 3, 3))
    assert inactive_parts(net, least=ACTIVE) == []
    nn.init.constant_(net[0].bias, -100.0)
    assert inactive_parts(net, least=ACTIVE) == [
        "0: 0 of 8", "0.weight: no gradient", "0.bias: no gradient", "2.weight: no gradient"
    ]  # fmt: skip
