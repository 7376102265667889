"""Autoencoders of registered scans: the published table and counts, and what holds for each of the six."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tratteggio import models
from tratteggio.errors import BadUsage, GridMismatch, UnknownName
from tratteggio.layers import PartialConvTranspose2d
from tratteggio.models import fpcae

STACKED = ["normal", "pen-nde", "pen-upde", "fp-cae"]
SEPARATED = ["fpcae-concat", "fpcae-add"]
PARTIAL = [name for name in fpcae.NAMES if name != "normal"]


def net_of(name: str) -> nn.Module:
    """Build a net in which biases matter too, in double precision."""
    torch.manual_seed(0)
    net = models.build(name).eval().double()
    for parameter in net.parameters():
        if parameter.dim() == 1:
            nn.init.uniform_(parameter, -0.1, 0.1)
    return net


def scans(rows: int = 32, cols: int = 32, *, batch: int = 1, channels: int = 11) -> Tensor:
    return torch.rand(
        batch, channels, rows, cols, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


# --- the paper -----------------------------------------------------------------------------------------


def test_there_are_the_six_configurations() -> None:
    assert set(fpcae.NAMES) == {*STACKED, *SEPARATED}
    assert set(fpcae.NAMES) <= set(models.names())


@pytest.mark.parametrize(
    ("name", "count"),
    [*((name, 178_107) for name in STACKED), ("fpcae-add", 893_643), ("fpcae-concat", 996_043)],
)
def test_parameters_are_the_published_ones_to_the_unit(name: str, count: int) -> None:
    assert parameters(models.build(name)) == count


def test_every_layer_of_the_table_has_its_parameters() -> None:
    net = models.build("fp-cae")
    layers = [*net.encoder.layers, *net.decoder.layers]
    assert [parameters(layer) for layer in layers] == [2832, 8224, 36_992, 41_040, 41_088, 36_896, 8208, 2827]
    assert (parameters(net.encoder), parameters(net.decoder)) == (89_088, 89_019)


@pytest.mark.parametrize("name", fpcae.NAMES)
def test_a_patch_of_32_by_32_by_11_becomes_3_by_3_by_80_and_comes_back(name: str) -> None:
    net = net_of(name)
    with torch.inference_mode():
        assert net.encode(scans(batch=2)).shape == (2, 80, 3, 3)
        y = net(scans(batch=2))
    assert y.shape == (2, 11, 32, 32)
    assert y.min() >= 0
    assert y.max() <= 1


def test_sizes_between_the_layers_are_those_of_the_table() -> None:
    sizes = []
    net = net_of("fp-cae")
    for layer in [*net.encoder.layers, *net.decoder.layers]:
        layer.register_forward_hook(lambda _, __, out: sizes.append((out[0].shape[2], out[0].shape[1])))
    net(scans())
    down = [(16, 16), (8, 32), (4, 128), (3, 80)]
    assert sizes == [*down, (4, 128), (8, 32), (16, 16), (32, 11)]


def test_figure_3_one_answer_sees_1_2_or_4_samples_and_all_are_4() -> None:
    plain = nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1, bias=False)
    nn.init.ones_(plain.weight)
    partial = PartialConvTranspose2d(1, 1, 3, stride=2, padding=1, bias=False)
    partial.load_state_dict(plain.state_dict())
    x = torch.ones(1, 1, 3, 3)
    seen = [[1, 2, 1, 2, 1], [2, 4, 2, 4, 2]] * 2 + [[1, 2, 1, 2, 1]]
    assert plain(x)[0, 0].tolist() == seen
    assert partial(x)[0, 0].tolist() == [[4] * 5] * 5


def scaled(z: Tensor, seen: Tensor, bias: Tensor) -> Tensor:
    """Figure 2 of the paper: what was convolved, times max(M) / M, plus the bias."""
    return z * (seen.max() / seen) + bias.view(-1, 1, 1)


def as_in_figure_2(net: nn.Module, x: Tensor) -> Tensor:
    """Walk through a stacked FP-CAE with torch's own functions, all-ones matrices and pads from the table."""
    for place, (stride, pad) in enumerate([(2, (1, 1)), (2, (1, 1)), (2, (0, 1)), (1, (0, 0))]):
        layer = net.encoder.layers[place].convolution
        z, seen = (
            functional.conv2d(functional.pad(of, pad * 2), kernel, stride=stride)
            for of, kernel in ((x, layer.weight), (torch.ones_like(x), torch.ones_like(layer.weight)))
        )
        x = scaled(z, seen, layer.bias).relu()
    for place, (stride, (first, last)) in enumerate([(1, (0, 0)), (2, (0, 1)), (2, (1, 1)), (2, (1, 1))]):
        layer = net.decoder.layers[place].convolution
        z, seen = (
            functional.conv_transpose2d(of, kernel, stride=stride)
            for of, kernel in ((x, layer.weight), (torch.ones_like(x), torch.ones_like(layer.weight)))
        )
        inside = (..., slice(first, z.shape[2] - last), slice(first, z.shape[3] - last))
        x = scaled(z[inside], seen[inside], layer.bias)
        x = x.sigmoid() if place == 3 else x.relu()
    return x


@pytest.mark.parametrize(("rows", "cols"), [(32, 32), (48, 64)])
def test_it_is_figure_2_written_out(rows: int, cols: int) -> None:
    net, x = net_of("fp-cae"), scans(rows, cols)
    torch.testing.assert_close(net(x), as_in_figure_2(net, x), rtol=0, atol=1e-12)


def test_all_stacked_forms_take_the_same_weights_and_differ_at_the_border() -> None:
    x = scans(96, 96)
    weights = net_of("normal").encoder.state_dict()
    nets = {name: net_of(name) for name in STACKED}
    for net in nets.values():
        net.encoder.load_state_dict(weights)
    z = {name: net.encode(x) for name, net in nets.items()}
    torch.testing.assert_close(z["pen-nde"], z["fp-cae"], rtol=0, atol=0)
    assert not torch.allclose(z["normal"], z["fp-cae"])
    torch.testing.assert_close(z["normal"][..., 1:-2, 1:-2], z["fp-cae"][..., 1:-2, 1:-2], rtol=0, atol=1e-12)


def test_a_repeating_decoder_doubles_by_nearest_samples() -> None:
    """UPDE, one stage: 2 x 2 repetition, then a partial convolution of stride 1 that keeps the size."""
    layer = net_of("pen-upde").decoder.layers[1]
    z = scans(4, 4, channels=128)
    doubled = z.repeat_interleave(2, 2).repeat_interleave(2, 3)
    weight = layer.convolution.weight
    inner = functional.conv2d(doubled, weight) + layer.convolution.bias.view(-1, 1, 1)
    torch.testing.assert_close(layer(z)[0][..., 1:-1, 1:-1], inner, rtol=0, atol=1e-12)
    assert layer(z)[0].shape == (1, 32, 8, 8)


# --- any size ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", fpcae.NAMES)
@pytest.mark.parametrize("grid", [(16, 16), (40, 33), (1, 90)])
def test_any_height_and_width_come_back(name: str, grid: tuple[int, int]) -> None:
    net, x = net_of(name), scans(*grid)
    assert net(x).shape == x.shape
    assert net.encode(x).shape[2:] == tuple(max(-(-n // 8), 2) - 1 for n in grid)


@pytest.mark.parametrize(("name", "last"), [("fp-cae", 22), ("fpcae-add", 30), ("fpcae-concat", 30)])
def test_a_latent_looks_at_the_pixels_that_are_said(name: str, last: int) -> None:
    x = scans(96, 96).requires_grad_()
    net_of(name).encode(x)[0, :, 4, 5].sum().backward()
    rows, cols = (np.flatnonzero(x.grad[0].abs().sum((0, axis)).numpy()) for axis in (2, 1))
    assert (rows[0], rows[-1]) == (8 * 4 - 3, 8 * 4 + last)
    assert (cols[0], cols[-1]) == (8 * 5 - 3, 8 * 5 + last)


# --- lacunae and missing modalities ----------------------------------------------------------------------


def with_lacuna(rows: int = 64, cols: int = 64) -> Tensor:
    known = torch.ones(1, 1, rows, cols, dtype=torch.float64)
    known[..., 10:26, 20:45] = 0
    return known


@pytest.mark.parametrize("name", fpcae.NAMES)
@pytest.mark.parametrize("held", [9e9, torch.nan])
def test_what_a_lacuna_held_has_no_influence(name: str, held: float) -> None:
    net, x, known = net_of(name), scans(64, 64), with_lacuna()
    assert torch.equal(net(x, known), net(torch.where(known > 0, x, held), known))


@pytest.mark.parametrize("name", fpcae.NAMES)
def test_known_everywhere_is_the_same_as_nothing_said(name: str) -> None:
    net, x = net_of(name), scans(40, 40)
    for known in (torch.ones_like(x[:, :1]), torch.ones_like(x), [(11, torch.ones_like(x[:, :1]))]):
        torch.testing.assert_close(net(x, known), net(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", fpcae.NAMES)
def test_a_missing_modality_is_a_mask_however_it_is_written(name: str) -> None:
    net, x = net_of(name), scans(32, 40, batch=2)
    there, away = torch.ones_like(x[:1, :1]), torch.zeros_like(x[:1, :1])
    each = torch.ones_like(x)
    each[:, 6] = 0
    answers = [
        net(x, each),
        net(x, [(3, there), (3, there), (1, away), (1, there), (3, there)]),
        net(x, [(6, there), (1, away), (4, there)]),
        net(torch.where(each > 0, x, torch.nan), each),
    ]
    for answer in answers:
        assert answer.isfinite().all()
        torch.testing.assert_close(answer, answers[0], rtol=0, atol=1e-12)
    assert not torch.allclose(answers[0], net(x))


def test_without_a_modality_the_sum_is_that_of_the_others_scaled_up() -> None:
    """Five modalities that say the same say it as loudly when one is missing."""
    net = net_of("fpcae-add:a=1,b=1,c=1,d=1,e=1")
    for encoder in net.encoder.each[1:]:
        encoder.load_state_dict(net.encoder.each[0].state_dict())
    x = scans(channels=1).expand(1, 5, 32, 32)
    known = torch.ones_like(x)
    known[:, 2] = 0
    torch.testing.assert_close(net.encode(x, known), net.encode(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", PARTIAL)
def test_a_patch_of_which_nothing_is_known_has_no_latents(name: str) -> None:
    net, x = net_of(name), scans()
    assert (net.encode(x, torch.zeros_like(x[:, :1])) == 0).all()
    assert net(x, torch.zeros_like(x[:, :1])).isfinite().all()


@pytest.mark.parametrize("name", fpcae.NAMES)
def test_pictures_of_a_batch_do_not_see_each_other(name: str) -> None:
    net, x = net_of(name), scans(batch=3)
    known = torch.ones_like(x)
    known[1, 7] = 0
    known[2, :, 8:20] = 0
    for k in range(3):
        alone = net(x[k : k + 1], known[k : k + 1])
        torch.testing.assert_close(net(x, known)[k : k + 1], alone, rtol=0, atol=1e-12)


# --- names, weights, bad input ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", fpcae.NAMES)
def test_channels_follow_the_modalities_that_a_name_goes_on_with(kind: str) -> None:
    name = fpcae.named(kind, {"rgb": 3, "irr": 1})
    net = models.build(name)
    assert name == f"{kind}:rgb=3,irr=1"
    assert net.modalities == {"rgb": 3, "irr": 1}
    assert net(torch.rand(1, 4, 32, 32)).shape == (1, 4, 32, 32)
    assert fpcae.named(kind, fpcae.MODALITIES) == kind


def test_weights_remember_their_modalities(tmp_path) -> None:
    name = "fpcae-add:rgb=3,irr=1"
    net = models.build(name)
    card = models.Card(model=name, recipe="none", data=(), licence="open", seed=0, hours=0.0, machine="none")
    models.save(net, tmp_path / "net.safetensors", card)
    again, _ = models.load(tmp_path / "net.safetensors")
    x = torch.rand(1, 4, 32, 32)
    assert again.modalities == {"rgb": 3, "irr": 1}
    assert torch.equal(again(x), net.eval()(x))


@pytest.mark.parametrize("listed", ["", "rgb", "rgb=0", "rgb=3,rgb=1", "rgb=3,", "r g b=3", "rgb=3;irr=1"])
def test_modalities_that_cannot_be_read_are_refused(listed: str) -> None:
    with pytest.raises(BadUsage, match=f"MODALITY=CHANNELS.*fp-cae:{listed}'|rgb twice, in '{listed}'"):
        models.build(f"fp-cae:{listed}")


def test_a_misspelt_kind_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'fpcae-concat'"):
        fpcae.named("fpcae-conkat", {"rgb": 3})
    with pytest.raises(UnknownName, match="no model named 'fp-cai'; did you mean 'fp-cae'"):
        fpcae.build("fp-cai:rgb=3")


@pytest.mark.parametrize("name", ["fp-cae", "fpcae-concat"])
def test_what_does_not_fit_is_refused(name: str) -> None:
    net = net_of(name)
    with pytest.raises(
        BadUsage, match=r"takes \(B, 11, H, W\), the channels of .*rgb_before.*\(1, 3, 32, 32\)"
    ):
        net(scans(channels=3))
    with pytest.raises(GridMismatch, match="grid"):
        net(scans(), torch.ones(1, 1, 16, 32))
    with pytest.raises(BadUsage, match="runs of known"):
        net(scans(), [(3, torch.ones(1, 1, 32, 32))])


@pytest.mark.parametrize("name", fpcae.NAMES)
def test_every_parameter_learns(name: str) -> None:
    net = net_of(name)
    net(scans(batch=2)).mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())
