"""The treatment log in a report: who did what, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tratteggio.markup import Markup, html, join

NAMED = ("when", "who", "what")


def log_table(entries: Sequence[Mapping[str, Any]]) -> Markup:
    """Return the section that lists a treatment log, the first entry first.

    Args:
        entries: `when` in ISO 8601, `who`, `what`, and details of any name.
    """
    rows = join(
        html(
            '<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>\n',
            *(str(entry.get(name, "")) for name in NAMED),
            _details(entry),
        )
        for entry in entries
    )
    heads = join(html('<th scope="col">{}</th>', head) for head in ("When", "Who", "What", "Details"))
    return html(
        '<section><h2>Treatment log</h2>\n<div class="roll"><table class="history">\n'
        "<caption>What was done, as the studio noted it. Times are in UTC.</caption>\n"
        "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody></table></div></section>",
        heads, rows,
    )  # fmt: skip


def _details(entry: Mapping[str, Any]) -> str:
    told = (
        str(value) if name == "text" else f"{name}: {_words(value)}"
        for name, value in entry.items()
        if name not in NAMED
    )
    return "; ".join(told)


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
