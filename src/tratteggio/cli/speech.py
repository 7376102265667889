"""Words on standard output and standard error, whatever these are: closed, narrow, full, or nobody's."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO

import typer

from tratteggio.errors import UnwritableFile
from tratteggio.names import printable

EXIT_CODE = 141  # 128 + SIGPIPE, as of a program that its reader has left


class Left(Exception):
    """Whoever read standard output has gone, as `head` does."""


def say(text: str) -> None:
    """Write a line to standard output.

    Raises:
        Left: nobody reads it any more.
        UnwritableFile: no space, where standard output is a file.
    """
    try:
        typer.echo(printable(text, lines=True))
    except BrokenPipeError as error:
        _silence(sys.stdout)
        raise Left from error
    except OSError as error:
        _silence(sys.stdout)
        raise UnwritableFile(f"standard output cannot be written: {error.strerror or error}") from error


def tell(text: str, *, lines: bool = False) -> None:
    """Write a sentence (or `lines`) to standard error; what nobody can read there does not stop the work."""
    try:
        typer.echo(printable(text, lines=lines), err=True)
    except OSError:
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    """Send what is left in a stream's buffer nowhere, or Python would complain about it at exit."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
