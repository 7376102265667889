"""Nets that enlarge: their size, what they begin as, and that windows give what the whole gives."""

import pytest
import torch
from torch import nn

from tratteggio import models
from tratteggio.errors import BadUsage
from tratteggio.layers.bicubic import enlarged, reduced
from tratteggio.losses import build as objective
from tratteggio.models._enlarging import Enlarger

NETS = ["srcnn-915", "srcnn-935", "srcnn-955", "superres"]


def weights(net: nn.Module) -> int:
    """Count weights without biases, as the papers do."""
    return sum(parameter.numel() for name, parameter in net.named_parameters() if "weight" in name)


def rough(name: str) -> Enlarger:
    """A net with random weights of which none is small."""
    torch.manual_seed(1)
    net = models.build(name)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.05)
    return net.eval()


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("srcnn-915", 8_032),
        ("srcnn-935", 24_416),
        ("srcnn-955", 57_184),
        ("superres:scale=2", 38_816),
        ("superres:scale=3", 40_256),
        ("superres:scale=4", 42_272),
    ],
)
def test_nets_have_the_published_number_of_weights(name, count):
    assert weights(models.build(name)) == count


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_net_begins_as_the_bicubic_enlargement(name, scale):
    torch.manual_seed(0)
    net = models.build(f"{name}:scale={scale}")
    low = 0.3 + 0.4 * torch.rand(1, 1, 14, 17)  # a cubic kernel overshoots, and what is below 0 is cut
    with torch.no_grad():
        assert (net.enlarge(low) - enlarged(low, scale)).abs().max() < 0.05


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_an_enlargement_depends_on_nothing_beyond_its_reach(name, scale):
    net = rough(f"{name}:scale={scale}")
    low, side = torch.rand(1, 1, 41, 41), 41
    inside = slice(20 * scale, 21 * scale)
    with torch.no_grad():
        whole = net.enlarge(low)
        crop = net.enlarge(low[..., 20 - net.reach : 21 + net.reach, 20 - net.reach : 21 + net.reach])
        middle = slice(net.reach * scale, (net.reach + 1) * scale)
        torch.testing.assert_close(crop[..., middle, middle], whole[..., inside, inside], atol=1e-5, rtol=0)
        assert whole.shape == (1, 1, side * scale, side * scale)


@pytest.mark.parametrize("name", NETS)
def test_what_is_learnt_is_the_middle_of_the_picture(name):
    """The answer in training is the enlargement of the reduced copy, without what depends on the border."""
    net, x = rough(f"{name}:scale=3"), torch.rand(2, 1, 66, 72)
    with torch.no_grad():
        answer, whole = net(x), net.enlarge(reduced(x, 3))
    assert all((side - got) % 2 == 0 for side, got in zip(x.shape[2:], answer.shape[2:], strict=True))
    top, left = ((side - got) // 2 for side, got in zip(x.shape[2:], answer.shape[2:], strict=True))
    middle = whole[..., top : top + answer.shape[2], left : left + answer.shape[3]]
    torch.testing.assert_close(answer, middle, atol=1e-5, rtol=0)
    truth = x[..., top : top + answer.shape[2], left : left + answer.shape[3]]
    error = objective("mse", {"judged": "out"})(answer, x, torch.ones_like(x)).total
    torch.testing.assert_close(error, (answer - truth).square().mean())


@pytest.mark.parametrize("name", ["superres:scale=5", "srcnn-915:scale=1", "superres:size=3", "srcnn-955:3"])
def test_a_scale_that_is_not_offered_is_refused(name):
    with pytest.raises(BadUsage, match="scale=2, =3 or =4|scale=3|named 'size'"):
        models.build(name)
