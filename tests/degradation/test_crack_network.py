"""The crack network: hierarchical, of plausible width, the same in pieces."""

import numpy as np
from numpy.testing import assert_array_equal
from scipy import ndimage

from tratteggio.degradation.simulation.crack_network import Craquelure
from tratteggio.painting import Region

UM = 20.0


def widths_um(cover: np.ndarray) -> np.ndarray:
    """Widths along the middle of the cracks: twice the distance to the nearest whole paint."""
    reach = ndimage.distance_transform_edt(cover > 0)
    ridge = (reach == ndimage.maximum_filter(reach, 3)) & (reach > 0)
    return (2 * reach[ridge] - 1) * UM


def test_cracks_are_tens_to_hundreds_of_micrometres_wide() -> None:
    network = Craquelure.aimed(0.02, seed=4, um_per_px=UM, grid=(1500, 1500))
    widths = widths_um(network.at(Region(0, 0, 1500, 1500)).cover)
    assert 30 <= np.median(widths) <= 200
    assert np.percentile(widths, 99) <= 600
    assert np.percentile(widths, 95) >= 1.8 * np.percentile(widths, 25)  # wide first cracks, fine later ones


def test_cracks_keep_their_width_in_micrometres_at_another_scale() -> None:
    fine = Craquelure(4, 20.0, 9.0).at(Region(0, 0, 1000, 1000)).cover
    coarse = Craquelure(4, 40.0, 9.0).at(Region(0, 0, 500, 500)).cover
    by_block = fine.reshape(500, 2, 500, 2).mean(axis=(1, 3))
    assert np.corrcoef(by_block.ravel(), coarse.ravel())[0, 1] > 0.85


def test_islands_are_bounded_by_cracks_and_finer_cracks_end_on_coarser_ones() -> None:
    """Fewer crossings than T-junctions: where four islands meet, none ends on another."""
    island = Craquelure(2, 50.0, 8.0).at(Region(0, 0, 800, 800)).island
    two_by_two = np.stack([island[:-1, :-1], island[:-1, 1:], island[1:, :-1], island[1:, 1:]], axis=-1)
    meeting = (np.diff(np.sort(two_by_two, axis=-1), axis=-1) != 0).sum(axis=-1) + 1
    assert (meeting == 3).sum() > 20
    assert (meeting == 4).sum() < 0.2 * (meeting == 3).sum()


def test_a_region_equals_its_part_of_the_whole_also_beyond_the_panel() -> None:
    network = Craquelure.aimed(0.02, seed=1, um_per_px=80.0, grid=(300, 300))
    whole = network.at(Region(-20, -20, 300, 300))
    part = network.at(Region(-7, 31, 112, 75))
    for all_of_it, piece in zip(whole, part, strict=True):
        assert_array_equal(all_of_it[13:132, 51:95], piece)


def test_no_cracks_are_made_for_a_share_of_zero() -> None:
    network = Craquelure.aimed(0.0, seed=1, um_per_px=80.0, grid=(50, 50))
    assert not network.at(Region(0, 0, 50, 50)).cover.any()
