"""The grammar of options, NAME:OPTION=VALUE,OPTION=VALUE: read, checked and explained here, nowhere else.

Engines, detectors, enhancers, filters, finishes, nets, objectives, degradations, recipes and damage policies
are all written so. What a name takes is stated by the signature of its `make`, or by a table of `Option`.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from tratteggio.errors import BadUsage
from tratteggio.registry import unknown

Options = Mapping[str, Any]

TYPES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


class Option(NamedTuple):
    """One option: its type, and its default (`...`: it must be given)."""

    type: Any
    default: Any


def options_of(
    function: Callable[..., Any], *, first: int = 0, given: Collection[str] = ()
) -> dict[str, Option]:
    """Return the options that a signature states, required ones first.

    Args:
        function: its keyword-only arguments are options; the others are names of files.
        first: arguments before this one are not options.
        given: names of arguments that the caller sets, not the user.
    """
    types = get_type_hints(function)
    found = {
        parameter.name: Option(
            types[parameter.name] if parameter.kind is parameter.KEYWORD_ONLY else str,
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for parameter in list(inspect.signature(function).parameters.values())[first:]
        if parameter.name not in given
    }
    return dict(sorted(found.items(), key=lambda item: item[1].default is not ...))


def name_of(text: str) -> str:
    """Return the name alone, of NAME or NAME:OPTION=VALUE.

    Example:
        >>> name_of("srcnn-915:scale=3")
        'srcnn-915'
    """
    return text.partition(":")[0]


# --- reading -------------------------------------------------------------------------------------------


def parse(text: str, known: Callable[[str], Mapping[str, Option]]) -> tuple[str, dict[str, Any]]:
    """Read a name and its options, each in its own type.

    A value may be several numbers: `weighted:weights=1,4,6,4,1`.

    Args:
        text: NAME or NAME:OPTION=VALUE,OPTION=VALUE.
        known: name -> its options; raises UnknownName for a name that does not exist.

    Raises:
        UnknownName: no such option; the message gives the nearest and all.
        BadUsage: a value of another type, an option that is given twice, or a required one that is missing.
    """
    name, colon, rest = text.partition(":")
    options = known(name)
    form = f"options are NAME=VALUE, separated by commas, as in {example(name, options)}"
    given = pairs(rest, owner=name, form=form) if colon else {}
    require_known(name, given, options)
    return name, {key: value(text, options[key].type, what=f"{name}: {key}") for key, text in given.items()}


def split(text: str, *, form: str) -> tuple[str, dict[str, str]]:
    """Read a name and its options as text, for names whose options are not a fixed list.

    Args:
        text: NAME or NAME:OPTION=VALUE,OPTION=VALUE.
        form: what should have been written, for the message.

    Raises:
        BadUsage: another form, or an option that is given twice.

    Example:
        >>> split("fp-cae:rgb=3,irr=1", form="")
        ('fp-cae', {'rgb': '3', 'irr': '1'})
    """
    name, colon, rest = text.partition(":")
    return name, pairs(rest, owner=name, form=form) if colon else {}


def pairs(text: str, *, owner: str, form: str) -> dict[str, str]:
    """Read OPTION=VALUE,OPTION=VALUE as text. A part without "=" continues the value before it.

    Args:
        text: what to read.
        owner: what the options belong to, for messages.
        form: what should have been written, for messages.

    Raises:
        BadUsage: another form, or an option that is given twice.
    """
    given: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value_text = (piece.strip() for piece in part.partition("="))
        if equals and key in given:
            raise BadUsage(f"{owner} is given {key} twice, in {text!r}; give it once")
        if equals and key:
            given[key] = value_text
        elif given and not equals:
            given[list(given)[-1]] += f",{part}"
        else:
            raise BadUsage(f"{form}; {part!r} is not of that form")
    return given


def pair(text: str, *, form: str) -> tuple[str, str]:
    """Read one KEY=VALUE as text; the value may hold anything.

    Raises:
        BadUsage: another form.
    """
    key, equals, value_text = text.partition("=")
    if not equals or not key.strip():
        raise BadUsage(f"{form}, got {text!r}")
    return key.strip(), value_text


def value(text: str, kind: Any, *, what: str) -> Any:
    """Read a value as a type: bool, int, float, str, a choice (`Literal`), numbers, or one of these or None.

    Args:
        text: what to read.
        kind: the type, as a signature states it.
        what: whose value it is, for messages.

    Raises:
        BadUsage: the text is not of that type.
        UnknownName: it is not one of the choices.

    Example:
        >>> value("none", int | None, what="clip"), value("2e-4", float, what="rate")
        (None, 0.0002)
    """
    kinds = kinds_of(kind)
    if NoneType in kinds and text.lower() == "none":
        return None
    if str in kinds:
        return text
    if kinds[0] == Sequence[float]:
        return tuple(_number(part, float, what, "numbers separated by commas") for part in text.split(","))
    if get_origin(kinds[0]) is Literal:
        if text not in get_args(kinds[0]):
            raise unknown(f"value of {what}", text, get_args(kinds[0]))
        return text
    if bool in kinds and text.lower() in ("true", "false"):
        return text.lower() == "true"
    wanted = " or ".join(TYPES[one] for one in kinds if one in TYPES)
    number = next((one for one in (int, float) if one in kinds), None)
    if number is None:
        raise BadUsage(f"{what} must be {wanted}, got {text!r}")
    return _number(text, number, what, wanted)


def guess(text: str) -> bool | int | float | str:
    """Read a value of which nothing is known: a number, true or false, else text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, bool | int | float) else text


def kinds_of(kind: Any) -> tuple[Any, ...]:
    """Return the types that a type hint allows."""
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _number(text: str, kind: type[int] | type[float], what: str, wanted: str) -> int | float:
    # int() and float() also take "1_000" and other digits than 0 to 9.
    if re.fullmatch(r"\s*[+-]?[\w.+-]+\s*", text, re.ASCII) and "_" not in text:
        try:
            return kind(text)
        except ValueError:
            pass
    raise BadUsage(f"{what} must be {wanted}, got {text!r}")


# --- checking and writing --------------------------------------------------------------------------------


def require_known(name: str, given: Collection[str], known: Mapping[str, Option]) -> None:
    """Refuse an option that does not exist, and ask for required ones that are missing.

    Raises:
        UnknownName: no such option; the message gives the nearest and all.
        BadUsage: one is missing, or the name takes no options.
    """
    for key in given:
        if not known:
            raise BadUsage(f"{name} takes no options, got {key!r}; write {name} alone")
        if key not in known:
            raise unknown(f"option of {name}", key, known)
    missing = [key for key, option in known.items() if option.default is ... and key not in given]
    if missing:
        raise BadUsage(f"{name} needs {' and '.join(missing)}, as in {example(name, known)}")


def require_valid(name: str, given: Options, known: Mapping[str, Option]) -> None:
    """Check options that come as values already, from a recipe or from Python; a whole number is a number.

    Raises:
        UnknownName: no such option; the message gives the nearest and all.
        BadUsage: a value of another type, or a required option that is missing.

    Example:
        >>> require_valid("noise", {"strongest": 1}, {"strongest": Option(float, 0.2)})
    """
    require_known(name, given, known)
    for key, one in given.items():
        kinds = kinds_of(known[key].type)
        if type(one) not in kinds and not (type(one) is int and float in kinds):
            wanted = " or ".join(TYPES.get(kind, "none") for kind in kinds)
            raise BadUsage(f"{key} of {name} must be {wanted}, got {one!r}")


def write(name: str, options: Options) -> str:
    """Return a name and its options as `parse` takes them.

    Example:
        >>> write("gaussian", {"sigma": 2.0, "border": "zero"})
        'gaussian:sigma=2,border=zero'
    """
    listed = ",".join(f"{key}={_written(one)}" for key, one in options.items())
    return f"{name}:{listed}" if listed else name


def full(name: str, given: Options, known: Mapping[str, Option]) -> str:
    """Return a name with all its options, defaults too; those that are None are left out.

    Example:
        >>> full("tophat", {}, {"side": Option(str, "dark"), "weights": Option(str | None, None)})
        'tophat:side=dark'
    """
    chosen = {key: given.get(key, option.default) for key, option in known.items()}
    return write(name, {key: one for key, one in chosen.items() if one is not None})


def example(name: str, known: Mapping[str, Option]) -> str:
    """Show how a name is written, with its defaults; options without one are shown in capitals."""
    shown = {key: key.upper() if option.default is ... else option.default for key, option in known.items()}
    return write(name, {key: one for key, one in shown.items() if one is not None})


def _written(one: Any) -> str:
    if isinstance(one, bool):
        return str(one).lower()
    if isinstance(one, tuple):
        return ",".join(_written(part) for part in one)
    return repr(int(one)) if isinstance(one, float) and one.is_integer() else str(one)
