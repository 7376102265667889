"""Bad input gives one sentence, the documented exit code, and leaves nothing behind."""

import os
import resource
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner

from tratteggio.cli.main import app


def say(*words: object) -> tuple[int, str]:
    """Run `tratteggio inpaint` in this process; return the exit code and standard error."""
    outcome = CliRunner().invoke(app, [str(word) for word in words])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome.exit_code, outcome.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound 16-bit scan and a sound mask."""
    rng = np.random.default_rng(0)
    tifffile.imwrite(tmp_path / "panel.tif", rng.integers(0, 65535, (60, 80, 3), np.uint16))
    lost = np.zeros((60, 80), np.uint8)
    lost[20:25, 30:40] = 255
    Image.fromarray(lost).save(tmp_path / "lost.png")
    return tmp_path


def inpaint(folder: Path, *, scan="panel.tif", mask="lost.png", out="out.tif", more=()) -> tuple[int, str]:
    """Fill, and check that a failure says one sentence and leaves nothing behind."""
    before = sorted(folder.rglob("*"))
    code, said = say("inpaint", folder / scan, "--mask", folder / mask, "-o", folder / out, *more)
    if code:
        errors = [line for line in said.splitlines() if not line.startswith("note:")]
        assert len(errors) == 1, said
        assert errors[0].startswith("tratteggio: ")
        assert "Traceback" not in said
        assert sorted(folder.rglob("*")) == before, "a failure must leave nothing behind"
    return code, said


@pytest.mark.parametrize(
    "words",
    [
        *("inspect nix.tif", "inpaint nix.tif -o o.tif", "detect nix.tif -o o.png", "verify nix.tif"),
        *("enhance nix.tif -o o.tif --op sobel", "evaluate --reference nix.tif --result nix.tif"),
        *("compare nix.tif nix.tif", "report nix.tif", "export nix.tif --to ora", "studio nix.tif"),
        *("register nix.tif irr=nix.tif -o o.ome.tif", "explain descriptor-v32 nix.tif"),
        *("encode nix.tif -o o.tif", "train srcnn --data nix.tif -o o"),
    ],
)
def test_what_is_missing_is_named_alike_by_all_commands(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, said = say(*words.split())
    assert code == 1, said
    assert "nix.tif: no such f" in said
    assert not list(tmp_path.iterdir())


def test_the_sound_case_goes_through(folder):
    code, said = inpaint(folder)
    assert code == 0
    assert said == "note: white pixels of lost.png are taken as lost: 1.04 % of the area, 1 lacuna\n"
    written = {path.name for path in folder.iterdir()} - {"panel.tif", "lost.png"}
    beside = {f"out.tif.{name}" for name in ("history.json", "lost.tif", "confidence.tif", "overlay.png")}
    assert written == {"out.tif", *beside}


def test_mask_of_another_size(folder):
    Image.fromarray(np.full((60, 81), 255, np.uint8)).save(folder / "big.png")
    code, said = inpaint(folder, mask="big.png")
    assert code == 2
    for word in ("big.png", "panel.tif", "60 rows x 81", "60 rows x 80"):
        assert word in said


def test_mask_with_grey_levels_is_binarised_and_said_so(folder):
    grey = np.zeros((60, 80), np.uint8)
    grey[10:20, 10:20] = 200
    grey[30:40, 10:20] = 90
    Image.fromarray(grey).save(folder / "grey.png")
    code, said = inpaint(folder, mask="grey.png")
    assert code == 0
    assert "50 %" in said
    assert (tifffile.imread(folder / "out.tif.lost.tif") > 0).sum() == 100


@pytest.mark.parametrize(("value", "word"), [(0, "nothing"), (255, "every pixel")])
def test_empty_and_full_masks(folder, value, word):
    Image.fromarray(np.full((60, 80), value, np.uint8)).save(folder / "even.png")
    code, said = inpaint(folder, mask="even.png")
    assert code == 2
    assert "even.png" in said
    assert word in said


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
@pytest.mark.parametrize("name", ["cut.tif", "cut.png"])
def test_truncated_scan(folder, name, keep):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 255, (60, 80, 3), np.uint8)
    if name.endswith("tif"):
        tifffile.imwrite(folder / name, pixels)
    else:
        Image.fromarray(pixels).save(folder / name)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: int(len(whole) * keep)])
    code, said = inpaint(folder, scan=name)
    assert code == 1
    assert name in said


@pytest.mark.parametrize("name", ["none.tif", "none.png", "none.jpg"])
def test_zero_byte_file(folder, name):
    (folder / name).touch()
    code, said = inpaint(folder, scan=name)
    assert code == 1
    assert name in said
    assert "empty" in said


def test_decompression_bomb(folder):
    """A few hundred bytes that claim 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    (folder / "bomb.png").write_bytes(png + chunk(b"IEND", b""))
    code, said = inpaint(folder, scan="bomb.png")
    assert code == 1
    assert "bomb.png" in said


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_known_paint_that_is_not_a_number(folder, value):
    pixels = np.random.default_rng(0).random((60, 80, 3)).astype(np.float32)
    pixels[50, 7, 1] = value
    tifffile.imwrite(folder / "nan.tif", pixels, photometric="rgb")
    code, said = inpaint(folder, scan="nan.tif")
    assert code == 1
    for word in ("nan.tif", "row 50", "column 7"):
        assert word in said


def test_not_a_number_inside_a_lacuna_is_what_gets_filled(folder):
    pixels = np.random.default_rng(0).random((60, 80, 3)).astype(np.float32)
    pixels[20:25, 30:40] = np.nan
    tifffile.imwrite(folder / "nan.tif", pixels, photometric="rgb")
    assert inpaint(folder, scan="nan.tif")[0] == 0
    assert np.isfinite(tifffile.imread(folder / "out.tif")).all()


@pytest.mark.parametrize(("mode", "suffix", "word"), [("CMYK", "tif", "CMYK"), ("P", "png", "palette")])
def test_cmyk_and_palette(folder, mode, suffix, word):
    Image.new(mode, (80, 60)).save(folder / f"scan.{suffix}")
    code, said = inpaint(folder, scan=f"scan.{suffix}")
    assert code == 1
    assert f"scan.{suffix}" in said
    assert word in said


@pytest.mark.parametrize("role", ["scan", "mask", "out"])
def test_folder_given_for_a_file(folder, role):
    (folder / "a_folder").mkdir()
    if role == "scan":
        (folder / "a_folder" / "keep.txt").touch()  # a folder without scans
    code, said = inpaint(folder, **{role: "a_folder"})
    assert code == 2
    assert "a_folder" in said


@pytest.mark.parametrize("role", ["scan", "mask"])
def test_missing_file(folder, role):
    code, said = inpaint(folder, **{role: "nowhere.png"})
    assert code == 1
    assert "nowhere.png" in said


def test_unknown_engine_names_the_nearest(folder):
    code, said = inpaint(folder, more=["--engine", "biharmonik"])
    assert code == 2
    assert "did you mean 'biharmonic'" in said


def test_unknown_finish_names_the_nearest(folder):
    code, said = inpaint(folder, more=["--finish", "hatch"])
    assert code == 2
    assert "did you mean 'hatched'" in said


def test_unknown_option_names_the_nearest(folder):
    code, said = say(
        "inpaint", folder / "panel.tif", "--mask", folder / "lost.png", "-o", "x.tif", "--engin=telea"
    )
    assert code == 2
    assert "--engine" in said
    assert not Path("x.tif").exists()


def test_unknown_suffix_names_the_known_ones(folder):
    code, said = inpaint(folder, out="out.bmp")
    assert code == 2
    assert ".tif" in said


def test_output_equal_to_source(folder):
    before = (folder / "panel.tif").read_bytes()
    code, said = inpaint(folder, out="panel.tif")
    assert code == 2
    assert "panel.tif" in said
    assert (folder / "panel.tif").read_bytes() == before


def test_output_that_is_a_hard_link_to_the_source(folder):
    os.link(folder / "panel.tif", folder / "link.tif")
    before = (folder / "panel.tif").read_bytes()
    assert inpaint(folder, out="link.tif")[0] == 2
    assert (folder / "panel.tif").read_bytes() == before


def test_output_equal_to_mask(folder):
    assert inpaint(folder, out="lost.png")[0] == 2


@pytest.mark.parametrize("out", ["nowhere/out.tif", "panel.tif/out.tif"])
def test_unwritable_output(folder, out):
    code, said = inpaint(folder, out=out)
    assert code == 1
    assert "out.tif" in said


@pytest.mark.parametrize("out", ["out.tif", "out.png", "out.ora"])
def test_full_disk(folder, out):
    """Files may not grow past 20 kB here; the proposal needs 29 kB."""
    code = (
        "import resource, signal;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        "from tratteggio.cli.main import main; main()"
    )
    assert resource.RLIMIT_FSIZE
    assert signal.SIGXFSZ
    before = {path.name for path in folder.iterdir()}
    words = ["inpaint", folder / "panel.tif", "--mask", folder / "lost.png", "-o", folder / out]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert len([line for line in done.stderr.splitlines() if not line.startswith("note:")]) == 1
    assert "Traceback" not in done.stderr
    # What was filled is kept for --resume; no part of an output is.
    assert {path.name for path in folder.iterdir()} - before <= {f"{out}.job"}


def test_one_pixel_has_nothing_to_be_filled_from(folder):
    tifffile.imwrite(folder / "one.tif", np.zeros((1, 1), np.uint8))
    for name, value in (("white.png", 255), ("black.png", 0)):
        Image.fromarray(np.full((1, 1), value, np.uint8)).save(folder / name)
        assert inpaint(folder, scan="one.tif", mask=name)[0] == 2


def test_a_very_long_scan_is_filled(folder):
    pixels = np.random.default_rng(0).integers(0, 255, (3, 40_000, 3), np.uint8)
    lost = np.zeros((3, 40_000), np.uint8)
    lost[:, 20_000:20_010] = 255
    tifffile.imwrite(folder / "long.tif", pixels)
    tifffile.imwrite(folder / "long-lost.tif", lost)
    assert inpaint(folder, scan="long.tif", mask="long-lost.tif")[0] == 0
    filled = tifffile.imread(folder / "out.tif")
    np.testing.assert_array_equal(filled[lost == 0], pixels[lost == 0])


@pytest.mark.parametrize("more", [["--memory", "0.01"], ["--tile", "0"], ["--tile", "-5"]])
def test_options_out_of_range(folder, more):
    code, said = inpaint(folder, more=more)
    assert code == 2
    assert more[0] in said


def test_cuda_asked_of_an_engine_that_runs_on_the_cpu(folder):
    code, said = inpaint(folder, more=["--engine", "diffusion", "--device", "cuda"])
    assert code == 2
    assert "diffusion" in said


@pytest.mark.parametrize(
    ("scheduler", "exit_code", "words"),
    [
        ("tcp://127.0.0.1:9", 1, "no scheduler answered at tcp://127.0.0.1:9"),
        ("somewhere", 2, "--scheduler must be an address"),
        ("local:none", 2, "--scheduler must be local: and a number"),
    ],
)
def test_a_scheduler_that_cannot_be_used(folder, scheduler, exit_code, words):
    code, said = inpaint(folder, more=["--engine", "tension", "--scheduler", scheduler])
    assert code == exit_code
    assert words in said


@pytest.mark.parametrize("verb", ["detect", "enhance", "encode", "evaluate"])
def test_every_verb_on_windows_names_a_scheduler_that_is_not_there(folder, verb):
    words = {
        "detect": [folder / "panel.tif", "-o", folder / "found.png", "--kind", "tophat"],
        "enhance": [folder / "panel.tif", "-o", folder / "out.tif", "--op", "sobel"],
        "encode": [folder / "panel.tif", "-o", folder / "out.ome.zarr"],
        "evaluate": ["--reference", folder / "panel.tif", "--result", folder / "panel.tif"],
    }[verb]
    code, said = say(verb, *words, "--scheduler", "tcp://127.0.0.1:9")
    assert code == 1
    assert "no scheduler answered" in said
    assert not list(folder.glob("*out*"))


def test_a_scheduler_without_dask_names_the_extra(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, said = inpaint(folder, more=["--engine", "tension", "--scheduler", "local:2"])
    assert code == 3
    assert "pip install 'tratteggio[cluster]'" in said
