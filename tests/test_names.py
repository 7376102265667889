"""Any bytes may be a file name; what is printed, said in JSON and recorded takes them all."""

import json
import os

from hypothesis import given
from hypothesis import strategies as st

from tratteggio.names import encodable, followed, json_safe, printable, quoted, unquoted

NAMES = st.binary(min_size=1, max_size=40).map(os.fsdecode)


@given(NAMES)
def test_a_printable_name_is_one_line_that_any_stream_takes(name):
    said = printable(name)
    assert said.encode("utf-8").decode("utf-8") == said
    assert len(said.splitlines()) <= 1
    assert said.isprintable() or "\x1b" not in said


@given(NAMES)
def test_json_with_any_name_is_strict_json(name):
    text = json_safe(json.dumps({"name": name, "list": [name]}, ensure_ascii=False))
    told = json.loads(text.encode("utf-8"))
    assert told == {"name": encodable(name), "list": [encodable(name)]}


@given(NAMES)
def test_a_recorded_path_leads_back_to_the_very_bytes(name):
    bytewise = quoted(name)
    assert (name if bytewise is None else unquoted(bytewise)) == name
    if bytewise is None:
        name.encode("utf-8")
    else:
        bytewise.encode("ascii")


def test_plain_names_stay_as_they_are():
    for name in ("panel.tif", "café #1 %20.tif", "漢.tif", r"a\xe9.tif"):
        assert printable(name) == encodable(name) == name
        assert quoted(name) is None


def test_links_are_followed_and_a_circle_of_them_stays_as_it_is(tmp_path):
    (tmp_path / "panel.tif").touch()
    (tmp_path / "link.tif").symlink_to("panel.tif")
    (tmp_path / "circle.tif").symlink_to("circle.tif")
    assert followed(tmp_path / "link.tif") == followed(tmp_path / "panel.tif")
    assert followed(tmp_path / "circle.tif").name == "circle.tif"
