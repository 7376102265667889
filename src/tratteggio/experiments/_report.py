"""What an experiment found: tables with the published figures beside ours, and a verdict on every claim."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tratteggio.errors import BadUsage
from tratteggio.files.beside import beside

MOST_BYTES = 100_000  # of a picture, so that a report can be committed
TAG = re.compile(r"<(?=[A-Za-z/!?])")
LINK = re.compile(r"\]\((?!https?://)([^)\s]*)")

Verdict = Literal["reproduced", "ordering only", "not reproduced", "not attempted"]
Better = Literal["higher", "lower"]
Figures = Mapping[str, float | None]


@dataclass(frozen=True)
class Column:
    """One measure of a table.

    Attributes:
        name: with its unit.
        digits: after the point.
        better: which way is better; the best of ours is then set in bold. None where neither is.
    """

    name: str
    digits: int = 2
    better: Better | None = None


@dataclass(frozen=True)
class Row:
    """One system of a table.

    Attributes:
        name: of the system.
        ours: what was measured, by name of the column; None, or nothing, where nothing was.
        published: what was published, likewise.
    """

    name: str
    ours: Figures
    published: Figures = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """Figures of several systems by several measures.

    Attributes:
        title: what the table tells.
        columns: the measures.
        rows: the systems.
        note: how it was measured.

    Raises:
        BadUsage: a row has a figure for which there is no column.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""

    def __post_init__(self) -> None:
        known = {column.name for column in self.columns}
        for row in self.rows:
            stray = sorted((row.ours.keys() | row.published.keys()) - known)
            if stray:
                raise BadUsage(f"row {row.name!r} of {self.title!r} has figures without a column: {stray}")

    def best(self, column: Column) -> float | None:
        """Return the best of our figures in a column; None where none is better than another."""
        found = (row.ours.get(column.name) for row in self.rows)
        figures = [value for value in found if value is not None and not math.isnan(value)]
        if column.better is None or len(figures) < 2:
            return None
        return max(figures) if column.better == "higher" else min(figures)


@dataclass(frozen=True)
class Claim:
    """Something that was published, and what became of it here.

    Attributes:
        text: the claim.
        verdict: "reproduced", the figures agree; "ordering only", which is better agrees; "not reproduced";
            or "not attempted".
        why: one sentence with the figures behind the verdict.

    Raises:
        BadUsage: another verdict.
    """

    text: str
    verdict: Verdict
    why: str

    def __post_init__(self) -> None:
        if self.verdict not in get_args(Verdict):
            raise BadUsage(f"a verdict is one of {', '.join(get_args(Verdict))}, got {self.verdict!r}")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an experiment found.

    Attributes:
        setting: what was done with which pictures, in a few sentences.
        tables: figures.
        claims: everything that was published and could be checked.
        notes: what a reader should know besides.
        pictures: file in the folder of the report -> what it shows; each below 100 kB.
        seconds: time that each stage took, on whatever day.
        device: what computed.
        header: experiment, scale, seed, data, machine, versions and date; `reproduce` fills it in.
    """

    setting: str
    tables: Sequence[Table]
    claims: Sequence[Claim]
    notes: Sequence[str] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    device: str = "cpu"
    header: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it for JSON, which knows neither NaN nor infinity: these become null."""
        plain = dataclasses.asdict(self)
        storable: dict[str, Any] = _storable({**plain.pop("header"), **plain})
        return storable

    def as_text(self) -> str:
        """Lay the figures and the claims out for a terminal; the rest is in `as_markdown`."""
        parts = [str(self.header.get("title", "Report")), self.setting]
        for table in self.tables:
            rows = _rows(table, best="{}*")
            starred = any(cell.endswith("*") for row in rows[1:] for cell in row[1:])
            notes = [table.note, "* the best of ours" if starred else ""]
            parts.append("\n".join([table.title, *_columns(rows), *filter(None, notes)]))
        parts += [f"{claim.verdict}: {claim.text}\n    {claim.why}" for claim in self.claims]
        if self.seconds:
            parts.append(_times(self.seconds))
        return "\n\n".join(part for part in parts if part)

    def as_markdown(self) -> str:
        """Lay it out for people, with pictures."""
        parts = [f"# {self.header.get('title', 'Report')}", self.setting]
        parts += [_head(self.header, self.device)] if self.header else []
        for table in self.tables:
            parts += [f"## {table.title}", _grid(table), table.note]
        if self.claims:
            parts += ["## What was claimed", _claims(self.claims)]
        if self.notes:
            parts += ["## Notes", "\n".join(f"- {note}" for note in self.notes)]
        parts += [f"![{what}]({file})\n\n{what}" for file, what in self.pictures.items()]
        if self.seconds:
            parts += ["## Time", _times(self.seconds)]
        return _inert("\n\n".join(part for part in parts if part) + "\n", self.pictures)


def _inert(text: str, pictures: Iterable[str]) -> str:
    """Take from Markdown what a viewer could run: tags, and links elsewhere than to the web or our pictures.

    Names of folders, paintings and weights come from outside, and no report of ours writes HTML.
    """
    known = set(pictures)
    text = LINK.sub(lambda link: link[0] if link[1] in known else rf"]\({link[1]}", text)
    return TAG.sub("&lt;", text).encode("utf-8", "replace").decode()


def write(report: Report, folder: Path) -> list[Path]:
    """Write `report.md` and `report.json`, both or neither.

    Raises:
        UnwritableFile: no space, no permission.
    """
    targets = [folder / "report.md", folder / "report.json"]
    with beside(targets) as (text, values):
        text.write_text(report.as_markdown(), "utf-8")
        values.write_text(json.dumps(report.as_dict(), indent=1, allow_nan=False) + "\n", "utf-8")
    return targets


def as_jpeg(image: NDArray[np.uint8], *, most: int = MOST_BYTES) -> bytes:
    """Compress (H, W, 3) uint8 as JPEG, as well as fits into `most` bytes."""
    for quality in (90, 80, 70, 60, 50, 40, 30, 20, 10):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=quality)
        if file.tell() <= most:
            break
    return file.getvalue()


def write_image(content: bytes, target: Path, *, most: int = MOST_BYTES) -> None:
    """Write a picture of the report, beside its place and renamed.

    Raises:
        UnwritableFile: no space, no permission.
        BadUsage: it is larger than `most` bytes.
    """
    if len(content) > most:
        raise BadUsage(f"{target.name} has {len(content)} bytes, a picture of a report at most {most}")
    with beside([target]) as (file,):
        file.write_bytes(content)


def _grid(table: Table) -> str:
    """Lay a table out in Markdown."""
    heads, *rows = _rows(table, best="**{}**")
    return "\n".join(map(_line, [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]))


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align cells for a terminal: the first column to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def _rows(table: Table, *, best: str) -> list[list[str]]:
    """Return the cells of a table, heads first: "published" and "ours" where something was published.

    Args:
        table: the figures.
        best: how the best of our figures in a column is marked: "**{}**".
    """
    heads: list[str] = [""]
    for column in table.columns:
        paired = _published(table, column)
        heads += [f"{column.name}, published", f"{column.name}, ours"] if paired else [column.name]
    lines = [heads]
    for row in table.rows:
        cells = [row.name]
        for column in table.columns:
            if _published(table, column):
                cells.append(_figure(row.published.get(column.name), column))
            cell = _figure(row.ours.get(column.name), column)
            top = table.best(column)
            # What reads alike is marked alike, whatever the digits behind.
            cells.append(best.format(cell) if top is not None and cell == _figure(top, column) else cell)
        lines.append(cells)
    return lines


def _line(cells: Sequence[str]) -> str:
    """Lay out one line of a table; no cell can end it or open another."""
    inside = (" ".join(cell.splitlines()).replace("|", "&#124;") for cell in cells)
    return f"| {' | '.join(inside)} |"


def _published(table: Table, column: Column) -> bool:
    return any(row.published.get(column.name) is not None for row in table.rows)


def _figure(value: float | None, column: Column) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.{column.digits}f}"


def _claims(claims: Sequence[Claim]) -> str:
    lines = ["| claim | verdict | why |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(_line([c.text, f"**{c.verdict}**", c.why]) for c in claims)])


def _head(header: Mapping[str, Any], device: str) -> str:
    machine = header.get("machine", {})
    versions = ", ".join(f"{name} {version}" for name, version in header.get("versions", {}).items())
    return "\n".join(
        [
            f"- command: `{header.get('command', '')}`",
            f"- data: {header.get('data', '')}",
            f"- scale {header.get('scale', '')}: "
            + ", ".join(f"{key} {_plain(value)}" for key, value in header.get("choices", {}).items()),
            f"- machine: {', '.join(str(value) for value in machine.values())}; computed on {device}",
            f"- versions: {versions}",
            f"- written: {header.get('created', '')}",
        ]
    )


def _plain(value: Any) -> str:
    return "/".join(map(str, value)) or "none" if isinstance(value, list | tuple) else str(value)


def _times(seconds: Mapping[str, float]) -> str:
    total = sum(seconds.values())
    times = "; ".join(f"{stage} {_span(value)}" for stage, value in seconds.items())
    return f"{_span(total)} in all: {times}."


def _span(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def _storable(value: Any) -> Any:
    match value:
        case Mapping():
            return {str(key): _storable(entry) for key, entry in value.items()}
        case str():
            return value
        case Sequence():
            return [_storable(entry) for entry in value]
        case float() if not math.isfinite(value):
            return None
        case _:
            return value
