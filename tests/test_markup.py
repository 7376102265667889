"""Markup by construction: what is put into a template is escaped, and templates are written by us."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tratteggio.damage import CrackGraph, rose
from tratteggio.experiments._plot import curves
from tratteggio.markup import Markup, html, join
from tratteggio.pages.frame import page, policy
from tratteggio.painting import Metadata

ROOT = Path(__file__).parents[1]
FILES = [*(ROOT / "src" / "tratteggio").rglob("*.py"), *(ROOT / "gallery").glob("*.py")]
MAKERS = {"markup.py", "frame.py"}  # they alone may declare text to be markup


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield f"{file.name}:{node.lineno}", node


@given(st.text())
def test_a_value_comes_back_from_a_parser_as_it_went_in(text: str) -> None:
    made = html('<p title="{}">{}</p>', text, text)
    found = ET.fromstring(made)
    expected = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "\ufffd", text)
    assert found.get("title") == re.sub(r"[\t\n\r]", " ", expected.replace("\r\n", "\n"))
    assert (found.text or "") == expected.replace("\r\n", "\n").replace("\r", "\n")


def test_a_name_that_is_not_utf8_can_be_shown_and_written() -> None:
    assert html("{}", "caf\udce9.tif").encode("utf-8").decode() == "caf\ufffd.tif"


def test_markup_is_escaped_once_and_plain_text_between_it_too() -> None:
    assert html("{}{}", html("<br>"), "<br>") == "<br>&lt;br&gt;"
    assert join([html("<br>"), "<i>", 3]) == "<br>&lt;i&gt;3"


def test_braces_in_a_value_are_text() -> None:
    assert html("{}", "{0.__class__}") == "{0.__class__}"


def test_markup_put_into_plain_text_is_plain_text_again() -> None:
    """So a page built by f-strings or + is escaped, or refused, and never passes."""
    for plain in (html("<b>") + "<i>", f"{html('<b>')}", "".join([html("<b>")])):
        assert not isinstance(plain, Markup)
        assert html("{}", plain).startswith("&lt;b&gt;")


def test_a_page_refuses_a_body_that_nobody_escaped() -> None:
    with pytest.raises(TypeError, match="plain string"):
        page("title", "<p>body</p>")  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["a</style><script>x", "a<!--"])
@pytest.mark.parametrize("place", ["style", "script"])
def test_code_that_would_end_its_own_element_is_refused(place: str, code: str) -> None:
    with pytest.raises(ValueError, match="must hold neither"):
        page("title", html("<p></p>"), **{place: code})


def test_a_page_without_a_script_allows_none() -> None:
    assert "script-src 'none'" in policy(style="p {}")


# --- templates are ours ------------------------------------------------------------------------------


def test_text_is_declared_markup_in_two_files_alone() -> None:
    assert {place.split(":")[0] for place, _ in calls("Markup")} <= MAKERS


def test_templates_are_written_out_where_they_are_used() -> None:
    found = [place for place, call in calls("html") if not isinstance(call.args[0], ast.Constant)]
    found += [
        place
        for place, call in calls("join")
        if not all(isinstance(arg, ast.Constant) for arg in call.args[1:])
    ]
    assert len(list(calls("html"))) > 50
    assert not found


# A value as a whole address could be `javascript:`; one within quotes cannot leave them. A width is a number.
BAD = re.compile(r"""=\{|='|\s(href|action)="\{|\sstyle=(?!"width:\{:\.2f\}mm")|\son\w+=|javascript:""")


def test_templates_quote_their_attributes_and_hold_no_code() -> None:
    found = {place: BAD.findall(call.args[0].value) for place, call in calls("html")}
    assert {place: bad for place, bad in found.items() if bad} == {}


def test_an_address_that_is_a_value_is_that_of_a_picture_made_here() -> None:
    found = {place.split(":")[0] for place, call in calls("html") if 'src="{' in call.args[0].value}
    assert found == {"embedding.py", "printed_pictures.py"}


def test_no_other_module_escapes_by_hand() -> None:
    found = [
        file.name
        for file in FILES
        if re.search(r"from html import|html\.escape|&amp;|&lt;", file.read_text("utf-8"))
    ]
    assert sorted(found) == ["_report.py", "markup.py"]


# --- drawings ----------------------------------------------------------------------------------------

NASTY = ["<script>x</script>", '"><script>x</script>', "' onload='x", "a & b", "\x00\udce9", "]]>", "<!--"]


@pytest.mark.parametrize("nasty", NASTY)
def test_a_name_in_a_drawing_stays_a_name(nasty: str) -> None:
    def drawn(word: str) -> list[str]:
        graph = CrackGraph(np.zeros((0, 2)), (), np.zeros(0, np.int64), (10, 10), Metadata())
        plot = curves({word: [1.0, 2.0]}, labels=[word, "b"], title=word, spreads={word: [(0, 1), (1, 2)]})
        return [rose(graph, title=word), plot]

    for ours, theirs in zip(drawn("x"), drawn(nasty), strict=True):
        one, other = ([(e.tag, *e.attrib) for e in ET.fromstring(text).iter()] for text in (ours, theirs))
        assert one == other
        if nasty.isprintable():
            assert nasty in "".join(ET.fromstring(theirs).itertext())
