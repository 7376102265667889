"""Compute a list of windows, one by one or on an executor: outputs come in order and are the same bits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor, Future, wait
from typing import TypeVar

Item = TypeVar("Item")
Output = TypeVar("Output")

AHEAD = 8  # windows that are computed, or wait to be taken, at a time; each is held in memory


def compute_in_order(
    compute: Callable[[Item], Output], items: Iterable[Item], *, executor: Executor | None = None
) -> Generator[Output, None, None]:
    """Yield the output for each item, in the order of the items.

    Only the caller sees outputs: what it keeps, writes or reports stays in its own thread. When the caller
    stops, or a computation fails, no further item is begun, and those that were begun are waited for.

    Args:
        compute: depends on its item alone. On an executor of threads it is called from several at once; on
            one of processes, and on a cluster, it and the items must be picklable.
        items: taken one by one, at most `AHEAD` before they are needed.
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
    begun: deque[Future[Output]] = deque()
    try:
        for item in items:
            begun.append(executor.submit(compute, item))
            if len(begun) >= AHEAD:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        for future in begun:
            future.cancel()
        wait(begun)
