"""The task that is at work: its progress, its end, and how it is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from tratteggio.errors import BadUsage
from tratteggio.studio.tasks import WARM, serve

PATIENCE_S = 0.1  # that a task has to stop by itself; then its process is ended
AFTER_DONE = Callable[[Any], None]


@dataclass
class Job:
    """A task, as the page shows it.

    Attributes:
        number: counted from 1.
        task: its name, see `tasks.TASKS`.
        done, total: pixels; 0 and 0 until the task says.
        status: running, done, failed or stopped.
        message: why it failed.
        notes: what the library noted.
        result: what the task returned, as far as the page needs it.
    """

    number: int
    task: str
    done: int = 0
    total: int = 0
    status: str = "running"
    message: str = ""
    notes: list[str] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, with the seconds that are left if they can be told."""
        spent = time.monotonic() - self.began
        left = None
        if self.status == "running" and self.done and self.total:
            left = round(spent * (self.total - self.done) / self.done, 1)
        return {
            "number": self.number,
            "task": self.task,
            "done": self.done,
            "total": self.total,
            "status": self.status,
            "message": self.message,
            "notes": self.notes,
            "result": self.result,
            "left_s": left,
        }


class Jobs:
    """One process that does one task at a time.

    Args:
        changed: called whenever something is to be shown anew, from another thread.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.current: Job | None = None
        self._changed = changed
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._process: SpawnProcess | None = None
        self._channel: Connection | None = None
        self._warm = False

    @property
    def process_id(self) -> int | None:
        """The process that does the tasks; None: it was not started yet."""
        return None if self._process is None else self._process.pid

    def warm_up(self, *, engine: bool = False) -> None:
        """Start the process, so that the first task need not wait for it.

        Args:
            engine: load the engine of most fills, too, if nothing is at work.
        """
        with self._lock:
            if self._process is None or not self._process.is_alive():
                context = get_context("spawn")
                ours, theirs = context.Pipe()
                self._process = context.Process(target=serve, args=(theirs,), daemon=True)
                self._process.start()
                theirs.close()
                self._channel = ours
                self._warm = False
            idle = self.current is None or self.current.status != "running"
            if engine and idle and not self._warm:
                self._warm = True
                assert self._channel is not None
                self._channel.send(WARM)

    def start(
        self,
        task: str,
        arguments: dict[str, Any] | Callable[[], dict[str, Any]],
        *,
        then: AFTER_DONE = lambda _: None,
    ) -> Job:
        """Begin a task.

        Args:
            task: its name.
            arguments: of its function; or what makes them, if that takes long: called in another thread.
            then: called with its result, in another thread, before the job counts as done.

        Raises:
            BadUsage: another task is at work.
        """
        self.warm_up()
        with self._lock:
            self.require_idle()
            self.current = Job(1 + (self.current.number if self.current else 0), task)
            self._stop.clear()
            assert self._channel is not None
            followed = (self.current, self._channel, arguments, then)
            threading.Thread(target=self._follow, args=followed, daemon=True).start()
            return self.current

    def require_idle(self) -> None:
        """Refuse to begin while another task is at work.

        Raises:
            BadUsage: one is.
        """
        if self.current is not None and self.current.status == "running":
            raise BadUsage("another task is at work; wait until it ends, or stop it")

    def stop(self) -> None:
        """Stop the task that is at work, if any; what a fill has finished stays in its ledger."""
        self._stop.set()

    def close(self) -> None:
        """Stop all and end the process."""
        self.stop()
        with self._lock:
            if self._channel is not None:
                self._channel.close()
            if self._process is not None:
                self._process.join(PATIENCE_S)
                if self._process.is_alive():
                    self._process.terminate()
                    self._process.join()

    def _follow(
        self,
        job: Job,
        channel: Connection,
        arguments: dict[str, Any] | Callable[[], dict[str, Any]],
        then: AFTER_DONE,
    ) -> None:
        try:
            channel.send((job.task, arguments() if callable(arguments) else arguments))
            kind, value = self._answer(job, channel)
            if kind == "done":
                then(value)
        except (EOFError, OSError) as error:
            stopped = self._stop.is_set()
            kind, value = (
                ("stopped", "") if stopped else ("failed", f"the process of the task ended ({error})")
            )
        except Exception as error:  # noqa: BLE001 the page has to hear of it, whatever it is
            kind, value = "failed", str(error)
        if kind == "done":
            job.result = dict(value) if isinstance(value, dict) else {}
        else:
            job.message = value
        job.status = kind
        self._changed()

    def _answer(self, job: Job, channel: Connection) -> tuple[str, Any]:
        asked: float | None = None
        while True:
            if channel.poll(0.05):
                kind, *rest = channel.recv()
                if kind == "progress":
                    job.done, job.total = rest
                elif kind == "note":
                    job.notes.append(rest[0])
                elif kind == "failed" and asked is not None:
                    return "stopped", ""
                else:
                    return kind, rest[0]
                self._changed()
            if self._stop.is_set() and asked is None:
                asked = time.monotonic()
                channel.send("the user stopped it")
            if asked is not None and time.monotonic() - asked > PATIENCE_S:
                # In the middle of a window: nothing of it would be kept anyway, and the ledger is sound.
                process = self._process
                if process is not None:
                    process.terminate()
                    process.join()
                return "stopped", ""
