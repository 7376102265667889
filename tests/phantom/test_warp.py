"""Where a scan lies on the panel: there and back."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tratteggio.degradation.simulation.value_noise import field, field_at
from tratteggio.painting import Region
from tratteggio.phantom.warp import FIELD_PX, Warp


@pytest.mark.parametrize("scale", [1.0, 0.8, 1.7])
def test_there_and_back_is_where_one_was(scale: float) -> None:
    """Looked up on the panel and back; interpolated, since places fall between pixels."""
    warp = Warp.from_seed((900, 700), scale=scale, seed=3, stream=2)
    for row, col in ((10, 20), (450, 300), (880, 690)):
        down, right = warp.places(Region(row, col, row + 1, col + 1))[0, 0]
        top, left = int(np.floor(down)), int(np.floor(right))
        corners = warp.seen(Region(top, left, top + 2, left + 2))
        v, u = down - top, right - left
        seen = (corners[0] * (1 - v) + corners[1] * v).T @ np.array([1 - u, u])
        assert_allclose(seen, [row, col], atol=1e-3)


def test_without_a_warp_every_pixel_is_its_own_place() -> None:
    warp = Warp.none((50, 40))
    assert_array_equal(warp.displacement(Region(3, 4, 9, 40)), np.zeros((6, 36, 2), np.float32))


def test_the_smooth_field_is_smooth_and_reaches_a_few_pixels() -> None:
    warp = Warp.from_seed((1200, 1000), scale=1.0, seed=1, stream=3)
    plain = Warp(warp.grid, warp.scan_grid, warp.homography, 0.0, 1, 3)
    region = Region(0, 0, 1200, 1000)
    added = warp.seen(region) - plain.seen(region)
    assert 1.5 < np.abs(added).max() <= FIELD_PX
    assert max(np.abs(np.diff(added, axis=axis)).max() for axis in (0, 1)) < 0.1


def test_modalities_are_moved_each_in_its_own_way() -> None:
    one, two = (Warp.from_seed((300, 300), scale=1.0, seed=1, stream=k) for k in (1, 2))
    assert (
        np.abs(one.displacement(Region(0, 0, 300, 300)) - two.displacement(Region(0, 0, 300, 300))).max() > 1
    )


def test_noise_at_places_is_the_noise_of_the_grid() -> None:
    y, x = np.linspace(-3, 5, 23), np.linspace(-7, 2, 31)
    assert_array_equal(field_at(*np.broadcast_arrays(y[:, None], x[None, :]), 4, 2), field(y, x, 4, 2))
