"""Small lacunae are solved directly and wide ones by multigrid; nobody sees where one ends."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.engines import diffusion
from tratteggio.filters.diffusion import diffuse


def test_direct_and_multigrid_agree(monkeypatch):
    rng = np.random.default_rng(0)
    image = rng.random((90, 80, 3)).astype(np.float32)
    lost = np.zeros((90, 80), bool)
    lost[20:60, 15:65] = lost[70:72, 5:70] = True
    direct = diffusion.paint(image, lost)
    monkeypatch.setattr(diffusion, "DIRECT_PX", 500)
    multigrid = diffusion.paint(image, lost)
    assert_allclose(multigrid[lost], direct[lost], atol=0.02)
    assert np.abs(multigrid - direct)[20:60].max() > 0  # it was taken
    assert_array_equal(multigrid[70:72], direct[70:72])


def test_wide_lacunae_are_those_of_the_filter():
    image = np.random.default_rng(1).random((120, 120, 1))
    lost = np.zeros((120, 120), bool)
    lost[20:100, 20:100] = True
    assert_allclose(diffusion.paint(image, lost)[lost], diffuse(image, lost)[lost], atol=0.02)
