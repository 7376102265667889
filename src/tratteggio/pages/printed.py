"""The sections of a printed report."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import getdoc
from typing import Any

from tratteggio import registry
from tratteggio.damage import DamageMap
from tratteggio.damage.damage_map import Area
from tratteggio.files.object_data import ObjectData
from tratteggio.files.provenance import short_name
from tratteggio.markup import Markup, html, join
from tratteggio.pages.census import Census
from tratteggio.pages.maps import confidence_map, mark_lacunae, reduce_maps
from tratteggio.pages.print_style import MAP_MM
from tratteggio.pages.printed_pictures import longest_px, picture, view_of
from tratteggio.pages.printed_words import FINISHES, count_of, name_of
from tratteggio.pages.tables import flat, mm, mm2, value_cell
from tratteggio.painting import Region, Restoration
from tratteggio.treatment.overlay import draw_overlay


def condition(proposal: Restoration, found: Census, damage: DamageMap | None) -> Markup:
    """Return the damage by class as a table and a map; without a damage map that of the lacunae."""
    scan = proposal.original
    if damage is None:
        spacing, lost = scan.metadata.spacing_um, proposal.lacunae.lost_px
        mm2_px = None if spacing is None else lost * spacing[0] * spacing[1] / 1e6
        areas = [Area("lacuna", lost, proposal.lacunae.share, found.count, mm2_px)]
        done = {"lacuna": "filled"}
        note = html("<p>No map of damage by class was made. The table shows what was marked as lost.</p>")
    else:
        areas = damage.areas()
        done = {area.damage: _share_text(_filled(proposal, damage, area.damage)) for area in areas}
        note = html("<p>Damage by class, from the map {}.</p>", short_name(damage.name))
    heads = ["Class", "Area (px)", *([] if areas and areas[0].area_mm2 is None else ["Area (mm²)"])]
    heads += ["Share of the painting", "Places", "In the proposal"]
    table = html(
        '<table class="classes"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>',
        join(html('<th scope="col">{}</th>', head) for head in heads),
        join(_damage_row(area, done[area.damage]) for area in areas),
    )  # fmt: skip
    return html("<section><h2>Condition</h2>{}{}</section>", note, table)


def maps(proposal: Restoration, damage: DamageMap | None) -> Markup:
    """Return the map of the damage, or of the lacunae, and that of the confidence, side by side."""
    scan = proposal.original
    view = view_of(scan, MAP_MM)
    share, confidence = reduce_maps(proposal, (view.shape[0], view.shape[1]))
    if damage is None:
        shown, classes = mark_lacunae(view, share), ["lacuna"]
    else:
        classes = [area.damage for area in damage.areas()]
        marks = {name: damage.of(name) for name in classes}
        shown = draw_overlay(scan, marks, longest=longest_px(scan, MAP_MM))
    damaged = html("<b>Damage.</b> {}", join(map(_swatch, classes), " &nbsp; "))
    meaning = "calibrated on known paint" if "calibration" in proposal.history else "not calibrated"
    sure = html(
        '<b>Confidence</b>, {}: <span class="key">lower <span class="scale"></span> higher</span>', meaning
    )
    return html(
        '<section><h2>Maps</h2><table class="pairs"><tbody><tr><td>{}</td><td>{}</td></tr></tbody></table>'
        "</section>",
        picture(shown, "Map of the damage", damaged, MAP_MM),
        picture(confidence_map(confidence, share), "Confidence in the lacunae", sure, MAP_MM),
    )  # fmt: skip


def means(proposal: Restoration) -> Markup:
    """Say by what means the fill was made, in plain words."""
    history = proposal.history
    engine = history.get("engine", {})
    learnt: Any = engine.get("learnt") if isinstance(engine, Mapping) else None
    model = {
        True: "It uses a model that was trained on other pictures. What it adds comes from these as well as "
        "from the paint around a lacuna.",
        False: "It uses no trained model: a fill is computed from the known paint of this painting.",
    }.get(learnt, "The history does not say whether a trained model was used.")
    finish = name_of(history, "finish")
    facts = {
        "Engine": f"{name_of(history, 'engine')}. {_described(name_of(history, 'engine'))}",
        "Trained model": model,
        "Weights": _leaf(engine, "weights_sha256"),
        "Finish": f"{finish}. {FINISHES.get(finish, '')}",
        "Also read": ", ".join(map(str, history.get("also_read", {}))),
        "Seed": str(history.get("seed", "")),
        "Made": _made(history),
    }
    rows = join(
        html('<tr><th scope="row">{}</th><td>{}</td></tr>\n', key, value_cell(value))
        for key, value in facts.items()
        if value
    )
    return html(
        "<section><h2>What was proposed, and by what means</h2>\n"
        '<table class="words"><tbody>{}</tbody></table></section>',
        rows,
    )


def lacunae(proposal: Restoration, found: Census, rows: int) -> Markup:
    """Return the table of the largest lacunae."""
    if not found.largest:
        return html("")
    um = proposal.original.um_per_px
    heads = ["No.", "Left, top (px)", "Width × height (px)", *(["(mm)"] if um else []), "Area (px)"]
    heads += [*(["(mm²)"] if um else []), "Widest (px)", "Confidence"]
    body = []
    for number, one in enumerate(found.largest[:rows], start=1):
        cells = [str(number), f"{one.box.left:,}, {one.box.top:,}", f"{one.box.cols:,} × {one.box.rows:,}"]
        cells += [f"{mm(one.box.cols, um)} × {mm(one.box.rows, um)}"] if um else []
        cells += [f"{one.lost_px:,}", *([mm2(one.lost_px, um)] if um else [])]
        wide = "–" if one.width_px is None else f"{'≥ ' if one.at_least else ''}{one.width_px:.0f}"
        cells += [wide, f"{one.confidence:.2f}"]
        body.append(html("<tr>{}</tr>\n", join(html("<td>{}</td>", cell) for cell in cells)))
    turned = proposal.original.metadata.orientation != 1
    where = " Positions and sizes are those of the stored pixels." if turned else ""
    left = found.count - len(body)
    more = f" {count_of(left, 'smaller one is', 'smaller ones are')} not listed." if left else ""
    return html(
        '<section class="sheet"><h2>List of lacunae</h2><table class="numbered"><caption>The largest first.'
        "{}{} The attached file lacunae.csv lists {}.</caption><thead><tr>{}</tr></thead>"
        "<tbody>{}</tbody></table></section>",
        more, where, f"{len(found.largest):,}",
        join(html('<th scope="col">{}</th>', head) for head in heads), join(body),
    )  # fmt: skip


def treatments(about: ObjectData) -> Markup:
    """Return the treatment log, if there is one."""
    if not about.treatments:
        return html("")
    rows = join(
        html(
            '<tr><th scope="row">{}</th><td>{}</td><td class="by">{}</td></tr>\n',
            one.date.isoformat(),
            one.what,
            one.by,
        )
        for one in about.treatments
    )
    return html(
        '<section><h2>Treatment log</h2><table class="words log"><thead><tr><th scope="col">Date</th>'
        '<th scope="col">Treatment</th><th scope="col" class="by">By</th></tr></thead>'
        "<tbody>{}</tbody></table></section>",
        rows,
    )


def signatures() -> Markup:
    """Return a place for two signatures."""
    cell = html('<td class="line"></td>')
    gap = html('<td class="gap"></td>')
    label = join((html("<th>Name</th>"), gap, html("<th>Signature</th>"), gap, html("<th>Date, place</th>")))
    line = join((cell, gap, cell, gap, cell))
    return html(
        '<section class="sign"><h2>Signatures</h2><h3>Examined and reported by</h3><table><tbody><tr>{}</tr>'
        "<tr>{}</tr></tbody></table><h3>Seen and approved for the file by</h3><table><tbody><tr>{}</tr>"
        "<tr>{}</tr></tbody></table></section>",
        line, label, line, label,
    )  # fmt: skip


def history(history: Mapping[str, Any]) -> Markup:
    """Return the history as a table; the file is attached as well."""
    rows = join(
        html('<tr><th scope="row">{}</th><td>{}</td></tr>\n', name, value_cell(value))
        for name, value in flat(history)
    )
    return html(
        '<section class="sheet"><h2>History</h2><table class="history"><caption>The attached file '
        "history.json as a table.</caption><tbody>{}</tbody></table></section>",
        rows,
    )


def _filled(proposal: Restoration, damage: DamageMap, name: str) -> float:
    """Return which share of a class of damage lies in the lacunae of the proposal."""
    there = inside = 0
    marked = damage.of(name)
    for band in Region.whole(damage.grid).bands(512):
        part = marked.read(band)
        if part.any():
            there += int(part.sum())
            inside += int((part & proposal.lacunae.read(band)).sum())
    return inside / there if there else 0.0


def _share_text(share: float) -> str:
    if share == 0:
        return "kept"
    return "filled" if share > 0.995 else f"{100 * share:.0f} % filled"


def _damage_row(area: Area, done: str) -> Markup:
    cells = [f"{area.area_px:,}", *([] if area.area_mm2 is None else [f"{area.area_mm2:,.2f}"])]
    cells += [f"{100 * area.share:.3g} %", f"{area.pieces:,}", done]
    columns = join(html("<td>{}</td>", cell) for cell in cells)
    return html('<tr><th scope="row">{}</th>{}</tr>\n', _swatch(area.damage), columns)


def _swatch(name: str) -> Markup:
    return html('<span class="swatch {}"></span>{}', name, name)


def _described(engine: str) -> str:
    """Return the first sentence of an engine's own description; "" for one that is not installed."""
    if engine not in registry.names("engines"):
        return ""
    return (getdoc(registry.load("engines", engine)) or "").split("\n")[0]


def _leaf(value: Any, key: str) -> str:
    found = value.get(key) if isinstance(value, Mapping) else None
    return "" if found is None else str(found)


def _made(history: Mapping[str, Any]) -> str:
    """Say when and with which version a proposal was made, as far as the history does."""
    when = str(history.get("created", "")).replace("T", " ").replace("+00:00", " UTC")
    return f"{when} with tratteggio {history.get('tratteggio', '')}".strip()
