"""Nets that an experiment trains, one after the other: what is finished is kept, what was stopped goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tratteggio import models, recipes
from tratteggio.experiments._folder import Ledger

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Stage:
    """A net that is trained.

    Attributes:
        name: of its folder in `runs/`.
        recipe: by which.
        settings: choices that differ from the recipe, by key.
        features: weights of the net by which its objective judges, if it needs one.
    """

    name: str
    recipe: str
    settings: Mapping[str, bool | int | float | str]
    features: Path | None = None


def trained(
    stage: Stage, *, data: Path, only: Path | None, out: Path, ledger: Ledger, progress: Progress | None
) -> Path:
    """Return the weights of a stage, trained to the end now or in an earlier sitting.

    Args:
        stage: what to train.
        data: folder of pictures.
        only: text file with the names of those to learn from; none is set aside beyond that. None learns from
            the first halves of paintings with several modalities.
        out: folder of the experiment.
        ledger: of the experiment; a finished stage is noted there, with the time it took in all.
        progress: called with (steps done, steps in all).

    Raises:
        TratteggioError: as `tratteggio.recipes.train` does.
    """
    run = out / "runs" / stage.name
    file = run / "weights.safetensors"
    if seconds_key(stage.name) in ledger:
        return file
    run.parent.mkdir(exist_ok=True)
    resume = any(run.glob("state/step-*.safetensors"))
    if run.exists() and not resume:  # killed before there was anything to go on from
        shutil.rmtree(run)
    recipes.train(
        stage.recipe,
        data,
        run,
        settings=[f"{key}={value}" for key, value in stage.settings.items()],
        set_aside=0 if only else 0.5,
        only=only,
        features=stage.features,
        resume=resume,
        progress=progress,
    )
    features = {} if stage.features is None else {"judge": models.read_card(stage.features).model}
    ledger.add(seconds_key(stage.name), {"seconds": models.read_card(file).hours * 3600, **features})
    return file


def seconds_key(stage: str) -> str:
    """Return under which key the ledger notes a finished stage."""
    return f"trained {stage}"


class StepCounter:
    """How far an experiment has come, over all its stages.

    Args:
        progress: called with (done, in all); None tells nobody.
        total: steps of all stages together.
    """

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def within(self) -> Progress | None:
        """Return what the stage in hand calls."""
        tell, before = self.progress, self.done
        return None if tell is None else lambda done, _: tell(before + done, self.total)

    def add(self, steps: int) -> None:
        """Count the steps of a stage that is finished."""
        self.done += steps
        if self.progress:
            self.progress(self.done, self.total)
