"""Metadata that states a layout: mended or left out when that layout is gone."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_allclose

import tratteggio as tg
from tratteggio import files
from tratteggio.evaluation import verify
from tratteggio.files import exif, ifd
from tratteggio.files.layout import described_anew, description_of_one, relaid, without_resources
from tratteggio.painting import Metadata, Scan, Stack

STATED = "what its description says of the layout of the file"


def three_pages(path, **how):
    pages = np.random.default_rng(0).integers(0, 255, (3, 40, 60), np.uint8)
    tifffile.imwrite(path, pages, photometric="minisblack", **how)


KINDS = {
    "ome": {"ome": True, "metadata": {"axes": "CYX", "Channel": {"Name": ["vis", "irr", "xray"]}}},
    "imagej": {"imagej": True, "metadata": {"unit": "cm"}},
    "shaped": {"metadata": {"axes": "CYX", "author": "lab"}},
}


def filled(tmp_path, source, target="b.tif"):
    lost = np.zeros((40, 60), bool)
    lost[5:9, 5:9] = True
    tg.inpaint(source, lost, engine="tension").save(tmp_path / target)
    return tifffile.TiffFile(tmp_path / target)


@pytest.mark.parametrize("kind", KINDS)
def test_one_page_of_three_is_described_as_one(tmp_path, kind, caplog):
    three_pages(tmp_path / "a.tif", **KINDS[kind])
    with filled(tmp_path, tmp_path / "a.tif") as tiff:
        assert len(tiff.pages) == 1
        assert tiff.asarray().shape == (40, 60)
        assert tiff.series[0].shape == (40, 60)
        assert not tiff.is_ome
        text = tiff.pages[0].description
    assert "images=3" not in text
    assert "[3," not in text
    assert STATED in caplog.text
    kept = {"ome": "", "imagej": "unit=cm", "shaped": '"author": "lab"'}[kind]
    assert kept in text


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_true_of_the_output_stays(tmp_path, kind, caplog):
    how = KINDS[kind] | {"metadata": {"axes": "YX"}}
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((40, 60), np.uint8) + 80, **how)
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        was = tiff.pages[0].description
    with filled(tmp_path, tmp_path / "a.tif") as tiff:
        assert tiff.pages[0].description == was
        assert tiff.asarray().shape == (40, 60)
    assert "left out" not in caplog.text


def test_a_stack_of_foreign_ome_tiffs_holds_one_ome_xml(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", np.zeros((40, 60), np.uint8), metadata={"axes": "YX"})
    scan = files.read(tmp_path / "a.ome.tif")
    assert b"<OME" in scan.metadata.exif
    files.write_stack(Stack((scan, Scan(scan.pixels, "irr", metadata=scan.metadata))), tmp_path / "b.ome.tif")
    with tifffile.TiffFile(tmp_path / "b.ome.tif") as tiff:
        texts = "".join(str(tag.value) for page in tiff.pages for tag in page.tags)
        assert texts.count("<OME ") + texts.count("&lt;OME ") == 1
        assert [series.shape for series in tiff.series] == [(40, 60), (40, 60)]


def geotiff(path, tags):
    tifffile.imwrite(path, np.full((20, 30), 90, np.uint8), metadata=None, extratags=tags)


def enlarged(tmp_path, tags):
    geotiff(tmp_path / "a.tif", tags)
    metadata = relaid(files.read(tmp_path / "a.tif").metadata, scale=2, recoloured=False)
    files.write(np.zeros((40, 60), np.uint8), tmp_path / "b.tif", metadata=metadata)
    with tifffile.TiffFile(tmp_path / "b.tif") as tiff:
        return {tag.code: tag.value for tag in tiff.pages[0].tags}


SCALE = (33550, 12, 3, (0.5, 0.25, 0.0), True)
POINT = (34735, 3, 8, (1, 1, 0, 1, 1025, 0, 1, 2), True)


def test_pixels_of_a_map_are_half_as_large_at_twice_the_scale(tmp_path):
    tie = (33922, 12, 6, (10.0, 5.0, 0.0, 100.0, 200.0, 0.0), True)
    told = enlarged(tmp_path, [SCALE, tie])
    assert told[33550] == (0.25, 0.125, 0)
    assert told[33922] == (20, 10, 0, 100, 200, 0)


def test_places_tied_to_the_centres_of_pixels_move_by_half_of_a_new_one(tmp_path):
    """The centre of pixel (0, 0) lies between the first two centres at twice the scale: at 0.5."""
    tie = (33922, 12, 6, (0.0, 0.0, 0.0, 100.0, 200.0, 0.0), True)
    assert enlarged(tmp_path, [SCALE, tie, POINT])[33922] == (0.5, 0.5, 0, 100, 200, 0)


@pytest.mark.parametrize("point", [False, True])
def test_a_matrix_sends_the_same_paint_to_the_same_place(tmp_path, point):
    matrix = np.array([[0.5, 0.1, 0, 100], [0.2, -0.5, 0, 200], [0, 0, 0, 0], [0, 0, 0, 1]])
    tags = [(34264, 12, 16, tuple(matrix.ravel()), True)] + ([POINT] if point else [])
    made = np.array(enlarged(tmp_path, tags)[34264]).reshape(4, 4)
    column, row = 7.0, 3.0
    shift = 0.5 if point else 0.0  # of the new pixel that has its place
    now = made @ [column * 2 + shift, row * 2 + shift, 0, 1]
    assert_allclose(now, matrix @ [column, row, 0, 1])


def test_what_cannot_follow_is_left_out_with_a_note(tmp_path, caplog):
    told = enlarged(tmp_path, [(50844, 12, 2, (1.0, 2.0), True), (33432, 2, 6, "museum", True)])
    assert 50844 not in told
    assert told[33432] == "museum"
    assert "these tags describe the layout of the source, so they are left out: tag 50844" in caplog.text


def test_sizes_in_exif_and_xmp_follow():
    private = (ifd.short(40962, 30), ifd.Entry(40963, 4, 1, (20).to_bytes(4, "little")))
    xmp = b'<x exif:PixelXDimension="30"><tiff:ImageLength>20</tiff:ImageLength></x>'
    metadata = Metadata((100.0, 200.0), "cm", exif=exif.build(exif.Directories(exif=private)), xmp=xmp)
    made = relaid(metadata, scale=3, recoloured=False)
    assert [entry.numbers for entry in exif.parse(made.exif).exif] == [[90], [60]]
    assert made.xmp == b'<x exif:PixelXDimension="90"><tiff:ImageLength>60</tiff:ImageLength></x>'
    assert made.resolution == (300, 600)


@pytest.mark.parametrize("kind", KINDS)
def test_an_enlarged_picture_is_not_described_as_it_was(tmp_path, kind, caplog):
    how = KINDS[kind] | {"metadata": {"axes": "YX"}}
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((40, 60), np.uint8), **how)
    metadata = relaid(files.read(tmp_path / "a.tif").metadata, scale=2, recoloured=False)
    files.write(np.zeros((80, 120), np.uint8), tmp_path / "b.tif", metadata=metadata)
    with tifffile.TiffFile(tmp_path / "b.tif") as tiff:
        assert tiff.asarray().shape == (80, 120)
        assert tiff.series[0].shape == (80, 120)
        assert not tiff.is_ome
        assert "shape" not in tiff.pages[0].description
    if kind != "imagej":
        assert "the layout in the image description" in caplog.text


def test_enlarging_by_the_verb_follows_too(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    geotiff(tmp_path / "a.tif", [SCALE])
    made = tg.enhance(tmp_path / "a.tif", enhancer="superres:scale=2")
    kept = {entry.code: entry.numbers for entry in made.metadata.foreign["tiff"]}
    assert kept[33550] == [0.25, 0.125, 0]


def test_what_counts_channels_does_not_follow_into_colour():
    ranges = (ifd.Entry(280, 3, 1, b"\0\0"), ifd.Entry(33550, 12, 3, np.array([1.0, 1, 0]).tobytes()))
    chunks = ((b"sBIT", b"\x08", False), (b"gAMA", b"\0\1\x86\xa0", False), (b"tEXt", b"a\0b", False))
    foreign = {"tiff": ranges, "png": chunks, "photometric": "miniswhite"}
    made = relaid(Metadata(foreign=foreign), scale=1, recoloured=True)
    assert [entry.code for entry in made.foreign["tiff"]] == [33550]
    assert [chunk[0] for chunk in made.foreign["png"]] == [b"tEXt"]
    assert "photometric" not in made.foreign


def test_nothing_changes_where_the_layout_does_not():
    metadata = Metadata((1.0, 1.0), "cm", foreign={"tiff": (ifd.short(280, 0),)})
    assert relaid(metadata, scale=1, recoloured=False) is metadata


@pytest.mark.parametrize(
    "text",
    [b"a panel", b"", b"{not json", b'{"shape": "round"}', b"shape=(x)", b"ImageJ=", b"<OME", b"\xff\xfe"],
)
def test_any_text_can_be_a_description(text):
    described_anew(text)
    description_of_one(text, pages=3, shape=(4, 5))
    assert description_of_one(b"a panel", pages=3, shape=(4, 5)) == b"a panel"


def test_tifffiles_json_keeps_what_else_it_says():
    text = json.dumps({"shape": [3, 4, 5], "author": "lab"}).encode()
    assert description_of_one(text, pages=3, shape=(4, 5)) == b'{"author": "lab"}'


def test_a_block_of_resources_that_is_damaged_is_kept():
    assert without_resources(b"8BIM\4", (1036,)) == (b"8BIM\4", False)
    assert without_resources(b"something else", (1036,)) == (b"something else", False)


@pytest.mark.parametrize("kind", [*KINDS, "text", "none", "own ome"])
def test_a_picture_named_as_an_ome_tiff_holds_one_ome_xml(tmp_path, kind):
    if kind in KINDS:
        three_pages(tmp_path / "a.tif", **KINDS[kind])
    else:
        how = {"text": {"description": "a <panel>", "metadata": None}, "none": {"metadata": None}}
        how["own ome"] = {"ome": True, "metadata": {"axes": "YX", "PhysicalSizeX": 2.5}}
        tifffile.imwrite(tmp_path / "a.tif", np.full((40, 60), 80, np.uint8), **how[kind])
    with filled(tmp_path, tmp_path / "a.tif", "b.ome.tif") as tiff:
        assert tiff.is_ome
        assert tiff.series[0].shape == tiff.asarray().shape == (40, 60)
        assert tiff.pages[0].description.count("<OME ") == 1
        assert ("a &lt;panel&gt;" in tiff.pages[0].description) == (kind == "text")
        assert ("2.5" in tiff.pages[0].description) == (kind == "own ome")
    assert files.read(tmp_path / "b.ome.tif").grid == (40, 60)
    assert verify(tmp_path / "b.ome.tif").passed
