"""How verbs talk to people and to programs: results, notes, progress, errors and exit codes."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, NoReturn

import typer

from tratteggio.cli import fault, wording
from tratteggio.cli.speech import EXIT_CODE as READER_LEFT
from tratteggio.cli.speech import Left, say, tell
from tratteggio.errors import Stopped, TratteggioError, UnwritableFile
from tratteggio.names import printable

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
White = Annotated[
    float | None,
    typer.Option(
        "--white",
        metavar="VALUE",
        help="The sample value of white, for example 4095 for 12-bit data in a 16-bit file. Default: the "
        "value that the file states; otherwise 255 (8 bit), 65535 (16 bit) or 1 (floats).",
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace outputs that exist. Inputs are never replaced.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress bars and no notes.")]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Compute on the workers of the Dask cluster with this address, as tcp://10.0.0.5:8786; local:2 "
        "starts two worker processes here. The result is the same.",
    ),
]
MaskOrientation = Annotated[
    str | None,
    typer.Option(
        help="How a mask, a damage map or strokes fit a scan with an orientation tag: displayed (as a "
        "viewer shows the scan) or stored (as the file stores it). Needed only if both fit."
    ),
]

EVERY_S = 60.0  # between two lines of progress, where there is no terminal


class Console:
    """The conversation of one verb: results go to standard output, all else to standard error.

    Args:
        as_json: results and errors as one JSON object.
        quiet: no progress bars and no notes.
    """

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.notes: list[str] = []
        self.exit_code = 0

    def result(self, values: Mapping[str, Any], text: str) -> None:
        """Give the outcome: `text` for people, or `values` (with the notes) for programs."""
        if self.as_json:
            say(json.dumps({**values, "notes": self.notes}, indent=1))
        else:
            say(text)

    def line(self, text: str) -> None:
        """Give one outcome of several, for people."""
        if not (self.as_json or self.quiet):
            say(text)

    def note(self, sentence: str) -> None:
        """Say something that is not an error, once."""
        if sentence in self.notes:
            return
        self.notes.append(sentence)
        if not self.quiet:
            tell(f"note: {sentence}")

    def error(self, sentence: str, *, exit_code: int) -> None:
        """Say what went wrong; the verb ends with that exit code once it returns."""
        self.exit_code = exit_code
        tell(f"tratteggio: {sentence}")

    @contextlib.contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None] | None]:
        """Show a bar with the time left; yields the callback (done, total) that moves it.

        Where standard error is no terminal, a line a minute says the same.
        """
        if self.quiet or self.as_json:
            yield None
            return
        if not sys.stderr.isatty():
            with _lines(printable(what)) as move:
                yield move
            return
        from rich.console import Console as Terminal
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Terminal(stderr=True)) as bars:
            task = bars.add_task(printable(what), total=None)
            yield lambda done, total: bars.update(task, completed=done, total=total)


@contextlib.contextmanager
def _lines(what: str) -> Iterator[Callable[[int, int], None]]:
    """Tell every minute how far a job is; yields the callback (done, total)."""
    begun, over = time.monotonic(), threading.Event()
    state = [0, 0]

    def move(done: int, total: int) -> None:
        state[:] = done, total

    def report() -> None:
        while not over.wait(EVERY_S):
            tell(describe_progress(what, *state, elapsed_s=time.monotonic() - begun))

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield move
    finally:
        over.set()
        thread.join()


def describe_progress(what: str, done: int, total: int, *, elapsed_s: float) -> str:
    """Return how far a job is, and the time left if that can be told.

    Example:
        >>> describe_progress("training pconv", 1, 4, elapsed_s=120)
        'training pconv: 25 % after 2 min, about 6 min left'
        >>> describe_progress("explain", 0, 0, elapsed_s=61)
        'explain: 1 min so far'
    """
    minutes = elapsed_s / 60
    if done <= 0 or total <= 0:
        return f"{what}: {minutes:.0f} min so far"
    left = minutes * max(total - done, 0) / done
    return f"{what}: {100 * done / total:.0f} % after {minutes:.0f} min, about {left:.0f} min left"


class _Notes(logging.Handler):
    """Notes that the library logs become notes of the verb, and so does what it says at INFO level."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        option = getattr(record, "option", None)  # by which the note can be met
        self.console.note(
            wording.translate(record.getMessage()) + (f" ({wording.flag(option)})" if option else "")
        )


@contextlib.contextmanager
def conversation(*, as_json: bool, quiet: bool) -> Iterator[Console]:
    """Run a verb: errors become one sentence and an exit code, interruptions exit code 130.

    An error that nobody foresaw is a fault of the program: its details go to a file, and the exit code is
    70. Where the reader of standard output has left, the exit code is 141.

    Raises:
        typer.Exit: with the documented code, unless the verb went through.
    """
    print_anything()
    console = Console(as_json=as_json, quiet=quiet)
    handler = _Notes(console)
    logger = logging.getLogger("tratteggio")
    logger.addHandler(handler)
    logger.propagate, propagated = False, logger.propagate
    level = logger.level
    logger.setLevel(logging.INFO)
    # A job scheduler's polite "terminate" is kept as carefully as Ctrl-C.
    former = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with _only_ours():
            yield console
    except TratteggioError as error:
        _end(console, wording.format_error(error), error.exit_code)
    except KeyboardInterrupt:
        _end(console, "stopped", Stopped.exit_code)
    except Left:
        raise typer.Exit(READER_LEFT) from None
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:  # noqa: BLE001 the top of the command line: nothing may pass as a traceback
        _end(console, *describe_fault(error))
    finally:
        signal.signal(signal.SIGTERM, former)
        logger.removeHandler(handler)
        logger.propagate = propagated
        logger.setLevel(level)
    if console.exit_code:
        raise typer.Exit(console.exit_code)


@contextlib.contextmanager
def _only_ours() -> Iterator[None]:
    """Keep what libraries log and warn of from people: it names lines of code, and no file of theirs.

    What matters of it we say ourselves. With TRATTEGGIO_DEBUG=1 all is shown.
    """
    if fault.debugging():
        yield
        return
    nobody, root = logging.NullHandler(), logging.getLogger()
    root.addHandler(nobody)  # without any handler Python writes warnings to standard error itself
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda *_, **__: None
            yield
    finally:
        root.removeHandler(nobody)


def describe_fault(error: BaseException) -> tuple[str, int]:
    """Return one sentence and an exit code for an error that is not ours; the details are kept.

    The machine's answers (no memory, no space, no permission) are named with the file. All else is a fault
    of the program.
    """
    if fault.debugging():
        tell(fault.details(error), lines=True)
    file = getattr(error, "filename", None) or fault.file_of(error)
    where = f"{file}: " if file else ""
    if fault.out_of_memory(error):
        return f"{where}out of memory; close other programs, or use a smaller --memory or --tile", 1
    if isinstance(error, OSError) and (error.strerror or file):
        return f"{where}{error.strerror or error}", UnwritableFile.exit_code
    return fault.sentence(error, fault.keep(error)), fault.EXIT_CODE


def print_anything() -> None:
    """Let the streams print any name: what their encoding lacks is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _end(console: Console, sentence: str, exit_code: int) -> NoReturn:
    console.error(sentence, exit_code=exit_code)
    if console.as_json:
        with contextlib.suppress(Left, UnwritableFile):
            say(json.dumps({"error": sentence, "exit_code": exit_code, "notes": console.notes}, indent=1))
    raise typer.Exit(exit_code)
