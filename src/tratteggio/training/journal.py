"""What a run tells while it learns: a journal of plain lines, curves for TensorBoard, sample pictures.

Each line of `journal.jsonl` is one JSON object. A line with "loss" gives means over the steps since the line
before it; one with "validation" tells of the patches held out. After a resume each step is told of once.
"""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from tratteggio import files
from tratteggio.errors import UnwritableFile
from tratteggio.extras import optional
from tratteggio.files.beside import beside
from tratteggio.files.documents import json_lines
from tratteggio.files.parts import open_to_append

Picture = NDArray[np.float32]

GAP_PX = 4
PAPER = 255


class Journal:
    """The journal of one run, open for appending.

    Args:
        run: folder of the run.
        step: updates that the run has done. Lines of later steps were written by a process that was killed
            before it saved its state; those steps are done anew, so their lines go.

    Raises:
        MissingExtra: TensorBoard is not installed.
        UnwritableFile: no space, no permission.
        UnreadableFile: the journal is damaged; the message names the line.
    """

    def __init__(self, run: Path, *, step: int = 0) -> None:
        self.file = run / "journal.jsonl"
        _truncate(self.file, step)
        needs = "training needs TensorBoard"
        with optional("tensorboard", needs=needs, install="pip install 'tratteggio[train]'"):
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415
        self._curves: Any = SummaryWriter(str(run / "tensorboard"), purge_step=step + 1)
        try:
            self._lines = open_to_append(self.file)
        except OSError as error:
            raise UnwritableFile(f"{self.file} cannot be written: {error.strerror or error}") from error

    def tell(self, step: int, values: Mapping[str, Any]) -> None:
        """Write one line and its curves.

        Args:
            step: updates done.
            values: numbers, or mappings of numbers.

        Raises:
            UnwritableFile: no space.
        """
        line = json.dumps({"step": step, **_storable(values)})
        try:
            self._lines.write(f"{line}\n".encode())
            self._lines.flush()
            for name, value in _flat(values):
                self._curves.add_scalar(name, value, step)
        except OSError as error:
            raise UnwritableFile(
                f"{self.file} could not be written: {error.strerror or error}; "
                "make room, then continue with `resume=True`"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # a full disk: what is on its way tells of it, and is not to be hidden
            self._lines.close()
            self._curves.close()


class _Line(Struct):
    """What each line holds beside its figures."""

    step: Annotated[int, Meta(ge=0)]


def read_journal(run: Path) -> list[dict[str, Any]]:
    """Read the lines of a run's journal, oldest first; a last line that a kill cut short is left out.

    Raises:
        UnreadableFile: missing, or a line is none of a journal; the message names it.
    """
    return [line for line, _ in _lines(run / "journal.jsonl")]


class Stages:
    """Seconds that each stage of a step takes.

    A GPU works behind the back of Python, so telling its stages apart means waiting for it after each one.

    Args:
        wait: waits until the device has done all that it was given; nothing on a CPU.
        every: time one step in so many.
    """

    def __init__(self, wait: Callable[[], None] = lambda: None, *, every: int = 1) -> None:
        self._wait = wait
        self._every = every
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._steps = 0
        self._timing = False

    def begin(self, step: int) -> None:
        """Begin a step; decides whether it is timed."""
        self._timing = step % self._every == 0
        self._steps += self._timing

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time what is done inside."""
        start = time.perf_counter()
        yield
        if self._timing:
            self._wait()
            self._seconds[stage] += time.perf_counter() - start

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add what was timed elsewhere, as in the processes that make the patches."""
        if self._timing:
            for stage, spent in seconds.items():
                self._seconds[stage] += float(spent)

    def means(self) -> dict[str, float]:
        """Return seconds per step by stage since the last call, and begin anew."""
        means = {stage: seconds / self._steps for stage, seconds in self._seconds.items() if self._steps}
        self._seconds.clear()
        self._steps = 0
        return means


def write_sheet(path: Path, rows: Sequence[Sequence[Picture]]) -> None:
    """Write pictures side by side, row below row, as 8-bit PNG.

    Args:
        path: where to; the folder is made if missing.
        rows: pictures (C, h, w) of 0 .. 1, as many in each row. Values beyond are shown as black or white; of
            three channels and more the first three are shown as RGB, else the first as grey.

    Raises:
        UnwritableFile: no space, no permission.
    """
    lines = [_beside_each_other([_to_rgb(image) for image in row]) for row in rows]
    width = max(line.shape[1] for line in lines)
    padded = [
        np.pad(line, ((0, GAP_PX), (0, width - line.shape[1]), (0, 0)), constant_values=PAPER)
        for line in lines
    ]
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise UnwritableFile(f"{path.parent} cannot be made: {error.strerror or error}") from error
    files.write(np.concatenate(padded)[:-GAP_PX], path)


def _to_rgb(image: Picture) -> NDArray[np.uint8]:
    """Turn (C, h, w) of 0 .. 1 into RGB (h, w, 3) of 0 .. 255, rounded."""
    rgb = image[:3] if len(image) >= 3 else np.repeat(image[:1], 3, axis=0)
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)


def _beside_each_other(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    gap = np.full((pictures[0].shape[0], GAP_PX, 3), PAPER, np.uint8)
    parts = [part for image in pictures for part in (gap, image)]
    return np.concatenate(parts[1:], axis=1)


def _truncate(file: Path, step: int) -> None:
    """Drop the lines after a step, and a last line that a kill cut short."""
    if not file.exists():
        return
    kept = [json.dumps(line) for line, entry in _lines(file) if entry.step <= step]
    with beside([file]) as [temporary]:
        temporary.write_text("".join(f"{line}\n" for line in kept), "utf-8")


def _lines(file: Path) -> Iterator[tuple[dict[str, Any], _Line]]:
    remedy = "remove that line, then continue with `resume=True`"
    return json_lines(file, _Line, what="journal of a run", remedy=remedy)


def _storable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Put null where a number is not finite: JSON knows neither NaN nor infinity."""
    return {
        name: _storable(value) if isinstance(value, Mapping) else (value if math.isfinite(value) else None)
        for name, value in values.items()
    }


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}/")
        else:
            yield prefix + name, value
