"""Options in words, NAME:OPTION=VALUE,OPTION=VALUE, read by the signature of what the name stands for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from tratteggio.errors import BadUsage
from tratteggio.registry import unknown

Options = Mapping[str, Any]


class Option(NamedTuple):
    """What can be told: the type, and what is taken if nothing is told (`...`: it must be)."""

    type: Any
    default: Any


def options(
    function: Callable[..., Any], *, first: int = 0, given: Collection[str] = ()
) -> dict[str, Option]:
    """Return the options that a signature states, those first that must be told.

    Args:
        function: whose keyword-only arguments are options; others are names of files.
        first: arguments before this one are none.
        given: names of arguments that are no one's to tell.
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


def read(text: str, known: Callable[[str], Mapping[str, Option]]) -> tuple[str, dict[str, Any]]:
    """Part words into a name and its options, each in the type that the signature states.

    A value may be several numbers: `weighted:weights=1,4,6,4,1`.

    Args:
        text: NAME or NAME:OPTION=VALUE,OPTION=VALUE.
        known: name -> its options; raises UnknownName for a name that is none.

    Raises:
        UnknownName: an option that is none; the message gives the nearest and all.
        BadUsage: a value of another type, or an option that is told twice.
    """
    name, colon, rest = text.partition(":")
    options = known(name)
    told: dict[str, str] = {}
    for part in rest.split(",") if colon else []:
        key, equals, value = part.partition("=")
        if equals and key in told:
            raise BadUsage(f"option {key} of {name} is given twice, in {text!r}")
        if equals:
            told[key] = value
        elif told:  # one more number of the last option
            told[list(told)[-1]] += f",{part}"
        else:
            raise BadUsage(
                f"options are NAME=VALUE, separated by commas, for example {example(name, options)}; "
                f"got {part!r}"
            )
    require_known(name, told, options)
    return name, {key: _valued(name, key, value, options[key].type) for key, value in told.items()}


def require_known(name: str, told: Collection[str], known: Mapping[str, Option]) -> None:
    """Refuse an option that there is not, and miss none that must be told.

    Raises:
        UnknownName: no such option; the message gives the nearest and all.
        BadUsage: one is missing.
    """
    for key in told:
        if key not in known:
            raise unknown(f"option of {name}", key, known)
    missing = [key for key, option in known.items() if option.default is ... and key not in told]
    if missing:
        raise BadUsage(f"{name} needs {' and '.join(missing)}, for example {example(name, known)}")


def said(name: str, options: Options) -> str:
    """Return a name and its options in the words that `read` takes.

    Example:
        >>> said("gaussian", {"sigma": 2.0, "border": "zero"})
        'gaussian:sigma=2,border=zero'
    """
    told = ",".join(f"{key}={_said(value)}" for key, value in options.items())
    return f"{name}:{told}" if told else name


def example(name: str, known: Mapping[str, Option]) -> str:
    """Show how something is written, with what it takes if it is told nothing, unless that is nothing."""
    shown = {key: key.upper() if option.default is ... else option.default for key, option in known.items()}
    return said(name, {key: value for key, value in shown.items() if value is not None})


def _valued(name: str, key: str, text: str, kind: Any) -> Any:
    """Read a value as a type."""
    if get_origin(kind) in (Union, UnionType):
        kind = next(part for part in get_args(kind) if part is not NoneType)
    try:
        if kind is int:
            return int(text)
        if kind is float:
            return float(text)
        if kind == Sequence[float]:
            return tuple(float(part) for part in text.split(","))
    except ValueError:
        words = {int: "a whole number", float: "a number"}.get(kind, "numbers separated by commas")
        raise BadUsage(f"{name}: {key} must be {words}, got {text!r}") from None
    return text


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(_said(part) for part in value)
    return repr(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
