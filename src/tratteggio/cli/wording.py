"""Sentences of the library, as the command line prints them: options get dashes, functions become commands.

The library knows no command line. An error about an option carries its name, and its sentence begins with it
("tile must be ..."). Advice stands in backticks, as in Python: `resume=True`, `tratteggio.register`.
"""

from __future__ import annotations

import re

from tratteggio.errors import TratteggioError
from tratteggio.options import pair

# Where a flag is not called as the argument is.
FLAGS = {
    "detector": "kind",
    "detectors": "kind",
    "enhancer": "with",
    "lost": "mask",
    "minutes": "adapt",
    "settings": "set",
}
COMMANDS = {
    "tratteggio.files.outside_allowed()": "tratteggio --outside VERB",
    "tratteggio.treatment_report": "tratteggio report --to pdf",
    "tratteggio.registry.names('detectors')": "tratteggio detect --list",
}
QUOTES = "[]'\""
ADVICE = re.compile(r"`(?P<call>tratteggio\.[^`]+)`|`(?P<argument>[a-z]\w*=[^`]*)`")


def format_error(error: TratteggioError) -> str:
    """Return the message of an error as the command line prints it.

    Example:
        >>> from tratteggio.errors import BadUsage
        >>> format_error(BadUsage("max_error must be above 0, got -1", option="max_error"))
        '--max-error must be above 0, got -1'
        >>> format_error(BadUsage("a job lies there; pass `resume=True`, or see `tratteggio.inpaint`"))
        'a job lies there; pass --resume, or see `tratteggio inpaint`'
    """
    sentence = translate(str(error))
    if error.option and sentence.startswith(f"{error.option} "):
        return flag(error.option) + sentence.removeprefix(error.option)
    return sentence


def translate(sentence: str) -> str:
    """Return a sentence with its advice written as commands and flags."""
    return ADVICE.sub(_write_advice, sentence)


def flag(name: str) -> str:
    """Return the flag of an argument."""
    return "--" + FLAGS.get(name, name).replace("_", "-")


def _write_advice(found: re.Match[str]) -> str:
    if found["argument"]:
        return _write_argument(found["argument"])
    call = found["call"]
    if call in COMMANDS:
        return f"`{COMMANDS[call]}`"
    function, _, arguments = call.removesuffix(")").partition("(")
    words = [function.replace(".", " "), *map(_write_argument, filter(None, arguments.split(", ")))]
    return f"`{' '.join(words)}`"


def _write_argument(text: str) -> str:
    """Turn a=True into --a and b='x' into --b x."""
    name, value = pair(text, form="an argument is NAME=VALUE")
    return flag(name) if value in ("True", "...") else f"{flag(name)} {value.strip(QUOTES)}"
