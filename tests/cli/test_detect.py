"""`tratteggio detect` as a user runs it."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import tratteggio as tg
from tratteggio import files
from tratteggio.cli.main import app


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(180, 200, (120, 140, 3)).astype(np.uint8)
    pixels[60:63, 10:130] = 40
    Image.fromarray(pixels).save(tmp_path / "wall.png", dpi=(300, 300))
    return tmp_path / "wall.png"


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.output


def test_a_mask_is_written_with_its_history_and_the_scan_is_left_alone(scan: Path):
    before = hashlib.sha256(scan.read_bytes()).hexdigest()
    mask = scan.with_name("lost.png")
    code, text = run("detect", scan, "-o", mask, "--kind", "tophat", "--json")
    assert code == 0, text
    assert hashlib.sha256(scan.read_bytes()).hexdigest() == before
    lost = files.read_lacunae(mask, files.read(scan))
    assert lost.read()[61, 20:120].all()
    assert not lost.read()[:50].any()
    history = files.read_history(files.sidecar(mask, "history"))
    assert history["verb"] == "detect"
    assert history["what"].startswith("a hypothesis")
    assert history["detectors"][0]["found_px"] == lost.lost_px
    assert history["detectors"][0]["words"] == "tophat:side=dark"
    assert history["source"]["sha256"] == before
    assert {"schema": 1, **json.loads(text)["history"]} == history
    assert files.read(mask).um_per_px == pytest.approx(25_400 / 300, rel=1e-4)


def test_what_is_found_can_be_filled_as_it_is(scan: Path):
    mask, out = scan.with_name("lost.tif"), scan.with_name("filled.png")
    assert run("detect", scan, "-o", mask, "--kind", "tophat")[0] == 0
    assert run("inpaint", scan, "--mask", mask, "-o", out, "--engine", "diffusion")[0] == 0
    assert np.asarray(Image.open(out))[61, 70].min() > 150


def test_the_strengths_that_are_written_are_those_of_the_mask(scan: Path):
    mask, strength = scan.with_name("lost.png"), scan.with_name("strength.tif")
    code, text = run(
        "detect", scan, "-o", mask, "--kind", "tophat", "--strength", strength, "--threshold", 0.6
    )
    assert code == 0, text
    assert strength.name in text
    levels = files.read(strength).read()
    assert levels.dtype == np.uint8
    found = files.read_lacunae(mask).read()
    assert (found == tg.detect(scan, "tophat", threshold=0.6).read()).all()
    assert levels[found].min() >= 0.6 * 0.75 * 255 - 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "lost.jpg"], "JPEG blurs"),
        (["-o", "lost.png", "--kind", "tophta"], "did you mean 'tophat'"),
        (["-o", "lost.png", "--kind", "tophat:side=grey"], "dark, bright, both"),
        (["-o", "lost.png", "--kind", "tophat:siede=dark"], "did you mean 'side'"),
        (["-o", "lost.png", "--kind", "tophat", "--threshold", "0"], "above 0 and at most 1"),
        (["-o", "lost.png", "--threshold", "0.5"], "belongs to one detector; name one, as --kind lacunae"),
        (["-o", "wall.png"], "wall.png"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(scan: Path, words, said, monkeypatch):
    monkeypatch.chdir(scan.parent)
    code, text = run("detect", scan.name, *words)
    assert code == 2
    assert said in text
    assert [file.name for file in scan.parent.iterdir()] == ["wall.png"]


def test_detectors_are_listed_with_their_options():
    code, text = run("detect", "--list")
    assert code == 0
    assert "--kind tophat:side=dark" in text
    assert "--kind ridge:side=dark" in text


def test_a_map_shows_classes_in_their_colours_and_fills_by_policy(scan: Path):
    mask, shown, out = (scan.with_name(name) for name in ("lost.png", "map.png", "out.png"))
    assert run("detect", scan, "-o", mask, "--kind", "tophat", "--map", shown)[0] == 0
    with Image.open(shown) as opened:
        assert opened.mode == "P"
    history = files.read_history(files.sidecar(shown, "history"))
    assert history["classes"]["crack"] == "#ffd200"
    code, text = run("inpaint", scan, "--damage", shown, "-o", out, "--engine", "diffusion")
    assert code == 2
    assert "--policy crack=fill" in text
    words = ("--policy", "crack=fill,loss=keep", "--grow", "1px", "--engine", "diffusion")
    code, text = run("inpaint", scan, "--damage", shown, "-o", out, *words)
    assert code == 2, "a map that somebody gives is looked at as a map that was detected"
    assert "5.10 % of the area would be filled (more than 2 %)" in text
    assert files.sidecar(out, "overlay").exists()
    code, text = run("inpaint", scan, "--damage", shown, "-o", out, *words, "--yes")
    assert code == 0, text
    lost = files.read_lacunae(files.sidecar(out, "lost")).read()
    found = files.read_lacunae(mask).read()
    assert lost[found].all()
    assert lost.sum() > found.sum()
    before, after = (np.asarray(Image.open(file)) for file in (scan, out))
    assert (after[~lost] == before[~lost]).all()


def test_without_a_mask_damage_is_found_shown_and_filled(scan: Path):
    out = scan.with_name("out.png")
    words = ("--kind", "ridge", "--policy", "crack=fill", "--grow", "100um", "--engine", "diffusion", "--yes")
    code, text = run("inpaint", scan, "-o", out, *words)
    assert code == 0, text
    shown = files.sidecar(out, "damage")
    assert f"{shown} shows the damage that was found" in text
    assert files.read_history(files.sidecar(shown, "history"))["detectors"][0]["name"] == "ridge"
    lost = files.read_lacunae(files.sidecar(out, "lost")).read()
    assert lost[61, 20:120].all()
    assert np.asarray(Image.open(out))[61, 70].min() > 150


def test_a_folder_of_scans_is_looked_over_one_by_one(scan: Path):
    folder, out = scan.with_name("in"), scan.with_name("out")
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(scan.read_bytes())
    code, text = run("inpaint", folder, "-o", out, "--policy", "crack=fill", "--engine", "diffusion", "--yes")
    assert code == 0, text
    assert (out / "a.png.damage.png").exists()
    looked = files.read_history(files.sidecar(out / "a.png.damage.png", "history"))["detectors"]
    assert {detector["name"] for detector in looked} == {"lacunae", "cracks"}
    assert (out / "b.png").exists()


def test_detect_finds_what_inpaint_without_a_mask_finds(scan: Path):
    mask, shown, out = (scan.with_name(name) for name in ("lost.png", "map.png", "out.png"))
    code, text = run("detect", scan, "-o", mask, "--map", shown)
    assert code == 0, text
    assert "as loss" in text
    assert "as crack" in text
    words = ("--policy", "crack=fill", "--engine", "diffusion", "--yes")
    assert run("inpaint", scan, "-o", out, *words)[0] == 0
    assert files.sidecar(out, "damage").read_bytes() == shown.read_bytes()
    assert (tg.detect(scan).read() == files.read_lacunae(mask).read()).all()


def test_a_large_fill_of_what_was_detected_stops_with_an_overlay_until_yes(scan: Path):
    out = scan.with_name("out.png")
    words = ("inpaint", scan, "-o", out, "--kind", "ridge", "--policy", "crack=fill", "--grow", "3px")
    words += ("--engine", "diffusion")
    code, text = run(*words)
    overlay = files.sidecar(out, "overlay")
    assert code == 2, text
    assert not out.exists()
    assert "of the area would be filled (more than 2 %)" in text
    assert f"look at {overlay}, then add --yes" in text
    assert f"crack (yellow #ffd200 in {overlay.name}): " in text
    assert "1 place" in text
    shown = np.asarray(Image.open(overlay)).astype(int)
    assert shown[61, 70, 0] - shown[61, 70, 2] > 100, "yellow over the crack"
    assert (shown[20] == np.asarray(Image.open(scan))[20]).all()
    code, text = run(*words, "--yes")
    assert code == 0, text
    assert out.exists()


def test_a_small_fill_of_what_was_detected_needs_no_yes(scan: Path):
    wide = np.random.default_rng(1).integers(180, 200, (300, 300, 3)).astype(np.uint8)
    wide[150:153, 40:260] = 40
    Image.fromarray(wide).save(scan)
    out = scan.with_name("out.png")
    words = ("--kind", "ridge", "--policy", "crack=fill", "--engine", "diffusion")
    code, text = run("inpaint", scan, "-o", out, *words)
    assert code == 0, text


def test_the_overlay_of_a_mask_is_an_output_like_others(scan: Path):
    lost = np.zeros((120, 140), np.uint8)
    lost[20:30, 20:30] = 255
    Image.fromarray(lost).save(scan.with_name("m.png"))
    out = scan.with_name("out.png")
    words = ("inpaint", scan, "--mask", scan.with_name("m.png"), "-o", out, "--engine", "diffusion")
    overlay = files.sidecar(out, "overlay")
    overlay.touch()
    code, text = run(*words)
    assert code == 2
    assert overlay.name in text
    assert not out.exists()
    overlay.unlink()
    assert run(*words)[0] == 0
    shown = np.asarray(Image.open(overlay)).astype(int)
    assert shown[25, 25, 0] - shown[25, 25, 1] > 100, "magenta over the lacuna"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mask", "wall.png", "--policy", "crack=fill"], "--mask cannot be combined"),
        (["--mask", "wall.png", "--kind", "tophat"], "--mask cannot be combined"),
        (["--damage", "wall.png", "--kind", "tophat"], "--damage cannot be combined with --kind"),
        (["--damage", "wall.png"], "colours that are no class"),
        (["--policy", "crac=fill"], "did you mean 'crack'"),
        (["--grow", "2"], "2px or 120um"),
        (["--kind", "tophat", "--kind", "ridge"], "one detector for each class"),
    ],
)
def test_contradictions_are_refused_in_a_sentence(scan: Path, words, said, monkeypatch):
    monkeypatch.chdir(scan.parent)
    code, text = run("inpaint", scan.name, "-o", "out.png", *words)
    assert code in (1, 2)
    assert said in text
    assert not scan.with_name("out.png").exists()


def test_cracks_become_a_graph_a_rose_and_a_table(scan: Path):
    graph, rose, areas = (scan.with_name(name) for name in ("cracks.geojson", "rose.svg", "areas.csv"))
    words = ("--kind", "tophat", "--graph", graph, "--rose", rose, "--areas", areas)
    code, text = run("detect", scan, "-o", scan.with_name("lost.png"), *words)
    assert code == 0, text
    told = json.loads(graph.read_text("utf-8"))
    [edge] = [one for one in told["features"] if one["properties"]["kind"] == "crack"]
    assert edge["properties"]["length_px"] == pytest.approx(118, abs=6)
    assert told["facts"]["length_mm"] == pytest.approx(118 * 25.4 / 300, rel=0.06)
    assert rose.read_text("utf-8").startswith("<svg")
    head, row = areas.read_text("utf-8").splitlines()
    assert head == "damage,area_px,share,pieces,area_mm2"
    assert row.startswith("crack,")
    assert row.split(",")[3] == "1"


@pytest.mark.parametrize("option", ["--graph", "--rose", "--areas"])
def test_an_unknown_suffix_is_refused(scan: Path, option):
    code, text = run("detect", scan, "-o", scan.with_name("lost.png"), option, scan.with_name("file.xyz"))
    assert code == 2
    assert "'.xyz'" in text
