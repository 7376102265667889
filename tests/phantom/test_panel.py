"""The laws of a phantom: exact truth, the same bits in any pieces, the same from the same seed."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tratteggio.errors import BadUsage
from tratteggio.painting import Region
from tratteggio.phantom import Phantom, panel

GRID = (300, 620)  # more than one block in each direction
LAYERS = ("painted", "damaged", "cracks", "losses", "lacunae")


@cache
def example(um_per_px: float) -> tuple[Phantom, dict[str, np.ndarray]]:
    phantom = panel(*GRID, seed=5, um_per_px=um_per_px, cracks=0.04, losses=0.1)
    return phantom, {name: getattr(phantom, name).read() for name in LAYERS}


@given(
    um_per_px=st.sampled_from([130.0, 100.0, 27.0]),
    name=st.sampled_from(LAYERS),
    rows=st.tuples(st.integers(0, GRID[0] - 1), st.integers(1, 200)),
    cols=st.tuples(st.integers(0, GRID[1] - 1), st.integers(1, 600)),
)
@settings(max_examples=60, deadline=None)
def test_any_region_equals_its_part_of_the_whole(
    um_per_px: float, name: str, rows: tuple[int, int], cols: tuple[int, int]
) -> None:
    phantom, whole = example(um_per_px)
    region = Region(rows[0], cols[0], min(sum(rows), GRID[0]), min(sum(cols), GRID[1]))
    assert_array_equal(getattr(phantom, name).read(region), whole[name][region.slices])


def test_the_float_panel_is_the_same_in_any_pieces_to_the_last_bit() -> None:
    phantom = panel(140, 530, seed=2, depth="float32")
    whole = phantom.damaged.read()
    for region in (
        Region(0, 0, 1, 1),
        Region(3, 500, 140, 530),
        Region(77, 1, 78, 530),
        Region(0, 511, 140, 513),
    ):
        assert_array_equal(phantom.damaged.read(region), whole[region.slices])


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_paint_that_is_not_lost_is_left_untouched_and_lost_paint_is_changed(depth: str) -> None:
    phantom = panel(200, 150, seed=1, depth=depth, cracks=0.03, losses=0.1)
    lost, painted, damaged = phantom.lacunae.read(), phantom.painted.read(), phantom.damaged.read()
    assert painted.dtype == damaged.dtype == np.dtype(depth)
    assert_array_equal(painted[~lost], damaged[~lost])
    assert (painted[lost] != damaged[lost]).any(axis=-1).mean() > 0.98


def test_lacunae_are_cracks_and_losses_and_no_pixel_is_both() -> None:
    _, whole = example(100.0)
    assert_array_equal(whole["cracks"] | whole["losses"], whole["lacunae"])
    assert not (whole["cracks"] & whole["losses"]).any()


def test_the_same_seed_gives_the_same_bits_and_another_seed_another_panel() -> None:
    one, again, other = (panel(128, 96, seed=seed) for seed in (8, 8, 9))
    for name in LAYERS:
        assert_array_equal(getattr(one, name).read(), getattr(again, name).read())
    for name in ("painted", "damaged", "lacunae"):
        assert (getattr(one, name).read() != getattr(other, name).read()).any()


@pytest.mark.parametrize("seed", range(3))
def test_shares_come_near_what_was_asked_for(seed: int) -> None:
    phantom = panel(seed=seed)
    assert 0.01 <= phantom.cracks.share <= 0.03
    assert 0.02 <= phantom.losses.share <= 0.045


def test_nothing_is_lost_where_no_damage_is_asked_for() -> None:
    phantom = panel(90, 70, cracks=0, losses=0)
    assert phantom.lacunae.lost_px == 0
    assert_array_equal(phantom.damaged.read(), phantom.painted.read())


def test_depths_show_one_panel() -> None:
    eight, sixteen, real = (
        panel(150, 90, seed=4, depth=d).damaged.read() for d in ("uint8", "uint16", "float32")
    )
    assert np.abs(sixteen / 257 - eight).max() <= 0.5 + 1 / 257
    assert np.abs(real * 65535 - sixteen).max() <= 0.51
    assert real.min() >= 0
    assert real.max() <= 1


def test_it_looks_like_a_painting_more_than_like_noise() -> None:
    """Gold is warm, the colours are many, and neighbours resemble each other."""
    image = panel(384, 288, seed=0, um_per_px=270.0).painted.read().astype(float)
    gold = image[70:90, 40:60].mean(axis=(0, 1))
    assert gold[0] > gold[1] > gold[2] + 40
    assert len(np.unique(image.reshape(-1, 3) // 16, axis=0)) > 200
    assert np.corrcoef(image[1:].ravel(), image[:-1].ravel())[0, 1] > 0.9


@pytest.mark.parametrize("grid", [(1, 1), (3, 4000), (4000, 3), (1, 700), (2, 2)])
def test_panels_of_odd_sizes_can_be_painted(grid: tuple[int, int]) -> None:
    phantom = panel(*grid, seed=3)
    assert phantom.damaged.read().shape == (*grid, 3)
    assert phantom.lacunae.read().shape == grid


def test_a_corner_of_a_huge_panel_is_read_without_the_rest() -> None:
    phantom = panel(20_000, 20_000, depth="uint16")
    corner = phantom.damaged.pixels[19_900:20_000, 19_950:20_000]
    assert corner.shape == (100, 50, 3)


def test_the_scale_is_carried_by_the_scans() -> None:
    phantom = panel(5, 5, um_per_px=42.0)
    assert phantom.painted.um_per_px == pytest.approx(42.0)
    assert phantom.damaged.metadata == phantom.painted.metadata


@pytest.mark.parametrize(
    "options",
    [
        {"rows": 0},
        {"um_per_px": 0.0},
        {"um_per_px": float("nan")},
        {"depth": "uint4"},
        {"cracks": 0.5},
        {"losses": -0.1},
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(options: dict) -> None:
    with pytest.raises(BadUsage, match="got"):
        panel(**{"rows": 8, "cols": 8, **options})


def test_pixels_are_read_by_any_basic_index() -> None:
    pixels = panel(8, 8).painted.pixels
    assert_array_equal(pixels[::2, 0:3, 1], np.asarray(pixels)[::2, 0:3, 1])
