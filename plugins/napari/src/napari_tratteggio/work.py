"""What the widget does in the background, without napari and without Qt."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import tratteggio as tg
from napari_tratteggio.layers import LayerData, damage_layer, damage_of, proposal_layers
from tratteggio import treatment
from tratteggio.errors import Cancelled

T = TypeVar("T")
Progress = Callable[[int, int], None]


def follow(work: Callable[[Progress], T]) -> Generator[float, None, T]:
    """Run work in a thread and yield how much of it is done, 0 to 1; return its result.

    Closing the generator stops the work where it next tells its progress.

    Args:
        work: takes a callback (done, total).

    Raises:
        BaseException: whatever the work raises.
    """
    told: queue.Queue[tuple[str, Any]] = queue.Queue()
    leaving = threading.Event()

    def tell(done: int, total: int) -> None:
        if leaving.is_set():
            raise Cancelled("stopped in napari")
        told.put(("progress", done / max(1, total)))

    def run() -> None:
        try:
            told.put(("result", work(tell)))
        except BaseException as error:  # noqa: BLE001 raised again where the generator is read
            told.put(("error", error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while True:
            kind, value = told.get()
            if kind == "error":
                raise value
            if kind == "result":
                result: T = value
                return result
            yield value
    finally:
        leaving.set()
        thread.join()


def detect(source: Path, progress: Progress) -> list[LayerData]:
    """Look for damage in a painting; return a labels layer to correct."""
    found = treatment.survey(source, progress=progress)
    return [damage_layer(found.damage, tg.open(source).primary, source)]


def fill(source: Path, labels: Any, engine: str, target: Path | None, progress: Progress) -> list[LayerData]:
    """Propose a fill for the losses and scratches of a labels layer.

    Args:
        source: the painting.
        labels: (H, W) numbers of classes, upright.
        engine: by name.
        target: where to save the proposal; None: it is only shown.
        progress: called with (done, total).

    Raises:
        TratteggioError: as `tratteggio.inpaint` raises.
    """
    stack = tg.open(source)
    damage = damage_of(labels, stack.primary)
    restoration = tg.inpaint(stack, damage=damage, engine=engine, progress=progress)
    if target is not None:
        restoration.save(target)
    return proposal_layers(restoration, source if target is None else target)[1:]
