"""The wall that examples hang their pictures on: files, numbers checked, and a page of each.

.venv/bin/python gallery/09_hybrid_images.py          one example: out/gallery/09_hybrid_images.html
.venv/bin/python gallery/wall.py                      all of them, and out/gallery/index.html
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Sequence
from html import escape
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from tratteggio import phantom
from tratteggio.errors import MissingExtra
from tratteggio.files.writing import write
from tratteggio.filters import reduced
from tratteggio.pages.frame import page
from tratteggio.pages.picture import img
from tratteggio.pages.tables import STYLE as TABLE_STYLE
from tratteggio.painting.pixels import to_depth

HERE = Path(__file__).parent
OUT = Path("out/gallery")
SIDE = 320  # px of pictures

STYLE = """
.hung { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); gap: 22px; }
.wide { grid-column: 1 / -1; }
.wall { background: var(--wall); padding: 10px; display: flex; justify-content: center; }
.wall img { height: auto; }
pre { overflow-x: auto; font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, monospace;
  background: var(--tint); padding: 14px; }
table { width: auto; min-width: 50%; }
td, th { white-space: normal; }
td:first-child, th:first-child { text-align: left; }
.steps { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 24px; }
.steps a { color: inherit; text-decoration: none; }
.steps img { width: 100%; height: 150px; object-fit: cover; }
"""


class Wall:
    """Where one example hangs its pictures.

    Args:
        script: the example.
        out: a folder for its pictures; nothing is written elsewhere.
        side: pixels of the pictures that it works on; tests take small ones.
    """

    def __init__(self, script: Path, *, out: Path = OUT, side: int = SIDE) -> None:
        self.script, self.out, self.side = script, out, side
        self.pictures: list[str] = []
        self.numbers: list[str] = []
        self.first: np.ndarray | None = None

    def panel(self, seed: int = 0, motif: str = "saint") -> phantom.Phantom:
        """Paint a panel of this wall's size; nothing of it comes from outside."""
        return phantom.panel(self.side, self.side, seed=seed, motif=motif)

    def photograph(self, name: str) -> np.ndarray:
        """Take a photograph that scikit-image brings along, halved to about this wall's size: uint8."""
        from skimage import data  # noqa: PLC0415  only some examples show photographs

        picture = getattr(data, name)()
        while min(picture.shape[:2]) >= 2 * self.side:
            picture = to_depth(reduced(picture), picture.dtype)
        return picture[: self.side, : self.side]

    def hang(self, picture: np.ndarray, caption: str, *, wide: bool = False) -> None:
        """Hang a picture, (h, w) or (h, w, 3): uint8, or floats of 0 .. 1. It is also written as a file."""
        shown = picture if picture.dtype == np.uint8 else np.rint(255 * picture.clip(0, 1)).astype(np.uint8)
        folder = self.out / self.script.stem
        folder.mkdir(parents=True, exist_ok=True)
        write(shown, folder / f"{len(self.pictures) + 1:02}.png")
        self.first = shown if self.first is None else self.first
        css = ' class="wide"' if wide else ""
        self.pictures.append(
            f'<figure{css}><div class="wall">{img(shown, caption)}</div>'
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )

    def say(self, sentence: str) -> None:
        """Say something below the pictures."""
        self.numbers.append(f"<p>{escape(sentence)}</p>")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Show numbers below the pictures; floats to three decimals."""
        text = [[f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in text)
        head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
        self.numbers.append(
            f'<div class="roll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        )

    def check(self, what: str, got: object, expected: object, *, within: float = 0.0) -> None:
        """Hold a number, or an array, against the one of the lecture, and show that it agrees.

        Raises:
            AssertionError: it does not.
        """
        if not np.allclose(np.asarray(got, float), np.asarray(expected, float), rtol=0, atol=within):
            raise AssertionError(f"{self.script.stem}: {what} should be {expected}, got {got}")
        shown = "as in the table" if np.ndim(expected) else f"{expected:,}"
        about = f" (within {within:g})" if within else ""
        self.numbers.append(f"<p>✓ {escape(what)}: <b>{shown}</b>{about}</p>")

    def page(self, module: ModuleType) -> str:
        """Return the page of the example: what it says, what it hung, how it is written."""
        title, _, text = (module.__doc__ or "").strip().partition("\n")
        paragraphs = "".join(f"<p>{escape(part)}</p>" for part in text.strip().split("\n\n") if part)
        numbers = f"<h2>In numbers</h2>{''.join(self.numbers)}\n" if self.numbers else ""
        source = escape(self.script.read_text("utf-8"))
        body = (
            '<header><div class="over"><a href="index.html">Gallery</a></div>'
            f"<h1>{escape(title.rstrip('.'))}</h1>{paragraphs}</header>\n"
            f'<main><div class="hung">'
            f"{''.join(self.pictures)}</div>\n{numbers}"
            f"<h2>How it is written</h2><details><summary><code>gallery/{self.script.name}</code></summary>"
            f"<pre>{source}</pre></details></main>\n"
            "<footer>Computed; what is enhanced or filled is a hypothesis.</footer>"
        )
        return page(title, body, style=STYLE + TABLE_STYLE)


def scripts() -> list[Path]:
    """List the examples in the order of the lecture."""
    return sorted(HERE.glob("[0-9][0-9]_*.py"))


def loaded(script: Path) -> ModuleType:
    """Import an example, whose name is no Python name."""
    spec = importlib.util.spec_from_file_location(f"gallery_{script.stem}", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(HERE))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(HERE))
    return module


def build(script: Path, *, out: Path = OUT, side: int = SIDE) -> Wall:
    """Run an example and write its page.

    An example whose weights did not come with this installation says so on its page and hangs nothing more.
    """
    wall, module = Wall(script, out=out, side=side), loaded(script)
    try:
        module.hang(wall)
    except MissingExtra as error:
        wall.say(f"Not shown: {error}.")
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{script.stem}.html").write_text(wall.page(module), encoding="utf-8")
    return wall


def index(walls: Sequence[Wall]) -> str:
    """Return the page that leads to all others."""
    steps = []
    for wall in walls:
        title = (loaded(wall.script).__doc__ or "").strip().partition("\n")[0].rstrip(".")
        small = "" if wall.first is None else img(_thumbnail(wall.first), title)
        steps.append(
            f'<a href="{wall.script.stem}.html"><figure>{small}<figcaption><b>{wall.script.stem[:2]}</b> '
            f"{escape(title)}</figcaption></figure></a>"
        )
    body = (
        '<header><div class="over">tratteggio</div><h1>Gallery</h1><p>Image processing for paintings, step '
        "by step, in the order of a lecture: each page is one short script, and the numbers worked in the "
        "lecture are checked by it.</p></header>"
        f'<main><div class="steps">{"".join(steps)}</div></main><footer>Phantoms, and photographs that '
        "scikit-image brings along.</footer>"
    )
    return page("Gallery", body, style=STYLE)


def _thumbnail(picture: np.ndarray) -> np.ndarray:
    small = Image.fromarray(picture)
    small.thumbnail((300, 200))
    return np.asarray(small)


def main() -> None:
    """Build all pages."""
    walls = []
    for script in scripts():
        begun = time.perf_counter()
        walls.append(build(script))
        print(
            f"{script.stem:<28} {len(walls[-1].pictures):2} pictures  {time.perf_counter() - begun:5.1f} s",
            flush=True,
        )
    (OUT / "index.html").write_text(index(walls), encoding="utf-8")
    print(f"{OUT / 'index.html'}: open it in a browser")


if __name__ == "__main__":
    main()
