"""The OpenCV engines without OpenCV, and where OpenCV itself goes wrong."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tratteggio import registry
from tratteggio.engines import fsr
from tratteggio.errors import BadUsage, MissingExtra


@pytest.mark.parametrize("name", ["telea", "navier_stokes", "fsr"])
def test_missing_opencv_is_named_with_its_remedy(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    for module in (f"tratteggio.engines.{name}", "tratteggio.engines._opencv"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(MissingExtra, match=r"tratteggio\[cv\]"):
        registry.load("engines", name)


@pytest.mark.parametrize("name", ["telea", "navier_stokes"])
@pytest.mark.parametrize("radius", [0, 33])
def test_a_radius_out_of_range_is_refused(name, radius):
    with pytest.raises(BadUsage, match="radius"):
        registry.load("engines", name).make(radius=radius)


@pytest.mark.parametrize("shape", [(24, 24), (47, 47), (3, 90), (8, 8)])
def test_fsr_fills_the_last_block_of_sides_that_are_no_multiple_of_16(shape):
    """OpenCV alone leaves black there."""
    rows, cols = shape
    colour = np.full((rows, cols, 3), 120, np.uint8)
    colour[0, 0] = 100
    lost = np.zeros(shape, bool)
    lost[rows - 2 :, cols - 3 :] = True
    assert_allclose(fsr.paint_crop(colour, lost)[lost], 120, atol=3)


def test_fsr_ironing_moves_no_pixel_by_more_than_half_a_level():
    rng = np.random.default_rng(0)
    lost = rng.random((30, 30)) < 0.3
    levels = rng.integers(0, 255, (30, 30, 3)).astype(float)
    ironed = fsr._iron(levels.copy(), lost)
    assert np.abs(ironed - levels).max() <= 0.5
    assert_allclose(ironed[~lost], levels[~lost])
