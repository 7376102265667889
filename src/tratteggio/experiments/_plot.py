"""Curves as SVG, drawn by hand: a report needs no plotting library."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tratteggio.markup import Markup, html, join

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 52, 150, 36, 40  # margins, pixels; names of the curves stand at the right
APART = 7  # pixels between curves that have bars
COLOURS = (
    "#1b6ca8", "#d1495b", "#2e8b57", "#b8860b", "#6a4c93", "#4d4d4d",
    "#e07a1f", "#00838f", "#a05195", "#7a8b3a", "#8c564b",
)  # fmt: skip


def curves(
    series: Mapping[str, Sequence[float | None]],
    *,
    labels: Sequence[str],
    title: str,
    spreads: Mapping[str, Sequence[tuple[float, float]]] = {},
) -> Markup:
    """Draw curves over a common axis of labels, evenly spaced.

    Args:
        series: name -> one value for each label, None where there is none.
        labels: along the axis.
        title: above, with the unit of the values.
        spreads: name -> how far values spread at each label, as an upright bar from low to high; the curves
            then stand a little apart, so that bars do not cover each other.

    Returns:
        an SVG document.

    Example:
        >>> drawn = curves({"telea": [27.0, 24.5]}, labels=["1%–10%", "10%–20%"], title="PSNR, dB")
        >>> drawn.startswith("<svg") and "telea" in drawn
        True
    """
    values = [v for line in series.values() for v in line if v is not None and math.isfinite(v)]
    values += [end for bars in spreads.values() for bar in bars for end in bar]
    low, high, step = _ticks(min(values, default=0.0), max(values, default=1.0))

    def x(index: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (index + 0.5) / max(1, len(labels))

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    parts = [_text(LEFT, 20, title, weight="bold")]
    for k in range(round((high - low) / step) + 1):
        level = low + k * step
        parts.append(
            html(
                '<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" stroke="#ddd"/>',
                LEFT, WIDTH - RIGHT, y(level), y(level),
            )
        )  # fmt: skip
        parts.append(_text(LEFT - 6, y(level) + 4, f"{level:g}", anchor="end"))
    parts += [_text(x(k), HEIGHT - 16, label, anchor="middle") for k, label in enumerate(labels)]
    for number, (name, line) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        aside = APART * (number - (len(series) - 1) / 2) if spreads else 0
        parts += [
            html(
                '<line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}" stroke="{}" stroke-opacity="0.5"/>',
                x(k) + aside, x(k) + aside, y(least), y(most), colour,
            )
            for k, (least, most) in enumerate(spreads.get(name, ()))
        ]  # fmt: skip
        points = [(x(k) + aside, y(v)) for k, v in enumerate(line) if v is not None and math.isfinite(v)]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        parts.append(html('<polyline points="{}" fill="none" stroke="{}" stroke-width="2"/>', path, colour))
        parts += [
            html('<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>', px, py, colour) for px, py in points
        ]
        parts.append(_text(WIDTH - RIGHT + 12, TOP + 10 + 18 * number, name, colour=colour))
    return html(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}">'
        '<rect width="{0}" height="{1}" fill="white"/>{2}</svg>\n',
        WIDTH, HEIGHT, join(parts),
    )  # fmt: skip


def _ticks(least: float, most: float) -> tuple[float, float, float]:
    """Choose round limits and a step of 1, 2 or 5 times a power of ten, some six of them."""
    span = most - least or 1.0
    power = 10 ** math.floor(math.log10(span / 6))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= span / 6)
    low = math.floor(least / step) * step
    high = math.ceil(most / step) * step
    return low, (high if high > low else low + step), step


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", weight: str = "normal", colour: str = "#222"
) -> Markup:
    return html(
        '<text x="{:.1f}" y="{:.1f}" text-anchor="{}" font-family="sans-serif" font-size="12" '
        'font-weight="{}" fill="{}">{}</text>',
        x, y, anchor, weight, colour, words,
    )  # fmt: skip
