"""What passes the tensor door comes back as it was, and what is lost does not pass."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.models import admit, crop, pad, to_pixels, to_tensors, to_units


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_integer_comes_back(dtype: type) -> None:
    every = np.arange(np.iinfo(dtype).max + 1).astype(dtype).reshape(16, -1, 1)
    x, _ = to_tensors(every, np.zeros(every.shape[:2], dtype=bool))
    assert (float(x.min()), float(x.max())) == (0, 1)
    back = to_pixels(x, dtype)
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, every)


def test_floats_are_taken_as_they_are_beyond_white_and_black_too() -> None:
    colour = np.array([[[-0.5], [0.0], [1.0], [7.25]]], dtype=np.float32)
    x, _ = to_tensors(colour, np.zeros((1, 4), dtype=bool))
    assert x.flatten().tolist() == [-0.5, 0, 1, 7.25]
    np.testing.assert_array_equal(to_pixels(x, np.float32), colour)
    assert to_pixels(x, np.float64).dtype == np.float64


def test_the_depth_comes_from_the_dtype_not_from_the_data() -> None:
    """A dark 16-bit scan may hold nothing above 255."""
    x, _ = to_tensors(np.full((1, 1, 3), 255, np.uint16), np.zeros((1, 1), dtype=bool))
    assert float(x.max()) == pytest.approx(255 / 65535)


@settings(max_examples=20, deadline=None)
@given(
    colour=arrays.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3]))),
    seed=st.integers(0, 99),
)
def test_shapes_follow_and_lacunae_are_empty(colour: np.ndarray, seed: int) -> None:
    lost = np.random.default_rng(seed).random(colour.shape[:2]) < 0.3
    x, known = to_tensors(colour, lost)
    rows, cols, channels = colour.shape
    assert x.shape == (1, channels, rows, cols)
    assert known.shape == (1, 1, rows, cols)
    assert x.dtype == known.dtype == torch.float32
    np.testing.assert_array_equal(known[0, 0].numpy() == 0, lost)
    np.testing.assert_array_equal(to_pixels(x, np.uint8), np.where(lost[..., None], 0, colour))


def test_what_a_lacuna_holds_does_not_pass_not_even_nan() -> None:
    colour = np.full((2, 2, 3), np.nan, dtype=np.float32)
    x, known = to_tensors(colour, np.ones((2, 2), dtype=bool))
    assert not x.any()
    assert not known.any()


def test_the_painting_is_not_touched() -> None:
    colour, lost = np.ones((2, 2, 3), dtype=np.float32), np.eye(2, dtype=bool)
    x, known = to_tensors(colour, lost)
    x.fill_(9), known.fill_(9)
    assert (colour == 1).all()
    assert lost.tolist() == [[True, False], [False, True]]


def test_pixels_are_rounded_and_end_at_black_and_white() -> None:
    y = torch.tensor([-0.1, 0.4 / 255, 0.6 / 255, 254.6 / 255, 1.2]).view(1, 1, 1, 5)
    assert to_pixels(y, np.uint8).flatten().tolist() == [0, 0, 1, 255, 255]


def test_units_are_those_of_the_scan_and_unrounded() -> None:
    y = torch.tensor([-0.1, 0.5, 1.2]).view(1, 1, 1, 3).requires_grad_()
    np.testing.assert_allclose(to_units(y, np.uint8).flatten(), [-25.5, 127.5, 306], rtol=1e-6)
    np.testing.assert_allclose(to_units(y, "uint16").flatten(), [-6553.5, 32767.5, 78642], rtol=1e-6)
    assert to_units(y.bfloat16(), np.float64).dtype == np.float32


@pytest.mark.parametrize(
    ("colour", "lost", "error", "says"),
    [
        (np.zeros((2, 3, 3), np.uint8), np.zeros((3, 2), bool), GridMismatch, "(2, 3) and lost is (3, 2)"),
        (np.zeros((2, 3), np.uint8), np.zeros((2, 3), bool), BadUsage, "uint8 (2, 3)"),
        (np.zeros((2, 3, 3), np.uint8), np.zeros((2, 3), np.uint8), BadUsage, "uint8 (2, 3)"),
        (np.zeros((2, 3, 3), np.int64), np.zeros((2, 3), bool), BadUsage, "got int64"),
    ],
)
def test_what_does_not_fit_is_refused(
    colour: np.ndarray, lost: np.ndarray, error: type[Exception], says: str
) -> None:
    with pytest.raises(error) as refusal:
        to_tensors(colour, lost)
    assert says in str(refusal.value)


def test_one_picture_comes_out_at_a_time() -> None:
    with pytest.raises(BadUsage, match="one picture"):
        to_pixels(torch.zeros(2, 3, 4, 4), np.uint8)


@pytest.mark.parametrize(("grid", "padded"), [((1, 1), (4, 4)), ((4, 8), (4, 8)), ((5, 7), (8, 8))])
def test_padding_is_lost_and_is_cut_off_again(grid: tuple[int, int], padded: tuple[int, int]) -> None:
    x, known = torch.rand(2, 3, *grid), torch.ones(2, 1, *grid)
    wide, wide_known = pad(x, known, multiple=4)
    assert wide.shape[2:] == wide_known.shape[2:] == padded
    assert wide_known.sum() == known.sum()
    assert torch.equal(crop(wide, grid), x)
    assert torch.equal(crop(wide_known, grid), known)


def test_admitting_cuts_known_at_one_half_and_empties_the_rest() -> None:
    x = torch.tensor([1.0, torch.nan, 3.0, 4.0]).view(1, 1, 2, 2).expand(2, 1, 2, 2)
    known = torch.tensor([[0.9, 0.1], [True, 0.5]]).view(1, 1, 2, 2)
    inside, mask = admit(x, known, multiple=1)
    assert inside[1].tolist() == [[[1, 0], [3, 0]]]
    assert mask.tolist() == [[[[1, 0], [1, 0]]]] * 2


def test_known_of_another_grid_is_not_stretched() -> None:
    with pytest.raises(GridMismatch, match="share the grid"):
        admit(torch.zeros(1, 3, 4, 4), torch.ones(1, 1, 1, 1), multiple=4)
