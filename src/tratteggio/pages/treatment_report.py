"""The treatment report of a museum: object, condition, proposal and signatures, as PDF/A for the archive."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tratteggio import files, treatment
from tratteggio.damage import DamageMap
from tratteggio.files.object_data import NAME, ObjectData, read_object
from tratteggio.files.outputs import require_outputs
from tratteggio.files.provenance import file_named, history_json, short_name
from tratteggio.markup import Markup, html, join
from tratteggio.pages import printed, printed_pictures, printed_words
from tratteggio.pages.census import Census, census
from tratteggio.pages.frame import own_code
from tratteggio.pages.pdf import Attached, pdf_path, require_pdf, write_pdf
from tratteggio.pages.print_style import STYLE
from tratteggio.pages.tables import lacuna_csv
from tratteggio.painting import Restoration

log = logging.getLogger("tratteggio")

ROWS = 40  # of the printed table of lacunae; the attached one has all that were measured
MEASURED = 1000


class Sources(NamedTuple):
    """What a report is made from.

    Attributes:
        proposal: with its finish.
        found: its lacunae.
        about: what is known of the painting as an object.
        damage: a map of the damage by class; None if there is none.
        rows: how many lacunae are listed.
    """

    proposal: Restoration
    found: Census
    about: ObjectData
    damage: DamageMap | None
    rows: int


def treatment_report(
    proposal: Restoration | str | Path,
    target: str | Path,
    *,
    about: str | Path | ObjectData | None = None,
    damage: str | Path | DamageMap | None = None,
    rows: int = ROWS,
    source: str | Path | None = None,
    white: float | None = None,
    overwrite: bool = False,
) -> None:
    """Write the report on a proposal for the archive of a museum: PDF/A-3b, A4.

    It shows the object data, the condition by class, what was proposed and by what means, the painting before
    and with the proposal at 300 dpi as printed (or all pixels that there are), the largest lacunae, the
    treatment log, where the figures come from, and a place for signatures. The history and a table of the
    lacunae are attached. The painting is read in bands, so memory does not grow with it.

    Args:
        proposal: a restoration with its finish, or the file of a saved one.
        target: the .pdf file to write.
        about: a `painting.toml` with the data of the object, see `tratteggio.files.object_data`, or the data.
            None takes that in the folder of the original, if it names the original.
        damage: a damage map of the original, or its file. None takes the one beside the proposal, if any.
        rows: how many lacunae the printed table lists, largest first.
        source: of a file: the original, if it is not where the history says.
        white: of a file: the sample that stands for white, as for `tratteggio.reopen`.
        overwrite: replace a report that is there already.

    Raises:
        BadUsage: `target` is not a .pdf file, or a key of `about` is unknown or holds something else.
        UnsafeOutput: the report is there already, or is an input.
        UnreadableFile: the proposal, its history, its source or another input is missing or damaged.
        MissingExtra: WeasyPrint is not installed, or no font has a character of the report.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    target = pdf_path(target)
    require_pdf()
    read = [one for one in (proposal, source, about, damage) if isinstance(one, str | Path)]
    require_outputs([target], inputs=read, overwrite=overwrite)
    beside_it = None
    if not isinstance(proposal, Restoration):
        beside_it = files.sidecar(proposal, "damage")
        proposal = treatment.reopen(proposal, source=source, white=white)
    if damage is None and beside_it is not None and beside_it.exists():
        damage = beside_it
    if isinstance(damage, str | Path):
        damage = treatment.read_damage(damage, proposal.original)
    found = census(proposal, rows=max(rows, MEASURED))
    sources = Sources(proposal, found, find_object(proposal, about), damage, rows)
    attached = {
        "history.json": Attached(history_json(proposal.history), "How the proposal came to be", "Source"),
        "lacunae.csv": Attached(
            lacuna_csv(found.largest, proposal.original), "The lacunae one by one", "Data"
        ),
    }
    write_pdf(report_document(sources), target, attached=attached)


def report_document(sources: Sources) -> Markup:
    """Lay the report out as one HTML document for print."""
    proposal, about = sources.proposal, sources.about
    name = about.title or short_name(proposal.original.name)
    running = " · ".join(filter(None, (about.inventory_number, name, "Proposal for a virtual restoration")))
    parts = (
        _head(sources, name),
        printed.condition(proposal, sources.found, sources.damage),
        printed.maps(proposal, sources.damage),
        printed.means(proposal),
        printed_pictures.sheets(proposal),
        printed_pictures.close_ups(proposal, sources.found),
        printed.lacunae(proposal, sources.found, sources.rows),
        printed.treatments(about),
        printed_words.sources_of_figures(proposal, about),
        printed.signatures(),
        printed.history(proposal.history),
    )
    return html(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{}</title>\n'
        '<meta name="generator" content="tratteggio {}">\n<meta name="description" content="{}">\n'
        "<style>{}</style>\n</head>\n<body>\n"
        '<div class="object" data-running="{}"></div>\n{}\n</body>\n</html>\n',
        f"Treatment report: {name}", proposal.history.get("tratteggio", ""),
        "Proposal for a virtual restoration, with condition and history", own_code(STYLE), running,
        join(parts, "\n"),
    )  # fmt: skip


def find_object(proposal: Restoration, about: str | Path | ObjectData | None) -> ObjectData:
    """Return the data of the object: given, in a file, or in the folder of the original if it names that."""
    if isinstance(about, ObjectData):
        return about
    if about is not None:
        return read_object(about)
    file = file_named(proposal.original.name)
    beside_it = None if file is None else file.parent / NAME
    if file is None or beside_it is None or not beside_it.is_file():
        return ObjectData()
    stated = read_object(beside_it)
    if file.name not in stated.files:
        log.warning("%s does not name %s, so its data are not used", beside_it, file.name)
        return ObjectData()
    return stated


def _head(sources: Sources, name: str) -> Markup:
    """Return the first page: title, object data, and what the report is about in three sentences."""
    proposal, about = sources.proposal, sources.about
    size = ""
    if about.dimensions_cm is not None:
        height, width = about.dimensions_cm
        size = f"{height:g} × {width:g} cm (height × width)"
    facts = {
        "Inventory number": about.inventory_number,
        "Artist": about.artist,
        "Title": about.title,
        "Date": about.date,
        "Technique": about.technique,
        "Dimensions": size,
        "Owner": about.owner,
        "Location": about.location,
        "Scan": printed_words.scan_text(proposal.original),
        "Report": f"{datetime.now(UTC):%Y-%m-%d}, tratteggio {proposal.history.get('tratteggio', '')}",
    }
    rows = join(
        html('<tr><th scope="row">{}</th><td>{}</td></tr>\n', key, value)
        for key, value in facts.items()
        if value
    )
    return html(
        '<header><div class="kind">Treatment report · Proposal for a virtual restoration</div>\n'
        "<h1>{}</h1>\n{}</header>\n"
        '<section><h2>Object</h2><table class="words"><tbody>{}</tbody></table></section>\n'
        "<section><h2>Summary</h2>{}</section>",
        name, html('<p class="soft">{}</p>', about.artist) if about.artist else "", rows,
        printed_words.summary(proposal, sources.found),
    )  # fmt: skip
