"""Select by example."""

import numpy as np
import pytest

from tratteggio.studio.growing import grow_selection

GROUND, PAINT = (70.0, 5.0, 20.0), (40.0, 40.0, 10.0)


@pytest.fixture
def lab():
    """Ground in two squares beside each other, with a thin line of paint between, and noise on all."""
    picture = np.full((60, 90, 3), PAINT, np.float32)
    picture[10:50, 10:40] = GROUND
    picture[10:50, 43:80] = GROUND
    return picture + np.random.default_rng(0).normal(0, 0.5, picture.shape).astype(np.float32)


def stroke(shape, *pixels):
    mask = np.zeros(shape, bool)
    for row, col in pixels:
        mask[row, col] = True
    return mask


def test_it_takes_what_has_the_colour_of_the_stroke_up_to_the_edge(lab):
    grown = grow_selection(lab, stroke((60, 90), (30, 20), (31, 22)), tolerance=8)
    wanted = np.zeros((60, 90), bool)
    wanted[10:50, 10:40] = True
    assert (grown == wanted).mean() > 0.99
    assert not grown[:, 43:].any()  # of the same colour, but not connected


def test_a_greater_tolerance_takes_more(lab):
    few, many = (grow_selection(lab, stroke((60, 90), (30, 20)), tolerance=one).sum() for one in (8, 60))
    assert few < many == lab.shape[0] * lab.shape[1]


def test_an_edge_stops_what_a_slow_change_of_colour_does_not():
    ramp = np.zeros((20, 200, 3), np.float32)
    ramp[..., 0] = np.linspace(40, 50, 200)
    ramp[:, 100:, 1] = 9  # nearer to the stroke than the tolerance, but a step
    for edges, last in ((True, 100), (False, 200)):
        grown = grow_selection(ramp, stroke((20, 200), (10, 50)), tolerance=8 if edges else 12, edges=edges)
        assert abs(grown[10].sum() - last) <= 2


def test_a_stroke_of_two_colours_takes_both(lab):
    grown = grow_selection(lab, stroke((60, 90), (30, 20), (30, 42)), tolerance=8, edges=False)
    assert grown.all()


def test_a_picture_of_one_pixel_is_selected():
    assert grow_selection(np.zeros((1, 1, 3), np.float32), np.ones((1, 1), bool), tolerance=1).all()
