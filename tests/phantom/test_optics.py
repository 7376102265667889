"""Layers of paint against closed forms."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tratteggio.phantom.optics import covered, masstone, transmitted
from tratteggio.phantom.pigments import PIGMENTS, traits


def layer_by_hyperbolas(k: float, s: float, thick: float, below: float) -> float:
    """Kubelka 1948, in the form with a hyperbolic cotangent."""
    a = 1 + k / s
    b = np.sqrt(a * a - 1)
    b_coth = b / np.tanh(b * s * thick)
    return (1 - below * (a - b_coth)) / (a - below + b_coth)


def test_beer_and_lambert() -> None:
    depth = np.linspace(0, 10, 400).astype(np.float32)
    assert_allclose(transmitted(depth), np.exp(-depth), rtol=2e-3)
    assert transmitted(np.float32([1e6]))[0] < 1e-7


@given(k=st.floats(0.002, 1.0), s=st.floats(0.02, 1.0), thick=st.floats(0.1, 30), below=st.floats(0.02, 0.95))
@settings(max_examples=80, deadline=None)
def test_a_layer_follows_kubelka_and_munk(k: float, s: float, thick: float, below: float) -> None:
    mass = masstone(np.float32([k]), np.float32([s]))
    reflects = covered(mass, np.float32([s * thick]), np.float32([below]))
    assert_allclose(reflects, layer_by_hyperbolas(k, s, thick, below), atol=3e-3)


def test_two_layers_of_one_paint_are_one_thicker_layer() -> None:
    mass, below = np.float32([0.4]), np.float32([0.9])
    once = covered(mass, np.float32([0.7]), below)
    assert_allclose(
        covered(mass, np.float32([0.5]), once), covered(mass, np.float32([1.2]), below), atol=1e-3
    )


def test_infrared_passes_lead_white_and_stops_at_bone_black() -> None:
    """Over a drawn line and beside it: 30 um of lead white leave a contrast, of bone black none."""
    for name, least, most in (("lead white", 0.1, 0.6), ("vermilion", 0.1, 0.6), ("bone black", 0, 0.001)):
        pigment = PIGMENTS[name]
        mass = masstone(np.float32([pigment.ir_absorbs]), np.float32([pigment.ir_scatters]))
        over = covered(mass, np.float32(30 * pigment.ir_scatters), np.float32([0.05, 0.86]))
        assert least <= over[1] - over[0] <= most


def test_absorption_of_a_mixture_is_the_sum_of_its_parts() -> None:
    tone = np.linspace(0, 1, 5).astype(np.float32)
    one, two = [("azurite", 20, 4)], [("lead white", 0, 30)]
    both = traits([*one, *two], tone)
    assert_allclose(
        both[:, :4],
        traits(one, tone)[:, :4] + two[0][2] * tone[:, None] * np.array(PIGMENTS["lead white"][:4]),
        rtol=1e-5,
    )
