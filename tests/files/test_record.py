"""One builder makes the start of every history, and old histories stay readable."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

import tratteggio as tg
from tratteggio import files, treatment
from tratteggio.features import encode_file
from tratteggio.files.record import input_file, input_of
from tratteggio.painting import Scan
from tratteggio.phantom import panel

SOURCE = Path(tg.__file__).parent
COMMON = {"tratteggio", "verb", "created", "machine", "inputs", "options"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A painting, its negative as infrared, two overlapping tiles and a mask."""
    folder = tmp_path_factory.mktemp("record")
    painted = panel(192, 224, seed=1).painted.read()
    files.write(painted, folder / "panel.tif")
    files.write(255 - painted[..., 0], folder / "irr.tif")
    files.write(painted[:, :140, 0], folder / "left.tif")
    files.write(painted[:, 80:, 0], folder / "right.tif")
    lost = np.zeros(painted.shape[:2], np.uint8)
    lost[50:54, 60:80] = 255
    files.write(lost, folder / "lost.png")
    return folder


def inpainted(at: Path, out: Path) -> dict:
    treatment.inpaint_file(at / "panel.tif", at / "lost.png", out / "p.tif", engine="telea")
    return files.read_history(out / "p.tif.history.json")


def detected(at: Path, out: Path) -> dict:
    treatment.detect_file(at / "panel.tif", out / "d.png")
    return files.read_history(out / "d.png.history.json")


def enhanced(at: Path, out: Path) -> dict:
    treatment.enhance_file(at / "panel.tif", out / "e.tif", "sobel")
    return files.read_history(out / "e.tif.history.json")


def exported(at: Path, out: Path) -> dict:
    treatment.export(at / "panel.tif", out / "x.ome.zarr")
    return files.read_history(out / "x.ome.zarr")


def registered(at: Path, out: Path) -> dict:
    tg.register(at / "panel.tif", {"irr": at / "irr.tif"}, max_error=3).save(out / "r.ome.zarr")
    return files.read_history(out / "r.ome.zarr")


def stitched(at: Path, out: Path) -> dict:
    tg.mosaic([at / "left.tif", at / "right.tif"], max_error=3).save(out / "m.ome.zarr")
    return files.read_history(out / "m.ome.zarr")


def encoded(at: Path, out: Path) -> dict:
    encode_file(at / "panel.tif", out / "f.ome.zarr", model="fpcae-concat", device="cpu")
    return files.read_history(out / "f.ome.zarr")


READ = {
    inpainted: {"panel.tif", "lost.png"},
    detected: {"panel.tif"},
    enhanced: {"panel.tif"},
    exported: {"panel.tif"},
    registered: {"panel.tif", "irr.tif"},
    stitched: {"left.tif", "right.tif"},
    encoded: {"panel.tif"},
}


@pytest.mark.parametrize("make", READ, ids=lambda make: make.__name__)
def test_every_history_names_tool_time_machine_options_and_hashed_inputs(make, folder, tmp_path):
    history = make(folder, tmp_path)
    assert history.keys() >= COMMON
    assert {one["name"]: one["sha256"] for one in history["inputs"]} == {
        name: files.sha256(folder / name) for name in READ[make]
    }


def test_histories_are_built_in_one_place():
    """A dictionary with the key "verb" anywhere else would be a history built by hand."""
    built = [
        file.relative_to(SOURCE).as_posix()
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Dict)
        and any(isinstance(key, ast.Constant) and key.value == "verb" for key in node.keys)
    ]
    assert built == ["files/record.py"]


def test_a_history_without_the_new_keys_is_still_read_and_verified(folder, tmp_path):
    history = inpainted(folder, tmp_path)
    for key in ("machine", "inputs", "options"):
        del history[key]
    (tmp_path / "p.tif.history.json").write_text(json.dumps(history), "utf-8")
    assert tg.verify(tmp_path / "p.tif").passed


def test_an_array_has_no_hash_and_a_folder_none_either(tmp_path):
    assert input_of(Scan(np.zeros((2, 2), np.uint8), "irr")) == ("irr", "array", None)
    assert input_file(tmp_path, "stack") == ("stack", tmp_path.name, None)
