"""What fills lacunae best: engines and their peers on paintings that no net has learnt from.

    tratteggio reproduce fills --scale cpu --data DIR -o OUT       two hours for 33 pictures with all peers
    tratteggio reproduce fills --scale sizes --data DIR -o OUT     wide and narrow lacunae of a few pictures
    tratteggio reproduce fills --scale sheets --data DIR -o OUT    a minute: 24 contact sheets alone

Every system fills the same lacunae of the same squares: one square of each picture for each kind of damage,
namely the hole-ratio bins of Liu et al. 2018, "Image inpainting for irregular holes using partial
convolutions" (section 4), cracks and craquelure; then wide and narrow lacunae in squares of 256, 512 and
1024 pixels. Scales cpu and sheets write 24 wide ones into OUT/sheets as PNG: damaged, true, filled by the net
alone, as was the default before, and by the default. Pictures are set aside whole, by their names.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tratteggio import registry
from tratteggio.degradation import Damage, draw_damage, make_damage
from tratteggio.degradation.bins import BINS, in_bin
from tratteggio.errors import MissingExtra, UnknownName
from tratteggio.evaluation.appearance import FAVOURS
from tratteggio.experiments import _peers, _sized
from tratteggio.experiments._folder import Ledger
from tratteggio.experiments._images import VALIDATION_SHARE, Levels, photographs, readable, rng_of, square
from tratteggio.experiments._plot import curves
from tratteggio.experiments._report import Better, Claim, Column, Report, Row, Table, write_image
from tratteggio.experiments._scores import Filler, Score, Scores, mean, score
from tratteggio.experiments._sized import Sized
from tratteggio.painting.pixels import Lost
from tratteggio.roles import Engine
from tratteggio.training.image_lists import list_images, split
from tratteggio.treatment import inpaint

TITLE = "Fills of lacunae by hole ratio and in cracks: our net, our other engines, and what people use today"
LIBRARIES = ("pypatchmatch", "gmic", "resynthesizer", "exemplar-based-inpainting")

OURS = "pconv"
WEIGHTS = "pconv-compact"  # that engine `pconv` takes
RIVALS = ("telea", "navier_stokes", "biharmonic", "fsr", *_peers.PEERS)
"""What a fill of ours has to beat: classical methods that anyone can install."""

MEASURED = "appearance 1"  # what is measured; another name measures all fills anew

_BINS = {f"{low:.0%}–{high:.0%}": partial(in_bin, (low, high)) for low, high in BINS}
DAMAGE: Mapping[str, Damage] = {
    **_BINS,
    "cracks": make_damage("cracks"),
    "craquelure": make_damage("craquelure"),
}


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        most: pictures at most; None takes all that are set aside.
        side: of a square, in pixels.
        engines: by name; those that are not installed are named in the report.
        peers: other people's, likewise.
        conclusive: whether anything can be concluded.
        bins: whether the hole-ratio bins, cracks and craquelure are filled.
        sized: wide and narrow lacunae, by size.
        sheets: of which lacunae contact sheets are laid out, if of any.
    """

    most: int | None
    side: int
    engines: tuple[str, ...]
    peers: tuple[str, ...]
    conclusive: bool
    bins: bool
    sized: tuple[Sized, ...]
    sheets: Sized | None


SIZES = (
    Sized("wide", 256, 8),
    Sized("narrow", 256, 8),
    Sized("wide", 512, 4),
    Sized("narrow", 512, 4),
    Sized("wide", 1024, 2),
    Sized("narrow", 1024, 2),
)
FEW = (Sized("wide", 256, 3), Sized("narrow", 256, 3), Sized("wide", 512, 1), Sized("narrow", 512, 1))
SHEETS = Sized("wide", 448, 24)
FAST = ("telea", "biharmonic", "fsr", "tension", OURS, "patch_mrf", "auto")

SCALES: Mapping[str, Scale] = {
    "smoke": Scale(
        most=2,
        side=128,
        engines=("telea", "navier_stokes", "tension", OURS, "auto"),
        peers=(),
        conclusive=False,
        bins=True,
        sized=(Sized("wide", 128, 1), Sized("narrow", 128, 1)),
        sheets=Sized("wide", 128, 1),
    ),
    "cpu": Scale(
        most=None,
        side=256,
        engines=("telea", "navier_stokes", "biharmonic", "fsr", "tension", OURS, "patch_mrf", "auto"),
        peers=tuple(_peers.PEERS),
        conclusive=True,
        bins=True,
        sized=SIZES,
        sheets=SHEETS,
    ),
    "sizes": Scale(
        most=None,
        side=256,
        engines=FAST,
        peers=tuple(_peers.PEERS),
        conclusive=True,
        bins=False,
        sized=FEW,
        sheets=None,
    ),
    "sheets": Scale(
        most=None,
        side=256,
        engines=(OURS, "auto"),
        peers=(),
        conclusive=False,
        bins=False,
        sized=(),
        sheets=SHEETS,
    ),
}


class System(NamedTuple):
    """Something that fills.

    Attributes:
        name: of the engine or peer.
        key: its name and all that its fills depend on, for the ledger.
        fill: takes picture and lost; returns the picture, filled, and the core seconds; None if it failed.
    """

    name: str
    key: str
    fill: Filler


class Sight(NamedTuple):
    """How a measure of appearance is reported.

    Attributes:
        measure: a field of `Score`.
        title: of its table.
        better: which way is better; None where 1 is best.
    """

    measure: str
    title: str
    better: Better | None


SIGHTS = (
    Sight("patches_5", "Patches of 5 px, distance to those of the lost paint in levels", "lower"),
    Sight("patches_9", "Patches of 9 px, distance to those of the lost paint in levels", "lower"),
    Sight("texture", "Texture kept, as a share of that of the lost paint", None),
    Sight("haarpsi", "HaarPSI in the lacunae", "higher"),
    Sight("seam", "Seam at the rim, as a share of what changes there in the lost paint", None),
    Sight("broad_colour", "CIEDE2000 of colours blurred by 8 px", "lower"),
)


def run(
    scale: str,
    *,
    data: Path | None,
    out: Path,
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> Report:
    """Fill, measure and compare. Each fill that is measured is kept in `fills.jsonl` and not made again."""
    chosen = SCALES[scale]
    systems, absent = _systems(chosen, seed)
    if not systems:
        raise MissingExtra(f"nothing can be compared: {' '.join(absent)}")
    shown, where = _gather(data, chosen)
    ledger = Ledger(out / "fills.jsonl")
    tasks = _tasks(chosen, shown)
    sheets = [] if chosen.sheets is None else _sized.large_enough(shown.names, shown.read, chosen.sheets)
    scores: dict[tuple[str, str], list[Score]] = {}

    def step(done: int) -> None:
        if progress:
            progress(done, len(tasks) + len(sheets))

    for done, task in enumerate(tasks, start=1):
        asked = [one for one in systems if task.sized is None or _sized.takes(one.name, task.sized.side)]
        missing = [system for system in asked if _key(task, system) not in ledger]
        if missing:
            image, lost = _damaged(shown.read(task.image), task, side=chosen.side, seed=seed)
        for system in missing:
            ledger.add(_key(task, system), score(image, lost, system.fill)._asdict())
        for system in asked:
            scores.setdefault((system.name, task.kind), []).append(Score(**ledger[_key(task, system)]))
        step(done)
    fillers = {one.name: one.fill for one in systems if one.name in (_sized.BEFORE, _sized.AFTER)}
    for number, name in enumerate(sheets):
        assert chosen.sheets is not None  # there are sheets
        image, lost = _sized.damaged_square(shown.read(name), name, chosen.sheets, seed=seed)
        _sized.write_sheet(image, lost, fillers, out / "sheets" / f"{number:02}.png")
        step(len(tasks) + number + 1)
    names = [system.name for system in systems]
    report = summed_up(
        scores,
        names,
        setting=f"{where} {_setting(chosen, len(shown.names))}",
        notes=[*absent, *_learnt_from(shown.names)],
        conclusive=chosen.conclusive,
        out=out,
        bins=chosen.bins,
    )
    return replace(
        report,
        tables=[*report.tables, *(_sized.tabulate(scores, one) for one in chosen.sized)],
        claims=[
            *report.claims,
            *(c for one in chosen.sized for c in _sized.judge(scores, one, conclusive=chosen.conclusive)),
        ],
    )


class _Task(NamedTuple):
    """One square to fill: the kind of damage, the picture, and what is drawn if it is not of `DAMAGE`."""

    kind: str
    image: str
    sized: Sized | None


def _tasks(scale: Scale, shown: Shown) -> list[_Task]:
    tasks = [_Task(kind, name, None) for name in shown.names for kind in DAMAGE if scale.bins]
    for sized in scale.sized:
        large = _sized.large_enough(shown.names, shown.read, sized)
        tasks += [_Task(sized.name, name, sized) for name in large]
    return tasks


# --- pictures and systems ----------------------------------------------------------------------------


class Shown(NamedTuple):
    """The pictures that are filled.

    Attributes:
        names: in alphabetical order.
        read: decodes one.
    """

    names: list[str]
    read: Callable[[str], Levels]


def _gather(data: Path | None, scale: Scale) -> tuple[Shown, str]:
    """Choose the pictures, and say which they are."""
    if data is None:
        found = photographs()
        what = "photographs" if "coffee" in found else "phantoms"
        names = sorted(found)[: scale.most]
        return Shown(names, found.__getitem__), f"{len(names)} {what}, none of which a net has learnt from."
    everything = list_images(data)
    _, aside = split(everything, share=VALIDATION_SHARE)
    folder = readable(data, aside[: scale.most])
    numbers = {folder.name(number): number for number in range(len(folder))}
    read = lru_cache(maxsize=1)(lambda name: folder.read(numbers[name]))  # the same picture for all damage
    return (
        Shown(sorted(numbers), read),
        f"{len(numbers)} of {len(everything)} pictures, set aside whole by their names "
        f"(share {VALIDATION_SHARE}).",
    )


def _systems(scale: Scale, seed: int) -> tuple[list[System], list[str]]:
    """Make what can be made here -> (systems, why others are absent)."""
    systems, absent = [], []
    for name in scale.engines:
        try:
            engine = registry.load("engines", name).make(seed=seed, device="auto")
        except (MissingExtra, UnknownName) as error:
            absent.append(f"{name} is absent: {error}.")
        else:
            key = f"{name} {json.dumps(engine.parameters, sort_keys=True)} seed {seed}"
            systems.append(System(name, key, partial(_by_engine, engine, seed)))
    for name in scale.peers:
        why = _peers.missing(name)
        if why:
            absent.append(f"{name} is absent: {why}.")
        else:
            systems.append(System(name, name, partial(_peers.ask, name)))
    return systems, absent


def _learnt_from(names: Sequence[str]) -> list[str]:
    """Warn if our net has learnt from pictures that it is measured on."""
    from tratteggio import models  # noqa: PLC0415 # imports torch, for which engines without nets need not wait

    if WEIGHTS not in models.shipped():
        return []
    learnt = {Path(name).name for name in models.read_card(models.find(WEIGHTS)).data}
    seen = [name for name in names if Path(name).name in learnt]
    listed = ", ".join(seen)
    return (
        [f"{OURS} has learnt from {len(seen)} of these pictures, so its figures flatter it: {listed}."]
        if seen
        else []
    )


def _by_engine(engine: Engine, seed: int, image: Levels, lost: Lost) -> tuple[Levels, float]:
    start = time.process_time()
    proposal = inpaint(image, lost, engine=engine, seed=seed)
    return proposal, time.process_time() - start


def _damaged(image: Levels, task: _Task, *, side: int, seed: int) -> tuple[Levels, Lost]:
    """Cut the square of a picture that a kind of damage falls on, and draw the damage."""
    if task.sized is not None:
        return _sized.damaged_square(image, task.image, task.sized, seed=seed)
    rng = rng_of(seed, task.image, task.kind)
    cut = square(image, side, rng)
    return cut, draw_damage(DAMAGE[task.kind], (cut.shape[0], cut.shape[1]), rng)


def _key(task: _Task, system: System) -> str:
    return f"{system.key} | {task.kind} | {task.image} | {MEASURED}"


# --- what came out -----------------------------------------------------------------------------------


def summed_up(
    scores: Scores,
    names: Sequence[str],
    *,
    setting: str,
    notes: Sequence[str],
    conclusive: bool,
    out: Path,
    bins: bool = True,
) -> Report:
    """Make a report of scores by hole ratio, in cracks and in craquelure.

    Args:
        scores: of every system at every kind of damage.
        names: of the systems, in the order of the tables.
        setting: what was filled.
        notes: what a reader should know besides.
        conclusive: False leaves every verdict open.
        out: folder for the curves.
        bins: False leaves all of this out, for scores of other lacunae.
    """
    by_system: dict[str, list[Score]] = {name: [] for name in names}
    for (name, _), found in scores.items():
        by_system[name] += found
    seconds_by_system = {name: sum(s.seconds or 0.0 for s in found) for name, found in by_system.items()}
    notes = [*notes, *_failures(by_system)]
    if not bins:
        return Report(setting=setting, tables=[], claims=[], notes=notes, seconds=seconds_by_system)
    psnr = {key: mean([s.psnr for s in found]) for key, found in scores.items()}
    ssim = {key: mean([s.ssim for s in found]) for key, found in scores.items()}
    won = {(name, kind): float(np.mean(wins(scores, names, kind)[name])) for name in names for kind in DAMAGE}
    seconds = {key: mean([s.seconds for s in found]) for key, found in scores.items()}
    drawn = curves(
        {name: [psnr[name, kind] for kind in _BINS] for name in names},
        labels=list(_BINS),
        title="PSNR in the lacunae by the share that is lost, dB",
    )
    write_image(drawn.encode(), out / "psnr.svg")
    return Report(
        setting=setting,
        tables=[
            _table("PSNR in the lacunae, dB", psnr, note="Mean over the pictures; peak 255."),
            _table(
                "SSIM around the lacunae",
                ssim,
                digits=3,
                note="Mean over the pictures of the mean over all pixels whose window of 7 x 7 holds a lost "
                "one (scikit-image's defaults).",
            ),
            _table(
                "Share of pictures won",
                won,
                note="Pictures on which no other system has a higher PSNR; of equal ones all win, so columns "
                "may add up to more than 1.",
            ),
            _table(
                "Core seconds for one square",
                seconds,
                digits=3,
                better="lower",
                note="Mean, all cores together. Our engines with all that `inpaint` does around them; peers "
                "without the start of their process.",
            ),
            _winners(scores, psnr, ssim, names),
            *(_sight(sight, scores) for sight in SIGHTS),
        ],
        claims=[_claim(kind, scores, psnr, ssim, conclusive=conclusive) for kind in DAMAGE],
        notes=notes,
        pictures={"psnr.svg": "PSNR in the lacunae by the share that is lost, mean over the pictures"},
        seconds=seconds_by_system,
    )


def wins(scores: Scores, names: Sequence[str], kind: str) -> dict[str, list[bool]]:
    """Tell for each system on which pictures no other one has a higher PSNR.

    Example:
        >>> s = {("a", "k"): [Score(20.0, 0, 0), Score(30.0, 0, 0)],
        ...      ("b", "k"): [Score(20.0, 0, 0), Score(None, None, None)]}
        >>> wins(s, ["a", "b"], "k")
        {'a': [True, True], 'b': [True, False]}
    """
    reached = {name: [-np.inf if s.psnr is None else s.psnr for s in scores[name, kind]] for name in names}
    best = np.max(list(reached.values()), axis=0)
    return {
        name: [bool(value == top > -np.inf) for value, top in zip(values, best, strict=True)]
        for name, values in reached.items()
    }


def rank(name: str, kind: str, figures: Mapping[tuple[str, str], float | None]) -> int | None:
    """Return the place of a system by its mean, 1 for the best; None if it has none.

    Example:
        >>> rank("b", "k", {("a", "k"): 21.0, ("b", "k"): 20.0, ("c", "k"): None})
        2
    """
    mine = figures.get((name, kind))
    if mine is None:
        return None
    others = [value for (_, what), value in figures.items() if what == kind and value is not None]
    return 1 + sum(value > mine for value in others)


Figures = Mapping[tuple[str, str], "float | None"]


def _table(
    title: str, figures: Figures, *, note: str, digits: int = 2, better: Better | None = "higher"
) -> Table:
    names = dict.fromkeys(name for name, _ in figures)
    columns = [Column(kind, digits, better) for kind in DAMAGE]
    rows = [Row(name, {kind: figures[name, kind] for kind in DAMAGE}) for name in names]
    return Table(title, columns, rows, note)


def _sight(sight: Sight, scores: Scores) -> Table:
    """Tell one measure of what the eye sees, with the kind of fill that it favours."""
    figures = {key: mean([getattr(s, sight.measure) for s in found]) for key, found in scores.items()}
    note = f"Mean over the pictures. It favours {FAVOURS[sight.measure]}."
    return _table(sight.title, figures, digits=3, better=sight.better, note=note)


def _winners(scores: Scores, psnr: Figures, ssim: Figures, names: Sequence[str]) -> Table:
    """Say for each kind of damage where our net stands."""
    columns = [
        Column("rank by PSNR", 0),
        Column("rank by SSIM", 0),
        Column("dB above the best rival"),
        Column("SSIM above the best rival", 3),
        Column("pictures better than that rival", 2),
    ]
    rows = []
    for kind in DAMAGE:
        best, closest = _best(kind, names, psnr), _best(kind, _rivals(names), psnr)
        similar = _best(kind, _rivals(names), ssim)
        rows.append(
            Row(
                f"{kind}: best is {best}, best rival {closest}",
                {
                    "rank by PSNR": rank(OURS, kind, psnr),
                    "rank by SSIM": rank(OURS, kind, ssim),
                    "dB above the best rival": _above(kind, closest, psnr),
                    "SSIM above the best rival": _above(kind, similar, ssim),
                    "pictures better than that rival": _share_above(kind, closest, scores),
                },
            )
        )
    rivals = ", ".join(_rivals(names)) or "absent"
    note = f"Among {len(names)} systems. Rivals: {rivals}; the best has the highest mean, of PSNR or of SSIM."
    return Table(f"Where {OURS} stands", columns, rows, note)


def _rivals(names: Sequence[str]) -> list[str]:
    return [name for name in names if name in RIVALS]


def _best(kind: str, names: Sequence[str], figures: Figures) -> str | None:
    reached = {name: value for name in names if (value := figures.get((name, kind))) is not None}
    return max(reached, key=lambda name: reached[name]) if reached else None


def _above(kind: str, rival: str | None, figures: Figures) -> float | None:
    mine, theirs = figures.get((OURS, kind)), figures.get((rival or "", kind))
    return None if mine is None or theirs is None else mine - theirs


def _share_above(kind: str, rival: str | None, scores: Scores) -> float | None:
    pairs = zip(scores.get((OURS, kind), ()), scores.get((rival or "", kind), ()), strict=False)
    better = [m.psnr > t.psnr for m, t in pairs if m.psnr is not None and t.psnr is not None]
    return float(np.mean(better)) if better else None


def _claim(kind: str, scores: Scores, psnr: Figures, ssim: Figures, *, conclusive: bool) -> Claim:
    """Judge our own claim, that the net is above every rival at a kind of damage."""
    text = f"{kind}: {OURS} fills better than every rival, by PSNR and by SSIM"
    rivals = _rivals(sorted({name for name, _ in scores}))
    by_psnr, by_ssim = _best(kind, rivals, psnr), _best(kind, rivals, ssim)
    decibels, similarity = _above(kind, by_psnr, psnr), _above(kind, by_ssim, ssim)
    if decibels is None or similarity is None:
        return Claim(text, "not attempted", f"{OURS} is not here, or no rival is.")
    share = _share_above(kind, by_psnr, scores)
    why = (
        f"{decibels:+.2f} dB against {by_psnr}, {similarity:+.3f} SSIM against {by_ssim}; "
        f"better than {by_psnr} on {share:.0%} of the pictures."
    )
    if not conclusive:
        return Claim(text, "not attempted", f"A few small squares prove nothing; {why}")
    return Claim(text, "reproduced" if decibels > 0 and similarity > 0 else "not reproduced", why)


def _failures(scores: Mapping[str, Sequence[Score]]) -> list[str]:
    counted = {name: sum(one.psnr is None for one in found) for name, found in scores.items()}
    return [
        f"{name} failed on {count} squares, which its means leave out."
        for name, count in counted.items()
        if count
    ]


def _setting(scale: Scale, count: int) -> str:
    if not scale.bins:
        return "The same squares and lacunae for all systems."
    return (
        f"One square of {scale.side} x {scale.side} pixels (or all of a smaller picture) for each kind of "
        f"damage, the same squares and lacunae for all systems: {count} fills for every figure."
    )
