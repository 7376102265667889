"""Weights that ship were trained on samples that can be made again, to the bit.

The digests were recorded before the simulations became one package. Someone who changes one of them on
purpose gives the kind another name, and keeps the old one for the recipes that used it.
"""

import hashlib

import numpy as np
import pytest
import torch

from tratteggio.datasets import losses
from tratteggio.datasets.cracks import CrackPatches
from tratteggio.datasets.losses import LossPatches
from tratteggio.degradation import degradation_names, draw_damage, make_damage, make_degradation
from tratteggio.phantom import multimodal, panel
from tratteggio.training.patches import Patches
from tratteggio.training.sources import Arrays

DAMAGE = {
    "bins": "82f665f8e6dec001",
    "cracks": "40fded19be738a7e",
    "craquelure": "9bef1e988057c025",
    "dense": "d216746f3108447d",
    "large_losses": "c8d4ab8f558bdea4",
    "losses": "6714aca0e228f227",
    "mixed": "acf4b4975333886f",
    "square_20": "a575a68ad3244f09",
    "square_40": "1fb4ff90755e4ac0",
    "square_area_20": "f190202e40fb1de8",
    "square_area_40": "90b7a55913caaf22",
    "square_centre": "59f1093f2ed46e0e",
    "squares": "0239f7e93c59085f",
    "strokes": "32aafd2039306d19",
    "two_squares_20": "19174cac8dcff137",
    "two_squares_area_20": "970655943acc88ab",
    "walk": "7f368681c4ed2751",
    "walk_broad": "57efb823d3de1af5",
    "walk_sparse": "013f62f19dea3b28",
    "walk_walled": "e48bafd2fc342f98",
}
SHOWN = {"noise": "f7a0b297fc83a65f", "dim": "63c35f129505eb66", "raw": "abddc04b69aaa4e8"}


def digest(*arrays: np.ndarray) -> str:
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:16]


def images() -> Arrays:
    return Arrays([np.random.default_rng(n).integers(0, 256, (150, 160, 3), np.uint8) for n in range(3)])


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_what_it_was(name: str) -> None:
    rule = make_damage(name)
    drawn = [draw_damage(rule, (70, 90), np.random.default_rng([5, k])) for k in range(4)]
    assert digest(*drawn) == DAMAGE[name]


def test_every_degradation_has_a_digest() -> None:
    assert sorted(SHOWN) == degradation_names()


@pytest.mark.parametrize("name", SHOWN)
def test_what_enhancers_are_shown_is_what_it_was(name: str) -> None:
    truth = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(4)
    assert digest(make_degradation(name, {})(truth).numpy()) == SHOWN[name]


def test_patches_with_simulated_losses_are_what_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "PANELS", 2)
    monkeypatch.setattr(losses, "PANEL_GRID", (128, 128))
    augment = {"flip": 0.5, "turn": 0.0, "upend": 0.5, "diagonal": 0.5}
    intact = Patches(images(), side=64, damage="large_losses", seed=3, augment=augment)
    made = LossPatches(intact, seed=3)
    assert digest(*[part for k in range(24) for part in made[k]]) == "a975086d5a6f476b"


def test_patches_with_simulated_cracks_are_what_they_were() -> None:
    made = CrackPatches(images(), side=48, seed=3, panels=1)
    assert digest(*[part for k in range(40) for part in made[k]]) == "5b4451a7b48a0f2b"


def test_phantoms_are_what_they_were() -> None:
    one = panel(96, 80, seed=4, um_per_px=90, cracks=0.03, losses=0.06)
    assert digest(one.damaged.colour(), one.lacunae.read()) == "a268e433433839bb"
    other = multimodal(64, 80, seed=4, um_per_px=90, cracks=0.03, losses=0.06)
    assert digest(*[scan.read() for scan in other.stack.scans]) == "f2b37aec4bbf2702"
