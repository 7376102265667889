"""`tratteggio studio` as a user starts and ends it."""

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from typer.testing import CliRunner

from studio_page import is_built
from tratteggio.cli.main import app


@pytest.mark.skipif(not is_built(), reason="the page of the studio was not built here; run `make frontend`")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_address_and_ends_when_asked(end, panel):
    words = [sys.executable, "-m", "tratteggio", "studio", str(panel), "--no-browser"]
    studio = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", studio.stdout.readline())[0]
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        assert b"tratteggio studio" in opener.open(address, timeout=20).read()
        origin = address.partition("/?")[0]
        assert json.loads(opener.open(f"{origin}/api/facts", timeout=20).read())["name"] == "panel.tif"
        stream = opener.open(f"{origin}/api/events", timeout=20)  # a page that is still open
        stream.readline()
        began = time.monotonic()
        studio.send_signal(end)
        said = studio.communicate(timeout=30)
        stream.close()
    finally:
        studio.kill()
        studio.wait()
    assert studio.returncode in (0, 130), said
    assert "Traceback" not in said[1]
    assert time.monotonic() - began < 10
    assert not (panel.parent / "panel.tif.studio").exists()  # nothing was done


def test_a_port_that_is_taken_is_told(panel):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(app, ["studio", str(panel), "--no-browser", "--port", port])
    assert done.exit_code == 2
    assert "--port" in done.output


def test_a_page_that_was_not_built_is_told(panel, monkeypatch):
    monkeypatch.setattr("tratteggio.studio.page.BUILT", "nowhere")
    done = CliRunner().invoke(app, ["studio", str(panel), "--no-browser"])
    assert done.exit_code == 3
    assert "make frontend" in done.output


def test_a_missing_file_is_told(tmp_path):
    done = CliRunner().invoke(app, ["studio", str(tmp_path / "nothing.tif"), "--no-browser"])
    assert done.exit_code == 1
    assert "nothing.tif" in done.output
    assert not list(tmp_path.iterdir())
