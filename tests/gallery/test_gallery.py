"""Every example of the gallery runs, small, and the numbers of the lecture hold."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from tratteggio.errors import MissingExtra

GALLERY = Path(__file__).parents[2] / "gallery"
SCRIPTS = sorted(GALLERY.glob("[0-9][0-9]_*.py"))
SIDE = 96


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("example", GALLERY / "example.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["example"] = module  # as the examples import it
    spec.loader.exec_module(module)
    return module


def test_examples_are_numbered_without_a_gap() -> None:
    assert [script.name[:2] for script in SCRIPTS] == [f"{n:02}" for n in range(1, len(SCRIPTS) + 1)]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_runs_and_its_numbers_hold(example: ModuleType, script: Path, tmp_path: Path) -> None:
    module, one = example.load(script), example.Example(script, out=tmp_path, side=SIDE)
    try:
        module.show(one)
    except MissingExtra as error:
        pytest.skip(str(error))
    page = one.render(module)
    assert page.count("<figure") == len(one.images)
    assert one.images or "✓" in page
    assert not re.search(r'(src|href)="(http|//)', page)
    files = sorted((tmp_path / script.stem).glob("*.png")) if one.images else []
    assert len(files) == len(one.images)
    for file in files:
        with Image.open(file) as image:
            assert min(image.size) > 8


def test_a_number_that_does_not_hold_stops_the_example(example: ModuleType, tmp_path: Path) -> None:
    one = example.Example(SCRIPTS[0], out=tmp_path)
    one.check("half of two", 1, 1)
    with pytest.raises(AssertionError, match="half of three should be 1, got 1.5"):
        one.check("half of three", 1.5, 1)


def test_an_example_whose_weights_are_missing_says_so(
    example: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("waiting", "Waiting.")

    def show(_: object) -> None:
        raise MissingExtra("no weights named 'x'")

    module.show = show  # type: ignore[attr-defined]
    monkeypatch.setattr(example, "load", lambda _: module)
    example.build(SCRIPTS[0], out=tmp_path)
    assert "Not shown: no weights named" in (tmp_path / f"{SCRIPTS[0].stem}.html").read_text("utf-8")


def test_the_index_leads_to_every_page(example: ModuleType, tmp_path: Path) -> None:
    examples = [example.Example(script, out=tmp_path) for script in SCRIPTS]
    examples[0].show(np.zeros((20, 30), np.uint8), "black")
    page = example.index(examples)
    assert all(f'href="./{script.stem}.html"' in page for script in SCRIPTS)
    assert page.count("<img") == 1
