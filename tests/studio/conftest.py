"""A panel with losses, and the studio that shows it: a real server on a real port."""

import contextlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from studio_page import FRONTEND
from tratteggio import files
from tratteggio.phantom import panel as phantom
from tratteggio.studio import server
from tratteggio.studio.room import Room
from tratteggio.studio.security import Door
from tratteggio.studio.serving import open_shown
from tratteggio.studio.session import Session

HERE = Path(__file__).parent


class Opened:
    """A studio that serves, and a client that has its cookie."""

    def __init__(self, session: Session | Room, door: Door) -> None:
        self.session, self.door = session, door
        self.origin = f"http://127.0.0.1:{door.port}"
        self.client = httpx.Client(base_url=self.origin, timeout=60)
        self.client.get("/", params={"token": door.token})

    def close(self) -> None:
        self.client.close()

    def get(self, path: str, **words: Any) -> Any:
        return self.client.get(f"/api/{path}", **words)

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(f"/api/{path}", json=body or {}, headers={"Origin": self.origin})

    def wait(self) -> dict[str, Any]:
        """Wait until the task that is at work has ended."""
        for _ in range(1200):
            job = self.get("state").json()["job"]
            if job["status"] != "running":
                return job
            time.sleep(0.05)
        raise AssertionError("the task does not end")


@contextlib.contextmanager
def opened(source: Path, **words: Any) -> Iterator[Opened]:
    listening = socket.create_server(("127.0.0.1", 0))
    session = open_shown(source, **{"white": None, "read_only": False, **words})
    door = Door(listening.getsockname()[1], read_only=words.get("read_only", False))
    config = uvicorn.Config(server.application(session, door), log_level="error", timeout_graceful_shutdown=1)
    serving = uvicorn.Server(config)
    thread = threading.Thread(target=serving.run, args=([listening],), daemon=True)
    thread.start()
    try:
        with contextlib.closing(Opened(session, door)) as studio:
            yield studio
    finally:
        serving.should_exit = True
        thread.join(10)
        listening.close()
        session.close()


@pytest.fixture
def blank_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the built page, which is tested in a browser."""
    there = {"index.html": (b"<!doctype html>", "text/html")}
    monkeypatch.setattr(server, "page_files", lambda: there)


@pytest.fixture(scope="session")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("painted")
    made = phantom(700, 600, seed=1, depth="uint16")
    files.write(made.damaged.pixels, folder / "panel.tif", metadata=made.damaged.metadata)
    files.write_lacunae(made.lacunae, folder / "lost.png")
    return folder


@pytest.fixture
def panel(painted: Path, tmp_path: Path) -> Path:
    """A panel of 700 x 600 pixels of 16 bits, with a mask of its losses, in a folder of its own."""
    for file in painted.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path / "panel.tif"


@pytest.fixture
def studio(panel: Path, blank_page: None) -> Iterator[Opened]:
    with opened(panel) as one:
        yield one


@pytest.fixture
def opening(blank_page: None) -> Callable[..., contextlib.AbstractContextManager[Opened]]:
    return opened


@pytest.fixture(scope="module")
def chromium() -> Iterator[str]:
    """Start Chromium once; returns the address by which scenarios connect to it."""
    words = [shutil.which("node"), HERE / "chromium.mjs", FRONTEND, shutil.which("chromium")]
    with subprocess.Popen(
        [*map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        yield one.stdout.readline().strip()
        one.stdin.close()  # it ends


@pytest.fixture
def open_page() -> Callable[..., contextlib.AbstractContextManager[Opened]]:
    """Open the studio with its built page."""
    return opened
