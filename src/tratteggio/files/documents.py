"""JSON and TOML from outside: read under limits, and checked against a schema where they enter.

A schema is a `msgspec.Struct` or a dataclass. It names the keys that our code relies on, with their types;
other keys are allowed and kept, so that files of later versions can be read.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tratteggio.errors import TratteggioError, UnreadableFile
from tratteggio.files.untrusted import REMEDY, untrusted

T = TypeVar("T")

MOST_BYTES = 16 << 20  # of one document: the largest that we write, cards and histories, hold some 100 kB
DEEPEST = 64  # lists and objects within each other; ours go down 6

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "null": "null",
    "object": "an object",
    "array": "a list",
}
_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]+)`(?P<bound> .*)?, got `(?P<got>[^`]+)`")
_BOUND = re.compile(r"Expected `(?P<wanted>[^`]+)` (?P<bound>.+)")
_MISSING = re.compile(r"Object missing required field `(?P<key>[^`]+)`")


def parse_json(text: bytes | str, source: Path, *, what: str, remedy: str = REMEDY) -> Any:
    """Parse one JSON document.

    Args:
        text: at most `MOST_BYTES` long.
        source: the file it comes from, for messages.
        what: what it should be, for messages: "history", "card of weights", ...
        remedy: what the user can do.

    Raises:
        UnreadableFile: not JSON, too large, or nested too deep.
    """
    _require_size(source, len(text), what=what, remedy=remedy)
    with untrusted(source, what=what, remedy=remedy):
        try:
            found = json.loads(text)
        except RecursionError:
            found = None
            deep = True
        else:
            deep = _deep(found)
    if deep:
        raise _too_deep(source, what=what, remedy=remedy)
    return found


def read_json(path: Path, *, what: str, remedy: str = REMEDY) -> dict[str, Any]:
    """Read a file that holds one JSON object.

    Raises:
        UnreadableFile: missing, too large, no JSON, nested too deep, or no object.
    """
    found = parse_json(_content(path, what=what, remedy=remedy), path, what=what, remedy=remedy)
    return require(found, dict[str, Any], path, what=what, remedy=remedy)


def read_toml(path: Path, *, what: str) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        UnreadableFile: missing, too large, no TOML, or nested too deep.
    """
    content = _content(path, what=what, remedy=REMEDY)
    with untrusted(path, what=what, remedy="correct it in a text editor"):
        try:
            found: dict[str, Any] | None = tomllib.loads(content.decode("utf-8"))
        except RecursionError:
            found = None
    if found is None or _deep(found):
        raise _too_deep(path, what=what, remedy="correct it in a text editor")
    return found


def json_lines(path: Path, schema: type[T], *, what: str, remedy: str) -> Iterator[tuple[dict[str, Any], T]]:
    """Read a file of one JSON object a line; a last line that a kill cut short is left out.

    Args:
        path: the file.
        schema: what each line must hold.
        what: what a line should be, for messages.
        remedy: what the user can do.

    Yields:
        the object of each line as it is, and as the schema has it.

    Raises:
        UnreadableFile: the file cannot be read, or a line is damaged; the message names the line.
    """
    with untrusted(path, what=what, remedy=remedy), path.open("rb") as lines:
        for number in range(1, _MOST_LINES):
            line = lines.readline(MOST_BYTES + 1)
            if not line.endswith(b"\n") and len(line) <= MOST_BYTES:
                return
            place = Path(f"{path}, line {number}")
            found = parse_json(line, place, what=what, remedy=remedy)
            found = require(found, dict[str, Any], place, what=what, remedy=remedy)
            yield found, require(found, schema, place, what=what, remedy=remedy)


_MOST_LINES = 100_000_000


def require(
    value: Any,
    schema: type[T],
    source: Path,
    *,
    what: str,
    remedy: str = REMEDY,
    error: type[TratteggioError] = UnreadableFile,
) -> T:
    """Return a parsed document as its schema has it.

    Args:
        value: what `parse_json` or `read_toml` returned.
        schema: a Struct, a dataclass or a type.
        source: the file it comes from, for messages.
        what: what the document should be, for messages.
        remedy: what the user can do.
        error: what is raised; `BadUsage` for what a user writes by hand.

    Raises:
        UnreadableFile: a key is missing or holds something else; the message names the key.

    Example:
        >>> require({"trials": "many"}, dict[str, int], Path("out.json"), what="history")
        Traceback (most recent call last):
        tratteggio.errors.UnreadableFile: out.json is not a sound history: each value must be a ...
    """
    try:
        return msgspec.convert(value, schema)
    except UnicodeEncodeError as found:  # half of a surrogate pair in a key: no key of ours
        raise error(f"{source} is not a sound {what}: a key is not Unicode; {remedy}") from found
    except msgspec.ValidationError as found:
        raise error(f"{source} is not a sound {what}: {_explain(found)}; {remedy}") from found


def _explain(found: msgspec.ValidationError) -> str:
    """Say in plain words what msgspec found: which key, what was expected, what came."""
    message, _, place = str(found).partition(" - at `")
    key = place.rstrip("`").removeprefix("$").removeprefix(".").replace("[...]", ", each value")
    key = key.removeprefix(", ") or "it"
    if match := _MISSING.fullmatch(message):
        return f"{'' if key == 'it' else key + '.'}{match['key']} is missing"
    if match := _EXPECTED.fullmatch(message):
        return f"{key} must be {_words(match['wanted'])}{match['bound'] or ''}, got {_words(match['got'])}"
    if match := _BOUND.fullmatch(message):
        return f"{key} must be {_words(match['wanted'])} {match['bound']}"
    return f"{key}: {message[:1].lower()}{message[1:200]}"


def _words(kinds: str) -> str:
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds.split(" | "))


def _content(path: Path, *, what: str, remedy: str) -> bytes:
    """Read a file, but never more than a document may have."""
    with untrusted(path, what=what, remedy=remedy), path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    _require_size(path, len(content), what=what, remedy=remedy)
    return content


def _require_size(source: Path, size: int, *, what: str, remedy: str) -> None:
    if size > MOST_BYTES:
        raise UnreadableFile(
            f"{source} is not a sound {what}: it is larger than {MOST_BYTES:,} bytes; {remedy}"
        )


def _too_deep(source: Path, *, what: str, remedy: str) -> UnreadableFile:
    return UnreadableFile(f"{source} is not a sound {what}: it is nested deeper than {DEEPEST}; {remedy}")


def _deep(value: Any) -> bool:
    """True if lists and objects are nested deeper than `DEEPEST`; recursion itself would fail there."""
    layer = [value]
    for _ in range(DEEPEST + 1):
        inner = [
            one.values() if isinstance(one, dict) else one for one in layer if isinstance(one, dict | list)
        ]
        layer = [part for parts in inner for part in parts if isinstance(part, dict | list)]
        if not inner:
            return False
    return True
