"""`tratteggio export` and `inspect` on stacks, as a person uses them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner, Result

import tratteggio as tg
from tratteggio import files
from tratteggio.cli.main import app
from tratteggio.formats.ora import read_ora

RGB = np.random.default_rng(0).integers(0, 65536, (40, 50, 3)).astype(np.uint16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "panel.v2"
    folder.mkdir()
    files.write(RGB, folder / "visible.tif")
    files.write(RGB[..., 0], folder / "infrared.tif")
    (folder / "painting.toml").write_text(
        'title = "Saint with a book"\n'
        '[[scan]]\nfile = "visible.tif"\nmodality = "rgb"\n'
        '[[scan]]\nfile = "infrared.tif"\nmodality = "irr"\num_per_px = 50\n'
    )
    return folder


def run(*words: object) -> Result:
    outcome = CliRunner().invoke(app, [str(word) for word in words])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome


def test_a_folder_becomes_an_ome_zarr_and_that_an_ome_tiff(folder: Path) -> None:
    outcome = run("export", folder, "--to", "ome-zarr", "--json")
    zarred = folder.with_name("panel.v2.ome.zarr")
    assert json.loads(outcome.stdout) == {"output": str(zarred), "notes": []}
    stack = tg.open(zarred)
    assert (list(stack), stack.title, stack["irr"].um_per_px) == (["rgb", "irr"], "Saint with a book", 50.0)
    history = files.read_history(zarred)
    assert (history["verb"], history["source"]) == ("export", {"name": "panel.v2"})
    assert run("export", zarred, "--to", "ome-tiff").exit_code == 0
    tiff = folder.with_name("panel.v2.ome.tif")
    np.testing.assert_array_equal(tifffile.imread(tiff, series=0), RGB)
    with tifffile.TiffFile(tiff) as opened:
        assert history["created"] in opened.ome_metadata  # the history goes on with the stack


def test_a_proposal_becomes_layers(folder: Path, tmp_path: Path) -> None:
    lost = np.zeros((40, 50), bool)
    lost[5:9, 5:9] = True
    tg.inpaint(folder / "visible.tif", lost, engine="diffusion").save(tmp_path / "out.tif")
    assert run("export", tmp_path / "out.tif", "--to", "ora").exit_code == 0
    names = [layer.name for layer in read_ora(tmp_path / "out.ora")]
    assert names == ["original", "fill", "lacunae"]


def test_a_folder_is_published_for_the_web(folder: Path, tmp_path: Path) -> None:
    with (folder / "painting.toml").open("a") as file:
        file.write('[object]\nartist = "unknown"\nowner = "Museum of Tests"\nlocation = "store 3"\n')
    outcome = run("export", folder, "--to", "iiif", "--json")
    made = tmp_path / "panel.v2.iiif"
    told = json.loads(outcome.stdout)
    assert (told["output"], told["paintings"]) == (str(made), [str(made)])
    assert f"run `python -m http.server` in {tmp_path}" in told["notes"][0]
    manifest = json.loads((made / "manifest.json").read_text())
    told = {one["label"]["en"][0]: one["value"]["none"][0] for one in manifest["metadata"]}
    assert told == {"Artist": "unknown", "Owner": "Museum of Tests", "Pixels": "40 rows x 50 columns"}
    assert manifest["id"] == "http://localhost:8000/panel.v2.iiif/manifest.json"
    assert run("export", folder, "--to", "iiif").exit_code == 2  # it is there already
    outcome = run(
        "export", folder, "--to", "iiif", "--overwrite", "--address", "https://a.example/b", "--json"
    )
    assert json.loads(outcome.stdout)["notes"] == []
    assert json.loads((made / "manifest.json").read_text())["id"] == "https://a.example/b/manifest.json"
    facts = json.loads(run("inspect", made / "irr" / "info.json", "--json").stdout)["files"][0]
    assert facts["rows"] == 40


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--to", "ome-zar"), 2, "did you mean 'ome-zarr'"),
        (("--to", "ome-zarr", "-o", "out.tif"), 2, "ends in .ome.zarr"),
        (("--to", "ome-tiff", "-o", "nowhere/out.ome.tif"), 1, "there is no folder"),
        (("--to", "ora"), 1, "history"),
        (("--to", "ome-zarr", "--rights", "x"), 2, "--rights: only for iiif, not for ome-zarr"),
        (("--to", "iiif", "--rights", "x"), 2, "--rights must be"),
        (("--to", "iiif", "--finish", "hatched"), 2, "is not a proposal"),
    ],
)
def test_what_cannot_be_exported(folder: Path, words: tuple[str, ...], code: int, said: str) -> None:
    outcome = run("export", folder / "visible.tif", *words)
    assert outcome.exit_code == code
    assert said in outcome.stderr
    assert sorted(entry.name for entry in folder.iterdir()) == [
        "infrared.tif",
        "painting.toml",
        "visible.tif",
    ]


def test_stacks_are_inspected(folder: Path) -> None:
    facts = json.loads(run("inspect", folder, "--json").stdout)["files"][0]
    assert [scan["modality"] for scan in facts["scans"]] == ["rgb", "irr"]
    assert facts["tile_px"]
    text = run("inspect", folder).stdout
    assert "Saint with a book" in text
    assert text.count("sha256") == 2
