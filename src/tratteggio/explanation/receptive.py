"""The receptive field of each layer of any net, by measurement.

For a chain of convolutions and maxima there is a formula: each layer widens the field by its kernel less one,
times the strides before it. For nets with skips, doubled features or packed pixels there is no short formula,
so the field is measured. In a copy of the net all weights are positive, so that nothing cancels and every
unit is active. Then one column of the image after the other is raised. An output that changes has this
column in its receptive field. Rows are measured in the same way.

Values that a net computes once for the whole image, such as its strength, are held fixed: they belong to
every field and say nothing about the layers. `Field.held` states whether there are any.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from tratteggio.explanation.inputs import InputSpec, all_known
from tratteggio.explanation.layers import record_outputs
from tratteggio.painting import Region

PROBES = (64, 128, 256)  # px, lengths of a strip; a layer that sees more than the longest is unbounded
RAISED = 1e6  # small parts of a sum must show: 1e6 * 3 ** -40 changes 1 in float64
COLUMNS = 16  # raised in one batch

REDUCTIONS = frozenset(
    [
        "sum",
        "mean",
        "std",
        "var",
        "amax",
        "amin",
        "max",
        "min",
        "logsumexp",
        "adaptive_avg_pool2d",
        "adaptive_max_pool2d",
    ]
)


@dataclass(frozen=True)
class Line:
    """The receptive fields of outputs along one axis.

    Attributes:
        begin: the first output that is described; those before it see the border.
        first, last: first and last pixel that outputs begin, begin + 1, ... see, for one period.
        step: pixels from an output to the same one of the next period, `len(first)` outputs further.
    """

    begin: int
    first: tuple[int, ...]
    last: tuple[int, ...]
    step: int

    @property
    def size(self) -> int:
        """The most pixels that an output sees."""
        return max(last - first + 1 for first, last in zip(self.first, self.last, strict=True))

    @property
    def stride(self) -> float:
        """Pixels from one output to the next, on average; below 1 where outputs are finer than pixels."""
        return self.step / len(self.first)

    def seen(self, index: int) -> tuple[int, int]:
        """Return the first pixel that an output sees and the one after its last; may be beyond the image."""
        times, phase = divmod(index - self.begin, len(self.first))
        return self.first[phase] + times * self.step, self.last[phase] + times * self.step + 1


@dataclass(frozen=True)
class Field:
    """The receptive field of a layer.

    Attributes:
        rows, cols: along both axes; None if an output sees more than 256 pixels.
        held: whether the net also computes values of the whole image, which are not counted.
        blind: whether the layer outputs the same for every image without lacunae.
    """

    rows: Line | None
    cols: Line | None
    held: bool
    blind: bool

    def region(self, row: int, col: int) -> Region | None:
        """Return the pixels that output (row, col) depends on; None if the field is unbounded.

        Near the border the region reaches beyond the image.
        """
        if self.rows is None or self.cols is None:
            return None
        (top, bottom), (left, right) = self.rows.seen(row), self.cols.seen(col)
        return Region(top, left, bottom, right)


def measure_fields(net: nn.Module, what: InputSpec, names: Sequence[str]) -> dict[str, Field]:
    """Measure the receptive fields of layers, in pixels of the input.

    Args:
        net: in evaluation mode (`eval()`), on the CPU; it is not changed.
        what: input that the net takes.
        names: of layers.

    Example:
        Two convolutions 3 x 3, the first of stride 2: 3 + (3 - 1) * 2 = 7 pixels.

        >>> net = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(2, 1, 3))
        >>> found = measure_fields(net.eval(), InputSpec(1, 16, False, 1, 16), ["2"])["2"]
        >>> found.rows.size, found.rows.stride, found.region(8, 8)
        (7, 2.0, Region(top=15, left=15, bottom=22, right=22))
    """
    positive = _positive(net)
    down, across = (_lines(positive, what, names, turned=turned) for turned in (True, False))
    return {
        name: Field(
            down.lines.get(name), across.lines.get(name), down.held or across.held, name in across.blind
        )
        for name in names
    }


def _positive(net: nn.Module) -> nn.Module:
    """Copy a net with weights that cannot cancel: each output is about the mean of its receptive field."""
    twin = copy.deepcopy(net).double().eval()
    with torch.no_grad():
        for module in twin.modules():
            for name, parameter in module.named_parameters(recurse=False):
                share = 1 / max(1, parameter[0].numel()) if parameter.dim() > 1 else 1
                parameter.fill_(share if name == "weight" else 1)
            for name, buffer in module.named_buffers(recurse=False):
                if name in ("running_mean", "running_var"):
                    buffer.fill_(float(name == "running_var"))
    return twin


class _Still(TorchFunctionMode):
    """Hold values of a whole image as they are for the first of the batch, while this is active."""

    def __init__(self) -> None:
        super().__init__()
        self.held = False

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") not in REDUCTIONS or not isinstance(output, Tensor):
            return output
        whole = args[0].dim() == 4 and len(output) == len(args[0]) if output.dim() else False
        if whole and (output.dim() < 3 or output.shape[2:].numel() == 1):
            self.held = True
            return output[:1].expand_as(output)
        return output


@dataclass(frozen=True)
class _Found:
    lines: dict[str, Line]
    blind: set[str]
    held: bool


def _lines(net: nn.Module, what: InputSpec, names: Sequence[str], *, turned: bool) -> _Found:
    """Measure receptive fields along an axis, with strips that are long enough for each layer."""
    lines: dict[str, Line] = {}
    blind: set[str] = set()
    still = _Still()
    lengths = [what.inner] if what.fixed else [-(-probe // what.inner) * what.inner for probe in PROBES]
    for length in lengths:
        strip = _Strip(net, what, length, turned, still)
        # The outermost columns first: if every output sees one of them, the strip is too short.
        missing = [name for name in names if name not in lines and name not in blind]
        ends = strip.find_changes([0, length - 1], missing)
        blind |= {name for name, seen in ends.items() if not seen.any()} if length == lengths[0] else set()
        ending = [name for name, seen in ends.items() if seen.any() and not seen.any(axis=0).all()]
        if ending:
            found = {name: _line(seen) for name, seen in strip.find_changes(range(length), ending).items()}
            lines |= {name: line for name, line in found.items() if line is not None}
    return _Found(lines, blind, still.held)


@dataclass(frozen=True)
class _Strip:
    """A long narrow image of 1 with one raised column."""

    net: nn.Module
    what: InputSpec
    length: int
    turned: bool
    still: _Still

    @torch.no_grad()
    def find_changes(self, columns: Sequence[int], names: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
        """Raise columns one by one -> for each layer (columns, outputs), True where an output changed."""
        parts: dict[str, list[Tensor]] = {}
        for begin in range(0, len(columns) if names else 0, COLUMNS):
            some = columns[begin : begin + COLUMNS]
            shape = 1 + len(some), self.what.channels, self.what.inner, self.length
            x = torch.ones(shape, dtype=torch.float64)
            for item, column in enumerate(some, start=1):
                x[item, :, :, column] = RAISED
            x = x.mT.contiguous() if self.turned else x
            with self.still:
                seen = record_outputs(self.net, x, all_known(self.net, x), names)
            for name, y in seen.items():
                # Over the features, and over the other axis.
                differs = (y[1:] != y[:1]).any(dim=1).any(dim=2 if self.turned else 1)
                parts.setdefault(name, []).append(differs)
        return {name: torch.cat(several).numpy() for name, several in parts.items()}


def _line(changed: NDArray[np.bool_]) -> Line | None:
    """Read first and last columns of fields away from the border, and their period; None if there is none."""
    length = len(changed)
    first, last = changed.argmax(axis=0), length - 1 - changed[::-1].argmax(axis=0)
    inner = np.flatnonzero((first > 0) & (last < length - 1))
    if not inner.size:
        return None
    begin, end = int(inner[0]), int(inner[-1]) + 1
    for period in range(1, (end - begin) // 2 + 1):
        steps = {
            int(step)
            for edge in (first[begin:end], last[begin:end])
            for step in np.unique(edge[period:] - edge[:-period])
        }
        if len(steps) == 1 and min(steps) > 0:
            of_period = slice(begin, begin + period)
            return Line(
                begin, tuple(map(int, first[of_period])), tuple(map(int, last[of_period])), steps.pop()
            )
    return None
