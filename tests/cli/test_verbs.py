"""The verbs as a person or a program uses them."""

import hashlib
import json
import logging
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner, Result

from tratteggio.cli.main import app
from tratteggio.engines import pconv
from tratteggio.treatment import sample_file

VERBS = ["demo", "inspect", "inpaint", "verify", "evaluate", "compare", "report", "doctor"]
VERBS += ["register", "train", "recipes", "models", "reproduce", "export", "enhance", "studio"]


def run(*words: object) -> Result:
    outcome = CliRunner().invoke(app, [str(word) for word in words])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome


def make(folder: Path, name: str, seed: int = 0, grid: tuple[int, int] = (50, 70)) -> None:
    """A small 16-bit scan, whole and damaged, and its mask."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 65535, (*grid, 3), np.uint16)
    lost = np.zeros(grid, bool)
    lost[10:14, 20:60] = lost[30:40, 5:9] = True
    (folder / "truth").mkdir(exist_ok=True)
    (folder / "scans").mkdir(exist_ok=True)
    (folder / "masks").mkdir(exist_ok=True)
    tifffile.imwrite(folder / "truth" / f"{name}.tif", truth, photometric="rgb")
    truth[lost] = 60_000
    tifffile.imwrite(folder / "scans" / f"{name}.tif", truth, photometric="rgb", resolution=(300, 300))
    Image.fromarray(lost.astype(np.uint8) * 255).save(folder / "masks" / f"{name}.png")


@pytest.fixture
def job(tmp_path: Path) -> tuple[Path, Path, Path]:
    make(tmp_path, "panel")
    return tmp_path / "scans" / "panel.tif", tmp_path / "masks" / "panel.png", tmp_path / "out.tif"


def inpaint(job: tuple[Path, Path, Path], *more: object) -> Result:
    scan, mask, out = job
    return run("inpaint", scan, "--mask", mask, "-o", out, "--engine", "diffusion", *more)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_helps_with_an_example(verb):
    outcome = run(verb, "--help")
    assert outcome.exit_code == 0
    assert f"tratteggio {verb}" in outcome.stdout
    for option in ("--json", "--quiet"):
        assert option in outcome.stdout


def test_a_misspelt_verb_names_the_nearest():
    outcome = run("inpant")
    assert outcome.exit_code == 2
    assert "inpaint" in outcome.stderr


def test_verify_passes_on_a_proposal_and_fails_on_one_changed_pixel(job):
    inpaint(job)
    assert run("verify", job[2]).exit_code == 0
    pixels = tifffile.imread(job[2])
    pixels[0, 3, 1] ^= 1
    tifffile.imwrite(job[2], pixels, photometric="rgb")
    outcome = run("verify", job[2])
    assert outcome.exit_code == 4
    assert "row 0, column 3" in outcome.stderr


def test_verify_fails_if_the_source_is_another_than_the_history_says(job):
    inpaint(job)
    pixels = tifffile.imread(job[0])
    pixels[12, 30] = 1  # inside a lacuna: the picture alone would not tell
    tifffile.imwrite(job[0], pixels, photometric="rgb", resolution=(300, 300))
    outcome = run("verify", job[2])
    assert outcome.exit_code == 4
    assert "panel.tif" in outcome.stderr


def test_evaluate_states_every_parameter(job):
    inpaint(job)
    truth = job[0].parent.parent / "truth" / "panel.tif"
    outcome = run("evaluate", "--reference", truth, "--result", job[2], "--mask", job[1], "--json")
    scores = json.loads(outcome.stdout)
    assert scores["changed_outside"] == 0
    assert scores["inside"]["pixels"] == 4 * 40 + 10 * 4
    assert scores["parameters"]["ssim"]["sigma_px"] == 1.5
    assert scores["parameters"]["psnr"]["data_range"] == 65535


def test_compare_and_report_write_pages_that_need_nothing_else(job):
    inpaint(job)
    folder = job[2].parent
    assert run("compare", job[0], job[2], "-o", folder / "curtain.html").exit_code == 0
    assert run("report", job[2]).exit_code == 0
    for page in (folder / "curtain.html", folder / "out.report.html"):
        html = page.read_text()
        assert html.lower().startswith("<!doctype html>")
        assert "http://" not in html
        assert "https://" not in html


def test_report_of_something_that_is_not_a_proposal_says_so(job):
    outcome = run("report", job[0])
    assert outcome.exit_code == 1
    assert "panel.tif" in outcome.stderr


def test_inspect_tells_size_depth_and_what_filling_takes(job):
    facts = json.loads(run("inspect", job[0], "--json").stdout)["files"][0]
    assert (facts["rows"], facts["cols"]) == (50, 70)
    assert facts["fill_peak_gib"] < 0.5
    assert facts["depth"] == "uint16"
    assert len(facts["sha256"]) == 64


def test_inspect_goes_on_after_a_bad_file(job, tmp_path):
    (tmp_path / "bad.tif").write_bytes(b"")
    outcome = run("inspect", tmp_path / "bad.tif", job[0], "--json")
    assert outcome.exit_code == 1
    assert "bad.tif" in outcome.stderr
    assert len(json.loads(outcome.stdout)["files"]) == 1


def test_doctor_lists_engines_and_finishes():
    facts = json.loads(run("doctor", "--json").stdout)
    assert facts["engines"]["biharmonic"] == "ready"
    assert "hatched" in facts["finishes"]


def test_json_result_and_json_error(job):
    outcome = inpaint(job, "--json")
    assert json.loads(outcome.stdout)["history"]["engine"]["name"] == "diffusion"
    outcome = inpaint(job, "--json", "--finish", "hatch")
    assert outcome.exit_code == 2
    assert "hatched" in json.loads(outcome.stdout)["error"]


def test_a_verb_leaves_the_logging_of_the_process_as_it_was(job):
    logger = logging.getLogger("tratteggio")
    before = (logger.propagate, list(logger.handlers))
    inpaint(job)
    inpaint(job, "--finish", "hatch")
    assert (logger.propagate, list(logger.handlers)) == before


def test_folders_are_matched_by_file_stem(tmp_path):
    for seed, name in enumerate("abc"):
        make(tmp_path, name, seed)
    (tmp_path / "scans" / "notes.txt").write_text("not a scan")
    out = tmp_path / "out"
    outcome = run(
        "inpaint", tmp_path / "scans", "--mask", tmp_path / "masks", "-o", out, "--engine", "diffusion"
    )
    assert outcome.exit_code == 0
    assert {path.name for path in out.glob("?.tif")} == {"a.tif", "b.tif", "c.tif"}
    assert "3 of 3 files done" in outcome.stdout


def test_one_mask_serves_a_folder(tmp_path):
    for seed, name in enumerate("ab"):
        make(tmp_path, name, seed)
    outcome = run(
        "inpaint",
        tmp_path / "scans",
        "--mask",
        tmp_path / "masks" / "a.png",
        "-o",
        tmp_path / "out",
        "--json",
    )
    assert outcome.exit_code == 0
    assert len(json.loads(outcome.stdout)["done"]) == 2


def test_one_bad_scan_does_not_stop_the_others(tmp_path):
    for seed, name in enumerate("abc"):
        make(tmp_path, name, seed)
    (tmp_path / "scans" / "b.tif").write_bytes(b"II*\0 nonsense")
    (tmp_path / "masks" / "c.png").unlink()
    out = tmp_path / "out"
    outcome = run(
        "inpaint",
        tmp_path / "scans",
        "--mask",
        tmp_path / "masks",
        "-o",
        out,
        "--engine",
        "diffusion",
        "--json",
    )
    assert outcome.exit_code == 1
    result = json.loads(outcome.stdout)
    assert [Path(item["input"]).name for item in result["done"]] == ["a.tif"]
    assert [Path(item["input"]).name for item in result["failed"]] == ["b.tif", "c.tif"]
    assert not (out / "b.tif").exists()


def test_a_jpeg_in_a_folder_becomes_a_png_that_keeps_known_paint(tmp_path):
    make(tmp_path, "a")
    (tmp_path / "scans" / "a.tif").unlink()
    pixels = np.random.default_rng(0).integers(0, 255, (50, 70, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "scans" / "a.jpg")
    out = tmp_path / "out"
    run("inpaint", tmp_path / "scans", "--mask", tmp_path / "masks", "-o", out, "--engine", "diffusion")
    before, after = (
        np.asarray(Image.open(tmp_path / "scans" / "a.jpg")),
        np.asarray(Image.open(out / "a.png")),
    )
    known = np.asarray(Image.open(tmp_path / "masks" / "a.png")) == 0
    np.testing.assert_array_equal(after[known], before[known])


def test_resume_skips_what_is_complete_in_a_folder(tmp_path):
    for seed, name in enumerate("ab"):
        make(tmp_path, name, seed)
    words = ["inpaint", tmp_path / "scans", "--mask", tmp_path / "masks", "-o", tmp_path / "out"]
    run(*words)
    before = (tmp_path / "out" / "a.tif").stat().st_mtime_ns
    assert run(*words, "--resume").exit_code == 0
    assert (tmp_path / "out" / "a.tif").stat().st_mtime_ns == before


def test_weights_of_ones_own_fill_and_go_into_the_history(job, random_weights):
    file = random_weights / f"{pconv.WEIGHTS}.safetensors"
    done = inpaint(job, "--engine", "pconv", "--weights", file, "--json")
    assert done.exit_code == 0, done.output
    history = json.loads(done.stdout)["history"]
    assert history["engine"]["weights_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_net_is_adapted_to_the_painting_and_the_history_tells_of_it(job, random_weights, monkeypatch):
    from tratteggio.recipes import _adapting

    monkeypatch.setattr(_adapting, "_steps", lambda *_, **__: 2)
    file = random_weights / f"{pconv.WEIGHTS}.safetensors"
    words = ("--engine", "pconv", "--weights", file, "--adapt", 1)
    done = inpaint(job, *words, "--json")
    assert done.exit_code == 0, done.output
    engine = json.loads(done.stdout)["history"]["engine"]
    adapted = job[2].with_name("out.tif.adapt") / "weights.safetensors"
    assert engine["weights_sha256"] == hashlib.sha256(adapted.read_bytes()).hexdigest()
    assert engine["parameters"]["adapted"]["steps"] == 2
    assert engine["parameters"]["adapted"]["from"] == file.name
    assert run("verify", job[2]).exit_code == 0
    assert inpaint(job, *words, "--resume").exit_code == 0  # all is done
    again = inpaint(job, *words)
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr
    anew = inpaint(job, *words, "--overwrite")
    assert anew.exit_code == 0, anew.output


def test_minutes_of_adapting_are_checked_under_the_name_of_their_flag(job, random_weights):
    file = random_weights / f"{pconv.WEIGHTS}.safetensors"
    done = inpaint(job, "--engine", "pconv", "--weights", file, "--adapt", 0)
    assert done.exit_code == 2
    assert "--adapt must be above 0" in done.stderr


def test_an_engine_without_a_net_cannot_be_adapted(job):
    done = inpaint(job, "--adapt", 1)
    assert done.exit_code == 2
    assert "--adapt needs an engine with a net, and diffusion has none" in done.stderr
    assert not job[2].exists()


def test_weights_that_ship_are_named_and_others_are_not_there(job):
    done = inpaint(job, "--engine", "patch_mrf", "--weights", "descriptor-v31")
    assert done.exit_code == 3
    assert "no weights named 'descriptor-v31'" in done.stderr


def test_an_engine_without_a_net_takes_no_weights(job, random_weights):
    done = inpaint(job, "--engine", "diffusion", "--weights", random_weights / f"{pconv.WEIGHTS}.safetensors")
    assert done.exit_code == 2
    assert "engine diffusion has no net" in done.stderr
    assert not job[2].exists()


def test_demo_writes_layers_and_pages(tmp_path):
    outcome = run(
        "demo", "-o", tmp_path / "demo", "--rows", 200, "--cols", 150, "--engine", "diffusion", "--json"
    )
    assert outcome.exit_code == 0
    names = {path.name for path in (tmp_path / "demo").iterdir()}
    assert names >= {"panel.tif", "lost.png", "truth.tif", "proposal.tif", "proposal.ora", "report.html"}
    result = json.loads(outcome.stdout)
    assert result["scores"]["changed_outside"] == 0
    assert result["scores"]["inside"]["psnr"] > 10


def test_demo_again_into_the_same_folder_makes_it_anew(tmp_path):
    words = ["demo", "-o", tmp_path / "demo", "--rows", 100, "--cols", 100, "--engine", "diffusion"]
    assert run(*words).exit_code == 0
    assert run(*words).exit_code == 2
    assert run(*words, "--overwrite").exit_code == 0


def test_samples_are_proposals_of_their_own_that_can_be_verified(job, random_weights):
    weights = random_weights / "vae-fill.safetensors"
    assert inpaint(job, "--engine", "vae", "--weights", weights, "--samples", "2").exit_code == 0
    files = [job[2], *(job[2].with_name(f"out.sample-{number}.tif") for number in (1, 2))]
    assert all(run("verify", file).exit_code == 0 for file in files)
    best, one, two = (tifffile.imread(file) for file in files)
    assert not np.array_equal(one, two)
    assert not np.array_equal(best, one)
    assert run("report", files[0]).exit_code == 0
    page = files[0].with_name("out.report.html").read_text()
    assert all(
        word in page
        for word in ("2 alternative fills", "<b>Fill 1</b>", "<b>Fill 2</b>", "<b>Agreement of the fills")
    )
    assert (
        json.loads((files[2].parent / "out.sample-2.tif.history.json").read_text())["engine"]["parameters"][
            "sample"
        ]
        == 2
    )


def test_a_fill_of_other_lacunae_is_not_shown_among_those_of_a_proposal(job):
    for target in (job[2], sample_file(job[2], 1)):
        assert run("inpaint", job[0], "--mask", job[1], "-o", target, "--engine", "diffusion").exit_code == 0
    history = job[2].with_name("out.sample-1.tif.history.json")
    assert "One alternative fill by" in page_of(job[2])
    told = json.loads(history.read_text())
    told["lacunae"]["raster_sha256"] = "0" * 64
    history.write_text(json.dumps(told))
    assert "plausible fills" not in page_of(job[2])
    assert "fills other lacunae than" in run("report", job[2], "--overwrite").stderr


def page_of(proposal):
    assert run("report", proposal, "--overwrite").exit_code == 0
    return proposal.with_name("out.report.html").read_text()


@pytest.mark.parametrize("count", ["0", "-1"])
def test_samples_are_counted_from_1(job, count):
    outcome = inpaint(job, "--samples", count)
    assert outcome.exit_code == 2
    assert "1 or more" in outcome.stderr
    assert not job[2].exists()


def test_an_engine_that_knows_one_fill_says_so(job):
    outcome = inpaint(job, "--samples", "2")
    assert outcome.exit_code == 2
    assert "makes only one fill" in outcome.stderr


def test_calibration_and_what_is_left_open_are_in_the_history(job):
    make(job[2].parent, "panel", grid=(150, 200))
    done = inpaint(job, "--calibrate", "--leave-above", "1", "--json")
    history = json.loads(done.stdout)["history"]
    assert history["calibration"]["trials"] > 2
    assert len(history["calibration"]["within_after"]) == 9
    assert history["left_open"]["lacunae"] == 0
    assert run("verify", job[2]).exit_code == 0


def test_nothing_is_written_if_all_lacunae_would_be_left_open_and_the_fill_is_kept(job):
    outcome = inpaint(job, "--leave-above", "0.0001")
    assert outcome.exit_code == 2
    assert "nothing would be filled" in outcome.stderr
    assert "--resume" in outcome.stderr
    assert not job[2].exists()
    assert list(job[2].with_name("out.tif.job").glob("tile-*.npz"))
    assert inpaint(job, "--leave-above", "1", "--resume").exit_code == 0
    assert not job[2].with_name("out.tif.job").exists()


def test_an_engine_that_is_told_of_nothing_takes_no_attributes(job):
    outcome = inpaint(job, "--engine", "diffusion", "--attribute", "saint")
    assert outcome.exit_code == 2
    assert "engine diffusion takes no attributes" in outcome.stderr
    assert not job[2].exists()


def test_an_attribute_that_the_weights_have_not_learnt_is_refused(job, random_weights):
    weights = random_weights / "vae-fill.safetensors"
    outcome = inpaint(job, "--engine", "vae", "--weights", weights, "--attribute", "saint")
    assert outcome.exit_code == 2
    assert "vae-fill takes no attributes" in outcome.stderr


def test_what_a_mask_marks_is_said_before_it_is_filled(job):
    outcome = inpaint(job, "--json")
    said = "white pixels of panel.png are taken as lost: 5.71 % of the area, 2 lacunae"
    assert said in json.loads(outcome.stdout)["notes"]
    assert said in inpaint((job[0], job[1], job[2].with_name("other.tif"))).stderr


def test_an_inverted_mask_is_refused_unless_the_user_says_that_so_much_is_lost(job):
    lost = np.asarray(Image.open(job[1]))
    Image.fromarray(255 - lost).save(job[1])
    outcome = inpaint(job)
    assert outcome.exit_code == 2
    assert "94.29 % of the area" in outcome.stderr
    assert "add --mostly-lost" in outcome.stderr
    assert not list(job[2].parent.glob("out*"))
    assert inpaint(job, "--mostly-lost").exit_code == 0
    assert run("verify", job[2]).exit_code == 0


def test_every_verb_that_reads_a_mask_is_told_how_it_lies(job):
    pixels = tifffile.imread(job[0])
    turned = [(274, "H", 1, 3, True)]
    tifffile.imwrite(job[0], pixels, photometric="rgb", extratags=turned)
    outcome = inpaint(job)
    assert outcome.exit_code == 2
    assert "--mask-orientation displayed" in outcome.stderr
    how = ("--mask-orientation", "displayed")
    assert inpaint(job, *how).exit_code == 0
    lost = np.asarray(Image.open(job[1]))[::-1, ::-1] > 0
    made = tifffile.imread(job[2])
    np.testing.assert_array_equal(made[~lost], pixels[~lost])
    assert (made[lost] != pixels[lost]).any()
    assert run("verify", job[2], "--mask", job[1]).exit_code == 2
    assert run("verify", job[2], "--mask", job[1], *how).exit_code == 0
    scores = ("evaluate", "--reference", job[0], "--result", job[2], "--mask", job[1])
    assert run(*scores).exit_code == 2
    assert run(*scores, *how).exit_code == 0


def test_a_damage_map_over_a_turned_scan_follows_the_same_rule(job):
    pixels = tifffile.imread(job[0])
    tifffile.imwrite(job[0], pixels, photometric="rgb", extratags=[(274, "H", 1, 3, True)])
    lost = np.asarray(Image.open(job[1])) > 0
    painted = job[1].with_name("damage.png")
    Image.fromarray(lost[..., None] * np.array([220, 30, 40], np.uint8)).save(painted)
    asked = ("inpaint", job[0], "--damage", painted, "-o", job[2], "--engine", "diffusion")
    assert "--mask-orientation" in run(*asked).stderr
    assert run(*asked, "--mask-orientation", "displayed").exit_code == 0
    made = tifffile.imread(job[2])
    assert (made[~lost[::-1, ::-1]] == pixels[~lost[::-1, ::-1]]).all()
