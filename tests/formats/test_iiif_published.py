"""What is published follows the IIIF specifications and is whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import imagecodecs
import numpy as np
import pytest

import tratteggio as tg
from formats.conftest import ADDRESS, COLS, ROWS, paint
from formats.iiif_rules import check_presentation
from tratteggio import files, treatment
from tratteggio.errors import BadUsage, TratteggioError, UnreadableFile, UnsafeOutput
from tratteggio.files.rasters import to_display
from tratteggio.painting import Metadata, Scan, Stack
from tratteggio.treatment import PublishOptions


def manifest_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text("utf-8"))


def bodies_of(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    body = manifest["items"][0]["items"][0]["items"][0]["body"]
    return body["items"] if body["type"] == "Choice" else [body]


def within(folder: Path, address: str) -> Path:
    """Return the file that an address of a published folder stands for."""
    assert address.startswith(ADDRESS + "/")
    return folder / address.removeprefix(ADDRESS + "/")


def test_the_manifest_follows_the_rules_of_presentation_3(published: Path) -> None:
    manifest = manifest_of(published)
    assert manifest["@context"] == "http://iiif.io/api/presentation/3/context.json"
    assert manifest["id"] == f"{ADDRESS}/manifest.json"
    check_presentation(manifest, seen=set())
    assert manifest["label"] == {"none": ["Saint & <book>"]}
    said = manifest["requiredStatement"]["value"]["en"][0]
    assert said.startswith("Museum of Examples Digital hypothesis: ")
    assert '"proposal" and "proposal, hatched"' in said
    assert "engine diffusion" in said
    for page in manifest["items"][0]["annotations"]:
        document = json.loads(within(published, page["id"]).read_text("utf-8"))
        assert document["@context"] == manifest["@context"]
        assert document["id"] == page["id"]
        check_presentation(document, seen=set())


def test_the_choice_is_the_scan_then_the_proposal_its_finishes_and_the_other_scans(published: Path) -> None:
    labels = [body["label"]["en"][0] for body in bodies_of(manifest_of(published))]
    assert labels == ["visible light", "proposal", "proposal, hatched", "infrared"]


def test_every_address_in_a_manifest_is_a_file(published: Path) -> None:
    """A viewer asks for no more than what the documents name, by the rules of the Image API."""
    manifest = manifest_of(published)
    for body in [*bodies_of(manifest), *manifest["thumbnail"]]:
        size = imagecodecs.jpeg8_decode(within(published, body["id"]).read_bytes()).shape
        assert size[:2] == (body["height"], body["width"])
    assert within(published, manifest["seeAlso"][0]["id"]).is_file()
    assert max(manifest["thumbnail"][0][side] for side in ("height", "width")) <= 512


def test_every_tile_that_the_description_promises_is_there(published: Path) -> None:
    """Image API 3.0, section 5.4 and the way viewers compute addresses of tiles, worked anew here."""
    folder = published / "proposal"
    info = json.loads((folder / "info.json").read_text())
    assert {key: info[key] for key in ("width", "height", "profile", "type", "protocol")} == {
        "width": COLS, "height": ROWS, "profile": "level0",
        "type": "ImageService3", "protocol": "http://iiif.io/api/image",
    }  # fmt: skip
    assert info["id"] == f"{ADDRESS}/proposal"
    wanted = {f"full/{one['width']},{one['height']}" for one in info["sizes"]} - {f"full/{COLS},{ROWS}"}
    wanted.add("full/max")
    [tiles] = info["tiles"]
    for factor in tiles["scaleFactors"]:
        side = tiles["width"] * factor
        for y in range(0, ROWS, side):
            for x in range(0, COLS, side):
                w, h = min(side, COLS - x), min(side, ROWS - y)
                region = "full" if (w, h) == (COLS, ROWS) else f"{x},{y},{w},{h}"
                wanted.add(f"{region}/{-(-w // factor)},{-(-h // factor)}")
    there = {str(file.relative_to(folder)) for file in folder.rglob("*.jpg")}
    assert there == {f"{one}/0/default.jpg" for one in wanted}


def test_pictures_show_the_proposal_and_damage_is_outlined_by_class(proposed: Path, published: Path) -> None:
    restoration = treatment.reopen(proposed)
    shown = imagecodecs.jpeg8_decode((published / "proposal/full/max/0/default.jpg").read_bytes())
    wanted = files.overview(restoration.original, pixels=restoration.pixels, longest=COLS)
    assert np.abs(shown.astype(int) - wanted).mean() < 1.5
    lost = restoration.lacunae.read()
    assert np.abs(shown[lost].astype(int) - wanted[lost]).mean() < 3
    named = {
        page["id"].rpartition("/")[2]: page["label"]["en"][0]
        for page in manifest_of(published)["items"][0]["annotations"]
    }
    assert named == {"lacuna.json": "lacuna", "loss.json": "loss", "crack.json": "crack"}
    [crack] = json.loads((published / "damage/crack.json").read_text("utf-8"))["items"]
    assert crack["body"]["value"] == "crack: 3,200 pixels, 32.00 mm²"
    drawn = ET.fromstring(crack["target"]["selector"]["value"])
    assert (drawn.tag, drawn.get("width")) == ("{http://www.w3.org/2000/svg}svg", str(COLS))
    assert drawn[0].get("d") == "M100,400H900V404H100Z"


def test_the_published_history_names_no_place_on_the_machine(proposed: Path, published: Path) -> None:
    history = json.loads((published / "history.json").read_text("utf-8"))
    assert history["engine"]["name"] == "diffusion"
    assert history["source"]["sha256"] == treatment.reopen(proposed).history["source"]["sha256"]
    assert "file" not in history["source"]
    assert str(proposed.parent) not in (published / "history.json").read_text("utf-8")


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_scan_is_published_upright_at_every_size(tmp_path: Path, orientation: int) -> None:
    pixels = (paint(300, 1100) // 257).astype(np.uint8)
    files.write(pixels, tmp_path / "a.tif", metadata=Metadata(orientation=orientation))
    treatment.publish(tmp_path / "a.tif", tmp_path / "a.iiif")
    scan = tg.open(tmp_path / "a.iiif" / "rgb" / "info.json").primary
    wanted = to_display(pixels, orientation)
    assert scan.grid == wanted.shape[:2]
    assert np.abs(scan.read().astype(int) - wanted).mean() < 2
    half = files.pyramid.halved(np.ascontiguousarray(wanted))
    assert np.abs(np.asarray(scan.pixels.levels[0]).astype(int) - half).mean() < 2


def test_a_folder_of_paintings_becomes_a_collection(tmp_path: Path) -> None:
    folder = tmp_path / "room"
    folder.mkdir()
    for name in ("a (1).tif", "b.png"):
        files.write(paint(40, 50), folder / name)
    files.write_stack(Stack((Scan(paint(40, 50)),), title="C"), folder / "c.ome.zarr")
    made = treatment.publish(folder, tmp_path / "room.iiif", options=PublishOptions(ADDRESS))
    assert [path.name for path in made] == ["a-1-", "b", "c"]
    collection = json.loads((tmp_path / "room.iiif/collection.json").read_text())
    check_presentation(collection, seen=set())
    assert [one["label"]["none"][0] for one in collection["items"]] == ["a (1)", "b", "C"]
    for item in collection["items"]:
        manifest = json.loads(within(tmp_path / "room.iiif", item["id"]).read_text("utf-8"))
        assert manifest["id"] == item["id"]
        check_presentation(manifest, seen=set())
        assert "requiredStatement" not in manifest  # a plain scan is no hypothesis
    tg.inpaint(folder / "b.png", np.eye(40, 50, dtype=bool), engine="diffusion").save(folder / "fill.tif")
    assert treatment.publishing.list_paintings(folder) == [folder / "fill.tif"]


def test_a_folder_that_exists_is_kept(tmp_path: Path) -> None:
    files.write(paint(40, 50), tmp_path / "a.tif")
    treatment.publish(tmp_path / "a.tif", tmp_path / "a.iiif")
    with pytest.raises(UnsafeOutput, match="already exists"):
        treatment.publish(tmp_path / "a.tif", tmp_path / "a.iiif")
    treatment.publish(tmp_path / "a.tif", tmp_path / "a.iiif", overwrite=True)
    shutil.rmtree(tmp_path / "a.iiif")
    (tmp_path / "a.iiif").mkdir()
    (tmp_path / "a.iiif" / "diary.txt").write_text("mine")
    with pytest.raises(TratteggioError, match=r"contains no manifest\.json"):
        treatment.publish(tmp_path / "a.tif", tmp_path / "a.iiif", overwrite=True)
    assert (tmp_path / "a.iiif" / "diary.txt").read_text() == "mine"


def test_nothing_partial_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write(paint(40, 50), tmp_path / "a.tif")
    with pytest.raises(tg.errors.Cancelled):
        treatment.publish(tmp_path / "a.tif", tmp_path / "a.iiif", progress=_stop)
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]


def _stop(done: int, total: int) -> None:
    raise tg.errors.Cancelled("stopped")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"address": "museum.example"}, "address must be an address that begins with http://"),
        ({"address": "https://museum.example/?x=1"}, "address must be"),
        ({"rights": "public domain"}, "rights must be"),
        ({"rights": "https://museum.example/terms"}, "rights must be an address of creativecommons.org or"),
        ({"finishes": ("hatchd",)}, "did you mean 'hatched'"),
    ],
)
def test_options_that_make_no_sense_are_refused(words: dict[str, Any], said: str) -> None:
    with pytest.raises(BadUsage, match=said):
        PublishOptions(**words)


def test_what_cannot_be_published_is_refused_before_the_work(proposed: Path, tmp_path: Path) -> None:
    files.write_stack(Stack((Scan(paint(40, 50)[..., :2]),)), tmp_path / "two.ome.zarr")
    with pytest.raises(BadUsage, match="has 2 channels"):
        treatment.publish(tmp_path / "two.ome.zarr", tmp_path / "a.iiif")
    with pytest.raises(BadUsage, match="is not a proposal, so there is no fill"):
        treatment.publish(
            proposed.with_name("panel.ome.zarr"),
            tmp_path / "a.iiif",
            options=PublishOptions(finishes=("neutral",)),
        )
    with pytest.raises(BadUsage, match="must be one of .iiif"):
        treatment.publish(proposed, tmp_path / "a.tif")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableFile, match="contains no scan"):
        treatment.publish(tmp_path / "empty", tmp_path / "a.iiif")
    assert not (tmp_path / "a.iiif").exists()
