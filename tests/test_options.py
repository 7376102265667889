"""One grammar of options, for everything that has a name."""

import ast
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest

import tratteggio
from tratteggio import options, registry
from tratteggio.errors import BadUsage, UnknownName
from tratteggio.options import Option

HOUSE = Path(tratteggio.__file__).parent
KNOWN = {
    "size": Option(int, ...),
    "sigma": Option(float, 1.0),
    "weights": Option(Sequence[float], (1.0, 2.0)),
    "even": Option(bool, False),
    "side": Option(Literal["dark", "light"], "dark"),
    "clip": Option(float | None, None),
    "file": Option(str, "a=b"),
}


def parse(text: str) -> tuple[str, dict[str, object]]:
    return options.parse(text, lambda _: KNOWN)


def test_each_option_is_read_in_its_type() -> None:
    text = "x:size=3,sigma=2,weights=1,4,1,even=true,side=light,clip=none,file=a b=c.tif"
    assert parse(text) == (
        "x",
        {"size": 3, "sigma": 2.0, "weights": (1.0, 4.0, 1.0), "even": True, "side": "light", "clip": None}
        | {"file": "a b=c.tif"},
    )


def test_what_is_written_is_read_again() -> None:
    given = {"size": 3, "sigma": 0.5, "weights": (1.0, 4.5), "even": True, "side": "light"}
    assert parse(options.write("x", given)) == ("x", given)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x:sise=3", "no option of x named 'sise'; did you mean 'size'?"),
        ("x:sigma=2", "x needs size, as in x:size=SIZE,sigma=1"),
        ("x:size=3,size=4", "x is given size twice"),
        ("x:size=3.5", "x: size must be a whole number, got '3.5'"),
        ("x:size=1_0", "x: size must be a whole number, got '1_0'"),
        ("x:size=3,sigma=much", "x: sigma must be a number, got 'much'"),
        ("x:size=3,even=1", "x: even must be true or false, got '1'"),
        ("x:size=3,side=drak", "no value of x: side named 'drak'; did you mean 'dark'?"),
        ("x:3", "options are NAME=VALUE, separated by commas, as in x:size=SIZE"),
        ("x:=3", "options are NAME=VALUE"),
        ("x:", "options are NAME=VALUE"),
    ],
)
def test_a_mistake_is_explained(text: str, sentence: str) -> None:
    with pytest.raises(BadUsage) as met:
        parse(text)
    assert sentence in str(met.value)


def test_a_name_without_options_says_so() -> None:
    with pytest.raises(BadUsage, match="telea takes no options, got 'speed'; write telea alone"):
        options.parse("telea:speed=3", lambda _: {})


def test_values_from_python_are_held_to_the_same_types() -> None:
    options.require_valid("x", {"size": 3, "sigma": 2}, KNOWN)
    with pytest.raises(BadUsage, match="size of x must be a whole number, got True"):
        options.require_valid("x", {"size": True}, KNOWN)
    with pytest.raises(UnknownName, match="did you mean 'sigma'"):
        options.require_valid("x", {"size": 3, "sigm": 2}, KNOWN)


@pytest.mark.parametrize("role", ["engines", "detectors", "enhancers", "finish"])
def test_a_misspelt_option_of_anything_registered_is_refused_alike(role: str) -> None:
    for name in registry.names(role):
        make = registry.load(role, name).make
        known = options.options_of(make, first=role == "finish", given=("seed", "device", "attributes"))
        with pytest.raises(BadUsage, match=f"option of {name} named 'nonsense'|{name} takes no options"):
            options.parse(f"{name}:nonsense=1", lambda _, known=known: known)


def test_no_other_module_takes_options_apart() -> None:
    """`partition("=")` and the like elsewhere would be a second grammar."""
    elsewhere = [
        f"{file.relative_to(HOUSE)}:{node.lineno}"
        for file in sorted(HOUSE.rglob("*.py"))
        if file.name != "options.py"
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and re.fullmatch("r?(partition|split)", node.func.attr)
        and any(isinstance(one, ast.Constant) and one.value == "=" for one in node.args)
    ]
    assert elsewhere == []
