"""A folder in the studio: the list, its thumbnails, and paintings that are opened from it."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

from tratteggio import files, treatment
from tratteggio.errors import BadUsage
from tratteggio.studio import room as rooms
from tratteggio.studio.room import Room

LOSS = {"tool": "brush", "points": [[300, 300]], "radius": 12, "damage": "loss"}


@pytest.fixture
def folder(panel):
    """Three paintings: one large, one small, one broken; and what lies beside paintings."""
    (panel.parent / "lost.png").unlink()
    files.write(np.full((30, 40), 7, np.uint8), panel.parent / "small.png")
    (panel.parent / "zero.tif").write_bytes(b"II*\0")
    (panel.parent / "notes.txt").write_text("no painting")
    (panel.parent / "panel.mask-1.png").write_bytes(b"")
    (panel.parent / ".hidden.png").write_bytes(b"")
    return panel.parent


def numbers(studio):
    return {one["name"]: one for one in studio.get("facts").json()["paintings"]}


def test_a_folder_is_listed_with_thumbnails(folder, opening):
    with opening(folder) as studio:
        listed = numbers(studio)
        assert list(listed) == ["panel.tif", "small.png", "zero.tif"]
        assert (listed["panel.tif"]["rows"], listed["panel.tif"]["cols"]) == (700, 600)
        assert "zero.tif" in listed["zero.tif"]["error"]
        small = Image.open(io.BytesIO(studio.get("thumbnails/0").content))
        assert max(small.size) == 240
        assert studio.get("thumbnails/2").json()["error"]
        assert studio.get("thumbnails/9").status_code == 400


def test_a_painting_is_opened_from_the_list_and_marked(folder, opening):
    with opening(folder) as studio:
        number = numbers(studio)["panel.tif"]["number"]
        base = f"/p/{number}/api"
        facts = studio.client.get(f"{base}/facts").json()
        assert (facts["name"], facts["in_folder"]) == ("panel.tif", True)
        headers = {"Origin": studio.origin}
        marked = studio.client.post(f"{base}/stroke", json=LOSS, headers=headers).json()["marks"]
        assert marked["counts"]["loss"] > 0
        assert studio.client.get(f"{base}/tiles/scan/rgb/0/0/0").content.startswith(b"\xff\xd8")
        assert studio.client.get(f"/p/{number}", follow_redirects=False).headers["location"] == "/p/0/"
        assert studio.client.get("/p/7/api/facts").status_code == 400
        broken = studio.client.get(f"/p/{numbers(studio)['zero.tif']['number']}/api/facts")
        assert "zero.tif" in broken.json()["error"]
        mask = b"\x89PNG nothing"
        kind = headers | {"Content-Type": "application/octet-stream"}
        assert studio.client.post(f"{base}/import/loss", content=mask, headers=kind).status_code == 500
        assert numbers(studio)["panel.tif"]["begun"]


def test_a_proposal_is_counted_with_its_painting(folder, opening, painted):
    shutil.copy(painted / "lost.png", folder / ".lost.png")
    treatment.inpaint_file(
        folder / "panel.tif", folder / ".lost.png", folder / "panel.proposal-1.tif", engine="diffusion"
    )
    with opening(folder) as studio:
        listed = numbers(studio)
    assert "panel.proposal-1.tif" not in listed
    assert listed["panel.tif"]["proposals"] == 1


def test_nothing_outside_the_folder_is_listed(folder, tmp_path_factory, opening):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.png"
    files.write(np.zeros((9, 9), np.uint8), elsewhere)
    (folder / "link.png").symlink_to(elsewhere)
    with opening(folder) as studio:
        assert "link.png" not in numbers(studio)


def test_paintings_that_nobody_looks_at_are_closed(folder, monkeypatch):
    monkeypatch.setattr(rooms, "MOST_OPEN", 1)
    room = Room(folder, read_only=True)
    with room.use(0) as first, room.use(1):
        assert not first.leaving  # both are looked at
    with room.use(0) as again:
        assert again is first
    room._open.pop(1).close()
    with room.use(1):
        assert first.leaving
    with room.use(0) as again:
        assert again.stack.grid == (700, 600)
    room.close()
    assert again.leaving


def test_a_folder_without_a_painting_is_refused(tmp_path):
    with pytest.raises(BadUsage, match="no painting"):
        Room(tmp_path)


def test_read_only_shows_every_painting_and_writes_nothing(folder, opening):
    before = sorted(file.name for file in folder.iterdir())
    with opening(folder, read_only=True) as studio:
        headers = {"Origin": studio.origin}
        assert studio.client.post("/p/0/api/stroke", json=LOSS, headers=headers).status_code == 403
        assert studio.client.get("/p/0/api/facts").json()["read_only"]
    assert sorted(file.name for file in folder.iterdir()) == before
