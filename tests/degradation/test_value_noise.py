"""Chance by place: even, and the same however the place is reached."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tratteggio.degradation.simulation.value_noise import bits, draw, field, uniform


def mixed_by_hand(word: int) -> int:
    """lowbias32 in Python's whole numbers."""
    word = ((word ^ (word >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    word = ((word ^ (word >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return word ^ (word >> 16)


@given(a=st.integers(0, 2**31), b=st.integers(0, 2**31))
@settings(max_examples=50, deadline=None)
def test_bits_are_lowbias32_of_the_keys_in_turn(a: int, b: int) -> None:
    by_hand = mixed_by_hand((mixed_by_hand(a) * 0x9E3779B9 + b) & 0xFFFFFFFF)
    assert int(bits(a, b)) == by_hand
    assert int(bits(np.array([a]), b)[0]) == by_hand


def test_uniform_is_even_and_neighbours_are_unrelated() -> None:
    values = uniform(np.arange(200)[:, None], np.arange(200)[None, :], 7)
    assert abs(float(values.mean()) - 0.5) < 0.005
    assert abs(float(values.std()) - 12**-0.5) < 0.005
    for shifted in (values[1:] * values[:-1], values[:, 1:] * values[:, :-1]):
        assert abs(float(shifted.mean()) - 0.25) < 0.005


def test_draws_with_different_names_differ_and_stay_in_range() -> None:
    values = [draw(3, f"name {k}", 2, 5) for k in range(100)]
    assert len(set(values)) == 100
    assert min(values) >= 2
    assert max(values) < 5


@given(top=st.integers(-40, 60), left=st.integers(-40, 60), rows=st.integers(1, 30), cols=st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_a_field_read_in_part_equals_the_whole(top: int, left: int, rows: int, cols: int) -> None:
    y, x = np.arange(-50, 100) * 0.13, np.arange(-50, 100) * 0.41
    whole = field(y, x, 1, 2)
    down, right = slice(top + 50, top + 50 + rows), slice(left + 50, left + 50 + cols)
    assert_array_equal(field(y[down], x[right], 1, 2), whole[down, right])


def test_a_field_is_smooth_and_bounded() -> None:
    values = field(np.arange(300) * 0.01, np.arange(300) * 0.01, 5)
    assert float(np.abs(values).max()) <= 1
    # The steepest a smoothed step of height 2 can be is 1.5 * 2 per cell.
    assert float(np.abs(np.diff(values, axis=0)).max()) <= 0.031
