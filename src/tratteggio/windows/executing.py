"""Compute a list of windows, one by one or on an executor: outputs come in order and are the same bits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Executor, Future
from typing import Protocol, TypeAlias, TypeVar

Item = TypeVar("Item")
Output = TypeVar("Output")
Made_co = TypeVar("Made_co", covariant=True)

AHEAD = 8  # windows that are computed, or wait to be taken, at a time; each is held in memory


class Begun(Protocol[Made_co]):
    """A computation that was begun elsewhere."""

    def result(self) -> Made_co:
        """Wait for what it gives, or raise what it raised."""

    def cancel(self) -> bool:
        """Give it up; False if it goes on nevertheless."""


class Workers(Protocol):
    """Processes elsewhere, which open the painting themselves: `windows.cluster.Cluster`."""

    @property
    def ahead(self) -> int:
        """How many windows may be begun before their outputs are taken."""

    def submit(self, compute: Callable[[Item], Output], item: Item, /) -> Begun[Output]:
        """Begin one computation; `compute` and what it knows are sent once, `item` each time."""


Computers: TypeAlias = Executor | Workers
"""What computes windows: threads or processes of this machine, or workers elsewhere."""


def opens_elsewhere(executor: Computers | None) -> bool:
    """True if the painting is opened where windows are computed, so that no pixels are sent there."""
    return executor is not None and not isinstance(executor, Executor)


def ahead_of(executor: Computers) -> int:
    """Return how many windows may be begun before their outputs are taken."""
    return AHEAD if isinstance(executor, Executor) else executor.ahead


def compute_in_order(
    compute: Callable[[Item], Output], items: Iterable[Item], *, executor: Computers | None = None
) -> Generator[Output, None, None]:
    """Yield the output for each item, in the order of the items.

    Only the caller sees outputs: what it keeps, writes or reports stays in its own thread. When the caller
    stops, or a computation fails, no further item is begun, and those that were begun are waited for, or
    given up if they are elsewhere.

    Args:
        compute: depends on its item alone. On an executor of threads it is called from several at once; on
            one of processes, and on workers elsewhere, it and the items must be picklable.
        items: taken one by one, at most as many as may be begun before they are needed.
        executor: None computes each output when it is asked for.

    Raises:
        Exception: what `compute` raised, at the place of its item: all outputs before it were yielded.

    Example:
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> with ThreadPoolExecutor(2) as threads:
        ...     list(compute_in_order(lambda n: n * n, range(4), executor=threads))
        [0, 1, 4, 9]
    """
    if executor is None:
        yield from map(compute, items)
        return
    begun: deque[Begun[Output]] = deque()
    try:
        for item in items:
            begun.append(executor.submit(compute, item))
            if len(begun) >= ahead_of(executor):
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        give_up(list(begun))


def give_up(begun: Sequence[Begun[Output]]) -> None:
    """Cancel computations, and wait for those of this machine that go on nevertheless."""
    going_on = [one for one in begun if not one.cancel()]
    for one in going_on:
        if isinstance(one, Future):
            one.exception()
