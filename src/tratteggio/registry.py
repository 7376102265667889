"""Names to files: every module of a role's folder is one engine (finish, ...), and the file name its name.

A file of `models/` holds one architecture; the nets it builds are its `NAMES`, see `tratteggio.models.build`.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata, util
from pathlib import Path
from types import ModuleType

from tratteggio.errors import BrokenPlugin, TratteggioError, UnknownName

ROLES = {
    "engines": "engine",
    "detectors": "detector",
    "enhancers": "enhancer",
    "formats": "format",
    "finish": "finish",
    "models": "architecture",
    "degradation": "degradation",
    "datasets": "dataset",
    "recipes": "recipe",
    "experiments": "experiment",
}
# Files of a role's folder that all its others go through.
DOORS = {"models": {"fitting", "serving", "tensors", "weights"}}


@cache
def _modules(role: str) -> dict[str, str]:
    """Return name -> module path for a role: our own files, then entry points of other packages."""
    spec = util.find_spec(f"tratteggio.{role}")
    folders = (spec.submodule_search_locations if spec else None) or []
    found = {
        file.stem: f"tratteggio.{role}.{file.stem}"
        for folder in folders
        for file in sorted(Path(folder).glob("*.py"))
        if not file.stem.startswith("_") and file.stem not in DOORS.get(role, ())
    }
    for point in metadata.entry_points(group=f"tratteggio.{role}"):
        found.setdefault(point.name, point.value)
    return found


def names(role: str) -> list[str]:
    """List what is registered for a role, one of `ROLES`, in alphabetical order."""
    return sorted(_modules(role))


def plugins(role: str) -> list[str]:
    """List what other packages have registered for a role, in alphabetical order."""
    return sorted(name for name, module in _modules(role).items() if not module.startswith("tratteggio."))


def included(role: str) -> list[str]:
    """List what tratteggio itself brings for a role, in alphabetical order."""
    return sorted(set(names(role)) - set(plugins(role)))


def load(role: str, name: str) -> ModuleType:
    """Import the module registered under a name.

    Raises:
        UnknownName: nothing has that name; the message gives the nearest and all.
        MissingExtra: the module needs an optional dependency that is not installed.
        BrokenPlugin: the module cannot be imported; the message gives the cause.
    """
    modules = _modules(role)
    if name not in modules:
        raise unknown(ROLES[role], name, modules)
    with usable(role, name):
        return importlib.import_module(modules[name])


@contextmanager
def usable(role: str, name: str) -> Iterator[None]:
    """Use a module of a role in this block; whatever another package's code raises names that package.

    Raises:
        BrokenPlugin: the block raised something that is not ours.
    """
    try:
        yield
    except TratteggioError:
        raise
    except (Exception, SystemExit) as error:  # code of other packages raises anything
        detail = (str(error) or "no reason given").splitlines()[0][:200]
        raise BrokenPlugin(
            f"{ROLES[role]} {name} ({_modules(role)[name]}) is broken: {type(error).__name__}: {detail}; "
            "install its package again, or uninstall it"
        ) from error


def broken(role: str) -> dict[str, str]:
    """Import all that other packages have registered for a role -> name: why it is broken."""
    found = {}
    for name in plugins(role):
        try:
            load(role, name)
        except TratteggioError as error:
            found[name] = str(error)
    return found


def unknown(kind: str, name: str, known: Iterable[str]) -> UnknownName:
    """Make the error for an unknown name: with the nearest known name, then all of them.

    Example:
        >>> raise unknown("engine", "teela", ["telea", "fsr"])
        Traceback (most recent call last):
        tratteggio.errors.UnknownName: no engine named 'teela'; did you mean 'telea'? Known: fsr, telea
    """
    known = sorted(set(known))
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    listed = f"Known: {', '.join(known)}" if known else f"there is no {kind} at all"
    return UnknownName(f"no {kind} named {name!r}; {hint}{listed}")
