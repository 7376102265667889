"""Nets that fill lacunae: what holds for each of them, and the published layer table."""

import numpy as np
import pytest
import torch
from torch import nn

from tratteggio.engines._surface import surface
from tratteggio.errors import BadUsage, GridMismatch
from tratteggio.layers import PartialConv2d
from tratteggio.models import build, pconv_compact, pconv_deep, pconv_unet, to_pixels, to_tensors
from tratteggio.models.pconv_compact import TENSION, first_fill

NAMES = [*pconv_unet.NAMES, *pconv_compact.NAMES, *pconv_deep.NAMES]
LIGHT = [name for name in NAMES if name.endswith(("quarter", "compact", "deep"))]
FULL = ["pconv-256", "pconv-512"]


def net_of(name: str) -> nn.Module:
    """Build a net that answers something: what begins at 0 is drawn too."""
    torch.manual_seed(1)
    net = build(name)
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d) and not layer.weight.any():
            nn.init.kaiming_normal_(layer.weight)
    return net


def in_double(net: nn.Module, x: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Answer in double precision, where what is left between two ways is no rounding."""
    with torch.inference_mode():
        return net.double()(x.double(), known.double())


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.allclose(a, b, rtol=1e-9, atol=1e-9)


def damaged(*grid: int, batch: int = 1, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Make pictures with a quarter of 4 x 4 blocks lost."""
    torch.manual_seed(seed)
    rows, cols = grid
    blocks = (torch.rand(batch, 1, -(-rows // 4), -(-cols // 4)) > 0.25).float()
    known = blocks.repeat_interleave(4, 2).repeat_interleave(4, 3)[..., :rows, :cols]
    return torch.rand(batch, 3, rows, cols), known


# --- every net that fills ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", LIGHT)
@pytest.mark.parametrize("held", [0.5, 9e9, torch.nan])
def test_what_a_lacuna_held_has_no_influence(name: str, held: float) -> None:
    net = net_of(name).eval()
    x, known = damaged(40, 60)
    with torch.inference_mode():
        assert torch.equal(net(x, known), net(torch.where(known > 0, x, held), known))


@pytest.mark.parametrize("name", LIGHT)
@pytest.mark.parametrize("grid", [(1, 1), (5, 300), (16, 16), (257, 31)])
def test_any_height_and_width(name: str, grid: tuple[int, int]) -> None:
    y = net_of(name).eval()(*damaged(*grid))
    assert y.shape == (1, 3, *grid)
    assert y.isfinite().all()


@pytest.mark.parametrize("name", LIGHT)
def test_nothing_known_gives_a_finite_answer(name: str) -> None:
    x = torch.full((1, 3, 20, 20), torch.nan)
    assert net_of(name).eval()(x, torch.zeros(1, 1, 20, 20)).isfinite().all()


@pytest.mark.parametrize("name", LIGHT)
def test_the_same_comes_out_twice_and_whatever_else_is_in_the_batch(name: str) -> None:
    net = net_of(name).eval()
    x, known = damaged(32, 48, batch=3)
    with torch.inference_mode():
        assert torch.equal(net(x, known), net(x, known))
    assert same(in_double(net, x[1:2], known[1:2]), in_double(net, x, known)[1:2])


@pytest.mark.parametrize("name", LIGHT)
def test_one_mask_serves_a_whole_batch(name: str) -> None:
    net = net_of(name).eval()
    x, known = damaged(32, 48, batch=2)
    one = known[:1]
    assert torch.equal(net(x, one), net(x, one.expand(2, -1, -1, -1)))


@pytest.mark.parametrize("name", LIGHT)
def test_every_weight_learns(name: str) -> None:
    net = net_of(name)
    x, known = damaged(256, 512, batch=2)
    (net(x, known) - x).square().mean().backward()
    still = [key for key, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert not still


@pytest.mark.parametrize("name", LIGHT)
def test_memory_layout_changes_speed_and_not_the_answer(name: str) -> None:
    net = net_of(name).eval()
    x, known = damaged(64, 64)
    first = in_double(net, x, known)
    net.to(memory_format=torch.channels_last)
    assert same(first, in_double(net, x.to(memory_format=torch.channels_last), known))


@pytest.mark.parametrize("name", LIGHT)
def test_known_must_share_the_grid(name: str) -> None:
    with pytest.raises(GridMismatch):
        build(name)(torch.rand(1, 3, 16, 16), torch.ones(1, 1, 16, 1))
    with pytest.raises(BadUsage):
        build(name)(torch.rand(1, 3, 16, 16), torch.ones(1, 3, 16, 16))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("pconv-256-quarter", (1, 128, 1, 2)),
        ("pconv-compact", (1, 128, 2, 17)),
        ("pconv-deep", (1, 128, 2, 17)),
    ],
)
def test_the_code_is_the_deepest_layer(name: str, shape: tuple[int, ...]) -> None:
    assert net_of(name).eval().encode(*damaged(20, 270)).shape == shape


# --- the published table -----------------------------------------------------------------------------

# (in, out, kernel, stride), row by row
TABLE = [
    *[(3, 64, 7, 2), (64, 128, 5, 2), (128, 256, 5, 2), (256, 512, 3, 2)],
    *[(512, 512, 3, 2)] * 4,
    *[(1024, 512, 3, 1)] * 4,
    *[(768, 256, 3, 1), (384, 128, 3, 1), (192, 64, 3, 1), (67, 3, 3, 1)],
]


@pytest.fixture(scope="module", params=FULL)
def full(request: pytest.FixtureRequest) -> nn.Module:
    with torch.device("meta"):
        net = build(request.param)
    net.name = request.param
    return net


def convolutions(net: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]


def test_layers_are_those_of_the_table(full: nn.Module) -> None:
    layers = convolutions(full)
    built = [
        (layer.in_channels, layer.out_channels, layer.kernel_size[0], layer.stride[0]) for layer in layers
    ]
    assert built == TABLE
    assert all(isinstance(layer, PartialConv2d) for layer in layers)
    assert all(layer.padding[0] == layer.kernel_size[0] // 2 for layer in layers)


def test_weights_are_as_many_as_published(full: nn.Module) -> None:
    """7 levels have those of one layer 512 -> 512 and of one 1024 -> 512 less."""
    count = sum(layer.weight.numel() for layer in convolutions(full))
    assert count == sum(before * after * kernel**2 for before, after, kernel, _ in TABLE) == 32_848_849
    assert count - (512 + 1024) * 512 * 9 == 25_770_961


def test_all_parameters_are_accounted_for(full: nn.Module) -> None:
    norms = 64 + 128 + 256 + 5 * 512 + 4 * 512 + 256 + 128 + 64
    biases = 3
    if full.name == "pconv-512":
        norms, biases = norms - 64, biases + 64
    every = sum(weight.numel() for weight in full.parameters())
    assert every == 32_848_849 + 2 * norms + biases
    assert every == {"pconv-256": 32_859_860, "pconv-512": 32_859_796}[full.name]


def test_activations_and_norms_are_those_of_the_table(full: nn.Module) -> None:
    layers = [*full.encoder, *full.decoder]
    normed = [isinstance(layer.norm, nn.BatchNorm2d) for layer in layers]
    poster = full.name == "pconv-256"
    assert normed == [poster] + [True] * 14 + [False]
    assert [layer.convolution.bias is None for layer in layers] == normed
    kinds = [type(layer.activation) for layer in layers]
    first = nn.Identity if poster else nn.ReLU
    assert kinds == [first] + [nn.ReLU] * 7 + [nn.LeakyReLU] * 7 + [nn.Identity]
    assert {layer.activation.negative_slope for layer in full.decoder[:-1]} == {0.2}


def test_the_first_attempt_has_the_table_without_skips() -> None:
    with torch.device("meta"):
        net = build("conv-256")
    weights = 11_650_240 + (4 * 512 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) * 9
    assert sum(layer.weight.numel() for layer in convolutions(net)) == weights
    assert not any(isinstance(layer, PartialConv2d) for layer in net.modules())


def test_first_weights_keep_the_size_of_gradients() -> None:
    """He et al. 2015, eq. 14: variance 2 / (kernel**2 x channels out)."""
    torch.manual_seed(0)
    layer = build("pconv-256-quarter").encoder[2].convolution
    assert layer.weight.std().item() == pytest.approx((2 / (25 * 64)) ** 0.5, rel=0.02)


# --- batch norms in fine-tuning ----------------------------------------------------------------------


def running(net: nn.Module) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in net.state_dict().items() if "norm" in key}


def test_frozen_encoder_norms_stay_frozen_when_training_is_switched_on_again() -> None:
    net = net_of("pconv-256-quarter")
    net.freeze_encoder_norms()
    net.eval()
    net.train()
    optimiser = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 1e-3)
    before = running(net)
    for seed in range(2):
        x, known = damaged(256, 256, batch=2, seed=seed)
        net(x, known).square().mean().backward()
        optimiser.step()
    changed = {key for key, value in running(net).items() if not torch.equal(value, before[key])}
    assert not [key for key in changed if key.startswith("encoder")]
    assert "decoder.0.norm.running_mean" in changed
    assert "decoder.0.norm.weight" in changed


def test_norms_that_are_not_frozen_move() -> None:
    net = net_of("pconv-256-quarter")
    before = running(net)
    net(*damaged(256, 256, batch=2))
    assert all(not torch.equal(value, before[key]) for key, value in running(net).items() if "running" in key)


# --- the compact net ---------------------------------------------------------------------------------


def test_the_compact_net_is_small() -> None:
    net = build("pconv-compact")
    assert sum(weight.numel() for weight in net.parameters()) == 1_784_396
    assert sum(value.numel() * value.element_size() for value in net.state_dict().values()) < 12e6


def test_the_deep_net_is_below_12_megabytes() -> None:
    weights = build("pconv-deep").state_dict().values()
    assert sum(value.numel() * value.element_size() for value in weights) < 12e6


CORRECTING = ["pconv-compact", "pconv-deep"]


@pytest.mark.parametrize("name", CORRECTING)
def test_an_untrained_net_gives_the_first_fill(name: str) -> None:
    x, known = damaged(32, 32)
    assert torch.equal(build(name)(x, known), first_fill(x * known, known))


def test_a_deep_net_that_begins_with_the_compact_one_fills_alike_and_is_awake() -> None:
    """Inner features that slept are drawn anew, and what they tell begins at 0."""
    compact, deep = net_of("pconv-compact").eval(), build("pconv-deep").eval()
    with torch.no_grad():
        compact.decoder.narrower[1].weight.zero_()  # the deep half says nothing
        deep.decoder.narrower[1].weight.zero_()
        compact.decoder.blocks[1][0].inner.bias[:40] = -1e3  # put to sleep
    deep.load_state_dict({**deep.state_dict(), **deep.inherited(compact.state_dict())})
    x, known = damaged(64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(deep(x, known), compact(x, known), rtol=1e-4, atol=1e-5)
    block = deep.decoder.blocks[1][0]
    assert block.inner.bias.abs().max() < 1e3
    assert not block.answer.weight[:, :40].any()
    assert block.answer.weight[:, 40:].any()


@pytest.mark.parametrize("name", CORRECTING)
def test_tone_has_no_say_in_the_correction(name: str) -> None:
    """A picture that is lighter all over is filled lighter all over."""
    net = net_of(name).eval()
    x, known = damaged(64, 64)
    x = x.double()
    assert same(in_double(net, x + 0.25, known), in_double(net, x, known) + 0.25)


@pytest.mark.parametrize("name", CORRECTING)
def test_contrast_has_no_say_in_the_correction(name: str) -> None:
    """A picture of twice the contrast is corrected twice as much, but for what is hardly there at all."""
    net = net_of(name).eval()
    x, known = damaged(64, 64)
    x = 1000 * x.double()
    once, twice = in_double(net, x, known), in_double(net, 2 * x, known)
    assert torch.dist(twice, 2 * once) < 1e-4 * once.norm()


def test_first_fill_keeps_known_paint() -> None:
    x, known = damaged(37, 53)
    y = first_fill(x * known, known)
    assert torch.equal(torch.where(known > 0, y, 0), x * known)


def test_first_fill_comes_near_the_plate_that_the_tension_engine_solves_for() -> None:
    rows, cols = np.mgrid[:96, :128] / 20
    picture = np.stack([np.sin(rows + k) * np.cos(cols - k) for k in range(3)], axis=-1)
    lost = np.zeros((96, 128), dtype=bool)
    lost[10:14, 5:100] = lost[30:42, 20:31] = lost[60:90, 70:100] = True
    solved = surface(picture, lost, bending=1.0, tension=TENSION)
    x, known = to_tensors(np.where(lost[..., None], 0, picture).astype(np.float32), lost)
    near = to_pixels(first_fill(x * known, known), np.float32)
    assert np.abs(near - solved)[lost].mean() < 0.03 * picture.std()


def test_first_fill_reaches_the_far_corner_of_a_large_lacuna() -> None:
    known = torch.zeros(1, 1, 33, 70)
    known[..., 0, 0] = 1
    torch.testing.assert_close(first_fill(0.7 * known, known), torch.full_like(known, 0.7))
