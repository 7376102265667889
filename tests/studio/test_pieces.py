"""Piece by piece: findings are accepted or rejected, lacunae get the fill that was chosen for each."""

import json

import numpy as np
import pytest
from PIL import Image

from tratteggio import files
from tratteggio.painting import Lacunae
from tratteggio.studio.pieces import pieces_of

VIEW = {"top": 200, "left": 200, "bottom": 420, "right": 420}


def stroke(x, y, radius=8, damage="loss"):
    return {"tool": "brush", "points": [[x, y]], "radius": radius, "damage": damage}


def marked(studio):
    return np.asarray(studio.session.marking.marks.indices)


def test_pieces_are_listed_by_size_and_by_doubt():
    lost, strength = np.zeros((50, 60), bool), np.zeros((50, 60), np.uint8)
    lost[2:12, 2:12] = lost[20:25, 20:25] = lost[40:48, 50] = True
    strength[2:12, 2:12], strength[20:25, 20:25], strength[40:48, 50] = 128, 200, 90
    strength[30:, :10] = 255  # elsewhere
    pieces = pieces_of(Lacunae(lost), strength)
    assert [one.px for one in pieces.list("size")] == [100, 25, 8]
    assert [one.px for one in pieces.list("doubt")] == [8, 100, 25]
    assert abs(pieces.list("size")[0].strength - 128 / 255) < 1e-3
    for one in pieces.list("size"):
        assert lost[one.at]
        assert pieces.number_at(*one.at) == one.number
    assert np.asarray(pieces.some([1], others=True)).sum() == lost.sum() - lost[2:12, 2:12].sum()
    assert pieces.number_at(0, 0) == pieces.number_at(99, 0) == 0


@pytest.fixture
def looked(studio):
    assert studio.post("detect", {"detector": "tophat"}).status_code == 200
    assert studio.wait()["status"] == "done"
    return studio


def test_findings_are_accepted_and_rejected_one_by_one(looked):
    found = looked.get("findings?threshold=0.5&by=size").json()
    first, second = found["listed"][:2]
    assert first["px"] >= second["px"]
    assert first["decided"] == ""
    place = {"threshold": 0.5, "row": first["row"], "col": first["col"]}
    assert looked.post("decide", place | {"accept": True}).json()["marks"]["counts"]
    assert np.count_nonzero(marked(looked)) == first["px"]
    assert marked(looked)[first["row"], first["col"]] > 0
    again = {one["number"]: one["decided"] for one in looked.get("findings?threshold=0.5").json()["listed"]}
    assert again[first["number"]] == "accepted"
    looked.post("decide", place | {"accept": False})
    assert np.count_nonzero(marked(looked)) == 0
    looked.post("decide", place | {"row": second["row"], "col": second["col"], "accept": False})
    # What was rejected is not marked with all others.
    looked.post("accept", {"threshold": 0.5})
    assert marked(looked)[first["row"], first["col"]] == marked(looked)[second["row"], second["col"]] == 0
    assert np.count_nonzero(marked(looked)) > 0
    looked.post("decide", place | {"accept": True})  # another thought
    assert marked(looked)[first["row"], first["col"]] > 0
    # Marks of another class, and those made by hand, stay when a piece is rejected.
    looked.post("stroke", stroke(first["col"], first["row"], 3, "stain"))
    looked.post("stroke", stroke(second["col"], second["row"], 3, "crack"))
    before = looked.get("state").json()["marks"]["counts"]
    looked.post("decide", place | {"row": second["row"], "col": second["col"], "accept": False})
    assert looked.get("state").json()["marks"]["counts"] == before
    looked.post("decide", place | {"accept": False})
    assert looked.get("state").json()["marks"]["counts"]["stain"] == before["stain"] > 0
    nowhere = looked.post("decide", place | {"row": 0, "col": 0, "accept": True})
    assert (nowhere.status_code, "found nothing" in nowhere.json()["error"]) == (400, True)


def test_a_choice_for_each_lacuna_goes_into_the_fill_and_its_history(studio, panel):
    assert studio.post("lacunae").json() == {"count": 0, "listed": []}
    for x, y in ((100, 100), (300, 300), (500, 500)):
        studio.post("stroke", stroke(x, y))
    listed = studio.post("lacunae").json()["listed"]
    assert len(listed) == 3
    at = [{"row": y, "col": x} for x, y in ((100, 100), (300, 300), (500, 500))]
    assert studio.post("choose", at[0] | {"leave": "an old loss, part of the work"}).status_code == 200
    assert studio.post("choose", at[1] | {"finish": "neutral"}).status_code == 200
    assert studio.post("choose", at[2] | {"sample": 1}).status_code == 200
    assert studio.post("choose", {"row": 5, "col": 5, "sample": 1}).status_code == 400
    assert studio.post("choose", at[1] | {"finish": "gold"}).status_code in (400, 500)
    studio.post("choose", at[2])  # taken back
    chosen = [one["choice"] for one in studio.post("lacunae").json()["listed"] if one["choice"]]
    assert len(chosen) == 2
    studio.post(
        "preview", {"view": {"top": 60, "left": 60, "bottom": 360, "right": 360}, "engine": "diffusion"}
    )
    assert studio.wait()["status"] == "done"
    confident = studio.get("values?row=100&col=100").json()["fills"]
    assert confident == {}  # left as it is, in the preview, too
    studio.post("fill", {"engine": "diffusion"})
    job = studio.wait()
    assert (job["status"], job["result"]["passed"]) == ("done", True), job
    history = files.read_history(files.sidecar(panel.parent / "panel.proposal-1.tif", "history"))
    assert history["left_open"]["reasons"] == ["an old loss, part of the work"]
    assert sorted(one["finish"] or "" for one in history["choices"]) == ["", "neutral"]
    lost = np.asarray(files.read(files.sidecar(panel.parent / "panel.proposal-1.tif", "lost")).pixels)
    assert not lost[100, 100]
    assert lost[300, 300]
    log = studio.get("state").json()["log"]
    assert [entry["what"] for entry in log] == ["choose"] * 4 + ["fill"]


def test_a_stopped_fill_goes_on_with_its_choices(studio, panel):
    studio.post("stroke", stroke(100, 100))
    folder = studio.session.desk.folder
    studio.post("choose", {"row": 100, "col": 100, "finish": "neutral"})
    folder.keep_settings(3, {
        "engine": "diffusion", "finish": "mimetic", "seed": 0, "sample": 0, "calibrate": True,
        "leave_above": 0.2, "choices": folder.choices(),
    })  # fmt: skip
    settings = folder.settings(3)
    assert settings["choices"][0]["finish"] == "neutral"
    assert (settings["calibrate"], settings["leave_above"]) == (True, 0.2)
    (folder.path / "choices.json").write_text("[{}]")
    assert "choose anew" in studio.post("lacunae").json()["error"]


def test_a_preview_of_much_is_made_at_a_smaller_size_and_says_so(studio, monkeypatch):
    monkeypatch.setattr("tratteggio.studio.filling.QUICK_PX", {"diffusion": 300})
    studio.post("stroke", stroke(300, 300, 15))
    for whole, step in ((False, 2), (True, 1)):
        studio.post(
            "preview", {"view": VIEW, "engine": "diffusion", "whole_size": whole, "finish": "neutral"}
        )
        assert studio.wait()["status"] == "done"
        [fill] = studio.get("state").json()["fills"]
        assert fill["step"] == step
        shown = studio.session.filling.shown["preview"]
        box = np.asarray(shown.pixels[280:320, 280:320]), np.asarray(shown.lost[280:320, 280:320])
        original = np.asarray(files.read(studio.session.desk.source).pixels[280:320, 280:320])
        assert (box[0][~box[1]] == original[~box[1]]).all()
        assert (box[0][box[1]] != original[box[1]]).any()
        assert (box[1] == (marked(studio)[280:320, 280:320] > 0)).all()


def test_the_report_prints_the_log_and_the_calibration(studio, panel):
    for x in range(60, 560, 100):
        studio.post("stroke", stroke(x, 100, 5))
    studio.post("note", {"text": "seen under raking light"})
    studio.post("fill", {"engine": "diffusion", "calibrate": True})
    assert studio.wait()["status"] == "done"
    studio.post("document", {"name": "proposal-1", "what": "report"})
    assert studio.wait()["status"] == "done"
    page = (panel.parent / "panel.proposal-1.report.html").read_text()
    assert "Treatment log" in page
    assert "seen under raking light" in page
    assert "calibrated on known paint" in page


def send(studio, data, damage="loss"):
    headers = {"Origin": studio.origin, "Content-Type": "application/octet-stream"}
    return studio.client.post(f"/api/import/{damage}", content=data, headers=headers)


def test_outlines_and_strokes_come_back_from_files(studio, panel):
    studio.post("stroke", stroke(300, 300, 12) | {"points": [[300, 300], [340, 320], [280, 350], [300, 300]]})
    studio.post("stroke", stroke(100, 100, 5, "crack"))
    wanted = marked(studio)
    [name] = studio.post("export", {"form": "geojson"}).json()["files"]
    [strokes] = studio.post("export", {"form": "strokes", "view": VIEW}).json()["files"]
    studio.post("undo", {"count": 9})
    assert send(studio, (panel.parent / name).read_bytes(), "stain").status_code == 200
    assert (marked(studio) == wanted).all()  # classes are those of the file
    studio.post("undo", {"count": 9})
    labels = files.read_labels(panel.parent / strokes, files.read(panel))
    assert set(labels.counts) == {"paint", "loss", "crack"}
    assert labels.counts["paint"] == 220 * 220 - np.count_nonzero(wanted[200:420, 200:420])
    assert send(studio, (panel.parent / strokes).read_bytes()).status_code == 200
    assert (marked(studio) == wanted).all()


def test_outlines_of_other_programs_are_taken(studio):
    square = [[10, 20], [30, 20], [30, 40], [10, 40], [10, 20]]
    hole = [[15, 25], [20, 25], [20, 30], [15, 30], [15, 25]]
    outlines = {"type": "FeatureCollection", "features": [{
        "type": "Feature", "id": "x", "geometry": {"type": "Polygon", "coordinates": [square, hole]},
        "properties": {"objectType": "annotation", "classification": {"name": "crack", "color": [1, 2, 3]}},
    }]}  # fmt: skip
    assert send(studio, json.dumps(outlines).encode()).status_code == 200
    counts = studio.get("state").json()["marks"]["counts"]
    assert counts["crack"] == 20 * 20 - 5 * 5
    outlines["features"][0]["properties"] = {"classification": {"name": "Tumour"}}
    send(studio, json.dumps(outlines).encode(), "stain")
    assert studio.get("state").json()["marks"]["counts"]["stain"] == 20 * 20 - 5 * 5


@pytest.mark.parametrize("text", [
    "{", '{"features": []}', '{"features": [{"geometry": {"type": "Point", "coordinates": [1, 2]}}]}',
    '{"features": [{"geometry": {"type": "Polygon", "coordinates": [[["a", 0]]]}}]}',
    '{"features": [{"geometry": {"type": "Polygon", "coordinates": [[[-9,-9],[-8,-9],[-8,-8],[-9,-9]]]}}]}',
    '{"features": [{"geometry": {"type": "Polygon", "coordinates": [3]}}]}',
])  # fmt: skip
def test_a_file_without_outlines_is_refused_in_words(text, studio):
    answer = send(studio, text.encode())
    assert answer.status_code == 400, answer.text
    assert "outlines" in answer.json()["error"]
    assert studio.session.marking.version == 0


def test_a_selection_grows_over_the_colour_of_a_stroke(panel, opening):
    picture = np.full((200, 300, 3), 180, np.uint8)
    picture[50:150, 60:200] = (120, 70, 40)
    Image.fromarray(picture).save(panel.with_name("plain.png"))
    view = {"top": 0, "left": 0, "bottom": 200, "right": 300}
    ask = {"points": [[100, 100]], "radius": 3, "damage": "loss", "tolerance": 10, "view": view}
    with opening(panel.with_name("plain.png")) as studio:
        assert studio.post("grow", ask).status_code == 200
        assert (marked(studio) > 0).sum() == 100 * 140
        studio.post("undo")
        assert not marked(studio).any()
        few = studio.post("grow", ask | {"view": view | {"right": 150}}).json()
        assert few["marks"]["counts"]["loss"] == 100 * 90
        outside = studio.post("grow", ask | {"points": [[250, 100]], "view": view | {"right": 150}})
        assert (outside.status_code, "outside the view" in outside.json()["error"]) == (400, True)
