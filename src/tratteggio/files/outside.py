"""Whether a file may name others that lie outside its folder: only if the user says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_outside: ContextVar[bool] = ContextVar("outside", default=False)


@contextmanager
def outside_allowed() -> Iterator[None]:
    """Let every `painting.toml` that is read in this block name files outside its folder."""
    token = _outside.set(True)
    try:
        yield
    finally:
        _outside.reset(token)


def is_outside_allowed() -> bool:
    """True within `outside_allowed`."""
    return _outside.get()
