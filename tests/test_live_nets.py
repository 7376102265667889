"""No included net has an inactive layer: every layer has features above 0, every weight a gradient.

A feature that is never above 0 passes no rectifier. It has no effect, and no gradient can change it.
"""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tratteggio import models
from tratteggio.degradation import draw_damage, make_damage
from tratteggio.explanation.inputs import all_known, fills, find_input_spec, prepare, run_net, show
from tratteggio.explanation.layers import layers
from tratteggio.layers import Known
from tratteggio.painting import Region, Stack
from tratteggio.phantom import multimodal, panel

ACTIVE = 0.25
"""The least share of the features of a layer that are above 0 somewhere on the phantoms. The last layer is
exempt, since its output passes no rectifier."""
ACTIVE_IN_DEPTH = 0.5  # the same, for the net that was made to use its depth
SIDE, SEEDS = 144, (0, 1)

INACTIVE = {
    "cracks": "told.1.two is inactive on colours alone; no gradient from a quarter of the size on",
    "lowlight-raw-narrow": "down.4.2 has 29 of 192 features",
    "fpcae-concat": "its fifth encoder has 7 of 32 features in layer 1",
    "pconv-compact": "its deep half; it is still the default, since pconv-deep fills no better",
    "vae-fill": "it began with pconv-compact; its posterior serves in training only",
}
"""Nets that must be trained again, and what is inactive in them."""


def painting(net: nn.Module, seed: int) -> Stack:
    if getattr(net, "modalities", None):
        return multimodal(2 * SIDE, 2 * SIDE, seed=seed, um_per_px=100.0).stack
    return Stack((panel(2 * SIDE, 2 * SIDE, seed=seed, motif=None, cracks=0.04).damaged,))


def make_input(net: nn.Module, seed: int) -> tuple[Tensor, Known | None]:
    """Show a net a window of a phantom; one that fills is shown lacunae."""
    what = find_input_spec(net)
    side = what.side if what.fixed else SIDE // what.side * what.side
    shown = show(net, prepare(net, painting(net, seed), what.light), Region(0, 0, side, side))
    if not fills(net):
        return shown.x, shown.known
    lost = draw_damage(make_damage("dense"), (side, side), np.random.default_rng(seed))
    known = all_known(net, shown.x) * torch.from_numpy(~lost)
    return shown.x * known, known


def find_inactive(net: nn.Module, *, least: float) -> list[str]:
    """Name the layers of a net with too few features above 0, and its weights without a gradient."""
    active: dict[str, tuple[int, int]] = {}
    net.requires_grad_(True).zero_grad()
    for seed in SEEDS:
        x, known = make_input(net, seed)
        with torch.no_grad():
            for layer in layers(net, x, known):
                before, _ = active.get(layer.name, (0, 0))
                active[layer.name] = max(before, layer.active), layer.outer
        run_net(net, x, known).square().sum().backward()
    *rectified, _ = active.items()
    few = [f"{name}: {some} of {all_}" for name, (some, all_) in rectified if some < least * all_]
    without_gradient = [
        name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()
    ]
    return few + [f"{name}: no gradient" for name in without_gradient]


@pytest.mark.parametrize("name", sorted(set(models.shipped()) - INACTIVE.keys()))
def test_all_layers_of_an_included_net_are_active(name: str) -> None:
    net, _ = models.load(models.find(name))
    assert find_inactive(net, least=ACTIVE) == []


@pytest.mark.parametrize("name", INACTIVE)
def test_a_listed_net_has_inactive_layers(name: str) -> None:
    net, _ = models.load(models.find(name))
    assert find_inactive(net, least=ACTIVE) != [], f"all layers of {name} are active; remove it from the list"


def test_the_deep_net_uses_its_depth() -> None:
    net, _ = models.load(models.find("pconv-deep"))
    assert find_inactive(net, least=ACTIVE_IN_DEPTH) == []


def test_an_inactive_layer_is_found() -> None:
    """A bias far below 0 makes a layer inactive, as a learning rate that is too high does."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 3, 3))
    assert find_inactive(net, least=ACTIVE) == []
    nn.init.constant_(net[0].bias, -100.0)
    assert find_inactive(net, least=ACTIVE) == [
        "0: 0 of 8", "0.weight: no gradient", "0.bias: no gradient", "2.weight: no gradient"
    ]  # fmt: skip
