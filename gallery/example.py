"""What an example of the gallery shows: images, checked numbers, and its page.

.venv/bin/python gallery/09_hybrid_images.py          one example: out/gallery/09_hybrid_images.html
.venv/bin/python gallery/example.py                    all of them, and out/gallery/index.html
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from tratteggio import phantom
from tratteggio.errors import MissingExtra
from tratteggio.files.embedding import img
from tratteggio.files.writing import write
from tratteggio.filters import reduced
from tratteggio.markup import Markup, html, join
from tratteggio.pages.frame import page
from tratteggio.pages.tables import STYLE as TABLE_STYLE
from tratteggio.painting.pixels import to_depth

HERE = Path(__file__).parent
OUT = Path("out/gallery")
SIDE = 320  # px of images

STYLE = """
.images { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); gap: 22px; }
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


class Example:
    """One example: its images, its numbers and its page.

    Args:
        script: the example.
        out: a folder for its images; nothing is written elsewhere.
        side: pixels a side of the images; tests use small ones.
    """

    def __init__(self, script: Path, *, out: Path = OUT, side: int = SIDE) -> None:
        self.script, self.out, self.side = script, out, side
        self.images: list[Markup] = []
        self.numbers: list[Markup] = []
        self.first: np.ndarray | None = None

    def panel(self, seed: int = 0, motif: str = "saint") -> phantom.Phantom:
        """Make a phantom panel of the size of this example."""
        return phantom.panel(self.side, self.side, seed=seed, motif=motif)

    def photograph(self, name: str) -> np.ndarray:
        """Return a photograph of scikit-image, halved to about the size of this example: uint8."""
        from skimage import data  # noqa: PLC0415  only some examples show photographs

        image = getattr(data, name)()
        while min(image.shape[:2]) >= 2 * self.side:
            image = to_depth(reduced(image), image.dtype)
        return image[: self.side, : self.side]

    def show(self, image: np.ndarray, caption: str, *, wide: bool = False) -> None:
        """Show an image, (h, w) or (h, w, 3): uint8, or floats of 0 .. 1. It is also written as a file."""
        shown = image if image.dtype == np.uint8 else np.rint(255 * image.clip(0, 1)).astype(np.uint8)
        folder = self.out / self.script.stem
        folder.mkdir(parents=True, exist_ok=True)
        write(shown, folder / f"{len(self.images) + 1:02}.png")
        self.first = shown if self.first is None else self.first
        self.images.append(
            html(
                '<figure class="{}"><div class="wall">{}</div><figcaption>{}</figcaption></figure>',
                "wide" if wide else "", img(shown, caption), caption,
            )
        )  # fmt: skip

    def say(self, sentence: str) -> None:
        """Add a sentence below the images."""
        self.numbers.append(html("<p>{}</p>", sentence))

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Add a table below the images; floats with three decimals."""
        text = [[f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
        body = join(html("<tr>{}</tr>", join(html("<td>{}</td>", cell) for cell in row)) for row in text)
        head = join(html('<th scope="col">{}</th>', one) for one in heads)
        self.numbers.append(
            html(
                '<div class="roll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
                head, body,
            )
        )  # fmt: skip

    def check(self, what: str, got: object, expected: object, *, within: float = 0.0) -> None:
        """Compare a number or an array with that of the lecture, and show that they agree.

        Raises:
            AssertionError: they do not.
        """
        if not np.allclose(np.asarray(got, float), np.asarray(expected, float), rtol=0, atol=within):
            raise AssertionError(f"{self.script.stem}: {what} should be {expected}, got {got}")
        shown = "as in the table" if np.ndim(expected) else f"{expected:,}"
        about = f" (within {within:g})" if within else ""
        self.numbers.append(html("<p>✓ {}: <b>{}</b>{}</p>", what, shown, about))

    def render(self, module: ModuleType) -> Markup:
        """Return the page of the example: text, images, numbers and source code."""
        title, _, text = (module.__doc__ or "").strip().partition("\n")
        paragraphs = join(html("<p>{}</p>", part) for part in text.strip().split("\n\n") if part)
        numbers = html("<h2>Numbers</h2>{}\n", join(self.numbers)) if self.numbers else ""
        body = html(
            '<header><div class="over"><a href="index.html">Gallery</a></div>'
            "<h1>{}</h1>{}</header>\n"
            '<main><div class="images">{}</div>\n{}'
            "<h2>Source code</h2><details><summary><code>gallery/{}</code></summary>"
            "<pre>{}</pre></details></main>\n"
            "<footer>Computed. Enhanced and filled images are hypotheses.</footer>",
            title.rstrip("."), paragraphs, join(self.images), numbers,
            self.script.name, self.script.read_text("utf-8"),
        )  # fmt: skip
        return page(title, body, style=STYLE + TABLE_STYLE)


def scripts() -> list[Path]:
    """List the examples in the order of the lecture."""
    return sorted(HERE.glob("[0-9][0-9]_*.py"))


def load(script: Path) -> ModuleType:
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


def build(script: Path, *, out: Path = OUT, side: int = SIDE) -> Example:
    """Run an example and write its page.

    An example whose weights are not installed says so on its page and shows nothing more.
    """
    example, module = Example(script, out=out, side=side), load(script)
    try:
        module.show(example)
    except MissingExtra as error:
        example.say(f"Not shown: {error}.")
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{script.stem}.html").write_text(example.render(module), encoding="utf-8")
    return example


def index(examples: Sequence[Example]) -> Markup:
    """Return the page with links to all others."""
    steps = []
    for example in examples:
        title = (load(example.script).__doc__ or "").strip().partition("\n")[0].rstrip(".")
        small = "" if example.first is None else img(_thumbnail(example.first), title)
        steps.append(
            html(
                '<a href="./{}.html"><figure>{}<figcaption><b>{}</b> {}</figcaption></figure></a>',
                example.script.stem, small, example.script.stem[:2], title,
            )
        )  # fmt: skip
    body = html(
        '<header><div class="over">tratteggio</div><h1>Gallery</h1><p>Image processing for paintings, step '
        "by step, in the order of a lecture: each page is one short script, and the numbers worked in the "
        "lecture are checked by it.</p></header>"
        '<main><div class="steps">{}</div></main><footer>Phantoms, and photographs of '
        "scikit-image.</footer>",
        join(steps),
    )
    return page("Gallery", body, style=STYLE)


def _thumbnail(image: np.ndarray) -> np.ndarray:
    small = Image.fromarray(image)
    small.thumbnail((300, 200))
    return np.asarray(small)


def main() -> None:
    """Build all pages."""
    examples = []
    for script in scripts():
        begun = time.perf_counter()
        examples.append(build(script))
        print(
            f"{script.stem:<28} {len(examples[-1].images):2} images  {time.perf_counter() - begun:5.1f} s",
            flush=True,
        )
    (OUT / "index.html").write_text(index(examples), encoding="utf-8")
    print(f"{OUT / 'index.html'}: open it in a browser")


if __name__ == "__main__":
    main()
