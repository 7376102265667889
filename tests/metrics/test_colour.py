"""CIEDE2000 against the published data, against scikit-image, and its own laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.color import deltaE_ciede2000

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.metrics.colour import broad_colour_difference, ciede2000, colour_auc

# Sharma, Wu, Dalal 2005, table 1: L*, a*, b* of both colours, and their difference.
SHARMA = np.array(
    [
        [50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425],
        [50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615],
        [50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412],
        [50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669],
        [50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461],
        [50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065],
        [50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492],
        [50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977],
        [50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030],
        [50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000],
        [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
        [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630],
        [61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731],
        [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
        [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
        [36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
        [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
        [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
        [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
        [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
    ]
)

lab = st.tuples(st.floats(0, 100), st.floats(-110, 110), st.floats(-110, 110)).map(np.array)


def test_the_published_pairs_come_out_to_all_printed_digits() -> None:
    assert np.abs(ciede2000(SHARMA[:, :3], SHARMA[:, 3:6]) - SHARMA[:, 6]).max() <= 0.5e-4


def test_it_equals_scikit_image() -> None:
    rng = np.random.default_rng(0)
    colours = rng.uniform((0, -110, -110), (100, 110, 110), (2, 40, 50, 3))
    colours[:, 0, :, 1:] = 0  # greys have no hue
    np.testing.assert_allclose(ciede2000(*colours), deltaE_ciede2000(*colours), rtol=1e-9, atol=1e-9)


def test_the_weights_are_those_of_scikit_image() -> None:
    colours = np.random.default_rng(1).uniform((0, -60, -60), (100, 60, 60), (2, 200, 3))
    ours = ciede2000(*colours, k_l=2, k_c=1.5, k_h=0.5)
    np.testing.assert_allclose(ours, deltaE_ciede2000(*colours, kL=2, kC=1.5, kH=0.5), rtol=1e-9)


@settings(deadline=None, max_examples=60)
@given(a=lab, b=lab)
def test_it_is_symmetric_and_not_negative(a: np.ndarray, b: np.ndarray) -> None:
    there, back = ciede2000(a, b), ciede2000(b, a)
    assert there >= 0
    np.testing.assert_allclose(there, back, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=30)
@given(colour=lab)
def test_equal_colours_do_not_differ(colour: np.ndarray) -> None:
    assert ciede2000(colour, colour) == 0


def test_black_and_white_are_a_hundred_apart() -> None:
    assert ciede2000(np.array([0.0, 0, 0]), np.array([100.0, 0, 0])) == pytest.approx(100)


@pytest.mark.parametrize(
    ("a", "b"), [((2, 3), (3, 3)), ((2, 4), (2, 4)), ((), ())], ids=["lengths", "four channels", "numbers"]
)
def test_unequal_shapes_are_named(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    with pytest.raises(GridMismatch) as error:
        ciede2000(np.zeros(a), np.zeros(b))
    assert f"{a} and {b}" in str(error.value)


def test_the_area_under_the_curve_is_that_of_the_curve():
    """Against the curve itself, drawn in steps of 0.01 and summed."""
    rng = np.random.default_rng(0)
    error, weights = rng.gamma(2, 15, 500), rng.random(500)
    steps = np.arange(0, 150, 0.01)
    within = [(weights * (error <= step)).sum() / weights.sum() for step in steps]
    assert colour_auc(error, weights) == pytest.approx(100 * np.mean(within), abs=0.01)


def test_exact_colours_reach_all_and_wrong_ones_nothing():
    assert colour_auc(np.zeros((3, 4))) == 100
    assert colour_auc(np.full((3, 4), 151.0)) == 0


def test_weights_need_the_shape_of_the_errors_and_something_that_counts():
    with pytest.raises(GridMismatch, match="one weight"):
        colour_auc(np.zeros(3), np.ones(4))
    with pytest.raises(BadUsage, match="no pixel"):
        colour_auc(np.zeros(3), np.zeros(3))


def test_broad_colours_see_a_wrong_hue_and_no_brushwork():
    rng = np.random.default_rng(0)
    paint = np.array([50.0, 10.0, -20.0]) + rng.normal(0, 6, (64, 64, 3))
    strokes = np.array([50.0, 10.0, -20.0]) + rng.normal(0, 6, (64, 64, 3))
    where = np.zeros((64, 64), bool)
    where[20:40, 20:40] = True
    assert broad_colour_difference(paint, strokes, where=where) < 0.7
    shifted = paint + np.where(where[..., None], [0.0, 12.0, 0.0], 0.0)
    expected = ciede2000(*(ndimage.gaussian_filter(lab, (8, 8, 0)) for lab in (paint, shifted)))[where].mean()
    assert broad_colour_difference(paint, shifted, where=where) == pytest.approx(expected)
    assert broad_colour_difference(paint, shifted, where=where) > 3
    assert np.isnan(broad_colour_difference(paint, paint, where=np.zeros((64, 64), bool)))
    with pytest.raises(BadUsage):
        broad_colour_difference(paint, paint, sigma=0)
