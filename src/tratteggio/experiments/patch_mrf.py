"""Fills from patches, chosen by pixels or by descriptors: quality, time, memory, and a large canvas.

    tratteggio reproduce patch_mrf -o OUT                          a minute; lays out a sheet of a phantom
    tratteggio reproduce patch_mrf --scale cpu --data DIR -o OUT   some ten minutes on one core, resumable

After Žižakić, Ito, Meeus, Pižurica, "Autoencoder-learned local image descriptor for image inpainting", BNAIC
2019, whose context-aware fill (Ružić and Pižurica 2015) of a whole panel ran out of memory by pixels and not
by descriptors, with fewer artefacts to the eye. No figures of fills were published.

All systems fill the same lacunae of the same squares: of pictures in DIR that no net of ours has learnt from,
or of photographs that come with a dependency.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from tratteggio import models
from tratteggio.degradation import draw_damage, make_damage
from tratteggio.engines import patch_mrf
from tratteggio.experiments._folder import Ledger
from tratteggio.experiments._images import Levels, rng_of, square, validation_images
from tratteggio.experiments._report import Claim, Column, Report, Row, Table, Verdict, as_jpeg, write_image
from tratteggio.experiments._stages import Progress, StepCounter
from tratteggio.metrics import mse, ssim_map, texture_kept
from tratteggio.metrics.fidelity import psnr_from_mse
from tratteggio.painting.pixels import Lost
from tratteggio.phantom import panel
from tratteggio.roles import Engine
from tratteggio.treatment import inpaint

TITLE = "Fills from patches (Ružić and Pižurica 2015) by pixels and by descriptors (Žižakić et al. 2019)"

PIXELS, PIXELS_16, V32, V128 = "pixels", "pixels, 16 px", "descriptor-v32", "descriptor-v128"
SYSTEMS = (PIXELS, PIXELS_16, V32, V128)
DAMAGE = ("losses", "cracks")
SSIM_PX = 7
MIB, GIB = 2**20, 2**30
LIMIT_GIB = 1.5
"""What a fill may take, of a painting of any size."""

PATCH_BYTES = {PIXELS: 4 * 768, V32: 4 * 8, V128: 4 * 32}
"""What a version takes for each pixel of a painting that keeps what it compares all patches of 16 x 16 by."""

PSNR, SSIM, TEXTURE, SECONDS = "PSNR, dB", "SSIM", "gradients", "core s"


@dataclass(frozen=True)
class Scale:
    """How much is filled.

    Attributes:
        most: pictures at most.
        side: of the square of each, in pixels.
        canvas: side of the large canvas, in pixels.
        filled: systems that fill the large canvas.
        sheet: side of the phantom on the contact sheet, in pixels.
        conclusive: whether anything can be concluded.
    """

    most: int
    side: int
    canvas: int
    filled: tuple[str, ...]
    sheet: int
    conclusive: bool


SCALES: Mapping[str, Scale] = {
    "smoke": Scale(most=1, side=96, canvas=160, filled=(PIXELS,), sheet=128, conclusive=False),
    "cpu": Scale(most=8, side=256, canvas=2048, filled=(PIXELS, V32), sheet=256, conclusive=True),
}


class Score(NamedTuple):
    """How one fill came out; `texture` is nan where there is none to compare."""

    psnr: float
    ssim: float
    texture: float
    seconds: float


class Taken(NamedTuple):
    """What filling a canvas took: core seconds for each lost megapixel, and MiB at the peak."""

    seconds: float
    mib: float


Scores = Mapping[tuple[str, str], Sequence[Score]]
"""(system, kind of damage) -> one score for each picture."""


def run(scale: str, *, data: Path | None, out: Path, seed: int, progress: Progress | None) -> Report:
    """Fill, measure and compare. Each fill that is measured is kept in `fills.jsonl` and not made again."""
    chosen = SCALES[scale]
    engines = {name: _engine(name, seed) for name in SYSTEMS}
    names, read = validation_images(data, chosen.most)
    ledger = Ledger(out / "fills.jsonl")
    counter = StepCounter(progress, len(names) * len(DAMAGE) * len(SYSTEMS) + len(chosen.filled))
    for name in names:
        for kind in DAMAGE:
            rng = rng_of(seed, name, kind)
            image = square(read(name), chosen.side, rng)
            lost = draw_damage(make_damage(kind), image.shape[:2], rng)
            for system, engine in engines.items():
                if (key := _key(system, engine, kind, name)) not in ledger:
                    ledger.add(key, score(image, lost, engine)._asdict())
                counter.add(1)
    for system in chosen.filled:
        engine = engines[system]
        if (key := _key(system, engine, "canvas", str(chosen.canvas))) not in ledger:
            ledger.add(key, canvas(chosen.canvas, engine, seed)._asdict())
        counter.add(1)
    scores = {
        (system, kind): [Score(**ledger[_key(system, engine, kind, name)]) for name in names]
        for system, engine in engines.items()
        for kind in DAMAGE
    }
    taken = {
        system: Taken(**ledger[_key(system, engines[system], "canvas", str(chosen.canvas))])
        for system in chosen.filled
    }
    write_image(as_jpeg(sheet(chosen.sheet, list(engines.values()), seed)), out / "sheet.jpg")
    return Report(
        setting=_setting(chosen, len(names), "photographs" if data is None else "pictures set aside"),
        tables=[*(_quality(kind, scores) for kind in DAMAGE), _memory(chosen, taken)],
        claims=check_claims(scores, taken, chosen),
        notes=_learnt_from(names),
        pictures={
            "sheet.jpg": f"A phantom: damaged, as it was painted, and filled by {'; '.join(SYSTEMS)}",
        },
        seconds={
            system: sum(one.seconds for kind in DAMAGE for one in scores[system, kind]) for system in SYSTEMS
        },
    )


def _engine(system: str, seed: int) -> Engine:
    if system in (V32, V128):
        return patch_mrf.make(seed=seed, weights=system)
    made = patch_mrf.make(seed=seed)
    if system == PIXELS_16:
        return replace(made, patch=patch_mrf.DESCRIBED)
    return made


def _key(system: str, engine: Engine, kind: str, name: str) -> str:
    """Name a measurement: other weights, or another way to fill, are measured anew."""
    return f"{system} | {json.dumps(engine.parameters, sort_keys=True)} | {kind} | {name}"


# --- filling and measuring ---------------------------------------------------------------------------


def score(image: Levels, lost: Lost, engine: Engine) -> Score:
    """Fill lost pixels and measure how close that comes.

    PSNR in dB over the lost pixels (peak 255); SSIM as scikit-image has it, over all pixels whose window of
    7 x 7 holds a lost one; gradients as `texture_kept`, as a share of what the truth has.
    """
    start = time.process_time()
    filled = inpaint(np.where(lost[..., None], np.uint8(0), image), lost, engine=engine)
    seconds = time.process_time() - start
    similar = ssim_map(image, filled, data_range=255, window="uniform", size=SSIM_PX, sample=True)
    truth = texture_kept(image, lost)
    return Score(
        psnr_from_mse(mse(image, filled, where=lost), data_range=255),
        float(similar[ndimage.maximum_filter(lost, size=SSIM_PX)].mean()),
        texture_kept(filled, lost) / truth if truth else float("nan"),
        seconds,
    )


def canvas(side: int, engine: Engine, seed: int) -> Taken:
    """Fill a phantom panel of `side` pixels with 3 % lost, and trace what that takes beside the panel."""
    damaged = panel(side, side, seed=seed, cracks=0.015, losses=0.015)
    image, lost = damaged.damaged.colour(), damaged.lacunae.read()
    start = time.process_time()
    tracemalloc.start()
    inpaint(image, lost, engine=engine)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Taken((time.process_time() - start) / (lost.sum() / 1e6), peak / MIB)


def sheet(side: int, engines: Sequence[Engine], seed: int) -> Levels:
    """Lay a phantom out, damaged, whole and filled by each engine, in two rows: uint8 (h, w, 3)."""
    truth = panel(side, side, seed=seed, cracks=0, losses=0).painted.colour()
    lost = draw_damage(make_damage("losses"), (side, side), rng_of(seed, "sheet"))
    broken = np.where(lost[..., None], np.uint8(255), truth)
    shown = [broken, truth, *(inpaint(broken, lost, engine=engine) for engine in engines)]
    shown = [np.pad(one, ((0, 4), (0, 4), (0, 0)), constant_values=255) for one in shown]
    half = len(shown) // 2
    laid: Levels = np.concatenate([np.concatenate(row, axis=1) for row in (shown[:half], shown[half:])])
    return laid


# --- what is told ------------------------------------------------------------------------------------


def _mean(values: Sequence[float]) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _quality(kind: str, scores: Scores) -> Table:
    columns = [
        Column(PSNR, better="higher"),
        Column(SSIM, 3, "higher"),
        Column(TEXTURE),
        Column(SECONDS, better="lower"),
    ]
    rows = [
        Row(
            system,
            {
                column.name: _mean([one[index] for one in scores[system, kind]])
                for index, column in enumerate(columns)
            },
        )
        for system in SYSTEMS
    ]
    note = (
        "Means. PSNR over the lost pixels (peak 255), SSIM around them (7 x 7), the energy of gradients as a "
        "share of what the truth has there (1: as textured), core seconds of one fill."
    )
    return Table(f"Fills of {kind}", columns, rows, note)


def _memory(scale: Scale, taken: Mapping[str, Taken]) -> Table:
    stored, peak, seconds = "all patches kept, MiB", "ours at the peak, MiB", "core s / lost megapixel"
    rows = [
        Row(
            system,
            {
                stored: each * scale.canvas**2 / MIB,
                **({peak: taken[system].mib, seconds: taken[system].seconds} if system in taken else {}),
            },
        )
        for system, each in PATCH_BYTES.items()
    ]
    note = (
        f"A phantom of {scale.canvas} x {scale.canvas} pixels. All patches kept, as float32: "
        f"{PATCH_BYTES[PIXELS] // 4} numbers for each by pixels, 8 or 32 for each pixel off the maxima of "
        "the nets. Ours keeps none: windows, and few labels for each node. The peak is traced over all of "
        "`inpaint`, NumPy's memory alone; the seconds are those of the run that was traced."
    )
    return Table("A large canvas", [Column(stored, 0), Column(peak, 0), Column(seconds, 1)], rows, note)


def check_claims(scores: Scores, taken: Mapping[str, Taken], scale: Scale) -> list[Claim]:
    """Judge what was said of descriptors in fills, and what we ask of ours."""
    kept = PATCH_BYTES[PIXELS] * scale.canvas**2 / GIB
    most = max(one.mib for one in taken.values()) / 1024
    better = {
        measure: [
            _mean([one[measure] for one in scores[V32, kind]])
            - _mean([one[measure] for one in scores[PIXELS_16, kind]])
            for kind in DAMAGE
        ]
        for measure in (0, 1)
    }
    texture = [_mean([one.texture for one in scores[PIXELS, kind]]) for kind in DAMAGE]
    found: list[tuple[str, bool, str]] = [
        (
            "A whole panel is filled that comparing all pixels has no memory for",
            kept > LIMIT_GIB > most,
            f"All patches by pixels would take {kept:.1f} GiB, the fill took {most:.2f}; the limit is "
            f"{LIMIT_GIB} GiB.",
        ),
        (
            "By descriptors fills have fewer artefacts than by pixels, at patches of one size",
            all(gain > 0 for gains in better.values() for gain in gains),
            "descriptor-v32 against pixels, 16 px: "
            + "; ".join(
                f"{kind} {dB:+.2f} dB, {ssim:+.3f} SSIM"
                for kind, dB, ssim in zip(DAMAGE, *better.values(), strict=True)
            )
            + ".",
        ),
        (
            "Our own: texture is kept, gradients between 0.8 and 1.2 of the truth's",
            all(0.8 <= one <= 1.2 for one in texture),
            "; ".join(f"{kind} {one:.2f}" for kind, one in zip(DAMAGE, texture, strict=True)) + ".",
        ),
    ]
    return [Claim(text, _verdict(held, scale), why) for text, held, why in found]


def _verdict(held: bool, scale: Scale) -> Verdict:
    if not scale.conclusive:
        return "not attempted"
    return "reproduced" if held else "not reproduced"


def _setting(scale: Scale, count: int, what: str) -> str:
    return (
        f"A square of {scale.side} x {scale.side} pixels (or all of a smaller picture) of {count} {what}, "
        "for each kind of damage; the same for all systems. Patches are 8 px wide by pixels, and 16 by "
        "descriptors, as these ask; by pixels with 16, too, so that like can be held against like."
    )


def _learnt_from(names: Sequence[str]) -> list[str]:
    """Warn if our nets have learnt from pictures that they are measured on."""
    learnt = {Path(n).name for net in (V32, V128) for n in models.read_card(models.find(net)).data}
    seen = [name for name in names if Path(name).name in learnt]
    return (
        [f"Our nets have learnt from {', '.join(seen)}, so that their figures flatter them."] if seen else []
    )
