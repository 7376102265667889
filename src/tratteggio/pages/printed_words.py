"""The words of a printed report: what was proposed, and where the figures come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tratteggio.files.object_data import DIFFERS, ObjectData
from tratteggio.files.provenance import short_name
from tratteggio.markup import Markup, html, join
from tratteggio.pages.census import Census
from tratteggio.pages.maps import QUARTER_TURNED
from tratteggio.painting import Restoration, Scan

FINISHES = {
    "mimetic": "The fill imitates the paint around it.",
    "hatched": "The fill consists of fine vertical lines of pure colours (tratteggio), which mix at viewing "
    "distance.",
    "neutral": "The fill is one even, muted tone for each lacuna.",
    "outlined": "The fill has a thin contour along the border of each lacuna.",
}


DEPTHS = {"uint8": "8 bits", "uint16": "16 bits", "float32": "32-bit floats", "float64": "64-bit floats"}


def scan_text(scan: Scan) -> str:
    """Describe a scan in one line."""
    rows, cols = scan.grid
    scale = "no scale stated" if scan.um_per_px is None else f"{scan.um_per_px:.4g} µm per pixel"
    return (
        f"{short_name(scan.name)}: {cols:,} × {rows:,} pixels, {DEPTHS[scan.dtype.name]} per channel, {scale}"
    )


def summary(proposal: Restoration, found: Census) -> Markup:
    """Say in a few sentences what was proposed, and what was not touched."""
    lost, um = proposal.lacunae.lost_px, proposal.original.um_per_px
    area = f"{lost:,} pixels" if um is None else f"{lost * (um / 10_000) ** 2:,.2f} cm²"
    open_ = proposal.history.get("left_open")
    left = ""
    if open_ is not None and open_["lacunae"]:
        number = count_of(open_["lacunae"], "lacuna was", "lacunae were")
        left = f" {number} left open, because the fill would be too uncertain."
    return html(
        "<p>{} are marked as lost: {}, {:.3g} % of the area. A fill is proposed for them by the engine "
        "<b>{}</b>, shown with the finish <b>{}</b>.{} All other pixels are those of the scan, bit by "
        "bit.</p>\n<p>The proposal is computed. It is a hypothesis for study and discussion: no evidence of "
        "the lost paint, and no instruction for a treatment.</p>",
        count_of(found.count, "lacuna", "lacunae"), area, 100 * proposal.lacunae.share,
        name_of(proposal.history, "engine"), name_of(proposal.history, "finish"), left,
    )  # fmt: skip


def sources_of_figures(proposal: Restoration, about: ObjectData) -> Markup:
    """Say where each kind of figure in the report comes from."""
    return html(
        '<section class="whole"><h2>Where the figures come from</h2>{}</section>',
        join(html("<p>{}</p>\n", words) for words in _origins(proposal, about) if words),
    )


def _origins(proposal: Restoration, about: ObjectData) -> Iterator[str]:
    scan, tested = proposal.original, proposal.history.get("calibration")
    if about != ObjectData():
        yield "The object data and the treatment log are those of painting.toml. They were typed by people."
    if scan.um_per_px is None:
        yield "The scan states no physical scale, so areas and lengths are in pixels."
    else:
        yield (
            f"Lengths in mm and areas in mm² are pixels times the scale that the scan states: "
            f"{scan.um_per_px:.4g} µm per pixel. If that is wrong, they are wrong in proportion."
        )
        yield _contradiction(proposal, about)
    yield (
        "An area is the number of marked pixels. A lacuna is one connected area of lost pixels; its widest "
        "place is the diameter of the largest circle in it. What is marked is what a person or a detector "
        f"marked: {short_name(proposal.lacunae.name)}."
    )
    if tested is None:
        yield (
            "Confidence orders pixels by how much known paint the engine could use, from 0 to 1. It was not "
            "calibrated, so it is no probability."
        )
    else:
        yield (
            f"Confidence was calibrated: {tested['trials']} times synthetic holes were made in known paint "
            "of this painting, filled, and compared with it."
        )
    yield (
        "The pictures are copies with 8 bits per channel in sRGB. The files have the full depth. "
        "The command tratteggio verify proves that pixels outside the lacunae are those of the scan."
    )
    source = proposal.history.get("source", {})
    if "sha256" in source:
        yield f"The scan is the file with the SHA-256 {source['sha256']}."


def _contradiction(proposal: Restoration, about: ObjectData) -> str:
    """Return what to say if the stated dimensions and the scale of the scan differ by more than 5 %."""
    metadata = proposal.original.metadata
    if about.dimensions_cm is None or metadata.spacing_um is None:
        return ""
    sides = [
        count * um / 10_000 for count, um in zip(proposal.original.grid, metadata.spacing_um, strict=True)
    ]
    shown = sides[::-1] if metadata.orientation >= QUARTER_TURNED else sides
    if all(abs(a / b - 1) <= DIFFERS for a, b in zip(shown, about.dimensions_cm, strict=True)):
        return ""
    return (
        f"By its scale the scan shows {shown[0]:.1f} × {shown[1]:.1f} cm, which differs from the stated "
        "dimensions. It may show the frame or a part, or its scale may be wrong."
    )


def name_of(history: Mapping[str, Any], key: str) -> str:
    """Return the name of an engine or a finish in a history."""
    value = history.get(key, {})
    return str(value.get("name", "unknown") if isinstance(value, Mapping) else value)


def count_of(number: int, one: str, several: str) -> str:
    """Return a number with its noun.

    Example:
        >>> count_of(1, "lacuna", "lacunae"), count_of(1200, "lacuna", "lacunae")
        ('1 lacuna', '1,200 lacunae')
    """
    return f"{number:,} {one if number == 1 else several}"
