"""How verbs talk to people and to programs: results, notes, progress, errors and exit codes."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, NoReturn

import typer

from tratteggio.errors import Stopped, TratteggioError, UnwritableFile
from tratteggio.names import encodable, printable

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace outputs that are there already; never an input.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars and no notes.")]


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
            typer.echo(json.dumps({**values, "notes": self.notes}, indent=1))
        else:
            typer.echo(encodable(text))

    def note(self, sentence: str) -> None:
        """Say something that is not an error, once."""
        if sentence in self.notes:
            return
        self.notes.append(sentence)
        if not self.quiet:
            typer.echo(f"note: {printable(sentence)}", err=True)

    def error(self, sentence: str, *, exit_code: int) -> None:
        """Say what went wrong; the verb ends with that exit code once it returns."""
        self.exit_code = exit_code
        typer.echo(f"tratteggio: {printable(sentence)}", err=True)

    @contextlib.contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None] | None]:
        """Show a bar with the time left; yields the callback (done, total) that moves it."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        with Progress(*columns, console=Terminal(stderr=True)) as bars:
            task = bars.add_task(printable(what), total=None)
            yield lambda done, total: bars.update(task, completed=done, total=total)


class _Notes(logging.Handler):
    """Notes that the library logs become notes of the verb."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        self.console.note(record.getMessage())


@contextlib.contextmanager
def conversation(*, as_json: bool, quiet: bool) -> Iterator[Console]:
    """Run a verb: errors become one sentence and an exit code, interruptions exit code 130.

    Raises:
        typer.Exit: with the documented code, unless the verb went through.
    """
    print_anything()
    console = Console(as_json=as_json, quiet=quiet)
    handler = _Notes(console)
    logger = logging.getLogger("tratteggio")
    logger.addHandler(handler)
    logger.propagate, propagated = False, logger.propagate
    # A job scheduler's polite "terminate" is kept as carefully as Ctrl-C.
    former = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield console
    except TratteggioError as error:
        _end(console, str(error), error.exit_code)
    except KeyboardInterrupt:
        _end(console, "stopped", Stopped.exit_code)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _end(console, f"{where}{error.strerror or error}", UnwritableFile.exit_code)
    except MemoryError:
        _end(console, "out of memory; give --memory a smaller number, or use a smaller --tile", 1)
    finally:
        signal.signal(signal.SIGTERM, former)
        logger.removeHandler(handler)
        logger.propagate = propagated
    if console.exit_code:
        raise typer.Exit(console.exit_code)


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
        typer.echo(json.dumps({"error": sentence, "exit_code": exit_code, "notes": console.notes}, indent=1))
    raise typer.Exit(exit_code)
