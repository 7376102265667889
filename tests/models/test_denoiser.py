"""The denoiser: its shape, what it depends on, and that levels are told."""

import numpy as np
import pytest
import torch

from tratteggio import models
from tratteggio.errors import BadUsage
from tratteggio.models.denoiser import OPPONENT, REACH, Denoiser


@pytest.fixture
def net() -> Denoiser:
    torch.manual_seed(0)
    net = models.build("denoiser")
    assert isinstance(net, Denoiser)
    return net.eval()


def test_its_layers_are_those_of_the_page(net: Denoiser) -> None:
    by_hand = 9 * (5 * 48 + 8 * 48 * 48 + 48 * 4) + 9 * 48 + 4
    assert sum(p.numel() for p in net.parameters()) == by_hand


@pytest.mark.parametrize("grid", [(1, 1), (7, 12), (16, 9)])
def test_any_size_is_taken(net: Denoiser, grid: tuple[int, int]) -> None:
    assert net(torch.rand(3, 2, *grid)).shape == (3, 1, *grid)


def test_no_noise_found_is_the_picture_itself(net: Denoiser) -> None:
    torch.nn.init.zeros_(net.body[-1].weight)
    x = torch.rand(1, 2, 9, 10)
    assert torch.equal(net(x), x[:, :1])
    for channels in (1, 2, 3):
        x = torch.rand(1, channels, 9, 10)
        torch.testing.assert_close(net.clean(x, 0.1), x)


def test_answers_depend_on_what_lies_within_the_reach_and_no_further(net: Denoiser) -> None:
    x = torch.rand(1, 2, 64, 64)
    far = x.clone()
    far[..., 0, :] += 1.0
    changed = (net(far) != net(x)).any(dim=3).ravel().nonzero().max().item()
    assert 10 <= changed < REACH + 2  # rows of the cell that holds row 0, and of those within reach


def test_the_level_matters(net: Denoiser) -> None:
    x = torch.rand(1, 1, 16, 16)
    assert not torch.allclose(net.clean(x, 0.1), net.clean(x, 0.2))


def test_channels_that_are_no_colours_are_taken_one_by_one(net: Denoiser) -> None:
    x = torch.rand(1, 2, 12, 14)
    one, other = (net.clean(x[:, k : k + 1], 0.1) for k in (0, 1))
    assert torch.equal(net.clean(x, 0.1), torch.cat([one, other], dim=1))


def test_opponent_planes_are_a_rotation_and_grey_is_brightness_alone(net: Denoiser) -> None:
    """Grey RGB is the grey channel three times, with noise that is weaker by the root of three."""
    turn = np.array(OPPONENT)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    x = torch.rand(1, 1, 12, 14)
    brightness = net(torch.cat([x, torch.full_like(x, 0.1 / 3**0.5)], dim=1))
    found = net.clean(x.expand(-1, 3, -1, -1), 0.1)
    torch.testing.assert_close(found.mean(dim=1, keepdim=True), brightness, rtol=0, atol=1e-5)


def test_another_number_of_channels_is_refused(net: Denoiser) -> None:
    with pytest.raises(BadUsage, match=r"one channel and the level of its noise.*got \(1, 3, 8, 8\)"):
        net(torch.rand(1, 3, 8, 8))
