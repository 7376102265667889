"""The judge that tells cracks from drawn lines, and what it is told of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageDraw

import tratteggio as tg
from tratteggio.detectors import _contours, cracks
from tratteggio.painting import Scan, Stack

pytestmark = pytest.mark.usefixtures("weights_at_hand")


@pytest.fixture(scope="module")
def lines() -> tuple[np.ndarray, np.ndarray]:
    """A coloured ground with lines, and how likely there are some: (h, w, 3) and (h, w)."""
    rng = np.random.default_rng(3)
    light = rng.uniform(0.5, 0.6, (220, 240, 3)).astype(np.float32)
    strength = np.zeros((220, 240), np.float32)
    for row in range(10, 220, 30):
        light[row : row + 2] *= np.float32([0.4, 0.5, 0.6])
        strength[row : row + 2] = rng.uniform(0.3, 1, (2, 240))
    return light, strength


def test_places_farther_than_the_reach_tell_nothing(lines):
    light, strength = lines
    inner = slice(90, 130)
    reach = _contours.REACH
    seen = slice(90 - reach, 130 + reach)
    whole = np.full((*strength.shape, 66), np.nan, np.float32)
    whole[_contours.places(strength)] = _contours.features(light, strength)
    part = np.full((40 + 2 * reach, 40 + 2 * reach, 66), np.nan, np.float32)
    part[_contours.places(strength[seen, seen])] = _contours.features(light[seen, seen], strength[seen, seen])
    assert np.isfinite(whole[inner, inner]).any()
    assert_allclose(part[reach:-reach, reach:-reach], whole[inner, inner], atol=2e-4, rtol=1e-3)


def test_grey_is_told_as_three_channels_alike(lines):
    light, strength = lines
    one = light[..., :1]
    assert_array_equal(
        _contours.features(one, strength), _contours.features(np.repeat(one, 3, axis=2), strength)
    )


def test_a_judge_is_a_net_of_one_hidden_layer():
    """By hand: two features, one unit; what lies beyond four spreads counts as four."""
    judge = _contours.judge_of(
        {"mean": [1, 0], "spread": [2, 1], "hidden": [[0.5], [-1]], "add": [0.25], "out": [3], "bias": -1}
    )
    told = judge(np.array([[3, 0.5], [99, 0]], np.float32))
    units = np.tanh([1 * 0.5 - 0.5 + 0.25, 4 * 0.5 + 0.25])
    assert_allclose(told, 1 / (1 + np.exp(-(3 * units - 1))), rtol=1e-6)


def test_the_judge_that_ships_fits_the_features(lines):
    told = _contours.shipped()(_contours.features(*lines))
    assert ((told >= 0) & (told <= 1)).all()


def test_few_drawn_contours_are_held_for_cracks():
    """Petals in ink, filled with colours: without a judge their contours are found."""
    drawing = Image.new("RGB", (1200, 1200), (226, 208, 170))
    pen = ImageDraw.Draw(drawing)
    rng = np.random.default_rng(5)
    for _ in range(40):
        left, top = rng.integers(0, 1050, 2).tolist()
        wide, high = rng.integers(80, 240, 2).tolist()
        colour = tuple(rng.integers(90, 230, 3).tolist())
        pen.ellipse((left, top, left + wide, top + high), fill=colour, outline=(40, 30, 28), width=6)
    pixels = np.asarray(drawing.resize((400, 400), Image.Resampling.LANCZOS))
    alone = tg.detect(pixels, cracks.make(device="cpu", judge=False)).share
    judged = tg.detect(pixels, cracks.make(device="cpu")).share
    assert alone > 0.01
    assert judged < 0.3 * alone


def test_with_other_scans_the_same_is_found_with_and_without_a_judge():
    rng = np.random.default_rng(1)
    pixels = rng.integers(150, 170, (96, 96, 3)).astype(np.uint8)
    pixels[40:42, 5:90] = 40
    stack = Stack((Scan(pixels), Scan(pixels[..., 0], "irr")))
    with_judge, alone = (
        tg.detect(stack, cracks.make(device="cpu", judge=judge)).read() for judge in (True, False)
    )
    assert alone.any()
    assert_array_equal(with_judge, alone)
