"""Nets that colour: the published layers, answers on a quarter of the grid, lightness kept."""

import pytest
import torch
from torch import nn

from tratteggio import models
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.layers.lab import to_lab, to_rgb
from tratteggio.losses.colours import CLASSES
from tratteggio.models.colorizer import NAMES, annealed_mean


def test_the_published_net_has_its_layers_and_parameters():
    """Weights and biases of 22 convolutions and 7 norms, counted from the published table."""
    convolutions = [
        (1, 64, 9), (64, 64, 9), (64, 128, 9), (128, 128, 9), (128, 256, 9), (256, 256, 9), (256, 256, 9),
        (256, 512, 9), *[(512, 512, 9)] * 11, (512, 256, 16), (256, 256, 9), (256, 256, 9), (256, 313, 1),
    ]  # fmt: skip
    count = sum(before * after * taps + after for before, after, taps in convolutions)
    count += sum(2 * width for width in (64, 128, 256, 512, 512, 512, 512))
    with torch.device("meta"):
        net = models.build("colorizer")
    assert sum(p.numel() for p in net.parameters()) == count == 32_235_385
    layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    assert [layer.dilation[0] for layer in layers].count(2) == 6
    assert [layer.stride[0] for layer in layers].count(2) == 3
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in net.modules()) == 7
    assert not any(isinstance(layer, nn.MaxPool2d | nn.AvgPool2d) for layer in net.modules())


def test_the_compact_net_has_a_sixteenth_of_the_weights():
    assert sum(p.numel() for p in models.build("colorizer-compact").parameters()) == 2_032_585


def small(name, **wanted):
    torch.manual_seed(0)
    return models.build(name).train(wanted.get("training", False))


@pytest.mark.parametrize(("name", "channels"), [("colorizer-compact", 313), ("colorizer-compact-l2", 2)])
def test_in_training_a_quarter_of_the_grid_is_answered(name, channels):
    assert small(name, training=True)(torch.rand(2, 3, 32, 48)).shape == (2, channels, 8, 12)


@pytest.mark.parametrize("name", ["colorizer-compact", "colorizer-compact-l2"])
def test_the_colour_of_a_picture_is_not_seen_and_its_lightness_kept(name):
    net = small(name)
    with torch.no_grad():  # answers far from grey
        net.answer.weight.mul_(1000)
    truth = torch.rand(1, 3, 24, 16, generator=torch.Generator().manual_seed(1))
    grey = to_lab(truth)
    grey[:, 1:] = 0
    with torch.inference_mode():
        coloured, again = net(truth), net(to_rgb(grey))
    assert torch.allclose(coloured, again, atol=0.01)
    assert (to_lab(coloured)[:, 0] - to_lab(truth)[:, 0]).abs().max() < 0.01
    assert to_lab(coloured)[:, 1:].abs().max() > 1


def test_in_training_sides_that_cannot_be_halved_three_times_are_refused():
    with pytest.raises(BadUsage, match="multiples of 8 pixels"):
        small("colorizer-compact", training=True)(torch.rand(1, 3, 24, 20))


@pytest.mark.parametrize("grid", [(24, 16), (21, 13), (8, 9), (1, 3)])
def test_pictures_of_any_size_are_coloured(grid):
    net = small("colorizer-compact")
    with torch.inference_mode():
        assert net(torch.rand(1, 3, *grid)).shape == (1, 3, *grid)
        coarse = net.coarse(50 * torch.ones(1, 1, *grid))
    assert coarse.shape[2:] == tuple(2 * -(-side // 8) for side in grid)


def scores(*shares):
    """A distribution over the first classes of the table."""
    logits = torch.full((1, 313, 1, 1), -60.0)
    logits[0, : len(shares), 0, 0] = torch.tensor(shares).log()
    return logits


def test_the_annealed_mean_is_the_formula():
    shares = torch.tensor([0.5, 0.3, 0.2])
    sharpened = shares ** (1 / 0.38)
    expected = (sharpened / sharpened.sum()) @ CLASSES[:3]
    found = annealed_mean(scores(*shares.tolist()), temperature=0.38).flatten()
    assert torch.allclose(found, expected, atol=1e-3)


def test_temperatures_lead_from_the_mode_to_the_mean():
    two = scores(0.6, 0.4)
    mode = annealed_mean(two, temperature=0).flatten()
    mean = annealed_mean(two, temperature=1).flatten()
    assert torch.equal(mode, CLASSES[0])
    assert torch.allclose(mean, 0.6 * CLASSES[0] + 0.4 * CLASSES[1], atol=1e-3)
    assert torch.allclose(annealed_mean(two, temperature=0.01).flatten(), mode, atol=1e-3)
    between = [annealed_mean(two, temperature=t).flatten()[1].item() for t in (0, 0.2, 0.38, 0.7, 1)]
    assert between == sorted(between)
    assert len(set(between)) == 5


def test_impossible_classes_make_no_nan():
    certain = torch.full((1, 313, 1, 1), -1e4)
    certain[0, 7] = 1e4
    assert torch.equal(annealed_mean(certain, temperature=0.05).flatten(), CLASSES[7])


@pytest.mark.parametrize("temperature", [-0.1, 1.1, float("nan")])
def test_other_temperatures_are_refused(temperature):
    with pytest.raises(BadUsage, match=r"lies in 0 \.\. 1"):
        annealed_mean(scores(0.5, 0.5), temperature=temperature)


def test_an_unknown_net_is_named_with_those_there_are():
    with pytest.raises(UnknownName, match="colorizer-compact"):
        models.build("colorizer-compct")
    assert set(NAMES) <= set(models.names())
