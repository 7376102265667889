"""Lacunae: what is lost is counted and gathered as a brute-force look at all pairs would."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tratteggio.errors import BadUsage
from tratteggio.painting import Lacunae, Region

masks = hnp.arrays(
    bool, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.booleans(), fill=st.just(False)
)


@pytest.mark.parametrize(
    "lost",
    [np.zeros((3, 3), np.uint8), np.zeros((3, 3, 1), bool), np.zeros((0, 3), bool)],
    ids=["numbers", "three axes", "no pixel"],
)
def test_only_booleans_on_rows_and_columns_are_lacunae(lost: np.ndarray) -> None:
    with pytest.raises(BadUsage, match="lost.png") as error:
        Lacunae(lost, "lost.png")
    assert lost.dtype.name in str(error.value)


@given(lost=masks)
def test_the_share_is_the_mean(lost: np.ndarray) -> None:
    assert Lacunae(lost).share == pytest.approx(lost.mean())


@settings(max_examples=40)
@given(lost=masks, cell=st.sampled_from([1, 4, 8, 16]))
def test_groups_hold_every_lost_pixel_once(lost: np.ndarray, cell: int) -> None:
    groups = Lacunae(lost).groups(cell)
    labels = groups.label_map(Region.whole(lost.shape))
    assert (labels[lost] > 0).all()
    assert groups.lost_px.tolist() == [
        int((lost & (labels == k)).sum()) for k in range(1, len(groups.regions) + 1)
    ]
    for k, region in enumerate(groups.regions, start=1):
        inside = np.zeros(lost.shape, bool)
        inside[region.slices] = True
        assert not (lost & (labels == k) & ~inside).any()


@settings(max_examples=40)
@given(lost=masks, cell=st.sampled_from([2, 5, 8]))
def test_pixels_within_a_cell_of_each_other_share_a_group(lost: np.ndarray, cell: int) -> None:
    labels = Lacunae(lost).groups(cell).label_map(Region.whole(lost.shape))
    places = np.argwhere(lost)[:60]
    for place in places:
        near = np.abs(places - place).max(axis=1) <= cell
        assert len({int(labels[tuple(other)]) for other in places[near]}) == 1


def test_far_apart_are_two_groups() -> None:
    lost = np.zeros((64, 64), bool)
    lost[3, 3] = lost[60, 60] = True
    assert len(Lacunae(lost).groups(8).regions) == 2


def test_a_crop_is_the_part() -> None:
    lost = np.eye(10, dtype=bool)
    np.testing.assert_array_equal(Lacunae(lost).crop(Region(2, 3, 5, 9)).lost, lost[2:5, 3:9])


def test_damage_that_is_kept_is_never_lost_and_stays_in_a_crop() -> None:
    lost = np.eye(10, dtype=bool)
    kept = lost | lost[::-1]
    part = Region(2, 3, 5, 9)
    for lacunae in (Lacunae(lost, kept_damage=kept), Lacunae(lost)):
        marked = kept & ~lost if lacunae.kept_damage is not None else np.zeros_like(lost)
        np.testing.assert_array_equal(lacunae.read_kept_damage(), marked)
        np.testing.assert_array_equal(lacunae.crop(part).read_kept_damage(), marked[2:5, 3:9])
