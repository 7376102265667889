"""Windows on the workers of a Dask cluster: other machines, or more processes of this one.

A job is sent once as an order (`windows.remote`), a window each time as a task with a key. Workers read the
painting themselves. Outputs stay with them until they are wanted here, so that this process needs no more
memory than it does alone; it alone writes. A task whose worker died is computed again by another one.
"""

from __future__ import annotations

import logging
import re
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from tratteggio.errors import BadUsage, ClusterFailed
from tratteggio.extras import optional
from tratteggio.windows import remote
from tratteggio.windows.executing import AHEAD
from tratteggio.windows.remote import Order, compute_window, place_order, require_versions, versions

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

log = logging.getLogger("tratteggio")

Item = TypeVar("Item")
Output = TypeVar("Output")
Scheduler: TypeAlias = "str | Client"
"""An address such as "tcp://10.0.0.5:8786", "local:2" for that many processes here, or a client."""

ANSWER_S = 10  # that a scheduler has to answer, and workers to be there
LOOK_S = 5.0  # between two looks at the workers, while an output is waited for
QUIET_S = 60.0  # without workers until a note says so
PER_THREAD = 3  # windows begun for each thread of the workers
DEATHS = 10  # of workers under one window until it is given up; the fault is often not its own
LOCAL = "local:"
ADDRESS = re.compile(r"(\w+://)?(?P<host>\[[^]]+\]|[^:/\s]+):(?P<port>\d{1,5})", re.ASCII)
KEEPS_MEMORY = "worker-restart-memory"  # the topic under which Dask tells that a worker took too much


class Cluster:
    """Computes windows on the workers of a cluster; see `executing.Workers`.

    Args:
        client: of a scheduler that has workers. It is not closed.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self._orders: list[tuple[Callable[..., Any], Order, Future]] = []
        self._number = 0
        self._threads, self._looked = 0, 0.0
        self._since: float | None = None  # when the workers were last seen, while there are none
        self._restarts = len(self._events())
        self._look()

    @property
    def ahead(self) -> int:
        """How many windows may be begun: enough that no worker waits for this process."""
        if time.monotonic() - self._looked > LOOK_S:
            self._look()
        return max(AHEAD, PER_THREAD * self._threads)

    def submit(self, compute: Callable[[Item], Output], item: Item, /) -> _Reply[Output]:
        """Begin one computation.

        Raises:
            BadUsage: `compute` knows something that cannot be sent.
            ClusterFailed: the connection was lost.
        """
        order, sent = self._order(compute)
        self._number += 1
        with self._failures():
            future = self.client.submit(
                compute_window, sent, item, key=f"window-{order.token}-{id(self)}-{self._number}", pure=False
            )
        return _Reply(self, future)

    def close(self) -> None:
        """Give up what was begun."""
        self._orders.clear()

    def _order(self, compute: Callable[..., Any]) -> tuple[Order, Future]:
        """Return the order of a function, which is sent when it is first used."""
        for known, order, sent in self._orders:
            if known == compute:
                return order, sent
        order = place_order(compute)
        with self._failures(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")  # nets are large, and are sent once
            # As an argument of a task, and not by `scatter`: so it outlives the workers that hold it.
            sent = self.client.submit(_hand_out, order, key=f"order-{order.token}-{id(self)}", pure=False)
        self._orders.append((compute, order, sent))
        return order, sent

    def _look(self) -> None:
        """Count the threads of all workers; say so if there are none for long, or if memory ran out."""
        with self._failures():
            self._threads = sum(self.client.nthreads().values())
            restarts = len(self._events())
        self._looked = time.monotonic()
        if restarts > self._restarts:
            log.warning(
                "a worker passed its memory limit and was started again; give workers more memory, or use a "
                "smaller tile"
            )
            self._restarts = restarts
        if self._threads:
            self._since = None
        elif self._since is None:
            self._since = self._looked
        elif self._looked - self._since > QUIET_S:
            log.warning("the scheduler has had no workers for %.0f s; the job waits for new ones", QUIET_S)
            self._since = self._looked

    def _events(self) -> tuple[Any, ...]:
        with self._failures():
            return tuple(self.client.get_events(KEEPS_MEMORY) or ())

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn what Dask raises in this block into errors of ours."""
        from distributed import CancelledError, KilledWorker  # noqa: PLC0415 the extra `cluster`
        from distributed.comm import CommClosedError  # noqa: PLC0415

        try:
            yield
        except KilledWorker as error:
            raise ClusterFailed(
                f"{error.allowed_failures + 1} workers died while they computed the same window, most often "
                "because they passed their memory limit; give workers more memory, or fewer threads"
            ) from error
        except (CancelledError, CommClosedError) as error:
            raise self._lost() from error
        except RuntimeError as error:
            if "closed" not in str(error) and "not running" not in str(error):
                raise
            raise self._lost() from error

    def _lost(self) -> ClusterFailed:
        return ClusterFailed(
            "the connection to the scheduler was lost, and the windows that were being computed with it"
        )


class _Reply(Generic[Output]):
    """The output of one window, which stays with its worker until it is asked for."""

    def __init__(self, cluster: Cluster, future: Future) -> None:
        self.cluster = cluster
        self.future = future

    def result(self) -> Output:
        """Wait for the output and bring it here.

        Raises:
            ClusterFailed: workers died of it again and again, or the connection was lost.
            Exception: what the computation raised.
        """
        from distributed import wait  # noqa: PLC0415 the extra `cluster`

        while not self.future.done():
            try:
                with self.cluster._failures(), self.cluster.client.as_current():
                    wait([self.future], timeout=LOOK_S)
            except TimeoutError:
                self.cluster._look()
        with self.cluster._failures():
            output: Output = self.future.result()
        self.future.release()  # kept any longer, it would be computed again when its worker dies
        return output

    def cancel(self) -> bool:
        """Give it up."""
        self.future.release()
        return True


def _hand_out(order: Order) -> Order:
    return order


@contextmanager
def cluster_at(scheduler: Scheduler | None) -> Iterator[Cluster | None]:
    """Compute on the workers of a cluster in this block; None: there is no scheduler.

    Raises:
        MissingExtra, BadUsage, ClusterFailed: as `connect`.
    """
    with connect(scheduler) as client, _quiet():
        if client is None:
            yield None
            return
        cluster = Cluster(client)
        try:
            yield cluster
        finally:
            cluster.close()


@contextmanager
def connect(scheduler: Scheduler | None) -> Iterator[Client | None]:
    """Connect to a scheduler, or start workers here; close again what was opened.

    Args:
        scheduler: see `Scheduler`; None yields None.

    Raises:
        MissingExtra: Dask is not installed.
        BadUsage: no address, or no number of processes.
        ClusterFailed: nobody answers there, there are no workers, or they have other versions.
    """
    if scheduler is None:
        yield None
        return
    with optional("distributed", needs="a scheduler needs Dask", install="pip install 'tratteggio[cluster]'"):
        from distributed import Client  # noqa: PLC0415
    if isinstance(scheduler, Client):
        _require_workers(scheduler)
        yield scheduler
        return
    if not isinstance(scheduler, str):
        raise BadUsage(
            "scheduler must be an address, 'local:2' or a distributed.Client, "
            f"got {type(scheduler).__name__}",
            option="scheduler",
        )
    there = _local(scheduler) if scheduler.startswith(LOCAL) else nullcontext(_answering(scheduler))
    with _quiet(), there as address, Client(address, timeout=ANSWER_S, set_as_default=False) as client:
        _require_workers(client)
        yield client


def _answering(address: str) -> str:
    """Return the address of a scheduler that can be connected to.

    Raises:
        BadUsage: it is no address.
        ClusterFailed: nobody answers there.
    """
    parts = ADDRESS.fullmatch(address)
    if parts is None:
        raise BadUsage(
            f"scheduler must be an address such as tcp://10.0.0.5:8786, or local:2, got {address!r}",
            option="scheduler",
        )
    try:
        # A client of Dask that finds nobody leaves its threads behind.
        socket.create_connection((parts["host"].strip("[]"), int(parts["port"])), timeout=ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise ClusterFailed(
            f"no scheduler answered at {address} within {ANSWER_S} s; check the address and that it runs"
        ) from error
    return address


@contextmanager
def _local(scheduler: str) -> Iterator[Any]:
    """Start processes of one thread each on this machine."""
    from dask import config  # noqa: PLC0415

    number = scheduler.removeprefix(LOCAL)
    if not number.isascii() or not number.isdigit() or not int(number):
        raise BadUsage(
            f"scheduler must be local: and a number of processes, as local:2, got {scheduler!r}",
            option="scheduler",
        )
    settings = {
        "distributed.scheduler.allowed-failures": DEATHS,
        "distributed.worker.preload": [remote.__name__],
        # Dask gives memory back to the system at once, and so costs nets a third of their speed.
        "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
    }
    with config.set(settings), _started(int(number)) as cluster:
        yield cluster


def _started(number: int) -> LocalCluster:
    """Start that many processes; again if one of them was killed before it was ready."""
    from distributed import LocalCluster  # noqa: PLC0415

    for last in (False, False, True):
        try:
            return LocalCluster(
                n_workers=number,
                threads_per_worker=1,
                dashboard_address=":0",  # any port that is free
                silence_logs=logging.CRITICAL,
            )
        except RuntimeError as error:
            if last:
                raise ClusterFailed(
                    f"{number} worker processes could not be started here ({error.__cause__ or error}); "
                    "start fewer"
                ) from error
    raise AssertionError


def _require_workers(client: Client) -> None:
    """Wait for the first worker, and refuse workers of other versions.

    Raises:
        ClusterFailed: there is none, or one differs.
    """
    try:
        client.wait_for_workers(1, timeout=ANSWER_S)
    except TimeoutError as error:
        raise ClusterFailed(
            f"the scheduler at {client.scheduler.address} has no workers; start some, with `dask worker`"
        ) from error
    for address, there in client.run(versions, on_error="return").items():
        if isinstance(there, OSError):
            continue  # it has died since; the one that comes for it tells when it gets its first window
        if isinstance(there, BaseException):
            raise ClusterFailed(
                f"the worker {address} cannot import tratteggio {versions()['tratteggio']} ({there}); "
                "install it there"
            )
        require_versions(versions(), there, address)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Dask logs from the user: what matters of it we say ourselves."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
