"""A proposal says in its own metadata that parts of it were made by an algorithm; all else is kept."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image

import tratteggio as tg
from tratteggio import files
from tratteggio.evaluation.metadata_tags import read_tags
from tratteggio.files.source_type import COMPUTED, LEARNT, SOURCE_TYPE, source_type, state_source_type
from tratteggio.files.xmp_properties import EMPTY, get_property, other_properties, set_property
from tratteggio.painting import Metadata, Scan
from tratteggio.treatment.enhancing import enhance_file

RIGHTS = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="uuid:7" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
    'dcterms:license="https://creativecommons.org/licenses/by/4.0/" photoshop:History="one&#xA;two">'
    '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© Museum</rdf:li></rdf:Alt></dc:rights>'
    '</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
).encode()
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + RIGHTS.replace(b"Museum", b"&b;")
DEEP = RIGHTS.replace(b"<dc:rights>", b"<dc:rights>" + b"<a>" * 100_000).replace(
    b"</dc:rights>", b"</a>" * 100_000 + b"</dc:rights>"
)
DAMAGED = {
    "cut off": RIGHTS[:-60],
    "entities": ENTITIES,
    "deep": DEEP,
    "UTF-16": RIGHTS.decode().encode("utf-16"),
    "no RDF": b"<x/>",
    "noise": bytes(range(1, 256)),
}


def damaged_scan(folder, name, xmp):
    """A scan with a hole, as a file of this name with this packet, and its mask."""
    rng = np.random.default_rng(3)
    pixels, lost = rng.integers(0, 255, (40, 48, 3), np.uint8), np.zeros((40, 48), bool)
    lost[10:16, 12:20] = True
    files.write(pixels, folder / name, metadata=Metadata(xmp=xmp))
    Image.fromarray((lost * 255).astype(np.uint8)).save(folder / "lost.png")
    return folder / name, lost


def stated(path):
    """What another parser than ours reads as DigitalSourceType."""
    return read_tags(path, (40, 48)).tags.get("XMP DigitalSourceType")


@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg"])
def test_a_proposal_states_how_it_was_made_and_keeps_rights_and_samples(tmp_path, suffix):
    source, lost = damaged_scan(tmp_path, f"panel{suffix}", RIGHTS)
    target = tmp_path / f"out{suffix}"
    tg.inpaint(source, lost, engine="diffusion").save(target)
    assert stated(target) == (COMPUTED,)
    tags = read_tags(target, (40, 48)).tags
    assert tags["XMP license"] == ("https://creativecommons.org/licenses/by/4.0/",)
    assert "© Museum" in tags["XMP rights"][0]
    if suffix != ".jpg":
        before, after = files.read(source).read(), files.read(target).read()
        np.testing.assert_array_equal(before[~lost], after[~lost])
        found = tg.verify(target)
        assert found.passed
        assert found.metadata["xmp"]
        assert not [one for one in found.tags if not one.intended]


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg"])
def test_exiftool_reads_it_back(tmp_path, suffix):
    source, lost = damaged_scan(tmp_path, f"panel{suffix}", RIGHTS)
    target = tmp_path / f"out{suffix}"
    tg.inpaint(source, lost, engine="diffusion").save(target)
    told = subprocess.run(
        ["exiftool", "-json", "-n", "-XMP:all", "-validate", target],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(told.stdout)[0]
    assert found["DigitalSourceType"] == COMPUTED
    assert found["License"] == "https://creativecommons.org/licenses/by/4.0/"
    assert found["Rights"] == "© Museum"


def test_the_packet_keeps_all_other_bytes():
    """Also a line break in an attribute, which a parser that writes XML anew turns into a space."""
    made = set_property(RIGHTS, SOURCE_TYPE, COMPUTED)
    added = made[
        len(RIGHTS.partition(b"</rdf:RDF>")[0]) : -len(b'</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>')
    ]
    assert made.replace(added, b"") == RIGHTS
    assert b'rdf:about="uuid:7"' in added, "all descriptions of a packet are about one resource"


@pytest.mark.parametrize(
    "before",
    [
        b'<rdf:Description rdf:about="" xmlns:p="%s" p:DigitalSourceType="old"/>',
        b'<rdf:Description rdf:about="" xmlns:p="%s"><p:DigitalSourceType>old</p:DigitalSourceType>'
        b"</rdf:Description>",
    ],
    ids=["attribute", "element"],
)
def test_a_former_statement_is_replaced(before):
    former = before % SOURCE_TYPE.namespace.encode()
    packet = RIGHTS.replace(b"</rdf:RDF>", former + b"</rdf:RDF>")
    assert get_property(packet, SOURCE_TYPE) == "old"
    made = set_property(packet, SOURCE_TYPE, COMPUTED)
    assert get_property(made, SOURCE_TYPE) == COMPUTED
    assert b"old" not in made
    assert other_properties(made, SOURCE_TYPE) == other_properties(RIGHTS, SOURCE_TYPE)


def test_what_a_trained_model_made_stays_so_when_a_later_step_is_classical():
    trained = set_property(EMPTY, SOURCE_TYPE, LEARNT)
    history = {"engine": {"name": "telea", "learnt": False}}
    assert state_source_type(Metadata(xmp=trained), history, name="panel.tif").xmp == trained


@pytest.mark.parametrize("packet", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_packet_is_kept_byte_by_byte_and_that_is_said(caplog, packet):
    metadata = Metadata(xmp=packet)
    history = {"engine": {"name": "telea", "learnt": False}}
    assert state_source_type(metadata, history, name="panel.tif") == metadata
    assert "The XMP of panel.tif is damaged" in caplog.text


def test_a_damaged_packet_reaches_the_file(tmp_path, caplog):
    source, lost = damaged_scan(tmp_path, "panel.tif", DAMAGED["cut off"])
    tg.inpaint(source, lost, engine="diffusion").save(tmp_path / "out.tif")
    with tifffile.TiffFile(tmp_path / "out.tif") as tiff:
        assert tiff.pages[0].tags[700].value == DAMAGED["cut off"]
    assert "panel.tif is damaged" in caplog.text
    assert tg.verify(tmp_path / "out.tif").metadata["xmp"]


def test_trained_weights_are_named_by_the_engine_itself():
    """No list of names: the engine says it, the history keeps it, the term follows."""
    assert source_type({"engine": {"name": "x", "learnt": True}}) == LEARNT
    assert source_type({"hypothesis": [{"filter": "median", "learnt": False}]}) == COMPUTED
    assert source_type({"hypothesis": [{"learnt": False}, {"learnt": True}]}) == LEARNT
    assert source_type({"engine": {"name": "of an earlier version"}}) is None
    assert source_type({"verb": "detect"}) is None


@pytest.mark.parametrize(("engine", "learnt"), [("diffusion", False), ("pconv", True), ("auto", True)])
def test_the_history_says_whether_weights_had_a_part(engine, learnt):
    lost = np.zeros((24, 24), bool)
    lost[8:10, 8:10] = True
    painting = Scan(np.random.default_rng(1).integers(0, 255, (24, 24, 3), np.uint8))
    assert tg.inpaint(painting, lost, engine=engine).history["engine"]["learnt"] is learnt


def test_an_enhanced_picture_states_it_too_and_a_mask_does_not(tmp_path):
    source, _ = damaged_scan(tmp_path, "panel.tif", None)
    enhance_file(source, tmp_path / "smooth.tif", "gaussian:sigma=1")
    assert stated(tmp_path / "smooth.tif") == (COMPUTED,)
    assert stated(tmp_path / "panel.tif") is None


def test_layers_beside_a_proposal_state_nothing(tmp_path):
    source, lost = damaged_scan(tmp_path, "panel.tif", None)
    made = tg.inpaint(source, lost, engine="diffusion")
    made.save(tmp_path / "out.tif")
    assert stated(tmp_path / "out.tif.lost.tif") is None
    earlier = replace(made, history={**made.history, "engine": {"name": "diffusion"}})
    earlier.save(tmp_path / "earlier.tif")
    assert stated(tmp_path / "earlier.tif") is None
