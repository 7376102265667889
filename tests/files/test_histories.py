"""Histories that we write are read back; one with a key that holds something else is refused by name."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tratteggio as tg
from tratteggio import files
from tratteggio.errors import UnreadableFile
from tratteggio.evaluation import verify
from tratteggio.files.histories import require_history
from tratteggio.files.provenance import read_proposal
from tratteggio.files.stacks import history_of
from tratteggio.painting import Scan, Stack
from tratteggio.treatment import FillOptions, inpaint_file, reopen

History = dict[str, Any]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A proposal as `inpaint` writes it, calibrated and partly left open."""
    folder = tmp_path_factory.mktemp("proposal")
    files.write(np.random.default_rng(0).integers(0, 65535, (96, 96, 3), np.uint16), folder / "panel.tif")
    lost = np.zeros((96, 96), bool)
    for place in range(4, 90, 16):
        lost[place : place + 5, place : place + 5] = True
    files.write_lacunae(tg.Lacunae(lost), folder / "lost.png")
    inpaint_file(
        folder / "panel.tif", folder / "lost.png", folder / "out.tif",
        engine="diffusion", options=FillOptions(calibrate=True, leave_above=0.99),
    )  # fmt: skip
    return folder / "out.tif"


@pytest.fixture
def changed(written: Path) -> Any:
    """Change the history beside the proposal, for one test."""
    file = files.sidecar(written, "history")
    before = file.read_bytes()

    def change(how: Callable[[History], object]) -> Path:
        history = json.loads(before)
        how(history)
        file.write_text(json.dumps(history))
        return written

    yield change
    file.write_bytes(before)


def test_a_history_that_we_write_is_read_back(written: Path) -> None:
    history = files.read_history(files.sidecar(written, "history"))
    assert {"calibration", "left_open"} <= history.keys()
    assert history == json.loads(files.sidecar(written, "history").read_text())
    assert read_proposal(files.sidecar(written, "history")) == history
    assert verify(written).passed


def test_keys_of_later_versions_are_kept(changed: Any) -> None:
    out = changed(lambda history: history.update(later={"a": [1]}))
    assert reopen(out).history["later"] == {"a": [1]}


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda h: h.update(source=1), "source must be an object, got a whole number"),
        (lambda h: h["source"].pop("sha256"), "source.sha256 is missing"),
        (lambda h: h["source"].update(file=3), "source.file must be a text, got a whole number"),
        (lambda h: h["source"].update(file="a\0b"), "zero byte"),
        (lambda h: h["lacunae"].update(raster_sha256=None), "lacunae.raster_sha256 must be a text"),
        (lambda h: h.pop("engine"), "engine is missing"),
        (lambda h: h.update(finish=[]), "finish must be an object, got a list"),
        (lambda h: h.update(filled_share="all"), "filled_share must be a number"),
        (lambda h: h.update(left_open=[]), "left_open must be an object, got a list"),
        (lambda h: h["left_open"].pop("lacunae"), "left_open.lacunae is missing"),
        (lambda h: h.update(calibration=None), "calibration must be an object, got null"),
        (lambda h: h["calibration"].pop("levels"), "calibration.levels is missing"),
        (lambda h: h["calibration"].pop("trials"), "calibration.trials is missing"),
        (lambda h: h["calibration"].update(trials="<script>"), "calibration.trials must be a whole number"),
        (lambda h: h["calibration"].update(within_after=["a"]), r"within_after\[0\] must be a number"),
        (lambda h: h["calibration"].update(within_before=[0.1]), "equally long"),
        (lambda h: h["calibration"].update(levels=[0.1] * 9), "levels must hold 0.9"),
        (lambda h: h.update(schema=True), "schema must be a whole number"),
        (lambda h: h.update(schema=10**400), "newer than 1; update tratteggio"),
        (lambda h: h.pop("schema"), "no schema version"),
    ],
)
def test_a_key_that_holds_something_else_is_named(changed: Any, how: Any, message: str) -> None:
    out = changed(how)
    with pytest.raises(UnreadableFile, match=r"out\.tif\.history\.json") as caught:
        reopen(out)
    assert message.replace("\\", "") in str(caught.value)


@pytest.mark.parametrize("text", ["[]", "{", "[" * 100_000 + "]" * 100_000, "null"])
def test_what_is_no_history_at_all_is_told_of(tmp_path: Path, text: str) -> None:
    (tmp_path / "out.tif.history.json").write_text(text)
    with pytest.raises(UnreadableFile, match=r"out\.tif\.history\.json is not"):
        files.read_history(tmp_path / "out.tif.history.json")


def test_a_source_with_a_name_that_no_file_can_have_is_not_there(changed: Any) -> None:
    out = changed(lambda history: history["source"].update(file="a" * 4000))
    with pytest.raises(UnreadableFile, match="give it with `source=FILE`"):
        reopen(out)


@pytest.mark.parametrize("history", ["[]", "1 2", '{"schema": 1, "source": []}', "[" * 3000 + "]" * 3000])
def test_the_history_of_an_ome_tiff_is_checked(tmp_path: Path, history: str) -> None:
    file = tmp_path / "p.ome.tif"
    files.write_stack(Stack((Scan(np.zeros((9, 9), np.uint8)),)), file, history={"pad": "x" * 6000})
    assert history_of(file) == {"schema": 1, "pad": "x" * 6000}
    whole = file.read_bytes()
    found = re.search(rb'K="history">([^<]*)</M>', whole)
    assert found is not None
    escaped = history.encode().replace(b'"', b"&quot;").ljust(len(found[1]))
    file.write_bytes(whole.replace(found[1], escaped))
    with pytest.raises(UnreadableFile, match=r"p\.ome\.tif is not a sound history|no schema"):
        history_of(file)


def test_the_history_of_an_ome_zarr_is_checked(tmp_path: Path) -> None:
    folder = tmp_path / "p.ome.zarr"
    files.write_stack(Stack((Scan(np.zeros((9, 9), np.uint8)),)), folder, history={"verb": "export"})
    assert files.read_history(folder)["verb"] == "export"
    attributes = json.loads((folder / "zarr.json").read_text())
    attributes["attributes"]["tratteggio"]["history"] = [1]
    (folder / "zarr.json").write_text(json.dumps(attributes))
    with pytest.raises(UnreadableFile, match=r"zarr\.json is not a sound history: it must be an object"):
        history_of(folder)


def test_zarr_metadata_that_are_nested_too_deep_are_told_of(tmp_path: Path) -> None:
    folder = tmp_path / "p.ome.zarr"
    folder.mkdir()
    (folder / "zarr.json").write_text('{"a":' * 100_000 + "1" + "}" * 100_000)
    with pytest.raises(UnreadableFile, match="nested deeper"):
        tg.open(folder)


def test_a_history_with_numbers_that_are_none_is_kept() -> None:
    """JSON of Python knows NaN; histories of all versions may hold it where nothing computes with it."""
    found = json.loads('{"schema": 1, "engine": {"name": "x", "parameters": {"sigma": NaN}}}')
    kept = require_history(found, Path("out.json"))
    assert math.isnan(kept["engine"]["parameters"]["sigma"])
