"""Which pixels an answer of a net has seen: its receptive field, for any net, by asking it.

A chain of convolutions and maxima has a rule: each layer widens the field by its kernel less one, times the
strides before it. Nets with skips, doubled features or cells of pixels have none so short. So the net itself
is asked: in a copy all weights are positive, so that nothing cancels and no activation rests; then one column
of a picture after the other is raised, and where an answer moves it has seen that column. Rows likewise.

What a net finds of a whole picture at once, such as the strength that it brings all to, is held still: that
belongs to every field and says nothing of the layers. `Field.held` tells of it.
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

from tratteggio.inside.layers import answers
from tratteggio.inside.showing import Takes, everything
from tratteggio.painting import Region

PROBES = (64, 128, 256)  # px that a strip is long; a layer that sees more sees "the whole"
RAISED = 1e6  # small parts of a sum must show: 1e6 * 3 ** -40 is still seen beside 1 in float64
COLUMNS = 16  # that are raised in one batch

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
    """What answers see along one axis.

    Attributes:
        begin: the first answer that is described; those before see the border.
        first, last: the pixels that answers begin, begin + 1, ... see; as many as repeat.
        step: pixels from an answer to the next that sees alike, `len(first)` answers on.
    """

    begin: int
    first: tuple[int, ...]
    last: tuple[int, ...]
    step: int

    @property
    def size(self) -> int:
        """Pixels that an answer sees at most."""
        return max(last - first + 1 for first, last in zip(self.first, self.last, strict=True))

    @property
    def stride(self) -> float:
        """Pixels from one answer to the next, on average; less than 1 where answers are finer than pixels."""
        return self.step / len(self.first)

    def seen(self, index: int) -> tuple[int, int]:
        """Return the first pixel that an answer sees and the one after its last, also beyond a picture."""
        times, phase = divmod(index - self.begin, len(self.first))
        return self.first[phase] + times * self.step, self.last[phase] + times * self.step + 1


@dataclass(frozen=True)
class Field:
    """The receptive field of a layer.

    Attributes:
        rows, cols: along both axes; None where an answer sees more than 256 pixels.
        held: whether the net finds something of the whole picture as well, which is not counted.
        blind: whether nothing of a picture passes the layer while nothing is lost.
    """

    rows: Line | None
    cols: Line | None
    held: bool
    blind: bool

    def region(self, row: int, col: int) -> Region | None:
        """Return the pixels that answer (row, col) has seen; None if they are without end.

        At the border of a picture the region goes beyond it.
        """
        if self.rows is None or self.cols is None:
            return None
        (top, bottom), (left, right) = self.rows.seen(row), self.cols.seen(col)
        return Region(top, left, bottom, right)


def fields(net: nn.Module, what: Takes, names: Sequence[str]) -> dict[str, Field]:
    """Find the receptive fields of layers, in pixels of what the net takes.

    Args:
        net: ready to answer (`eval()`), on the CPU; it stays as it is.
        what: it takes.
        names: of layers.

    Example:
        Two convolutions 3 x 3, the first of stride 2: 3 + (3 - 1) * 2 = 7 pixels.

        >>> net = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(2, 1, 3))
        >>> found = fields(net.eval(), Takes(1, 16, False, 1, 16), ["2"])["2"]
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
    """Copy a net with weights that cannot cancel: each answer is about the mean of what it sees."""
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
    """While this is on, what is found of a whole picture at once stays as in the first of a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.held = False

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        answer = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") not in REDUCTIONS or not isinstance(answer, Tensor):
            return answer
        whole = args[0].dim() == 4 and len(answer) == len(args[0]) if answer.dim() else False
        if whole and (answer.dim() < 3 or answer.shape[2:].numel() == 1):
            self.held = True
            return answer[:1].expand_as(answer)
        return answer


@dataclass(frozen=True)
class _Found:
    lines: dict[str, Line]
    blind: set[str]
    held: bool


def _lines(net: nn.Module, what: Takes, names: Sequence[str], *, turned: bool) -> _Found:
    """Find what answers see along an axis, by strips that are long enough for each layer."""
    lines: dict[str, Line] = {}
    blind: set[str] = set()
    still = _Still()
    lengths = [what.inner] if what.fixed else [-(-probe // what.inner) * what.inner for probe in PROBES]
    for length in lengths:
        strip = _Strip(net, what, length, turned, still)
        # The outermost columns first: where they leave no answer between them, all others do not matter.
        missing = [name for name in names if name not in lines and name not in blind]
        ends = strip.moved([0, length - 1], missing)
        blind |= {name for name, seen in ends.items() if not seen.any()} if length == lengths[0] else set()
        asked = [name for name, seen in ends.items() if seen.any() and not seen.any(axis=0).all()]
        if asked:
            found = {name: _line(seen) for name, seen in strip.moved(range(length), asked).items()}
            lines |= {name: line for name, line in found.items() if line is not None}
    return _Found(lines, blind, still.held)


@dataclass(frozen=True)
class _Strip:
    """A long narrow picture before a net: of 1, but for one column."""

    net: nn.Module
    what: Takes
    length: int
    turned: bool
    still: _Still

    @torch.no_grad()
    def moved(self, columns: Sequence[int], names: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
        """Raise columns one by one -> for each layer (columns, answers), True where an answer moved."""
        parts: dict[str, list[Tensor]] = {}
        for begin in range(0, len(columns) if names else 0, COLUMNS):
            some = columns[begin : begin + COLUMNS]
            shape = 1 + len(some), self.what.channels, self.what.inner, self.length
            x = torch.ones(shape, dtype=torch.float64)
            for item, column in enumerate(some, start=1):
                x[item, :, :, column] = RAISED
            x = x.mT.contiguous() if self.turned else x
            with self.still:
                seen = answers(self.net, x, everything(self.net, x), names)
            for name, y in seen.items():
                # Over the features, and over the axis that was not asked for.
                differs = (y[1:] != y[:1]).any(dim=1).any(dim=2 if self.turned else 1)
                parts.setdefault(name, []).append(differs)
        return {name: torch.cat(several).numpy() for name, several in parts.items()}


def _line(moved: NDArray[np.bool_]) -> Line | None:
    """Read off which columns answers see, away from the border, and how that repeats; None if it does not."""
    length = len(moved)
    first, last = moved.argmax(axis=0), length - 1 - moved[::-1].argmax(axis=0)
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
