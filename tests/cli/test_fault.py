"""The top of the command line: what nobody foresaw, no memory, a full disk, and outputs that nobody reads."""

import errno
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tratteggio import files
from tratteggio.cli import main as top
from tratteggio.cli.main import app

RUN = [sys.executable, "-c", "from tratteggio.cli.main import main; main()"]


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "panel.png"
    Image.fromarray(np.full((20, 30, 3), 90, np.uint8)).save(path)
    return path


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def read(path: Path) -> None:
        raise error

    monkeypatch.setattr(files, "read_stack", read)


def inspect(scan: Path, *more: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["inspect", str(scan), *more])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


UNFORESEEN = [
    ZeroDivisionError("division\nby zero"),
    KeyError("x"),
    RecursionError("deep"),
    EOFError(),
    StopIteration(),
    AssertionError(),
    RuntimeError("shapes do not fit"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
]


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
def test_what_nobody_foresaw_is_called_a_fault_of_the_program(
    scan: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    failing(monkeypatch, error)
    code, out, said = inspect(scan)
    (kept,) = temporary.iterdir()
    assert (code, out) == (70, "")
    assert said.startswith("tratteggio: this is an error in tratteggio, not in your files")
    assert len(said.splitlines()) == 1
    assert str(kept) in said
    assert "Traceback" not in said
    text = kept.read_text("utf-8")
    for word in ("Traceback", type(error).__name__, "tratteggio 0", "numpy", "command: "):
        assert word in text
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_programs_are_told_of_a_fault_as_json(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyError("x"))
    code, out, _ = inspect(scan, "--json")
    told = json.loads(out)
    assert code == told["exit_code"] == 70
    assert "error in tratteggio" in told["error"]


def test_a_traceback_is_shown_to_those_who_ask(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyError("x"))
    monkeypatch.setenv("TRATTEGGIO_DEBUG", "1")
    code, _, said = inspect(scan)
    assert code == 70
    assert "Traceback" in said
    monkeypatch.setenv("TRATTEGGIO_DEBUG", "0")
    assert "Traceback" not in inspect(scan)[2]


def test_a_fault_is_told_of_even_if_its_details_cannot_be_written(
    scan: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary.rmdir()
    failing(monkeypatch, KeyError("x"))
    code, _, said = inspect(scan)
    assert code == 70
    assert "TRATTEGGIO_DEBUG=1" in said


def test_a_fault_before_any_verb_is_told_of_too(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise KeyError("x")

    monkeypatch.setattr(top, "app", broken)
    with pytest.raises(SystemExit) as ended:
        top.main()
    assert ended.value.code == 70
    assert "error in tratteggio" in capsys.readouterr().err
    assert list(temporary.iterdir())


class OutOfMemoryError(RuntimeError):
    """As torch calls it on a GPU."""


LACKING = [
    MemoryError(),
    OutOfMemoryError("CUDA"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    RuntimeError("std::bad_alloc"),
]


@pytest.mark.parametrize("error", LACKING, ids=lambda error: type(error).__name__)
def test_lack_of_memory_is_no_fault_and_the_file_is_named(
    scan: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    failing(monkeypatch, error)
    code, _, said = inspect(scan)
    assert code == 1
    assert "out of memory" in said
    assert "panel.png" in said
    assert not list(temporary.iterdir())


def test_opencv_without_memory_is_understood(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cv2 = pytest.importorskip("cv2")
    failing(
        monkeypatch,
        cv2.error("OpenCV(4.10) alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate"),
    )
    code, _, said = inspect(scan)
    assert code == 1
    assert "out of memory" in said


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), OSError("no number")])
def test_an_answer_of_the_machine_names_the_file(
    scan: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    failing(monkeypatch, error)
    code, _, said = inspect(scan)
    assert code == 1
    assert re.fullmatch(r"tratteggio: .*panel\.png: (Input/output error|no number)\n", said)


def test_what_libraries_log_and_warn_of_is_shown_to_those_alone_who_ask(
    scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = "import warnings, logging; from tratteggio import files; former = files.read_stack\n"
    whole += "def read(path):\n    warnings.warn('dubious'); logging.getLogger('tifffile').warning('odd')\n"
    whole += "    return former(path)\nfiles.read_stack = read\n"
    for debug, words in (("0", []), ("1", ["dubious", "odd"])):
        done = subprocess.run(
            [sys.executable, "-c", whole + RUN[2], "inspect", scan],
            check=False, capture_output=True, text=True,
            env={**os.environ, "TRATTEGGIO_DEBUG": debug},
        )  # fmt: skip
        assert done.returncode == 0
        assert bool(done.stderr) == bool(words)
        assert all(word in done.stderr for word in words)


# --- outputs -----------------------------------------------------------------------------------------


def run(*words: object, stdout: int = subprocess.PIPE, **environment: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [*RUN, *words], stdout=stdout, stderr=subprocess.PIPE, check=False, timeout=120,
        env={**os.environ, **environment},
    )  # fmt: skip
    return done.returncode, done.stdout or b"", done.stderr


def test_a_reader_that_has_left_is_no_error(scan: Path) -> None:
    """As in `tratteggio inspect panel.png | head -0`."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert run("inspect", scan, stdout=writer) == (141, b"", b"")
    finally:
        os.close(writer)


def test_a_closed_output_is_no_error(scan: Path) -> None:
    closed = "import os; os.close(1); import sys; sys.stdout = None; "
    done = subprocess.run(
        [sys.executable, "-c", closed + RUN[2], "inspect", scan], check=False, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_notes_that_nobody_reads_do_not_stop_the_work(scan: Path, tmp_path: Path) -> None:
    grey = np.zeros((20, 30), np.uint8)
    grey[5:9, 5:9], grey[12:15, 5:9] = 200, 60  # said in a note
    Image.fromarray(grey).save(tmp_path / "lost.png")
    reader, writer = os.pipe()
    os.close(reader)
    words = [
        "inpaint",
        scan,
        "--mask",
        tmp_path / "lost.png",
        "-o",
        tmp_path / "out.png",
        "--engine",
        "telea",
    ]
    try:
        done = subprocess.run([*RUN, *words], check=False, stdout=subprocess.PIPE, stderr=writer)
    finally:
        os.close(writer)
    assert done.returncode == 0
    assert (tmp_path / "out.png").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_behind_standard_output_is_said(scan: Path) -> None:
    with Path("/dev/full").open("w") as full:
        code, _, said = run("inspect", scan, stdout=full.fileno())
    assert code == 1
    assert said.decode().splitlines() == [
        "tratteggio: standard output cannot be written: No space left on device"
    ]


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "latin-1"])
def test_names_are_printed_on_any_terminal(scan: Path, encoding: str) -> None:
    name = os.fsencode(scan.parent) + b"/\xe8\xe9 \xc2\xb5 panel.png"
    scan.rename(os.fsdecode(name))
    code, out, said = run("inspect", name, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (code, said) == (0, b"")
    assert b"panel.png" in out


def test_help_names_every_exit_code() -> None:
    said = " ".join(CliRunner().invoke(app, ["--help"]).output.split())
    for word in ("70 an error in tratteggio", "141 output pipe closed", "TRATTEGGIO_DEBUG"):
        assert word in said
