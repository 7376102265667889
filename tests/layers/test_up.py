"""The layer that goes up equals the one it stands for, on doubled and joined features."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional
from torch.testing import assert_close

from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.layers import PartialConv2d, PartialUpConv2d


def scene(seed: int, *, rows: int = 3, cols: int = 4, batch: int = 2, lost: float = 0.4):
    torch.manual_seed(seed)
    coarse, fine = (
        torch.randn(batch, channels, times * rows, times * cols, dtype=torch.float64)
        for channels, times in ((3, 1), (2, 2))
    )
    small, large = ((torch.rand(batch, 1, *x.shape[2:]) > lost).double() for x in (coarse, fine))
    return coarse * small, small, fine * large, large


def layers(*, bias: bool) -> tuple[PartialUpConv2d, PartialConv2d]:
    up = PartialUpConv2d(3, 2, 4, bias=bias).double()
    joined = PartialConv2d(5, 4, 3, padding=1, bias=bias).double()
    joined.load_state_dict(up.state_dict())
    return up, joined


def double(x: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(x, scale_factor=2, mode="nearest")


def on_joined(layer, coarse, small, fine, large):
    return layer(torch.cat([double(coarse), fine], dim=1), [(3, double(small)), (2, large)])


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 5),
    cols=st.integers(1, 5),
    lost=st.sampled_from([0.0, 0.3, 0.9, 1.0]),
    bias=st.booleans(),
    last=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_it_equals_partial_convolution_of_the_joined_features(rows, cols, lost, bias, last, seed):
    coarse, small, fine, large = scene(seed, rows=rows, cols=cols, lost=lost)
    up, joined = layers(bias=bias)
    if last:
        coarse, fine = (x.contiguous(memory_format=torch.channels_last) for x in (coarse, fine))
        up = up.to(memory_format=torch.channels_last)
    y, known = up(coarse, small, fine, large)
    expected, expected_known = on_joined(joined, coarse, small, fine, large)
    assert_close(y, expected)
    assert_close(known, expected_known)


def test_gradients_are_those_of_the_joined_features():
    up, joined = layers(bias=True)
    found = []
    for layer, apply in ((up, lambda layer, *a: layer(*a)), (joined, on_joined)):
        coarse, small, fine, large = scene(0)
        coarse.requires_grad_()
        fine.requires_grad_()
        y, _ = apply(layer, coarse * small, small, fine * large, large)
        found.append(torch.autograd.grad(y.square().sum(), [coarse, fine, layer.weight, layer.bias]))
    for mine, expected in zip(*found, strict=True):
        assert_close(mine, expected)


def test_features_that_are_not_twice_as_large_are_refused():
    up, _ = layers(bias=True)
    coarse, small, fine, large = scene(0)
    with pytest.raises(GridMismatch, match="twice"):
        up(coarse, small, fine[..., :-1], large[..., :-1])


def test_coarse_and_fine_in_the_wrong_order_are_refused():
    up, _ = layers(bias=True)
    x, known = torch.zeros(1, 2, 3, 3), torch.ones(1, 1, 3, 3)
    with pytest.raises(BadUsage, match="3 channels"):
        up(x, known, torch.zeros(1, 3, 6, 6), torch.ones(1, 1, 6, 6))
