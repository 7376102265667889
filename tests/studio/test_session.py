"""What the studio does with a painting, from the first look to the verified proposal."""

import io
import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile
from PIL import Image

from tratteggio import files, treatment
from tratteggio.painting import Region
from tratteggio.painting.reduced import levels_of, read_reduced
from tratteggio.studio.session import Session

LOSS = {"tool": "brush", "points": [[300, 300], [340, 320]], "radius": 12, "damage": "loss"}
VIEW = {"top": 200, "left": 200, "bottom": 420, "right": 420}


def picture(studio, path):
    return np.asarray(Image.open(io.BytesIO(studio.get(path).content)))


def test_a_tile_shows_the_painting(studio, panel):
    shown = picture(studio, "tiles/scan/rgb/0/0/0").astype(int)
    samples = files.read(panel).pixels[:512, :512] / 257
    assert shown.shape == (512, 512, 3)
    assert np.abs(shown - samples).mean() < 2.5  # JPEG


def test_values_are_those_of_the_file_at_full_depth(studio, panel):
    told = studio.get("values?row=123&col=456").json()
    assert told["samples"]["rgb"] == files.read(panel).pixels[123:124, 456:457].ravel().tolist()


def test_a_mask_is_taken_and_the_marks_come_back_from_files(studio, panel):
    lost = (panel.parent / "lost.png").read_bytes()
    headers = {"Origin": studio.origin, "Content-Type": "application/octet-stream"}
    assert studio.client.post("/api/import/loss", content=lost, headers=headers).status_code == 200
    wanted = np.asarray(Image.open(panel.parent / "lost.png")) > 127
    assert studio.get("state").json()["marks"]["counts"]["loss"] == np.count_nonzero(wanted)
    studio.post("stroke", LOSS | {"damage": "crack"})
    names = studio.post("export").json()["files"]
    shown = treatment.read_damage(panel.parent / names[0], files.read(panel))
    assert (np.asarray(shown.indices) == np.asarray(studio.session.marking.marks.indices)).all()
    studio.post("undo", {"count": 2})
    colours = (panel.parent / names[0]).read_bytes()
    assert studio.client.post("/api/import/loss", content=colours, headers=headers).status_code == 200
    assert (np.asarray(shown.indices) == np.asarray(studio.session.marking.marks.indices)).all()


def test_a_mask_of_another_size_is_refused_in_words(studio):
    out = io.BytesIO()
    Image.fromarray(np.zeros((10, 12), np.uint8)).save(out, "PNG")
    headers = {"Origin": studio.origin, "Content-Type": "application/octet-stream"}
    answer = studio.client.post("/api/import/loss", content=out.getvalue(), headers=headers)
    assert answer.status_code == 400
    assert "10 rows" in answer.json()["error"]


def test_from_a_stroke_to_a_verified_proposal(studio, panel):
    studio.post("stroke", LOSS)
    before = panel.read_bytes()
    assert studio.post("preview", {"view": VIEW, "engine": "diffusion"}).status_code == 200
    assert studio.wait()["status"] == "done"
    shown = picture(studio, "tiles/fill/preview/0/0/0")
    marked = np.asarray(studio.session.marking.marks.indices)[:512, :512] > 0
    assert ((shown[..., 3] > 0) == marked).all()
    assert studio.post("fill", {"engine": "diffusion"}).status_code == 200
    job = studio.wait()
    assert (job["status"], job["result"]["passed"]) == ("done", True), job
    assert job["result"]["target"] == "panel.proposal-1.tif"
    # A preview is the same window: here the lacuna lies wholly in view.
    final = picture(studio, "tiles/fill/proposal-1/0/0/0")
    assert (final == shown).all()
    assert studio.get("values?row=300&col=300").json()["fills"]["proposal-1"]
    for what, name in (("report", "panel.proposal-1.report.html"), ("layers", "panel.proposal-1.layers.ora")):
        studio.post("document", {"name": "proposal-1", "what": what})
        assert studio.wait()["status"] == "done"
        assert (panel.parent / name).exists()
    studio.post("document", {"name": "proposal-1", "what": "verify"})
    assert studio.wait()["result"]["passed"]
    studio.post("note", {"text": "looked at under raking light"})
    log = studio.get("state").json()["log"]
    assert [entry["what"] for entry in log] == ["fill", "report", "layers", "verify", "note"]
    assert panel.read_bytes() == before


def test_a_detector_is_shown_from_a_threshold_on_and_accepted_in_view(studio):
    assert studio.post("detect", {"detector": "tophat"}).status_code == 200
    job = studio.wait()
    assert job["status"] == "done", job
    version = studio.get("state").json()["strength"]["version"]
    few, many = (
        (picture(studio, f"tiles/strength/{version}/0/0/0?threshold={at}")[..., 3] > 0).sum()
        for at in (0.9, 0.3)
    )
    assert few < many
    marked = studio.post("accept", {"threshold": 0.5, "view": VIEW}).json()["marked_px"]
    where = np.asarray(studio.session.marking.marks.indices) > 0
    assert marked == np.count_nonzero(where) > 0
    inside = np.zeros_like(where)
    inside[200:420, 200:420] = True
    assert not (where & ~inside).any()
    studio.post("undo")
    assert not (np.asarray(studio.session.marking.marks.indices) > 0).any()


def test_what_is_marked_in_view_teaches(studio, panel):
    lost = (panel.parent / "lost.png").read_bytes()
    headers = {"Origin": studio.origin, "Content-Type": "application/octet-stream"}
    studio.client.post("/api/import/loss", content=lost, headers=headers)
    assert studio.post("teach", {"top": 0, "left": 0, "bottom": 350, "right": 600}).status_code == 200
    job = studio.wait()
    assert job["status"] == "done", job
    strength = studio.get("state").json()["strength"]
    assert strength["damage"] == "loss"
    studio.post("undo")
    marked = studio.post("accept", {"threshold": strength["threshold"]}).json()["marked_px"]
    found = np.asarray(studio.session.marking.marks.indices)[350:] > 0
    wanted = np.asarray(Image.open(io.BytesIO(lost)))[350:] > 127
    assert marked > 0
    assert (found & wanted).sum() > 0.5 * wanted.sum()  # where nobody has marked anything


def test_nothing_in_view_teaches_nothing(studio):
    answer = studio.post("teach", {"top": 0, "left": 0, "bottom": 350, "right": 600})
    assert (answer.status_code, "mark some loss" in answer.json()["error"]) == (400, True)


def test_the_hypothesis_that_was_chosen_is_the_one_that_is_saved(studio, panel):
    studio.post("stroke", LOSS)
    studio.post("preview", {"view": VIEW, "engine": "patch_mrf", "samples": 2})
    assert studio.wait()["status"] == "done"
    names = [fill["id"] for fill in studio.get("state").json()["fills"]]
    assert names == ["preview", "preview-1", "preview-2"]
    shown = [picture(studio, f"tiles/fill/{name}/0/0/0") for name in names]
    assert (shown[0] != shown[2]).any()
    studio.post("fill", {"engine": "patch_mrf", "sample": 2})
    assert studio.wait()["status"] == "done"
    saved = picture(studio, "tiles/fill/proposal-1/0/0/0")
    assert (saved[..., 3] == shown[2][..., 3]).all()
    assert (saved != shown[0]).any()
    history = files.read_history(files.sidecar(panel.parent / "panel.proposal-1.tif", "history"))
    assert "2" in json.dumps(history["engine"])


def test_a_scan_without_smaller_copies_gets_them(tmp_path, opening):
    array = np.random.default_rng(0).integers(0, 65536, (4200, 900), np.uint16)
    tifffile.imwrite(tmp_path / "long.tif", array)
    assert not levels_of(files.read(tmp_path / "long.tif").pixels)
    with opening(tmp_path / "long.tif") as studio:
        for _ in range(400):
            if not studio.get("state").json()["preparing"]:
                break
            time.sleep(0.05)
        scan = studio.session.screen.scans["rgb"]
        assert scan.pixels.levels[0].shape == (1050, 225)
        got = scan.read(Region(0, 0, 4096, 900), step=8)
        wanted = read_reduced(array, Region(0, 0, 4096, 900), step=8)
        assert np.abs(got.astype(int) - wanted).max() <= 2  # rounded twice
        assert {file.name for file in tmp_path.iterdir()} == {"long.tif", "long.tif.studio"}


def test_a_job_is_stopped_at_once_and_goes_on_where_it_was(studio, panel):
    """With every tile, and every other, lost in places: enough windows to be stopped among them."""
    for row in range(20, 700, 40):
        studio.post("stroke", LOSS | {"points": [[x, row] for x in range(10, 600, 10)], "radius": 7})
    studio.post("fill", {"engine": "patch_mrf"})
    time.sleep(2.0)
    asked = time.monotonic()
    studio.post("stop")
    job = studio.wait()
    if job["status"] == "done":
        pytest.fail("the job was too quick to be stopped; give it more to do")
    assert job["status"] == "stopped"
    assert time.monotonic() - asked < 1.0  # 0.3 s on an idle machine
    ledger = panel.parent / "panel.proposal-1.tif.job"
    if not ledger.exists():  # stopped before the first tile
        return
    assert studio.get("state").json()["unfinished"] == ["panel.proposal-1.tif"]


def test_work_goes_on_after_a_kill(panel):
    """kill -9 of the studio: strokes, undo and all are there again."""
    code = (
        "import sys, time; from pathlib import Path; from tratteggio.studio.session import Session\n"
        "s = Session(Path(sys.argv[1]))\n"
        "s.marking.brush([(100, 100), (200, 220)], 9, 'loss'); s.marking.brush([(50, 50)], 9, 'crack')\n"
        "s.marking.undo(); print(s.marking.marks.counts['loss'], flush=True); time.sleep(60)"
    )
    done = subprocess.Popen([sys.executable, "-c", code, str(panel)], stdout=subprocess.PIPE, text=True)
    count = int(done.stdout.readline())
    done.kill()
    done.wait()
    done.stdout.close()
    again = Session(panel)
    try:
        assert again.marking.marks.counts["loss"] == count > 0
        assert (again.marking.can_undo, again.marking.can_redo) == (1, 1)
    finally:
        again.close()


def test_a_second_studio_is_told_and_only_shows(panel):
    first = Session(panel)
    try:
        second = Session(panel)
        try:
            assert second.read_only
            assert "Another studio has panel.tif open" in second.desk.notices[0]
        finally:
            second.close()
    finally:
        first.close()
    assert not (panel.parent / "panel.tif.studio").exists()  # nothing was done


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_shown_only(panel):
    panel.parent.chmod(0o500)
    try:
        session = Session(panel)
        assert session.read_only
        session.close()
    finally:
        panel.parent.chmod(0o700)


def test_a_proposal_opens_with_its_layers_over_its_source(panel, opening):
    proposal = panel.with_name("panel.proposal-7.tif")
    treatment.inpaint_file(panel, panel.parent / "lost.png", proposal, engine="diffusion")
    with opening(proposal) as studio:
        assert studio.get("facts").json()["name"] == "panel.tif"
        assert [fill["id"] for fill in studio.get("state").json()["fills"]] == ["proposal-7"]
        assert picture(studio, "tiles/fill/proposal-7/0/0/0")[..., 3].any()
        assert picture(studio, "tiles/confidence/proposal-7/0/0/0")[..., 3].any()


def test_a_file_that_vanishes_is_told_and_the_studio_goes_on(studio, panel):
    panel.unlink()
    answer = studio.get("tiles/scan/rgb/0/1/1")
    assert answer.status_code == 500
    assert "panel.tif" in answer.json()["error"]
    assert studio.get("state").status_code == 200


@pytest.mark.parametrize("shape", [(1, 1), (3, 40_000), (4000, 3)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_odd_paintings_are_shown(shape, dtype, tmp_path, opening):
    array = np.ones(shape, dtype)
    if dtype == "float32":
        array.flat[0] = np.nan
    files.write(array, tmp_path / "odd.tif")
    with opening(tmp_path / "odd.tif") as studio:
        most = max(shape)
        last = 0
        while most > 512 << last:
            last += 1
        assert picture(studio, f"tiles/scan/rgb/{last}/0/0").size > 0
        assert studio.post("stroke", LOSS | {"points": [[0.5, 0.5]]}).json()["marks"]["counts"]["loss"] > 0
        told = studio.get("values?row=0&col=0")
        assert json.loads(told.text)["samples"]["rgb"] == (["nan"] if dtype == "float32" else [1])


def test_events_tell_what_changes(studio):
    with studio.client.stream("GET", "/api/events") as stream:
        lines = stream.iter_lines()
        first = json.loads(next(lines).removeprefix("data: "))
        assert first["marks"]["version"] == 0
        studio.post("stroke", LOSS)
        for line in lines:
            if line.startswith("data: "):
                assert json.loads(line.removeprefix("data: "))["marks"]["version"] == 1
                break


def test_a_fill_that_the_studio_began_goes_on_without_it(tmp_path, opening):
    """The job of the studio is the job of the command line: one ledger, the same bits."""
    array = np.random.default_rng(0).integers(0, 255, (2600, 2600, 3), np.uint8)
    files.write(array, tmp_path / "panel.tif")
    with opening(tmp_path / "panel.tif") as studio:
        for x, y in ((200, 200), (2400, 2400), (2400, 200)):
            studio.post("stroke", LOSS | {"points": [[x, y]], "radius": 40})
        studio.post("fill", {"engine": "patch_mrf"})
        ledger = tmp_path / "panel.proposal-1.tif.job"
        for _ in range(1200):
            if list(ledger.glob("tile-*.npz")):
                break
            time.sleep(0.05)
        studio.post("stop")
        assert studio.wait()["status"] == "stopped"
        state = studio.get("state").json()
        assert state["unfinished"] == ["panel.proposal-1.tif"]
        assert state["fills"] == []  # nothing is shown as filled that is not kept
    kept = [file.name for file in ledger.glob("tile-*.npz")]
    assert 0 < len(kept) < 3
    target, mask = tmp_path / "panel.proposal-1.tif", tmp_path / "panel.tif.studio" / "mask-1.png"
    treatment.inpaint_file(tmp_path / "panel.tif", mask, target, engine="patch_mrf", resume=True)
    whole = tmp_path / "whole.tif"
    treatment.inpaint_file(tmp_path / "panel.tif", mask, whole, engine="patch_mrf")
    assert (np.asarray(files.read(target).pixels) == np.asarray(files.read(whole).pixels)).all()
