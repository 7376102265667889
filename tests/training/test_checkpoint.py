from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn, optim

from training.standins import TinyNet, disk, recipe, tiny_net
from tratteggio import models
from tratteggio.errors import BadUsage, UnreadableFile, UnwritableFile
from tratteggio.training.checkpoint import Progress, load_state, load_weights, save_state, save_weights

RECIPE = recipe()
OPTIMISERS = [partial(optim.Adam, fused=True), partial(optim.Adadelta, rho=0.95)]


def stepped(
    net: nn.Module, steps: int = 3, make: Callable[..., optim.Optimizer] = OPTIMISERS[0]
) -> optim.Optimizer:
    """Make an optimiser whose moments are not zero."""
    optimiser = make(net.parameters())
    for _ in range(steps):
        step(net, optimiser)
    return optimiser


def step(net: nn.Module, optimiser: optim.Optimizer) -> None:
    net(torch.rand(2, 3, 8, 8), torch.ones(2, 1, 8, 8)).square().mean().backward()
    optimiser.step()
    optimiser.zero_grad()


def save(run: Path, net: nn.Module, optimiser: optim.Optimizer, step: int = 3) -> None:
    (run / "state").mkdir(exist_ok=True)
    save_state(run, Progress(step, 0.25), recipe=RECIPE, net=net, optimiser=optimiser)


@pytest.mark.parametrize("make", OPTIMISERS)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_next_step_is_the_same_to_the_bit(
    tmp_path: Path, layout: torch.memory_format, make: Callable[..., optim.Optimizer]
) -> None:
    net = tiny_net(noisy=True).to(memory_format=layout)
    optimiser = stepped(net, make=make)
    save(tmp_path, net, optimiser)
    other = TinyNet(noisy=True).to(memory_format=layout)
    again = make(other.parameters())
    assert load_state(tmp_path, recipe=RECIPE, net=other, optimiser=again) == (3, 0.25)
    for side in ((net, optimiser), (other, again)):
        torch.manual_seed(5)
        step(*side)
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


def test_moments_of_16_bits_take_less_room_and_are_what_the_run_itself_goes_on_with(tmp_path: Path) -> None:
    short = replace(RECIPE, moments="bf16")
    net = tiny_net(width=64)
    optimiser = stepped(net)
    (tmp_path / "state").mkdir()
    save_state(tmp_path, Progress(3, 0.25), recipe=short, net=net, optimiser=optimiser)
    (file,) = (tmp_path / "state").iterdir()
    weights = sum(tensor.nbytes for tensor in net.state_dict().values())
    assert file.stat().st_size < 2 * weights + 4000
    other = TinyNet(width=64)
    again = optim.Adam(other.parameters(), fused=True)
    load_state(tmp_path, recipe=short, net=other, optimiser=again)
    for side in ((net, optimiser), (other, again)):
        torch.manual_seed(5)
        step(*side)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("make", OPTIMISERS)
def test_a_state_is_at_most_3_1_times_the_weights_and_alone(
    tmp_path: Path, make: Callable[..., optim.Optimizer]
) -> None:
    net = tiny_net(width=256)
    optimiser = stepped(net, make=make)
    for done in (3, 4, 5):
        save(tmp_path, net, optimiser, done)
    save_weights(tmp_path / "weights.safetensors", net, recipe=RECIPE, card=None)
    state = sum(file.stat().st_size for file in (tmp_path / "state").iterdir())
    weights = sum(4 * parameter.numel() for parameter in net.parameters())
    assert state <= 3.1 * weights
    assert (tmp_path / "weights.safetensors").stat().st_size <= 1.1 * weights


def test_a_full_disk_leaves_the_last_good_state(tmp_path: Path) -> None:
    net = tiny_net(width=64)
    optimiser = stepped(net)
    save(tmp_path, net, optimiser)
    before = {file.name: file.read_bytes() for file in (tmp_path / "state").iterdir()}
    with disk() as fill:
        fill(20_000)
        with pytest.raises(UnwritableFile, match="make room, then continue with `resume=True`"):
            save(tmp_path, net, optimiser, 4)
    assert {file.name: file.read_bytes() for file in (tmp_path / "state").iterdir()} == before


def test_what_a_kill_left_behind_goes_with_the_next_state(tmp_path: Path) -> None:
    net = tiny_net()
    optimiser = stepped(net)
    save(tmp_path, net, optimiser)
    (tmp_path / "state" / ".step-00000004.safetensors.0a1b2c3d.part").write_bytes(b"half a st")
    assert load_state(tmp_path, recipe=RECIPE, net=net, optimiser=optimiser).step == 3
    save(tmp_path, net, optimiser, 4)
    assert [file.name for file in (tmp_path / "state").iterdir()] == ["step-00000004.safetensors"]


def test_after_a_kill_between_writing_and_tidying_the_newer_state_counts(tmp_path: Path) -> None:
    net = tiny_net()
    optimiser = stepped(net)
    save(tmp_path, net, optimiser)
    older = (tmp_path / "state" / "step-00000003.safetensors").read_bytes()
    save(tmp_path, net, optimiser, 12)
    (tmp_path / "state" / "step-00000003.safetensors").write_bytes(older)
    assert load_state(tmp_path, recipe=RECIPE, net=net, optimiser=optimiser).step == 12


def test_nothing_to_resume_is_an_error(tmp_path: Path) -> None:
    net = tiny_net()
    with pytest.raises(BadUsage, match="contains no saved state"):
        load_state(tmp_path, recipe=RECIPE, net=net, optimiser=stepped(net))


def test_another_recipe_is_refused_by_its_difference(tmp_path: Path) -> None:
    net = tiny_net()
    optimiser = stepped(net)
    save(tmp_path, net, optimiser)
    with pytest.raises(BadUsage, match=r"another recipe \(rate: 0\.01, not 0\.02\)"):
        load_state(tmp_path, recipe=replace(RECIPE, rate=0.02), net=net, optimiser=optimiser)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (
            TinyNet(width=9),
            r"layers.0.weight is float32 \(8, 4, 3, 3\) where the net has float32 \(9, 4, 3, 3\)",
        ),
        (TinyNet(noisy=True), "layers.1.weight is missing; .* and 6 more"),
        (nn.Sequential(), "layers.0.weight is unknown"),
        (TinyNet().double(), "float32 .* where the net has float64"),
    ],
)
def test_another_architecture_is_refused_and_left_alone(
    tmp_path: Path, other: nn.Module, difference: str
) -> None:
    net = tiny_net()
    save(tmp_path, net, stepped(net))
    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    optimiser = optim.Adam(other.parameters()) if before else stepped(net)
    with pytest.raises(BadUsage, match=f"another architecture: .*{difference}"):
        load_state(tmp_path, recipe=RECIPE, net=other, optimiser=optimiser)
    assert all(torch.equal(tensor, before[name]) for name, tensor in other.state_dict().items())


def test_a_file_of_another_kind_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    net = tiny_net()
    optimiser = stepped(net)
    save(tmp_path, net, optimiser)
    file = tmp_path / "state" / "step-00000003.safetensors"
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(UnreadableFile, match="not a sound safetensors file"):
        load_state(tmp_path, recipe=RECIPE, net=net, optimiser=optimiser)
    save_file(net.state_dict(), file)
    with pytest.raises(BadUsage, match="is not a training state"):
        load_state(tmp_path, recipe=RECIPE, net=net, optimiser=optimiser)


def test_weights_come_back(tmp_path: Path) -> None:
    net, other = tiny_net(noisy=True), TinyNet(noisy=True)
    file = tmp_path / "weights.safetensors"
    save_weights(file, net, recipe=RECIPE, card=None)
    assert set(load_file(file)) == set(net.state_dict())
    load_weights(file, other)
    assert all(torch.equal(t, other.state_dict()[name]) for name, t in net.state_dict().items())


def test_weights_can_be_read_by_whoever_may_read_other_files(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    save_weights(tmp_path / "w.safetensors", tiny_net(), recipe=RECIPE, card=None)
    assert (tmp_path / "w.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_missing_and_foreign_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="there is no such file"):
        load_weights(tmp_path / "none.safetensors", tiny_net())
    save_weights(tmp_path / "w.safetensors", tiny_net(width=4), recipe=RECIPE, card=None)
    with pytest.raises(BadUsage, match="another architecture"):
        load_weights(tmp_path / "w.safetensors", tiny_net())


def altered(run: Path, header: dict[str, str | None], tensors: dict[str, torch.Tensor | None]) -> None:
    """Write the state of a run anew with other entries; None leaves one out."""
    file = run / "state" / "step-00000003.safetensors"
    with safe_open(file, framework="pt") as state:
        metadata = state.metadata() | header
    kept = load_file(file) | tensors
    save_file(
        {name: tensor for name, tensor in kept.items() if tensor is not None},
        file,
        metadata={key: text for key, text in metadata.items() if text is not None},
    )


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"step": None}, "step is missing"),
        ({"hours": None}, "hours is missing"),
        ({"recipe": None}, "recipe is missing"),
        ({"step": "many"}, "not a sound training state"),
        ({"step": "-1"}, "step or hours cannot be"),
        ({"hours": "nan"}, "step or hours cannot be"),
        ({"recipe": "{"}, "not a sound recipe"),
        ({"recipe": "[]"}, "it must be an object, got a list"),
        ({"recipe": '{"a":' * 5000 + "1" + "}" * 5000}, "nested deeper"),
    ],
)
def test_a_header_that_is_damaged_is_told_of(
    tmp_path: Path, header: dict[str, str | None], message: str
) -> None:
    net = tiny_net()
    optimiser = stepped(net)
    save(tmp_path, net, optimiser)
    altered(tmp_path, header, {})
    with pytest.raises(UnreadableFile, match=rf"step-00000003\.safetensors.*{message}"):
        load_state(tmp_path, recipe=RECIPE, net=net, optimiser=optimiser)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda name: {f"moments/exp_avg/{name}": torch.zeros(7)}, "fits no weight of the net"),
        (lambda name: {f"moments/exp_avg_sq/{name}": None}, "not all there"),
        (lambda _: {"moments/exp_avg/none": torch.zeros(7)}, "moments/exp_avg/none fits no weight"),
        (lambda name: {f"moments/step/{name}": torch.zeros(2)}, "fits no weight"),
        (lambda name: {f"moments/mood/{name}": None, f"moments/step/{name}": None}, "not all there"),
    ],
)
def test_moments_that_do_not_fit_are_told_of_and_change_nothing(
    tmp_path: Path, change: Callable[[str], dict[str, torch.Tensor | None]], message: str
) -> None:
    net = tiny_net()
    optimiser = stepped(net)
    save(tmp_path, net, optimiser)
    name = next(iter(dict(net.named_parameters())))
    altered(tmp_path, {}, change(name))
    before = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    with pytest.raises(UnreadableFile, match=message):
        load_state(tmp_path, recipe=RECIPE, net=net, optimiser=optimiser)
    assert all(torch.equal(tensor, before[key]) for key, tensor in net.state_dict().items())


def test_a_state_without_any_moments_is_not_gone_on_from(tmp_path: Path) -> None:
    """The run would go on, and end with other bits."""
    net = tiny_net()
    optimiser = stepped(net)
    save(tmp_path, net, optimiser)
    moments = load_file(tmp_path / "state" / "step-00000003.safetensors")
    altered(tmp_path, {}, {name: None for name in moments if name.startswith("moments/")})
    with pytest.raises(UnreadableFile, match="not all there"):
        load_state(tmp_path, recipe=RECIPE, net=net, optimiser=optimiser)


def test_a_net_that_grew_out_of_another_begins_with_what_it_chooses_of_it(tmp_path: Path) -> None:
    torch.manual_seed(0)
    compact, deep = models.build("pconv-compact"), models.build("pconv-deep")
    save_file(compact.state_dict(), tmp_path / "compact.safetensors")
    before = {name: tensor.clone() for name, tensor in deep.state_dict().items()}
    load_weights(tmp_path / "compact.safetensors", deep)
    after = deep.state_dict()
    assert torch.equal(after["encoder.paint.weight"], compact.state_dict()["encoder.paint.weight"])
    assert torch.equal(after["encoder.sizes.1.0.weight"], before["encoder.sizes.1.0.weight"])


def test_a_net_that_grew_out_of_another_takes_no_third_one(tmp_path: Path) -> None:
    save_file(models.build("srcnn-915").state_dict(), tmp_path / "srcnn.safetensors")
    with pytest.raises(BadUsage, match="of another architecture"):
        load_weights(tmp_path / "srcnn.safetensors", models.build("pconv-deep"))
