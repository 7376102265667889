"""`tratteggio register` as a person or a program uses it."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from skimage import data
from typer.testing import CliRunner, Result

import tratteggio as tg
from align.warps import warped
from tratteggio import files
from tratteggio.align import Transform
from tratteggio.cli.main import app
from tratteggio.files.stacks import history_of
from tratteggio.painting import Metadata, Region
from tratteggio.phantom import panel

PER_CM = Metadata((100.0, 100.0), "cm")


def run(*words: object) -> Result:
    outcome = CliRunner().invoke(app, [str(word) for word in words])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reference, two scans that lie aside of it, and scans that cannot be brought onto it."""
    place = tmp_path_factory.mktemp("scans")
    irr, uvf = warped(320, 1, field_px=2), warped(320, 1, field_px=2, modality="uvf")
    for name, pixels in (
        ("ref", irr.reference.read()),
        ("irr", irr.source.read()),
        ("uvf", uvf.source.read()),
        ("black", np.zeros((320, 320), np.uint8)),
    ):
        files.write(pixels, place / f"{name}.tif", metadata=PER_CM)
    (place / "cut.tif").write_bytes((place / "irr.tif").read_bytes()[:5000])
    wide = panel(160, 319, seed=8).painted.read()
    for name, pixels in (
        ("left", wide[:, :160]),
        ("one_column_shared", wide[:, 159:]),
        ("elsewhere", panel(160, 160, seed=9, motif="landscape").painted.read()),
        ("tiny", wide[:20, :20]),
        ("flat", np.full((160, 160, 3), 90, np.uint8)),
    ):
        files.write(np.ascontiguousarray(pixels), place / f"{name}.tif", metadata=PER_CM)
    return place


@pytest.fixture(scope="module")
def registered(folder: Path) -> tuple[Path, Result]:
    out = folder / "panel.ome.zarr"
    words = ("register", folder / "ref.tif", f"irr={folder / 'irr.tif'}", f"uvf={folder / 'uvf.tif'}")
    return out, run(*words, "-o", out, "--pictures", folder, "--json")


def test_scans_come_out_as_one_stack_on_the_grid_of_the_reference(registered, folder):
    out, outcome = registered
    assert outcome.exit_code == 0, outcome.stderr
    stack = tg.open(out)
    assert list(stack) == ["rgb", "irr", "uvf"]
    assert stack.grid == (320, 320)
    assert stack["irr"].dtype == np.uint16
    assert (stack["rgb"].read() == tifffile.imread(folder / "ref.tif")).all()
    assert stack["irr"].um_per_px == pytest.approx(100)
    assert json.loads(outcome.stdout)["residual"]["irr"]["mean_px"] < 0.5


def test_transforms_and_residual_maps_lie_with_the_stack(registered):
    history = history_of(registered[0])
    for name in ("irr", "uvf"):
        told = history["registered"][name]
        assert told["residual"]["places_measured"] == len(told["residual"]["map"]) > 5
        transform = Transform.from_json(told["transform"])
        assert transform.over(Region.whole((320, 320))).shape == (320, 320, 2)


def test_what_lies_beyond_a_scan_is_marked_in_the_file(registered):
    scan = tg.open(registered[0])["irr"]
    assert scan.seen is not None
    seen = scan.read_seen()
    assert 0.7 < seen.mean() < 1
    assert not scan.read()[~seen].any()


def test_pictures_to_look_at_are_written(registered, folder):
    for name in ("irr.overlay", "irr.residual", "uvf.overlay", "uvf.residual"):
        assert files.read(folder / f"{name}.png").grid == (320, 320)


def test_what_matches_is_written_and_the_rest_is_named(folder, tmp_path):
    words = ("register", folder / "ref.tif", f"xray={folder / 'elsewhere.tif'}", f"irr={folder / 'irr.tif'}")
    looks = tmp_path / "new" / "looks"
    outcome = run(*words, "-o", tmp_path / "out.ome.zarr", "--pictures", looks)
    assert outcome.exit_code == 1
    assert "xray is not in out.ome.zarr: no contours" in outcome.stderr
    assert list(tg.open(tmp_path / "out.ome.zarr")) == ["rgb", "irr"]
    assert sorted(path.name for path in looks.iterdir()) == ["irr.overlay.png", "irr.residual.png"]


def test_control_points_come_from_a_file_and_the_overlay_lies_beside_the_output(folder, tmp_path):
    points = tmp_path / "points.csv"
    places = [(10, 10), (300, 12), (295, 300), (8, 290)]
    points.write_text("\n".join(f"xray,{col},{row},{col / 2},{row / 2}" for col, row in places))
    out = tmp_path / "out.ome.zarr"
    words = (
        "register",
        folder / "ref.tif",
        f"xray={folder / 'elsewhere.tif'}",
        "-o",
        out,
        "--points",
        points,
    )
    outcome = run(*words, "--json")
    assert outcome.exit_code == 0, outcome.stderr
    told = json.loads(outcome.stdout)
    assert told["method"] == {"xray": "control points"}
    assert told["overlays"]["xray"] == f"{out}.xray.overlay.png"
    assert files.read(f"{out}.xray.overlay.png").grid == (320, 320)
    assert history_of(out)["registered"]["xray"]["method"] == "control points"


def test_a_new_folder_for_images_is_gone_after_a_failure(folder, tmp_path):
    words = ("register", folder / "ref.tif", f"xray={folder / 'black.tif'}", "-o", tmp_path / "o.ome.zarr")
    assert run(*words, "--pictures", tmp_path / "looks").exit_code == 2
    assert not list(tmp_path.iterdir())


def test_python_gives_what_the_verb_writes(registered, folder):
    found = tg.register(folder / "ref.tif", {"irr": folder / "irr.tif"})
    assert (found.stack["irr"].read() == tg.open(registered[0])["irr"].read()).all()


def test_tiles_are_stitched(tmp_path):
    picture = np.ascontiguousarray(data.astronaut()[:240, 60:500, 1])
    files.write(picture[:, :256].copy(), tmp_path / "a.tif")
    files.write(picture[:, 180:436].copy(), tmp_path / "b.tif")
    out = tmp_path / "whole.tif"
    outcome = run(
        "register", "--mosaic", f"irr={tmp_path / 'a.tif'}", tmp_path / "b.tif", "-o", out, "--json"
    )
    assert outcome.exit_code == 0, outcome.stderr
    assert json.loads(outcome.stdout)["overlaps"] == [[0, 1]]
    assert np.abs(files.read(out).read()[:238, :434].astype(int) - picture[:238, :434]).mean() < 3
    assert (tmp_path / "whole.tif.history.json").exists()


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (["ref.tif", "ir=irr.tif"], "is called 'irr' here", 2),
        (["ref.tif", "x-ray=irr.tif"], "is called 'xray' here", 2),
        (["ref.tif", "IRR 2=irr.tif"], "lower-case letters", 2),
        (["ref.tif", "irr.tif"], "name the modality", 2),
        (["ref.tif", "irr=irr.tif", "irr=uvf.tif"], "give each modality once", 2),
        (["ref.tif", "rgb=irr.tif"], "both have modality 'rgb'", 2),
        (["ref.tif"], "nothing to register", 2),
        (["ref.tif", "xray=black.tif"], "black everywhere", 2),
        (["ref.tif", "irr=flat.tif"], "one single value everywhere", 2),
        (["ref.tif", "irr=tiny.tif"], "at least 32 rows", 2),
        (["ref.tif", "irr=none.tif"], "none.tif", 1),
        (["ref.tif", "irr=cut.tif"], "cut.tif", 1),
        (["cut.tif", "irr=irr.tif"], "cut.tif", 1),
        (["left.tif", "irr=one_column_shared.tif"], "one_column_shared.tif", 1),
        (["left.tif", "irr=elsewhere.tif"], "elsewhere.tif", 1),
        (["ref.tif", "irr=irr.tif", "--max-error", "0.001"], "--max-error 0.001", 1),
        (["ref.tif", "irr=irr.tif", "--max-error", "0"], "above 0", 2),
        (["--mosaic", "irr=ref.tif", "uvf=irr.tif"], "one modality", 2),
    ],
)
def test_bad_input_gives_one_sentence_and_writes_nothing(folder, monkeypatch, words, told, code):
    monkeypatch.chdir(folder)
    outcome = run("register", *words, "-o", "out.ome.zarr", "--quiet")  # no line of progress if it takes long
    assert (outcome.exit_code, outcome.stderr.count("\n")) == (code, 1), outcome.stderr
    assert told in outcome.stderr
    assert not list(folder.glob("*out.ome*"))


def test_an_unknown_suffix_is_refused_before_the_work(folder):
    outcome = run("register", folder / "ref.tif", f"irr={folder / 'irr.tif'}", "-o", folder / "out.png")
    assert outcome.exit_code == 2
    assert ".ome.zarr" in outcome.stderr
