"""No source is overwritten and no output silently: every verb, as a person types it."""

import json
import os
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner, Result

from tratteggio import treatment
from tratteggio.cli.main import app

RNG = np.random.default_rng(0)


def run(*words: object) -> Result:
    outcome = CliRunner().invoke(app, [str(word) for word in words])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome


def refused(outcome: Result, *words: str, exit_code: int = 2) -> None:
    assert outcome.exit_code == exit_code, outcome.output
    errors = [line for line in outcome.stderr.splitlines() if not line.startswith("note:")]
    assert len(errors) == 1, outcome.stderr
    for word in words:
        assert word in errors[0]


def state(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A 16-bit scan and its mask."""
    tifffile.imwrite(tmp_path / "a.tif", RNG.integers(0, 65535, (48, 64, 3), np.uint16), photometric="rgb")
    lost = np.zeros((48, 64), np.uint8)
    lost[10:14, 20:40] = 255
    Image.fromarray(lost).save(tmp_path / "m.png")
    return tmp_path


def inpaint(folder: Path, *more: object, source="a.tif", mask="m.png", out="out.tif") -> Result:
    words = ["inpaint", folder / source, "-o", folder / out, "--engine", "diffusion"]
    return run(*words, *(["--mask", folder / mask] if mask else []), *more)


@pytest.fixture
def never_fills(monkeypatch):
    """Fails the test if a pixel is filled or looked for."""
    from tratteggio.treatment import detecting, inpainting

    monkeypatch.setattr(inpainting, "run", lambda *_, **__: pytest.fail("filled"))
    monkeypatch.setattr(detecting, "Strengths", lambda *_, **__: pytest.fail("looked for damage"))


# --- folders -----------------------------------------------------------------------------------------


@pytest.fixture
def pair(folder: Path) -> Path:
    """A folder with a JPEG and a PNG of one stem."""
    (folder / "both").mkdir()
    for name in ("a.jpg", "a.png"):
        Image.fromarray(RNG.integers(0, 255, (48, 64, 3), np.uint8)).save(folder / "both" / name)
    return folder


@pytest.mark.parametrize("options", [[], ["--overwrite"], ["--resume"]])
def test_a_folder_filled_into_itself_never_overwrites_a_source(pair, options, never_fills):
    before = state(pair)
    refused(inpaint(pair, *options, source="both", out="both"), "a.png", "never overwritten")
    assert state(pair) == before


@pytest.mark.parametrize("options", [[], ["--overwrite"]])
def test_two_scans_of_one_folder_never_share_an_output(pair, options, never_fills):
    before = state(pair)
    refused(inpaint(pair, *options, source="both", out="new"), "a.png", "the same file")
    assert state(pair) == before
    assert not (pair / "new").exists()


def test_the_source_without_a_mask_is_safe_from_the_output_of_another(folder, never_fills):
    """Nothing is written for b.png, which has no mask; but it is read, and a.jpg becomes a b.png's name."""
    (folder / "both").mkdir()
    (folder / "masks").mkdir()
    for name in ("a.jpg", "a.png"):
        Image.fromarray(RNG.integers(0, 255, (48, 64, 3), np.uint8)).save(folder / "both" / name)
    (folder / "both" / "a.png").rename(folder / "both" / "b.png")
    os.link(folder / "both" / "b.png", folder / "both" / "a.png.history.json")
    shutil.copy(folder / "m.png", folder / "masks" / "a.png")
    outcome = inpaint(folder, "--overwrite", source="both", mask="masks", out="both")
    refused(outcome, "never overwritten")


def test_masks_match_however_their_accents_are_stored(folder):
    (folder / "scans").mkdir()
    (folder / "masks").mkdir()
    name = "Sa\u0301nta Mari\u0301a"
    shutil.copy(folder / "a.tif", folder / "scans" / f"{name}.tif")
    shutil.copy(folder / "m.png", folder / "masks" / f"{unicodedata.normalize('NFC', name)}.png")
    outcome = inpaint(folder, source="scans", mask="masks", out="out")
    assert outcome.exit_code == 0, outcome.stderr


# --- refused before the work -------------------------------------------------------------------------


EARLY = [
    (["out.jpg"], [], "8 bit"),
    (["out.tif"], ["--leave-above", "10"], "share"),
    (["out.tif"], ["--leave-above", "nan"], "share"),
    (["out.tif"], ["--tile", "0"], "--tile"),
    (["out.tif"], ["--memory", "0.000001"], "--memory"),
    (["out.tif"], ["--finish", "hatch"], "hatched"),
    (["out.tif"], ["--samples", "0"], "1 or more"),
    (["a" * 238 + ".tif"], [], "2 bytes shorter"),
    (["漢" * 83 + ".tif"], [], "bytes shorter"),
]


@pytest.mark.parametrize(("out", "options", "word"), EARLY)
def test_what_can_be_known_is_refused_before_filling(folder, out, options, word, never_fills):
    before = state(folder)
    refused(inpaint(folder, *options, out=out[0]), word)
    assert state(folder) == before
    assert not list(folder.glob("*.job"))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--policy", "cracks=fill"], "crack"),
        (["--policy", "crack"], "CLASS=fill"),
        (["--grow", "3parsec"], "2px"),
        (["--grow", "120um"], "states no resolution"),
        (["--finish", "hatch"], "hatched"),
        (["--kind", "nothing"], "nothing"),
    ],
)
def test_what_can_be_known_is_refused_before_damage_is_looked_for(folder, options, word, never_fills):
    before = state(folder)
    refused(inpaint(folder, *options, mask=None), word)
    assert state(folder) == before


def test_a_float_scan_to_png_is_refused_before_filling(folder, never_fills):
    tifffile.imwrite(folder / "f.tif", RNG.random((48, 64, 3), np.float32), photometric="rgb")
    refused(inpaint(folder, source="f.tif", out="out.png"), "float32")


def test_a_mask_that_is_a_sidecar_of_the_output_is_refused(folder):
    assert inpaint(folder).exit_code == 0
    before = state(folder)
    refused(inpaint(folder, "--overwrite", mask="out.tif.lost.tif"), "out.tif.lost.tif")
    assert state(folder) == before


def test_a_name_as_long_as_can_be_is_written(folder):
    name = "漢" * 78 + "aa.tif"  # 240 bytes, and 15 for .confidence.tif
    assert inpaint(folder, out=name).exit_code == 0
    assert inpaint(folder, "--resume", out=name).exit_code == 0
    assert run("verify", folder / name).exit_code == 0


# --- what is there stays -----------------------------------------------------------------------------


def test_an_existing_proposal_is_replaced_only_if_the_user_says_so(folder):
    assert inpaint(folder).exit_code == 0
    before = state(folder)
    refused(inpaint(folder, "--seed", "1"), "out.tif", "--overwrite")
    refused(inpaint(folder, "--seed", "1", "--resume"), "out.tif", "--overwrite")
    assert state(folder) == before
    assert inpaint(folder, "--seed", "1", "--overwrite").exit_code == 0
    assert json.loads((folder / "out.tif.history.json").read_text())["seed"] == 1


@pytest.mark.parametrize("name", ["out.tif", "out.tif.history.json", "out.tif.lost.tif"])
def test_a_file_of_the_users_beside_the_output_is_kept(folder, name, never_fills):
    (folder / name).write_text("mine")
    refused(inpaint(folder), name, "--overwrite")
    assert (folder / name).read_text() == "mine"


def test_a_folder_of_the_users_is_never_taken_for_a_ledger(folder, never_fills):
    (folder / "out.tif.job").mkdir()
    (folder / "out.tif.job" / "notes.txt").write_text("mine")
    for options in ([], ["--overwrite"], ["--resume"]):
        refused(inpaint(folder, *options), "out.tif.job", "move it")
    assert (folder / "out.tif.job" / "notes.txt").read_text() == "mine"


VERBS = [
    ("enhance", ["a.tif", "-o", "e.tif", "--op", "median", "--strip", "s.png"]),
    (
        "detect",
        [
            "a.tif",
            "-o",
            "d.png",
            "--kind",
            "tophat",
            "--map",
            "map.png",
            "--strength",
            "s.tif",
            "--areas",
            "areas.csv",
        ],
    ),
    ("compare", ["a.tif", "a.tif", "-o", "c.html"]),
    ("export", ["a.tif", "--to", "ome-zarr", "-o", "x.ome.zarr"]),
    ("export", ["a.tif", "--to", "ome-tiff", "-o", "x.ome.tif"]),
    ("report", ["out.tif", "-o", "r.html"]),
    ("demo", ["-o", "demo", "--rows", "64", "--cols", "64", "--engine", "diffusion"]),
]


@pytest.mark.parametrize(("verb", "words"), VERBS)
def test_every_verb_replaces_outputs_only_if_the_user_says_so(folder, monkeypatch, verb, words):
    monkeypatch.chdir(folder)
    assert inpaint(folder).exit_code == 0
    first = run(verb, *words)
    assert first.exit_code == 0, first.output
    before = state(folder)
    refused(run(verb, *words), "--overwrite")
    assert state(folder) == before
    again = run(verb, *words, "--overwrite")
    assert again.exit_code == 0, again.output
    assert state(folder).keys() == before.keys()


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("enhance", ["a.tif", "-o", "a.tif", "--op", "median"]),
        ("enhance", ["a.tif", "-o", "e.tif", "--op", "median", "--strip", "a.tif"]),
        ("enhance", ["a.tif", "-o", "e.tif", "--op", "median", "--strip", "e.tif"]),
        ("detect", ["a.tif", "-o", "a.tif"]),
        ("detect", ["a.tif", "-o", "d.png", "--map", "d.png"]),
        ("detect", ["a.tif", "-o", "d.png", "--strength", "d.png"]),
        ("detect", ["a.tif", "-o", "d.png", "--map", "a.tif"]),
        ("detect", ["a.tif", "-o", "d.png", "--areas", "d.png.history.json"]),
        ("detect", ["a.tif", "-o", "strokes.png", "--labels", "strokes.png"]),
        ("export", ["x.ome.tif", "--to", "ome-tiff", "-o", "x.ome.tif"]),
        ("register", ["a.tif", "irr=x.ome.tif", "-o", "x.ome.tif"]),
        ("register", ["--mosaic", "a.tif", "b.tif", "-o", "b.tif"]),
        ("register", ["a.tif", "irr=looks/irr.overlay.png", "-o", "y.ome.tif", "--pictures", "looks"]),
    ],
)
def test_no_verb_writes_over_an_input_or_twice_into_one_file(folder, monkeypatch, verb, words, never_fills):
    monkeypatch.chdir(folder)
    (folder / "looks").mkdir()
    treatment.export(folder / "a.tif", folder / "x.ome.tif")
    shutil.copy(folder / "a.tif", folder / "b.tif")
    for name in ("strokes.png", "looks/irr.overlay.png"):
        shutil.copy(folder / "m.png", folder / name)
    before = state(folder)
    refused(run(verb, *words, "--overwrite"))
    assert state(folder) == before


# --- sources that change -----------------------------------------------------------------------------


def test_a_source_that_is_replaced_while_it_is_filled_is_noticed_and_no_foreign_tile_is_kept(
    folder, monkeypatch
):
    from tratteggio.windows.run import _Filling

    scan = folder / "a.tif"
    shutil.copy(scan, folder / "sound.tif")
    other = RNG.integers(0, 65535, (48, 64, 3), np.uint16)
    fill = _Filling.fill

    def replaced(self, *args):
        tifffile.imwrite(folder / "other.tif", other, photometric="rgb")
        (folder / "other.tif").replace(scan)
        return fill(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(_Filling, "fill", replaced)
        refused(inpaint(folder), "a.tif was changed", exit_code=1)
    assert not list(folder.glob("out.tif*"))
    shutil.copy(folder / "sound.tif", scan)
    assert inpaint(folder, "--resume").exit_code == 0


def test_a_source_that_is_replaced_before_the_end_is_noticed_and_the_fill_is_kept(folder, monkeypatch):
    from tratteggio import files

    scan, write_as = folder / "a.tif", files.saving.write_as
    shutil.copy(scan, folder / "sound.tif")

    def late(*args, **options):
        write_as(*args, **options)
        scan.write_bytes(scan.read_bytes()[:-1] + b"\0")

    with monkeypatch.context() as patch:
        patch.setattr(files.saving, "write_as", late)
        refused(inpaint(folder), "a.tif was changed", "--resume", exit_code=1)
    assert not (folder / "out.tif").exists()
    refused(inpaint(folder, "--resume"), "another job: source differ")
    shutil.copy(folder / "sound.tif", scan)
    assert inpaint(folder, "--resume").exit_code == 0
    assert run("verify", folder / "out.tif").exit_code == 0


def test_a_job_never_replaces_a_file_that_came_while_it_was_stopped(folder, monkeypatch):
    from tratteggio import files

    def stopped(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(files.saving, "write_as", stopped)
        assert inpaint(folder).exit_code == 130
    (folder / "out.tif").write_text("mine")
    refused(inpaint(folder, "--resume"), "out.tif", "--overwrite")
    assert (folder / "out.tif").read_text() == "mine"
    assert list((folder / "out.tif.job").glob("tile-*.npz")), "what is filled is kept"
    assert inpaint(folder, "--resume", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("out.tif", ["inpaint", "a.tif", "--mask", "m.png", "-o", "out.tif", "--engine", "diffusion"]),
        ("e.tif", ["enhance", "a.tif", "-o", "e.tif", "--op", "median"]),
        ("d.png", ["detect", "a.tif", "-o", "d.png"]),
    ],
)
def test_a_file_that_comes_during_the_work_is_kept(folder, monkeypatch, out, words):
    from tratteggio import files

    monkeypatch.chdir(folder)
    write_as = files.saving.write_as

    def meanwhile(*args, **options):
        write_as(*args, **options)
        (folder / out).write_text("mine")

    with monkeypatch.context() as patch:
        patch.setattr(files.saving, "write_as", meanwhile)
        refused(run(*words), out, "already exists")
    assert (folder / out).read_text() == "mine"
    assert run(*words, "--overwrite").exit_code == 0
    assert (folder / out).read_bytes() != b"mine"


def test_a_kill_between_two_renamings_is_gone_on_from(folder, monkeypatch):
    from tratteggio.files.parts import Part

    place = Part.place

    def cut_short(self):
        if self.target.name == "out.tif.lost.tif":
            raise KeyboardInterrupt
        place(self)

    with monkeypatch.context() as patch:
        patch.setattr(Part, "place", cut_short)
        assert inpaint(folder).exit_code == 130
    assert (folder / "out.tif").exists()
    assert inpaint(folder, "--resume").exit_code == 0
    assert {path.name for path in folder.glob("out*")} == {
        f"out.tif{layer}" for layer in ("", ".history.json", ".lost.tif", ".confidence.tif", ".overlay.png")
    }
    assert run("verify", folder / "out.tif").exit_code == 0


def test_a_kill_after_the_last_renaming_leaves_no_ledger_after_the_next_run(folder, monkeypatch):
    from tratteggio.windows import DiskLedger

    with monkeypatch.context() as patch:
        patch.setattr(DiskLedger, "discard", lambda self: None)
        assert inpaint(folder).exit_code == 0
    before = (folder / "out.tif").stat().st_mtime_ns
    assert (folder / "out.tif.job").exists()
    assert inpaint(folder, "--resume").exit_code == 0
    assert (folder / "out.tif").stat().st_mtime_ns == before
    assert not (folder / "out.tif.job").exists()


def test_a_stopped_job_whose_damage_was_detected_goes_on_with_the_map_that_was_looked_over(
    folder, monkeypatch
):
    from tratteggio import files

    def stopped(*_, **__):
        raise KeyboardInterrupt

    wall = np.full((48, 64, 3), 40_000, np.uint16)
    wall[20:22, 5:60] = 3000
    tifffile.imwrite(folder / "a.tif", wall, photometric="rgb")
    words = ("--kind", "tophat", "--policy", "crack=fill")
    with monkeypatch.context() as patch:
        patch.setattr(files.saving, "write_as", stopped)
        assert inpaint(folder, *words, "--yes", mask=None).exit_code == 130
    shown = folder / "out.tif.damage.png"
    before = shown.stat().st_mtime_ns
    refused(inpaint(folder, *words, mask=None), "out.tif.damage.png", "--overwrite")
    assert inpaint(folder, *words, "--resume", mask=None).exit_code == 0
    assert shown.stat().st_mtime_ns == before


def test_doctor_lists_what_is_unfinished(folder, monkeypatch):
    from tratteggio import files

    def stopped(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(files.saving, "write_as", stopped)
        assert inpaint(folder).exit_code == 130
    (folder / ".e.tif.0a1b2c3d.part").touch()
    told = json.loads(run("doctor", folder, "--json").stdout)["unfinished"]
    assert {Path(path).name for path in told} == {"out.tif.job", ".e.tif.0a1b2c3d.part"}


def test_an_inverted_mask_is_filled_by_its_sense(folder):
    mask = np.asarray(Image.open(folder / "m.png"))
    Image.fromarray(255 - mask).save(folder / "inverted.png")
    assert inpaint(folder).exit_code == 0
    done = inpaint(folder, "--mask-sense", "known", mask="inverted.png", out="other.tif")
    assert done.exit_code == 0, done.output
    assert "black pixels of" in done.output
    assert (folder / "other.tif").read_bytes() == (folder / "out.tif").read_bytes()


def test_a_missing_input_has_the_exit_code_of_all_verbs(folder):
    for done in (
        inpaint(folder, source="no.tif"),
        inpaint(folder, mask="no.png"),
        run("inspect", folder / "no.tif"),
    ):
        assert done.exit_code == 1
        assert "no such file; check the path" in done.output


# --- names -------------------------------------------------------------------------------------------


NAMES = [
    "27_no_suffix",
    "a b #1 %20 'x\".tif",
    "-leading.tif",
    "line\nend.tif",
    "esc\x1b[31m.tif",
    "caf\udce9.tif",
    "<b>&amp;.tif",
    "漢字.tif",
    ".hidden.tif",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_source_of_any_name_is_filled_proved_and_reported(folder, monkeypatch, name):
    monkeypatch.chdir(folder)
    (folder / "a.tif").rename(folder / name)
    words = ["--mask", "m.png", "-o", "out.tif", "--engine", "diffusion", "--json", "--", name]
    done = run("inpaint", *words)
    assert done.exit_code == 0, done.output
    json.loads(done.stdout)
    told = json.loads((folder / "out.tif.history.json").read_bytes().decode("utf-8"))
    assert told["source"]["sha256"]
    for verb in ("verify", "report"):
        outcome = run(verb, "out.tif")
        assert outcome.exit_code == 0, outcome.output
        outcome.output.encode("utf-8")
    assert run("inpaint", "--resume", *words).exit_code == 0
    (folder / "out.report.html").read_bytes().decode("utf-8")


@pytest.mark.parametrize("name", ["o #%.tif", "o\udce9.tif", "o\n.tif"])
def test_an_output_of_any_name_is_written_and_found_again(folder, name):
    assert inpaint(folder, out=name).exit_code == 0
    assert run("verify", folder / name).exit_code == 0
    zarr = folder / f"{name[:-4]}.ome.zarr"
    assert run("export", folder / "a.tif", "--to", "ome-zarr", "-o", zarr).exit_code == 0
    assert run("inspect", zarr).exit_code == 0


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_a_poor_locale_prints_escapes(folder, environment):
    import subprocess
    import sys

    name = folder / "café\udce9 漢.tif"
    (folder / "a.tif").rename(name)
    asks = ["from tratteggio.cli.main import main", "main()"]
    words = [sys.executable, "-c", "\n".join(asks)]
    said = [
        *words,
        "inpaint",
        name,
        "--mask",
        folder / "m.png",
        "-o",
        folder / "out.tif",
        "--engine",
        "diffusion",
    ]
    for command in (said, [*words, "verify", folder / "out.tif"]):
        done = subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr
    told = json.loads((folder / "out.tif.history.json").read_bytes().decode("utf-8"))
    assert told["source"]["name"] == "café\\xe9 漢.tif"
