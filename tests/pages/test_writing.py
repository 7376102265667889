"""Pages on disk: written whole, from files as a user has them, and never over a scan."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pages.parsed import parsed
from pages.test_report import three_lacunae
from tratteggio.errors import BadUsage, GridMismatch, UnreadableFile, UnwritableFile
from tratteggio.pages import compare, report
from tratteggio.painting import Scan


def saved(path: Path, rows: int = 30, cols: int = 40, value: int = 100) -> Path:
    Image.fromarray(np.full((rows, cols, 3), value, np.uint8)).save(path)
    return path


def test_a_curtain_of_two_files_names_them_and_their_size(tmp_path: Path) -> None:
    a, b = saved(tmp_path / "panel & co.png"), saved(tmp_path / "proposal.png", value=180)
    compare(a, b, tmp_path / "curtain.html", longest=20)
    page = parsed((tmp_path / "curtain.html").read_text(encoding="utf-8"))
    assert page.alts == ["panel & co.png", "proposal.png"]
    assert "40 × 30 pixels, reduced 2.0 times here." in page.text
    assert str(tmp_path) not in page.text
    assert page.outside == page.unclosed == []
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "curtain.html",
        "panel & co.png",
        "proposal.png",
    ]


def test_scans_can_be_compared_without_files() -> None:
    scan = Scan(np.zeros((30, 40), np.uint16), name="x-ray")
    assert "40 × 30 pixels." in parsed(compare(scan, scan)).text


def test_files_of_two_sizes_are_refused_by_name(tmp_path: Path) -> None:
    a, b = saved(tmp_path / "a.png"), saved(tmp_path / "b.png", rows=31)
    with pytest.raises(GridMismatch, match=r"a.png has 30 rows x 40 columns and .*b.png has 31 rows x 40"):
        compare(a, b, tmp_path / "curtain.html")
    assert not (tmp_path / "curtain.html").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"absent\.png"):
        compare(saved(tmp_path / "a.png"), tmp_path / "absent.png", tmp_path / "curtain.html")


def test_a_report_is_written_whole(tmp_path: Path) -> None:
    report(three_lacunae(), tmp_path / "report.html", rows=1)
    page = parsed((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert len(page.tables[0]) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["report.csv", "report.html"]


def test_a_page_is_never_written_over_a_scan(tmp_path: Path) -> None:
    a = saved(tmp_path / "a.png")
    before = a.read_bytes()
    with pytest.raises(BadUsage, match=r"name it a\.html"):
        compare(a, a, a)
    with pytest.raises(BadUsage, match=r"name it a\.html"):
        report(three_lacunae(), a)
    assert a.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnwritableFile, match="nowhere"):
        report(three_lacunae(), tmp_path / "nowhere" / "report.html")
