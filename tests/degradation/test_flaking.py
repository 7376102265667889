"""Flaking losses: their sizes, and rims that follow the cracks."""

import numpy as np

from tratteggio.degradation.simulation.crack_network import Craquelure
from tratteggio.degradation.simulation.flaking import Losses
from tratteggio.painting import Region


def test_losses_are_from_a_third_of_a_millimetre_to_a_centimetre_in_radius() -> None:
    radius_mm = Losses.aimed(0.03, seed=1, um_per_px=50.0, grid=(8000, 8000)).spots[:, 2] * 0.05
    assert radius_mm.min() >= 0.3
    assert radius_mm.max() <= 9.0
    assert 0.7 < np.median(radius_mm) < 1.8
    assert (radius_mm > 3).any()


def test_depth_is_far_from_any_loss_where_no_spot_lies() -> None:
    losses = Losses(1, 100.0, np.array([[50.0, 50.0, 10.0, 1.0, 0.0]]))
    depth = losses.depth(Region(0, 0, 200, 200), np.zeros((200, 200), np.uint32))
    assert depth[50, 50] > 0
    assert (depth[:, 90:] < 0).all()


def test_rims_follow_cracks_more_often_than_chance_would() -> None:
    """Where a rim runs along the border of two islands, one has fallen and the other has held."""
    region = Region(0, 0, 700, 700)
    island = Craquelure(3, 100.0, 5.0).at(region).island
    spots = np.array([[r, c, 60.0, 1.0, 0.0] for r in range(100, 700, 200) for c in range(100, 700, 200)])
    lost = Losses(3, 100.0, spots).depth(region, island) > 0
    rim, border = lost[:, 1:] != lost[:, :-1], island[:, 1:] != island[:, :-1]
    assert border[rim].mean() > 4 * border.mean()
