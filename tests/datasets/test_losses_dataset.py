"""Simulated losses: where they are is exact, paint beyond them is left, patches keep."""

import numpy as np
import pytest

from tratteggio.datasets import losses
from tratteggio.datasets.losses import LossPatches
from tratteggio.degradation.simulation.crack_drawing import darken_cracks
from tratteggio.degradation.simulation.ground import GROUNDS, random_ground, simulate_losses
from tratteggio.filters.ground import PLANES
from tratteggio.phantom import panel
from tratteggio.training.patches import Patches
from tratteggio.training.sources import Arrays


def patches(side: int = 64) -> Patches:
    source = Arrays([panel(96, 112, seed=seed, cracks=0, losses=0).painted.colour() for seed in range(2)])
    return Patches(source, side=side, damage="large_losses")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(autouse=True)
def _small_panels(monkeypatch):
    monkeypatch.setattr(losses, "PANEL_GRID", (96, 96))
    monkeypatch.setattr(losses, "PANELS", 2)


def test_a_patch_is_a_function_of_its_number():
    one, other = LossPatches(patches(), seed=1), LossPatches(patches(), seed=1)
    for index in (7, 0, 3):
        for a, b in zip(one[index], other[index], strict=True):
            np.testing.assert_array_equal(a, b)
    assert not np.array_equal(one[0][0], LossPatches(patches(), seed=2)[0][0])


def test_shown_and_known_have_the_shapes_of_patches():
    made = LossPatches(patches())
    for index in range(12):
        truth, known = made[index]
        assert truth.shape == (PLANES + 1, 64, 64)
        assert known.shape == (1, 64, 64)
        assert truth.dtype == known.dtype == np.float32
        assert np.isfinite(truth).all()
        assert set(np.unique(truth[-1])) <= {0.0, 1.0}
        assert known.all(), "where paint is lost is known everywhere"


def test_some_patches_are_intact_and_some_are_not():
    made = LossPatches(patches())
    shares = [made[index][0][-1].mean() for index in range(40)]
    assert sum(share == 0 for share in shares) >= 4
    assert sum(share > 0 for share in shares) >= 15


def test_paint_far_from_what_is_lost_is_left_as_it_was():
    paint = rng().random((60, 60, 3), np.float32)
    lost = np.zeros((60, 60), bool)
    lost[20:30, 20:30] = True
    for seed in range(8):
        shown = simulate_losses(paint, lost, rng(seed))
        np.testing.assert_allclose(shown[:10], paint[:10], atol=1e-6)
        assert np.abs(shown - paint)[lost].mean() > 0.05


def test_nothing_lost_changes_nothing():
    paint = rng().random((20, 20, 3), np.float32)
    np.testing.assert_array_equal(simulate_losses(paint, np.zeros((20, 20), bool), rng()), paint)


@pytest.mark.parametrize("name", GROUNDS)
def test_grounds_have_their_tone_and_some_texture(name):
    drawn = np.stack([random_ground(name, (48, 56), rng(seed)) for seed in range(24)])
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    np.testing.assert_allclose(drawn.mean(axis=(0, 1, 2)), np.array(GROUNDS[name]) * 0.92, atol=0.1)
    assert (drawn.std(axis=(1, 2)) > 0.003).all()


def test_cracks_darken_and_never_brighten():
    paint = np.full((64, 64, 3), 0.8, np.float32)
    lines = np.eye(64, dtype=bool)
    shown = darken_cracks(paint, lines, blur_px=0.5, strength=0.8)
    assert shown.min() < 0.7
    assert shown.max() <= 0.8 + 1e-6
