"""The commands and the Python of the documentation run as they stand."""

import io
import re
import shlex
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tratteggio.cli.main import app
from tratteggio.files import write
from tratteggio.phantom import panel

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    DOCS / folder / page.name for folder in ("tutorials", "how-to") for page in (DOCS / folder).glob("*.md")
)
# Minutes of work, files of the reader, or an installation: shown, not run.
NOT_RUN = re.compile(
    r"^tratteggio (train|reproduce|demo|register|encode|explain)"
    r"|INPUT|scans|--labels|--samples|--weights|panel\.ome|several"
)


def blocks(page: Path, language: str) -> list[str]:
    """Return the code blocks of a page in one language; fences alternate between open and close."""
    parts = re.split(r"^```(\w*)[^\n]*\n", page.read_text("utf-8"), flags=re.MULTILINE)
    return [code for name, code in zip(parts[1::4], parts[2::4], strict=True) if name == language]


def write_drawn_masks(folder: Path, lost: np.ndarray) -> None:
    """Write the mask again as a layer and as an outline, as other programs do."""
    stroke = io.BytesIO()
    Image.fromarray(np.where(lost[..., None], [255, 0, 0, 255], 0).astype(np.uint8)).save(stroke, "PNG")
    with zipfile.ZipFile(folder / "panel.ora", "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("data/0.png", stroke.getvalue())
        layers = '<layer name="losses" src="data/0.png"/><layer name="copy" src="data/0.png"/>'
        archive.writestr("stack.xml", f'<image w="80" h="96"><stack>{layers}</stack></image>')
    outline = '<svg viewBox="0 0 80 96"><path d="M20 30h9v12z"/></svg>'
    (folder / "losses.svg").write_text(outline)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small panel and its mask under the names that the pages use."""
    phantom = panel(96, 80, seed=2, depth="uint16")
    lost = phantom.lacunae.read()
    for folder in (tmp_path, tmp_path / "demo"):
        folder.mkdir(exist_ok=True)
        write(phantom.damaged.read(), folder / "panel.tif")
        Image.fromarray(np.where(lost, 255, 0).astype(np.uint8)).save(folder / "lost.png")
        write_drawn_masks(folder, lost)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_run_in_the_order_of_the_page(page: Path, desk: Path) -> None:
    for line in "\n".join(blocks(page, "sh")).splitlines():
        if not line.startswith("tratteggio ") or NOT_RUN.search(line):
            continue
        done = CliRunner().invoke(app, shlex.split(line)[1:])
        assert done.exit_code == 0, f"{line}\n{done.output}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_runs_in_the_order_of_the_page(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)


def test_every_command_that_a_page_shows_exists() -> None:
    verbs = {command.name or command.callback.__name__ for command in app.registered_commands}
    pages = [*PAGES, DOCS / "index.md", DOCS.parent / "README.md"]
    code = "\n".join(block for page in pages for language in ("sh", "") for block in blocks(page, language))
    shown = set(re.findall(r"^(?:\.venv/bin/)?tratteggio ([a-z]+)", code, re.MULTILINE))
    assert shown <= verbs
    assert shown >= {"inpaint", "verify", "report", "detect", "register", "enhance", "train"}
