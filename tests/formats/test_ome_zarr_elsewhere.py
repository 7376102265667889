"""Our OME-Zarr in the hands of other libraries, in shards, and with a proposal in it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import yaozarrs
import zarr
from numpy.testing import assert_array_equal
from ome_zarr_models.v05.image import Image
from typer.testing import CliRunner

import tratteggio as tg
from tratteggio import files, treatment
from tratteggio.cli.main import app
from tratteggio.errors import UnreadableFile, UnsafeOutput
from tratteggio.formats._ome_zarr import write as writing
from tratteggio.painting import Metadata, Region, Scan, Stack

OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"
SCALE = Metadata((200.0, 100.0), "cm")


def paint(rows: int, cols: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 65536, (rows, cols, 3)).astype(np.uint16)


@pytest.fixture
def zarred(tmp_path: Path) -> Path:
    seen = np.ones((600, 700), bool)
    stack = Stack(
        (
            Scan(paint(600, 700), metadata=SCALE),
            Scan(paint(600, 700)[..., 0], "irr", metadata=SCALE, seen=seen),
        ),
        title="Saint",
    )
    files.write_stack(stack, tmp_path / "panel.ome.zarr")
    return tmp_path / "panel.ome.zarr"


def test_yaozarrs_validates_the_store_and_ome_zarr_models_reads_each_scan(zarred: Path) -> None:
    yaozarrs.validate_zarr_store(zarred)
    for modality in ("rgb", "irr"):
        image = Image.from_zarr(zarr.open_group(zarred / modality, mode="r"))
        assert len(image.attributes.ome.multiscales[0].datasets) == 2
    (zarred / "irr" / "1" / "zarr.json").unlink()
    with pytest.raises(ValueError, match="1"):
        yaozarrs.validate_zarr_store(zarred)


def test_the_ome_xml_names_the_folder_of_each_scan(zarred: Path) -> None:
    """As napari-ome-zarr takes it: the ID of an image, without "Image:", is a group."""
    images = ET.parse(zarred / "OME" / "METADATA.ome.xml").getroot().findall(f"{OME}Image")
    names = [image.attrib["ID"].removeprefix("Image:") for image in images]
    series = json.loads((zarred / "OME" / "zarr.json").read_text())["attributes"]["ome"]["series"]
    assert names == series == ["rgb", "irr"]
    pixels = images[0].find(f"{OME}Pixels")
    told = {key: pixels.attrib[key] for key in ("SizeX", "SizeY", "SizeC", "Type")}
    assert told == {"SizeX": "700", "SizeY": "600", "SizeC": "3", "Type": "uint16"}
    assert float(pixels.attrib["PhysicalSizeX"]) == 50.0
    assert float(pixels.attrib["PhysicalSizeY"]) == 100.0


@pytest.fixture
def sharding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks and shards, as a painting of gigapixels would have large ones."""
    monkeypatch.setattr(writing, "CHUNK", 64)
    monkeypatch.setattr(writing, "MOST_FILES", 8)
    monkeypatch.setattr(writing, "SHARD_BYTES", 6 * 256 * 256)


def test_many_chunks_are_written_as_shards_and_read_back(sharding: None, zarred: Path) -> None:
    array = zarr.open_array(zarred / "rgb" / "0", mode="r")
    assert (array.chunks, array.shards) == ((3, 64, 64), (3, 256, 256))
    assert len([file for file in (zarred / "rgb" / "0" / "c").rglob("*") if file.is_file()]) == 9
    yaozarrs.validate_zarr_store(zarred)
    scan = tg.open(zarred)["rgb"]
    assert_array_equal(scan.read(), paint(600, 700))
    corner = Region(250, 630, 600, 700)
    assert_array_equal(scan.read(corner), paint(600, 700)[corner.slices])
    plain = files.pyramid.halved(paint(600, 700))
    assert_array_equal(np.asarray(scan.pixels.levels[0]), plain)


def test_a_shard_that_is_missing_or_cut_is_named(sharding: None, zarred: Path) -> None:
    shard = zarred / "rgb" / "0" / "c" / "0" / "1" / "2"
    data = shard.read_bytes()
    shard.write_bytes(data[: len(data) // 2])
    with pytest.raises(UnreadableFile, match=r"rgb/0 is damaged: its chunk at row 256, column 512"):
        tg.open(zarred)["rgb"].read()
    shard.unlink()
    with pytest.raises(UnreadableFile, match=r"its chunk c/0/1/2 is missing"):
        tg.open(zarred)["rgb"].read()


@pytest.fixture
def proposal(tmp_path: Path) -> Path:
    files.write(paint(300, 280), tmp_path / "panel.tif", metadata=SCALE)
    lost = np.zeros((300, 280), bool)
    lost[40:90, 100:130] = True
    tg.inpaint(tmp_path / "panel.tif", lost, engine="diffusion").save(tmp_path / "out.tif")
    return tmp_path / "out.tif"


def test_a_proposal_becomes_a_stack_with_its_source_and_its_history(proposal: Path) -> None:
    outcome = CliRunner().invoke(app, ["export", str(proposal), "--to", "ome-zarr"])
    assert outcome.exit_code == 0, outcome.output
    stack, restoration = tg.open(proposal.with_name("out.ome.zarr")), treatment.reopen(proposal)
    assert list(stack) == ["rgb", "proposal", "lacunae", "confidence"]
    assert_array_equal(stack["rgb"].read(), restoration.original.read())
    assert_array_equal(stack["proposal"].read(), restoration.image)
    assert_array_equal(stack["lacunae"].read() == 255, restoration.lacunae.read())
    assert stack["confidence"].read().max() > 0
    history = files.read_history(proposal.with_name("out.ome.zarr"))
    assert history["engine"]["name"] == "diffusion"


def test_the_source_of_a_proposal_is_never_written_over(proposal: Path) -> None:
    zarred = proposal.with_name("panel.ome.zarr")
    treatment.export(proposal.with_name("panel.tif"), zarred)
    tg.inpaint(zarred, np.eye(300, 280, dtype=bool), engine="diffusion").save(proposal.with_name("two.tif"))
    with pytest.raises(UnsafeOutput, match="source|input"):
        treatment.export(proposal.with_name("two.tif"), zarred, overwrite=True)


def test_the_whole_is_never_in_memory(sharding: None, tmp_path: Path) -> None:
    """What is read at once is a shard, however large the painting is."""
    asked: list[int] = []

    class Watched:
        shape, dtype = (1000, 900, 3), np.dtype(np.uint16)

        def __getitem__(self, key: tuple[slice, slice]) -> np.ndarray:
            rows, cols = (range(*part.indices(side)) for part, side in zip(key, self.shape, strict=False))
            asked.append(len(rows) * len(cols))
            return np.zeros((len(rows), len(cols), 3), np.uint16)

    files.write_stack(Stack((Scan(Watched()),)), tmp_path / "large.ome.zarr")
    assert sum(asked) == 1000 * 900
    assert max(asked) <= 256 * 256
