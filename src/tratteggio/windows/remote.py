"""What a worker elsewhere does: it opens the painting once, makes sure that it is the same one, and computes.

A worker gets an `Order` once for each job, and a window each time. What an order holds is opened on the first
window and kept for the next ones. Workers run it as they are: they need this package, of the same version.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import platform
import signal
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from tratteggio.errors import BadUsage, ClusterFailed, UnreadableFile
from tratteggio.files.provenance import sha256
from tratteggio.version import __version__

KEPT = 2  # opened orders in one process: a painting may be searched for two classes in turn
PARTS = ("numpy", "scipy", "torch")  # bits depend on their versions
MOST_BYTES = 256 << 20  # of an order: nets and their weights, not a painting


class Seen(NamedTuple):
    """What tells a file or a folder from another without reading it: bytes in all, and times of change."""

    size: int
    changed: tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """A file, or a folder such as an OME-Zarr, that an order opens.

    Attributes:
        path: absolute.
        folder: True if it is a folder.
        seen: as it was where the job began.
        digest: SHA-256 of its bytes; of a folder, of the names and bytes of all its files.
    """

    path: Path
    folder: bool
    seen: Seen
    digest: str


@dataclass(frozen=True)
class Order:
    """What the windows of a job share.

    Attributes:
        token: names the order; equal orders have equal tokens.
        pickled: the function that computes a window, with the painting and the engine that it knows.
        sources: what it opens.
        versions: of the packages that bits depend on, where the job began.
        home: the process where the job began.
    """

    token: str
    pickled: bytes
    sources: tuple[Source, ...]
    versions: Mapping[str, str]
    home: tuple[str, int]


def place_order(compute: Callable[..., Any]) -> Order:
    """Make an order of a function, with all that it knows.

    Raises:
        BadUsage: it cannot be sent, or is too large.
        UnreadableFile: a file that it opens is not there any more.
    """
    pickled, paths = _pickle(compute)
    if len(pickled) > MOST_BYTES:
        raise BadUsage(
            f"the workers would need {len(pickled) / 2**20:,.0f} MiB each before they begin, more than "
            f"{MOST_BYTES >> 20}, as the painting or its lacunae are in memory; save them to files that the "
            "workers can read, and give their names"
        )
    sources = tuple(Source(path, path.is_dir(), look(path), digest(path, look(path))) for path in paths)
    token = hashlib.sha256(pickled + repr(sources).encode()).hexdigest()[:16]
    return Order(token, pickled, sources, versions(), home())


def compute_window(order: Order, item: Any) -> Any:
    """Compute one window, in a worker."""
    return _open(order)(item)


def versions() -> dict[str, str]:
    """Return the versions of the packages that bits depend on."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"tratteggio": __version__, **{name: metadata.version(name) for name in PARTS}, "python": python}


def home() -> tuple[str, int]:
    """Name this process among those of all machines."""
    return platform.node(), os.getpid()


def require_versions(wanted: Mapping[str, str], there: Mapping[str, str], where: str) -> None:
    """Refuse a worker of other versions.

    Raises:
        ClusterFailed: the message names the first package that differs.
    """
    for name, version in wanted.items():
        if there.get(name) != version:
            raise ClusterFailed(
                f"the worker {where} has {name} {there.get(name, 'of an older release')}, but this machine "
                f"has {version}, and results could differ; install the same versions on all machines"
            )


# --- opening ------------------------------------------------------------------------------------------

_opened: OrderedDict[str, Callable[[Any], Any]] = OrderedDict()
_lock = threading.Lock()


def _open(order: Order) -> Callable[[Any], Any]:
    """Return the function of an order; opened once in each process."""
    with _lock:
        first = order.token not in _opened
        for source in order.sources:
            if first or not source.folder:  # to look at all chunks of an OME-Zarr takes as long as a window
                _require_same(source)
        if first:
            require_versions(order.versions, versions(), platform.node())
            _opened[order.token] = pickle.loads(order.pickled)
            if order.home != home():
                _use_one_thread()
            while len(_opened) > KEPT:
                _opened.popitem(last=False)
        _opened.move_to_end(order.token)
        return _opened[order.token]


def dask_setup(worker: object) -> None:  # noqa: ARG001 Dask calls it by this name, in each worker that we start
    """Leave Ctrl-C to the client: it ends workers, which would print where they were."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _use_one_thread() -> None:
    """Let libraries compute in the thread that calls: a worker has a thread for each of its cores already."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    if cv2 := sys.modules.get("cv2"):
        cv2.setNumThreads(1)


def _require_same(source: Source) -> None:
    """Make sure that a path shows here what it shows where the job began.

    Raises:
        UnreadableFile: it is not there, or is another file.
    """
    here = look(source.path)
    if here != source.seen and digest(source.path, here) != source.digest:
        raise UnreadableFile(
            f"{source.path} is another file for the worker {platform.node()} than for this machine; all "
            "workers must see the same file under the same path"
        )


def look(path: Path) -> Seen:
    """Look at a file, or at the files of a folder, without reading them.

    Raises:
        UnreadableFile: it is not there.
    """
    try:
        found = [file.stat() for file in _files(path)]
    except OSError as error:
        raise UnreadableFile(
            f"{platform.node()} cannot read {path}: {error.strerror or error}; workers need the painting on "
            "storage that they share, under the same path"
        ) from error
    return Seen(sum(one.st_size for one in found), tuple(one.st_mtime_ns for one in found))


@cache
def digest(path: Path, seen: Seen) -> str:  # noqa: ARG001 a file that changes is hashed again
    """Return the SHA-256 of a file; of a folder, of the names and bytes of all its files."""
    if not path.is_dir():
        return sha256(path)
    of_all = hashlib.sha256()
    for file in _files(path):
        of_all.update(f"{file.relative_to(path).as_posix()} {sha256(file)}\n".encode())
    return of_all.hexdigest()


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if not file.is_dir())


# --- pickling -----------------------------------------------------------------------------------------


def _pickle(compute: Callable[..., Any]) -> tuple[bytes, list[Path]]:
    """Pickle a function; return the bytes, and the files and folders that are opened when it is unpickled."""
    from cloudpickle import Pickler  # noqa: PLC0415 it comes with the extra `cluster`

    paths: dict[Path, None] = {}

    class Sender(Pickler):  # type: ignore[misc]  # not typed
        """Sends paths as absolute ones: a worker has another working directory."""

        def reducer_override(self, given: Any) -> Any:
            if isinstance(given, PurePath):
                there = Path(given).absolute()
                if there.exists():
                    paths[there] = None
                return type(given), (str(there),)
            return super().reducer_override(given)

    stream = io.BytesIO()
    try:
        Sender(stream).dump(compute)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        raise BadUsage(
            f"this work cannot be sent to other machines ({error}); do it without a scheduler"
        ) from error
    return stream.getvalue(), list(paths)
