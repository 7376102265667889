"""An entry point of another package that is broken is named as such, and breaks nothing else."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tratteggio import files, models, registry
from tratteggio.cli.main import app
from tratteggio.errors import BrokenPlugin, UnknownName
from tratteggio.models import _catalogue

BROKEN = {
    "raises": "raise RuntimeError('the licence server is away')",
    "exits": "import sys; sys.exit('no graphics card')",
    "misspelt": "def make(:",
    "needs": "import a_library_that_is_not_here",
    "silent": "assert False",
    "empty": "",
}
ROLES = tuple(registry.ROLES)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install packages that register one broken module for every role, as pip would."""
    lines = []
    for role in ROLES:
        lines.append(f"[tratteggio.{role}]")
        for name, code in BROKEN.items():
            (tmp_path / f"broken_{name}_{role}.py").write_text(code)
            lines.append(f"{name} = broken_{name}_{role}")
    about = tmp_path / "broken_parts-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-parts\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    for cached in (registry._modules, _catalogue._homes):
        cached.cache_clear()
    yield
    for cached in (registry._modules, _catalogue._homes):
        cached.cache_clear()
    for name in [name for name in sys.modules if name.startswith("broken_")]:
        del sys.modules[name]


def say(*words: str) -> tuple[int, str, str]:
    outcome = CliRunner().invoke(app, list(words))
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome.exit_code, outcome.stdout, outcome.stderr


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("raises", "RuntimeError: the licence server is away"),
        ("exits", "SystemExit: no graphics card"),
        ("misspelt", "SyntaxError"),
        ("needs", "ModuleNotFoundError: No module named 'a_library_that_is_not_here'"),
        ("silent", "AssertionError: no reason given"),
    ],
)
def test_asked_for_by_name_it_gives_the_cause(role: str, name: str, cause: str) -> None:
    with pytest.raises(BrokenPlugin, match=f"{name} \\(broken_{name}_{role}\\) is broken: {cause}") as caught:
        registry.load(role, name)
    assert caught.value.exit_code == 3


@pytest.mark.usefixtures("installed")
def test_doctor_lists_what_is_broken_and_goes_through() -> None:
    code, out, _ = say("doctor", "--json")
    facts = json.loads(out)
    assert code == 0
    assert facts["engines"]["diffusion"] == "ready"
    assert "the licence server is away" in facts["engines"]["raises"]
    assert "has no attribute 'make'" in facts["engines"]["empty"]
    for role in registry.ROLES.values():
        assert "no graphics card" in facts["broken"][f"{role} exits"]
    _, text, _ = say("doctor")
    assert "detector raises" in text


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    "words", [("detect", "--list"), ("enhance", "--list"), ("recipes",), ("models", "list")]
)
def test_listings_go_through(words: tuple[str, ...]) -> None:
    code, out, _ = say(*words)
    assert code == 0
    if words != ("models", "list"):
        assert "the licence server is away" in out


@pytest.mark.usefixtures("installed")
def test_nets_of_ours_are_built_all_the_same() -> None:
    assert models.parameters(models.build("denoiser")) > 0
    with pytest.raises(BrokenPlugin, match="architecture raises"):
        models.build("raises")
    with pytest.raises(UnknownName, match="no model named 'denoisser'; did you mean 'denoiser'"):
        models.build("denoisser")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("engine", ["raises", "empty", "exits"])
def test_an_engine_that_is_broken_is_one_sentence(engine: str, tmp_path: Path) -> None:
    scan, mask, out = (str(tmp_path / name) for name in ("a.png", "m.png", "o.png"))
    for path in (scan, mask):
        files.write(np.zeros((9, 9), np.uint8), path)
    code, _, said = say("inpaint", scan, "--mask", mask, "-o", out, "--engine", engine)
    assert code == 3
    assert f"engine {engine} (broken_{engine}_engines) is broken" in said
