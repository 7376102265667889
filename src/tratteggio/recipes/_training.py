"""A recipe put to work on a folder of pictures: net, objective, patches and card, then the loop."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from tratteggio import losses, models, registry
from tratteggio.datasets.images import lines
from tratteggio.degradation import make_damage, make_degradation
from tratteggio.errors import BadUsage, UnsafeOutput
from tratteggio.names import followed
from tratteggio.recipes._catalogue import load
from tratteggio.recipes._judges import feature_net
from tratteggio.training import loop
from tratteggio.training.dataset import Dataset, NeedsFitting, Request, inputs_of
from tratteggio.training.patches import Augment
from tratteggio.training.recipe import Recipe, to_json, with_settings

MOST_NAMED = 1000  # pictures that a card names one by one
FITTED = 1024  # patches that an objective is fitted to

SHA256 = "features_sha256"
"""Among the options of an objective that needs a feature net: the hash of that net's weights. A recipe may
demand one; else it is filled in, so that a run goes on with the same judge only."""


def train(
    recipe: str | Recipe,
    data: str | Path,
    run: str | Path,
    *,
    settings: Iterable[str] = (),
    set_aside: float = 0.1,
    only: str | Path | None = None,
    features: str | Path | None = None,
    licence: str = "unknown",
    resume: bool = False,
    overwrite: bool = False,
    device: str = "auto",
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Train a net with a recipe on the images of a folder. All results are in the folder of the run.

    Whole pictures are set aside by their names, whatever the seed, and progress is measured on patches of
    them. `set_aside.txt` and `pictures.txt` in the run's folder name both kinds; for the rest of that folder
    see `tratteggio.training.loop.train`.

    A net that is told of attributes learns from pictures in folders of these names: the name
    "vae-fill:attributes=landscape+portrait" wants `landscape/` and `portrait/` somewhere in `data`.

    A net of several modalities learns from paintings that have them, and one half of each is set aside, see
    `tratteggio.datasets.paintings`.

    Args:
        recipe: one of `names()`, or one of your own.
        data: the folder; folders in it count too.
        run: a new or empty folder, unless `resume`.
        settings: choices that differ from the recipe, as "key=value", see `training.recipe.with_settings`.
        set_aside: about which share of the pictures; 0 sets none aside and measures nothing. Of paintings
            with several modalities it is a half of each, or none.
        only: text file with the names of the pictures to take, one per line, relative to `data`.
        features: weights of the net by which the objective judges, if it needs one: torchvision's VGG16, or
            a file that tratteggio trained, whose encoder then judges.
        licence: class of the pictures, for the card of the weights.
        overwrite: begin anew in the place of an older run, which is removed.
        resume: go on from the last state; recipe, settings, pictures and features must be those of the run.
        device: "auto", "cpu" or "cuda".
        workers: processes that make patches ahead; with some, scripts need `if __name__ == "__main__":`.
        progress: called with (steps done, steps in all).

    Returns:
        the file with the final weights, for `tratteggio.models.load`.

    Raises:
        UnknownName: no such recipe, setting, net, objective, kind of damage or device.
        BadUsage: a value that cannot be, no usable picture, nothing to resume, or a run of another kind.
        UnreadableFile: more than 5 % of the pictures, or the features, cannot be read.
        MissingExtra: the objective needs features, or the extra "train" is not installed.
        UnsafeOutput, Diverged, Stopped, UnwritableFile: as `tratteggio.training.loop.train`.
    """
    chosen = with_settings(load(recipe) if isinstance(recipe, str) else recipe, settings)
    _require_beginning(chosen)
    _require_apart(Path(run), [data, only, features, chosen.init_from])
    # What may be misspelt is checked before the images, which may be many.
    make_damage(chosen.damage)
    Augment.of(chosen.augment)
    shown = None if chosen.spoilt is None else make_degradation(chosen.spoilt, chosen.spoilt_options)
    dataset: Dataset = registry.load("datasets", chosen.dataset)
    torch.manual_seed(chosen.seed)
    net = models.build(chosen.model)
    inputs = inputs_of(net)
    filled = _filled(chosen, inputs.modalities)
    chosen, loss = _objective(chosen, features, device, inputs.modalities)
    request = Request(chosen, Path(data), inputs, only=only, validation=set_aside, filled=filled)
    with registry.usable("datasets", chosen.dataset):
        samples = dataset.make(request)
    objective: object = loss
    if isinstance(objective, NeedsFitting):
        loss = objective.fitted(torch.from_numpy(samples.training[index][0]) for index in range(FITTED))
    return loop.train(
        net,
        samples.training,
        loss,
        chosen,
        run,
        degrade=samples.shown or shown,
        held_out=samples.validation,
        card=_card(chosen, samples.names, licence, device),
        manifest=samples.manifest,
        resume=resume,
        overwrite=overwrite,
        device=device,
        workers=workers,
        progress=progress,
    )


def _require_apart(run: Path, read: Iterable[str | Path | None]) -> None:
    """Refuse a run whose folder holds what it learns from: one begun anew would remove that."""
    for source in read:
        if source and Path(source).exists() and followed(run) in (place := followed(source), *place.parents):
            raise UnsafeOutput(f"{source} lies in {run}, the folder of the run itself; name another folder")


def _require_beginning(recipe: Recipe) -> None:
    if recipe.freeze_norms and not recipe.init_from:
        raise BadUsage(
            f"{recipe.name} tunes a net that was trained before; name its weights with "
            "`settings=['init_from=FILE']`"
        )


def _filled(recipe: Recipe, modalities: Mapping[str, int]) -> int | None:
    """Return the number of the modality that is filled."""
    if recipe.filled is None:
        return None
    if recipe.filled not in modalities or len(modalities) < 2:
        known = ", ".join(modalities) or "none"
        raise BadUsage(
            f"filled names a modality of a net of several, got {recipe.filled!r} for {recipe.model}, whose "
            f"modalities are: {known}"
        )
    return list(modalities).index(recipe.filled)


def _objective(
    recipe: Recipe, features: str | Path | None, device: str, modalities: Mapping[str, int]
) -> tuple[Recipe, losses.Objective]:
    """Build the objective; the recipe that comes back names the feature net by its hash."""
    taps = losses.taps(recipe.loss)
    if not taps:
        if features is not None:
            raise BadUsage(f"the objective {recipe.loss} uses no feature net; omit `features=...`")
        loss = losses.build(recipe.loss, recipe.loss_options, modalities=modalities or None)
        return recipe, loss if recipe.filled is None else _judging(loss, recipe.filled, modalities)
    options = dict(recipe.loss_options)
    demanded = options.pop(SHA256, None)
    net, sha256 = feature_net(features, taps=taps, sha256=None if demanded is None else str(demanded))
    loss = losses.build(recipe.loss, options, features=net.to(_place(device)))
    return replace(recipe, loss_options={**options, SHA256: sha256}), loss


def _judging(loss: losses.Objective, modality: str, modalities: Mapping[str, int]) -> losses.Objective:
    """Judge one modality by an objective; what the net says of the others is free."""
    before = list(modalities)[: list(modalities).index(modality)]
    first = sum(modalities[name] for name in before)
    here = slice(first, first + modalities[modality])

    def judged(out: Tensor, truth: Tensor, known: Tensor) -> losses.Terms:
        return loss(out[:, here], truth[:, here], known[:, first : first + 1])

    return judged


def _place(device: str) -> torch.device:
    """Return where the loop will work: the features are judged there."""
    if device == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def _card(recipe: Recipe, names: tuple[str, ...], licence: str, device: str) -> models.Card:
    """Fill in what is known before the run; weights that it begins with are named without their folder."""
    begun = recipe.init_from and Path(recipe.init_from).name
    digest = hashlib.sha256(lines(names).encode()).hexdigest()
    return models.Card(
        model=recipe.model,
        recipe=to_json(replace(recipe, init_from=begun)),
        data=names if len(names) <= MOST_NAMED else (f"{len(names)} pictures, sha256 of the list {digest}",),
        licence=licence,
        seed=recipe.seed,
        hours=0.0,
        machine=_machine(device),
    )


def _machine(device: str) -> str:
    place = _place(device)
    if place.type == "cuda":
        return torch.cuda.get_device_name(place)
    return f"{os.cpu_count()} CPU cores, {platform.machine()}"
