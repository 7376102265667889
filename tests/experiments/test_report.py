"""What a report says, and how it is written."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from tratteggio.errors import BadUsage, UnwritableFile
from tratteggio.experiments import Claim, Column, Report, Row, Table
from tratteggio.experiments._report import as_jpeg, write, write_image

MSE, SSIM, SIZE = Column("MSE", 1, "lower"), Column("SSIM", 2, "higher"), Column("size", 0)
TABLE = Table(
    "Nets",
    [MSE, SSIM, SIZE],
    [
        Row("plain", {"MSE": 9.0, "SSIM": 0.75, "size": 3}, {"MSE": 40.67}),
        Row("partial", {"MSE": 8.04, "SSIM": None, "size": 4}),
        Row("ours", {"MSE": 8.02, "SSIM": math.nan}),
    ],
    "Means.",
)


def lines(report: Report) -> list[list[str]]:
    """The cells of every line of every table."""
    text = report.as_markdown().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text if line.startswith("|")]


def report(**more) -> Report:
    return Report(
        setting="Two nets.", tables=[TABLE], claims=[Claim("It works", "reproduced", "It did.")], **more
    )


def test_published_figures_stand_beside_ours_where_there_are_any():
    head, _, plain, *_ = lines(report())
    assert head == ["", "MSE, published", "MSE, ours", "SSIM", "size"]
    assert plain == ["plain", "40.7", "9.0", "0.75", "3"], "of one figure none is the best"


def test_the_best_of_ours_is_bold_as_it_reads_and_what_is_missing_is_a_dash():
    _, _, plain, partial, ours, *_ = lines(report())
    assert (plain[2], partial[2], ours[2]) == ("9.0", "**8.0**", "**8.0**")
    assert (partial[1], partial[3], ours[3], ours[4]) == ("–", "–", "–", "–")
    assert (plain[4], partial[4]) == ("3", "4"), "no way is better"


def test_a_terminal_gets_aligned_columns_without_markdown():
    assert report(header={"title": "A table"}).as_text().splitlines() == [
        "A table",
        "",
        "Two nets.",
        "",
        TABLE.title,
        "         MSE, published  MSE, ours  SSIM  size",
        "plain              40.7        9.0  0.75     3",
        "partial               –       8.0*     –     4",
        "ours                  –       8.0*     –     –",
        "Means.",
        "* the best of ours",
        "",
        "reproduced: It works",
        "    It did.",
    ]


def test_claims_and_what_was_run_are_told():
    text = report(
        header={"title": "A table", "scale": "smoke", "choices": {"steps": 3, "peers": ()}, "command": "x"},
        notes=["Mind."],
        seconds={"training": 200.0, "measuring": 1.5},
        pictures={"a.svg": "Curves"},
    ).as_markdown()
    for words in ("# A table", "| It works | **reproduced** | It did. |", "steps 3, peers none", "- Mind."):
        assert words in text
    assert "3.4 min in all: training 3.3 min; measuring 1.5 s." in text
    assert "![Curves](a.svg)" in text


def test_a_figure_without_a_column_and_an_unknown_verdict_are_errors():
    with pytest.raises(BadUsage, match="MES"):
        Table("t", [MSE], [Row("r", {"MES": 1.0})])
    with pytest.raises(BadUsage, match="maybe"):
        Claim("It works", "maybe", "Who knows.")


def test_a_written_report_is_strict_json_with_all_figures(tmp_path: Path):
    written = write(report(header={"scale": "smoke"}), tmp_path)
    assert [file.name for file in written] == ["report.md", "report.json"]
    found = json.loads(written[1].read_text(), parse_constant=pytest.fail)
    assert found["scale"] == "smoke"
    assert found["tables"][0]["rows"][0]["published"] == {"MSE": 40.67}
    assert found["tables"][0]["rows"][2]["ours"] == {"MSE": 8.02, "SSIM": None}
    assert found["claims"][0]["verdict"] == "reproduced"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["report.json", "report.md"]


def test_a_report_that_cannot_be_written_leaves_the_last_one(tmp_path: Path):
    write(report(), tmp_path)
    before = (tmp_path / "report.md").read_bytes()
    with pytest.raises(UnwritableFile):
        write(report(notes=["new"]), tmp_path / "missing")
    assert (tmp_path / "report.md").read_bytes() == before


def test_a_jpeg_is_as_good_as_fits():
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    well, badly = as_jpeg(noise), as_jpeg(noise, most=6000)
    assert len(badly) <= 6000 < len(well)


def test_a_picture_too_large_for_a_report_is_refused(tmp_path: Path):
    write_image(b"x" * 10, tmp_path / "a.png", most=10)
    with pytest.raises(BadUsage, match=r"a\.png has 11 bytes"):
        write_image(b"x" * 11, tmp_path / "a.png", most=10)
    assert (tmp_path / "a.png").read_bytes() == b"x" * 10


def test_a_name_from_outside_is_neither_a_tag_nor_a_link_nor_a_cell():
    nasty = "a <img src=x onerror=y> | [b](javascript:alert\n(1)) <!-- </td> \udce9"
    table = Table("Nets", [MSE], [Row(nasty, {"MSE": 1.0})])
    text = Report(
        setting=nasty,
        tables=[table],
        claims=[Claim(nasty, "reproduced", nasty)],
        notes=[nasty, "p < 0.05, [paper](https://example.org/a)"],
        pictures={"a.svg": nasty},
        header={"title": nasty, "data": nasty, "command": nasty},
    ).as_markdown()
    text.encode("utf-8")
    assert not set("<") & set(text.replace("p < 0.05", ""))
    assert "](javascript" not in text
    assert "](a.svg)" in text
    assert "[paper](https://example.org/a)" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in rows} == {3, 4}
