"""What was found on FP-CAE: tables beside the published ones, gaps between nets, verdicts, and the curve."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from tratteggio.experiments._plot import curves
from tratteggio.experiments._reconstruction import Figures
from tratteggio.experiments._report import Claim, Column, Row, Table, Verdict
from tratteggio.models.fpcae import NAMES

NORMAL, PEN_NDE, PEN_UPDE, FP_CAE, CONCAT, ADD = NAMES
STACKED, SEPARATED = (NORMAL, PEN_NDE, PEN_UPDE, FP_CAE), (CONCAT, ADD)

PUBLISHED: Mapping[str, float] = {
    NORMAL: 0.9366,
    PEN_NDE: 0.9349,
    PEN_UPDE: 0.9271,
    FP_CAE: 0.9377,
    CONCAT: 0.9469,
    ADD: 0.9450,
}
PAIRS = (
    (FP_CAE, NORMAL),
    (NORMAL, PEN_NDE),
    (PEN_NDE, PEN_UPDE),
    (CONCAT, FP_CAE),
    (ADD, FP_CAE),
    (CONCAT, ADD),
)
"""Whose gaps are told: which is better as published, which is worse."""


class TrainedRun(NamedTuple):
    """One net trained with one seed.

    Attributes:
        figures: how well it brings patches back.
        minutes: of training.
    """

    figures: Figures
    minutes: float


Found = Mapping[str, Sequence[TrainedRun]]
"""Net -> its trials, in the order of the seeds, which are the same for all nets and two at least."""

Measure = Callable[[TrainedRun], float]

SSIM, SAME, CORNERS, COLOUR, MINUTES = (
    "SSIM",
    "SSIM, window same",
    "SSIM at the corners",
    "colour error, ΔE00",
    "minutes of training",
)
MEASURES: Mapping[str, Measure] = {
    SSIM: lambda run: run.figures.valid,
    SAME: lambda run: run.figures.same,
    CORNERS: lambda run: run.figures.edges[0],  # where the distance is 0
    COLOUR: lambda run: run.figures.colour,
    MINUTES: lambda run: run.minutes,
}
BY_SSIM = (SSIM, SAME, CORNERS)
SPREAD = " ±"  # behind the name of a measure: its spread over the seeds


class Spread(NamedTuple):
    """A figure over several seeds.

    Attributes:
        mean: over the seeds.
        deviation: standard deviation over the seeds (of a sample).
    """

    mean: float
    deviation: float

    @property
    def above(self) -> bool:
        """True if it is above 0 by more than chance makes of it."""
        return self.mean > self.deviation

    def __str__(self) -> str:
        return f"{self.mean:+.4f} ± {self.deviation:.4f}"


def spread(values: Iterable[float]) -> Spread:
    """Sum up two values or more.

    Example:
        >>> spread([0.25, 0.75]).mean, round(spread([0.25, 0.75]).deviation, 3)
        (0.5, 0.354)
    """
    listed = list(values)
    return Spread(statistics.mean(listed), statistics.stdev(listed))


def gap(found: Found, one: str, other: str, measure: Measure) -> Spread:
    """Return how far one net is above another by a measure, each seed compared with itself."""
    return spread(measure(a) - measure(b) for a, b in zip(found[one], found[other], strict=True))


def tables(found: Found, on: str) -> list[Table]:
    """Refill both tables of the paper, and tell gaps and modalities.

    Args:
        found: trials of all nets.
        on: what they were trained and measured on.
    """
    return [
        Table(f"Table 1 on {on}: stacked", _COLUMNS, [_row(net, found) for net in STACKED], _NOTE),
        Table(
            f"Table 2 on {on}: separated, beside FP-CAE",
            _COLUMNS,
            [_row(net, found) for net in (FP_CAE, *SEPARATED)],
        ),
        Table(f"Gaps on {on}, seed by seed", _GAPS, [_gap_row(found, *pair) for pair in PAIRS], _GAP_NOTE),
        _by_modality(found, on),
    ]


def compare_longer(
    found: Mapping[str, Found], on: str, *, steps: int, conclusive: bool
) -> tuple[Table, list[Claim]]:
    """Tell whether FP-CAE comes above the normal autoencoder with more steps, one rate, and other windows.

    Args:
        found: by window of the objective, trials of these two.
        on: what they were trained and measured on.
        steps: of each training.
        conclusive: as for `check_claims`.
    """
    title = f"Longer, at one rate, and with other windows, on {on}: {steps} steps"
    rows = [
        row for window, runs in found.items() for row in _probe_rows(runs, f", {window} in the objective")
    ]
    claims = []
    for window, runs in found.items():
        better = gap(runs, FP_CAE, NORMAL, MEASURES[SSIM if window == "valid" else SAME]).above
        why = _describe_gap(runs, FP_CAE, NORMAL)
        verdict: Verdict = (
            ("ordering only" if better else "not reproduced") if conclusive else "not attempted"
        )
        text = f"FP-CAE is better than the normal one after {steps} steps at one rate, objective {window}"
        claims.append(Claim(f"On {on}: {text}", verdict if conclusive else "not attempted", why))
    return Table(title, _GAPS, rows, f"{_GAP_NOTE} Both at the rate of the normal net."), claims


def _probe_rows(found: Found, suffix: str) -> list[Row]:
    rows = [
        Row(net + suffix, _with_spread({name: spread(map(MEASURES[name], runs)) for name in BY_SSIM}))
        for net, runs in found.items()
    ]
    gaps = {name: gap(found, FP_CAE, NORMAL, MEASURES[name]) for name in BY_SSIM}
    return [*rows, Row(f"{FP_CAE} above {NORMAL}{suffix}", _with_spread(gaps))]


def curve(found: Found, on: str) -> str:
    """Draw figure 6: SSIM of the four stacked nets by distance from the edge, mean over the seeds (SVG)."""
    lines = {
        net: [statistics.mean(at) for at in zip(*(t.figures.edges for t in found[net]), strict=True)]
        for net in STACKED
    }
    labels = [str(distance) for distance in range(len(lines[FP_CAE]))]
    return curves(lines, labels=labels, title=f"SSIM by distance from the edge in pixels, on {on}")


def check_claims(found: Found, on: str, *, conclusive: bool) -> list[Claim]:
    """Give a verdict on each claim of the paper.

    Which is better is told by SSIM with the window of the objective, and only where the gap is larger than
    its spread over the seeds.

    Args:
        found: trials of all nets.
        on: what they were trained and measured on.
        conclusive: False leaves every verdict open, and says what was seen.
    """

    def claim(text: str, held: bool, why: str, *, yes: Verdict = "ordering only") -> Claim:
        if not conclusive:
            return Claim(f"On {on}: {text}", "not attempted", f"A few steps prove nothing; {why}")
        return Claim(f"On {on}: {text}", yes if held else "not reproduced", why)

    def above(text: str, *pairs: tuple[str, str]) -> Claim:
        gaps = [gap(found, *pair, MEASURES[SSIM]) for pair in pairs]
        return claim(
            text, all(of.above for of in gaps), " ".join(_describe_gap(found, *pair) for pair in pairs)
        )

    edges, edges_why = _at_the_edges(found)
    worst = [(net, gap(found, net, PEN_UPDE, MEASURES[CORNERS])) for net in STACKED if net != PEN_UPDE]
    apart = gap(found, CONCAT, ADD, MEASURES[SSIM])
    published = PUBLISHED[CONCAT] - PUBLISHED[ADD]
    return [
        above("FP-CAE is better than the normal autoencoder (by 0.0011)", (FP_CAE, NORMAL)),
        above("the normal autoencoder is better than PEN+NDE (by 0.0017)", (NORMAL, PEN_NDE)),
        above("PEN+NDE is better than PEN+UPDE (by 0.0078)", (PEN_NDE, PEN_UPDE)),
        claim("FP-CAE is better than the other three at every distance from the edge", edges, edges_why),
        claim(
            "PEN+UPDE is the worst of the four at the corners",
            all(of.above for _, of in worst),
            f"SSIM of crops at the corners, above {PEN_UPDE}: "
            + "; ".join(f"{net} {of}" for net, of in worst)
            + ".",
        ),
        above(
            "Separated inputs are better than stacked ones (by 0.0092 and 0.0073)",
            (CONCAT, FP_CAE),
            (ADD, FP_CAE),
        ),
        claim(
            f"Concatenation and addition are close ({published:.4f} apart)",
            abs(apart.mean) <= published,
            f"{_describe_gap(found, CONCAT, ADD)} As close as published is what counts.",
            yes="reproduced",
        ),
    ]


def _describe_gap(found: Found, one: str, other: str) -> str:
    """Tell a gap by all three measures, and whether it can be told from chance."""
    gaps = []
    for name in BY_SSIM:
        of = gap(found, one, other, MEASURES[name])
        tail = "" if abs(of.mean) > of.deviation else ", within the spread"
        gaps.append(f"{of} by {name}{tail}")
    return f"{one} above {other}: {'; '.join(gaps)}."


def _at_the_edges(found: Found) -> tuple[bool, str]:
    """Tell at how many distances FP-CAE is above each rival by more than the spread."""
    distances = range(len(found[FP_CAE][0].figures.edges))
    counted = {}
    for rival in (NORMAL, PEN_NDE, PEN_UPDE):
        gaps = [gap(found, FP_CAE, rival, _at(distance)) for distance in distances]
        counted[rival] = (sum(of.above for of in gaps), sum(of.mean > 0 for of in gaps))
    held = all(beyond == len(distances) for beyond, _ in counted.values())
    listed = "; ".join(
        f"above {rival} at {above}, by more than the spread at {beyond}"
        for rival, (beyond, above) in counted.items()
    )
    return held, f"Of {len(distances)} distances {FP_CAE} is {listed}."


def _at(distance: int) -> Measure:
    return lambda run: run.figures.edges[distance]


# --- rows ----------------------------------------------------------------------------------------------


def _row(net: str, found: Found) -> Row:
    figures = {name: spread(map(measure, found[net])) for name, measure in MEASURES.items()}
    return Row(net, _with_spread(figures), {SSIM: PUBLISHED[net]})


def _gap_row(found: Found, one: str, other: str) -> Row:
    figures = {name: gap(found, one, other, MEASURES[name]) for name in BY_SSIM}
    return Row(f"{one} above {other}", _with_spread(figures), {SSIM: PUBLISHED[one] - PUBLISHED[other]})


def _with_spread(figures: Mapping[str, Spread]) -> dict[str, float]:
    means = {name: of.mean for name, of in figures.items()}
    return means | {name + SPREAD: of.deviation for name, of in figures.items()}


def _by_modality(found: Found, on: str) -> Table:
    modalities = list(found[FP_CAE][0].figures.each)
    rows = [
        Row(net, {name: statistics.mean(t.figures.each[name] for t in runs) for name in modalities})
        for net, runs in found.items()
    ]
    return Table(f"SSIM by modality on {on}", [Column(name, 4, "higher") for name in modalities], rows)


_BOTH = (
    (Column(SSIM, 4, "higher"), Column(SSIM + SPREAD, 4)),
    (Column(SAME, 4, "higher"), Column(SAME + SPREAD, 4)),
    (Column(CORNERS, 4, "higher"), Column(CORNERS + SPREAD, 4)),
    (Column(COLOUR, 2, "lower"), Column(COLOUR + SPREAD, 2)),
    (Column(MINUTES, 2, "lower"), Column(MINUTES + SPREAD, 2)),
)
_COLUMNS = tuple(column for pair in _BOTH for column in pair)
_GAPS = tuple(Column(name + tail, 4) for name in BY_SSIM for tail in ("", SPREAD))
_NOTE = (
    "Means over patches, then over modalities, those of 3 channels in grey; then mean and standard deviation "
    '(±) over the seeds. "SSIM" has a Gaussian window of 11 x 11 (1.5) that lies wholly inside, as in the '
    'objective, so that pixels near the edge hardly count; with "same" there is one around every pixel. '
    "Which was published is not known. At the corners: the crops of 8 x 8 at distance 0 of figure 6. The "
    "colour error is that of modalities of 3 channels, whose hue the objective leaves free. Minutes are of "
    "the clock, whatever else the machine had to do."
)
_GAP_NOTE = "One net less the other with the same seed: mean and standard deviation over the seeds."
