"""A comparison at true pixels: every pixel is in a tile, in the page or beside it."""

import base64
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from pages.parsed import parsed
from tratteggio import files
from tratteggio.errors import BadUsage, UnsafeOutput, UnwritableFile
from tratteggio.pages import compare, report
from tratteggio.painting import Lacunae, Metadata, Restoration, Scan

RNG = np.random.default_rng(0)
BEFORE = RNG.integers(0, 256, (70, 90, 3), dtype=np.uint8)
AFTER = BEFORE.copy()
AFTER[40:50, 70:80] = 9


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tratteggio.pages.true_pixels.SIDE", 32)


def told(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="tiles">(.*?)</script>', html)
    assert found
    return json.loads(found[1])


def put_together(tiles: dict[str, Any], side: str, folder: Path | None = None) -> np.ndarray:
    """Lay the tiles as the page does."""
    whole = np.zeros((tiles["rows"], tiles["cols"], 3), np.uint8)
    across = -(-tiles["cols"] // tiles["side"])
    for number, own in enumerate(tiles[side]):
        address = own or tiles["before"][number]
        data = (folder / address).read_bytes() if folder else base64.b64decode(address.partition(",")[2])
        image = np.asarray(Image.open(io.BytesIO(data)))
        top, left = (tiles["side"] * part for part in divmod(number, across))
        whole[top : top + image.shape[0], left : left + image.shape[1]] = image
    return whole


def test_every_pixel_is_in_a_tile_and_equal_tiles_are_kept_once() -> None:
    page = compare(Scan(BEFORE), Scan(AFTER), true_pixels=True, longest=20)
    tiles = told(page)
    assert_array_equal(put_together(tiles, "before"), BEFORE)
    assert_array_equal(put_together(tiles, "after"), AFTER)
    assert [number for number, one in enumerate(tiles["after"]) if one] == [5]
    assert ">1:1</button>" in page
    assert parsed(page).outside == []


def test_tiles_stand_as_a_viewer_displays_the_scan() -> None:
    turned = Metadata(orientation=6)
    tiles = told(compare(Scan(BEFORE, metadata=turned), Scan(AFTER, metadata=turned), true_pixels=True))
    assert_array_equal(put_together(tiles, "after"), files.overview(Scan(AFTER, metadata=turned)))


def test_a_folder_holds_the_page_and_its_tiles(tmp_path: Path) -> None:
    folder = tmp_path / "curtain"
    compare(Scan(BEFORE), Scan(AFTER), folder, true_pixels=True)
    page = (folder / "index.html").read_text("utf-8")
    assert_array_equal(put_together(told(page), "after", folder), AFTER)
    assert "img-src data: 'self' file:;" in page
    with pytest.raises(UnsafeOutput, match="curtain already exists"):
        compare(Scan(BEFORE), Scan(AFTER), folder, true_pixels=True)
    compare(Scan(BEFORE), Scan(BEFORE), folder, true_pixels=True, overwrite=True)
    assert set(told((folder / "index.html").read_text("utf-8"))["after"]) == {None}
    assert [path.name for path in tmp_path.iterdir()] == ["curtain"]
    (tmp_path / "scans").mkdir()
    with pytest.raises(UnwritableFile, match="contains no index"):
        compare(Scan(BEFORE), Scan(AFTER), tmp_path / "scans", true_pixels=True, overwrite=True)


def test_a_scan_too_large_for_one_file_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tratteggio.pages.comparison.MOST_INSIDE", 100)
    with pytest.raises(BadUsage, match="70 rows x 90 columns, too many .* name a folder instead, such as a"):
        compare(Scan(BEFORE), Scan(AFTER), tmp_path / "a.html", true_pixels=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("most", "place"), [(10**6, "out_compare.html"), (100, "out_compare/index.html")])
def test_a_report_links_to_the_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, place: str
) -> None:
    monkeypatch.setattr(sys.modules["tratteggio.pages.report"], "MOST_INSIDE", most)
    lost = (AFTER != BEFORE).any(axis=2)
    sure = lost.astype(np.float32)
    proposal = Restoration(Scan(BEFORE), Lacunae(lost), AFTER, sure, {"lacunae": {}})
    page = report(proposal, tmp_path / "out.report.html", true_pixels=True)
    assert f'<a href="./{place}">' in page
    folder = (tmp_path / place).parent if "/" in place else None
    assert_array_equal(put_together(told((tmp_path / place).read_text("utf-8")), "after", folder), AFTER)
