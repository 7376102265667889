"""Colours for grey: classes against distances, with rare colours rebalanced and without.

    tratteggio reproduce colorization --scale cpu --data DIR -o OUT     an hour on one core, resumable
    tratteggio reproduce colorization --scale gpu --data DIR -o OUT     the published net and steps, on a GPU

After Zhang, Isola and Efros (ECCV 2016), who learnt from 1.3 million photographs; DIR holds paintings, a
fifth of which are set aside by their names. Three nets see the same patches in the same order: one brings
down the distance of a* and b*, one answers 313 classes, and one weighs these by how rare they are among the
paintings.

The measure is theirs: which share of the pixels lies within a distance of 0 .. 150 in the plane of a* and b*,
as the area under that curve, with all pixels alike ("raw") and with all colours alike ("rebalanced"). What
the trap of sepia is shows beside it: the mean of all that a thing may be is dull, the most probable class is
vivid and jumps from place to place, and the annealed mean lies between.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tratteggio import models
from tratteggio.enhancers.colorize import WEIGHTS
from tratteggio.experiments._folder import Ledger
from tratteggio.experiments._images import VALIDATION_SHARE, Levels, readable, write_phantoms
from tratteggio.experiments._plot import curves
from tratteggio.experiments._report import Claim, Column, Report, Row, Table, Verdict, as_jpeg, write_image
from tratteggio.experiments._stages import Progress, Stage, StepCounter, seconds_key, trained
from tratteggio.files.beside import beside
from tratteggio.layers.lab import shown, to_lab
from tratteggio.losses.colours import counted, nearest_class, smoothed
from tratteggio.metrics import colour_auc
from tratteggio.models.colorizer import CELL, TEMPERATURE, Colorizer
from tratteggio.phantom import panel
from tratteggio.training.image_lists import list_images, split
from tratteggio.training.recipe import from_json
from tratteggio.training.sources import Reduced, Source

TITLE = "Colorful image colorization (Zhang, Isola, Efros 2016): classes against distances, rebalanced or not"


@dataclass(frozen=True)
class Scale:
    """How much is trained and measured.

    Attributes:
        recipe: of all three nets.
        steps: of each training.
        batch: patches per step.
        side: of a patch, in pixels.
        reduced: longer side of pictures, in pixels, learnt from and measured.
        most: pictures that are measured at most.
        keep_every: steps between two states that a run can be resumed from.
        conclusive: whether anything can be concluded.
    """

    recipe: str
    steps: int
    batch: int
    side: int
    reduced: int
    most: int
    keep_every: int
    conclusive: bool


SCALES: Mapping[str, Scale] = {
    "smoke": Scale(
        "colorizer_compact", steps=2, batch=2, side=32, reduced=64, most=2, keep_every=1, conclusive=False
    ),
    "cpu": Scale(
        "colorizer_compact", steps=900, batch=8, side=96, reduced=224, most=100, keep_every=500,
        conclusive=True,
    ),
    "gpu": Scale(
        "colorizer", steps=450_000, batch=40, side=176, reduced=256, most=10_000, keep_every=5000,
        conclusive=True,
    ),
}  # fmt: skip

GREY, L2, CLASSES, FULL = "grey", "L2", "classes", "classes, rebalanced"
SHIPPED = "the net that ships"
RIVALS: Mapping[str, Mapping[str, bool | int | float | str]] = {
    L2: {"loss": "colour_distance"},
    CLASSES: {"loss_options.even": 1.0},
    FULL: {},
}
STAGES = {L2: "l2", CLASSES: "classes", FULL: "rebalanced"}

MEAN, ANNEALED, MODE = "mean (T = 1)", f"annealed mean (T = {TEMPERATURE})", "mode (T = 0)"
DECODED = {MEAN: 1.0, ANNEALED: TEMPERATURE, MODE: 0.0}
TRUTH = "the paintings themselves"

RAW, REBALANCED = "AuC raw, %", "AuC rebalanced, %"
COLUMNS = (Column(RAW, 1, "higher"), Column(REBALANCED, 1, "higher"))
PUBLISHED: Mapping[str, Mapping[str, float]] = {
    GREY: {RAW: 89.1, REBALANCED: 58.0},
    L2: {RAW: 91.2, REBALANCED: 64.4},
    CLASSES: {RAW: 91.6, REBALANCED: 65.1},
    FULL: {RAW: 89.5, REBALANCED: 67.3},
}

CHROMA, VIVID, VARIED, JUMPS = "mean chroma", "95th percentile", "spread in a picture", "jumps"
TRAP_COLUMNS = (Column(CHROMA, 1), Column(VIVID, 1), Column(VARIED, 1), Column(JUMPS, 2), *COLUMNS)

STEPS = 15  # points of the cumulative curve, each 10 of a* and b* apart
RESAMPLED = 1000  # times that the pictures are drawn anew, for the uncertainty of a gap

Figures = Mapping[str, float]
Grid = NDArray[np.float32]


def run(scale: str, *, data: Path | None, out: Path, seed: int, progress: Progress | None) -> Report:
    """Train the three nets, colour the paintings set aside, compare.

    Runs lie in `runs/`, what is finished is noted in `finished.jsonl`; neither is done again.
    """
    chosen = SCALES[scale]
    if data is None:
        data = out / "pictures"
        write_phantoms(data, count=6, rows=80, cols=64)
    ledger = Ledger(out / "finished.jsonl")
    learnt, aside = split(list_images(data), share=VALIDATION_SHARE)
    only = out / "learnt.txt"
    with beside([only]) as (temporary,):
        temporary.write_text("".join(f"{name}\n" for name in learnt), "utf-8")
    counter = StepCounter(progress, len(RIVALS) * chosen.steps)
    nets = {}
    for name in RIVALS:
        weights = trained(
            _stage(name, chosen, seed),
            data=data,
            only=only,
            out=out,
            ledger=ledger,
            progress=counter.within(),
        )
        nets[name] = _net(weights)
        counter.add(chosen.steps)
    nets[SHIPPED] = _net(models.find(WEIGHTS))
    started = time.perf_counter()
    folder = readable(data, aside[: chosen.most])
    names = [folder.name(number) for number in range(len(folder))]
    found = Found(nets, Reduced(folder, chosen.reduced))
    if "measured" not in ledger:
        ledger.add("measured", {"seconds": time.perf_counter() - started})
    phantoms = [panel(224, 168, seed=seed + k, cracks=0, losses=0).painted.colour() for k in range(2)]
    write_image(as_jpeg(sheet(nets, phantoms)), out / "phantoms.jpg")
    write_image(
        as_jpeg(sheet(nets, found.pictures[:: len(names) // 6 or 1][:6]), most=1_000_000),
        out / "set-aside.jpg",
        most=1_000_000,
    )
    write_image(_cumulative(found).encode(), out / "cumulative.svg")
    write_image(_chroma(found).encode(), out / "chroma.svg")
    return Report(
        setting=_setting(chosen, len(learnt), len(names)),
        tables=[_table(found), _trap(found)],
        claims=check_claims(found, conclusive=chosen.conclusive, seed=seed),
        notes=[*_NOTES, *_learnt_from(names)],
        pictures={
            "cumulative.svg": "Share of the pixels within a distance of the truth: all pixels alike",
            "chroma.svg": "How vivid: share of the pixels by chroma, in steps of 10, by the net that ships",
            "phantoms.jpg": f"Phantoms, which none has learnt from: {', '.join(_COLUMNS)}",
        },
        seconds={
            **{name: ledger[seconds_key(STAGES[name])]["seconds"] for name in RIVALS},
            "measuring": ledger["measured"]["seconds"],
        },
    )


def _learnt_from(names: Sequence[str]) -> list[str]:
    """Say how the net that ships differs, and warn if it has learnt from pictures that it is measured on."""
    card = models.read_card(models.find(WEIGHTS))
    learnt = {Path(name).name for name in card.data}
    seen = [name for name in names if Path(name).name in learnt]
    shipped = (
        f"The net that ships was trained as the rebalanced one, for {from_json(card.recipe).steps} steps."
    )
    return [
        shipped,
        *([f"It has learnt from {', '.join(seen)}, so that its figures flatter it."] if seen else []),
    ]


def _stage(name: str, scale: Scale, seed: int) -> Stage:
    compact = "-compact" if scale.recipe.endswith("compact") else ""
    settings: dict[str, bool | int | float | str] = {
        "steps": scale.steps, "batch": scale.batch, "side": scale.side, "reduced": scale.reduced,
        "keep_every": scale.keep_every, "seed": seed, **RIVALS[name],
    }  # fmt: skip
    if name == L2:
        settings["model"] = f"colorizer{compact}-l2"
    return Stage(STAGES[name], scale.recipe, settings)


def _net(weights: Path) -> Colorizer:
    net, _ = models.load(weights)
    assert isinstance(net, Colorizer)
    return net


# --- measuring ---------------------------------------------------------------------------------------


class Found:
    """What every system made of every painting set aside, on the grid of the reduced painting.

    Args:
        nets: by system.
        source: the paintings, reduced.

    Attributes:
        pictures: as they are, (H, W, 3) uint8.
        truth: a* and b* of each, (2, H, W).
        weights: of each, (H, W): the reciprocal of how frequent the colour of a pixel is among all of them.
        answers: system -> a* and b* of each; systems of `DECODED` by (system, way).
    """

    def __init__(self, nets: Mapping[str, Colorizer], source: Source) -> None:
        self.pictures = [source.read(number) for number in range(len(source))]
        tensors = [_tensor(image) for image in self.pictures]
        labs = [to_lab(tensor) for tensor in tensors]
        self.truth = [lab[0, 1:].numpy() for lab in labs]
        shares = smoothed(counted(tensor[0] for tensor in tensors))
        self.weights = [(1 / shares[nearest_class(lab[:, 1:])[0]]).numpy() for lab in labs]
        lights = [lab[:, :1] for lab in labs]
        self.answers: dict[str, list[Grid]] = {
            GREY: [np.zeros_like(truth) for truth in self.truth],
            L2: [answered(nets[L2], light, 0.0) for light in lights],
        }
        for system in (CLASSES, FULL, SHIPPED):
            for way, temperature in DECODED.items():
                self.answers[f"{system}: {way}"] = [
                    answered(nets[system], light, temperature) for light in lights
                ]
            self.answers[system] = self.answers[f"{system}: {ANNEALED}"]

    def errors(self, system: str) -> list[Grid]:
        """Return how far each pixel of each painting is off, (H, W)."""
        return [_length(a - b) for a, b in zip(self.answers[system], self.truth, strict=True)]

    def figures(self, system: str) -> dict[str, float]:
        """Return both areas, over the pixels of all paintings."""
        error = np.concatenate([one.ravel() for one in self.errors(system)])
        weights = np.concatenate([one.ravel() for one in self.weights])
        return {RAW: colour_auc(error), REBALANCED: colour_auc(error, weights)}


@torch.inference_mode()
def answered(net: Colorizer, light: Tensor, temperature: float) -> Grid:
    """Return a* and b* that can be shown, of each pixel: (1, 1, H, W) -> (2, H, W)."""
    ab = functional.interpolate(
        net.coarse(light, temperature=temperature), scale_factor=CELL, mode="bilinear"
    )
    ab = models.crop(ab, (light.shape[2], light.shape[3]))
    colours: Grid = to_lab(shown(torch.cat([light, ab], dim=1)))[0, 1:].numpy()
    return colours


def _tensor(image: Levels) -> Tensor:
    return torch.from_numpy(image.astype(np.float32) / 255).movedim(-1, 0)[None]


def _length(ab: Grid) -> Grid:
    length: Grid = np.hypot(ab[0], ab[1])
    return length


# --- what came out -----------------------------------------------------------------------------------


def _table(found: Found) -> Table:
    rows = [Row(system, found.figures(system), PUBLISHED.get(system, {})) for system in (*PUBLISHED, SHIPPED)]
    return Table("Area under the cumulative curve", COLUMNS, rows, _NOTE)


def _trap(found: Found) -> Table:
    systems = [L2, *(f"{system}: {way}" for system in (CLASSES, FULL, SHIPPED) for way in DECODED)]
    rows = [
        Row(TRUTH, vividness(found.truth)),
        *(Row(name, {**vividness(found.answers[name]), **found.figures(name)}) for name in systems),
    ]
    return Table("The trap: one dull tone, or patches", TRAP_COLUMNS, rows, _TRAP_NOTE)


def vividness(answers: Sequence[Grid]) -> dict[str, float]:
    """Measure how vivid and how varied colours are.

    Args:
        answers: a* and b* of each picture, (2, H, W).

    Returns:
        mean chroma and its 95th percentile over all pixels; how far the colours of a picture spread about
        their mean (sepia: chroma without spread); and how far neighbours are apart, on average.
    """
    chroma = np.concatenate([_length(ab).ravel() for ab in answers])
    spread = [_length(ab.std(axis=(1, 2))) for ab in answers]
    jumps = [_length(np.diff(ab, axis=axis)).ravel() for ab in answers for axis in (1, 2)]
    return {
        CHROMA: float(chroma.mean()),
        VIVID: float(np.percentile(chroma, 95)),
        VARIED: float(np.mean(spread)),
        JUMPS: float(np.concatenate(jumps).mean()),
    }


def check_claims(found: Found, *, conclusive: bool, seed: int) -> list[Claim]:
    """Give a verdict on each claim.

    A gap counts if it keeps its sign in 95 % of the draws of as many paintings, with replacement.

    Args:
        found: what every system made of the paintings.
        conclusive: False leaves every verdict open, and says what was seen.
        seed: of the draws.
    """
    few = "" if conclusive else "A few steps prove nothing; "

    def claim(text: str, better: str, worse: str, measure: str) -> Claim:
        low, high = gap(found, better, worse, rebalanced=measure == REBALANCED, seed=seed)
        figures = [found.figures(system)[measure] for system in (better, worse)]
        why = (
            f"{few}here {figures[0]:.1f} and {figures[1]:.1f}, a gap of {figures[0] - figures[1]:+.2f} "
            f"({low:+.2f} to {high:+.2f} in 95 % of the draws of paintings)."
        )
        return Claim(text, _verdict(low > 0, conclusive), why)

    chroma = {name: vividness(answers)[CHROMA] for name, answers in found.answers.items()}
    truth = vividness(found.truth)[CHROMA]
    ways = [chroma[f"{FULL}: {way}"] for way in DECODED]
    spread = [vividness(found.answers[f"{FULL}: {way}"])[VARIED] for way in DECODED]
    return [
        claim("Distances beat grey, raw: 91.2 and 89.1", L2, GREY, RAW),
        claim("Classes beat distances, raw: 91.6 and 91.2", CLASSES, L2, RAW),
        claim("Rebalancing costs raw: 91.6 without and 89.5 with", CLASSES, FULL, RAW),
        claim("Rebalancing pays, rebalanced: 67.3 with and 65.1 without", FULL, CLASSES, REBALANCED),
        claim("Distances beat grey, rebalanced: 64.4 and 58.0", L2, GREY, REBALANCED),
        Claim(
            "Distances make dull colours, rebalanced classes vivid ones",
            _verdict(chroma[L2] < chroma[FULL], conclusive),
            f"{few}mean chroma {chroma[L2]:.1f} by distances, {chroma[FULL]:.1f} rebalanced, "
            f"{truth:.1f} of the paintings.",
        ),
        Claim(
            "The annealed mean is more vivid than the mean and less than the mode",
            _verdict(ways[0] < ways[1] < ways[2], conclusive),
            f"{few}mean chroma {ways[0]:.1f}, {ways[1]:.1f} and {ways[2]:.1f}; the mean of old paint is "
            "warm, not grey.",
        ),
        Claim(
            "Our own: a mean gives a picture one tone, the mode most colours, the annealed mean lies between",
            _verdict(spread[0] < spread[1] < spread[2], conclusive),
            f"{few}colours of a picture spread by {spread[0]:.1f}, {spread[1]:.1f} and {spread[2]:.1f}, "
            f"those of the paintings by {vividness(found.truth)[VARIED]:.1f}.",
        ),
        *_NOT_ATTEMPTED,
    ]  # fmt: skip


def gap(found: Found, better: str, worse: str, *, rebalanced: bool, seed: int) -> tuple[float, float]:
    """Return the 2.5th and 97.5th percentile of a gap of areas over draws of the paintings."""
    weights = found.weights if rebalanced else [np.ones_like(one) for one in found.weights]
    pairs = zip(found.errors(better), found.errors(worse), weights, strict=True)
    sums = np.array([[(w * (_lacking(a) - _lacking(b))).sum(), w.sum()] for a, b, w in pairs])
    draws = np.random.default_rng(seed).integers(len(sums), size=(RESAMPLED, len(sums)))
    gains, counts = sums[draws].sum(axis=1).T
    low, high = np.percentile(100 * gains / counts, (2.5, 97.5))
    return float(low), float(high)


def _lacking(error: Grid) -> NDArray[np.float64]:
    return 1 - np.minimum(error.astype(np.float64), 150) / 150


def _verdict(held: bool, conclusive: bool) -> Verdict:
    if not conclusive:
        return "not attempted"
    return "ordering only" if held else "not reproduced"


# --- pictures ----------------------------------------------------------------------------------------


def _cumulative(found: Found) -> str:
    steps = range(0, 10 * STEPS, 10)
    series = {
        system: [100 * float(np.mean(error <= step)) for step in steps]
        for system in (*PUBLISHED, SHIPPED)
        for error in [np.concatenate([one.ravel() for one in found.errors(system)])]
    }
    title = "Pixels within a distance of the truth in a*, b*, %"
    return curves(series, labels=[str(step) for step in steps], title=title)


def _chroma(found: Found) -> str:
    edges = np.arange(0, 100, 10)
    shown_as = {
        TRUTH: found.truth,
        L2: found.answers[L2],
        **{way: found.answers[f"{SHIPPED}: {way}"] for way in DECODED},
    }
    series = {}
    for name, answers in shown_as.items():
        chroma = np.concatenate([_length(ab).ravel() for ab in answers])
        counts, _ = np.histogram(chroma, bins=[*edges, np.inf])
        series[name.replace("annealed mean", "annealed").replace("the paintings themselves", "truth")] = [
            100 * float(count) / len(chroma) for count in counts
        ]
    return curves(
        series, labels=[f"{edge}+" for edge in edges], title="Pixels by chroma, %: the net that ships, and L2"
    )


_COLUMNS = ("as painted", "grey", L2, *(f"the net that ships, {way}" for way in DECODED))


def sheet(nets: Mapping[str, Colorizer], shown_ones: Sequence[Levels]) -> Levels:
    """Lay pictures side by side: as painted, grey, by distances, and by the net that ships in three ways."""
    rows = []
    for image in shown_ones:
        lab = to_lab(_tensor(image))
        ways = [np.zeros(lab[0, 1:].shape, np.float32), answered(nets[L2], lab[:, :1], 0.0)]
        ways += [answered(nets[SHIPPED], lab[:, :1], temperature) for temperature in DECODED.values()]
        made = [shown(torch.cat([lab[:, :1], torch.from_numpy(ab)[None]], dim=1)) for ab in ways]
        levels = [np.rint(one[0].movedim(0, -1).numpy() * 255).astype(np.uint8) for one in made]
        rows.append(np.concatenate([image, *levels], axis=1))
    widest = max(row.shape[1] for row in rows)
    return np.concatenate(
        [np.pad(row, ((0, 4), (0, widest - row.shape[1]), (0, 0)), constant_values=255) for row in rows]
    )


# --- words -------------------------------------------------------------------------------------------

_NOTE = (
    "Published: as we recall the table, of 10,000 photographs of ImageNet; ours are paintings, so that only "
    'the order can be compared. "Rebalanced" weighs a pixel by the reciprocal of how frequent its class is '
    "among the paintings measured, neighbours taken together by a Gaussian of sigma 5. Classes are read by "
    f"the annealed mean of T = {TEMPERATURE}."
)
_TRAP_NOTE = (
    "In units of a* and b*. The spread is that of a picture's colours about their mean: chroma without "
    "spread is sepia. Jumps: how far neighbouring pixels are apart, on average."
)
_NOTES = (
    "The nets see lightness alone, and answer one colour for every 4 x 4 pixels; colours that no screen can "
    "show at a lightness lose chroma, so that lightness is kept.",
    "`set-aside.jpg`, left where the report was made, shows paintings set aside as `phantoms.jpg` does "
    "phantoms.",
    "What is right for a* and b* on average over paintings need not be the colour that this painting had: a "
    "coloured picture is a hypothesis, however near the curve.",
)
_NOT_ATTEMPTED = (
    Claim(
        "32.3 % of people are fooled by rebalanced classes, 25.2 % without, 21 to 24 % by distances",
        "not attempted",
        "That needs people.",
    ),
    Claim(
        "VGG recognises 56.0 % of the recoloured photographs of ImageNet, 52.7 % of grey ones",
        "not attempted",
        "Neither those photographs nor that net are at hand.",
    ),
)


def _setting(scale: Scale, learnt: int, measured: int) -> str:
    return (
        f"{learnt} paintings are learnt from, but for those narrower than a patch, and {measured} others "
        f"measured, all on {scale.reduced} pixels at their longer side. "
        f"Each net takes {scale.steps} steps of {scale.batch} patches of {scale.side} "
        f"x {scale.side} pixels. They differ in the objective alone, and L2 in its last layer."
    )
