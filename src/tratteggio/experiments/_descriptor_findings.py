"""What the experiment on patch descriptors tells: tables, curves and verdicts on figures 3 and 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tratteggio.experiments._plot import curves
from tratteggio.experiments._report import Claim, Column, Row, Table, Verdict
from tratteggio.experiments._retrieval import SHARES, SIDE

V32, V128 = "A: v32, patch by patch", "B: v128, patch by patch"
CHEN, EXHAUSTIVE = "C: Chen et al. 2015", "D: exhaustive search"
PARTIAL = ("v32, by partial convolutions", "v128, by partial convolutions")
OFF = ("v32, read off the picture", "v128, read off the picture")
SYSTEMS = (V32, V128, CHEN, EXHAUSTIVE, *PARTIAL, *OFF)
"""A to D as in the figure; patch by patch, but blind to what is missing; and the way that makes ours fast."""

FLOATS = {OFF[0]: 8, OFF[1]: 32, CHEN: 128, V32: 32, V128: 128}
"""Numbers that are stored: a pixel by ours, read off the picture; a patch by all others."""

WITHIN = 0.1  # of the formula, or of the rival

Found = Mapping[str, NDArray[np.float32]]
"""Name of the pictures -> (systems, shares, queries, nearest): how far patches are, levels of 255."""


class Memory(NamedTuple):
    """What the descriptors of all patches of a square picture take.

    Attributes:
        side: of the picture, in pixels.
        floats: 32-bit numbers, by way.
    """

    side: int
    floats: Mapping[str, float]


def formula(name: str, side: int) -> int:
    """Count the numbers that are stored for a square picture.

    Example:
        >>> formula(OFF[0], 1000), formula(OFF[1], 1000), formula(CHEN, 1000)
        (8000000, 32000000, 124188800)
    """
    return FLOATS[name] * (side**2 if name in OFF else (side - SIDE + 1) ** 2)


def memory_curve() -> str:
    """Draw figure 3 by the formula."""
    sides = range(500, 4001, 500)
    drawn = {name: [4e-9 * formula(name, side) for side in sides] for name in (CHEN, OFF[1], OFF[0])}
    return curves(
        drawn, labels=[str(side) for side in sides], title="Descriptors of all patches by side in pixels, GB"
    )


def retrieval_curve(found: NDArray[np.float32], name: str) -> str:
    """Draw figure 4."""
    low, middle, high = _quartiles(found)
    return curves(
        {system: list(middle[k]) for k, system in enumerate(SYSTEMS)},
        labels=[f"{share:.0%}" for share in SHARES],
        title=f"Patches found on {name}, by what is missing: difference, levels of 255",
        spreads={
            system: list(zip(low[k], high[k], strict=True)) for k, system in enumerate(SYSTEMS)
        },
    )  # fmt: skip


def tables(stored: Sequence[Memory], found: Found) -> list[Table]:
    """Lay out the figures of both."""
    return [_memory(stored), *(table for name, of in found.items() for table in _retrieval(name, of))]


def check_claims(stored: Sequence[Memory], found: Found, *, conclusive: bool) -> list[Claim]:
    """Give a verdict on each claim.

    Args:
        stored: by side, the largest last.
        found: by name of the pictures.
        conclusive: False leaves verdicts open, and says what was seen.
    """
    return [
        _stores(stored, conclusive),
        *(c for name, of in found.items() for c in _finds(name, of, conclusive)),
    ]


def crossing(ours: Sequence[float], other: Sequence[float]) -> float | None:
    """Return the share from which on ours are lower, at that and all larger shares; None if at none.

    Example:
        >>> crossing([5, 5, 4, 4, 4, 4], [3, 4, 4, 5, 6, 7])
        0.3
    """
    from_on = None
    for share, mine, theirs in reversed(list(zip(SHARES, ours, other, strict=True))):
        if not mine < theirs:
            break
        from_on = share
    return from_on


# --- figure 3 ----------------------------------------------------------------------------------------


def _memory(stored: Sequence[Memory]) -> Table:
    columns = [Column("formula, 1000 x 1000", 0)]
    columns += [Column(f"measured / formula, {m.side} x {m.side}", 3) for m in stored]
    columns += [Column(f"measured a pixel, {stored[-1].side} x {stored[-1].side}", 2)]
    rows = [
        Row(
            name,
            {
                columns[0].name: formula(name, 1000),
                **{
                    column.name: m.floats[name] / formula(name, m.side)
                    for column, m in zip(columns[1:-1], stored, strict=True)
                },
                columns[-1].name: stored[-1].floats[name] / stored[-1].side ** 2,
            },
        )
        for name in FLOATS
    ]
    note = (
        "32-bit numbers that hold the descriptors of all patches of 16 x 16. Formula: 8 or 32 a pixel, read "
        "off; 128 (32 by v32) a patch, stored one by one. Measured: what is held when they are made, traced."
    )
    return Table("Figure 3: memory", columns, rows, note)


def _stores(stored: Sequence[Memory], conclusive: bool) -> Claim:
    last = stored[-1]
    a_pixel = {name: last.floats[name] / last.side**2 for name in (*OFF, CHEN)}
    held = all(abs(last.floats[name] / formula(name, last.side) - 1) <= WITHIN for name in FLOATS)
    text = ", ".join(f"{value:.2f} by {name}" for name, value in a_pixel.items())
    why = f"{text}, at {last.side} x {last.side} pixels."
    verdict: Verdict = "reproduced" if held else "not reproduced"
    return Claim(
        "Descriptors of all patches take 8 numbers a pixel (v32) or 32 (v128), where the rival takes 128",
        verdict if conclusive else "not attempted",
        why if conclusive else f"Small pictures are mostly border; {why}",
    )


# --- figure 4 ----------------------------------------------------------------------------------------


def _quartiles(found: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return lower quartile, median and upper quartile over all that was found: (3, systems, shares)."""
    pooled = found.reshape(*found.shape[:2], -1).astype(np.float64)
    quartiles: NDArray[np.float64] = np.percentile(pooled, (25, 50, 75), axis=-1)
    return quartiles


def _retrieval(name: str, found: NDArray[np.float32]) -> list[Table]:
    columns = [Column(f"{share:.0%} missing", 2, "lower") for share in SHARES]

    def table(title: str, figures: NDArray[np.float64], note: str = "") -> Table:
        rows = [
            Row(system, {c.name: float(v) for c, v in zip(columns, line, strict=True)})
            for system, line in zip(SYSTEMS, figures, strict=True)
        ]
        return Table(title, columns, rows, note)

    low, middle, high = _quartiles(found)
    count = found.shape[2] * found.shape[3]
    note = f"Root mean square difference from the query, in levels of 255; {count} patches for every figure."
    return [
        table(f"Figure 4 on {name}: median difference of what is found", middle, note),
        table(f"Figure 4 on {name}: lower quartile", low),
        table(f"Figure 4 on {name}: upper quartile", high),
    ]


def _finds(name: str, found: NDArray[np.float32], conclusive: bool) -> list[Claim]:
    of = dict(zip(SYSTEMS, _quartiles(found)[1], strict=True))
    by_query = dict(zip(SYSTEMS, np.median(found, axis=-1), strict=True))

    def verdict(held: bool) -> Verdict:
        if not conclusive:
            return "not attempted"
        return "ordering only" if held else "not reproduced"

    def why(figures: str) -> str:
        return f"{'' if conclusive else 'A few queries prove nothing; '}{figures}."

    def against(ours: str, other: str) -> str:
        won = np.mean(by_query[ours] < by_query[other], axis=1)
        return ", ".join(
            f"{mine:.1f} against {theirs:.1f} at {share:.0%} (better for {part:.0%} of the queries)"
            for share, mine, theirs, part in list(zip(SHARES, of[ours], of[other], won, strict=True))[::5]
        )

    claims = []
    for ours in (V128, PARTIAL[1], OFF[1]):
        held = bool(np.all(of[ours] < of[CHEN]))
        claims.append(
            Claim(
                f"On {name}, {ours.removeprefix('B: ')}, finds better patches than Chen et al., of 128 "
                "numbers too",
                verdict(held),
                why(against(ours, CHEN)),
            )
        )
    for ours in (V128, PARTIAL[1], OFF[1]):
        at = crossing(of[ours], of[EXHAUSTIVE])
        from_where = "it is better at no share" if at is None else f"it is better from {at:.0%} on"
        claims.append(
            Claim(
                f"On {name}, exhaustive search is best where little is missing, and "
                f"{ours.removeprefix('B: ')}, overtakes it",
                verdict(at is not None and at > 0),
                why(f"{from_where}: {against(ours, EXHAUSTIVE)}"),
            )
        )
    near = bool(np.all(of[V32] <= (1 + WITHIN) * of[CHEN]))
    claims.append(
        Claim(
            f"On {name}, v32 is like Chen et al. with a quarter of the numbers",
            verdict(near),
            why(against(V32, CHEN)),
        )
    )
    return claims
