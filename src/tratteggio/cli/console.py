"""How verbs talk to people and to programs: results, notes, progress, errors and exit codes."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, NoReturn

import typer

from tratteggio.errors import Stopped, TratteggioError, UnwritableFile

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
White = Annotated[
    float | None,
    typer.Option(
        "--white",
        metavar="VALUE",
        help="The sample that stands for white, as 4095 for 12 bit in 16. Default: what the file states, "
        "else 255, 65535 or, for floats, 1.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars and no notes.")]
MaskOrientation = Annotated[
    str | None,
    typer.Option(
        help="How a mask, damage map or strokes lie on a scan with an orientation tag: displayed (as a "
        "viewer shows it) or stored (as the samples in the file). Needed only where both would fit."
    ),
]


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
            typer.echo(shown(text))

    def note(self, sentence: str) -> None:
        """Say something that is not an error, once."""
        if sentence in self.notes:
            return
        self.notes.append(sentence)
        if not self.quiet:
            typer.echo(shown(f"note: {sentence}", lines=False), err=True)

    def error(self, sentence: str, *, exit_code: int) -> None:
        """Say what went wrong; the verb ends with that exit code once it returns."""
        self.exit_code = exit_code
        typer.echo(shown(f"tratteggio: {sentence}", lines=False), err=True)

    @contextlib.contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None] | None]:
        """Show a bar with the time left; yields the callback (done, total) that moves it."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console as Terminal
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Terminal(stderr=True)) as bars:
            task = bars.add_task(shown(what), total=None)
            yield lambda done, total: bars.update(task, completed=done, total=total)


def shown(text: str, *, lines: bool = True) -> str:
    """Return a text as a terminal may show it: what would steer the terminal is written out.

    Names, cards and histories come from outside. A control character in them could hide or fake lines;
    half of a surrogate pair, as in a name that is not UTF-8, cannot be printed at all.

    Args:
        text: what is to be printed.
        lines: line breaks are meant; a sentence has none.

    Example:
        >>> shown("red: \\x1b[31m")
        'red: \\\\x1b[31m'
    """
    kept = "\n\t\u200d\u200c" if lines else "\t\u200d\u200c"
    return "".join(one if one in kept or _is_plain(one) else ascii(one)[1:-1] for one in text)


def _is_plain(one: str) -> bool:
    """True for letters, signs and spaces; not for control, format and surrogate characters."""
    return unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


class _Notes(logging.Handler):
    """Notes that the library logs become notes of the verb, and so does what it says at INFO level."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        self.console.note(record.getMessage())


@contextlib.contextmanager
def conversation(*, as_json: bool, quiet: bool) -> Iterator[Console]:
    """Run a verb: errors become one sentence and an exit code, interruptions exit code 130.

    Raises:
        typer.Exit: with the documented code, unless the verb went through.
    """
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
        logger.setLevel(level)
    if console.exit_code:
        raise typer.Exit(console.exit_code)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _end(console: Console, sentence: str, exit_code: int) -> NoReturn:
    console.error(sentence, exit_code=exit_code)
    if console.as_json:
        typer.echo(json.dumps({"error": sentence, "exit_code": exit_code, "notes": console.notes}, indent=1))
    raise typer.Exit(exit_code)
