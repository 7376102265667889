"""Names that were public under another name: for one release they raise an error that gives the new one."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import NoReturn, ParamSpec, TypeVar

from tratteggio.errors import BadUsage, Renamed

P = ParamSpec("P")
T = TypeVar("T")


def renamed_arguments(names: Mapping[str, str]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Refuse keyword arguments by their former names.

    Args:
        names: former name -> new name.

    Example:
        >>> @renamed_arguments({"kind": "detector"})
        ... def find(*, detector="tophat"): ...
        >>> find(kind="ridge")
        Traceback (most recent call last):
        tratteggio.errors.BadUsage: find: the argument kind is now called detector; write detector=...
    """

    def refusing(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def _call(*args: P.args, **given: P.kwargs) -> T:
            for former, new in names.items():
                if former in given:
                    raise BadUsage(
                        f"{function.__name__}: the argument {former} is now called {new}; write {new}=..."
                    )
            return function(*args, **given)

        return _call

    return refusing


def moved_arguments(options: type) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Refuse keyword arguments that are now fields of an object, which the argument `options` takes.

    Args:
        options: the dataclass that has the fields.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Options:
        ...     tile: int = 512
        >>> @moved_arguments(Options)
        ... def fill(*, options=None): ...
        >>> fill(tile=256)
        Traceback (most recent call last):
        tratteggio.errors.BadUsage: fill: the argument tile is now in Options; write options=Options(tile=...)
    """

    def refusing(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def _call(*args: P.args, **given: P.kwargs) -> T:
            for field in dataclasses.fields(options):
                if field.name in given:
                    raise BadUsage(
                        f"{function.__name__}: the argument {field.name} is now in {options.__name__}; "
                        f"write options={options.__name__}({field.name}=...)"
                    )
            return function(*args, **given)

        return _call

    return refusing


def refuse_former(module: str, name: str, names: Mapping[str, str]) -> NoReturn:
    """Answer a module's `__getattr__`: say the new name, or that there is none.

    Args:
        module: the module that is asked.
        name: the name that it is asked for.
        names: former name -> new name in the same module, or in full, "tratteggio.explanation.explain".

    Raises:
        Renamed: the name is one of the former ones.
        AttributeError: any other name.
    """
    if name in names:
        new = names[name] if "." in names[name] else f"{module}.{names[name]}"
        raise Renamed(f"{module}.{name} is now {new}; use that name")
    raise AttributeError(f"module {module!r} has no attribute {name!r}")
