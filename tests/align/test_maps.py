"""Orientation maps: the same contour gives the same numbers in every modality."""

import numpy as np
from numpy.testing import assert_allclose
from scipy import fft

from tratteggio.align.maps import orientation, whitened
from tratteggio.phantom import panel

GREY = panel(128, 160, seed=2).painted.read().mean(axis=-1).astype(np.float32)
CORNERS = np.stack(np.meshgrid([8, 48, 88], [8, 48, 88, 120], indexing="ij"), -1).reshape(-1, 2)


def test_a_negative_has_the_same_orientations() -> None:
    maps = [orientation(picture, sigma=1.5, around=8) for picture in (GREY, 255 - GREY)]
    assert_allclose(maps[0], maps[1], atol=1e-4)


def test_opposite_edges_are_alike_and_crossing_ones_opposite() -> None:
    bar = np.zeros((60, 60), np.float32)
    bar[:, 20:40] = 1
    edges = orientation(bar, sigma=1.5, around=8)
    assert_allclose(edges[30, 19], edges[30, 40], rtol=1e-4)
    assert_allclose(orientation(bar.T.copy(), sigma=1.5, around=8)[19, 30], -edges[30, 19], rtol=1e-4)


def test_whitening_weighs_a_pattern_down_to_the_rest() -> None:
    """Stripes 8 pixels wide over noise hold fifty times its power, then about as much as it does."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(128, 160)) + 1j * rng.normal(size=(128, 160))
    striped = (noise + 10 * np.exp(2j * np.pi * np.arange(160) / 8)).astype(np.complex64)

    def ratio(edges: np.ndarray) -> float:
        power = np.abs(fft.fft2(edges)) ** 2
        stripes = power[:, 160 // 8].sum()
        return float(stripes / (power.sum() - stripes))

    assert ratio(striped) > 40
    assert ratio(whitened(striped, CORNERS, patch=32)) < 2
