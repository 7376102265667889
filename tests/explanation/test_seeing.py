"""Deconvolutional nets, strongest patches and occlusion, each against something worked out otherwise."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import Tensor, nn
from torch.nn import functional

from tratteggio.errors import UnknownName
from tratteggio.explanation.deconvnet import Place, project
from tratteggio.explanation.inputs import InputSpec
from tratteggio.explanation.layers import record_outputs
from tratteggio.explanation.occlusion import GREY, occlusion
from tratteggio.explanation.patches import find_strongest
from tratteggio.explanation.receptive import measure_fields


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def net() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(4, 3, 3), nn.ReLU()
    ).eval()


# --- deconvolutional nets ------------------------------------------------------------------------------


def test_in_a_linear_net_what_is_sent_back_is_the_gradient() -> None:
    torch.manual_seed(0)
    linear = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Conv2d(4, 3, 3, stride=2), nn.ConvTranspose2d(3, 2, 4, 2))
    x = noise(1, 2, 20, 20).requires_grad_()
    for layer, answer in record_outputs(linear, x, None).items():
        (gradient,) = torch.autograd.grad(answer[0, 1, 3, 4], x, retain_graph=True)
        (sent,) = project(linear, x.detach(), None, layer, [Place(1, 3, 4)])
        assert_allclose(sent, gradient[0], atol=1e-6)


def test_with_activations_it_is_the_deconvolutional_net_written_out(net: nn.Sequential) -> None:
    """Zeiler and Fergus 2014, section 2.1: unpool by switches, rectify, filter transposed."""
    x = noise(1, 2, 14, 14)
    first, last = net[0], net[3]
    maxima, switches = functional.max_pool2d(functional.relu(first(x)), 2, return_indices=True)
    one = torch.zeros_like(last(maxima))
    one[0, 2, 1, 2] = 1
    down = functional.conv_transpose2d(one, last.weight)
    down = functional.max_unpool2d(down, switches, 2, output_size=(12, 12))
    expected = functional.conv_transpose2d(functional.relu(down), first.weight)
    (sent,) = project(net, x, None, "3", [Place(2, 1, 2)])
    assert_allclose(sent, expected[0].detach(), atol=1e-6)
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(net[:4](x)[0, 2, 1, 2], x)
    assert not torch.allclose(sent, gradient[0], atol=1e-3)


def test_nothing_is_sent_beyond_the_receptive_field(net: nn.Sequential) -> None:
    seen = measure_fields(net, InputSpec(2, 16, False, 2, 16), ["3"])["3"].region(2, 3)
    assert seen is not None
    (sent,) = project(net, noise(1, 2, 20, 20), None, "3", [Place(0, 2, 3)])
    outside = torch.ones(20, 20, dtype=torch.bool)
    outside[seen.top : seen.bottom, seen.left : seen.right] = False
    assert not sent[:, outside].any()


def test_a_layer_that_is_not_there_is_refused_with_the_nearest(net: nn.Sequential) -> None:
    with pytest.raises(UnknownName, match="no layer named '1'; .*known: 0, 3"):
        project(net, noise(1, 2, 14, 14), None, "1", [Place(0, 0, 0)])


# --- strongest patches ---------------------------------------------------------------------------------


def test_a_patch_is_exactly_what_its_answer_saw(net: nn.Sequential) -> None:
    """Shown alone it gives the same answer, and with one row less it cannot."""
    images = [noise(1, 2, 24, 30), -noise(1, 2, 24, 30)]
    maps = [record_outputs(net, x, None, ["3"])["3"][0].detach().numpy() for x in images]
    found = find_strongest(
        maps,
        measure_fields(net, InputSpec(2, 16, False, 2, 16), ["3"])["3"],
        [(24, 30)] * 2,
        feature=1,
        count=5,
    )
    assert len(found) == 5
    assert found[0].value == max(one[1].max() for one in maps)
    for place in found:
        assert place.seen is not None
        alone = images[place.window][
            ..., place.seen.top : place.seen.bottom, place.seen.left : place.seen.right
        ]
        answer = net[:4](alone)
        assert answer.shape[2:] == (1, 1)
        assert_allclose(answer[0, 1, 0, 0].detach(), place.value, rtol=1e-5)


def test_strongest_answers_are_apart_in_order_and_not_of_the_border() -> None:
    net = nn.Sequential(nn.Conv2d(1, 1, 5, padding=2)).eval()
    field = measure_fields(net, InputSpec(1, 16, False, 1, 16), ["0"])["0"]
    answer = np.zeros((1, 20, 20), np.float32)
    answer[0, 0, 0], answer[0, 10, 10], answer[0, 10, 11], answer[0, 4, 15] = 9, 5, 4, 3
    found = find_strongest([answer], field, [(20, 20)], feature=0, count=2)
    assert [(place.row, place.col, place.value) for place in found] == [(10, 10, 5.0), (4, 15, 3.0)]


# --- occlusion -----------------------------------------------------------------------------------------


class Filling(nn.Module):
    """Outputs with a mean over 9 x 9 pixels, and must be told what is known."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Conv2d(1, 1, 9, padding=4, bias=False)
        nn.init.constant_(self.mean.weight, 1 / 81)

    def forward(self, x: Tensor, known: Tensor) -> Tensor:
        return self.mean(x * known)


def test_the_change_is_that_of_what_is_hidden() -> None:
    x = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    known = torch.ones(1, 1, 32, 32)
    seen = occlusion(Filling().eval(), x, known, square=4, step=4)
    assert (seen.target, seen.place) == ("fill", seen.place)
    assert seen.place is not None
    assert_array_equal(known, 1)  # what was given stays
    lost = known.clone()
    lost[..., seen.place.top : seen.place.bottom, seen.place.left : seen.place.right] = 0
    # The square at rows 12 .. 15, columns 8 .. 11, by hand: the answers at (15 .. 16, 15 .. 16).
    change = (GREY - x) * lost
    parts = []
    for row in (15, 16):
        for col in (15, 16):
            window = torch.zeros(32, 32)
            window[row - 4 : row + 5, col - 4 : col + 5] = 1 / 81
            parts.append(float((change[0, 0] * window)[12:16, 8:12].sum()))
    assert_allclose(seen.change[13, 9], np.sqrt(np.mean(np.square(parts))), rtol=1e-4)
    assert not seen.change[:8].any()


class Coding(nn.Module):
    """Has a code."""

    def forward(self, x: Tensor) -> Tensor:
        return x

    def encode(self, x: Tensor) -> Tensor:
        return 3 * x


def test_the_change_of_a_code_is_a_share_of_its_size() -> None:
    x = torch.ones(1, 1, 16, 16)
    seen = occlusion(Coding(), x, None, square=8, step=8)
    assert (seen.target, seen.place) == ("code", None)
    # A quarter of the code halves: root of 1/4 times (1/2)².
    assert_allclose(seen.change, 0.25)


def test_any_other_net_is_asked_for_the_middle_of_its_answer() -> None:
    doubled = nn.Upsample(scale_factor=2)
    seen = occlusion(doubled, torch.zeros(1, 3, 24, 24), None, square=8, step=8)
    assert seen.target == "output"
    assert_allclose(np.unique(seen.change), [0, GREY])
    assert_array_equal(np.argwhere(seen.change)[[0, -1]], [[8, 8], [15, 15]])
