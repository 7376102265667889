"""Words on standard output and standard error, whatever these are: closed, narrow, full, or nobody's."""

from __future__ import annotations

import contextlib
import os
import sys
import unicodedata
from typing import TextIO

import typer

from tratteggio.errors import UnwritableFile

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
        typer.echo(printable(shown(text), sys.stdout))
    except BrokenPipeError as error:
        _silence(sys.stdout)
        raise Left from error
    except OSError as error:
        _silence(sys.stdout)
        raise UnwritableFile(f"standard output cannot be written: {error.strerror or error}") from error


def tell(text: str, *, lines: bool = False) -> None:
    """Write a sentence (or `lines`) to standard error; what nobody can read there does not stop the work."""
    try:
        typer.echo(printable(shown(text, lines=lines), sys.stderr), err=True)
    except OSError:
        _silence(sys.stderr)


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


def printable(text: str, stream: TextIO | None) -> str:
    """Write as escapes what a stream cannot encode: letters in a narrow locale, names that are not UTF-8."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _silence(stream: TextIO) -> None:
    """Send what is left in a stream's buffer nowhere, or Python would complain about it at exit."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
