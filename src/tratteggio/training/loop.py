"""The training loop: patches in, weights out, on a CPU, a GPU or several processes under torchrun.

What a step does follows from the recipe, the seed and the number of the step alone: its patches are
step * batch + 0, 1, ..., its rate comes from the schedule, its random numbers from a seed of its own. So a
killed run continues from its last state to the same weights, and several processes share one batch.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn, optim

from tratteggio.degradation import Degrade
from tratteggio.errors import (
    BadUsage,
    Diverged,
    MissingExtra,
    Stopped,
    TratteggioError,
    UnsafeOutput,
    UnwritableFile,
)
from tratteggio.failures import machine_failures
from tratteggio.files.beside import beside
from tratteggio.files.untrusted import untrusted
from tratteggio.losses.terms import Objective, middle
from tratteggio.metrics.fidelity import psnr
from tratteggio.models import Card, find
from tratteggio.training.average import Average
from tratteggio.training.batches import Batch, Patch, Patches, Shares, loader
from tratteggio.training.checkpoint import Progress, load_state, load_weights, save_state, save_weights
from tratteggio.training.journal import Journal, Stages, write_sheet
from tratteggio.training.launch import launched
from tratteggio.training.recipe import Recipe, rate_at, to_json
from tratteggio.training.run_folder import clear, held, is_begun

if TYPE_CHECKING:
    from lightning_fabric import Fabric

log = logging.getLogger("tratteggio")

TELL_EVERY = 10  # steps between two lines of the journal
MEMORY_ADVICE = "free some, or train with a smaller batch or side (`settings=['batch=4']`)"
ROWS_SHOWN = 8  # of the sample picture
ACTIVE = 0.01  # nats above which a number of a latent tells something of a picture


def train(
    net: nn.Module,
    patches: Patches,
    loss: Objective,
    recipe: Recipe,
    run: str | os.PathLike[str],
    *,
    degrade: Degrade | None = None,
    validation: Sequence[Patch] = (),
    card: Card | None = None,
    manifest: Mapping[str, str] = {},
    resume: bool = False,
    overwrite: bool = False,
    device: str = "auto",
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Train a net by a recipe and keep all that a run leaves in one folder.

    The folder holds `recipe.json`, `journal.jsonl`, `tensorboard/`, `samples/step-N.png` (damaged, proposal,
    truth; of an autoencoder, answer and truth), `weights.safetensors` and `state/`, from which the run can
    be resumed. On a CPU with the same number of threads a resumed run ends with the same bits as one that was
    never disturbed.

    Under `torchrun` each process takes its share of every batch. Batch norm then sees the share alone; all
    else is as with one process, up to rounding. torch's global random numbers are seeded anew in each step.

    Args:
        net: called as `net(x, known)`, x being the truth with zeros where lost, or as
            `net(x, known, attributes)` if patches come with attributes; returns (B, C, side, side), or in
            training whatever `loss` takes. If it has `sees_truth`, it gets `truth=` as well then. If it has
            `nats(x, known, truth)`, the numbers of its latent that tell something are counted.
        patches: what is learnt from.
        loss: called as `loss(proposal, truth, known)`, all float32; if it has `at(step)`, what that returns.
        recipe: steps, batch, rate and so on; net, patches and loss have been made by it.
        degrade: makes of the truth what the net is shown instead, see `tratteggio.degradation`.
        run: the folder; new or empty, unless `resume`.
        validation: patches that are never learnt from, to measure progress on; they may differ in size.
        card: goes with the weights, with the hours and the last validation filled in, so that
            `tratteggio.models.load` takes them; None if the net is not registered there.
        manifest: files to keep in the folder, by name, that tell what `patches` and `validation` came from,
            such as a list of pictures; a run is resumed with the same ones only.
        resume: go on from the last state that the folder holds.
        overwrite: begin anew in the place of an older run, which is removed.
        device: "auto", "cpu" or "cuda".
        workers: processes that make patches ahead; 0 makes them between the steps. With some, scripts need
            the guard `if __name__ == "__main__":`.
        progress: called with (steps done, steps in all).

    Returns:
        the file with the final weights.

    Raises:
        UnsafeOutput: the folder is not empty and neither `resume` nor `overwrite` was asked for, it holds
            a link or, with `overwrite`, something that no run leaves, or another process is at work in it.
        BadUsage: nothing to resume, a state of another recipe or architecture, other manifest, a batch that
            the processes cannot share evenly, or no such device.
        Diverged: a loss or gradient is NaN or infinite; the message says where its batch was saved.
        Stopped: by Ctrl-C or SIGTERM, after the step in hand; its state is saved.
        UnwritableFile: no space, no permission; the last good state stays.
        MissingExtra: the extra "train" is not installed.
        OutOfMemory: a step takes more memory than there is.
        TratteggioError: a process that makes patches was killed.
    """
    removed = _removed_if_refused(Path(run), resume=resume)
    with removed, machine_failures(MEMORY_ADVICE), launched(recipe, device) as fabric:
        _train(
            fabric, net, patches, loss, recipe,
            run=Path(run), degrade=degrade, validation=validation, card=card, manifest=manifest,
            resume=resume, overwrite=overwrite, workers=workers, progress=progress,
        )  # fmt: skip
    return Path(run) / "weights.safetensors"


def _train(
    fabric: Fabric,
    net: nn.Module,
    patches: Patches,
    loss: Objective,
    recipe: Recipe,
    *,
    run: Path,
    degrade: Degrade | None,
    validation: Sequence[Patch],
    card: Card | None,
    manifest: Mapping[str, str],
    resume: bool,
    overwrite: bool,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    bench = _set_up(fabric, net, loss, recipe, run, degrade=degrade)
    if not resume:
        if recipe.init_from:  # what cannot be begun leaves no folder
            load_weights(find(recipe.init_from), net)
        _prepare_folder(bench, manifest, overwrite=overwrite)
    leads = bench.fabric.is_global_zero and run.is_dir()
    with held(run) if leads else nullcontext():
        _train_on(bench, patches, validation=validation, card=card, manifest=manifest,
            resume=resume, workers=workers, progress=progress,
        )  # fmt: skip


def _train_on(
    bench: _Bench,
    patches: Patches,
    *,
    validation: Sequence[Patch],
    card: Card | None,
    manifest: Mapping[str, str],
    resume: bool,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    fabric, recipe = bench.fabric, bench.recipe
    begun = _resume(bench, manifest) if resume else _begin(bench, manifest)
    steps = range(begun.step, recipe.steps)
    shares = Shares(patches, batch=recipe.batch, rank=fabric.global_rank, world=fabric.world_size)
    batches = iter(loader(shares, steps, workers=workers, pinned=bench.on_gpu))
    account = _Account(bench, hours_before=begun.hours)
    with _journal(bench, begun) as journal, _stop_asked() as stop:
        for step in steps:
            stopping = _step(bench, batches, step, account, stop)
            done = step + 1
            keeping = stopping or _due(done, recipe.keep_every, recipe)
            if keeping or _due(done, TELL_EVERY, recipe):
                means = account.close()  # by all processes together
                if journal:
                    journal.tell(done, {"rate": rate_at(recipe, step), **means})
            if journal and validation and _due(done, recipe.validate_every, recipe):
                with bench.average.shown():
                    account.figures = _validate(bench, validation, done)
                journal.tell(done, {"validation": account.figures})
            if journal and keeping:
                _keep(bench, Progress(done, account.hours), card, account.figures)
            if journal and progress:
                progress(done, recipe.steps)
            if stopping and done < recipe.steps:
                raise Stopped(f"stopped after step {done:,} of {recipe.steps:,}; continue with `resume=True`")
    _name_unreadable(account.unreadable)
    if account.figures.get("active_units") == 0:
        log.warning(
            "the latent of %s has collapsed: no number depends on the image, so all fills are alike; train "
            "with a lower divergence, a longer warmup or some free nats",
            recipe.model,
        )


@contextmanager
def _removed_if_refused(run: Path, *, resume: bool) -> Iterator[None]:
    """Remove the folder that a new run has made if the run is refused before it has learnt anything."""
    made_here = not resume and not run.exists()
    try:
        yield
    except (BadUsage, MissingExtra):
        states = {file.name for file in run.glob("state/*")}
        if made_here and states <= {"step-00000000.safetensors"}:
            shutil.rmtree(run, ignore_errors=True)
        raise


# --- before the first step ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Bench:
    """What every step works with."""

    fabric: Fabric
    recipe: Recipe
    run: Path
    net: nn.Module
    """The net itself: weights, validation."""
    model: Any
    """The net as Fabric calls it: on its device, at its precision, gradients shared among processes."""
    optimiser: optim.Optimizer
    average: Average
    """What is validated and handed on."""
    loss: Objective
    degrade: Degrade | None

    def shown(self, truth: Tensor, known: Tensor) -> Tensor:
        """Return what the net is shown of patches."""
        return truth * known if self.degrade is None else self.degrade(truth)

    @property
    def on_gpu(self) -> bool:
        """True if the work is done behind the back of Python."""
        return self.fabric.device.type == "cuda"

    @property
    def sees_truth(self) -> bool:
        """True if the net is called with the truth as well: what it draws fills from is learnt from that."""
        return bool(getattr(self.net, "sees_truth", False))

    def loss_at(self, step: int) -> Objective:
        """Return the objective of a step: one that changes in the course of a run has `at(step)`."""
        return self.loss.at(step) if hasattr(self.loss, "at") else self.loss


def _set_up(
    fabric: Fabric, net: nn.Module, loss: Objective, recipe: Recipe, run: Path, *, degrade: Degrade | None
) -> _Bench:
    net.train()
    if recipe.freeze_norms:
        _freeze_norms(net, recipe)
    optimiser = _optimiser(net, recipe)
    model = fabric.setup_module(net)
    average = Average(net, recipe.average, recipe.blend)
    return _Bench(fabric, recipe, run, net, model, optimiser, average, loss, degrade)


def _optimiser(net: nn.Module, recipe: Recipe) -> optim.Optimizer:
    learning = [p for p in net.parameters() if p.requires_grad]
    if recipe.optimiser == "adadelta":
        return optim.Adadelta(learning, lr=recipe.rate, rho=0.95)  # as published; torch has 0.9
    # Fused: one pass over weights, gradients and moments instead of a dozen.
    return optim.Adam(learning, lr=recipe.rate, fused=True)


def _freeze_norms(net: nn.Module, recipe: Recipe) -> None:
    freeze = getattr(net, "freeze_encoder_norms", None)
    if freeze is None:
        raise BadUsage(f"{recipe.model} has no batch norms to freeze; leave freeze_norms=false")
    freeze()


def _prepare_folder(bench: _Bench, manifest: Mapping[str, str], *, overwrite: bool) -> None:
    """Make the folder of a new run, or clear that of an older one."""
    run = bench.run
    if not bench.fabric.is_global_zero:
        return
    try:
        if overwrite:
            clear(run, manifest=manifest)
        if is_begun(run):
            raise UnsafeOutput(
                f"{run} is not empty; add `resume=True` to continue its run, `overwrite=True` to start "
                "again, or name a new folder"
            )
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableFile(f"{run} cannot be made: {error.strerror or error}") from error


def _begin(bench: _Bench, manifest: Mapping[str, str]) -> Progress:
    """Open a new run and keep its state at once: a full disk shows now, and any kill can be resumed from."""
    run, nothing = bench.run, Progress(0, 0.0)
    if bench.fabric.is_global_zero:
        try:
            (run / "state").mkdir(exist_ok=True)
        except OSError as error:
            raise UnwritableFile(f"{run} cannot be made: {error.strerror or error}") from error
        _save_state(bench, nothing)
    _keep_texts(bench, manifest)
    bench.fabric.barrier()
    return nothing


def _resume(bench: _Bench, manifest: Mapping[str, str]) -> Progress:
    for name, text in manifest.items():
        _require_same(bench.run / name, text)
    begun = load_state(
        bench.run, recipe=bench.recipe, net=bench.net, optimiser=bench.optimiser, average=bench.average
    )
    _keep_texts(bench, manifest)
    return begun


def _keep_texts(bench: _Bench, manifest: Mapping[str, str]) -> None:
    """Write the recipe and the manifest that are not there yet: a kill may have come before them."""
    for name, text in {"recipe.json": to_json(bench.recipe), **manifest}.items():
        file = bench.run / name
        if bench.fabric.is_global_zero and not file.exists():
            with beside([file]) as [temporary]:
                temporary.write_text(text, "utf-8")


def _require_same(file: Path, text: str) -> None:
    if not file.exists():  # no run at all, which the state will tell, or one killed before it was written
        return
    with untrusted(file, what="list of a run", remedy="start a new run elsewhere"):
        there = file.read_text("utf-8")
    changed = sorted(set(there.splitlines()) ^ set(text.splitlines()))
    if changed:
        more = f" and {len(changed) - 1} more lines" if len(changed) > 1 else ""
        raise BadUsage(
            f"{file} records how the run was started, and {changed[0]!r}{more} differ now; "
            "resume with the same data, or start a new run elsewhere"
        )


def _journal(bench: _Bench, begun: Progress) -> AbstractContextManager[Journal | None]:
    """Open the journal, which one process writes for all."""
    return Journal(bench.run, step=begun.step) if bench.fabric.is_global_zero else nullcontext()


# --- one step ----------------------------------------------------------------------------------------


class _Account:
    """What the run has told so far, and the steps since the last line of the journal."""

    def __init__(self, bench: _Bench, *, hours_before: float) -> None:
        self.bench = bench
        self.figures: dict[str, float] = {}  # of the last validation
        self.unreadable: set[str] = set()
        self._begun = time.perf_counter() - 3600 * hours_before
        self.stages = Stages(torch.cuda.synchronize, every=TELL_EVERY) if bench.on_gpu else Stages()
        self._sums: dict[str, Tensor] = {}
        self._steps = 0
        self._seconds = 0.0

    @property
    def hours(self) -> float:
        """Hours that the run has taken, those before a resume included."""
        return (time.perf_counter() - self._begun) / 3600

    def add(self, terms: Mapping[str, Tensor], *, seconds: float) -> None:
        """Add one step. The numbers stay on their device: fetching each would mean waiting for it."""
        for name, value in terms.items():
            self._sums[name] = self._sums.get(name, torch.zeros_like(value)) + value.detach()
        self._steps += 1
        self._seconds += seconds

    def close(self) -> dict[str, Any]:
        """Return means over steps and processes, and begin anew."""
        sums: Any = self.bench.fabric.all_reduce(torch.stack(list(self._sums.values())), reduce_op="mean")
        means = dict(zip(self._sums, (sums / self._steps).tolist(), strict=True))
        record = {
            "loss": means.pop("loss"),
            "gradient": means.pop("gradient"),
            "parts": means,
            "seconds": self._seconds / self._steps,
            "images_per_s": self.bench.recipe.batch * self._steps / self._seconds,
            "stages": self.stages.means(),
        }
        self._sums, self._steps, self._seconds = {}, 0, 0.0
        return record


@contextmanager
def _fitting(recipe: Recipe) -> Iterator[None]:
    """Say which net and objective do not fit: an objective is written for what one kind of net answers."""
    try:
        yield
    except (AttributeError, TypeError, IndexError) as error:
        raise BadUsage(
            f"the objective {recipe.loss} does not fit the output of net {recipe.model} ({error}); use "
            "a recipe that was written for this net, or another objective with `settings=['loss=NAME']`"
        ) from error


def _step(
    bench: _Bench, batches: Iterator[Batch | TratteggioError], step: int, account: _Account, stop: _Stop
) -> bool:
    """Update the weights once; returns whether to stop, on which all processes agree."""
    start = time.perf_counter()
    stages, recipe = account.stages, bench.recipe
    stages.begin(step)
    with stages("wait"):
        batch = next(batches)
    if isinstance(batch, TratteggioError):
        raise batch
    stages.add(batch.seconds)
    account.unreadable.update(batch.unreadable)
    _seed(recipe.seed, step, bench.fabric.global_rank)
    with stages("forward"):
        truth, known = (_to_device(array, bench) for array in (batch.truth, batch.known))
        attributes = () if batch.attributes is None else (batch.attributes.to(truth.device),)
        aside = {"truth": truth} if bench.sees_truth else {}
        with _fitting(recipe):
            answer = bench.model(bench.shown(truth, known), known, *attributes, **aside)
            terms = bench.loss_at(step)(answer, truth, known)
    with stages("backward"):
        bench.fabric.backward(terms.total)
        gradients = [p.grad for p in bench.net.parameters() if p.grad is not None]
        norm = nn.utils.get_total_norm(gradients)
        broken, stopping = _agree(bench.fabric, terms.total, norm, stop)
    if broken:
        raise _diverged(bench, batch, step, {**terms.parts, "loss": terms.total, "gradient": norm})
    with stages("step"):
        if recipe.clip:
            nn.utils.clip_grads_with_norm_(bench.net.parameters(), recipe.clip, norm)
        for group in bench.optimiser.param_groups:
            group["lr"] = rate_at(recipe, step)
        bench.optimiser.step()
        bench.optimiser.zero_grad()
        bench.average.add(step)
    values = {**terms.parts, "loss": terms.total, "gradient": norm}
    account.add(values, seconds=time.perf_counter() - start)
    return stopping


def _seed(seed: int, step: int, rank: int) -> None:
    """Give the step random numbers of its own, so that they need not be saved."""
    number = int(np.random.SeedSequence([seed, step, rank]).generate_state(1)[0])
    if torch.accelerator.is_available():
        torch.manual_seed(number)
    else:  # what manual_seed does besides, for devices that are not there, takes 2 ms a step
        torch.default_generator.manual_seed(number)


def _to_device(array: Tensor, bench: _Bench) -> Tensor:
    """Bring a batch to the device. Pixels in channels-last order are enough: layers follow their input."""
    array = array.to(bench.fabric.device, non_blocking=True)
    return array.contiguous(memory_format=torch.channels_last) if bench.recipe.channels_last else array


def _agree(fabric: Fabric, loss: Tensor, norm: Tensor, stop: _Stop) -> tuple[bool, bool]:
    """Tell whether this step is broken and whether to stop, for one process that says so all do."""
    broken = ~(loss.detach().isfinite() & norm.isfinite())
    flags: Any = fabric.all_reduce(
        torch.stack([broken, torch.tensor(stop.asked).to(broken)]).float(), reduce_op="max"
    )
    broken_anywhere, stop_anywhere = flags.tolist()
    return bool(broken_anywhere), bool(stop_anywhere)


def _diverged(bench: _Bench, batch: Batch, step: int, figures: Mapping[str, Tensor]) -> Diverged:
    """Save the batch that broke a step, and say where."""
    file = bench.run / f"diverged-step-{step + 1:08d}-process-{bench.fabric.global_rank}.npz"
    with beside([file]) as [temporary], temporary.open("wb") as stream:
        np.savez(stream, **{part: getattr(batch, part).numpy() for part in ("truth", "known", "indices")})
    values = ", ".join(f"{name} {value.item():.4g}" for name, value in figures.items())
    return Diverged(
        f"step {step + 1} met {values}; its batch is in {file} and the last state before it in "
        f"{bench.run / 'state'}; look for pixels that are no numbers, or train anew with a lower rate, "
        "with warm-up or with clipping"
    )


# --- between steps -----------------------------------------------------------------------------------


def _due(done: int, every: int, recipe: Recipe) -> bool:
    return done % every == 0 or done == recipe.steps


def _keep(bench: _Bench, progress: Progress, card: Card | None, figures: Mapping[str, float]) -> None:
    # Weights first: a state that says "finished" then means that the final weights are there.
    filled = card and replace(card, hours=progress.hours, figures=figures)
    with bench.average.shown():
        save_weights(bench.run / "weights.safetensors", bench.net, recipe=bench.recipe, card=filled)
    _save_state(bench, progress)


def _save_state(bench: _Bench, progress: Progress) -> None:
    save_state(
        bench.run, progress, recipe=bench.recipe, net=bench.net, optimiser=bench.optimiser,
        average=bench.average,
    )  # fmt: skip


def _name_unreadable(pictures: set[str]) -> None:
    if pictures:
        log.warning(
            "%d pictures could not be read and were left out: %s", len(pictures), ", ".join(sorted(pictures))
        )


@torch.no_grad()
def _validate(bench: _Bench, validation: Sequence[Patch], done: int) -> dict[str, float]:
    """Measure on the patches held out, each alone so that any size goes, and show the first of them.

    Of fills PSNR is that of the lacunae, of an autoencoder, to which nothing is lost, that of all.
    """
    losses, ratios, rows, counts = [], [], [], []
    repairs = any((known < 0.5).any() for _, known, *_ in validation)
    nats: Callable[..., Tensor] | None = getattr(bench.net, "nats", None)
    bench.net.eval()
    for number, (truth, known, *attributes) in enumerate(validation):
        x, k = (_to_device(torch.from_numpy(array)[None], bench) for array in (truth, known))
        extra = [torch.from_numpy(array)[None].to(x.device) for array in attributes]
        with torch.random.fork_rng(), bench.fabric.autocast():
            _seed(bench.recipe.seed, number, 0)  # the same noise at every look
            seen = bench.shown(x, k)
            y = bench.net(seen, k, *extra)
            if nats is not None:
                counts.append(nats(seen, k, x, *extra).float().cpu())
        y = y.float()
        losses.append(bench.loss(y, x, k).total.item())
        answered, there = (middle(part, y)[0].cpu().numpy() for part in (x, k))
        proposal = y[0].clamp(0, 1).cpu().numpy()
        lost = np.broadcast_to(there < 0.5, answered.shape) | (not repairs)
        ratios.append(psnr(answered[lost][:, None], proposal[lost][:, None], data_range=1.0))
        damaged = np.where(there > 0.5, answered, 1.0)
        filled = np.where(there > 0.5, answered, proposal)
        rows.append((damaged, filled, answered) if repairs else (proposal, answered))
    bench.net.train()
    write_sheet(bench.run / "samples" / f"step-{done}.png", rows[:ROWS_SHOWN])
    figures = {"loss": float(np.mean(losses)), "psnr_lost" if repairs else "psnr": float(np.mean(ratios))}
    if counts:
        figures["active_units"] = float((torch.stack(counts).mean(dim=0) > ACTIVE).sum())
    return figures


@dataclass
class _Stop:
    """Whether someone has asked to stop."""

    asked: bool = False


@contextmanager
def _stop_asked() -> Iterator[_Stop]:
    """Let Ctrl-C and SIGTERM wait for the end of a step, for half an update cannot be resumed from.

    The second one does not wait. Threads other than the main one get no signals, and nothing changes there.
    """
    stop = _Stop()

    def ask(*_: object) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    former = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
