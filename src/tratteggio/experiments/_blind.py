"""Blind comparison: pairs of fills without names, in random order and on random sides, and votes counted.

A viewer sees the damaged picture and two fills, A and B, and says which is better. Which is which stands in a
key that is kept apart. The page needs nothing but itself; votes leave it as lines of `pair,vote`.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.files.beside import beside
from tratteggio.markup import Markup, html, join
from tratteggio.pages import frame

Levels = NDArray[np.uint8]

VOTES = ("A", "B", "=")
GAP, HEAD = 8, 22  # pixels between pictures, and for the line above them
SURE = 1.959964  # standard deviations of a normal variable that hold 95 %


class Pair(NamedTuple):
    """Two fills of one damaged picture, all (h, w, 3) uint8.

    Attributes:
        group: which comparison it belongs to, as "wide, new against today's".
        damaged: with lacunae shown.
        one, two: the fills; `count` tells how often `one` won.
    """

    group: str
    damaged: Levels
    one: Levels
    two: Levels


@dataclass(frozen=True)
class Hidden:
    """What the key says of a pair: its group, and whether the first fill is A."""

    group: str
    one_is_a: bool


@dataclass(frozen=True)
class Preference:
    """How often the first of two systems was preferred.

    Attributes:
        won, lost, equal: votes for the first, the second and neither.
        share: of the votes for either, nan without any.
        low, high: interval of 95 % for the share.
    """

    won: int
    lost: int
    equal: int
    share: float
    low: float
    high: float


def hide(pairs: Sequence[Pair], *, seed: int) -> tuple[list[tuple[Levels, Levels, Levels]], list[Hidden]]:
    """Shuffle pairs and sides.

    Returns:
        (damaged, A, B) in the order that is shown, and the key in the same order.

    Raises:
        BadUsage: no pairs.
    """
    if not pairs:
        raise BadUsage("there is nothing to compare: give at least one pair of fills")
    rng = np.random.default_rng(seed)
    shown, key = [], []
    for index in rng.permutation(len(pairs)):
        pair, first = pairs[index], bool(rng.integers(2))
        sides = (pair.one, pair.two) if first else (pair.two, pair.one)
        shown.append((pair.damaged, *sides))
        key.append(Hidden(pair.group, first))
    return shown, key


def sheet(number: int, pictures: Sequence[Levels]) -> Levels:
    """Lay damaged, A and B side by side, with a line above that names them: (h, w, 3)."""
    rows = max(len(image) for image in pictures)
    cols = sum(image.shape[1] + GAP for image in pictures) - GAP
    laid = Image.new("RGB", (cols, rows + HEAD), "white")
    pen, left = ImageDraw.Draw(laid), 0
    for name, image in zip((f"pair {number}: damaged", "A", "B"), pictures, strict=True):
        pen.text((left + 4, 4), name, fill="black")
        laid.paste(Image.fromarray(image), (left, HEAD))
        left += image.shape[1] + GAP
    return np.asarray(laid)


def write(pairs: Sequence[Pair], out: Path, key: Path, *, seed: int) -> None:
    """Write `pairs.html` and a PNG for each pair into a folder, and the key elsewhere.

    Raises:
        BadUsage: no pairs, or the key would lie in the folder that viewers see.
        UnwritableFile: no space, no permission.
    """
    if out.resolve() in key.resolve().parents:
        raise BadUsage(f"the key {key} would lie beside the pairs in {out}; keep it where no viewer looks")
    shown, hidden = hide(pairs, seed=seed)
    out.mkdir(parents=True, exist_ok=True)
    key.parent.mkdir(parents=True, exist_ok=True)
    for number, pictures in enumerate(shown, start=1):
        with beside([out / f"pair-{number:03}.png"]) as [part]:
            part.write_bytes(_png(sheet(number, pictures)))
    with beside([out / "pairs.html"]) as [part]:
        part.write_text(page(shown), "utf-8")
    answers = {str(number): asdict(one) for number, one in enumerate(hidden, start=1)}
    with beside([key]) as [part]:
        part.write_text(json.dumps({"seed": seed, "pairs": answers}, indent=1), "utf-8")


def page(shown: Sequence[tuple[Levels, Levels, Levels]]) -> Markup:
    """Return a page that shows pairs one below the other, takes votes, and saves them as CSV."""
    body = html(
        "<h1>Which fill is better?</h1>\n<p>Each row shows a damaged picture, lost paint white, and two "
        "fills. Choose the fill that looks more like an undamaged painting. Then save the votes.</p>\n{}\n"
        '<p><button id="save">Save votes</button></p>',
        join((_row(number, pictures) for number, pictures in enumerate(shown, start=1)), "\n"),
    )
    return frame.page("Which fill is better?", body, style=STYLE, script=SCRIPT)


def _row(number: int, pictures: tuple[Levels, Levels, Levels]) -> Markup:
    images = join(
        html(
            '<figure><img src="data:image/png;base64,{}" alt="{}"><figcaption>{}</figcaption></figure>',
            base64.b64encode(_png(image)).decode(), name, name,
        )
        for name, image in zip(("damaged", "A", "B"), pictures, strict=True)
    )  # fmt: skip
    buttons = join(
        html('<label><input type="radio" name="{}" value="{}"> {}</label>', number, vote, label)
        for vote, label in zip(VOTES, ("A is better", "B is better", "no difference"), strict=True)
    )
    return html(
        '<section><h2>Pair {}</h2><div class="pair">{}</div><p>{}</p></section>', number, images, buttons
    )


def count(key: Path, votes: Iterable[Path]) -> Mapping[str, Preference]:
    """Count votes into preferences, by group.

    Args:
        key: as `write` left it.
        votes: CSV files with lines `pair,vote`; a vote is A, B or =.

    Raises:
        UnreadableFile: a file is missing or holds something else.
    """
    hidden = _read_key(key)
    found: dict[str, list[int]] = {one.group: [0, 0, 0] for one in hidden.values()}
    for file in votes:
        for pair, vote in _read_votes(file, hidden):
            one = hidden[pair]
            outcome = 2 if vote == "=" else int((vote == "A") != one.one_is_a)
            found[one.group][outcome] += 1
    return {group: preference(*counts) for group, counts in found.items()}


def preference(won: int, lost: int, equal: int = 0) -> Preference:
    """Return the share of votes won with its interval of 95 % (E. B. Wilson 1927, eq. 2).

    Example:
        >>> told = preference(8, 2)
        >>> round(told.share, 2), round(told.low, 2), round(told.high, 2)
        (0.8, 0.49, 0.94)
    """
    votes = won + lost
    if not votes:
        return Preference(won, lost, equal, float("nan"), 0.0, 1.0)
    share, spread = won / votes, SURE**2 / votes
    middle = (share + spread / 2) / (1 + spread)
    reach = SURE / (1 + spread) * float(np.sqrt(share * (1 - share) / votes + spread / (4 * votes)))
    return Preference(won, lost, equal, share, max(0.0, middle - reach), min(1.0, middle + reach))


def _read_key(key: Path) -> dict[str, Hidden]:
    try:
        pairs = json.loads(key.read_text("utf-8"))["pairs"]
        return {str(pair): Hidden(str(one["group"]), bool(one["one_is_a"])) for pair, one in pairs.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFile(f"{key} is no key of a blind comparison: {error}") from error


def _read_votes(file: Path, hidden: Mapping[str, Hidden]) -> list[tuple[str, str]]:
    """Read votes; a first line `pair,vote` is a heading."""
    try:
        rows = [row for row in csv.reader(io.StringIO(file.read_text("utf-8"))) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFile(f"{file} must be a text file with lines `pair,vote`: {error}") from error
    found = []
    for line, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        if line == 1 and cells == ["pair", "vote"]:
            continue
        if len(cells) != 2 or cells[0] not in hidden or cells[1] not in VOTES:
            raise UnreadableFile(f"{file}, line {line}: expected a pair's number and A, B or =, got {row}")
        found.append((cells[0], cells[1]))
    return found


def _png(image: Levels) -> bytes:
    kept = io.BytesIO()
    Image.fromarray(image).save(kept, "PNG")
    return kept.getvalue()


STYLE = """
.pair { display: flex; gap: 8px; }
.pair figure { margin: 0; }
.pair img { display: block; }
label { margin-right: 24px; }
"""
SCRIPT = """
document.getElementById("save").onclick = () => {
  const chosen = [...document.querySelectorAll("input:checked")];
  const lines = ["pair,vote", ...chosen.map((box) => box.name + "," + box.value)];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\\n") + "\\n"], { type: "text/csv" }));
  link.download = "votes.csv";
  link.click();
};
"""
