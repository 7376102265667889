"""Colours for grey: the net that ships and one constant tint, beside a few hints and a reference.

    tratteggio reproduce colouring --scale cpu --data DIR -o OUT     minutes on one core, resumable

Nothing is trained. Pictures of DIR that no net has learnt from are made grey and coloured: with one tint for
all of them, with the mean tint of the pictures that are not set aside, by the net of `colorize`, from 10, 30
and 100 dots of their own colours at random places (Levin, Lischinski, Weiss 2004), and their right half from
their left half (Welsh, Ashikhmin, Mueller 2002), as for a painting that has kept its colours in part. If DIR
holds folders, as `paintings` and `photographs`, figures are by folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tratteggio.experiments._folder import Ledger
from tratteggio.experiments._images import (
    VALIDATION_SHARE,
    Levels,
    pick_by_folder,
    readable,
    rng_of,
    write_phantoms,
)
from tratteggio.experiments._report import Claim, Column, Report, Row, Table, Verdict, as_jpeg, write_image
from tratteggio.filters.colouring import Reference, match_colours, spread_colours
from tratteggio.metrics import ciede2000, colour_auc
from tratteggio.training.image_lists import list_images, split
from tratteggio.training.sources import Folder, Reduced

TITLE = "Colours for grey: a net, one tint, a few hints and a reference"


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        most: pictures of each folder at most.
        learnt: pictures not set aside of which the mean tint is taken, at most.
        reduced: longer side of pictures, in pixels.
        conclusive: whether anything can be concluded.
    """

    most: int
    learnt: int
    reduced: int
    conclusive: bool


SCALES: Mapping[str, Scale] = {
    "smoke": Scale(most=2, learnt=2, reduced=64, conclusive=False),
    "cpu": Scale(most=16, learnt=100, reduced=192, conclusive=True),
}

GREY, TINT, MEAN, NET = "grey", "one tint: a* 2, b* 12", "one tint: the mean", "colorize, the net that ships"
DOTS = (10, 30, 100)
KEPT = "reference: the left half"
HALF_TINT = "one tint: the mean of the left half"

Colours = NDArray[np.float64]


def run(
    scale: str, *, data: Path | None, out: Path, seed: int, progress: Callable[[int, int], None] | None
) -> Report:
    """Colour and measure. What is measured is kept in `coloured.jsonl` and not done again."""
    chosen = SCALES[scale]
    if data is None:
        data = out / "pictures"
        write_phantoms(data, count=6, rows=80, cols=64)
    learnt, aside = split(list_images(data), share=VALIDATION_SHARE)
    groups = pick_by_folder(aside, chosen.most)
    folder = readable(data, [name for names in groups.values() for name in names])
    mean = _mean_tint(data, learnt[:: max(1, len(learnt) // chosen.learnt)], chosen.reduced)
    source = Reduced(folder, chosen.reduced)
    ledger = Ledger(out / "coloured.jsonl")
    rows: list[Levels] = []
    for number in range(len(folder)):
        name = folder.name(number)
        if name not in ledger or len(rows) < SHOWN:
            lab = _to_lab(source.read(number))
            coloured = colour(lab, mean, rng_of(seed, name))
            if len(rows) < SHOWN:
                rows.append(_row(lab, coloured))
            if name not in ledger:
                ledger.add(name, {way: list(_measure(lab, ab)) for way, ab in coloured.items()})
        if progress:
            progress(number + 1, len(folder))
    write_image(as_jpeg(_stack(rows)), out / "sheet.jpg")
    names = [folder.name(number) for number in range(len(folder))]
    found = {group: _means([ledger[n] for n in names if n.rpartition("/")[0] == group]) for group in groups}
    return _report(found, names, mean, chosen)


SHOWN = 4  # pictures on the sheet


def colour(lab: Colours, mean: Colours, rng: Generator) -> dict[str, Colours]:
    """Colour the lightness of a picture in every way -> a* and b*, (H, W, 2), of the right half for `KEPT`.

    Args:
        lab: the picture, (H, W, 3); the ways see its lightness, its colour at dots, and its left half.
        mean: tint, (2,).
        rng: places the dots.
    """
    light, ab = lab[..., 0], lab[..., 1:]
    ways = {
        GREY: np.zeros_like(ab),
        TINT: np.broadcast_to((2.0, 12.0), ab.shape),
        MEAN: np.broadcast_to(mean, ab.shape),
        NET: _by_net(light),
    }
    places = rng.permutation(light.size)
    for count in DOTS:
        trust = np.zeros(light.size)
        trust[places[:count]] = np.inf
        ways[_dots(count)] = spread_colours(light, ab, trust.reshape(light.shape))
    middle = light.shape[1] // 2
    left, right = np.ones((light.shape[0], middle)), np.ones((light.shape[0], light.shape[1] - middle))
    kept = Reference(light[:, :middle], ab[:, :middle], left)
    taken, trust = match_colours(light[:, middle:], right, kept)
    # What is known goes on beyond the middle: hints and reference work together.
    colours = np.concatenate([ab[:, :middle], taken], axis=1)
    certain = np.concatenate([np.full(left.shape, np.inf), trust], axis=1)
    ways[KEPT] = spread_colours(light, colours, certain)[:, middle:]
    ways[HALF_TINT] = np.broadcast_to(ab[:, :middle].mean(axis=(0, 1)), taken.shape)
    return ways


def _dots(count: int) -> str:
    return f"hints: {count} dots"


def _by_net(light: Colours) -> Colours:
    """Ask the net for the colours of L*, as `colorize` does."""
    import torch  # noqa: PLC0415  (takes seconds)

    from tratteggio import models  # noqa: PLC0415  (the same)
    from tratteggio.enhancers.colorize import WEIGHTS  # noqa: PLC0415  (the same)
    from tratteggio.experiments.colorization import answered  # noqa: PLC0415  (the same)
    from tratteggio.models.colorizer import TEMPERATURE, Colorizer  # noqa: PLC0415  (the same)

    net, _ = models.load(models.find(WEIGHTS))
    if not isinstance(net, Colorizer):
        raise TypeError(f"{WEIGHTS} is {type(net).__name__}")
    x = torch.from_numpy(light.astype(np.float32))[None, None]
    return np.moveaxis(answered(net, x, TEMPERATURE), 0, -1).astype(np.float64)


def _measure(lab: Colours, ab: Colours) -> tuple[float, float]:
    """Return mean dE00 and the area under the curve of distances; `ab` may cover the right part alone."""
    part = lab[:, lab.shape[1] - ab.shape[1] :]
    made = np.concatenate([part[..., :1], ab], axis=-1)
    away = np.hypot(*np.moveaxis(ab - part[..., 1:], -1, 0))
    return float(ciede2000(part, made).mean()), colour_auc(away)


def _mean_tint(data: Path, names: Sequence[str], reduced: int) -> Colours:
    source = Reduced(Folder(data, names=names), reduced)
    tints = [_to_lab(source.read(number))[..., 1:].mean(axis=(0, 1)) for number in range(len(source))]
    return np.asarray(np.mean(tints, axis=0))


def _to_lab(levels: Levels) -> Colours:
    import torch  # noqa: PLC0415  (takes seconds)

    from tratteggio.layers.lab import to_lab  # noqa: PLC0415  (the same)

    rgb = torch.from_numpy(levels.astype(np.float64) / 255).movedim(-1, 0)[None]
    lab: Colours = to_lab(rgb)[0].movedim(0, -1).numpy()
    return lab


def _means(values: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, list[float]]:
    return {way: np.mean([one[way] for one in values], axis=0).tolist() for way in values[0]}


# --- what came out ---------------------------------------------------------------------------------------


def _report(
    found: Mapping[str, Mapping[str, Sequence[float]]], names: Sequence[str], mean: Colours, scale: Scale
) -> Report:
    whole = [GREY, TINT, MEAN, NET, *map(_dots, DOTS)]
    columns = [
        column
        for group in found
        for column in (
            Column(_column("dE00", group), 2, "lower"),
            Column(_column("AuC, %", group), 1, "higher"),
        )
    ]

    def row(way: str) -> Row:
        return Row(
            way,
            {
                _column(measure, group): values[way][k]
                for group, values in found.items()
                for k, measure in enumerate(("dE00", "AuC, %"))
            },
        )

    claims = []
    for group, values in found.items():
        best = min((TINT, MEAN), key=lambda way, v=values: v[way][0])  # type: ignore[misc]
        claims.append(_claim(values, NET, best, group, scale))
        claims += [_claim(values, _dots(count), best, group, scale) for count in DOTS]
        claims.append(_claim(values, KEPT, HALF_TINT, group, scale))
    return Report(
        setting=f"{len(names)} pictures set aside by their names, {scale.reduced} pixels at their longer "
        f"side, made grey by L*. The mean tint of the others is a* {mean[0]:.1f}, b* {mean[1]:.1f}.",
        tables=[
            Table("All of the picture", columns, [row(way) for way in whole], _NOTE),
            Table(
                "The right half", columns, [row(KEPT), row(HALF_TINT)], "The left half is given in colour."
            ),
        ],
        claims=claims,
        notes=[
            "A net that does not beat one tint is for teaching. Hints and a reference are given by somebody "
            "who knows the painting: they are not a net's rivals at the same task, but what a scan should be "
            "coloured from.",
            "Dots lie at random; a person would put them on what differs, and needs fewer.",
        ],
        pictures={"sheet.jpg": f"as painted, {', '.join([*whole, KEPT])} (with the left half)"},
    )


def _column(measure: str, group: str) -> str:
    return f"{measure}, {group}" if group else measure


def _claim(values: Mapping[str, Sequence[float]], way: str, rival: str, group: str, scale: Scale) -> Claim:
    ours, theirs = values[way][0], values[rival][0]
    verdict: Verdict = "reproduced" if ours < theirs else "not reproduced"
    few = "" if scale.conclusive else "A few small pictures prove nothing; "
    where = f"{group}: " if group else ""
    return Claim(
        f"{where}{way} is nearer than {rival}",
        verdict if scale.conclusive else "not attempted",
        f"{few}dE00 {ours:.2f} against {theirs:.2f}.",
    )


def _row(lab: Colours, coloured: Mapping[str, Colours]) -> Levels:
    """Lay a picture and what was made of it side by side."""
    import torch  # noqa: PLC0415  (takes seconds)

    from tratteggio.layers.lab import shown  # noqa: PLC0415  (the same)

    whole = {way: ab for way, ab in coloured.items() if way != HALF_TINT}
    half = lab[:, : lab.shape[1] // 2, 1:]
    whole[KEPT] = np.concatenate([half, whole[KEPT]], axis=1)
    tensors = [
        torch.from_numpy(np.concatenate([lab[..., :1], ab], axis=-1)).movedim(-1, 0)[None]
        for ab in (lab[..., 1:], *whole.values())
    ]
    made = [np.rint(shown(one)[0].movedim(0, -1).numpy() * 255).astype(np.uint8) for one in tensors]
    return np.concatenate(made, axis=1)


def _stack(rows: Sequence[Levels]) -> Levels:
    widest = max(row.shape[1] for row in rows)
    padded = [np.pad(r, ((0, 4), (0, widest - r.shape[1]), (0, 0)), constant_values=255) for r in rows]
    return np.concatenate(padded)


_NOTE = (
    "dE00: mean CIEDE2000, lower is better. AuC: area under the share of pixels within a distance of 0 .. "
    "150 in the plane of a* and b*. Means over pictures."
)
