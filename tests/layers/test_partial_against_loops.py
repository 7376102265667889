"""Every partial layer, with every kind of argument, equals the nested loops."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.looped import partial_convolution
from tratteggio import layers

ARGUMENTS = st.fixed_dictionaries(
    {
        "axes": st.sampled_from([1, 2, 2, 3]),
        "transposed": st.booleans(),
        "kernel_size": st.integers(1, 4),
        "stride": st.integers(1, 3),
        "dilation": st.integers(1, 2),
        "groups": st.sampled_from([1, 1, 2]),
        "bias": st.booleans(),
        "padding": st.sampled_from(["same", "valid", "even", "uneven"]),
        "form": st.sampled_from(["none", "one", "each", "runs"]),
        "seed": st.integers(0, 2**16),
    }
)


def layer_of(rng, *, axes, transposed, padding, kernel_size, stride, dilation, groups, bias):
    reach = dilation * (kernel_size - 1)
    if padding == "even":
        padding = int(rng.integers(0, reach // 2 + 1))
    elif padding == "uneven":
        padding = tuple((int(a), int(b)) for a, b in rng.integers(0, reach // 2 + 1, size=(axes, 2)))
    options = {"stride": stride, "dilation": dilation, "groups": groups, "bias": bias, "padding": padding}
    if transposed and isinstance(padding, int):
        options["output_padding"] = int(rng.integers(0, max(stride, dilation)))
    kind = f"PartialConv{'Transpose' if transposed else ''}{axes}d"
    return getattr(layers, kind)(4, 2, kernel_size, dtype=torch.float64, **options)


def knowns(rng, form, shape):
    """Give one form of known, and what it means channel by channel."""
    batch, channels, *sizes = shape
    each = rng.random((batch, channels, *sizes)) < 0.5
    if form == "none":
        return None, np.ones(shape, dtype=bool)
    if form == "one":
        return torch.tensor(each[:, :1]), np.broadcast_to(each[:, :1], shape)
    if form == "each":
        return torch.tensor(each).double(), each
    each[:, 1:3] = each[:, 1:2]
    return [
        (1, torch.tensor(each[:, :1])),
        (2, torch.tensor(each[:, 1:2])),
        (1, torch.tensor(each[:, 3:])),
    ], each


@settings(max_examples=120, deadline=None)
@given(arguments=ARGUMENTS)
def test_every_layer_equals_the_loops(arguments):
    form, rng = arguments.pop("form"), np.random.default_rng(arguments.pop("seed"))
    torch.manual_seed(0)
    layer = layer_of(rng, **arguments)
    axes = arguments["axes"]
    sizes = [int(n) for n in rng.integers(7, 9, size=axes)] if axes < 3 else [7, 7, 7]
    x = rng.standard_normal((2 if axes < 3 else 1, 4, *sizes))
    known, each = knowns(rng, form, x.shape)
    with torch.no_grad():
        answer = layer(torch.tensor(x)) if known is None else layer(torch.tensor(x), known)
    y, seen = (answer, None) if known is None else answer
    walk = layer._axes(sizes)
    before = [a.reach - 1 - a.before if arguments["transposed"] else a.before for a in walk]
    expected, expected_seen = partial_convolution(
        x,
        each,
        layer.weight.detach().numpy(),
        None if layer.bias is None else layer.bias.detach().numpy(),
        out=y.shape[2:],
        stride=layer.stride,
        dilation=layer.dilation,
        before=before,
        groups=layer.groups,
        transposed=arguments["transposed"],
    )
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-10, atol=1e-12)
    if seen is not None:
        np.testing.assert_array_equal(np.broadcast_to(seen.numpy(), expected.shape) > 0.5, expected_seen)


def test_a_layer_is_as_large_as_its_twin_and_pairs_are_read_before_after():
    """By hand: 9 samples, pad 2 before and 1 after, 3 taps: 10 answers, the first sees sample 0 alone."""
    layer = layers.PartialConv1d(1, 1, 3, padding=((2, 1),), bias=False)
    torch.nn.init.constant_(layer.weight, 1.0)
    x = torch.zeros(1, 1, 9)
    x[..., 0] = 1
    y = layer(x)
    assert y.shape == (1, 1, 10)
    assert y.flatten().tolist() == [3.0, 1.5, 1.0, 0, 0, 0, 0, 0, 0, 0]
