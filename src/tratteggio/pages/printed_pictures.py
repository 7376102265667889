"""The pictures of a printed report: the painting on pages of its own, maps, and lacunae seen close."""

from __future__ import annotations

import numpy as np

from tratteggio import files
from tratteggio.files.embedding import data_uri
from tratteggio.finish import apply_finish
from tratteggio.markup import Markup, html, join
from tratteggio.pages.census import Census, Lacuna
from tratteggio.pages.maps import QUARTER_TURNED
from tratteggio.pages.print_style import CLOSE_MM, PAGE_MM
from tratteggio.pages.printed_words import FINISHES, name_of
from tratteggio.pages.views import around, extent, rgb
from tratteggio.painting import Pixels, Restoration, Scan
from tratteggio.painting.pixels import Array

DPI = 300  # of pictures as printed, if the scan has so many pixels
CLOSE_UPS = 8
INCH_MM = 25.4

Room = tuple[float, float]
"""Millimetres across and down that a picture may take."""


def sheets(proposal: Restoration) -> Markup:
    """Return the painting on pages of its own: before, with the proposal, and with its borders marked."""
    scan, finish = proposal.original, name_of(proposal.history, "finish")
    parts = [
        _sheet(scan, None, "Before", "The scan as it came."),
        _sheet(scan, proposal.pixels, "Proposal", FINISHES.get(finish, f"Finish {finish}.")),
    ]
    if finish == "mimetic":
        marked = apply_finish(proposal, "outlined")
        words = "The same fill with a contour along each lacuna, so that it can be told from the paint."
        parts.append(_sheet(scan, marked.pixels, "Proposal, outlined", words))
    return join(parts)


def close_ups(proposal: Restoration, found: Census) -> Markup:
    """Return the largest lacunae, before and with the proposal, two in a row."""
    if not found.largest:
        return html("")
    largest = found.largest[:CLOSE_UPS]
    cells = [_close_up(proposal, lacuna, number) for number, lacuna in enumerate(largest, start=1)]
    rows = join(html("<tr>{}</tr>\n", join(cells[start : start + 2])) for start in range(0, len(cells), 2))
    return html(
        '<section class="sheet"><h2>The largest lacunae</h2><table class="pairs"><tbody>{}</tbody></table>'
        "</section>",
        rows,
    )


def _close_up(proposal: Restoration, lacuna: Lacuna, number: int) -> Markup:
    scan = proposal.original
    region, where = around(lacuna, scan.grid)
    side = round(max(CLOSE_MM) / INCH_MM * DPI)
    before, after = (
        _img(rgb(files.overview(scan, longest=side, pixels=pixels, region=region)), alt, CLOSE_MM, sharp=True)
        for pixels, alt in (
            (None, f"Lacuna {number} before"),
            (proposal.pixels, f"Lacuna {number}, proposal"),
        )
    )
    return html(
        '<td><figure class="pair">{}{}<figcaption><b>{}</b> before and with the proposal{}, {}</figcaption>'
        "</figure></td>",
        before, after, number, where, extent(region, scan.um_per_px),
    )  # fmt: skip


def _sheet(scan: Scan, pixels: Pixels | None, title: str, words: str) -> Markup:
    """Show the painting as large as a page allows, at 300 dpi if there are so many pixels."""
    room = PAGE_MM
    view = rgb(files.overview(scan, longest=longest_px(scan, room), pixels=pixels))
    width = _printed_mm(view, room)
    dpi = view.shape[1] / (width / INCH_MM)
    caption = html("<b>{}.</b> {} Printed at {:.0f} dpi{}.", title, words, dpi, _scale(scan, width))
    return html('<section class="sheet"><h2>{}</h2>{}</section>', title, picture(view, title, caption, room))


def picture(image: Array, alt: str, caption: Markup, room: Room) -> Markup:
    """Return a figure with a caption, as large as the room allows."""
    return html("<figure>{}<figcaption>{}</figcaption></figure>", _img(image, alt, room), caption)


def _img(image: Array, alt: str, room: Room, *, sharp: bool = False) -> Markup:
    """Return an image at its size on paper; `sharp` shows the pixels of a much enlarged one as squares."""
    width = _printed_mm(image, room)
    few = sharp and image.shape[1] < width / INCH_MM * DPI / 2
    look = "few" if few else "many"
    source = data_uri(np.ascontiguousarray(image))
    return html('<img alt="{}" class="{}" style="width:{:.2f}mm" src="{}">', alt, look, width, source)


def _printed_mm(image: Array, room: Room) -> float:
    """Return the width at which an image fills the room that it has."""
    rows, cols = image.shape[:2]
    return float(min(room[0], room[1] * cols / rows))


def longest_px(scan: Scan, room: Room) -> int:
    """Return the pixels of the longer side of a scan that fills a room at 300 dpi."""
    rows, cols = scan.grid
    if scan.metadata.orientation >= QUARTER_TURNED:
        rows, cols = cols, rows
    width = min(room[0], room[1] * cols / rows)
    return max(1, round(width * max(1.0, rows / cols) / INCH_MM * DPI))


def view_of(scan: Scan, room: Room) -> Array:
    """Return a viewing copy of a scan that fills a room at 300 dpi: (h, w, 3) uint8."""
    return rgb(files.overview(scan, longest=longest_px(scan, room)))


def _scale(scan: Scan, width_mm: float) -> str:
    """Return the scale of a picture of this width; "" if the scan states none."""
    if scan.um_per_px is None:
        return ""
    rows, cols = scan.grid
    across = rows if scan.metadata.orientation >= QUARTER_TURNED else cols
    reduced = across * scan.um_per_px / 1000 / width_mm
    return f", scale 1 : {reduced:.3g}" if reduced >= 1 else f", {1 / reduced:.3g} times life size"
