"""Make docs/evidence.md: every claim of the five documents, its verdict, and figures beside figures.

    .venv/bin/python docs/evidence.py          writes the page
    .venv/bin/python docs/evidence.py --check  fails if the page is not that of the reports

Claims are in docs/evidence.toml. Verdicts and figures are read from docs/reports/*/report.json, so that the
page says what the reports say.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
PAGE = DOCS / "evidence.md"
VERDICTS = ("reproduced", "ordering only", "not reproduced", "not attempted")
"""From the best to the worst: of several claims the worst counts."""
UNSETTLED = "not reproduced"

INTRO = """# Evidence

Every claim of the five documents that this package goes back to, and what became of it here.

- **Reproduced**: the figures agree, or the claim holds by its own measure.
- **Ordering only**: which is better agrees.
- **Not reproduced**: it did not come out.
- **Not attempted**: pictures, people or nets were not at hand.

Where phantoms and paintings differ, the worse verdict counts. Pictures and trainings are smaller than
published: the reports say how much. Figures of both columns stand in the order of the claim.
`docs/evidence.py` makes this page from the claims in `docs/evidence.toml` and from the reports.
"""


def page() -> str:
    """Return the page."""
    documents = tomllib.loads((DOCS / "evidence.toml").read_text("utf-8"))["document"]
    rows = {document["title"]: [_row(claim) for claim in document["claim"]] for document in documents}
    counts = {title: Counter(row[3] for row in found) for title, found in rows.items()}
    summary = [["document", *VERDICTS]]
    summary += [[title, *(str(count[verdict]) for verdict in VERDICTS)] for title, count in counts.items()]
    parts = [INTRO, _grid(summary)]
    for title, found in rows.items():
        shown = [
            [text, published, ours, f"**{verdict}**", why] for text, published, ours, verdict, why in found
        ]
        parts += [f"## {title}", _grid([["claim", "published", "here", "verdict", "why"], *shown])]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _row(claim: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """Return text, published, ours, verdict and why of one claim."""
    text, published = claim["text"], claim.get("published", "–")
    if "checks" in claim:
        script = DOCS.parent / "gallery" / claim["checks"]
        if not script.is_file():
            raise LookupError(f"{text}: there is no {script}")
        return (
            text,
            published,
            "–",
            "reproduced",
            f"`gallery/{claim['checks']}` checks it, and tests run that.",
        )
    if "open" in claim:
        return text, published, "–", "not attempted", claim["open"]
    name = claim["report"]
    judged = [_judged(name, wanted) for wanted in claim["claims"]]
    worst = max(judged, key=lambda one: VERDICTS.index(one["verdict"]))
    verdict = worst["verdict"] if claim.get("settled", True) else UNSETTLED
    why = claim.get("note", worst["why"])
    ours = _figures(name, claim.get("figures", [])) or "–"
    return text, published, ours, verdict, f"{why} ([report](reports/{name}/report.md))"


@cache
def _report(name: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((DOCS / "reports" / name / "report.json").read_text("utf-8"))
    return report


def _judged(name: str, wanted: str) -> dict[str, str]:
    """Return the claim of a report that begins so."""
    found = [one for one in _report(name)["claims"] if one["text"].startswith(wanted)]
    if len(found) != 1:
        raise LookupError(
            f"the report {name} has {len(found)} claims that begin with {wanted!r}; one is needed"
        )
    return found[0]


def _figures(name: str, cells: list[list[str]]) -> str:
    """Return cells of tables in their order, and on which pictures, if the title of the table says so."""
    parts = []
    for title, group in groupby(cells, key=lambda cell: cell[0]):
        where = next((f"{pictures}: " for pictures in ("phantoms", "paintings") if pictures in title), "")
        parts.append(where + ", ".join(_figure(name, *cell) for cell in group))
    return "; ".join(parts)


def _figure(name: str, title: str, row: str, column: str) -> str:
    """Return a cell of a table, with the digits of its column."""
    table = next((one for one in _report(name)["tables"] if one["title"] == title), None)
    if table is None:
        raise LookupError(f"the report {name} has no table {title!r}")
    digits = next((one["digits"] for one in table["columns"] if one["name"] == column), None)
    value = next((one["ours"].get(column) for one in table["rows"] if one["name"] == row), None)
    if digits is None or value is None:
        raise LookupError(f"{title!r} of the report {name} has no figure for {row!r}, {column!r}")
    return f"{value:.{digits}f}"


def _grid(lines: list[list[str]]) -> str:
    lines = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def main() -> None:
    """Write the page, or check it."""
    text = page()
    if "--check" in sys.argv[1:]:
        if not PAGE.is_file() or PAGE.read_text("utf-8") != text:
            sys.exit("docs/evidence.md is not that of the reports; run .venv/bin/python docs/evidence.py")
        return
    PAGE.write_text(text, "utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
