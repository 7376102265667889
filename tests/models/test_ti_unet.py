"""Translation-invariant U-Net: the published sizes, and that a moved painting gives moved answers."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from tratteggio import models
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.models.ti_unet import Form, TiUnet


def net_of(name: str) -> nn.Module:
    """Build a net whose norms matter, ready to answer, in double precision."""
    torch.manual_seed(0)
    net = models.build(name).double()
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean, -0.3, 0.3)
            nn.init.uniform_(layer.running_var, 0.5, 2.0)
    return net.eval()


def painting(rows: int, cols: int, channels: int = 3) -> torch.Tensor:
    rng = torch.Generator().manual_seed(1)
    return torch.rand(1, channels, rows, cols, dtype=torch.float64, generator=rng)


@pytest.mark.parametrize(
    ("convolutions", "depth", "lost"),
    [(1, 1, 10), (1, 2, 26), (2, 0, 4), (2, 1, 18), (2, 2, 46), (2, 3, 102), (2, 4, 214)],
)
def test_sizes_lost_are_the_published_ones(convolutions: int, depth: int, lost: int) -> None:
    net = models.build(f"ti-unet:depth={depth},convolutions={convolutions},filters=2")
    assert Form(depth=depth, convolutions=convolutions).loss_px == lost
    assert net(torch.rand(1, 3, lost + 3, lost + 5)).shape == (1, 2, 3, 5)


@pytest.mark.parametrize("move", [(1, 0), (0, 1), (3, 5)])
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_a_moved_painting_gives_moved_answers(depth: int, move: tuple[int, int]) -> None:
    """Exactly so, whatever the step: no grid that pooling begins from."""
    net = net_of(f"ti-unet:depth={depth},convolutions=1,filters=4")
    x, (down, right) = painting(80, 84), move
    whole, moved = net(x), net(x[..., down:, right:])
    torch.testing.assert_close(moved, whole[..., down:, right:], rtol=0, atol=1e-12)


def test_a_plain_net_with_strides_does_not() -> None:
    """The law above can fail: pooling that halves the grid breaks it."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), nn.Upsample(scale_factor=2)).double()
    x = painting(24, 24)
    assert (net(x[..., 1:, :])[..., :20, :] - net(x)[..., 1:21, :]).abs().max() > 1e-3


def test_an_answer_looks_as_far_as_half_of_what_is_lost_and_no_further() -> None:
    net = net_of("ti-unet:depth=2,convolutions=1,filters=4")
    half = net.form.loss_px // 2
    x = painting(2 * half + 1, 2 * half + 1).requires_grad_()
    net(x)[:, 0].sum().backward()
    assert x.grad is not None
    seen = x.grad.abs().sum(dim=(0, 1)) > 0
    assert seen[half].any()
    assert seen[0].any() or seen[-1].any()
    wide = painting(2 * half + 5, 2 * half + 5)
    elsewhere = wide.clone()
    elsewhere[..., 0, :] = 0
    torch.testing.assert_close(net(wide)[..., 2:, :], net(elsewhere)[..., 2:, :], rtol=0, atol=0)


def test_depth_0_is_a_plain_block_and_a_head() -> None:
    net = net_of("ti-unet:depth=0,convolutions=1,filters=4")
    convolution, _, norm = net.left[0]
    x = painting(9, 9)
    y = norm(functional.elu(functional.conv2d(x, convolution.weight, convolution.bias)))
    torch.testing.assert_close(net(x), net.head(y))


def test_a_form_is_read_off_the_name() -> None:
    net = models.build("ti-unet:channels=9,classes=3,depth=2,filters=8,convolutions=1")
    assert isinstance(net, TiUnet)
    assert net.form == Form(channels=9, classes=3, depth=2, filters=8, convolutions=1)
    assert models.build("ti-unet").form == Form()


def test_more_channels_than_it_looks_at_change_nothing() -> None:
    net = net_of("ti-unet")
    x = painting(24, 24, channels=5)
    torch.testing.assert_close(net(x), net(x[:, :3]), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("ti-unet:dept=2", UnknownName, "depth"),
        ("ti-unet:depth=two", BadUsage, "whole number"),
        ("ti-unet:filters=0", BadUsage, "from 1 to 999"),
        ("ti-unet:depth", BadUsage, "options are NAME=VALUE"),
    ],
)
def test_a_form_that_cannot_be_is_refused(name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        models.build(name)


@pytest.mark.parametrize("shape", [(1, 2, 40, 40), (1, 3, 18, 40), (3, 40, 40)])
def test_pictures_that_do_not_fit_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadUsage, match="more than 18 pixels a side"):
        models.build("ti-unet")(torch.rand(shape))


@pytest.mark.parametrize("cell", [2, 3])
def test_cells_of_pixels_are_seen_as_one_and_each_is_answered_for(cell: int) -> None:
    """As a net of as many channels more on the grid of cells, whose classes are the pixels of a cell."""
    net = net_of(f"ti-unet:depth=1,filters=4,classes=1,cell={cell}")
    assert net.form.loss_px == 18 * cell
    x = painting(24 * cell, 26 * cell)
    whole = net(x)
    assert whole.shape == (1, 1, 6 * cell, 8 * cell)
    torch.testing.assert_close(
        net(x[..., cell:, 2 * cell :]), whole[..., cell:, 2 * cell :], rtol=0, atol=1e-12
    )
    plain = TiUnet(Form(channels=3 * cell**2, classes=cell**2, filters=4)).double().eval()
    plain.load_state_dict(net.state_dict())
    coarse = functional.pixel_unshuffle(x, cell)
    torch.testing.assert_close(functional.pixel_shuffle(plain(coarse), cell), whole, rtol=0, atol=0)
    with pytest.raises(BadUsage, match=f"whole cells of {cell}"):
        net(x[..., 1:, :])
