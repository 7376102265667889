"""Start the studio and serve it until it is told to end."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn

from tratteggio.errors import BadUsage
from tratteggio.files.stacks import is_stack
from tratteggio.studio.room import Room
from tratteggio.studio.security import Door
from tratteggio.studio.server import application
from tratteggio.studio.session import Session

LOOPBACK = "127.0.0.1"


class _Server(uvicorn.Server):
    """Says when it listens, and when it is told to end."""

    def __init__(
        self, config: uvicorn.Config, *, ready: Callable[[], None], leave: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._leave = leave

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end: pages that wait for news are told, so that nothing has to be cut off."""
        self._leave()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        # In a thread: a browser that takes its time must not keep the server waiting.
        threading.Thread(target=self._ready, daemon=True).start()


def serve(
    source: Path,
    *,
    ready: Callable[[str], None],
    port: int = 0,
    read_only: bool = False,
    white: float | None = None,
) -> None:
    """Serve a painting, or a folder of paintings, on this machine until Ctrl-C.

    Args:
        source: what `treatment.open` takes, or a proposal, or any other folder.
        ready: called with the address, once the studio answers.
        port: 0 takes a free one.
        read_only: nothing can be changed.
        white: the sample that stands for white, as for `treatment.open`.

    Raises:
        BadUsage: the port is taken.
        TratteggioError: as `Session` or `Room` raises, or the page was not built.
    """
    listening = _listening(port)
    shown = None
    try:
        shown = open_shown(Path(source), white=white, read_only=read_only)
        door = Door(listening.getsockname()[1], read_only=read_only)
        config = uvicorn.Config(
            application(shown, door), log_level="error", access_log=False, server_header=False,
            proxy_headers=False, ws="none", timeout_graceful_shutdown=1,
        )  # fmt: skip
        if isinstance(shown, Session) and not shown.read_only:
            shown.jobs.warm_up()
        server = _Server(config, ready=lambda: ready(door.address), leave=shown.leave)
        with contextlib.suppress(KeyboardInterrupt):
            server.run([listening])
    finally:
        listening.close()
        if shown is not None:
            shown.close()


def open_shown(source: Path, *, white: float | None, read_only: bool) -> Session | Room:
    """Open a painting, or a folder that is none itself.

    Raises:
        TratteggioError: as `Session` or `Room` raises.
    """
    if source.is_dir() and not is_stack(source):
        return Room(source, white=white, read_only=read_only)
    return Session(source, white=white, read_only=read_only)


def _listening(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
    except OSError as error:
        listening.close()
        raise BadUsage(
            f"port {port} cannot be used ({error.strerror or error}); choose another", option="port"
        ) from error
    return listening
