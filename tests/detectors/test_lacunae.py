"""The net that finds paint losses: careful on intact paint, windows as the whole, any scan it can see."""

import numpy as np
import pytest

from tratteggio import detect, models
from tratteggio.damage import Strengths
from tratteggio.degradation.simulation.ground import simulate_losses
from tratteggio.detectors import lacunae
from tratteggio.errors import UnknownName, UnsupportedFile
from tratteggio.filters import ground
from tratteggio.metrics.detection import auc_roc
from tratteggio.painting import Region, Scan, Stack
from tratteggio.phantom import panel


@pytest.fixture(scope="module")
def detector():
    return lacunae.make(device="cpu")


@pytest.fixture(scope="module")
def phantom():
    """A panel that no net has learnt from."""
    return panel(320, 256, seed=2024, losses=0.08, cracks=0.01)


def test_what_is_lost_is_held_for_likelier_than_paint(detector, phantom):
    strength = Strengths(Stack((phantom.damaged,)), detector)[:, :]
    assert auc_roc(phantom.losses.read(), strength) > 0.85


def test_most_of_what_is_marked_is_lost(phantom):
    found, lost = detect(phantom.damaged, "lacunae").read(), phantom.losses.read()
    assert found[lost].mean() > 0.15
    assert lost[found].mean() > 0.5


@pytest.mark.parametrize("motif", ["saint", "landscape", "still life"])
def test_of_intact_paint_less_than_a_hundredth_is_marked(motif):
    intact = panel(320, 256, seed=2025, losses=0, cracks=0, motif=motif).painted
    assert detect(intact, "lacunae").share < 0.01


def test_a_window_is_judged_as_the_whole(detector, phantom):
    stack = Stack((phantom.damaged,)).crop(Region(0, 0, 320, 256))
    whole = detector.detect(stack, ())
    inner = Region(152, 92, 172, 160)
    assert inner.top % detector.step == inner.left % detector.step == 0
    shown = inner.grow(detector.reach, within=stack.grid)
    assert shown != Region.whole(stack.grid)
    window = detector.detect(stack.crop(shown), ())[inner.relative_to(shown).slices]
    np.testing.assert_allclose(window, whole[inner.slices], atol=1e-4)


def test_sixteen_bits_are_seen_as_eight(detector, phantom):
    levels = phantom.damaged.read()
    one, other = (
        detector.detect(Stack((Scan(pixels),)), ()) for pixels in (levels, levels.astype(np.uint16) * 257)
    )
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_large_paintings_are_looked_at_from_afar_as_well(detector):
    for grid, factors in (((399, 790), []), ((500, 801), [2]), ((1700, 900), [2, 4]), ((30, 8200), [8, 16])):
        pixels = np.zeros(grid, np.uint8)
        assert [afar.factor for afar in detector.prepare(Stack((Scan(pixels),)))] == factors


def test_what_is_seen_from_afar_lies_where_it_is_near_by():
    """Against lines between the middles of blocks, one axis after the other, for a window off the origin."""
    strength = np.random.default_rng(0).random((9, 7)).astype(np.float32)
    down, across = ((np.arange(n) + 0.5) / 4 - 0.5 for n in (36, 27))
    rows = np.stack([np.interp(down, np.arange(9), column) for column in strength.T], axis=1)
    whole = np.stack([np.interp(across, np.arange(7), row) for row in rows])
    painting = Stack((Scan(np.zeros((36, 27), np.uint8)),), origin=(100, 40))
    region = Region(5, 3, 36, 20)
    found = lacunae.Afar(4, strength, painting.origin).of(painting.crop(region))
    np.testing.assert_allclose(found, whole[region.slices], atol=1e-6)


def test_a_wide_loss_is_seen_from_afar(detector):
    """In the middle of it the net sees nothing but ground."""
    made = panel(1100, 900, seed=2026, losses=0, cracks=0, um_per_px=50, motif="landscape").painted.read()
    y, x = np.mgrid[:1100, :900]
    lost = np.hypot(y - 500, x - 450) < 110 + 12 * np.sin(7 * np.arctan2(y - 500, x - 450))
    seen = simulate_losses(made.astype(np.float32) / 255, lost, np.random.default_rng(5))
    scan = Scan(np.rint(seen * 255).astype(np.uint8))
    stack = Stack((scan,))
    near = detector.detect(stack, ())
    both = detector.detect(stack, detector.prepare(stack))
    middle = np.hypot(y - 500, x - 450) < 40
    assert both[middle].mean() > near[middle].mean() + 0.2


@pytest.mark.parametrize("grid", [(1, 40), (37, 1), (3, 5)])
def test_narrow_and_grey_scans_are_taken(detector, grid):
    scan = Scan(np.random.default_rng(0).integers(0, 255, grid).astype(np.uint8))
    strength = detector.detect(Stack((scan,)), ())
    assert strength.shape == grid
    assert ((strength >= 0) & (strength <= 1)).all()


def test_weights_of_another_net_are_refused():
    with pytest.raises(UnsupportedFile, match="detector lacunae takes those of ti-unet"):
        lacunae.make(weights=models.find("fp-cae"))
    with pytest.raises(UnknownName, match="device"):
        lacunae.make(device="gpu")


def test_planes_are_colours_contrast_and_texture():
    light = np.full((90, 90, 3), 0.5, np.float32)
    light[:, :, 0] = 0.7
    light[40:50, 40:50] += np.random.default_rng(0).normal(0, 0.1, (10, 10, 1)).astype(np.float32)
    planes = ground.planes(light)
    assert planes.shape == (ground.PLANES, 90, 90)
    np.testing.assert_array_equal(planes[:3], np.moveaxis(light, 2, 0))
    np.testing.assert_allclose(planes[3:6, :3, :3], 0, atol=0.01)
    assert planes[6, 45, 45] == pytest.approx(1, abs=0.4), "a deviation of a tenth stands for 1"
    assert planes[6, 5, 5] == pytest.approx(-1, abs=0.01), "even paint"
