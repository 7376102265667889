"""A panel in napari: detect damage, correct it as labels, propose a fill. Work runs in the background."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, FileEdit, Label, ProgressBar, PushButton
from napari.layers import Image, Labels, Layer
from napari.qt.threading import thread_worker

from napari_tratteggio import work
from napari_tratteggio.layers import OURS, LayerData, source_of
from tratteggio import registry
from tratteggio.errors import TratteggioError

if TYPE_CHECKING:
    import napari


class ProposeWidget(Container):  # type: ignore[type-arg]
    """Detect and fill.

    Args:
        viewer: napari gives it.
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        self.viewer = viewer
        self.engine = ComboBox(label="engine", choices=registry.names("engines"), value="auto")
        self.target = FileEdit(label="save as", mode="w", filter="*.tif *.png", nullable=True)
        self.detecting = PushButton(text="Detect damage")
        self.filling = PushButton(text="Propose a fill")
        self.stopping = PushButton(text="Stop", enabled=False)
        self.bar = ProgressBar(min=0, max=100, value=0)
        self.said = Label(value="Select a layer of a painting that tratteggio opened.")
        super().__init__(
            widgets=[
                self.engine,
                self.target,
                self.detecting,
                self.filling,
                self.stopping,
                self.bar,
                self.said,
            ]
        )
        self.worker: Any = None
        self.detecting.clicked.connect(self.detect)
        self.filling.clicked.connect(self.fill)
        self.stopping.clicked.connect(self.stop)

    def detect(self) -> None:
        """Look for damage in the painting of the selected layer."""
        source = self._find_source()
        if source is not None:
            self._start_job(lambda progress: work.detect(source, progress))

    def fill(self) -> None:
        """Fill what the uppermost labels layer marks."""
        source, labels = self._find_source(), self._find_labels()
        if source is None:
            return
        if labels is None:
            self.said.value = (
                "There is no labels layer of this painting. Detect damage, or add one and paint."
            )
            return
        engine, target = str(self.engine.value), self.target.value
        place = Path(target) if target and Path(target).suffix else None
        self._start_job(lambda progress: work.fill(source, labels.data, engine, place, progress))

    def stop(self) -> None:
        """Stop what runs."""
        if self.worker is not None:
            self.worker.quit()

    def _find_source(self) -> Path | None:
        chosen = self.viewer.layers.selection.active
        if chosen is None or OURS not in chosen.metadata:  # an own labels layer, as a rule
            chosen = _ours(self.viewer.layers)
        try:
            return source_of({} if chosen is None else chosen.metadata)
        except TratteggioError as error:
            self.said.value = str(error)
            return None

    def _find_labels(self) -> Labels | None:
        return next((layer for layer in reversed(self.viewer.layers) if isinstance(layer, Labels)), None)

    def _start_job(self, job: Callable[[work.Progress], list[LayerData]]) -> None:
        @thread_worker
        def run() -> Generator[float, None, list[LayerData]]:
            return (yield from work.follow(job))

        self.worker = run()
        self.worker.yielded.connect(lambda share: setattr(self.bar, "value", round(100 * share)))
        self.worker.returned.connect(self._add_layers)
        self.worker.errored.connect(lambda error: setattr(self.said, "value", str(error)))
        self.worker.finished.connect(lambda: self._set_busy(busy=False))
        self._set_busy(busy=True)
        self.worker.start()

    def _add_layers(self, layers: list[LayerData]) -> None:
        for data in layers:
            self.viewer.add_layer(Layer.create(*data))
        self.said.value = f"Added {', '.join(str(attributes['name']) for _, attributes, _ in layers)}."

    def _set_busy(self, *, busy: bool) -> None:
        self.detecting.enabled = self.filling.enabled = not busy
        self.stopping.enabled = busy
        self.bar.value = 0


def _ours(layers: Any) -> Image | None:
    return next((one for one in layers if isinstance(one, Image) and OURS in one.metadata), None)
