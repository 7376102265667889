"""The report for the archive: PDF/A-3b with the history attached, whatever the painting is called."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import tratteggio as tg
from pages.test_hostile import NASTY
from tratteggio import files
from tratteggio.cli.main import app
from tratteggio.damage import DamageMap, index_of
from tratteggio.errors import BadUsage, MissingExtra, UnreadableFile, UnsafeOutput
from tratteggio.files.object_data import ObjectData, read_object
from tratteggio.pages.census import census
from tratteggio.pages.treatment_report import Sources, find_object, report_document, treatment_report
from tratteggio.painting import Lacunae, Metadata, Scan

pytest.importorskip("weasyprint")
pdfium = pytest.importorskip("pypdfium2")


ABOUT = """title = "Saint with a book"
[object]
inventory_number = "GG 1432"
artist = "unknown, Venice"
dimensions_cm = [2.0, 3.0]
owner = "Museum of Tests"
[[scan]]
file = "panel.tif"
modality = "rgb"
[[treatment]]
date = 2026-03-02
by = "A. Conservator"
what = "Surface dirt removed."
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a scan of 50 µm per pixel, its proposal and its `painting.toml`."""
    folder = tmp_path_factory.mktemp("desk")
    pixels = np.random.default_rng(1).integers(0, 65535, (120, 160, 3), np.uint16)
    lost = np.zeros((120, 160), bool)
    lost[20:40, 30:60] = True
    lost[80:84, 100:104] = True
    files.write(pixels, folder / "panel.tif", metadata=Metadata(resolution=(200.0, 200.0), unit="cm"))
    tg.inpaint(folder / "panel.tif", lost, engine="diffusion").save(folder / "out.tif")
    (folder / "painting.toml").write_text(ABOUT)
    treatment_report(folder / "out.tif", folder / "report.pdf")
    return folder


@pytest.fixture(scope="module")
def pages(desk):
    """The text of each page."""
    document = pdfium.PdfDocument(desk / "report.pdf")
    texts = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return texts


def content(path):
    """All of a PDF, its streams decompressed."""
    raw = path.read_bytes()
    parts = [raw]
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", raw, re.DOTALL):
        try:
            parts.append(zlib.decompress(found[1]))
        except zlib.error:
            continue
    return b"\n".join(parts)


def test_it_calls_itself_pdf_a_3b_and_has_an_output_intent(desk):
    """What can be checked without veraPDF, which is not used here."""
    whole = content(desk / "report.pdf")
    assert re.search(rb'pdfaid:part(=")?>?3', whole)
    assert re.search(rb'pdfaid:conformance(=")?>?B', whole)
    assert b"/OutputIntents" in whole
    assert b"/GTS_PDFA1" in whole
    assert b"sRGB" in whole
    assert b"/FontFile" in whole, "fonts are embedded"
    assert b"/JavaScript" not in whole
    assert not re.search(rb"/URI\b", whole), "nothing leads outside"


def test_the_history_is_attached_as_its_source(desk):
    document = pdfium.PdfDocument(desk / "report.pdf")
    count = document.count_attachments()
    attached = {one.get_name(): bytes(one.get_data()) for one in map(document.get_attachment, range(count))}
    document.close()
    assert sorted(attached) == ["history.json", "lacunae.csv"]
    stated = json.loads(files.sidecar(desk / "out.tif", "history").read_text())
    assert json.loads(attached["history.json"]) == stated
    assert attached["lacunae.csv"].decode().splitlines()[1].startswith("1,30,20,30,20,600,")
    assert re.search(rb"/AFRelationship\s*/Source", content(desk / "report.pdf"))
    assert b"/AF " in content(desk / "report.pdf")


def test_it_tells_object_condition_means_log_and_origin(pages):
    whole = "\n".join(pages)
    for words in (
        "Saint with a book", "GG 1432", "unknown, Venice", "2 × 3 cm (height × width)", "Museum of Tests",
        "Surface dirt removed.", "2026-03-02", "no trained model", "50 µm per pixel", "Signatures",
        "Examined and reported by", "differs from the stated dimensions",
    ):  # fmt: skip
        assert words in " ".join(whole.split()), words
    assert "1.54" in whole, "616 pixels of 50 µm are 1.54 mm²"
    for number, text in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in text
        assert "GG 1432 · Saint with a book" in text


def test_pictures_have_all_pixels_that_300_dpi_ask_for():
    """2,600 pixels over 170 mm would be 388 dpi: reduced to 300, that is 2,008 pixels across."""
    scan = Scan(np.random.default_rng(0).integers(0, 255, (650, 2600, 3), np.uint8))
    lost = np.zeros(scan.grid, bool)
    lost[300:320, 700:730] = True
    made = tg.inpaint(scan, lost, engine="diffusion")
    page = report_document(Sources(made, census(made, rows=5), ObjectData(), None, 5))
    pictures = re.findall(r'style="width:170.00mm" src="data:image/jpeg;base64,([^"]+)"', page)
    sizes = [Image.open(io.BytesIO(base64.b64decode(one))).size for one in pictures]
    assert sizes == [(2008, 502)] * 3
    assert page.count("Printed at 300 dpi") == 3


def test_damage_by_class_is_listed_with_areas(desk):
    map_ = np.zeros((120, 160), np.uint8)
    map_[20:40, 30:60] = index_of("loss")
    map_[100:102, :] = index_of("crack")
    made = tg.reopen(desk / "out.tif")
    damage = DamageMap(map_, made.original.metadata)
    page = report_document(Sources(made, census(made, rows=5), ObjectData(), damage, 5))
    text = " ".join(re.sub("<[^>]*>", " ", page).split())
    assert "loss 600 1.50 3.12 % 1 filled" in text
    assert "crack 320 0.80 1.67 % 1 kept" in text


def document_of(desk, about):
    made = tg.reopen(desk / "out.tif")
    return report_document(Sources(made, census(made, rows=5), about, None, 5))


@pytest.mark.parametrize("word", NASTY)
def test_hostile_object_data_stay_text(desk, word):
    harmless = document_of(desk, ObjectData(title="x", artist="x", owner="x", inventory_number="x"))
    hostile = document_of(desk, ObjectData(title=word, artist=word, owner=word, inventory_number=word))
    hostile.encode()
    tags = re.compile(r"<[a-z/][^>]*>")
    without = [re.sub(r'"[^"]*"', '""', tag) for tag in tags.findall(hostile)]
    assert without == [re.sub(r'"[^"]*"', '""', tag) for tag in tags.findall(harmless)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[object]\ninventory = 'x'", "did you mean 'inventory_number'"),
        ("[object]\ndimensions_cm = [0, 3]", r"object.dimensions_cm\[0\] must be a number > 0"),
        ("[object]\nowner = 3", "object.owner must be a text, got a whole number"),
        ("[[treatment]]\nwhat = 'x'", r"treatment\[0\].date is missing"),
        ("object = 3", "object must be an object"),
    ],
)
def test_a_painting_toml_that_makes_no_sense_is_refused_by_key(tmp_path, text, problem):
    (tmp_path / "painting.toml").write_text(text)
    with pytest.raises(BadUsage, match=problem):
        read_object(tmp_path / "painting.toml")


def test_object_data_of_another_painting_are_not_used(desk, tmp_path, caplog):
    shutil.copy(desk / "panel.tif", tmp_path)
    (tmp_path / "painting.toml").write_text(ABOUT.replace("panel.tif", "another.tif"))
    made = tg.reopen(desk / "out.tif")
    moved = replace(made, original=files.read(tmp_path / "panel.tif"))
    assert find_object(made, None).inventory_number == "GG 1432"
    assert find_object(moved, None) == ObjectData()
    assert "does not name panel.tif, so its data are not used" in caplog.text


def test_what_cannot_be_is_refused_before_the_work(desk, tmp_path):
    with pytest.raises(BadUsage, match=r"a PDF is a \.pdf file"):
        treatment_report(desk / "out.tif", tmp_path / "report.html")
    with pytest.raises(BadUsage, match=r"tratteggio\.treatment_report"):
        tg.report(desk / "out.tif", tmp_path / "report.pdf")
    with pytest.raises(UnsafeOutput):
        treatment_report(desk / "out.tif", desk / "report.pdf")
    with pytest.raises(UnreadableFile, match="is not a proposal"):
        treatment_report(desk / "panel.tif", tmp_path / "report.pdf")
    assert not list(tmp_path.iterdir())


def test_a_character_that_no_font_has_is_named_and_nothing_is_written(desk, tmp_path):
    about = ObjectData(title="Saint \U000f1234")  # private use
    with pytest.raises(MissingExtra, match=r"no installed font has .*U\+F1234"):
        treatment_report(desk / "out.tif", tmp_path / "report.pdf", about=about)
    assert not list(tmp_path.iterdir())


def test_without_any_font_it_says_so(tmp_path):
    """Fontconfig is read once a process, so in one of its own."""
    (tmp_path / "fonts.conf").write_text(
        f"<?xml version='1.0'?><fontconfig><cachedir>{tmp_path}/cache</cachedir></fontconfig>"
    )
    done = subprocess.run(
        [sys.executable, "-c", "from tratteggio.pages.pdf import require_pdf; require_pdf()"],
        env={**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, "an error of ours, no crash"
    assert "MissingExtra: a PDF needs fonts, and no font is installed" in done.stderr


def test_the_command_writes_it_and_explains_options_that_do_not_fit(desk, tmp_path):
    runner = CliRunner()
    done = runner.invoke(app, ["report", str(desk / "out.tif"), "-o", str(tmp_path / "r.pdf"), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["output"] == str(tmp_path / "r.pdf")
    assert runner.invoke(app, ["report", str(desk / "out.tif"), "--to", "docx"]).exit_code == 2
    refused = runner.invoke(app, ["report", str(desk / "out.tif"), "--about", str(desk / "painting.toml")])
    assert refused.exit_code == 2
    assert "--to pdf" in refused.output


def test_a_painting_is_read_in_bands():
    """So memory does not grow with it: less than half of its pixels are asked for at a time."""
    asked = []

    class Lazy:
        shape, dtype = (2600, 1700, 3), np.dtype(np.uint8)

        def __getitem__(self, key):
            sides = [len(range(*part.indices(size))) for part, size in zip(key, self.shape, strict=False)]
            asked.append(sides[0] * sides[1])
            return np.full((*sides, 3), 120, np.uint8)

    lost = np.zeros((2600, 1700), bool)
    lost[1300:1340, 500:540] = True
    made = tg.inpaint(Scan(Lazy()), Lacunae(lost), engine="diffusion")
    asked.clear()
    report_document(Sources(made, census(made, rows=5), ObjectData(), None, 5))
    assert asked
    assert max(asked) < 2600 * 1700 / 2
