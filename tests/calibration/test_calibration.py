"""Synthetic holes in known paint, calibration by them, and abstaining."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tratteggio.calibration import abstain, calibrate_confidence, fill_synthetic_holes
from tratteggio.calibration.synthetic_holes import HOLES, SHARE_KNOWN
from tratteggio.errors import BadUsage
from tratteggio.metrics import confidence_of
from tratteggio.metrics.calibration import band_of
from tratteggio.painting import Lacunae, Mapped, Region, Scan, Stack


@dataclass(frozen=True)
class Noisy:
    """Fills with grey noise of a spread that grows to the right, and states half of it."""

    halo: int = 4
    capacity: int = 10**6
    local: bool = True
    name: str = "noisy"
    reads: tuple[str, ...] = ()
    learnt: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)

    def prepare(self, stack: Stack, lacunae: Lacunae) -> None:
        return None

    def fill(self, window: Stack, lacunae: Lacunae, context: None):
        lost = lacunae.read()
        assert not window.primary.read()[lost].any()
        slant = window["irr"].colour()[..., 0].astype(float) / 255
        noise = np.random.default_rng(int(slant.sum() * 7)).normal(0, 0.05 + 0.1 * slant)
        return (0.5 + noise)[..., None] * 255, confidence_of((0.05 + 0.1 * slant) / 2)


def painting(rows: int = 300, cols: int = 400) -> Stack:
    """Even paint, and beside it a scan that says how noisy fills are."""
    slant = np.tile(np.linspace(0, 255, cols), (rows, 1)).astype(np.uint8)
    return Stack((Scan(np.full((rows, cols), 128, np.uint8), "rgb"), Scan(slant, "irr")))


def lacunae(rows: int = 300, cols: int = 400) -> Lacunae:
    lost = np.zeros((rows, cols), bool)
    lost[20:50, 30:70] = lost[200:215, 100:160] = True
    return Lacunae(lost)


def test_a_hole_is_made_where_paint_is_known_in_the_shapes_of_the_lacunae() -> None:
    found = fill_synthetic_holes(painting(), lacunae(), Noisy(), seed=0)
    assert len(found) == HOLES
    sizes = {len(trial.error) for trial in found}
    assert max(sizes) == 30 * 40
    assert min(sizes) >= SHARE_KNOWN * 15 * 60
    assert all(hole.confidence.shape == hole.error.shape for hole in found)


def test_synthetic_holes_are_the_same_for_the_same_seed() -> None:
    one, same, other = (fill_synthetic_holes(painting(), lacunae(), Noisy(), seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a.error, b.error) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a.error, b.error) for a, b in zip(one, other, strict=True))


def test_calibration_makes_the_band_hold_and_says_what_it_was_before() -> None:
    found = fill_synthetic_holes(painting(), lacunae(), Noisy(), seed=0)
    calibration, told = calibrate_confidence(found)
    nine = told["levels"].index(0.9)
    assert told["within_before"][nine] < 0.8
    assert told["within_after"][nine] == pytest.approx(0.9, abs=0.04)
    assert told["error_after"] < told["error_before"] / 3
    again = fill_synthetic_holes(painting(), lacunae(), Noisy(), seed=9)
    error = np.concatenate([hole.error for hole in again])
    band = band_of(calibration(np.concatenate([hole.confidence for hole in again])))
    assert np.mean(error <= band) == pytest.approx(0.9, abs=0.04)


def test_a_painting_without_room_for_synthetic_holes_is_refused() -> None:
    lost = np.ones((40, 40), bool)
    lost[:2] = False
    with pytest.raises(BadUsage, match="too little known paint"):
        fill_synthetic_holes(painting(40, 40), Lacunae(lost), Noisy(), seed=0)


def test_uncertain_lacunae_are_left_open_and_told_of() -> None:
    lost = lacunae()
    certain = np.where(np.arange(400) < 90, 0.9, 0.1).astype(np.float32)
    confidence = np.broadcast_to(certain, (300, 400)) * lost.read()
    kept, told = abstain(lost, confidence, above=0.2)
    assert told["lacunae"] == 1
    assert told["lost_px"] == 15 * 60
    assert told["boxes"] == [{"left": 96, "top": 192, "cols": 64, "rows": 32}]
    whole = lost.read()
    whole[200:215, 100:160] = False
    np.testing.assert_array_equal(kept.read(), whole)
    part = Region(190, 90, 260, 200)
    assert not kept.read(part).any()
    assert kept.name == lost.name


def test_left_open_says_so_if_nothing_would_be_filled() -> None:
    confidence = np.full((300, 400), 0.1, np.float32)
    with pytest.raises(BadUsage, match="nothing would be filled"):
        abstain(lacunae(), confidence, above=0.05)


@pytest.mark.parametrize("above", [0.0, -1.0, 1.5])
def test_left_open_takes_a_share(above: float) -> None:
    with pytest.raises(BadUsage, match="share of the range"):
        abstain(lacunae(), Mapped(np.zeros((300, 400)), lambda a: a, 0, np.dtype("f4")), above=above)
