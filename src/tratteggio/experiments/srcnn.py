"""Enlarging: bicubic interpolation, SRCNN and a compact net, beside the published figures of Set5 and Set14.

    tratteggio reproduce srcnn -o OUT                          a minute; shows that all parts work
    tratteggio reproduce srcnn --scale cpu --data DIR -o OUT   minutes on one core, resumable

Dong, Loy, He, Tang, "Learning a deep convolutional network for image super-resolution", ECCV 2014 (9-1-5, 91
photographs), and TPAMI 38(2), 2016 (9-5-5, 395,909 photographs). Folders of DIR are sets: Set5, Set14 and any
others. The nets are those that ship; recipes `srcnn` and `superres` say how they were trained.

As published: a picture is cropped to a multiple of the scale, reduced and enlarged; what is compared is luma
by BT.601 in its studio range (16 to 235) of RGB, grey as it is, rounded to 8 bits, without `scale` pixels at
each border. SSIM by a Gaussian window of 11 pixels. The bicubic row shows that all this is as it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray

from tratteggio import files, models
from tratteggio.experiments._folder import Ledger
from tratteggio.experiments._images import photographs
from tratteggio.experiments._plot import curves
from tratteggio.experiments._report import Claim, Column, Report, Row, Table, Verdict, write_image
from tratteggio.experiments._stages import Progress, StepCounter
from tratteggio.layers.bicubic import enlarged, reduced
from tratteggio.metrics import psnr, ssim
from tratteggio.painting.pixels import white
from tratteggio.training.image_lists import list_images
from tratteggio.training.recipe import from_json

if TYPE_CHECKING:
    from tratteggio.models._enlarging import Enlarger

TITLE = "Enlarging two to four times: SRCNN (Dong et al. 2014, 2016) and a compact net"

BICUBIC, SRCNN, COMPACT = "bicubic", "SRCNN 9-1-5", "superres"
PUBLISHED_955 = "SRCNN 9-5-5, published on 395,909 photographs"
NETS = {SRCNN: "srcnn", COMPACT: "superres"}
SYSTEMS = (BICUBIC, *NETS)
ALONE = "pictures"  # the set of those that lie in no folder

BICUBIC_PUBLISHED = {
    ("Set5", 2): (33.66, 0.9299),
    ("Set5", 3): (30.39, 0.8682),
    ("Set5", 4): (28.42, 0.8104),
    ("Set14", 2): (30.24, 0.8688),
    ("Set14", 3): (27.55, 0.7742),
    ("Set14", 4): (26.00, 0.7027),
}
SRCNN_955_PUBLISHED = {
    ("Set5", 2): (36.66, 0.9542),
    ("Set5", 3): (32.75, 0.9090),
    ("Set5", 4): (30.48, 0.8628),
    ("Set14", 2): (32.42, 0.9063),
    ("Set14", 3): (29.28, 0.8209),
    ("Set14", 4): (27.49, 0.7503),
}
SRCNN_915_PUBLISHED = {("Set5", 3): 32.39, ("Set14", 3): 29.00}
WHOLE = {"Set5": 5, "Set14": 14}  # pictures of a set whose figures were published
EACH_PUBLISHED = {"baby": 33.91, "bird": 32.58, "butterfly": 24.04, "head": 32.88, "woman": 28.56}

NEAR_DB, HARNESS_DB, LEAST_GAIN_DB = 0.3, 0.1, 1.5

Levels = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        scales: how many times pictures are enlarged.
        most: pictures of a set at most; None takes all.
        conclusive: whether anything can be concluded.
    """

    scales: tuple[int, ...]
    most: int | None
    conclusive: bool


SCALES: Mapping[str, Scale] = {
    "smoke": Scale(scales=(3,), most=1, conclusive=False),
    "cpu": Scale(scales=(2, 3, 4), most=None, conclusive=True),
}


class Score(NamedTuple):
    """How one picture came out: PSNR in dB, SSIM, core seconds for a megapixel of the enlargement."""

    psnr: float
    ssim: float
    seconds: float


Scores = Mapping[tuple[str, int, str], Mapping[str, Score]]
"""(system, scale, set) -> one score for each picture."""


def run(scale: str, *, data: Path | None, out: Path, seed: int, progress: Progress | None) -> Report:  # noqa: ARG001
    """Reduce, enlarge and compare. What is measured is kept in `scores.jsonl` and not measured again."""
    chosen = SCALES[scale]
    sets = _gather_images(data, chosen)
    ledger = Ledger(out / "scores.jsonl")
    counter = StepCounter(
        progress, len(chosen.scales) * len(SYSTEMS) * sum(len(found) for found in sets.values())
    )
    scores: dict[tuple[str, int, str], dict[str, Score]] = {}
    for times in chosen.scales:
        for system in SYSTEMS:
            enlarge = _enlarging(system, times)
            for of, found in sets.items():
                scores[system, times, of] = {}
                for name, read in found.items():
                    if (key := f"{system} | {times} | {of} | {name}") not in ledger:
                        ledger.add(key, score(read(), times, enlarge)._asdict())
                    scores[system, times, of][name] = Score(**ledger[key])
                    counter.add(1)
    shown = _draw_gains(scores, chosen, sets)
    for file, content in shown.items():
        write_image(content.encode(), out / file)
    return Report(
        setting=_setting(sets),
        tables=[
            *(_quality(times, sets, scores) for times in chosen.scales),
            *([_each(scores)] if _whole(sets, "Set5") and 3 in chosen.scales else []),
            _cost(chosen, sets, scores),
        ],
        claims=check_claims(scores, sets, chosen),
        notes=_notes(sets, chosen),
        pictures={file: f"What nets gain over bicubic interpolation: {Path(file).stem}" for file in shown},
    )


def _gather_images(data: Path | None, scale: Scale) -> dict[str, dict[str, Callable[[], Levels]]]:
    """Choose the pictures -> set -> name -> what reads its luma."""
    if data is None:
        found: dict[str, Callable[[], Levels]] = {
            name: partial(luma, image) for name, image in photographs().items()
        }
        return {"photographs": dict(list(found.items())[: scale.most])}
    sets: dict[str, dict[str, Callable[[], Levels]]] = {}
    for name in list_images(data):
        of = Path(name).parts[0] if "/" in name else ALONE
        sets.setdefault(of, {})[Path(name).stem] = partial(_luma_of, data / name)
    first = [*filter(sets.__contains__, WHOLE), *sorted(sets.keys() - WHOLE.keys())]
    return {of: dict(list(sets[of].items())[: scale.most]) for of in first}


def _luma_of(file: Path) -> Levels:
    return luma(files.read(file).colour())


def _enlarging(system: str, times: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what enlarges luma (1, 1, h, w)."""
    if system == BICUBIC:
        return lambda low: enlarged(low, times)
    net, _ = models.load(models.find(f"{NETS[system]}-x{times}"))
    return cast("Enlarger", net).enlarge


# --- measuring -----------------------------------------------------------------------------------------


def luma(image: NDArray[np.generic]) -> Levels:
    """Return the luma of RGB (H, W, 3) in whole numbers from 16 to 235, grey (H, W, 1) from 0 to 255.

    As MATLAB's `rgb2ycbcr` makes of 8 bits; grey pictures were compared as they are.

    Example:
        >>> luma(np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0]]], np.uint8))
        array([[ 16., 235.,  81.]])
    """
    light = image.astype(np.float64) / white(image.dtype)
    if light.shape[2] == 1:
        return np.asarray(np.rint(255 * light[..., 0]))
    return np.asarray(np.rint(16 + light[..., :3] @ np.array([65.481, 128.553, 24.966])))


def score(levels: Levels, times: int, enlarge: Callable[[torch.Tensor], torch.Tensor]) -> Score:
    """Reduce luma, enlarge it again, and compare."""
    rows, cols = (side // times * times for side in levels.shape)
    truth = levels[:rows, :cols]
    low = reduced(torch.from_numpy(truth / 255).float()[None, None], times)
    start = time.process_time()
    with torch.inference_mode():
        answer = enlarge(low)
    seconds = time.process_time() - start
    found = np.clip(np.rint(answer[0, 0].double().numpy() * 255), 0, 255)
    inside = slice(times, -times), slice(times, -times)
    return Score(
        psnr(truth[inside], found[inside], data_range=255),
        ssim(truth[inside], found[inside], data_range=255),
        seconds / (rows * cols / 1e6),
    )


# --- what is told --------------------------------------------------------------------------------------

Sets = Mapping[str, Mapping[str, object]]


def _mean(scores: Scores, system: str, times: int, of: str, measure: int) -> float:
    return float(np.mean([one[measure] for one in scores[system, times, of].values()]))


def _whole(sets: Sets, of: str) -> bool:
    return len(sets.get(of, ())) == WHOLE.get(of, 0) > 0


def _columns(of: str) -> tuple[str, str]:
    return f"{of}, dB", f"{of}, SSIM"


def _quality(times: int, sets: Sets, scores: Scores) -> Table:
    columns = [
        column
        for of in sets
        for column in (Column(_columns(of)[0], 2, "higher"), Column(_columns(of)[1], 4, "higher"))
    ]
    published: dict[str, dict[str, float | None]] = {BICUBIC: {}, SRCNN: {}, COMPACT: {}, PUBLISHED_955: {}}
    for of in sets:
        if _whole(sets, of):
            published[BICUBIC].update(zip(_columns(of), BICUBIC_PUBLISHED[of, times], strict=True))
            published[PUBLISHED_955].update(zip(_columns(of), SRCNN_955_PUBLISHED[of, times], strict=True))
            published[SRCNN][_columns(of)[0]] = SRCNN_915_PUBLISHED.get((of, times))
    ours = {
        system: {
            name: _mean(scores, system, times, of, measure)
            for of in sets
            for measure, name in enumerate(_columns(of))
        }
        for system in SYSTEMS
    }
    rows = [
        Row(system, ours.get(system, {}), figures)
        for system, figures in published.items()
        if system in ours or figures
    ]
    note = (
        "Means over the pictures. Published for SRCNN 9-1-5: trained on 91 photographs (ECCV 2014)."
        if times == 3
        else "Means over the pictures."
    )
    return Table(f"Enlarged {times} times", columns, rows, note)


def _each(scores: Scores) -> Table:
    columns = [Column(name, 2, "higher") for name in EACH_PUBLISHED]
    rows = [
        Row(
            system,
            {name: one.psnr for name, one in scores[system, 3, "Set5"].items()},
            EACH_PUBLISHED if system == BICUBIC else {},
        )
        for system in SYSTEMS
    ]
    return Table("Set5 enlarged three times, picture by picture, dB", columns, rows)


def _cost(scale: Scale, sets: Sets, scores: Scores) -> Table:
    weights = Column("weights", 0)
    columns = [Column(f"core s / megapixel, x{times}", 2) for times in scale.scales]
    rows = []
    for system in SYSTEMS:
        seconds = [
            float(np.median([one.seconds for of in sets for one in scores[system, times, of].values()]))
            for times in scale.scales
        ]
        figures = dict(zip((column.name for column in columns), seconds, strict=True))
        rows.append(Row(system, {weights.name: _weights(system, scale), **figures}))
    note = "Weights without biases, of the first scale. Median over all pictures, for what is written."
    return Table("What it takes", [weights, *columns], rows, note)


def _weights(system: str, scale: Scale) -> float | None:
    if system == BICUBIC:
        return None
    net, _ = models.load(models.find(f"{NETS[system]}-x{scale.scales[0]}"))
    return float(sum(part.numel() for name, part in net.named_parameters() if name.endswith("weight")))


def _draw_gains(scores: Scores, scale: Scale, sets: Sets) -> dict[str, str]:
    """Draw the gain over bicubic interpolation by scale, for each set: file -> SVG."""
    if len(scale.scales) < 2:
        return {}
    return {
        f"{of}.svg": curves(
            {
                system: [
                    _mean(scores, system, times, of, 0) - _mean(scores, BICUBIC, times, of, 0)
                    for times in scale.scales
                ]
                for system in NETS
            },
            labels=[f"x{times}" for times in scale.scales],
            title=f"{of}: PSNR above bicubic, dB",
        )
        for of in sets
        if _whole(sets, of)
    }


def check_claims(scores: Scores, sets: Sets, scale: Scale) -> list[Claim]:
    """Judge what was published of SRCNN, and what we ask of the compact net."""
    found = [_harness(scores, sets, scale)]
    for of, published in ((of, value) for (of, _), value in SRCNN_915_PUBLISHED.items()):
        text = f"SRCNN 9-1-5 reaches {published:.2f} dB on {of}, enlarged three times"
        if not (_whole(sets, of) and 3 in scale.scales):
            found.append(Claim(text, "not attempted", f"{of} was not given."))
            continue
        ours, plain = (_mean(scores, system, 3, of, 0) for system in (SRCNN, BICUBIC))
        near, above = ours > published - NEAR_DB, ours > plain + LEAST_GAIN_DB
        verdict: Verdict = "reproduced" if near else "ordering only" if above else "not reproduced"
        found.append(
            Claim(
                text, verdict, f"{ours:.2f} dB, {ours - plain:.2f} above bicubic; {NEAR_DB} dB are allowed."
            )
        )
    pairs = [(times, of) for times in scale.scales for of in sets]
    for text, one, other in (
        ("SRCNN is better than bicubic interpolation", SRCNN, BICUBIC),
        (
            "Our own: on the small grid a net of the size of SRCNN's, between 9-1-5 and 9-5-5, does better",
            COMPACT,
            SRCNN,
        ),
    ):
        gains = [_mean(scores, one, times, of, 0) - _mean(scores, other, times, of, 0) for times, of in pairs]
        held: Verdict = "reproduced" if min(gains) > 0 else "not reproduced"
        why = f"{min(gains):+.2f} to {max(gains):+.2f} dB over all sets and scales."
        found.append(Claim(text, held, why))
    if not scale.conclusive:
        return [Claim(claim.text, "not attempted", claim.why) for claim in found]
    return found


def _harness(scores: Scores, sets: Sets, scale: Scale) -> Claim:
    """See whether bicubic interpolation is what it was to those who published."""
    text = "Bicubic interpolation has its published figures, so that the others can be compared"
    apart = {
        f"{of} x{times}": _mean(scores, BICUBIC, times, of, 0) - published
        for (of, times), (published, _) in BICUBIC_PUBLISHED.items()
        if _whole(sets, of) and times in scale.scales
    }
    if not apart:
        return Claim(text, "not attempted", "Neither Set5 nor Set14 was given.")
    worst = max(apart, key=lambda index: abs(apart[index]))
    why = f"At most {abs(apart[worst]):.3f} dB apart ({worst}); {HARNESS_DB} dB are allowed."
    return Claim(text, "reproduced" if abs(apart[worst]) <= HARNESS_DB else "not reproduced", why)


def _setting(sets: Sets) -> str:
    listed = ", ".join(f"{of} ({len(found)})" for of, found in sets.items())
    return (
        f"Pictures of {listed}. Each was reduced and enlarged again; luma was compared, without as many "
        "pixels at each border as the scale."
    )


def _notes(sets: Sets, scale: Scale) -> Sequence[str]:
    """Say how far our nets were trained, and warn if they have learnt from what they are measured on."""
    cards = {
        name: models.read_card(models.find(name))
        for name in (f"{net}-x{times}" for net in NETS.values() for times in scale.scales)
    }
    notes = [
        "Trained: "
        + "; ".join(f"{name} {_train(card)}" for name, card in cards.items())
        + ". The paper's, as we recall, took 8 x 10^8."
    ]
    learnt = {Path(name).stem for card in cards.values() for name in card.data}
    seen = sorted({name for found in sets.values() for name in found} & learnt)
    if seen:
        notes.append(f"Our nets have learnt from {', '.join(seen)}, so that their figures flatter them.")
    cut = [
        f"{of} ({len(found)} of {WHOLE[of]})" for of, found in sets.items() if len(found) < WHOLE.get(of, 0)
    ]
    if cut:
        notes.append(f"Not whole, and so not held against published figures: {', '.join(cut)}.")
    return notes


def _train(card: models.Card) -> str:
    recipe = from_json(card.recipe)
    begun = " going on from other weights" if recipe.init_from else ""
    return f"{recipe.steps} steps of {recipe.batch}{begun}, {len(card.data)} pictures, {card.hours:.2f} h"
