"""Overpaint as an anomaly: found on phantoms, blind to exposure, refused without other rays."""

import numpy as np
import pytest

from tratteggio import detect
from tratteggio.damage import Strengths
from tratteggio.detectors import overpaint
from tratteggio.detectors.overpaint import regress
from tratteggio.errors import BadUsage
from tratteggio.metrics.detection import auc_roc
from tratteggio.painting import Region, Scan, Stack
from tratteggio.phantom import multimodal


@pytest.fixture(scope="module")
def panel():
    """A panel before treatment in three scans, and where later paint is."""
    made = multimodal(320, 256, seed=71, overpaint=0.08)
    stack = Stack(tuple(Scan(made.stack[name].read(), name) for name in ("rgb_before", "irr", "uvf")))
    truth = made.truth
    return stack, np.asarray(truth.overpaint[:, :]) | np.asarray(truth.retouch[:, :])


def strengths(stack: Stack) -> np.ndarray:
    return Strengths(stack, overpaint.make())[:, :]


def test_later_paint_stands_out_in_other_rays(panel):
    stack, over = panel
    assert auc_roc(over, strengths(stack)) > 0.95
    for name in ("irr", "uvf"):
        assert auc_roc(over, strengths(Stack((stack.primary, stack[name])))) > 0.85


def test_by_default_most_of_what_is_marked_is_later_paint(panel):
    stack, over = panel
    found = detect(stack, "overpaint").read()
    assert over[found].mean() > 0.7
    assert found[over].mean() > 0.5


def test_exposure_and_depth_do_not_matter(panel):
    """A darker scan at 16 bits is told as well: residuals are measured in their own deviations."""
    stack, _ = panel
    infrared = Scan((stack["irr"].read() * np.float64(140) + 5000).astype(np.uint16), "irr")
    other = Stack((stack.primary, infrared, stack["uvf"]))
    assert np.abs(strengths(other).astype(int) - strengths(stack)).mean() < 8


def test_what_is_too_bright_under_ultraviolet_is_no_sign(panel):
    stack, _ = panel
    glow = stack["uvf"].read().copy()
    glow[40:80, 40:80] = 255
    one = Stack((stack.primary, Scan(glow, "uvf")))
    assert strengths(one)[50:70, 50:70].max() < 255 * 0.2


def test_regression_leaves_out_what_it_cannot_tell():
    """A fifth of the samples is elsewhere; the line through the others is found as if they were alone."""
    rng = np.random.default_rng(0)
    x = rng.random((2000, 1))
    terms = np.concatenate([np.ones_like(x), x], axis=1)
    values = 0.2 + 0.5 * x + rng.normal(0, 0.01, x.shape)
    values[:400] -= 0.4
    told = regress(terms, values)
    np.testing.assert_allclose(told.weights[:, 0], [0.2, 0.5], atol=0.01)
    plain = np.linalg.lstsq(terms, values, rcond=None)[0]
    assert abs(plain[0, 0] - 0.2) > 0.05
    assert told.off[0] < 0.03


def test_grey_in_three_channels_tells_as_much_as_grey(panel):
    """Terms that depend on each other are no obstacle."""
    stack, _ = panel
    grey = stack.primary.read()[..., 1]
    one, other = (
        strengths(Stack((Scan(pixels, "rgb_before"), stack["irr"])))
        for pixels in (grey, np.dstack([grey] * 3))
    )
    np.testing.assert_allclose(one.astype(int), other.astype(int), atol=1)


def test_a_window_is_judged_as_the_whole(panel):
    stack, _ = panel
    detector = overpaint.make()
    context = detector.prepare(stack)
    whole = detector.detect(stack, context)
    inner = Region(90, 70, 200, 180)
    shown = inner.grow(detector.reach, within=stack.grid)
    window = detector.detect(stack.crop(shown), context)[inner.relative_to(shown).slices]
    np.testing.assert_allclose(window, whole[inner.slices], atol=1e-5)


def test_where_a_guide_shows_nothing_it_has_no_say(panel):
    stack, _ = panel
    there = np.ones(stack.grid, bool)
    there[:100] = False
    infrared = stack["irr"].read().copy()
    infrared[:100] = 0
    one = Stack((stack.primary, Scan(infrared, "irr", seen=there)))
    assert strengths(one)[:80].max() == 0


def test_a_visible_scan_alone_is_refused_with_what_to_do(panel):
    stack, _ = panel
    with pytest.raises(BadUsage, match="there is neither `irr` nor `uvf`; align one"):
        detect(Stack((stack.primary,)), "overpaint")


def test_one_row_of_pixels_is_no_obstacle():
    rng = np.random.default_rng(0)
    line = Stack((Scan(rng.integers(0, 255, (1, 90, 3)).astype(np.uint8)),
                  Scan(rng.integers(0, 255, (1, 90)).astype(np.uint8), "irr")))  # fmt: skip
    assert strengths(line).shape == (1, 90)
