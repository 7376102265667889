"""The loop goes on to the bit, shares its batches, and stops where it must."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from training.standins import Waves, disk, recipe, squared, tiny_net
from tratteggio import models
from tratteggio.degradation import make_degradation
from tratteggio.errors import (
    BadUsage,
    Diverged,
    OutOfMemory,
    Stopped,
    TratteggioError,
    UnknownName,
    UnreadableFile,
    UnsafeOutput,
    UnwritableFile,
)
from tratteggio.losses.terms import Terms
from tratteggio.training.journal import read_journal
from tratteggio.training.loop import train
from tratteggio.training.recipe import from_json

RECIPE = recipe()
TESTS = Path(__file__).parents[1]


def run_script(code: str, *launcher: str, file: Path) -> None:
    """Run a script in processes of its own, where tests can be imported."""
    file.write_text(code)
    command = [sys.executable, *launcher, str(file)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def shown(file: Path) -> NDArray[np.uint8]:
    with Image.open(file) as picture:
        return np.asarray(picture)


def same_weights(one: Path, other: Path) -> bool:
    a, b = load_file(one), load_file(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def stop_after(step: int, act: Any) -> Any:
    return lambda done, total: act() if done == step else None


# --- a plain run -------------------------------------------------------------------------------------


def test_a_run_learns_and_leaves_a_plain_folder(tmp_path: Path) -> None:
    seen = []
    held_out = [Waves()[index] for index in (1000, 1001)] + [Waves(side=24)[1002]]
    weights = train(
        tiny_net(), Waves(), squared, replace(RECIPE, steps=60), tmp_path / "run", held_out=held_out,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    run = tmp_path / "run"
    assert seen == [(done, 60) for done in range(1, 61)]
    assert weights == run / "weights.safetensors"
    assert from_json((run / "recipe.json").read_text()) == replace(RECIPE, steps=60)
    lines = read_journal(run)
    steps = [line for line in lines if "loss" in line]
    looks = [line["validation"] for line in lines if "validation" in line]
    assert [line["step"] for line in steps] == list(range(5, 61, 5))
    assert set(steps[0]) == {
        "step", "rate", "loss", "gradient", "parts", "seconds", "images_per_s", "stages",
    }  # fmt: skip
    assert set(steps[0]["parts"]) == {"mse", "lost"}
    assert set(steps[0]["stages"]) == {"wait", "decode", "damage", "forward", "backward", "step"}
    assert steps[0]["stages"]["decode"] == pytest.approx(4 * 0.002)
    assert steps[-1]["loss"] < 0.5 * steps[0]["loss"]
    assert len(looks) == 6
    assert looks[-1]["psnr_lost"] > looks[0]["psnr_lost"]
    sheet = shown(run / "samples" / "step-60.png")
    assert sheet.shape == (16 + 4 + 16 + 4 + 24, 3 * 24 + 2 * 4, 3)


def test_the_same_seed_gives_the_same_bits_and_another_does_not(tmp_path: Path) -> None:
    one, two, three = (
        train(tiny_net(noisy=True), Waves(), squared, recipe(seed=seed), tmp_path / name)
        for name, seed in (("one", 0), ("two", 0), ("three", 1))
    )
    assert same_weights(one, two)
    assert not same_weights(one, three)


def test_validating_changes_nothing(tmp_path: Path) -> None:
    plain = train(tiny_net(noisy=True), Waves(), squared, RECIPE, tmp_path / "plain")
    looked = train(tiny_net(noisy=True), Waves(), squared, RECIPE, tmp_path / "look", held_out=[Waves()[99]])
    assert same_weights(plain, looked)


def test_processes_that_make_patches_ahead_change_nothing(tmp_path: Path) -> None:
    plain = train(tiny_net(), Waves(), squared, RECIPE, tmp_path / "plain")
    ahead = train(tiny_net(), Waves(), squared, RECIPE, tmp_path / "ahead", workers=1)
    assert same_weights(plain, ahead)


def test_bfloat16_learns_too_and_keeps_weights_in_float32(tmp_path: Path) -> None:
    weights = train(
        tiny_net(),
        Waves(),
        squared,
        recipe(precision="bf16", steps=30, clip=1.0),
        tmp_path,
        held_out=[Waves()[99]],
    )
    assert {tensor.dtype for tensor in load_file(weights).values()} == {torch.float32}
    losses = [line["loss"] for line in read_journal(tmp_path) if "loss" in line]
    assert losses[-1] < losses[0]


def test_the_step_is_that_of_adam_on_a_clipped_gradient(tmp_path: Path) -> None:
    """The loop written out once more, with nothing of ours but the patches."""
    net = tiny_net()
    adam = torch.optim.Adam(net.parameters())
    for step, rate in enumerate([0.01, 0.01 / 1.5, 0.01 / 2]):
        pairs = [Waves()[index] for index in range(4 * step, 4 * step + 4)]
        truth, known = (torch.from_numpy(np.stack(arrays)) for arrays in zip(*pairs, strict=True))
        adam.param_groups[0]["lr"] = rate
        adam.zero_grad()
        (net(truth * known, known) - truth).square().mean().backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 0.05)
        adam.step()
    choices = recipe(steps=3, clip=0.05, schedule="inverse_time", decay=0.5)
    weights = load_file(train(tiny_net(), Waves(), squared, choices, tmp_path))
    for name, tensor in net.state_dict().items():
        torch.testing.assert_close(weights[name], tensor, rtol=1e-5, atol=1e-6)


def test_the_step_of_adadelta_is_as_published(tmp_path: Path) -> None:
    """Zeiler 2012, algorithm 1, with rho 0.95 and epsilon 1e-6, written out for every weight."""
    net = tiny_net()
    weights = dict(net.named_parameters())
    squares = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    steps = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    for step in range(3):
        pairs = [Waves()[index] for index in range(4 * step, 4 * step + 4)]
        truth, known = (torch.from_numpy(np.stack(arrays)) for arrays in zip(*pairs, strict=True))
        gradients = torch.autograd.grad((net(truth * known, known) - truth).square().mean(), weights.values())
        for (name, weight), gradient in zip(weights.items(), gradients, strict=True):
            squares[name] = 0.95 * squares[name] + 0.05 * gradient**2
            change = -torch.sqrt(steps[name] + 1e-6) / torch.sqrt(squares[name] + 1e-6) * gradient
            steps[name] = 0.95 * steps[name] + 0.05 * change**2
            weight.data += change
    choices = recipe(steps=3, optimiser="adadelta", rate=1.0)
    found = load_file(train(tiny_net(), Waves(), squared, choices, tmp_path))
    for name, weight in weights.items():
        torch.testing.assert_close(found[name], weight, rtol=1e-5, atol=1e-6)


def test_training_begins_from_given_weights(tmp_path: Path) -> None:
    first = train(tiny_net(), Waves(), squared, RECIPE, tmp_path / "first")
    tuned = train(
        tiny_net(), Waves(), squared, recipe(steps=1, rate=1e-12, init_from=str(first)), tmp_path / "tuned"
    )
    a, b = load_file(first), load_file(tuned)
    assert all(torch.allclose(a[name], b[name], atol=1e-9) for name in a)


def test_weights_travel_with_their_card(tmp_path: Path) -> None:
    torch.manual_seed(0)
    card = models.Card(
        model="pconv-compact",
        recipe="waves",
        data=("waves",),
        licence="open",
        seed=0,
        hours=0,
        machine="here",
    )
    choices, held_out = recipe(steps=1, batch=1), [Waves(side=32)[9]]
    weights = train(
        models.build("pconv-compact"),
        Waves(side=32),
        squared,
        choices,
        tmp_path,
        held_out=held_out,
        card=card,
    )
    net, kept = models.load(weights)
    assert set(kept.figures) == {"loss", "psnr_lost"}
    assert 0 < kept.hours < 0.1
    with torch.no_grad():
        truth, known = (torch.from_numpy(array)[None] for array in held_out[0])
        assert squared(net(truth * known, known), truth, known).total.item() == pytest.approx(
            kept.figures["loss"], rel=1e-5
        )


def test_pictures_that_were_left_out_are_named_at_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train(tiny_net(), Waves(unreadable=("b.jpg", "a.jpg")), squared, recipe(steps=2), tmp_path)
    assert caplog.messages == ["2 pictures could not be read and were left out: a.jpg, b.jpg"]


def test_norms_that_are_frozen_stay_as_they_are(tmp_path: Path) -> None:
    net = tiny_net(noisy=True)
    norm = net.layers[1]

    def freeze_encoder_norms() -> None:
        norm.requires_grad_(False)
        norm.momentum = 0.0

    with pytest.raises(BadUsage, match="tiny has no batch norms to freeze"):
        train(net, Waves(), squared, recipe(freeze_norms=True), tmp_path / "none")
    net.freeze_encoder_norms = freeze_encoder_norms
    before = {name: tensor.clone() for name, tensor in norm.state_dict().items() if "num" not in name}
    train(net, Waves(), squared, recipe(freeze_norms=True), tmp_path / "run", held_out=[Waves()[99]])
    assert all(torch.equal(tensor, norm.state_dict()[name]) for name, tensor in before.items())


# --- going on ----------------------------------------------------------------------------------------

KILLED = """
import os, signal
import lightning_fabric, torch.utils.tensorboard  # once, not in each child
from tratteggio.training.loop import train
from training.standins import Waves, recipe, squared, tiny_net

def kill_at(step):
    return lambda done, total: os.kill(os.getpid(), signal.SIGKILL) if done == step else None

def attempt(**options):
    train(tiny_net(noisy=True), Waves(), squared, recipe(), {run!r}, held_out=[Waves()[99]], **options)

for number, step in enumerate((3, 12, 17)):
    if not (child := os.fork()):
        attempt(resume=number > 0, progress=kill_at(step))
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
attempt(resume=True)
"""


def test_a_run_killed_three_times_ends_with_the_same_bits(tmp_path: Path) -> None:
    run_script(KILLED.format(run=str(tmp_path / "killed")), file=tmp_path / "killed.py")
    weights = train(
        tiny_net(noisy=True), Waves(), squared, RECIPE, tmp_path / "whole", held_out=[Waves()[99]]
    )
    assert same_weights(tmp_path / "killed" / "weights.safetensors", weights)
    told, whole = ([line["step"] for line in read_journal(tmp_path / run)] for run in ("killed", "whole"))
    assert told == whole
    assert_array_equal(*(shown(tmp_path / run / "samples" / "step-20.png") for run in ("killed", "whole")))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_was_stopped_goes_on_to_the_same_bits(tmp_path: Path, sent: signal.Signals) -> None:
    former = signal.getsignal(sent)
    with pytest.raises(Stopped, match="stopped after step 8 of 20; continue with `resume=True`"):
        train(
            tiny_net(noisy=True), Waves(), squared, RECIPE, tmp_path / "run",
            progress=stop_after(7, lambda: os.kill(os.getpid(), sent)),
        )  # fmt: skip
    assert signal.getsignal(sent) is former
    resumed = train(tiny_net(noisy=True), Waves(), squared, RECIPE, tmp_path / "run", resume=True)
    whole = train(tiny_net(noisy=True), Waves(), squared, RECIPE, tmp_path / "whole")
    assert same_weights(resumed, whole)


def test_a_second_interruption_does_not_wait(tmp_path: Path) -> None:
    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(tiny_net(), Waves(), squared, RECIPE, tmp_path, progress=stop_after(7, twice))


def test_resuming_a_finished_run_hands_out_its_weights(tmp_path: Path) -> None:
    weights = train(tiny_net(), Waves(), squared, RECIPE, tmp_path)
    before = weights.read_bytes()
    assert train(tiny_net(), Waves(), squared, RECIPE, tmp_path, resume=True).read_bytes() == before


def test_a_full_disk_stops_the_run_which_then_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    wide = {"width": 64}
    with disk() as fill, pytest.raises(UnwritableFile, match="continue with `resume=True`"):
        train(
            tiny_net(**wide), Waves(), squared, RECIPE, tmp_path / "run",
            progress=stop_after(7, lambda: fill(20_000)),
        )  # fmt: skip
    assert [file.name for file in (tmp_path / "run" / "state").iterdir()] == ["step-00000005.safetensors"]
    resumed = train(tiny_net(**wide), Waves(), squared, RECIPE, tmp_path / "run", resume=True)
    whole = train(tiny_net(**wide), Waves(), squared, RECIPE, tmp_path / "whole")
    assert same_weights(resumed, whole)


def test_a_run_is_never_started_over_another(tmp_path: Path) -> None:
    train(tiny_net(), Waves(), squared, recipe(steps=1), tmp_path / "run")
    with pytest.raises(UnsafeOutput, match="is not empty; add `resume=True`"):
        train(tiny_net(), Waves(), squared, recipe(steps=1), tmp_path / "run")


def test_resuming_nothing_is_an_error_never_a_fresh_start(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="contains no saved state"):
        train(tiny_net(), Waves(), squared, RECIPE, tmp_path / "run", resume=True)
    assert not (tmp_path / "run").exists()


def test_resuming_with_another_recipe_or_net_is_an_error(tmp_path: Path) -> None:
    train(tiny_net(), Waves(), squared, RECIPE, tmp_path)
    with pytest.raises(BadUsage, match="seed: 0, not 1"):
        train(tiny_net(), Waves(), squared, recipe(seed=1), tmp_path, resume=True)
    with pytest.raises(BadUsage, match="another architecture"):
        train(tiny_net(width=5), Waves(), squared, RECIPE, tmp_path, resume=True)


# --- several processes -------------------------------------------------------------------------------

SHARED = """
from tratteggio.training.loop import train
from training.standins import Waves, recipe, squared, tiny_net

train(tiny_net(), Waves(), squared, recipe(), {run!r}, held_out=[Waves()[99]], device="cpu")
"""


def test_two_processes_equal_one_on_the_same_batches(tmp_path: Path) -> None:
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    run_script(SHARED.format(run=str(tmp_path / "two")), *torchrun, file=tmp_path / "two.py")
    one = load_file(train(tiny_net(), Waves(), squared, RECIPE, tmp_path / "one", held_out=[Waves()[99]]))
    two = load_file(tmp_path / "two" / "weights.safetensors")
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-4, atol=1e-5)
    for alone, shared in zip(read_journal(tmp_path / "one"), read_journal(tmp_path / "two"), strict=True):
        assert alone["step"] == shared["step"]
        if "loss" in alone:
            assert shared["loss"] == pytest.approx(alone["loss"], rel=1e-4)


# --- what cannot be gone on with ---------------------------------------------------------------------


def test_a_loss_that_is_no_number_stops_with_its_batch(tmp_path: Path) -> None:
    with pytest.raises(Diverged, match="step 8 met .*loss nan") as met:
        train(tiny_net(), Waves(infinite=30), squared, RECIPE, tmp_path)
    file = tmp_path / "diverged-step-00000008-process-0.npz"
    assert str(file) in str(met.value)
    with np.load(file) as batch:
        assert batch["indices"].tolist() == [28, 29, 30, 31]
        assert_array_equal(batch["truth"][2], Waves(infinite=30)[30][0])
        assert_array_equal(batch["known"][2], Waves()[30][1])
    assert [file.name for file in (tmp_path / "state").iterdir()] == ["step-00000005.safetensors"]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_patch_that_cannot_be_read_stops_with_its_own_words(tmp_path: Path, workers: int) -> None:
    with pytest.raises(UnreadableFile) as met:
        train(tiny_net(), Waves(broken=6), squared, RECIPE, tmp_path, workers=workers)
    assert str(met.value) == "wave 6 cannot be read"


def test_an_unknown_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no device named 'gpu'"):
        train(tiny_net(), Waves(), squared, RECIPE, tmp_path / "run", device="gpu")
    assert not (tmp_path / "run").exists()


# --- objectives and nets that ask for more ---------------------------------------------------------------


class Changing:
    """An objective that notes for which step it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def at(self, step: int) -> Any:
        self.asked.append(step)
        return squared

    __call__ = staticmethod(squared)


def test_an_objective_that_changes_is_asked_for_each_step(tmp_path: Path) -> None:
    loss = Changing()
    train(tiny_net(), Waves(), loss, recipe(steps=3), tmp_path / "run", device="cpu")
    assert loss.asked == [0, 1, 2]


def test_a_net_that_sees_the_truth_is_given_it_in_training_alone(tmp_path: Path) -> None:
    class Seeing(type(tiny_net())):
        sees_truth = True
        given: ClassVar[list[bool]] = []

        def forward(self, x, known, truth=None):
            assert self.training == (truth is not None)
            assert truth is None or torch.equal(truth * known, x)
            self.given.append(truth is not None)
            return super().forward(x, known)

    train(
        Seeing(), Waves(), squared, recipe(steps=2, validate_every=2), tmp_path / "run", device="cpu",
        held_out=[Waves()[90]],
    )  # fmt: skip
    assert Seeing.given == [True, True, False]


@pytest.mark.parametrize(("told", "active"), [(0.0, 0), (1.0, 3)])
def test_active_numbers_of_a_latent_are_counted_and_a_collapse_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, told: float, active: int
) -> None:
    class Latent(type(tiny_net())):
        def nats(self, x, known, truth):
            assert torch.equal(truth * known, x)
            return torch.tensor([told, 2 * told, 0.02 * told, 0.005 * told])

    train(
        Latent(), Waves(), squared, recipe(steps=1), tmp_path / "run", device="cpu",
        held_out=[Waves()[90], Waves()[91]],
    )  # fmt: skip
    _, lines = read_journal(tmp_path / "run"), (tmp_path / "run" / "journal.jsonl").read_text()
    assert f'"active_units": {active}.0' in lines
    assert ("collapsed" in caplog.text) == (active == 0)


def test_a_net_that_is_told_of_attributes_gets_those_of_each_picture(tmp_path: Path) -> None:
    class Named(Waves):
        def __getitem__(self, index):
            return (*super().__getitem__(index), np.array([index, 1], np.float32))

    class Told(type(tiny_net())):
        attributes = ("number", "one")
        given: ClassVar[list[Any]] = []

        def forward(self, x, known, attributes):
            self.given.append((self.training, attributes.tolist()))
            return super().forward(x, known)

        def nats(self, x, known, truth, attributes):
            assert attributes.tolist() == [[90, 1]]
            return torch.ones(3)

    train(
        Told(), Named(), squared, recipe(steps=2, batch=2, validate_every=2), tmp_path / "run", device="cpu",
        held_out=[Named()[90]],
    )  # fmt: skip
    assert Told.given == [(True, [[0, 1], [1, 1]]), (True, [[2, 1], [3, 1]]), (False, [[90, 1]])]


def test_a_net_that_answers_for_the_middle_of_a_patch_is_measured_there(tmp_path: Path) -> None:
    class Narrow(type(tiny_net())):
        def forward(self, x, known):
            return x[..., 2:-2, 2:-2] + 0 * super().forward(x, known)[..., 2:-2, 2:-2]

    def of_the_middle(y, x, known):
        return squared(y, x[..., 2:-2, 2:-2], known[..., 2:-2, 2:-2])

    patch = Waves()[90]
    train(Narrow(), Waves(), of_the_middle, recipe(steps=1), tmp_path / "run", device="cpu", held_out=[patch])
    truth, known = (array[:, 2:-2, 2:-2] for array in patch)
    lost = np.any(known < 0.5, axis=0)
    black = -10 * np.log10(np.mean(truth[:, lost] ** 2))  # of what is lost the net is shown zeros
    looked = [line["validation"] for line in read_journal(tmp_path / "run") if "validation" in line]
    assert looked[-1]["psnr_lost"] == pytest.approx(black, abs=1e-3)


# --- spoilt patches ------------------------------------------------------------------------------------


class Blind(torch.nn.Module):
    """Outputs 0 and remembers what it was shown, in training and while it is measured."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.learnt: list[torch.Tensor] = []
        self.looked: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        (self.learnt if self.training else self.looked).append(x.clone())
        return x * self.weight


def test_a_net_is_shown_spoilt_patches_that_are_the_same_at_every_look(tmp_path: Path) -> None:
    degrade = make_degradation("dim", {})
    held_out = [Waves()[index] for index in (1000, 1001)]
    net = Blind()
    train(
        net, Waves(), squared, replace(RECIPE, steps=2, validate_every=1), tmp_path / "run", degrade=degrade,
        held_out=held_out,
    )  # fmt: skip
    first, second = net.learnt
    truths = [torch.from_numpy(np.stack([Waves()[4 * step + k][0] for k in range(4)])) for step in (0, 1)]
    for shown, truth in zip((first, second), truths, strict=True):
        assert (shown.mean(dim=(1, 2, 3)) < truth.mean(dim=(1, 2, 3))).all()
    looks = net.looked
    assert len(looks) == 4
    assert torch.equal(looks[0], looks[2])
    assert torch.equal(looks[1], looks[3])


def test_a_spoilt_run_that_was_stopped_goes_on_to_the_bit(tmp_path: Path) -> None:
    degrade = make_degradation("dim", {})
    whole = train(tiny_net(), Waves(), squared, RECIPE, tmp_path / "whole", degrade=degrade)
    with pytest.raises(Stopped):
        train(
            tiny_net(), Waves(), squared, RECIPE, tmp_path / "run", degrade=degrade,
            progress=stop_after(7, lambda: os.kill(os.getpid(), signal.SIGINT)),
        )  # fmt: skip
    resumed = train(tiny_net(), Waves(), squared, RECIPE, tmp_path / "run", degrade=degrade, resume=True)
    assert same_weights(whole, resumed)


# --- refused, and where the machine gives out ------------------------------------------------------------


def unwilling(out: Tensor, truth: Tensor, known: Tensor) -> Terms:
    """Judge an answer of another kind than the net gives."""
    return squared(out.mean_of_draws, truth, known)  # type: ignore[attr-defined]


def test_a_run_that_is_refused_before_its_first_step_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="the objective draws does not fit the output of net tiny"):
        train(tiny_net(), Waves(), unwilling, recipe(loss="draws"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_folder_that_was_there_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(BadUsage, match="does not fit the output"):
        train(tiny_net(), Waves(), unwilling, recipe(), tmp_path / "run")
    assert (tmp_path / "run").exists()


def test_memory_that_gives_out_in_a_step_is_one_sentence(tmp_path: Path) -> None:
    def greedy(out: Tensor, truth: Tensor, known: Tensor) -> Terms:
        torch.empty(2**60)
        raise AssertionError

    with pytest.raises(OutOfMemory, match="smaller batch or side"):
        train(tiny_net(), Waves(), greedy, recipe(), tmp_path / "run")


class Killing:
    """Patches of which one kills the process that makes it."""

    def __init__(self, *, parent: int) -> None:
        self.parent = parent

    def __getitem__(self, index: int) -> Any:
        if index >= 8 and os.getpid() != self.parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return Waves()[index]


# torch leaves a temporary file open when the connection of the killed worker breaks.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_killed_worker_is_one_sentence_and_its_run_goes_on(tmp_path: Path) -> None:
    asked = recipe(keep_every=1)
    with pytest.raises(TratteggioError, match="was killed.*`resume=True`, with fewer workers"):
        train(tiny_net(), Killing(parent=os.getpid()), squared, asked, tmp_path / "run", workers=1)
    train(tiny_net(), Waves(), squared, asked, tmp_path / "run", resume=True)
    train(tiny_net(), Waves(), squared, asked, tmp_path / "whole")
    assert same_weights(*(tmp_path / name / "weights.safetensors" for name in ("run", "whole")))


def test_a_list_of_a_run_that_is_no_text_is_told_of(tmp_path: Path) -> None:
    manifest = {"pictures.txt": "a\n"}
    train(tiny_net(), Waves(), squared, recipe(), tmp_path / "run", manifest=manifest)
    (tmp_path / "run" / "pictures.txt").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(UnreadableFile, match=r"pictures\.txt is not a sound list of a run"):
        train(
            tiny_net(),
            Waves(),
            squared,
            recipe(),
            tmp_path / "run",
            manifest={"pictures.txt": "a\n"},
            resume=True,
        )
