"""Lines by doubling, against SciPy's footprints."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from tratteggio.detectors import ridge, tophat
from tratteggio.detectors._lines import STEPS, along, octagon, open_lines

INNER = (slice(30, -30), slice(30, -30))


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((90, 100)).astype(np.float32)


def line(step: tuple[int, int], count: int) -> np.ndarray:
    """The footprint of a line that begins in the middle."""
    reach = 2 * count
    footprint = np.zeros((2 * reach + 1, 2 * reach + 1), bool)
    for k in range(count):
        footprint[reach + k * step[0], reach + k * step[1]] = True
    return footprint


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("count", [1, 2, 5, 8, 11])
def test_the_extremes_along_a_line_are_those_of_its_footprint(step, count):
    image, footprint = noise(), line(step, count)
    for merge, reference in ((np.minimum, ndimage.minimum_filter), (np.maximum, ndimage.maximum_filter)):
        assert_array_equal(
            along(image, step, count, merge)[INNER], reference(image, footprint=footprint)[INNER]
        )
        back = along(image, step, count, merge, back=True)
        assert_array_equal(back[INNER], reference(image, footprint=footprint[::-1, ::-1])[INNER])


@pytest.mark.parametrize("step", STEPS)
def test_an_opening_keeps_what_is_long_and_nothing_else(step):
    image, footprint = noise(1), line(step, 7)
    reference = ndimage.grey_dilation(ndimage.grey_erosion(image, footprint=footprint), footprint=footprint)
    got = open_lines(image, step, 7)
    assert_array_equal(got[INNER], reference[INNER])
    assert (got <= image).all()


@pytest.mark.parametrize("radius", [2, 3, 4, 8])
def test_an_octagon_is_as_wide_as_told_in_every_direction(radius):
    image = np.zeros((61, 61), np.float32)
    image[30, 30] = 1
    rows, cols = np.nonzero(octagon(image, radius, np.maximum))
    for offsets in (rows - 30, cols - 30):
        assert abs(offsets.max() - radius) <= 1
        assert abs(offsets.min() + radius) <= 1
    slanted = np.abs(np.array([rows - 30 + cols - 30, rows - cols])) / np.sqrt(2)
    assert abs(slanted.max() - radius) <= 1.5


@pytest.mark.parametrize("detector", [tophat, ridge])
@pytest.mark.parametrize("half", [0.5, 1.5, 4.0])
def test_a_line_answers_and_an_edge_does_less(detector, half):
    y = np.mgrid[0:160, 0:160][0]
    light = np.random.default_rng(0).normal(0.7, 0.01, y.shape).astype(np.float32)
    crack = light - 0.4 * np.clip(half + 0.5 - np.abs(y - 80), 0, 1).astype(np.float32)
    look = detector.make().look
    assert look(crack)[80, 40:120].min() > 0.7
    edge = light - 0.4 * (y > 80).astype(np.float32)
    assert look(edge)[60:100, 40:120].max() < 0.75 * look(crack)[80, 40:120].min()


@pytest.mark.parametrize("detector", [tophat, ridge])
def test_bright_cracks_are_dark_ones_turned_over(detector):
    light = noise(2)
    dark, bright, both = (detector.make(side=side).look for side in ("dark", "bright", "both"))
    assert_allclose(bright(light), dark(1 - light))
    assert_allclose(both(light), np.maximum(dark(light), bright(light)))
