"""JSON and TOML from outside are read under limits, and the message names what is wrong."""

import json
from pathlib import Path

import pytest
from msgspec import Struct

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.files import documents
from tratteggio.files.documents import DEEPEST, json_lines, parse_json, read_json, read_toml, require

FILE = Path("panel.json")


class Trial(Struct):
    count: int
    shares: list[float] = []


class Whole(Struct):
    trial: Trial


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "it must be an object, got a list"),
        ({}, "trial is missing"),
        ({"trial": {}}, "trial.count is missing"),
        ({"trial": {"count": "3"}}, "trial.count must be a whole number, got a text"),
        ({"trial": {"count": True}}, "trial.count must be a whole number, got true or false"),
        ({"trial": {"count": 3, "shares": [0.5, None]}}, r"trial.shares\[1\] must be a number, got null"),
        ({"trial": {"count": 3, "shares": [10**400]}}, r"trial.shares\[0\]: number out of range"),
        ({"trial": {"count": 3}, "\ud800": 1}, "a key is not Unicode"),
    ],
)
def test_the_message_names_file_key_and_what_was_expected(value: object, message: str) -> None:
    with pytest.raises(UnreadableFile, match=f"panel.json is not a sound card: {message}; copy it again"):
        require(value, Whole, FILE, what="card")


def test_keys_of_later_versions_are_allowed() -> None:
    assert require({"trial": {"count": 3, "new": []}, "newer": {}}, Whole, FILE, what="card").trial.count == 3


def test_what_is_written_by_hand_is_a_fault_of_usage() -> None:
    with pytest.raises(BadUsage, match="trial is missing; correct it"):
        require({}, Whole, FILE, what="card", remedy="correct it", error=BadUsage)


@pytest.mark.parametrize("text", ["", "{", b"\xff\xfe\xfa", "1" * 5000, '{"a": nan}', '"\0'])
def test_what_is_not_json_is_told_of(text: str | bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"panel\.json is not a sound card \("):
        parse_json(text, FILE, what="card")


@pytest.mark.parametrize("depth", [DEEPEST + 1, 900, 100_000])
@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_bounded(depth: int, left: str, right: str) -> None:
    with pytest.raises(UnreadableFile, match=f"nested deeper than {DEEPEST}"):
        parse_json(left * depth + "1" + right * depth, FILE, what="card")


def test_the_deepest_document_that_is_allowed_is_read() -> None:
    found = parse_json("[" * DEEPEST + "]" * DEEPEST, FILE, what="card")
    assert json.dumps(found) == "[" * DEEPEST + "]" * DEEPEST


def test_size_is_bounded_before_parsing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", 100)
    file = tmp_path / "large.json"
    file.write_text('{"a": "' + "b" * 100 + '"}')
    with pytest.raises(UnreadableFile, match=r"large\.json.*larger than 100 bytes"):
        read_json(file, what="card")
    with pytest.raises(UnreadableFile, match="larger than 100 bytes"):
        list(json_lines(file, Trial, what="journal", remedy="remove it"))


def test_a_name_that_is_not_utf_8_is_read() -> None:
    assert parse_json('"caf\\udce9.tif"', FILE, what="card") == "caf\udce9.tif"


def test_a_folder_and_a_missing_file_are_told_of(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(UnreadableFile, match="cannot be read"):
            read_json(path, what="card")


@pytest.mark.parametrize("text", ["a = ", "a = '\xff'", "a = " + "[" * 100_000 + "]" * 100_000])
def test_toml_that_cannot_be_read_is_told_of(tmp_path: Path, text: str) -> None:
    file = tmp_path / "painting.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(UnreadableFile, match=r"painting\.toml is not a sound TOML file"):
        read_toml(file, what="TOML file")


def test_lines_come_back_whole_and_a_cut_one_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text('{"count": 1, "new": 2}\n{"count": 2}\n{"cou')
    lines = list(json_lines(file, Trial, what="journal", remedy="remove it"))
    assert [line for line, _ in lines] == [{"count": 1, "new": 2}, {"count": 2}]
    assert [message.count for _, message in lines] == [1, 2]


@pytest.mark.parametrize("line", ["garbage", "[]", "", '{"count": "1"}', "{}", "[" * 9000, '{"count": NaN}'])
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text(f'{{"count": 1}}\n{line}\n{{"count": 2}}\n')
    with pytest.raises(UnreadableFile, match=r"lines\.jsonl, line 2 is not a sound journal.*; remove it"):
        list(json_lines(file, Trial, what="journal", remedy="remove it"))
