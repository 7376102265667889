"""The report's tables: the lacunae one by one, and the history line by line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tratteggio.markup import Markup, html, join
from tratteggio.pages.census import Census, Lacuna
from tratteggio.painting import Scan

HASH = re.compile(r"([a-z0-9]+:)?[0-9a-f]{32,}")

STYLE = """
.roll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: 8px; }
th, td { padding: 5px 14px 5px 0; text-align: right; border-bottom: 1px solid var(--rule);
  vertical-align: top; white-space: nowrap; }
thead th { font-weight: 600; color: var(--soft); }
tr:target { background: var(--tint); outline: 2px solid var(--mark); }
.history th, .history td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.history th { font-weight: 500; color: var(--soft); width: 30%; }
code { font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, monospace; }
.bar { background: var(--rule); margin-right: 8px; }
.bar rect { fill: var(--soft); }
@media print { .roll { overflow: visible; } .bar { display: none; }
  table { font-size: 8.5pt; } thead { display: table-header-group; }
  th, td { white-space: normal; padding: 3px 6px 3px 0; } .history th { width: 34%; } }
"""


def lacuna_table(found: Census, original: Scan, *, calibrated: bool) -> Markup:
    """Return the section that lists the lacunae, in pixels and, if the scale is known, mm.

    Where the confidence is calibrated, it also says how far off fills may be, in shares of the range.
    """
    lacunae, count = found.largest, found.count
    if not lacunae:
        return html("<section><h2>List of lacunae</h2><p>There are no lacunae.</p></section>")
    um_per_px = original.um_per_px
    scaled = um_per_px is not None
    heads = ["No.", "Left, top (px)", "Width × height (px)", *(["(mm)"] if scaled else [])]
    heads += ["Area (px)", *(["(mm²)"] if scaled else [])]
    heads += ["Widest (px)", *(["(mm)"] if scaled else []), "Mean confidence"]
    heads += ["Error of 90 % of pixels below"] if calibrated else []
    columns = join(html('<th scope="col">{}</th>', head) for head in heads)
    body = join(_row(number, lacuna, um_per_px, calibrated) for number, lacuna in enumerate(lacunae, start=1))
    turned = ""
    if original.metadata.orientation != 1:
        turned = " Positions and sizes refer to the stored pixels. The images above are rotated upright."
    left_out = count - len(lacunae)
    noun = "lacuna is" if left_out == 1 else "lacunae are"
    more = html("<p>{:,} smaller {} not listed.</p>", left_out, noun) if left_out else ""
    return html(
        '<section><h2>List of lacunae</h2>\n<div class="roll"><table>\n'
        "<caption>The largest is first. {} "
        "Widest: the diameter of the largest circle inside the lacuna.{}</caption>\n"
        "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody></table></div>\n{}</section>",
        _rule(found.apart_px), turned, columns, body, more,
    )  # fmt: skip


def lacuna_csv(lacunae: Sequence[Lacuna], original: Scan) -> str:
    """Write the lacunae as a CSV table of plain numbers, with millimetres if the scale is known."""
    um_per_px = original.um_per_px
    heads = ["no", "left_px", "top_px", "width_px", "height_px", "area_px", "widest_px", "widest_is_at_least"]
    heads += ["mean_confidence", *(["width_mm", "height_mm", "area_mm2", "widest_mm"] if um_per_px else [])]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(heads)
    for number, lacuna in enumerate(lacunae, start=1):
        box, wide = lacuna.box, lacuna.width_px
        row = [number, box.left, box.top, box.cols, box.rows, lacuna.lost_px]
        cells = [*row, "" if wide is None else f"{wide:.1f}", lacuna.at_least, f"{lacuna.confidence:.4f}"]
        if um_per_px is not None:
            scale = um_per_px / 1000
            cells += [f"{box.cols * scale:.3f}", f"{box.rows * scale:.3f}"]
            cells += [f"{lacuna.lost_px * scale**2:.4f}", "" if wide is None else f"{wide * scale:.3f}"]
        table.writerow(cells)
    return text.getvalue()


def _rule(apart_px: int) -> str:
    """Say what counts as one lacuna."""
    if apart_px == 1:
        return "A lacuna is one connected area of lost pixels."
    return f"The painting is large: lost pixels up to {apart_px} px apart count as one lacuna."


def _row(number: int, lacuna: Lacuna, um_per_px: float | None, calibrated: bool) -> Markup:
    box = lacuna.box
    least = "≥ " if lacuna.at_least else ""
    wide = lacuna.width_px
    cells: list[str] = [f"{box.left:,}, {box.top:,}", f"{box.cols:,} × {box.rows:,}"]
    if um_per_px is not None:
        cells.append(f"{mm(box.cols, um_per_px)} × {mm(box.rows, um_per_px)}")
    cells.append(f"{lacuna.lost_px:,}")
    if um_per_px is not None:
        cells.append(mm2(lacuna.lost_px, um_per_px))
    cells.append("–" if wide is None else f"{least}{wide:.0f}")
    if um_per_px is not None:
        cells.append("–" if wide is None else f"{least}{mm(wide, um_per_px)}")
    sure = min(max(lacuna.confidence, 0.0), 1.0)
    bar = html('<svg class="bar" width="56" height="8"><rect width="{:.1f}" height="8"/></svg>', 56 * sure)
    cells.append(html("{}{:.2f}", bar, lacuna.confidence))
    if calibrated:
        cells.append(f"± {lacuna.band:.1%} of the range")
    columns = join(html("<td>{}</td>", cell) for cell in cells)
    return html('<tr id="lacuna-{}"><th scope="row">{}</th>{}</tr>\n', number, number, columns)


def history_table(history: Mapping[str, Any]) -> Markup:
    """Return the section that lays out a nested history, one line per leaf."""
    lines = join(
        html('<tr><th scope="row">{}</th><td>{}</td></tr>\n', name, value_cell(value))
        for name, value in flat(history)
    )
    return html(
        '<section><h2>History</h2>\n<table class="history">\n'
        "<caption>The history file of the proposal.</caption>\n"
        "<tbody>\n{}</tbody></table></section>",
        lines,
    )


def flat(history: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a nested history as ("engine · parameters · radius", 5)."""
    for name, value in history.items():
        path = f"{above} · {name}" if above else str(name)
        if isinstance(value, Mapping) and value:
            yield from flat(value, path)
        elif isinstance(value, list | tuple) and value and all(isinstance(one, Mapping) for one in value):
            for number, one in enumerate(value, start=1):
                yield from flat(one, f"{path} · {number}")
        else:
            yield path, value


def value_cell(value: Any) -> Markup:
    """Return a value of a history as it is shown: hashes in a font of equal widths."""
    if value is None or value in ({}, [], ()):
        return html("–")
    if isinstance(value, list | tuple):
        return join(map(value_cell, value), ", ")
    if isinstance(value, Mapping):
        return join((html("{}: {}", key, value_cell(one)) for key, one in value.items()), "; ")
    text = str(value)
    return html("<code>{}</code>", text) if HASH.fullmatch(text) else html("{}", text)


def mm(pixels: float, um_per_px: float) -> str:
    """Return a length in millimetres, to 0.01 below a centimetre and to 0.1 above."""
    length = pixels * um_per_px / 1000
    return f"{length:,.2f}" if length < 10 else f"{length:,.1f}"


def mm2(pixels: int, um_per_px: float) -> str:
    """Return an area in square millimetres."""
    return f"{pixels * (um_per_px / 1000) ** 2:,.2f}"
