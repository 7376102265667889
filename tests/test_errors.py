"""The drawn tree of errors is the tree that stands."""

import inspect
import re

import pytest

from tratteggio import errors

CLASSES = {name: thing for name, thing in vars(errors).items() if inspect.isclass(thing)}


def drawn() -> dict[str, tuple[str, set[str], int]]:
    """Read the module docstring: class -> (parent, other bases, exit code)."""
    tree: dict[str, tuple[str, set[str], int]] = {}
    path: list[str] = []
    codes: list[int] = []
    for line in errors.__doc__.splitlines():
        if not (found := re.match(r"    ([│├└─ ]*)([A-Z]\w+)(?: \((\w+)\))?(.*)", line)):
            continue
        depth = len(found[1]) // 4
        told = re.search(r"(?: {2,}|exit code )(\d+)\b", found[4])
        code = int(told[1]) if told else codes[depth - 1]
        path[depth:], codes[depth:] = [found[2]], [code]
        tree[found[2]] = (path[depth - 1] if depth else "Exception", {found[3]} - {None}, code)
    return tree


def test_every_error_is_drawn() -> None:
    assert set(drawn()) == set(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_it_stands_where_it_is_drawn(name: str) -> None:
    parent, others, code = drawn()[name]
    assert {base.__name__ for base in CLASSES[name].__bases__} == {parent} | others
    assert CLASSES[name].exit_code == code
