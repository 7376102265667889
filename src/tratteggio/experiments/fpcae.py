"""Tables 1 and 2 and figure 6 of FP-CAE: do partial layers keep the edges of patches, and inputs apart help?

    tratteggio reproduce fpcae --scale cpu --data DIR -o OUT       about an hour on one core, resumable
    tratteggio reproduce fpcae --scale gpu --data DIR -o OUT       the steps of the recipes

After Xie, Meeus, Pižurica, "Partial convolution based multimodal autoencoder for art investigation", BNAIC
2019 (CEUR 2491-123). Six nets learn from one half of each painting and are measured on the other, several
times over with other seeds. All of it is done on phantoms of the five modalities of the paper, and, with
--data, on paintings of one's own: DIR holds folders with a `painting.toml`, or OME-Zarr, and the nets learn
the modalities that all of them have. What a scan lacks, such as the black border of a warp, is to be cropped
away before.

Whether FP-CAE is better than the normal autoencoder depends on what is asked for at the edges, on how long it
learns, and how fast: both are trained longer as well, on phantoms, at one rate, with the objective's windows
inside the patch, and with one around every pixel. The published rate of FP-CAE is twice that of the normal
net, which is much for our small batches.

The published figures are those of two panels of the Ghent Altarpiece, whose scans are not at hand. What can
be compared is which net is better, and only where the gap is larger than its spread over the seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from tratteggio import models, recipes, treatment
from tratteggio.datasets.paintings import opened, paintings
from tratteggio.errors import BadUsage
from tratteggio.experiments._fpcae_findings import (
    ADD,
    CONCAT,
    FP_CAE,
    NORMAL,
    Found,
    Trial,
    curve,
    judged,
    probed,
    tables,
)
from tratteggio.experiments._pictures import write_examined
from tratteggio.experiments._place import Ledger
from tratteggio.experiments._reconstruction import Figures, held_out, measure
from tratteggio.experiments._report import Claim, Report, write_picture
from tratteggio.experiments._stages import Progress, Stage, Told, seconds_key, trained
from tratteggio.models.fpcae import NAMES, named

TITLE = "FP-CAE (Xie et al. 2019): partial layers at the edges of patches, and modalities apart or stacked"


@dataclass(frozen=True)
class Scale:
    """How much is trained and measured.

    Attributes:
        phantoms: how many panels.
        rows, cols: of a panel, in pixels.
        steps: of each training.
        longer: steps of the trainings that look whether more would change the order.
        batch: patches per step.
        seeds: trainings of each net, from other first weights and on other patches.
        keep_every: steps between two states that a run can be resumed from.
        patches: of the other halves, that are measured on.
        conclusive: whether anything can be concluded.
    """

    phantoms: int
    rows: int
    cols: int
    steps: int
    longer: int
    batch: int
    seeds: int
    keep_every: int
    patches: int
    conclusive: bool


SCALES: Mapping[str, Scale] = {
    "smoke": Scale(1, 96, 64, steps=2, longer=3, batch=2, seeds=2, keep_every=1, patches=4, conclusive=False),
    # Small batches: in a given time many small steps come further than few large ones.
    "cpu": Scale(
        6, 640, 512, steps=3000, longer=8_000, batch=16, seeds=3, keep_every=500, patches=2048,
        conclusive=True,
    ),
    "gpu": Scale(
        12, 1280, 1024, steps=20_000, longer=40_000, batch=64, seeds=5, keep_every=2000, patches=16_384,
        conclusive=True,
    ),
}  # fmt: skip

WINDOWS = ("valid", "same")
"""Of the objective: inside the patch alone, or around every pixel."""
PROBED = (NORMAL, FP_CAE)
PROBES = 2  # seeds

RECIPES = {NORMAL: "fpcae_normal", CONCAT: "fpcae_separated", ADD: "fpcae_separated"}
"""Of the nets that `fpcae_stacked` is not for."""


class Subject(NamedTuple):
    """What nets learn from and are measured on.

    Attributes:
        name: for folders and headings.
        data: folder of paintings.
        modalities: channels of each that all of them have, by name.
        paintings: how many.
        patches: of the halves that no net learns from.
    """

    name: str
    data: Path
    modalities: Mapping[str, int]
    paintings: int
    patches: Tensor


def inputs(folder: Path) -> list[str]:
    """List the paintings of a folder."""
    return [place.name for place in paintings(folder)]


def run(scale: str, *, data: Path | None, out: Path, seed: int, progress: Progress | None) -> Report:
    """Train each net with each seed on phantoms, and on paintings if there are any; measure and compare.

    Runs lie in `runs/`, what is finished is noted in `finished.jsonl`; neither is done again.
    """
    chosen = SCALES[scale]
    folders = {"phantoms": out / "phantoms"} | ({} if data is None else {"paintings": data})
    write_examined(folders["phantoms"], count=chosen.phantoms, rows=chosen.rows, cols=chosen.cols)
    subjects = [_subject(name, folder, chosen, seed) for name, folder in folders.items()]
    seeds = range(seed, seed + chosen.seeds)
    total = len(subjects) * len(NAMES) * len(seeds) * chosen.steps
    total += len(WINDOWS) * len(PROBED) * PROBES * chosen.longer
    told = Told(progress, total)
    bench = Bench(chosen, out, Ledger(out / "finished.jsonl"), told)
    found = {subject.name: bench.all(subject, seeds) for subject in subjects}
    longer = {window: bench.longer(subjects[0], seeds[:PROBES], window) for window in WINDOWS}
    table, seen = probed(longer, subjects[0].name, steps=chosen.longer, conclusive=chosen.conclusive)
    for name, trials in found.items():
        write_picture(curve(trials, name).encode(), out / _plot(name))
    return Report(
        setting=_setting(subjects, chosen),
        tables=[*(table for name, trials in found.items() for table in tables(trials, name)), table],
        claims=[
            *(claim for name in found for claim in judged(found[name], name, conclusive=chosen.conclusive)),
            *seen,
            _FIGURES,
        ],
        notes=_NOTES,
        pictures={_plot(name): f"Figure 6 on {name}: SSIM of crops of 8 x 8 by distance" for name in found},
        seconds={
            f"{net} on {name}": sum(trial.minutes * 60 for trial in trials)
            for name in found
            for net, trials in found[name].items()
        },
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    )


# --- training and measuring --------------------------------------------------------------------------


def _subject(name: str, data: Path, scale: Scale, seed: int) -> Subject:
    places = paintings(data)
    modalities = shared(places)
    patches = held_out(opened(places, modalities), count=scale.patches, seed=seed)
    return Subject(name, data, modalities, len(places), patches)


def shared(places: Sequence[Path]) -> dict[str, int]:
    """Return the channels of each modality that all paintings have, by name, in the order of the first.

    Raises:
        BadUsage: fewer than two; one alone is nothing to be stacked.
        GridMismatch, UnreadableFile: as `treatment.open`.
    """
    stacks = [treatment.open(place) for place in places]
    held = [{name: stack[name].channels for name in stack} for stack in stacks]
    common = {name: n for name, n in held[0].items() if all(other.get(name) == n for other in held)}
    if len(common) < 2:
        told = "; ".join(f"{place.name}: {', '.join(of)}" for place, of in zip(places, held, strict=True))
        raise BadUsage(f"the paintings must share two modalities or more to be stacked, got {told}")
    return common


class Bench(NamedTuple):
    """Where nets are trained and measured.

    Attributes:
        scale: how much.
        out: folder of the experiment.
        ledger: what is finished already.
        told: how far it has come.
    """

    scale: Scale
    out: Path
    ledger: Ledger
    told: Told

    def all(self, subject: Subject, seeds: Sequence[int]) -> Found:
        """Try every net with every seed; one seed after the other, so that early figures are of all nets."""
        tried = {
            (seed, net): self._tried(subject, self._stage(subject, net, seed))
            for seed in seeds
            for net in NAMES
        }
        return {net: [tried[seed, net] for seed in seeds] for net in NAMES}

    def longer(self, subject: Subject, seeds: Sequence[int], window: str) -> Found:
        """Try the two nets in question for longer, at one rate, with other windows in the objective."""
        rate = recipes.load(RECIPES[NORMAL]).rate

        def stage(net: str, seed: int) -> Stage:
            usual = self._stage(subject, net, seed)
            steps = self.scale.longer
            changed: dict[str, bool | int | float | str] = {
                "steps": steps,
                "validate_every": steps,
                "rate": rate,
                "decay": 0.0,
                "loss_options.padding": window,
            }
            return Stage(f"{usual.name}-longer-{window}", usual.recipe, {**usual.settings, **changed})

        return {net: [self._tried(subject, stage(net, seed)) for seed in seeds] for net in PROBED}

    def _tried(self, subject: Subject, stage: Stage) -> Trial:
        """Train a net and measure it, unless that is done."""
        file = trained(
            stage,
            data=subject.data,
            only=None,
            out=self.out,
            ledger=self.ledger,
            progress=self.told.within(),
        )
        key = f"measured {stage.name}"
        if key not in self.ledger:
            loaded = models.load(file)[0].to("cuda" if torch.cuda.is_available() else "cpu")
            self.ledger.add(key, measure(loaded, subject.patches, subject.modalities)._asdict())
        self.told.add(int(stage.settings["steps"]))
        return Trial(Figures(**self.ledger[key]), self.ledger[seconds_key(stage.name)]["seconds"] / 60)

    def _stage(self, subject: Subject, net: str, seed: int) -> Stage:
        settings: dict[str, bool | int | float | str] = {
            "model": named(net, subject.modalities),
            "steps": self.scale.steps,
            "batch": self.scale.batch,
            "seed": seed,
            "keep_every": self.scale.keep_every,
            "validate_every": self.scale.steps,
        }
        return Stage(f"{subject.name}-{net}-{seed}", RECIPES.get(net, "fpcae_stacked"), settings)


# --- what is told ------------------------------------------------------------------------------------


def _plot(name: str) -> str:
    return f"edges-{name}.svg"


def _setting(subjects: Sequence[Subject], scale: Scale) -> str:
    told = "; ".join(
        f"{s.name}: {s.paintings}, of {', '.join(f'{name} ({n})' for name, n in s.modalities.items())}"
        for s in subjects
    )
    return (
        f"Modalities, with their channels: {told}. Every net learns from the upper or left half of each in "
        f"{scale.steps} steps of {scale.batch} patches of 32 x 32, flipped all ways. It is measured on "
        f"{scale.patches} patches of the other halves, the same for all nets, 32 pixels away. {scale.seeds} "
        "seeds, each of other first weights and other patches."
    )


_FIGURES = Claim(
    "The figures themselves, on two panels of the Ghent Altarpiece",
    "not attempted",
    "The scans are not at hand; figures on other paintings can only be compared among themselves.",
)
_NOTES = (
    "The published nets were trained to convergence on some 2.6 million patches. That ours have reached "
    "their plateau is not proven; what more steps change is told at the end.",
    "Which net is better is told by SSIM with the window of the objective, and only where the mean gap is "
    "larger than its standard deviation over the seeds; what other windows say stands beside it.",
)
