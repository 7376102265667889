"""What takes long, in a process of its own: the viewer stays quick, and a task can be stopped at once.

The functions are those of `tratteggio.treatment` that the command line uses, too. A process that is stopped
in the middle of a fill leaves a sound ledger, from which the studio or the command line goes on.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import Stopped, TratteggioError
from tratteggio.painting import Labels, Lacunae, Region, Restoration
from tratteggio.roles import Detector
from tratteggio.studio.shrinking import grow_confidence, grow_fill, shrink_lacunae, shrink_stack
from tratteggio.treatment.choosing import Choice, choose

Progress = Callable[[int, int], None]
WARM = "load the engine of most fills"
EVERY_S = 0.1  # between two messages of progress


def serve(channel: Connection) -> None:
    """Do tasks one after the other until the studio closes or ends.

    Args:
        channel: (name, arguments) come in; ("progress", done, total), ("note", sentence), and at last
            ("done", result) or ("failed", sentence) go out.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the studio, which then closes the channel
    logging.getLogger("tratteggio").addHandler(_Notes(channel))
    logging.getLogger("tratteggio").setLevel(logging.INFO)
    while True:
        try:
            asked = channel.recv()
        except (EOFError, OSError):
            return
        if asked == WARM:
            _warm_up()
            continue
        if isinstance(asked, str):
            continue  # a task was told to stop when it had just ended
        name, arguments = asked
        try:
            answer = ("done", TASKS[name](progress=_told(channel), **arguments))
        except TratteggioError as error:
            answer = ("failed", str(error))
        except MemoryError:
            answer = (
                "failed",
                "the machine has too little memory for this; close other programs",
            )
        except OSError as error:
            answer = ("failed", f"{error.filename or 'a file'}: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 an engine of another package raises anything; the studio goes on
            answer = ("failed", f"This is an error in tratteggio: {type(error).__name__}: {error}")
        try:
            channel.send(answer)
        except OSError:
            return


def preview(
    *,
    source: str,
    white: float | None,
    region: tuple[int, int, int, int],
    lost: NDArray[np.bool_],
    engine: str,
    finish: str,
    seed: int,
    samples: int,
    choices: list[dict[str, Any]],
    step: int,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Fill one region in memory, as the whole would be filled.

    Args:
        source: the painting.
        white: the sample that stands for white.
        region: what is filled.
        lost: (h, w), where paint is lost in the region.
        engine, finish, seed: as for `treatment.inpaint`.
        samples: how many other fills.
        choices: of single lacunae, with places in the region.
        step: 2 fills at half size, which takes a quarter of the time; the finish is applied at full size.
        progress: called with (lost pixels done, lost pixels in all).

    Returns:
        for each fill its "pixels" (the region with the fill), "lost" and "confidence".
    """
    from tratteggio import treatment  # noqa: PLC0415 the first task loads it, not the start

    stack = treatment.open(source, white=white).crop(Region(*region))
    # A view is no file: the hash of a file of gigabytes would take longer than the fill.
    stack = replace(stack, scans=tuple(replace(scan, name="the view") for scan in stack.scans))
    lacunae = Lacunae(lost, "the marks in view")
    chosen = choose(lacunae, [Choice(**one) for one in choices])
    best = _engine(engine, seed)
    filled = treatment.inpaint(
        shrink_stack(stack, step), shrink_lacunae(lacunae, step), engine=best, seed=seed, samples=samples,
        choices=[Choice(row=one.row // step, col=one.col // step, sample=one.sample)
                 for one in chosen.by_number.values() if one.sample is not None],
        mostly_lost=True, progress=progress,
    )  # fmt: skip
    shown = lacunae if not chosen.by_number else chosen.filled()
    fills = []
    for one in (filled, *filled.samples):
        grown = Restoration(
            stack.primary, shown, grow_fill(one.fill, one.lacunae.read(), stack.primary, step),
            grow_confidence(one.confidence, stack.grid, step), {},
        )  # fmt: skip
        finished = chosen.finish(grown, finish)
        fills.append({"pixels": finished.image, "lost": shown.read(), "confidence": finished.confidence})
    return fills


def _warm_up() -> None:
    try:
        _engine("auto", 0)
    except TratteggioError:
        return  # the fill will say so


@lru_cache(maxsize=2)
def _engine(engine: str, seed: int) -> Any:
    """Return an engine; it is kept, so that the next preview need not load its net again."""
    from tratteggio import treatment  # noqa: PLC0415

    return treatment.make_engine(engine, seed=seed)


def fill(
    *,
    source: str,
    mask: str,
    target: str,
    white: float | None,
    engine: str,
    finish: str,
    seed: int,
    sample: int,
    calibrate: bool,
    leave_above: float | None,
    choices: list[dict[str, Any]],
    resume: bool,
    progress: Progress,
) -> dict[str, Any]:
    """Fill the whole painting into a file, and prove that nothing else was touched.

    `sample` is the number of another fill, in place of the one that the engine holds for best, which is 0.
    """
    from tratteggio import evaluation, treatment  # noqa: PLC0415

    options = treatment.FillOptions(
        finish=finish, seed=seed, white=white, mask_orientation="stored", mostly_lost=True,
        calibrate=calibrate, leave_above=leave_above, choices=tuple(Choice(**one) for one in choices),
    )  # fmt: skip
    best = _engine(engine, seed)
    made = treatment.samplers(best, sample)[-1] if sample else best
    history = treatment.inpaint_file(
        Path(source), Path(mask), Path(target), engine=made, options=options, resume=resume,
        progress=progress,
    )  # fmt: skip
    return {"target": target, "lost_px": history["lacunae"]["lost_px"], **_proof(evaluation.verify(target))}


def verify(*, target: str, progress: Progress) -> dict[str, Any]:
    """Prove again that a proposal left the paint alone."""
    from tratteggio import evaluation  # noqa: PLC0415

    return {"target": target, **_proof(evaluation.verify(target, progress=progress))}


def detect(
    *, source: str, white: float | None, detector: str, strength: str, progress: Progress
) -> dict[str, Any]:
    """Find damage, and write how sure the detector is of each pixel."""
    from tratteggio import treatment  # noqa: PLC0415

    made, words = treatment.make_detector(detector)
    treatment.survey(source, [made], strength=strength, white=white, progress=progress)
    return _looked(made, words)


def teach(
    *,
    source: str,
    white: float | None,
    region: tuple[int, int, int, int],
    codes: NDArray[np.uint8],
    strength: str,
    progress: Progress,
) -> dict[str, Any]:
    """Learn from the labels of a region what damage looks like, and look for it in the whole painting.

    Of losses and cracks the one with more labels is looked for.
    """
    from tratteggio import features, treatment  # noqa: PLC0415

    progress(0, 1)
    labels = Labels(codes, "the marks in view")
    learnt = features.learn(treatment.open(source, white=white).crop(Region(*region)), labels)
    damage = max(learnt, key=lambda kind: labels.counts[kind])
    treatment.survey(source, [learnt[damage]], strength=strength, white=white, progress=progress)
    return _looked(learnt[damage], f"{learnt[damage].name} ({damage})")


def _looked(made: Detector, words: str) -> dict[str, Any]:
    trace = made.trace._asdict()
    return {"detector": words, "damage": made.damage, "threshold": made.threshold, "trace": trace}


def report(*, target: str, page: str, log: list[dict[str, Any]], progress: Progress) -> dict[str, Any]:
    """Write the page that documents a proposal."""
    from tratteggio import pages  # noqa: PLC0415

    progress(0, 1)
    pages.report(target, page, log=log)
    return {"page": page}


def export(*, target: str, copy: str, progress: Progress) -> dict[str, Any]:
    """Write the layers of a proposal for a painting program."""
    from tratteggio import treatment  # noqa: PLC0415

    progress(0, 1)
    treatment.export(target, copy)
    return {"copy": copy}


TASKS: dict[str, Callable[..., Any]] = {
    "preview": preview,
    "fill": fill,
    "verify": verify,
    "detect": detect,
    "teach": teach,
    "report": report,
    "export": export,
}


def _proof(proof: Any) -> dict[str, Any]:
    return {"passed": proof.passed, "verdict": proof.as_text()}


def _told(channel: Connection) -> Progress:
    last = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal last
        if channel.poll():
            raise Stopped(f"stopped as asked: {channel.recv()}")
        now = time.monotonic()
        if now - last >= EVERY_S or done == total:
            last = now
            channel.send(("progress", done, total))

    return progress


class _Notes(logging.Handler):
    """Sends what the library notes."""

    def __init__(self, channel: Connection) -> None:
        super().__init__(logging.INFO)
        self.channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.channel.send(("note", record.getMessage()))
        except (OSError, ValueError):
            self.handleError(record)
