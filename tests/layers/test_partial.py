"""Laws of partial convolution: what it computes, and that it stands in for torch's layers."""

import copy
import pickle

import pytest
import torch
from torch import nn

from tratteggio import layers
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.layers import PartialConv1d, PartialConv2d, PartialConvTranspose2d, partial

CONVOLUTIONS = {
    "Conv1d": (nn.Conv1d, {"padding": 2, "dilation": 2, "stride": 2}),
    "Conv2d": (nn.Conv2d, {"padding": 1, "groups": 2}),
    "Conv3d": (nn.Conv3d, {"padding": "same"}),
    "ConvTranspose1d": (nn.ConvTranspose1d, {"padding": 1, "output_padding": 1, "stride": 3}),
    "ConvTranspose2d": (nn.ConvTranspose2d, {"stride": 2, "padding": 1, "bias": False}),
    "ConvTranspose3d": (nn.ConvTranspose3d, {"padding": 1, "groups": 2}),
}


def spotted(*shape, share=0.7, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < share


def filled(layer, value=1.0):
    nn.init.constant_(layer.weight, value)
    return layer


# --- the numbers of the paper -------------------------------------------------------------------------


def test_figure_3_of_the_paper():
    """Xie et al., figure 3: ones, transposed 3 x 3 kernel of ones, stride 2: 4 everywhere."""
    plain = filled(nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1, bias=False))
    x = torch.ones(1, 1, 3, 3)
    row, other = [1, 2, 1, 2, 1], [2, 4, 2, 4, 2]
    assert plain(x)[0, 0].tolist() == [row, other, row, other, row]
    assert partial(plain)(x)[0, 0].tolist() == [[4] * 5] * 5


def test_a_ramp_through_a_transposed_kernel_of_ones_stays_a_ramp():
    layer = filled(PartialConvTranspose2d(1, 1, 3, stride=2, padding=1, bias=False))
    y = layer(torch.arange(1.0, 10).view(1, 1, 3, 3))[0, 0]
    assert y.tolist() == [[4 + 6 * r + 2 * c for c in range(5)] for r in range(5)]


def test_scale_is_window_over_known():
    """Liu et al. 2018, eq. 1: with 4 of 9 pixels known, of which the sum is 4, the answer is 9."""
    known = torch.zeros(1, 1, 3, 3)
    known[..., :2, :2] = 1
    y, known = filled(PartialConv2d(1, 1, 3, bias=False))(torch.ones(1, 1, 3, 3), known)
    assert (y.item(), known.item()) == (9.0, 1.0)


# --- laws -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_the_twin_has_the_same_arguments_state_and_size(name):
    kind, options = CONVOLUTIONS[name]
    plain = kind(4, 6, 3, **options)
    ours = getattr(layers, f"Partial{name}")(4, 6, 3, **options)
    assert isinstance(ours, kind)
    assert {k: v.shape for k, v in ours.state_dict().items()} == {
        k: v.shape for k, v in plain.state_dict().items()
    }
    ours.load_state_dict(plain.state_dict())
    plain.load_state_dict(ours.state_dict())
    x = torch.randn(2, 4, *[9] * len(plain.kernel_size))
    assert ours(x).shape == plain(x).shape
    assert ours.extra_repr() == plain.extra_repr()


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_partial_shares_parameters_with_the_module_it_came_from(name):
    kind, options = CONVOLUTIONS[name]
    plain = kind(4, 6, 3, **options).eval()
    twin = partial(plain)
    assert type(twin).__name__ == f"Partial{name}"
    assert twin.weight is plain.weight
    assert twin.bias is plain.bias
    assert twin.state_dict().keys() == plain.state_dict().keys()
    assert not twin.training
    ours = getattr(layers, f"Partial{name}")(4, 6, 3, **options)
    ours.load_state_dict(plain.state_dict())
    x = torch.randn(1, 4, *[7] * len(plain.kernel_size))
    assert torch.equal(twin(x), ours(x))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_where_all_is_known_without_padding_it_is_the_plain_convolution_bit_for_bit(kind, layout):
    plain = kind(8, 8, 3, padding=0 if kind is nn.Conv2d else 2).to(memory_format=layout)
    x = torch.randn(2, 8, 12, 12).to(memory_format=layout)
    y, known = partial(plain)(x, torch.ones(1, 1, 12, 12))
    assert torch.equal(y, plain(x))
    assert torch.equal(partial(plain)(x), plain(x))
    assert known.all()


def test_complete_windows_are_the_plain_convolution_of_the_known_bit_for_bit():
    plain = nn.Conv2d(8, 8, 3, padding=1, bias=False)
    x, known = torch.randn(2, 8, 16, 16), spotted(2, 1, 16, 16, share=0.97).float()
    y, _ = partial(plain)(x, known)
    complete = (-nn.functional.max_pool2d(-nn.functional.pad(known, [1] * 4), 3, 1)) > 0
    assert 0.3 < complete.float().mean() < 0.9
    assert torch.equal(y * complete, plain(x * known) * complete)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_constant_stays_constant_whatever_is_lost(name):
    """Neither lacunae nor borders dim it, by whatever samples an answer came."""
    kind, _ = CONVOLUTIONS[name]
    layer = partial(kind(4, 6, 3, padding=1))
    # Equal weights within a pair of groups: then the answer tells samples only by their number.
    nn.init.constant_(layer.weight, 0.1)
    x = torch.full((2, 4, *[8] * len(layer.kernel_size)), 3.0)
    y, known = layer(x, spotted(2, 1, *x.shape[2:], share=0.3).float())
    level = 3.0 * 0.1 * 4 * 3 ** len(layer.kernel_size)
    expected = (level + layer.bias).view(1, -1, *[1] * len(layer.kernel_size)) * known
    torch.testing.assert_close(y, expected, atol=1e-5, rtol=1e-5)


def test_what_lies_in_lacunae_changes_nothing():
    layer, known = PartialConv2d(3, 5, 3, padding=1), spotted(2, 1, 9, 9)
    x, other = torch.randn(2, 3, 9, 9), torch.randn(2, 3, 9, 9) * 1e6
    y, _ = layer(x, known)
    mixed, _ = layer(torch.where(known, x, other), known)
    assert torch.equal(y, mixed)


def test_features_that_were_gated_before_are_answered_alike():
    torch.manual_seed(0)
    layer, known = PartialConv2d(5, 4, 3, padding=1), torch.rand(2, 5, 9, 8) > 0.4
    runs = [(2, known[:, :1]), (3, known[:, 1:2])]
    x = torch.rand(2, 5, 9, 8)
    zeros = torch.cat([x[:, :2] * known[:, :1], x[:, 2:] * known[:, 1:2]], dim=1)
    for one, other in zip(layer(x, runs), layer(zeros, runs, gated=True), strict=True):
        assert torch.equal(one, other)


def test_nothing_is_answered_where_nothing_is_known():
    known = torch.ones(1, 1, 8, 8)
    known[..., 2:7, 2:7] = 0
    y, seen = PartialConv2d(3, 4, 3, padding=1)(torch.randn(1, 3, 8, 8), known)
    assert (seen == 0).nonzero()[:, 2:].tolist() == [[r, c] for r in (3, 4, 5) for c in (3, 4, 5)]
    assert (y[..., 3:6, 3:6] == 0).all()
    assert (y != 0).sum() == 4 * (64 - 9)


def test_gaps_of_a_transposed_convolution_stay_unknown_and_zero():
    """A kernel of 1 with stride 2 answers at every other place."""
    layer = PartialConvTranspose2d(2, 3, 1, stride=2)
    nn.init.constant_(layer.bias, 5.0)
    x = torch.randn(1, 2, 4, 4)
    y, known = layer(x, torch.ones(1, 1, 4, 4))
    assert torch.equal(y, layer(x))
    assert known.sum() == 16
    assert (y[..., 1::2, :] == 0).all()
    assert (y[..., :, 1::2] == 0).all()


def test_answers_do_not_depend_on_whether_gradients_are_wanted():
    layer, x = PartialConv2d(3, 4, 3, padding=1), torch.randn(2, 3, 9, 9)
    with torch.no_grad():
        y = layer(x)
    torch.testing.assert_close(y, layer(x), rtol=1e-6, atol=1e-6)


def test_full_counts_are_the_general_counts():
    """The remembered path of `layer(x)` equals the counting path of `layer(x, known)`."""
    x = torch.randn(1, 2, 7, 6)
    known = torch.ones(1, 1, 7, 6)
    for layer in (
        PartialConv2d(2, 3, 4, padding="same", stride=2),
        PartialConvTranspose2d(2, 3, 3, padding="same", stride=2),
        PartialConv2d(2, 3, 3, padding=2, dilation=2),
    ):
        almost = torch.cat([torch.zeros_like(known), known])  # one lost picture keeps the short cut away
        y, _ = layer(x.expand(2, -1, -1, -1), almost)
        torch.testing.assert_close(y[1:], layer(x), rtol=1e-6, atol=1e-6)


def test_groups_of_masks_equal_the_full_channel_formulation():
    """Liu et al. with a mask for each channel, written out: a ones-kernel over all channels."""
    layer = PartialConv2d(6, 4, 3, padding=1)
    x, up, skip = torch.randn(2, 6, 9, 9), spotted(2, 1, 9, 9, seed=1), spotted(2, 1, 9, 9, seed=2)
    each = torch.cat([up.expand(-1, 2, -1, -1), skip.expand(-1, 4, -1, -1)], dim=1).float()
    count = nn.functional.conv2d(each, torch.ones(4, 6, 3, 3), padding=1)
    z = nn.functional.conv2d(x * each, layer.weight, padding=1)
    expected = torch.where(count > 0, z * 54 / count.clamp(min=1) + layer.bias.view(1, -1, 1, 1), 0)
    for known in ([(2, up), (4, skip)], each):
        y, seen = layer(x, known)
        torch.testing.assert_close(y, expected, atol=1e-5, rtol=1e-5)
        assert torch.equal(seen > 0, count[:, :1] > 0)


def test_each_group_of_a_layer_counts_its_own_channels():
    left, right = torch.ones(1, 1, 3, 3), torch.zeros(1, 1, 3, 3)
    right[..., 0, 0] = 1
    layer = filled(PartialConv2d(2, 2, 3, groups=2, bias=False))
    y, known = layer(torch.ones(1, 2, 3, 3), [(1, left), (1, right)])
    assert y.flatten().tolist() == [9.0, 9.0]
    y, known = layer(torch.ones(1, 2, 3, 3), [(1, left), (1, right * 0)])
    assert y.flatten().tolist() == [9.0, 0.0]
    assert known.flatten().tolist() == [1.0, 0.0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_stays_finite_and_close(dtype):
    layer = PartialConv2d(16, 8, 7, padding=3)
    x, known = torch.randn(1, 16, 20, 20), torch.zeros(1, 1, 20, 20)
    known[..., 3, 4] = known[..., 15:, 15:] = 1
    with torch.no_grad():
        y, _ = layer(x, known)
        low, _ = copy.deepcopy(layer).to(dtype)(x.to(dtype), known.to(dtype))
    assert low.dtype == dtype
    assert torch.isfinite(low).all()
    torch.testing.assert_close(low.float(), y, atol=0.2, rtol=0.1)


def test_autocast_counts_in_full_precision():
    """1024 channels x 9 taps: bfloat16 would count 9215 as 9216."""
    layer = filled(PartialConv2d(1024, 1, 3, bias=False), 2.0**-10)
    known = torch.ones(1, 1024, 3, 3)
    known[0, 0, 0, 0] = 0
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        y, _ = layer(torch.ones(1, 1024, 3, 3), known)
    assert y.dtype == torch.bfloat16
    assert y.item() == 9.0


def test_calls_do_not_remember_each_other():
    layer = PartialConv2d(3, 4, 3, padding=1)
    x, known = torch.randn(2, 3, 8, 8), spotted(2, 1, 8, 8).float()
    padded, masked = PartialConv2d.forward(copy.deepcopy(layer), x), copy.deepcopy(layer)(x, known)[0]
    assert torch.equal(layer(x, known)[0], masked)
    assert torch.equal(layer(x), padded)
    torch.testing.assert_close(layer(x[:1]), padded[:1])
    assert torch.equal(layer(x, known)[0], masked)
    assert vars(layer).keys() == vars(copy.deepcopy(layer)).keys()


def test_a_layer_used_in_inference_mode_can_train_afterwards():
    layer, x = PartialConv1d(2, 2, 3, padding=1), torch.randn(1, 2, 8)
    with torch.inference_mode():
        layer(x)
    layer(x).sum().backward()
    assert layer.weight.grad is not None


def test_a_tile_equals_its_place_in_the_whole():
    layer = PartialConv2d(3, 4, 5, padding=2, dtype=torch.float64)
    x, known = torch.randn(1, 3, 24, 24, dtype=torch.float64), spotted(1, 1, 24, 24, share=0.2)
    whole, seen = layer(x, known)
    tile, seen_tile = layer(x[..., 4:20, 2:20], known[..., 4:20, 2:20])
    torch.testing.assert_close(tile[..., 2:-2, 2:-2], whole[..., 6:18, 4:18], rtol=1e-12, atol=1e-12)
    assert torch.equal(seen_tile[..., 2:-2, 2:-2], seen[..., 6:18, 4:18])


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_copies_answer_alike(copier):
    layer, x = PartialConv2d(3, 4, 3, padding=((0, 1), (2, 1))), torch.randn(1, 3, 8, 8)
    first = layer(x)
    assert torch.equal(copier(layer)(x), first)


@pytest.mark.parametrize("kind", [PartialConv2d, PartialConvTranspose2d])
@pytest.mark.parametrize("padding", [1, "same", ((0, 2), (1, 0))])
def test_the_memory_layout_of_the_features_is_kept(kind, padding):
    layer = kind(8, 8, 3, stride=2, padding=padding).to(memory_format=torch.channels_last)
    x = torch.randn(2, 8, 12, 12).to(memory_format=torch.channels_last)
    for y in (layer(x), layer(x, spotted(2, 1, 12, 12))[0]):
        assert y.is_contiguous(memory_format=torch.channels_last)


def test_known_may_be_bool_and_keeps_its_kind():
    layer, x, known = PartialConv2d(3, 4, 3, padding=1), torch.randn(2, 3, 8, 8), spotted(1, 1, 8, 8)
    y, seen = layer(x, known)
    z, seen_float = layer(x, known.float() * 0.7)
    assert torch.equal(y, z)
    assert (seen.dtype, seen_float.dtype) == (torch.bool, torch.float32)
    assert seen.shape == (1, 1, 8, 8)


# --- gradients ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [PartialConv2d, PartialConvTranspose2d])
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_are_exact_to_second_order(kind, masked):
    layer = kind(2, 3, 3, stride=2, padding=1, dtype=torch.float64)
    x = torch.randn(2, 2, 5, 4, dtype=torch.float64, requires_grad=True)
    known = spotted(2, 1, 5, 4, share=0.4)

    def answer(x, weight, bias):
        arguments = (x, known) if masked else (x,)
        y = torch.func.functional_call(layer, {"weight": weight, "bias": bias}, arguments)
        return y[0] if masked else y

    inputs = (x, layer.weight, layer.bias)
    assert torch.autograd.gradcheck(answer, inputs)
    assert torch.autograd.gradgradcheck(answer, inputs)


def test_lost_features_get_no_gradient():
    x, known = torch.randn(1, 3, 8, 8, requires_grad=True), spotted(1, 1, 8, 8)
    y, _ = PartialConv2d(3, 4, 3, padding=1)(x, known)
    y.square().sum().backward()
    assert torch.equal((x.grad != 0).all(1, keepdim=True), known)


# --- uses that cannot be met ----------------------------------------------------------------------------


def test_made_up_padding_is_refused():
    with pytest.raises(BadUsage, match="padding_mode must be 'zeros', got 'reflect'"):
        PartialConv2d(1, 1, 3, padding_mode="reflect")
    with pytest.raises(BadUsage, match="circular"):
        partial(nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"))


@pytest.mark.parametrize("padding", ["full", -1, (1, 2, 3), ((1, -1), (0, 0)), ((1, 1), 1)])
def test_padding_that_is_none_is_refused(padding):
    with pytest.raises(BadUsage, match="padding must be 'same'"):
        PartialConv2d(1, 1, 3, padding=padding)


def test_same_settles_the_size_alone():
    with pytest.raises(BadUsage, match="drop output_padding"):
        PartialConvTranspose2d(1, 1, 3, stride=2, padding="same", output_padding=1)


def test_only_convolutions_become_partial():
    for module in (nn.Linear(2, 2), PartialConv2d(1, 1, 3), nn.Sequential()):
        with pytest.raises(BadUsage, match=type(module).__name__):
            partial(module)


@pytest.mark.parametrize(
    ("known", "error", "words"),
    [
        (torch.ones(2, 1, 4, 5), GridMismatch, r"known \(2, 1, 4, 5\) for x \(2, 3, 4, 4\)"),
        (torch.ones(4, 4), GridMismatch, "share the grid"),
        (torch.ones(3, 1, 4, 4), BadUsage, "batch size of x, or 1"),
        (torch.ones(2, 2, 4, 4), BadUsage, "1 channel, or one for each"),
        (
            [(2, torch.ones(2, 1, 4, 4))],
            BadUsage,
            r"cover the 3 channels of x \(2, 3, 4, 4\), got runs of \[2\]",
        ),
    ],
)
def test_known_that_does_not_fit_is_refused(known, error, words):
    with pytest.raises(error, match=words):
        PartialConv2d(3, 1, 3)(torch.ones(2, 3, 4, 4), known)


def test_x_of_other_dimensions_is_refused():
    with pytest.raises(BadUsage, match=r"PartialConv2d takes x of 4 dimensions, \(B, C, ...\), got \(3, 4\)"):
        PartialConv2d(3, 1, 3)(torch.ones(3, 4))
