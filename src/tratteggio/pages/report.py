"""The report on one proposal: lacunae, fill, confidence and history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tratteggio import files, treatment
from tratteggio.damage import LEGEND
from tratteggio.errors import BadUsage
from tratteggio.files.embedding import img
from tratteggio.files.outputs import require_outputs
from tratteggio.files.provenance import short_name
from tratteggio.files.white import note_range
from tratteggio.markup import Markup, html, join
from tratteggio.pages.census import Census, Lacuna, census
from tratteggio.pages.comparison import INDEX, compare
from tratteggio.pages.frame import page
from tratteggio.pages.maps import (
    SCALE_STYLE,
    confidence_map,
    isolate_fill,
    mark_lacunae,
    place_upright,
    reduce_maps,
)
from tratteggio.pages.samples import STYLE as SAMPLES_STYLE
from tratteggio.pages.samples import samples_section
from tratteggio.pages.tables import STYLE as TABLE_STYLE
from tratteggio.pages.tables import history_table, lacuna_csv, lacuna_table, mm, mm2
from tratteggio.pages.treatment_log import log_table
from tratteggio.pages.true_pixels import MOST_INSIDE
from tratteggio.pages.views import DETAIL_PX, Overview, around, extent, figure, rgb
from tratteggio.pages.writing import html_path, write_page
from tratteggio.painting import Restoration, Scan
from tratteggio.renamed import renamed_arguments

ROWS = 200  # of the table of lacunae
LONGEST_PX = 1600  # of the images of the whole
DETAILS = 12  # how many lacunae are shown close up
NUMBERED = 24  # how many have their number on the image

STYLE = """
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(186px, 1fr)); gap: 1px;
  margin: 20px 1px 0; }
.facts div { padding: 10px 14px; box-shadow: 0 0 0 1px var(--rule); }
.facts dt { font-size: 13px; color: var(--soft); }
.facts dd { margin: 0; font-size: 17px; overflow-wrap: anywhere; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr));
  gap: 28px 24px; }
.full { grid-column: 1 / -1; }
.wall { background: var(--wall); padding: 14px; display: flex; justify-content: center; }
.held { position: relative; }
.held img { height: auto; max-height: 78vh; width: auto; }
.pin { position: absolute; transform: translate(-50%, -50%); min-width: 20px; padding: 0 5px;
  border-radius: 10px; font: 600 12px/20px system-ui, sans-serif; text-align: center; color: #fff;
  background: #1d1c1b; box-shadow: 0 0 0 1.5px #fff; text-decoration: none; }
.close { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr));
  gap: 26px 24px; }
.close .wall { padding: 8px; gap: 8px; }
.close img { width: calc(50% - 4px); height: 170px; object-fit: contain; image-rendering: pixelated; }
@media print { .facts { grid-template-columns: repeat(4, 1fr); } .facts dd { font-size: 11pt; }
  .pair, .close { grid-template-columns: 1fr 1fr; gap: 6mm 5mm; } .held img { max-height: 105mm; } }
"""


@renamed_arguments({"restoration": "proposal"})
def report(
    proposal: Restoration | str | Path,
    page: str | Path | None = None,
    *,
    samples: Sequence[Restoration] = (),
    log: Sequence[Mapping[str, Any]] = (),
    rows: int = ROWS,
    source: str | Path | None = None,
    white: float | None = None,
    overview: Overview = files.overview,
    true_pixels: bool = False,
    overwrite: bool = False,
) -> Markup:
    """Make the report on a proposal, a page that opens from disk, with a CSV table of the lacunae beside it.

    The painting is read in bands and in reduced views, so memory does not grow with it.

    Args:
        proposal: a restoration with its finish, or the file of a saved one.
        page: the .html file to write; the lacunae are written beside it (`table_file`). None writes nothing.
        samples: other plausible fills of the same lacunae, shown as a contact sheet. Those beside a file are
            found by themselves.
        log: a treatment log, as the studio keeps it: entries with `when`, `who`, `what` and details.
        rows: how many lacunae the table lists, largest first.
        source: of a file: the original, if it is not where the history says.
        white: of a file: the sample that stands for white, as for `tratteggio.reopen`.
        overview: makes the viewing copies.
        true_pixels: also write a comparison of scan and proposal at true pixels beside the page
            (`comparison_page`), and link to it.
        overwrite: replace a page that is there already.

    Returns:
        the page.

    Raises:
        UnsafeOutput: the page is there already, or is an input.
        BadUsage: `page` is not an .html file, or the proposal has no lacunae, as an array.
        UnreadableFile: the file, its history or its source is missing or damaged.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    target = None if page is None else html_path(page)
    if target is not None:
        outputs = [target, table_file(target)]
        require_outputs(outputs, inputs=_read_by(proposal, source), overwrite=overwrite)
    elif true_pixels:
        raise BadUsage("true pixels are written beside the page; name the page", option="true_pixels")
    if isinstance(proposal, str | Path):
        samples = samples or treatment.reopen_samples(proposal, source=source, white=white)
        proposal = treatment.reopen(proposal, source=source, white=white)
    if not isinstance(proposal, Restoration):
        raise BadUsage(
            "a report shows lacunae and history, so it needs a Restoration or the file of a saved proposal, "
            f"got {type(proposal).__name__}; inpaint a Scan or a file to get a Restoration"
        )
    found = census(proposal, rows=rows)
    link = None
    if target is not None and true_pixels:
        place = comparison_page(target, proposal.original.grid)
        beside = place.parent if place.name == INDEX else place
        compare(proposal.original, _shown(proposal), beside, true_pixels=True, overwrite=overwrite)
        link = place.relative_to(target.parent).as_posix()
    made = report_page(
        proposal, found, samples=samples or proposal.samples, log=log, overview=overview, link=link
    )
    if target is not None:
        table = lacuna_csv(found.largest, proposal.original)
        write_page(target, made, beside_it={table_file(target): table})
    return made


def table_file(page: Path) -> Path:
    """Name the CSV table of the lacunae beside a report: NAME.csv for NAME.html."""
    return page.with_suffix(".csv")


def comparison_page(page: Path, grid: tuple[int, int]) -> Path:
    """Name the comparison beside a report: NAME_compare.html, or NAME_compare/index.html for large scans."""
    stem = page.stem.removesuffix(".report").replace(".", "_")
    inside = grid[0] * grid[1] <= MOST_INSIDE
    return page.with_name(f"{stem}_compare.html") if inside else page.with_name(f"{stem}_compare") / INDEX


def _shown(proposal: Restoration) -> Scan:
    """Return the proposal as a scan."""
    return replace(proposal.original, pixels=proposal.pixels, name="proposal", seen=None)


def _read_by(proposal: Restoration | str | Path, source: str | Path | None) -> list[str | Path]:
    """List the files that a report is made from."""
    if isinstance(proposal, Restoration):
        return [proposal.original.name]
    return [proposal, *([] if source is None else [source])]


def report_page(
    restoration: Restoration,
    found: Census,
    *,
    samples: Sequence[Restoration],
    log: Sequence[Mapping[str, Any]] = (),
    overview: Overview,
    link: str | None = None,
) -> Markup:
    """Lay the page out; see `report`. `link` is where the comparison at true pixels lies."""
    note_range(restoration.original)
    lacunae = found.largest
    name = short_name(restoration.original.name)
    parts = [
        _pictures(restoration, lacunae, overview),
        _close_up(restoration, lacunae[:DETAILS], overview),
        samples_section(restoration, samples, lacunae, overview) if samples else "",
        lacuna_table(found, restoration.original, calibrated="calibration" in restoration.history),
        log_table(log) if log else "",
        history_table(restoration.history),
        _reading(restoration),
    ]
    body = html(
        '<header>\n<div class="over">Proposal for a virtual restoration</div>\n<h1>{}</h1>\n'
        '<p class="soft">Lacunae from {}. '
        "The original paint is unchanged. The fill covers the lacunae only.{}</p>\n{}\n</header>\n"
        "<main>\n{}\n</main>\n"
        "<footer>The images on this page are copies with 8 bits per channel. Large ones are JPEG. "
        "The files have the full bit depth.</footer>",
        name, short_name(restoration.lacunae.name), _link(link), _facts(restoration, found.count),
        join(parts, "\n"),
    )  # fmt: skip
    style = STYLE + SCALE_STYLE + SAMPLES_STYLE + TABLE_STYLE + _places(restoration, lacunae)
    return page(f"Proposal for {name}", body, style=style)


def _link(place: str | None) -> Markup:
    """Return the link to the comparison at true pixels, if there is one."""
    if place is None:
        return html("")
    return html(' <a href="./{}">Compare scan and proposal at true pixels.</a>', quote(place))


def _facts(restoration: Restoration, count: int) -> Markup:
    rows, cols = restoration.original.grid
    um_per_px, lost_px = restoration.original.um_per_px, restoration.lacunae.lost_px
    history = restoration.history
    facts = {
        "Size": f"{cols:,} × {rows:,} px",
        "Scale": "not stated in the file" if um_per_px is None else f"{um_per_px:.4g} µm per px",
        "Painting": "" if um_per_px is None else f"{mm(cols, um_per_px)} × {mm(rows, um_per_px)} mm",
        "Depth": f"{restoration.original.dtype.name}, {restoration.original.channels} channels",
        "Lost": f"{100 * restoration.lacunae.share:.3g} % of the area",
        "Lost area": f"{lost_px:,} px" if um_per_px is None else f"{mm2(lost_px, um_per_px)} mm²",
        "Lacunae": f"{count:,}",
        "Not filled": f"{history['left_open']['lacunae']:,} lacunae" if "left_open" in history else "",
        "Engine": _text_of(history, "engine"),
        "Finish": _text_of(history, "finish"),
        "Seed": _text_of(history, "seed"),
        "tratteggio": _text_of(history, "tratteggio"),
    }
    cells = join(
        html("<div><dt>{}</dt><dd>{}</dd></div>", name, value) for name, value in facts.items() if value
    )
    return html('<dl class="facts">{}</dl>', cells)


def _pictures(restoration: Restoration, lacunae: Sequence[Lacuna], overview: Overview) -> Markup:
    before = rgb(overview(restoration.original, longest=LONGEST_PX))
    proposal = rgb(overview(restoration.original, longest=LONGEST_PX, pixels=restoration.pixels))
    # Two passes: the copy of a scan with a pyramid may differ by a pixel from that of its proposal.
    share_before, _ = reduce_maps(restoration, (before.shape[0], before.shape[1]))
    share, sure = reduce_maps(restoration, (proposal.shape[0], proposal.shape[1]))
    name = short_name(restoration.original.name)
    pins = join(html('<a class="pin" href="#lacuna-{}">{}</a>', n, n) for n, _ in _number(lacunae))
    numbered = f" The {min(NUMBERED, len(lacunae))} largest are numbered." if lacunae else ""
    figures = [
        figure(before, f"{name} before", html("<b>Before.</b> The scan without a fill.")),
        figure(proposal, f"{name} with the proposal", html("<b>Proposal.</b> The scan with the fill.")),
        figure(
            mark_lacunae(before, share_before),
            f"{name}, lacunae in {LEGEND['lacuna'].name}",
            html("<b>Lacunae.</b> Magenta marks lost paint. The scan is shown paler.{}", numbered),
            pins=pins,
            css="full",
        ),
        figure(
            isolate_fill(proposal, share),
            "The fill alone on a neutral ground",
            html("<b>The fill alone</b>, on a neutral ground. All of this is conjecture."),
        ),
        figure(
            confidence_map(sure, share),
            "Confidence inside the lacunae, from dark violet (lower) to pale yellow (higher)",
            html('<b>Confidence</b>, {}: lower<span class="scale"></span>higher.', _meaning(restoration)),
        ),
    ]
    return html('<section><h2>Overview</h2>\n<div class="pair">\n{}</div></section>', join(figures))


def _number(lacunae: Sequence[Lacuna]) -> Iterator[tuple[int, Lacuna]]:
    return enumerate(lacunae[:NUMBERED], start=1)


def _places(restoration: Restoration, lacunae: Sequence[Lacuna]) -> str:
    """Return the style of the pins: in the style sheet, for the policy of pages forbids style attributes."""
    (rows, cols), orientation = restoration.original.grid, restoration.original.metadata.orientation
    lines = []
    for number, lacuna in _number(lacunae):
        row, col = lacuna.deepest
        top, left = place_upright((row + 0.5) / rows, (col + 0.5) / cols, orientation)
        lines.append(f'.pin[href="#lacuna-{number}"] {{ left: {100 * left:.3f}%; top: {100 * top:.3f}%; }}\n')
    return "".join(lines)


def _close_up(restoration: Restoration, lacunae: Sequence[Lacuna], overview: Overview) -> Markup:
    if not lacunae:
        return html("")
    figures = []
    for number, lacuna in enumerate(lacunae, start=1):
        region, where = around(lacuna, restoration.original.grid)
        before = overview(restoration.original, longest=DETAIL_PX, region=region)
        after = overview(restoration.original, longest=DETAIL_PX, pixels=restoration.pixels, region=region)
        figures.append(
            html(
                '<figure><div class="wall">{}{}</div>'
                "<figcaption><b>{}</b> before and proposal{}, {}</figcaption></figure>\n",
                img(before, f"Lacuna {number} before"),
                img(after, f"Lacuna {number}, proposal"),
                number,
                where,
                extent(region, restoration.original.um_per_px),
            )
        )
    return html(
        '<section><h2>The largest lacunae</h2>\n<div class="close">\n{}</div></section>', join(figures)
    )


def _reading(restoration: Restoration) -> Markup:
    finish = _text_of(restoration.history, "finish")
    shown = {
        "mimetic": "This fill imitates the paint. Use the lacunae map to distinguish it from the original.",
        "hatched": "This fill consists of fine vertical lines of pure colours (tratteggio). At viewing "
        "distance they mix to the intended colour.",
        "neutral": "This fill is one even, muted tone for each lacuna. It adds no details.",
        "outlined": "A thin contour marks the border of each lacuna.",
    }.get(finish, "")
    return html(
        "<section><h2>How to read this</h2>\n"
        "<p>This is a computed proposal for study and discussion. It is not evidence of the lost paint, and "
        "it is not an instruction for treatment. Every fill of a lacuna is a conjecture.</p>\n"
        "<p>{}</p>\n<p>Pixels outside the lacunae equal the source bit for bit. "
        "<code>tratteggio verify</code> proves this on the files. {}</p></section>",
        _confidence(restoration.history), shown,
    )  # fmt: skip


def _meaning(restoration: Restoration) -> str:
    calibrated = "calibration" in restoration.history
    return "calibrated on known paint" if calibrated else "not calibrated"


def _confidence(history: Mapping[str, Any]) -> str:
    """Say what the confidence means, and what showed that it holds."""
    tested = history.get("calibration")
    if tested is None:
        return (
            "Confidence orders the pixels by how much known paint the engine could use. It is not "
            "calibrated: 0.8 is better than 0.4, but its accuracy on this painting is untested."
        )
    nine = tested["levels"].index(0.9)
    return (
        "Confidence states how wrong the fill may be. It is calibrated: synthetic holes of the same shapes "
        f"were made in known paint of this painting {tested['trials']} times and filled. In tests that the "
        f"calibration did not use, {tested['within_after'][nine]:.0%} of the pixels were within the error "
        f"band for 90 % of the pixels ({tested['within_before'][nine]:.0%} before calibration)."
    )


def _text_of(history: Mapping[str, Any], key: str) -> str:
    """Return what the history says under a key: the value, or the name within."""
    value = history.get(key)
    if isinstance(value, Mapping):
        value = value.get("name")
    return "" if value is None else str(value)
