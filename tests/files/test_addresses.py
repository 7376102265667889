"""Files at an address: the same pixels by parts, and one sentence for what cannot be read."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import tratteggio as tg
from tratteggio import files
from tratteggio.errors import MissingExtra, UnreadableFile, UnsupportedFile
from tratteggio.files import addresses
from tratteggio.files.addresses import locate
from tratteggio.painting import Region


class Server(ThreadingHTTPServer):
    """Hands out a folder by ranges, and counts the bytes."""

    folder: Path
    sent = 0
    ranges = True


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        file = self.server.folder / self.path.lstrip("/")
        if not file.is_file():
            self.send_error(404)
            return
        data, wanted = file.read_bytes(), self.headers.get("Range")
        whole = len(data)
        if wanted and self.server.ranges:
            first, last = wanted.removeprefix("bytes=").split("-")
            data = data[int(first) : int(last or whole - 1) + 1]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(data) - 1}/{whole}")
        else:
            self.send_response(200)
        self.send_header("Accept-Ranges", "bytes" if self.server.ranges else "none")
        self.send_header("ETag", f'"{file.stat().st_mtime_ns}"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.server.sent += len(data)
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.folder = tmp_path
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def panel(tmp_path) -> np.ndarray:
    pixels = np.random.default_rng(0).integers(0, 65535, (1600, 900, 3), np.uint16)
    files.write(pixels, tmp_path / "panel.tif")
    return pixels


def test_a_tiff_is_read_by_ranges(server, panel, tmp_path):
    address = f"http://127.0.0.1:{server.server_port}/panel.tif"
    scan = tg.open(Path(address)).primary  # a path loses a slash
    assert scan.name == address
    part = Region(1000, 500, 1100, 600)
    assert_array_equal(scan.read(part), panel[part.slices])
    assert server.sent < (tmp_path / "panel.tif").stat().st_size / 3
    again = pickle.loads(pickle.dumps(scan.pixels))
    assert_array_equal(again[part.slices], panel[part.slices])


def test_another_file_at_the_same_address_is_refused(server, panel, tmp_path):
    scan = files.read(f"http://127.0.0.1:{server.server_port}/panel.tif")
    sent = pickle.dumps(scan.pixels)
    files.write(panel[::-1], tmp_path / "panel.tif")
    with pytest.raises(UnreadableFile, match="was replaced"):
        pickle.loads(sent)


def test_a_proposal_is_made_from_an_address(server, tmp_path):
    files.write(np.full((40, 40, 3), 90, np.uint8), tmp_path / "small.tif")
    lost = np.zeros((40, 40), bool)
    lost[10:14, 20:24] = True
    files.write(np.where(lost, 255, 0).astype(np.uint8), tmp_path / "lost.png")
    made = tmp_path / "proposal.tif"
    from tratteggio.treatment import inpaint_file

    address = f"http://127.0.0.1:{server.server_port}/small.tif"
    history = inpaint_file(Path(address), tmp_path / "lost.png", made, engine="telea")
    assert (files.read(made).read() == 90).all()
    assert history["source"]["sha256"] == files.sha256_pixels(np.full((40, 40, 3), 90, np.uint8))


def test_a_file_address_is_a_path(tmp_path):
    path = tmp_path / "a b.tif"
    files.write(np.zeros((8, 9), np.uint8), path)
    assert locate(path.as_uri()) == path
    assert files.read(path.as_uri()).grid == (8, 9)
    assert tg.open(path.as_uri()).grid == (8, 9)


def test_what_cannot_be_read_by_parts_is_refused(server, panel, tmp_path):
    home = f"http://127.0.0.1:{server.server_port}"
    (tmp_path / "text.tif").write_text("no picture")
    with pytest.raises(UnsupportedFile, match="not a TIFF"):
        files.read(f"{home}/text.tif")
    with pytest.raises(UnreadableFile, match="check the address"):
        files.read(f"{home}/nothing.tif")
    server.ranges = False
    with pytest.raises(UnreadableFile, match="by parts"):
        files.read(f"{home}/panel.tif")


def test_a_storage_without_its_library_names_it(monkeypatch):
    def missing(scheme: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(addresses, "_storage", missing)
    with pytest.raises(MissingExtra, match="pip install s3fs"):
        files.read("s3://bucket/panel.tif")
