"""`tratteggio` as one thing: one function per name, one name per role, any form of a painting."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tratteggio as tg
from api_surface import of_package
from tratteggio import evaluation, files, inside, pages, treatment
from tratteggio.errors import BadUsage, Renamed
from tratteggio.painting import Lacunae, Restoration, Scan, Stack

PACKAGES = [
    "align",
    "evaluation",
    "explanation",
    "features",
    "files",
    "pages",
    "painting",
    "recipes",
    "treatment",
]


def painted(rows: int = 64, cols: int = 64) -> Any:
    rng = np.random.default_rng(0)
    array = rng.integers(180, 200, (rows, cols, 3)).astype(np.uint8)
    array[20:22, 5:60] = 30
    return array


def hole() -> Any:
    lost = np.zeros((64, 64), bool)
    lost[30:36, 30:36] = True
    return lost


@pytest.fixture
def forms(tmp_path: Path) -> dict[str, Any]:
    """One picture in each form."""
    array = painted()
    files.write(array, tmp_path / "panel.png")
    scan = Scan(array)
    nothing = Restoration(scan, Lacunae(hole()), array, np.zeros((64, 64), np.float32), {})
    return {
        "array": array,
        "scan": scan,
        "stack": Stack((scan,)),
        "restoration": nothing,
        "path": tmp_path / "panel.png",
        "str": str(tmp_path / "panel.png"),
    }


FORMS = ["array", "scan", "stack", "restoration", "path", "str"]
VERBS: dict[str, Callable[[Any], Any]] = {
    "open": tg.open,
    "inspect": tg.inspect,
    "detect": lambda one: tg.detect(one, detector="tophat"),
    "inpaint": lambda one: tg.inpaint(one, hole(), engine="diffusion"),
    "enhance": lambda one: tg.enhance(one, ["sobel"]),
    "evaluate": lambda one: tg.evaluate(one, one, hole()),
    "verify": lambda one: tg.verify(one, source=painted(), lost=hole()),
    "compare": lambda one: tg.compare(one, one),
}


@pytest.mark.parametrize("name", tg.__all__)
def test_a_public_name_is_one_thing_wherever_it_is_exported(name: str) -> None:
    for package in PACKAGES:
        module = import_module(f"tratteggio.{package}")
        if name in module.__all__:
            assert getattr(tg, name) is getattr(module, name), package


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_a_painting_in_any_form(verb: str, form: str, forms: dict[str, Any]) -> None:
    assert VERBS[verb](forms[form]) is not None


@pytest.mark.parametrize("form", FORMS)
def test_the_form_does_not_change_the_answer(form: str, forms: dict[str, Any]) -> None:
    found = tg.detect(forms[form], detector="tophat").read()
    assert np.array_equal(found, tg.detect(painted(), detector="tophat").read())
    assert found[20, 10:50].all()
    assert tg.evaluate(forms[form], painted()).whole.mse == 0
    assert tg.verify(forms[form], source=painted(), lost=hole()).passed


def test_measures_and_proofs_see_a_change_in_arrays() -> None:
    other = painted()
    other[0, 0] += 10
    assert tg.evaluate(painted(), other).whole.mse == pytest.approx(100 / 64**2)
    assert not tg.verify(other, source=painted(), lost=hole()).passed
    with pytest.raises(BadUsage, match="give source and lost"):
        tg.verify(other)


def test_a_mosaic_and_a_registration_take_arrays() -> None:
    rng = np.random.default_rng(1)
    smooth = np.kron(rng.integers(0, 255, (24, 30)), np.ones((8, 8))).astype(np.uint8)
    assert "irr" in tg.register(smooth, {"irr": 255 - smooth}).registrations
    assert tg.mosaic([smooth[:, :160], smooth[:, 80:]]).scan.grid[1] >= 200


def test_a_report_takes_a_restoration_or_its_file(tmp_path: Path) -> None:
    files.write(painted(), tmp_path / "panel.png")
    filled = tg.inpaint(tmp_path / "panel.png", hole(), engine="diffusion")
    filled.save(tmp_path / "proposal.png")
    tg.report(tmp_path / "proposal.png", tmp_path / "report.html")
    assert "proposal" in (tmp_path / "report.html").read_text("utf-8").lower()
    assert "proposal" in tg.report(filled).lower()
    with pytest.raises(BadUsage, match="needs a Restoration"):
        tg.report(painted())


def test_strokes_teach_a_detector_that_detect_takes() -> None:
    array = painted(96, 96)
    array[60:80, 20:40] = 250
    labels = np.zeros((96, 96), np.uint8)
    labels[62:78:3, 22:38] = 2
    labels[5:15:3, 5:90] = 1
    learnt = tg.learn(array, labels)
    assert tg.detect(array, detector=learnt["loss"]).read()[65:75, 25:35].mean() > 0.8


@pytest.mark.parametrize(
    ("call", "former", "new"),
    [
        (lambda: tg.detect(painted(), kind="tophat"), "kind", "detector"),  # type: ignore[call-arg]
        (lambda: treatment.survey("a.png", kinds=["tophat"]), "kinds", "detectors"),  # type: ignore[call-arg]
        (lambda: tg.evaluate(painted(), painted(), mask="m.png"), "mask", "lost"),  # type: ignore[call-arg]
        (lambda: tg.verify("a.png", mask="m.png"), "mask", "lost"),  # type: ignore[call-arg]
    ],
)
def test_a_former_argument_is_refused_with_its_new_name(call: Any, former: str, new: str) -> None:
    with pytest.raises(BadUsage, match=f"argument {former} is now called {new}"):
        call()


@pytest.mark.parametrize(
    ("package", "former", "new"),
    [
        (pages, "curtain_file", "tratteggio.pages.compare"),
        (pages, "report_file", "tratteggio.pages.report"),
        (evaluation, "evaluate_file", "tratteggio.evaluation.evaluate"),
        (evaluation, "verify_file", "tratteggio.evaluation.verify"),
        (inside, "explain_file", "tratteggio.explanation.explain_file"),
    ],
)
def test_a_former_function_is_refused_with_its_new_name(package: Any, former: str, new: str) -> None:
    with pytest.raises(Renamed, match=f"is now {new}"):
        getattr(package, former)
    assert not hasattr(package, "no_such_name")


def test_what_is_refused_when_read_is_refused_when_written(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="an image is grey or RGB"):
        files.write(np.zeros((16, 16, 31), np.uint8), tmp_path / "many.tif")
    assert not list(tmp_path.iterdir())


def test_the_surface_lists_names_that_exist() -> None:
    listed = {line.split("(")[0].split(".")[1] for line in of_package("tratteggio")}
    assert listed == set(tg.__all__)


def test_the_surface_shows_a_public_name_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(of_package("tratteggio"))
    monkeypatch.setattr(tg, "curtain", tg.compare, raising=False)
    monkeypatch.setattr(tg, "__all__", ["curtain" if name == "compare" else name for name in tg.__all__])
    after = list(of_package("tratteggio"))
    assert any(line.startswith("tratteggio.compare(") for line in before)
    assert not any(line.startswith("tratteggio.compare(") for line in after)
    assert any(line.startswith("tratteggio.curtain(") for line in after)
