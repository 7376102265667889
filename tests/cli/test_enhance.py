"""`tratteggio enhance` as a person uses it, and `tratteggio.enhance`."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image, ImageCms
from typer.testing import CliRunner, Result

import tratteggio as tg
from tratteggio import files, filters
from tratteggio.cli.main import app

RNG = np.random.default_rng(0)
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def run(*words: object) -> Result:
    outcome = CliRunner().invoke(app, [str(word) for word in words])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome


@pytest.fixture
def panel(tmp_path: Path) -> Path:
    """16-bit RGB with alpha, a profile and a resolution."""
    pixels = filters.gaussian(RNG.integers(0, 65536, (60, 90, 4), np.uint16), sigma=2)
    path = tmp_path / "panel.tif"
    tifffile.imwrite(
        path, pixels, photometric="rgb", extrasamples=["unassalpha"], iccprofile=ICC, resolution=(300, 300)
    )
    return path


def test_a_chain_keeps_depth_alpha_and_metadata_and_says_what_it_did(panel):
    out = panel.with_name("out.tif")
    told = run(
        "enhance", panel, "-o", out, "--op", "gaussian:sigma=2", "--op", "sobel:edges=vertical", "--json"
    )
    assert told.exit_code == 0, told.stderr
    before, after = files.read(panel), files.read(out)
    assert after.dtype == np.uint16
    assert_array_equal(after.read()[..., 3], before.read()[..., 3])
    assert after.metadata.icc == ICC
    assert after.metadata.resolution == (300, 300)
    history = files.read_history(files.sidecar(out, "history"))
    assert [step["filter"] for step in history["hypothesis"]] == ["gaussian", "sobel"]
    assert [step["reach_px"] for step in history["hypothesis"]] == [8, 1]
    assert history["hypothesis"][0]["options"] == {"sigma": 2.0, "border": "reflect"}
    assert history["source"]["sha256"] == files.sha256(panel)
    assert history["source"]["file"] == "panel.tif"
    assert history == json.loads(told.stdout)["history"] | {"schema": 1}
    again = panel.with_name("again.tif")
    words = history["chain"].split()
    assert run("enhance", panel, "-o", again, *words, "--tile", 17, "-q").exit_code == 0
    assert_array_equal(files.read(again).read(), after.read())


def test_python_gives_arrays_for_arrays_and_lazy_scans_for_files(panel):
    pixels = files.read(panel).read()
    array = tg.enhance(pixels, ["median:size=5", "gamma:exponent=0.8"])
    scan = tg.enhance(panel, ["median:size=5", "gamma:exponent=0.8"], tile=16)
    assert_array_equal(scan.read(), array)
    assert_array_equal(array[..., 3], pixels[..., 3])
    assert scan.metadata.icc == ICC
    grey = tg.enhance(pixels[..., 0], "box")
    assert_array_equal(grey, filters.box(pixels[..., 0]))


def test_a_hybrid_of_two_files_has_a_strip_and_names_both(panel):
    far, out, strip = (panel.with_name(name) for name in ("from afar.png", "hybrid.png", "strip.png"))
    Image.fromarray(RNG.integers(0, 256, (60, 90, 3), np.uint8)).save(far)
    told = run(
        "enhance", panel, "-o", out, "--op", f"hybrid:far={far},low=16,high=30", "--strip", strip, "--json"
    )
    assert told.exit_code == 0, told.stderr
    [step] = json.loads(told.stdout)["history"]["hypothesis"]
    assert step["also_read"] == {"name": "from afar.png", "sha256": files.sha256(far)}
    assert files.read(out).dtype == np.uint16
    assert files.read(strip).grid == (60, 90 + 45 + 23 + 12)
    near = files.read(panel).colour() / 65535
    expected = filters.hybrid(near, files.read(far).colour() / 255, low=16, high=30) * 65535
    assert np.abs(files.read(out).colour() - np.clip(expected, 0, 65535)).max() < 0.6


def test_the_frequency_view_is_one_more_filter(panel):
    out = panel.with_name("spectrum.png")
    assert run("enhance", panel, "-o", out, "--op", "spectrum").exit_code == 0
    assert_array_equal(files.read(out).colour()[30, 45], 65535)


def test_the_list_shows_every_filter():
    outcome = run("enhance", "--list")
    assert outcome.exit_code == 0
    assert "gaussian:sigma=SIGMA,border=reflect\n    Smooth by" in outcome.stdout


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ("gausian:sigma=2", "did you mean 'gaussian'"),
        ("gaussian:sigma=0", "sigma is a number above 0"),
        ("box:size=4", "odd number of pixels"),
        ("box:size=201", "60 rows x 90 columns"),
        ("hybrid:far=missing.tif,low=8,high=9", "missing.tif"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing_behind(panel, op, message):
    out = panel.with_name("out.tif")
    outcome = run("enhance", panel, "-o", out, "--op", op)
    assert outcome.exit_code in (1, 2)
    assert message in outcome.stderr
    assert len(outcome.stderr.strip().splitlines()) == 1
    assert [file.name for file in panel.parent.iterdir()] == ["panel.tif"]


def test_not_a_number_is_refused_with_its_place(tmp_path):
    values = np.ones((40, 40), np.float32)
    values[30, 4] = np.nan
    tifffile.imwrite(tmp_path / "xray.tif", values)
    outcome = run("enhance", tmp_path / "xray.tif", "-o", tmp_path / "out.tif", "--op", "box")
    assert outcome.exit_code == 1
    assert "row 30, column 4" in outcome.stderr
    assert not (tmp_path / "out.tif").exists()


def test_neither_picture_is_ever_overwritten(panel):
    for out in (panel, panel.with_name("far.tif")):
        far = panel.with_name("far.tif")
        far.write_bytes(panel.read_bytes())
        outcome = run("enhance", panel, "-o", out, "--op", f"hybrid:far={far},low=16,high=30")
        assert outcome.exit_code == 2
        assert "never overwritten" in outcome.stderr


def test_an_enhancer_writes_a_larger_scan_and_says_that_it_is_a_hypothesis(panel):
    out = panel.with_name("twice.tif")
    told = run("enhance", panel, "-o", out, "--with", "superres:scale=2", "--json")
    assert told.exit_code == 0, told.stderr
    before, after = files.read(panel), files.read(out)
    assert (after.grid, after.dtype) == ((120, 180), np.uint16)
    assert_array_equal(after.read()[::2, 1::2, 3], before.read()[..., 3])
    assert after.metadata.icc == ICC
    assert after.metadata.resolution == (600, 600)
    history = json.loads(told.stdout)["history"]
    assert history["chain"] == "--with superres:scale=2,net=superres"
    assert history["what"].startswith("a hypothesis")
    assert history["hypothesis"][0]["parameters"]["weights"] == "superres-x2"
    again = panel.with_name("again.tif")
    assert run("enhance", panel, "-o", again, *history["chain"].split(), "-q").exit_code == 0
    assert_array_equal(files.read(again).read(), after.read())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--with", "superres:scale=5"], "enlarges 2, 3 or 4 times, got scale=5"),
        (["--with", "superres:scale=two"], "superres: scale must be a whole number, got 'two'"),
        (["--with", "superres:size=2"], "no option of superres named 'size'"),
        (["--with", "superresolution"], "no enhancer named 'superresolution'; did you mean 'superres'"),
        (["--with", "superres", "--op", "box"], "filters and an enhancer cannot be combined"),
        (["--with", "superres", "--tile", "64"], "omit --tile"),
        (["--with", "superres:weights=none.safetensors"], "none.safetensors: no such file"),
        ([], "one filter at least"),
    ],
)
def test_an_enhancer_that_cannot_be_is_refused_in_one_sentence(panel, words, message):
    outcome = run("enhance", panel, "-o", panel.with_name("out.tif"), *words)
    assert outcome.exit_code in (1, 2)
    assert message in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert not panel.with_name("out.tif").exists()


def test_filters_and_enhancers_are_listed():
    listed = run("enhance", "--list").stdout
    assert "--op sobel:edges=both,border=reflect" in listed
    assert "--with superres:scale=2,net=superres\n    Enlarge a scan" in listed
