"""What a run can be resumed from, and the weights that it hands on: whole files only, the last good one kept.

A state is one safetensors file `state/step-00000120.safetensors`: weights, buffers and the two moments that
the optimiser keeps of each weight, 3 times the weights together, or twice if the recipe asks for moments of
16 bits, with the step and the recipe in its header.
Random numbers need no place in it, since those of a step follow from the seed and the step alone. The new
state is written beside the old one, which goes when the new one stands: after any kill, at least one whole
state is there.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
from msgspec import Meta, Struct
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn, optim

from tratteggio import models
from tratteggio.errors import BadUsage, UnreadableFile, UnwritableFile
from tratteggio.failures import machine_failures
from tratteggio.files.beside import beside
from tratteggio.files.documents import require
from tratteggio.files.untrusted import untrusted
from tratteggio.models import Card
from tratteggio.training.average import Average
from tratteggio.training.recipe import Recipe, differences, from_json, to_json

STATE = "tratteggio training state 2"
DAMAGED = "continue from a copy of the state, or start a new run"
MOMENTS: dict[type[optim.Optimizer], set[str]] = {
    optim.Adam: {"step", "exp_avg", "exp_avg_sq"},
    optim.Adadelta: {"step", "square_avg", "acc_delta"},
}
ADVICE = "make room, then continue with `resume=True` from the last good state"


class _Header(Struct):
    """What the header of a state says; all of it is text, as safetensors has it."""

    step: Annotated[str, Meta(max_length=20)]
    hours: Annotated[str, Meta(max_length=40)]
    recipe: str


class Progress(NamedTuple):
    """How far a run has come.

    Attributes:
        step: updates done.
        hours: that they took, on whatever machines.
    """

    step: int
    hours: float


def save_state(
    run: Path,
    progress: Progress,
    *,
    recipe: Recipe,
    net: nn.Module,
    optimiser: optim.Optimizer,
    average: Average | None = None,
) -> None:
    """Keep all that the next step depends on in the folder `state` of a run, and drop the state before it.

    Args:
        run: folder of the run.
        progress: how far it has come.
        recipe: how the net is trained.
        net: the net that is trained.
        optimiser: over parameters of `net`.
        average: of the weights of `net`, if one is kept.

    Raises:
        UnwritableFile: no space, no permission; the last good state stays.
    """
    folder = run / "state"
    target = folder / f"step-{progress.step:08d}.safetensors"
    tensors = {f"net/{name}": tensor for name, tensor in net.state_dict().items()}
    if average is not None:
        tensors |= {f"average/{name}": tensor for name, tensor in average.mean.items()}
        tensors |= {f"first/{name}": tensor for name, tensor in average.first.items()}
    if recipe.moments == "bf16":
        _round_moments(optimiser)
    tensors |= dict(_moments(net, optimiser, short=recipe.moments == "bf16"))
    header = {
        "kind": STATE,
        "step": str(progress.step),
        "hours": str(progress.hours),
        "recipe": to_json(recipe),
    }
    _write(tensors, target, header, advice=ADVICE)
    for file in folder.glob("step-*.safetensors"):  # older states; nothing else is ours to remove
        if file != target:
            file.unlink(missing_ok=True)


def load_state(
    run: Path, *, recipe: Recipe, net: nn.Module, optimiser: optim.Optimizer, average: Average | None = None
) -> Progress:
    """Put net and optimiser back to where a run stood, to the bit.

    Nothing is changed unless the state is whole and belongs to this recipe and this architecture.

    Args:
        run: folder of the run.
        recipe: how the net is trained; must be the one that the run was started with.
        net: a net of the same architecture.
        optimiser: over the same parameters of `net` as it was then.
        average: of the weights of `net`, if one is kept.

    Returns:
        how far the run had come.

    Raises:
        BadUsage: there is no state, or it belongs to another recipe or architecture; the message says what
            differs.
        UnreadableFile: the state is damaged.
    """
    files = sorted((run / "state").glob("step-*.safetensors"))
    if not files:
        raise BadUsage(f"{run} contains no saved state; omit `resume=True` to start a run there")
    file = files[-1]
    header, tensors = _read(file)
    if header.get("kind") != STATE:
        raise BadUsage(f"{file} is not a training state of this version, so nothing can be resumed from it")
    state = require(header, _Header, file, what="training state", remedy=DAMAGED)
    with untrusted(file, what="training state", remedy=DAMAGED):
        begun = Progress(int(state.step), float(state.hours))
    if begun.step < 0 or not 0 <= begun.hours < math.inf:
        raise UnreadableFile(f"{file} is not a sound training state: its step or hours cannot be; {DAMAGED}")
    differing = differences(from_json(state.recipe, source=f"the recipe in {file}"), recipe)
    if differing:
        raise BadUsage(
            f"{run} was started with another recipe ({'; '.join(differing)}); "
            "resume with the same one, or start a new run elsewhere"
        )
    kept, moments = _part(tensors, "net/"), _part(tensors, "moments/")
    _require_match(file, net.state_dict(), kept)
    _require_moments(file, moments, net, optimiser, begun=begun.step > 0)
    net.load_state_dict(kept)
    if average is not None:
        average.put(_part(tensors, "average/"), _part(tensors, "first/"))
    _put_back(moments, net, optimiser)
    return begun


def save_weights(path: Path, net: nn.Module, *, recipe: Recipe, card: Card | None) -> None:
    """Write weights and buffers alone, for whoever fills with the net.

    Args:
        path: where to.
        net: the net.
        recipe: how it was trained.
        card: what `tratteggio.models.load` wants beside the weights; None for a net that is not registered,
            whose file then holds the recipe.

    Raises:
        BadUsage: the net is not the one that the card names.
        UnwritableFile: no space, no permission; what there was before is untouched.
    """
    if card is None:
        _write(net.state_dict(), path, {"recipe": to_json(recipe)}, advice=ADVICE)
    else:
        models.save(net, path, card)


def load_weights(path: Path, net: nn.Module) -> None:
    """Give a net the weights of a file, all of them or none.

    A net that is built on another may begin with the weights of that one: its `foundation`. A net that grew
    out of another chooses by `inherited(tensors)` which weights of that one it begins with; its other
    weights stay as they were drawn.

    Raises:
        UnreadableFile: no such file, or not safetensors.
        BadUsage: the weights are of another architecture; the message says what differs.
    """
    _, tensors = _read(path)
    foundation = getattr(net, "foundation", None)
    if foundation is not None and tensors.keys() == foundation.state_dict().keys():
        net = foundation
    inherited = getattr(net, "inherited", None)
    if inherited is not None and (chosen := inherited(tensors)) is not None:
        tensors = {**net.state_dict(), **chosen}
    _require_match(path, net.state_dict(), tensors)
    net.load_state_dict(tensors)


def _moments(net: nn.Module, optimiser: optim.Optimizer, *, short: bool) -> Iterator[tuple[str, Tensor]]:
    """Give what the optimiser keeps of each parameter, as moments/<what>/<parameter>."""
    for name, parameter in net.named_parameters():
        for what, value in optimiser.state.get(parameter, {}).items():
            yield f"moments/{what}/{name}", value.bfloat16() if short and what != "step" else value


def _round_moments(optimiser: optim.Optimizer) -> None:
    """Let a run go on with what its state will hold, so that a resumed one ends with the same bits."""
    for kept in optimiser.state.values():
        for what, value in kept.items():
            if what != "step":
                value.copy_(value.bfloat16())


def _put_back(moments: Mapping[str, Tensor], net: nn.Module, optimiser: optim.Optimizer) -> None:
    parameters = dict(net.named_parameters())
    for key, value in moments.items():
        what, _, name = key.partition("/")
        parameter = parameters[name]
        if what == "step":
            optimiser.state[parameter][what] = value.to(parameter.device)
        else:  # laid out as the weight: files know no memory format, and the fused update walks both in step
            optimiser.state[parameter][what] = torch.empty_like(parameter).copy_(value)


def _require_moments(
    file: Path, moments: Mapping[str, Tensor], net: nn.Module, optimiser: optim.Optimizer, *, begun: bool
) -> None:
    """Make sure that an optimiser can go on with moments: all that it keeps of a weight, in its shape."""
    weights = dict(net.named_parameters())
    kept: defaultdict[str, set[str]] = defaultdict(set)
    for key, value in moments.items():
        what, _, name = key.partition("/")
        kept[name].add(what)
        shape = torch.Size() if what == "step" else weights[name].shape if name in weights else None
        if value.shape != shape or not value.is_floating_point():
            raise UnreadableFile(f"{file} is damaged: moments/{key} fits no weight of the net; {DAMAGED}")
    wanted = MOMENTS[type(optimiser)]
    if any(whats != wanted for whats in kept.values()) or (begun and not kept):
        raise UnreadableFile(f"{file} is damaged: what the optimiser remembers is not all there; {DAMAGED}")


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def _write(tensors: Mapping[str, Tensor], target: Path, header: dict[str, str], *, advice: str) -> None:
    # Copies: safetensors takes neither shared memory (tied weights) nor any layout but the plain one.
    plain = {
        name: tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    try:
        with beside([target]) as [temporary]:
            mode = temporary.stat().st_mode
            save_file(plain, temporary, metadata=header)
            temporary.chmod(mode)  # safetensors puts a file in its place that its owner alone can read
    except (SafetensorError, UnwritableFile) as error:
        raise UnwritableFile(f"{target} could not be written ({error}); {advice}") from error


def _read(file: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Return header and tensors of a safetensors file."""
    if not file.is_file():
        raise UnreadableFile(f"{file} cannot be read: there is no such file")
    with (
        untrusted(file, what="safetensors file", remedy=DAMAGED),
        machine_failures("free some, then try again"),
        safe_open(file, framework="pt") as content,
    ):
        header = content.metadata() or {}
        return header, {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118


def _require_match(file: Path, wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    """Make sure that a file holds the tensors of an architecture, neither more nor less."""
    faults = [f"{name} is missing" for name in wanted if name not in found]
    faults += [f"{name} is unknown" for name in found if name not in wanted]
    faults += [
        f"{name} is {_kind(found[name])} where the net has {_kind(tensor)}"
        for name, tensor in wanted.items()
        if name in found and _kind(found[name]) != _kind(tensor)
    ]
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise BadUsage(f"{file} is of another architecture: {'; '.join(faults[:3])}{more}")


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
