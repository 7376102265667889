"""Stacks on disk: what goes in comes back, other readers open it, and memory depends on a window."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import tratteggio as tg
from tratteggio import evaluation, files, treatment
from tratteggio.files import exif, ifd
from tratteggio.files.pyramid import Halved, halved, halved_if_all
from tratteggio.files.stacks import history_of
from tratteggio.painting import Lacunae, Metadata, Region, Scan, Stack

rng = np.random.default_rng(0)
ROWS, COLS = 700, 1300
EXIF = exif.build(exif.Directories(main=(ifd.Entry(270, 2, 7, b"a text\0"), ifd.Entry(305, 2, 5, b"Soft\0"))))
METADATA = Metadata((300.0, 150.0), "inch", icc=bytes(range(256)), exif=EXIF, xmp=b"<x/>")
SEEN = np.zeros((ROWS, COLS), bool)
SEEN[9:, :1111] = True


def pixels(dtype: str, *shape: int) -> np.ndarray:
    top = np.iinfo(dtype).max if dtype[0] == "u" else 1
    return (rng.random(shape) * 0.999 * top).astype(dtype)


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(
        (
            Scan(pixels("uint16", ROWS, COLS, 3), metadata=METADATA, name="/somewhere/visible.tif"),
            Scan(pixels("float32", ROWS, COLS), "irr", metadata=METADATA, seen=SEEN),
            Scan(
                pixels("uint8", ROWS, COLS, 4),
                "uvf",
                alpha=True,
                metadata=Metadata(foreign={"extrasample": 1, "compression": "lzw"}),
            ),
            Scan(
                pixels("uint8", ROWS, COLS),
                "xray",
                metadata=Metadata((40.0, 40.0), "cm", foreign={"photometric": "miniswhite"}),
            ),
        ),
        title="Saint with a book",
    )


@pytest.fixture(scope="module")
def zarred(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stack") / "panel.ome.zarr"
    files.write_stack(stack, path, history={"verb": "register", "error_px": np.float32(0.5)})
    return path


def stored(scan: Scan) -> np.ndarray:
    """The samples as a file holds them, which may store white as 0."""
    return 255 - scan.read() if "photometric" in scan.metadata.foreign else scan.read()


def attributes(group: Path) -> Any:
    return json.loads((group / "zarr.json").read_text())["attributes"]


def test_a_stack_comes_back_from_ome_zarr_as_it_was(stack: Stack, zarred: Path) -> None:
    back = tg.open(zarred)
    assert list(back) == list(stack)
    assert back.title == stack.title
    for modality in stack:
        before, after = stack[modality], back[modality]
        assert_array_equal(after.read(), before.read(), strict=True)
        assert after.alpha == before.alpha
        kept = replace(before.metadata, foreign={})
        assert replace(after.metadata, foreign={}) == kept
        assert after.name == str(zarred / modality)
    assert back["uvf"].metadata.foreign == {"extrasample": 1}
    assert back["xray"].metadata.foreign == {"photometric": "miniswhite"}
    assert back["rgb"].seen is None
    assert_array_equal(back["irr"].read_seen(), SEEN, strict=True)
    assert files.read_history(zarred) == {"schema": 1, "verb": "register", "error_px": 0.5}


@pytest.mark.parametrize("key", [np.s_[0:0, 5:9], np.s_[500:600, 1000:1300], np.s_[511:513, 0:2000]])
def test_regions_are_those_of_the_whole(stack: Stack, zarred: Path, key: tuple[slice, slice]) -> None:
    back = tg.open(zarred)
    for modality in stack:
        assert_array_equal(back[modality].pixels[key], np.asarray(stack[modality].pixels)[key], strict=True)
    crop = back.crop(Region(500, 1000, 600, 1300))
    assert_array_equal(crop["irr"].read_seen(), SEEN[500:600, 1000:1300])
    assert_array_equal(crop["rgb"].read(), np.asarray(stack["rgb"].pixels)[500:600, 1000:1300])


def test_only_chunks_that_a_region_touches_are_read(stack: Stack, zarred: Path, tmp_path: Path) -> None:
    """All other chunks are gone: a reader that touched them could not answer."""
    files.write_stack(stack, tmp_path / "p.ome.zarr")
    for chunk in (tmp_path / "p.ome.zarr").glob("*/*/c/*/*/*"):
        if chunk.parts[-5:] != ("0", "c", "0", "1", "2"):
            chunk.unlink()
    crop = tg.open(tmp_path / "p.ome.zarr").crop(Region(512, 1024, ROWS, COLS))
    assert_array_equal(crop["rgb"].read(), np.asarray(stack["rgb"].pixels)[512:, 1024:])


def test_one_scan_of_a_stack_is_a_scan(stack: Stack, zarred: Path) -> None:
    scan = files.read(zarred / "irr")
    assert (scan.modality, scan.grid) == ("irr", stack.grid)
    assert files.read(zarred / "irr", modality="nir").modality == "nir"
    assert list(tg.open({"rgb": zarred / "rgb", "nir": zarred / "irr"})) == ["rgb", "nir"]
    assert tg.open(zarred / "irr").primary.modality == "irr"


def test_a_stack_on_disk_can_be_sent_to_another_process(stack: Stack, zarred: Path) -> None:
    here = tg.open(zarred)
    there = pickle.loads(pickle.dumps(here))
    assert [there[name].metadata for name in there] == [here[name].metadata for name in here]
    assert_array_equal(there["rgb"].read(Region(5, 7, 9, 9)), np.asarray(stack["rgb"].pixels)[5:9, 7:9])
    assert_array_equal(there["irr"].read_seen(), SEEN)
    assert [level.shape for level in there["rgb"].pixels.levels] == [(350, 650, 3), (175, 325, 3)]


@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg"])
def test_a_scan_on_disk_can_be_sent_to_another_process(tmp_path: Path, suffix: str) -> None:
    scan = Scan(pixels("uint8", 30, 40, 3), metadata=replace(METADATA, icc=None))
    files.write(scan.pixels, tmp_path / f"scan{suffix}", metadata=scan.metadata)
    here = tg.open(tmp_path / f"scan{suffix}")
    there = pickle.loads(pickle.dumps(here))
    assert there.primary.metadata == here.primary.metadata
    assert_array_equal(there.primary.read(), here.primary.read())


def test_pixels_and_metadata_are_what_plain_zarr_and_the_specification_say(
    stack: Stack, zarred: Path
) -> None:
    """The rules of OME-Zarr 0.5, read as written there; pixels by zarr itself."""
    root = attributes(zarred)["ome"]
    assert root == {"version": "0.5", "bioformats2raw.layout": 3}
    assert attributes(zarred / "OME")["ome"] == {"version": "0.5", "series": list(stack)}
    for scan in stack.scans:
        group = zarr.open_group(str(zarred / scan.modality), mode="r", zarr_format=3)
        require_image(group, dict(group.attrs)["ome"], unit=scan.um_per_px is not None)
        whole = group["0"][:]
        assert_array_equal(np.moveaxis(whole, 0, -1), stored(scan).reshape(ROWS, COLS, -1), strict=True)
    omero = attributes(zarred / "rgb")["ome"]["omero"]["channels"]
    assert [channel["color"] for channel in omero] == ["FF0000", "00FF00", "0000FF"]
    assert omero[0]["window"] == {"min": 0, "max": 65535, "start": 0, "end": 65535}
    assert [c["active"] for c in attributes(zarred / "uvf")["ome"]["omero"]["channels"]] == [True] * 3 + [
        False
    ]
    assert attributes(zarred / "xray")["ome"]["omero"]["channels"][0]["inverted"]
    labels = zarred / "irr" / "labels"
    assert attributes(labels)["ome"] == {"version": "0.5", "labels": ["seen"]}
    group = zarr.open_group(str(labels / "seen"), mode="r", zarr_format=3)
    label = dict(group.attrs)["ome"]
    require_image(group, label, unit=True)
    image = attributes(zarred / "irr")["ome"]["multiscales"][0]
    assert len(label["multiscales"][0]["datasets"]) == len(image["datasets"])
    assert {colour["label-value"] for colour in label["image-label"]["colors"]} == {0, 1}
    assert np.issubdtype(group["0"].dtype, np.integer)


def require_image(group: zarr.Group, ome: Any, *, unit: bool) -> None:
    assert ome["version"] == "0.5"
    (image,) = ome["multiscales"]
    axes = image["axes"]
    assert [axis["name"] for axis in axes] == ["c", "y", "x"]
    assert [axis["type"] for axis in axes] == ["channel", "space", "space"]
    assert [axis.get("unit") for axis in axes] == [None, *(["micrometer"] * 2 if unit else [None] * 2)]
    sizes = []
    for dataset in image["datasets"]:
        array = group[dataset["path"]]
        assert array.metadata.dimension_names == ("c", "y", "x")
        sizes.append(array.shape[1:])
        scale, *translations = dataset["coordinateTransformations"]
        assert scale["type"] == "scale"
        assert [step["type"] for step in translations] in ([], ["translation"])
        assert all(len(step[step["type"]]) == 3 for step in (scale, *translations))
    assert sizes == sorted(sizes, reverse=True)


def test_levels_state_how_large_their_pixels_are_and_where_they_lie(zarred: Path) -> None:
    """300 dpi across are 84.67 micrometres, 150 dpi down 169.33; pixel 0 of level 2 spans pixels 0 to 3."""
    levels = attributes(zarred / "rgb")["ome"]["multiscales"][0]["datasets"]
    (first,) = levels[0]["coordinateTransformations"]
    assert first["scale"] == pytest.approx([1, 25_400 / 150, 25_400 / 300])
    scale, translation = levels[2]["coordinateTransformations"]
    assert scale["scale"] == pytest.approx([1, 4 * 25_400 / 150, 4 * 25_400 / 300])
    assert translation["translation"] == pytest.approx([0, 1.5 * 25_400 / 150, 1.5 * 25_400 / 300])


def test_levels_are_means_of_four_in_the_depth_of_the_scan(stack: Stack, zarred: Path) -> None:
    back = tg.open(zarred)
    exact = np.asarray(stack["rgb"].pixels).astype(np.float64)
    exact = exact.reshape(350, 2, 650, 2, 3).mean(axis=(1, 3))
    level = back["rgb"].pixels.levels[0]
    assert level.dtype == np.uint16
    assert_array_equal(level[:, :], np.floor(exact + 0.5))
    exact = np.asarray(stack["irr"].pixels).astype(np.float64).reshape(350, 2, 650, 2).mean(axis=(1, 3))
    assert_array_equal(back["irr"].pixels.levels[0][:, :], exact.astype(np.float32))
    seen = back["irr"].seen.pixels.levels[0][:, :]
    assert_array_equal(seen, SEEN.reshape(350, 2, 650, 2).all(axis=(1, 3)))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_halved_pixels_are_the_same_by_region_as_whole(rows: int, cols: int, data: st.DataObject) -> None:
    whole = np.random.default_rng(rows * 10 + cols).integers(0, 2, (rows, cols)).astype(np.uint8)
    for through in (halved, halved_if_all):
        lazy = Halved(whole, through)
        top, left = data.draw(st.integers(0, lazy.shape[0] - 1)), data.draw(st.integers(0, lazy.shape[1] - 1))
        assert_array_equal(
            lazy[top : top + 2, left : left + 3], through(whole)[top : top + 2, left : left + 3]
        )


class Watched:
    """Lazy pixels that keep a tally of what was read."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape, self.dtype = shape, np.dtype(np.uint8)
        self.read = np.zeros(shape[:2], int)
        self.largest = 0

    def __getitem__(self, key: tuple[slice, slice]) -> np.ndarray:
        self.read[key] += 1
        self.largest = max(self.largest, self.read[key].size)
        return np.zeros((*self.read[key].shape, *self.shape[2:]), np.uint8)


@pytest.mark.parametrize("suffix", [".ome.zarr", ".ome.tif"])
def test_a_scan_is_read_once_in_blocks_that_do_not_grow_with_it(tmp_path: Path, suffix: str) -> None:
    told: list[tuple[int, int]] = []
    watched = Watched((1500, 5000, 3))
    files.write_stack(Stack((Scan(watched),)), tmp_path / f"p{suffix}", progress=lambda *at: told.append(at))
    assert_array_equal(watched.read, 1)
    assert watched.largest <= 512 * 2048
    assert told[-1] == (1500 * 5000, 1500 * 5000)
    assert told == sorted(told)


def foreign(path: Path, array: np.ndarray, channels: list[dict[str, Any]] | None) -> Path:
    """An OME-Zarr of another program: one image (c, y, x)."""
    image = {
        "axes": [{"name": "c", "type": "channel"}, *({"name": name, "type": "space"} for name in "yx")],
        "datasets": [
            {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]}
        ],
    }
    ome: dict[str, Any] = {"version": "0.5", "multiscales": [image]}
    ome |= {} if channels is None else {"omero": {"channels": channels}}
    group = zarr.create_group(str(path), attributes={"ome": ome})
    group.create_array("0", data=np.moveaxis(array, -1, 0).copy())
    return path


def labelled(*names: str) -> list[dict[str, Any]]:
    return [{"label": name, "color": "FFFFFF"} for name in names]


@pytest.mark.parametrize("names", [("irr", "xray"), ("vis", "irr", "xray"), ("rgb", "a", "b", "c", "d")])
def test_channels_of_other_programs_are_scans_under_their_labels(tmp_path, caplog, names):
    array = pixels("uint16", 20, 30, len(names))
    path = foreign(tmp_path / "a.ome.zarr", array, labelled(*names))
    stack = pickle.loads(pickle.dumps(tg.open(path)))
    assert tuple(stack) == names
    for number, name in enumerate(names):
        assert_array_equal(stack[name].read(), array[..., number], strict=True)
        assert_array_equal(files.read(path / name).read(Region(3, 4, 9, 9)), array[3:9, 4:9, number])
        assert [scan["modality"] for scan in files.inspect(path / name)["scans"]] == [name]
    assert f"each channel is read as a scan: {', '.join(names)}" in caplog.text
    with pytest.raises(tg.errors.UnknownName, match="uvf"):
        files.read(path / "uvf")


def test_a_proposal_for_one_channel_knows_its_source(tmp_path):
    array = pixels("uint8", 30, 40, 2)
    path = foreign(tmp_path / "a.ome.zarr", array, labelled("irr", "xray"))
    lost = np.zeros((30, 40), bool)
    lost[5:8, 5:8] = True
    for name, number in (("irr", 0), ("xray", 1)):
        treatment.inpaint_file(path / name, Lacunae(lost), tmp_path / f"{name}.tif", engine="telea")
        assert_array_equal(files.read(tmp_path / f"{name}.tif").read()[~lost], array[..., number][~lost])
        assert evaluation.verify(tmp_path / f"{name}.tif").passed


@pytest.mark.parametrize(
    ("channels", "alpha"),
    [
        (labelled("red", "green", "blue"), False),
        (labelled("R", "G", "B"), False),
        ([{"color": "FF0000"}, {"color": "00FF00"}, {"color": "0000ff"}], False),
        (
            [
                {"label": f"Channel {number}", "color": colour}
                for number, colour in enumerate(("FF0000", "00FF00", "0000FF"))
            ],
            False,
        ),
        (None, False),
        (labelled("Red", "Green", "Blue", "Alpha"), True),
    ],
)
def test_red_green_and_blue_of_other_programs_are_one_scan(tmp_path, channels, alpha):
    array = pixels("uint8", 20, 30, 3 + alpha)
    [scan] = tg.open(foreign(tmp_path / "a.ome.zarr", array, channels)).scans
    assert (scan.modality, scan.channels, scan.alpha) == ("rgb", 3, alpha)
    assert_array_equal(scan.read(), array)


@pytest.mark.parametrize(
    ("count", "channels", "said"),
    [
        (2, None, "2 channels without labels"),
        (4, None, "4 channels without labels"),
        (4, labelled("irr"), "4 channels without labels"),
        (3, labelled("vis", "irr"), "3 channels without labels"),
        (2, labelled("irr", "irr"), "give each a different name"),
        (2, labelled("irr", ""), "give each a different name"),
    ],
)
def test_channels_of_which_nobody_can_say_what_they_show_are_refused(tmp_path, count, channels, said):
    path = foreign(tmp_path / "a.ome.zarr", pixels("uint8", 20, 30, count), channels)
    with pytest.raises(tg.errors.UnsupportedFile, match=said):
        tg.open(path)


def test_features_of_many_channels_are_a_scan_too(tmp_path: Path) -> None:
    features = pixels("float32", 40, 300, 80)
    stack = Stack((Scan(features, "features"),))
    files.write_stack(stack, tmp_path / "f.ome.zarr")
    back = tg.open(tmp_path / "f.ome.zarr").primary
    assert_array_equal(back.read(), features, strict=True)
    assert "omero" not in attributes(tmp_path / "f.ome.zarr" / "features")["ome"]
    with pytest.raises(tg.errors.BadUsage, match=r"features has 80 channels.*\.ome\.zarr"):
        files.write_stack(stack, tmp_path / "f.ome.tif")


@pytest.mark.parametrize(
    ("unit", "scale", "um"),
    [("micrometer", 50.0, 50.0), ("millimeter", 0.05, 50.0), ("second", 50.0, None), (None, 50.0, None)],
)
def test_files_of_other_programs_are_read_by_the_specification_alone(
    tmp_path: Path, unit: str | None, scale: float, um: float | None
) -> None:
    """No key of ours, axes (y, x), gzip, and a missing chunk, which then is background."""
    values = rng.integers(0, 65536, (20, 30)).astype(np.uint16)
    axis = {"type": "space"} | ({"unit": unit} if unit else {})
    ome = {
        "version": "0.5",
        "multiscales": [
            {
                "axes": [{"name": "y"} | axis, {"name": "x"} | axis],
                "datasets": [
                    {
                        "path": "full",
                        "coordinateTransformations": [{"type": "scale", "scale": [scale, scale / 2]}],
                    }
                ],
                "coordinateTransformations": [{"type": "scale", "scale": [1.0, 2.0]}],
            }
        ],
    }
    group = zarr.create_group(str(tmp_path / "one.ome.zarr"), attributes={"ome": ome})
    array = group.create_array(
        "full", shape=(20, 30), chunks=(8, 8), dtype=np.uint16, compressors=zarr.codecs.GzipCodec()
    )
    array[:] = values
    (tmp_path / "one.ome.zarr" / "full" / "c" / "0" / "0").unlink()
    values[:8, :8] = 0
    scan = tg.open(tmp_path / "one.ome.zarr").primary
    assert (scan.modality, scan.um_per_px) == ("rgb", um if um is None else pytest.approx(um))
    assert_array_equal(scan.read(), values, strict=True)
    assert_array_equal(scan.read(Region(5, 6, 18, 29)), values[5:18, 6:29])


def test_collections_of_other_programs_are_numbered_images(tmp_path: Path) -> None:
    path = tmp_path / "two.ome.zarr"
    files.write_stack(Stack((Scan(pixels("uint8", 9, 9), "rgb"), Scan(pixels("uint8", 9, 9), "irr"))), path)
    for old, new in (("rgb", "0"), ("irr", "1")):
        (path / old).rename(path / new)
        meta = json.loads((path / new / "zarr.json").read_text())
        del meta["attributes"]["tratteggio"]
        (path / new / "zarr.json").write_text(json.dumps(meta))
    (path / "OME" / "zarr.json").unlink()
    assert list(tg.open(path)) == ["0", "1"]


def test_an_older_stack_gives_way_and_nothing_else_does(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "p.ome.zarr"
    small = Stack((Scan(pixels("uint8", 5, 6)),), title="second")
    files.write_stack(stack.crop(Region(0, 0, 50, 60)), path)
    files.write_stack(small, path)
    assert tg.open(path).title == "second"
    assert not (path / "irr").exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["p.ome.zarr"]


@pytest.mark.parametrize("modality", [None, "rgb"])
def test_a_stack_is_never_written_over_itself(tmp_path: Path, modality: str | None) -> None:
    path = tmp_path / "p.ome.zarr"
    files.write_stack(Stack((Scan(pixels("uint8", 5, 6)),)), path)
    opened = tg.open(path if modality is None else path / modality)
    with pytest.raises(tg.errors.UnsafeOutput):
        files.write_stack(opened, path)
    assert tg.open(path).grid == (5, 6)


def test_engines_fill_the_rgb_of_a_stack_on_disk(zarred: Path, stack: Stack) -> None:
    lost = np.zeros(stack.grid, bool)
    lost[100:104, 200:204] = True
    restoration = tg.inpaint(zarred, lost, engine="diffusion")
    assert_array_equal(restoration.image[~lost], stack["rgb"].read()[~lost])


def test_ome_tiff_is_what_an_ome_reader_expects(stack: Stack, tmp_path: Path) -> None:
    files.write_stack(stack, tmp_path / "p.ome.tif", history={"verb": "register"})
    names = ["rgb", "irr", "irr seen", "uvf", "xray"]
    with tifffile.TiffFile(tmp_path / "p.ome.tif") as tiff:
        assert tiff.is_ome
        assert [series.name for series in tiff.series] == names
        for series in tiff.series:
            if series.name == "irr seen":
                assert_array_equal(series.asarray(), np.where(SEEN, 255, 0))
            else:
                assert_array_equal(series.asarray(), stored(stack[series.name]), strict=True)
        xml = ET.fromstring(tiff.ome_metadata)
        pages = [series.pages[0] for series in tiff.series]
        assert pages[0].tags[34675].value == METADATA.icc
        assert pages[1].tags[34675].value == METADATA.icc
        assert 34675 not in pages[2].tags
        assert pages[1].tags["Software"].value == "Soft"
        assert [int(page.tags["XResolution"].value[0]) for page in pages[:2]] == [300, 300]
    ome = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"
    images = xml.findall(f"{ome}Image")
    assert images[0].find(f"{ome}Description").text == "a text"
    stated = images[0].find(f"{ome}Pixels").attrib
    assert float(stated["PhysicalSizeX"]) == pytest.approx(25_400 / 300)
    assert float(stated["PhysicalSizeY"]) == pytest.approx(25_400 / 150)
    assert stated["PhysicalSizeXUnit"] == "µm"
    assert "PhysicalSizeX" not in images[3].find(f"{ome}Pixels").attrib
    said = {entry.get("K"): entry.text for entry in xml.iter(f"{ome}M")}
    assert said["title"] == "Saint with a book"
    assert json.loads(said["history"])["verb"] == "register"


def test_a_stack_comes_back_from_ome_tiff_as_it_was(stack: Stack, tmp_path: Path) -> None:
    files.write_stack(stack, tmp_path / "p.ome.tif", history={"verb": "register"})
    back = pickle.loads(pickle.dumps(tg.open(tmp_path / "p.ome.tif")))
    assert (list(back), back.title) == (list(stack), stack.title)
    for name in stack:
        assert_array_equal(back[name].read(), stack[name].read(), strict=True)
        assert_array_equal(back[name].read_seen(), stack[name].read_seen())
        assert (back[name].seen is None) == (stack[name].seen is None)
        for kept in ("resolution", "unit", "orientation", "icc", "exif", "xmp"):
            assert getattr(back[name].metadata, kept) == getattr(stack[name].metadata, kept), (name, kept)
        assert back[name].alpha == stack[name].alpha
    assert back["xray"].metadata.foreign["photometric"] == "miniswhite"
    assert history_of(tmp_path / "p.ome.tif") == {"schema": 1, "verb": "register"}


def test_one_scan_of_an_ome_tiff_is_a_scan(stack: Stack, tmp_path: Path) -> None:
    files.write_stack(stack, tmp_path / "p.ome.tif")
    scan = files.read(tmp_path / "p.ome.tif" / "irr")
    assert_array_equal(scan.read(), stack["irr"].read())
    assert scan.modality == "irr"
    with pytest.raises(tg.errors.BadUsage, match=r"stack of rgb, irr, uvf, xray.*p\.ome\.tif/rgb"):
        files.read(tmp_path / "p.ome.tif")
    with pytest.raises(tg.errors.UnknownName, match="no scan 'nir'"):
        files.read(tmp_path / "p.ome.tif" / "nir")
    facts = tg.inspect(tmp_path / "p.ome.tif")
    assert (facts["format"], [one["modality"] for one in facts["scans"]]) == ("ome-tiff", list(stack))


def test_an_ome_tiff_of_another_program_is_a_tiff_like_any_other(tmp_path: Path) -> None:
    values = pixels("uint8", 40, 50)
    with tifffile.TiffWriter(tmp_path / "p.ome.tif", ome=True) as tiff:
        for name in ("irr", "xray"):
            tiff.write(values, metadata={"axes": "YX", "Name": name})
    back = tg.open(tmp_path / "p.ome.tif")
    assert list(back) == ["rgb"]
    assert_array_equal(back.primary.read(), values)


def test_large_scans_of_an_ome_tiff_are_pyramids_each(tmp_path: Path) -> None:
    tall = pixels("uint8", 4200, 300, 3)
    stack = Stack((Scan(tall, metadata=METADATA), Scan(tall[..., 0], "irr", metadata=METADATA)))
    files.write_stack(stack, tmp_path / "p.ome.tif")
    with tifffile.TiffFile(tmp_path / "p.ome.tif") as tiff:
        for series in tiff.series:
            assert [level.shape[0] for level in series.levels] == [4200, 2100, 1050, 525, 263]
            assert_array_equal(series.asarray(), stack[series.name].read())
            assert_array_equal(series.levels[1].asarray(), halved(stack[series.name].read()))
    first = files.read(tmp_path / "p.ome.tif" / "rgb")
    assert [level.shape[0] for level in first.pixels.levels[:2]] == [2100, 1050]
    assert (first.metadata.icc, first.metadata.resolution) == (METADATA.icc, METADATA.resolution)


def folder_of(tmp_path: Path, text: str) -> Path:
    files.write(pixels("uint16", 20, 30, 3), tmp_path / "visible.tif")
    files.write(pixels("uint8", 20, 30), tmp_path / "infrared.png")
    (tmp_path / "painting.toml").write_text(text)
    return tmp_path


def test_a_folder_is_opened_as_its_painting_toml_says(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path,
        'title = "Saint with a book"\n'
        '[[scan]]\nfile = "visible.tif"\nmodality = "rgb"\n'
        '[[scan]]\nfile = "infrared.png"\nmodality = "irr"\num_per_px = 50\n',
    )
    stack = tg.open(folder)
    assert (list(stack), stack.title) == (["rgb", "irr"], "Saint with a book")
    assert stack["irr"].um_per_px == 50
    assert stack["rgb"].um_per_px is None
    assert stack["rgb"].name == str(folder / "visible.tif")
    facts = tg.inspect(folder)
    assert (facts["format"], facts["title"]) == ("folder", "Saint with a book")
    assert [scan["um_per_px"] for scan in facts["scans"]] == [None, 50.0]
    files.write_stack(stack, tmp_path / "p.ome.zarr")
    assert tg.open(tmp_path / "p.ome.zarr")["irr"].um_per_px == 50


def test_another_scale_than_the_file_states_is_taken_with_a_note(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = folder_of(tmp_path, '[[scan]]\nfile = "v.tif"\nmodality = "rgb"\num_per_px = 50\n')
    files.write(pixels("uint8", 9, 9), folder / "v.tif", metadata=Metadata((100.0, 100.0), "cm"))
    assert tg.open(folder).primary.um_per_px == 50
    assert "50 micrometres per pixel for rgb, but the file itself states 100" in caplog.text


def test_a_stack_is_inspected_scan_by_scan(zarred: Path) -> None:
    facts = tg.inspect(zarred)
    json.dumps(facts)
    assert (facts["format"], facts["history"], facts["rows"], facts["cols"]) == ("ome-zarr", True, ROWS, COLS)
    irr = facts["scans"][1]
    assert (irr["modality"], irr["depth"], irr["seen_everywhere"]) == ("irr", "float32", False)
    assert irr["levels"] == [[350, 650], [175, 325]]
    assert irr["by_region"]
    assert facts["scans"][0]["um_per_px"] == pytest.approx(25_400 / 300)


def test_scans_of_one_painting_that_a_viewer_turns_differently_are_refused(tmp_path: Path) -> None:
    for name, orientation in (("a", 3), ("b", 1)):
        files.write(
            pixels("uint8", 8, 9), tmp_path / f"{name}.tif", metadata=Metadata(orientation=orientation)
        )
    (tmp_path / "painting.toml").write_text(
        '[[scan]]\nfile = "a.tif"\nmodality = "rgb"\n[[scan]]\nfile = "b.tif"\nmodality = "irr"\n'
    )
    for painting in (tmp_path, {"rgb": tmp_path / "a.tif", "irr": tmp_path / "b.tif"}):
        with pytest.raises(tg.errors.BadUsage, match="a.tif has orientation 3 and .*b.tif has 1"):
            tg.open(painting)
