"""Pages of hostile names and histories are built like harmless ones, and nothing foreign runs on them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner

from pages.parsed import Page, assert_locked, parsed
from pages.test_report import overview, three_lacunae
from tratteggio.cli.main import app
from tratteggio.explanation import explain_page
from tratteggio.explanation.explaining import Explanation, explain
from tratteggio.pages import curtain, report
from tratteggio.painting import Lacunae

NASTY = [
    "<script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "' onerror='alert(1)' x='",
    '" style="background:url(//evil)" onload="alert(1)',
    "javascript:alert(1)",
    "</title></style></script><img src=x onerror=alert(1)>",
    "<!--",
    "]]><svg onload=alert(1)>",
    "&lt;b&gt; &#60;b&#62;",
    "\x00<b\x00> \udce9",
    "{} {0} {0.__class__} %s",
]
PICTURE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
CALIBRATION = {"levels": [0.5, 0.9], "within_before": [0.1, 0.4], "within_after": [0.5, 0.9], "trials": 24}
HISTORY: dict[str, Any] = {
    "tratteggio": "9.9",
    "source": {"name": "x", "sha256": "x", "notes": ["x", ["x", {"x": "x"}]]},
    "engine": {"name": "x", "parameters": {"x": "x"}},
    "finish": "x",
    "seed": "x",
    "calibration": CALIBRATION,
    "left_open": {"lacunae": 7},
    "x": {"x": {"x": "x"}},
}


def replaced(value: Any, word: str) -> Any:
    """Put a word in the place of every "x", of keys too."""
    if isinstance(value, dict):
        return {replaced(key, word): replaced(entry, word) for key, entry in value.items()}
    if isinstance(value, list):
        return [replaced(entry, word) for entry in value]
    return word if value == "x" else value


def assert_as_harmless(hostile: str, harmless: str) -> Page:
    hostile.encode("utf-8")
    page = parsed(hostile)
    assert page.shape == parsed(harmless).shape, "the same elements with the same attributes"
    assert_locked(page)
    return page


def report_on(word: str, **changed: Any) -> str:
    made = three_lacunae(um_per_px=50.0)
    scan = replace(made.original, name=word, modality=word)
    history = {**replaced(HISTORY, word), **changed}
    nasty = replace(made, original=scan, lacunae=Lacunae(made.lacunae.lost, word), history=history)
    return report(nasty, samples=[nasty, nasty], overview=overview)


@pytest.fixture(scope="module")
def harmless_report() -> str:
    return report_on("x")


@pytest.mark.parametrize("nasty", NASTY)
def test_a_report_of_hostile_names_and_history_is_built_like_any_other(
    harmless_report: str, nasty: str
) -> None:
    page = assert_as_harmless(report_on(nasty), harmless_report)
    assert page.scripts == 0
    if nasty.isprintable():
        assert page.text.count(nasty) >= 6


@pytest.mark.parametrize("nasty", NASTY[:3])
def test_what_should_be_a_number_of_the_history_cannot_be_markup_either(
    harmless_report: str, nasty: str
) -> None:
    told = {"calibration": {**CALIBRATION, "trials": nasty}}
    assert_as_harmless(report_on("x", **told), harmless_report)


@pytest.mark.parametrize("nasty", NASTY)
def test_a_curtain_of_hostile_names_is_built_like_any_other(nasty: str) -> None:
    def made(word: str) -> str:
        return curtain(PICTURE, PICTURE, title=word, labels=(word, word), note=word)

    assert assert_as_harmless(made(nasty), made("x")).scripts == 1


@pytest.fixture(scope="module")
def found() -> Explanation:
    return explain("descriptor-v32", layer="encoder.2")


@pytest.mark.parametrize("nasty", [*NASTY[:2], " ".join(NASTY)])  # such a page takes two seconds to build
def test_a_page_of_hostile_weights_is_built_like_any_other(found: Explanation, nasty: str) -> None:
    def named(word: str) -> Explanation:
        layers = tuple(replace(one, name=word + one.name, kind=word) for one in found.layers)
        (shown,) = found.shown
        patches = [
            replace(one, patches=tuple(replace(patch, modality=word) for patch in one.patches))
            for one in shown.features
        ]
        return replace(
            found,
            name=word,
            painting=word,
            data=word,
            facts={**found.facts, "model": word, "recipe": word, "weights_sha256": word},
            images=dict(zip([word], found.images.values(), strict=True)),
            modalities={word: 2, word + "2": 1},
            layers=layers,
            fields={word + name: field for name, field in found.fields.items()},
            filters={word + name: weights for name, weights in found.filters.items()},
            shown=(replace(shown, layer=replace(shown.layer, name=word), features=tuple(patches)),),
        )

    assert assert_as_harmless(explain_page(named(nasty)), explain_page(named("x"))).scripts == 0


def test_files_and_metadata_full_of_markup_make_harmless_pages(tmp_path: Path) -> None:
    """From the files, by the command line: names, EXIF, XMP, modalities of a folder, a touched history."""
    word = "\"><script>alert(1)<!-- ' onerror='x"
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a t="{"x"}">&lt;script&gt;</a></x:xmpmeta>'.encode()
    folder = tmp_path / word
    folder.mkdir()
    for name in (f"{word}.tif", "irr.tif"):
        tifffile.imwrite(
            folder / name, PICTURE, description=word, software=word,
            extratags=[(315, 2, len(word) + 1, word, True), (700, 1, len(xmp), xmp, True)],
        )  # fmt: skip
    scans = "".join(
        f"[[scan]]\nfile = {json.dumps(file)}\nmodality = {json.dumps(name)}\n"
        for file, name in ((f"{word}.tif", "rgb"), ("irr.tif", word))
    )
    (folder / "painting.toml").write_text(scans, "utf-8")
    lost = np.zeros(PICTURE.shape[:2], np.uint8)
    lost[5:8, 5:9] = 255
    mask, out = tmp_path / f"{word}.png", tmp_path / f"{word} out.tif"
    Image.fromarray(lost).save(mask)
    for verb in (
        ["inpaint", folder, "--mask", mask, "-o", out, "--engine", "diffusion"],
        ["report", out, "-o", tmp_path / "report.html"],
        ["compare", folder / f"{word}.tif", out, "-o", tmp_path / "curtain.html"],
    ):
        done = CliRunner().invoke(app, [str(part) for part in verb])
        assert done.exit_code == 0, done.output
    for name in ("report.html", "curtain.html"):
        page = parsed((tmp_path / name).read_text("utf-8"))
        assert_locked(page)
        assert word in page.text
        assert page.scripts == (name == "curtain.html")


def test_the_policy_would_notice_one_changed_letter_of_our_script() -> None:
    html = curtain(PICTURE, PICTURE, title="a", labels=("b", "c"))
    with pytest.raises(AssertionError):
        assert_locked(parsed(html.replace("pull(); show();", "pull(); show() ;")))
