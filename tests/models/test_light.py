"""Nets that give light: published sizes, ranges, order of levels, windows as the whole."""

import numpy as np
import pytest
import torch
from torch import Tensor

from tratteggio import models
from tratteggio.errors import BadUsage
from tratteggio.losses import Curved, Lit
from tratteggio.models.curves import CurveNet, curved
from tratteggio.models.illumination import IlluminationNet, middles, reduced


def illumination() -> IlluminationNet:
    torch.manual_seed(0)
    net = models.build("illumination")
    assert isinstance(net, IlluminationNet)
    return net.eval()


def curves() -> CurveNet:
    torch.manual_seed(0)
    net = models.build("curves")
    assert isinstance(net, CurveNet)
    return net.eval()


# --- curves ----------------------------------------------------------------------------------------------


def test_the_net_of_curves_has_the_published_parameters() -> None:
    assert sum(p.numel() for p in curves().parameters()) == 79_416


def test_curves_are_eight_steps_in_a_loop() -> None:
    x, maps = torch.rand(1, 3, 4, 5), torch.rand(1, 24, 4, 5) * 2 - 1
    by_hand = x.clone()
    for step in range(8):
        for c in range(3):
            by_hand[:, c] += maps[:, 3 * step + c] * (by_hand[:, c] ** 2 - by_hand[:, c])
    torch.testing.assert_close(curved(x, maps), by_hand)


def test_curves_keep_black_white_and_the_order_of_levels() -> None:
    levels = torch.linspace(0, 1, 101).view(1, 1, 1, -1).expand(1, 3, 1, -1)
    for _ in range(5):
        y = curved(levels, (torch.rand(1, 24, 1, 1) * 2 - 1).expand(-1, -1, 1, 101))
        assert (y.diff(dim=-1) >= 0).all()
        assert (y[..., 0] == 0).all()
        assert torch.allclose(y[..., -1], torch.ones(1))


def test_in_training_curves_come_with_their_maps() -> None:
    net, x = curves().train(), torch.rand(2, 3, 8, 8)
    out = net(x)
    assert isinstance(out, Curved)
    assert out.maps.shape == (2, 24, 8, 8)
    assert torch.equal(out.picture, curved(x, out.maps))
    assert isinstance(net.eval()(x), Tensor)


# --- illumination ----------------------------------------------------------------------------------------


def test_enhanced_times_illumination_is_what_was_shown() -> None:
    net, x = illumination().train(), torch.rand(2, 3, 40, 24) * 0.4
    out = net(x)
    assert isinstance(out, Lit)
    torch.testing.assert_close(out.picture * out.illumination, x)
    assert (x <= out.illumination).all()
    assert (out.illumination <= 1).all()
    assert (out.picture <= 1).all()
    torch.testing.assert_close(net.eval()(x), out.picture)


def test_black_stays_black() -> None:
    assert (illumination()(torch.zeros(1, 3, 16, 16)) == 0).all()


def test_a_window_has_the_illumination_of_the_whole() -> None:
    net, x = illumination(), torch.rand(1, 3, 60, 90)
    grid = net.grid(reduced(x))
    whole = net.illumination(x, grid, middles(60), middles(90))
    part = net.illumination(x[..., 20:50, 33:64], grid, middles(60, 20, 50), middles(90, 33, 64))
    torch.testing.assert_close(part, whole[..., 20:50, 33:64])


def test_a_grid_of_one_matrix_is_that_matrix_everywhere() -> None:
    net, x = illumination(), torch.rand(1, 3, 9, 7) * 0.1
    matrix = torch.tensor(np.random.default_rng(0).normal(0, 0.5, (4, 3)), dtype=torch.float32)
    grid = matrix.reshape(1, 12, 1, 1, 1).expand(1, 12, 8, 16, 16)
    by_hand = torch.sigmoid(torch.einsum("bchw,cd->bdhw", x, matrix[:3]) + matrix[3].view(1, 3, 1, 1))
    found = net.illumination(x, grid, middles(9), middles(7))
    torch.testing.assert_close(found, torch.maximum(by_hand, x))


def test_the_guide_begins_as_the_mean_of_the_colours() -> None:
    x = torch.rand(1, 3, 5, 5)
    torch.testing.assert_close(illumination().guide(x), x.mean(dim=1, keepdim=True), rtol=0, atol=0.05)


def test_other_sizes_and_channels_are_refused() -> None:
    with pytest.raises(BadUsage, match=r"found from \(B, 3, 128, 128\), got \(1, 3, 64, 64\)"):
        illumination().grid(torch.rand(1, 3, 64, 64))
    with pytest.raises(BadUsage, match=r"curves are found for RGB.*got \(1, 1, 8, 8\)"):
        curves()(torch.rand(1, 1, 8, 8))
