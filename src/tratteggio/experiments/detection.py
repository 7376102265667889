"""Damage found: paint loss from few labels, overpaint from other rays, and what is found where nothing is.

    tratteggio reproduce detection -o OUT                          a minute; shows that all parts work
    tratteggio reproduce detection --scale cpu --data DIR -o OUT   some ten minutes on one core, resumable

After Xie, Meeus, Pižurica, BNAIC 2019 (features of FP-CAE for paint loss with few annotations), Meeus et al.,
ISPA 2019 and SPIE 2020 (TI-UNet against a U-Net and kernel sparse representation, 20 to 1280 labels a class).
Their panels may not be passed on, and no figures are at hand; here panels are phantoms, whose truth is exact.

Labels come from the upper half of a panel; what is measured lies in the lower half. Pictures in DIR are
intact paintings: those that the net of detector `lacunae` has not learnt from tell how much it marks that is
not lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tratteggio.damage import Strengths, threshold_and_trace
from tratteggio.degradation.losses import random_losses
from tratteggio.degradation.simulation.ground import simulate_losses
from tratteggio.detectors import lacunae, overpaint
from tratteggio.experiments import _finders
from tratteggio.experiments._folder import Ledger
from tratteggio.experiments._images import Levels, validation_images
from tratteggio.experiments._plot import curves
from tratteggio.experiments._report import Claim, Column, Report, Row, Table, Verdict, as_jpeg, write_image
from tratteggio.experiments._stages import Progress, StepCounter
from tratteggio.experiments._views import latents_of, seen
from tratteggio.metrics.detection import Agreement, agreement, auc_roc, kappa
from tratteggio.painting import Region, Scan, Stack
from tratteggio.phantom import Examination, multimodal

TITLE = "Paint loss from few labels (Xie et al. 2019, Meeus et al. 2020), overpaint, false alarms"

FIRST_SEED = 1000  # of the panels: no net of ours has learnt from these
LOSSES, OVERPAINT = 0.06, 0.08  # shares of the area aimed at
GUARD = 16  # px between what teaches and what is measured
LATENTS = 80
DRAWN = 0.06  # share of a painting that drawn losses take

FPCAE, BOTH, AROUND, RAW = "FP-CAE features", "FP-CAE and statistics", "statistics around", "raw pixels"
SPARSE, BOOSTED, TI_UNET, U_NET = "kernel sparse", "boosted stumps", "TI-UNet", "U-Net"
METHODS = (FPCAE, BOTH, AROUND, RAW, SPARSE, BOOSTED, TI_UNET, U_NET)
STACKED, ALONE = "all scans", "rgb alone"
FEW = 80  # labels a class that claims are judged at

KAPPA, RANKED = "kappa", "kappa, same share"
RGB_ALONE = "rgb alone"


@dataclass(frozen=True)
class Scale:
    """How much is done.

    Attributes:
        panels: phantoms, each with labels of its own.
        rows, cols: size of each, pixels.
        counts: labelled pixels a class.
        asked: pixels a class that are measured, and as many at random.
        paintings: intact ones at most.
        conclusive: whether anything can be concluded.
    """

    panels: int
    rows: int
    cols: int
    counts: tuple[int, ...]
    asked: int
    paintings: int
    conclusive: bool


SCALES: Mapping[str, Scale] = {
    "smoke": Scale(1, 256, 192, (20,), 200, 1, conclusive=False),
    "cpu": Scale(5, 512, 384, (20, 40, 80, 160, 320, 640, 1280), 500, 40, conclusive=True),
}


class Score(NamedTuple):
    """How well losses were told from paint: on as many pixels of both, and at random if as much is marked."""

    kappa: float
    ranked: float


Scores = Mapping[tuple[str, str, int], Sequence[Score]]
"""(method, scans, labels a class) -> one for each panel."""


def run(scale: str, *, data: Path | None, out: Path, seed: int, progress: Progress | None) -> Report:
    """Learn, measure and compare. What is measured is kept in `found.jsonl` and not computed again."""
    chosen = SCALES[scale]
    ledger = Ledger(out / "found.jsonl")
    detector = lacunae.make(device="cpu")
    names, read = validation_images(data, chosen.paintings)
    cases = [
        (method, scans, count)
        for count in chosen.counts
        for scans in (STACKED, ALONE)
        for method in (METHODS if scans == STACKED else (FPCAE, BOTH, AROUND, RAW))
    ]
    counter = StepCounter(progress, chosen.panels * (len(cases) + 2) + len(names))
    for number in range(chosen.panels):
        panel = Panel.of(FIRST_SEED + 100 * seed + number, chosen)
        for method, scans, count in cases:
            if (key := f"{number} | {method} | {scans} | {count}") not in ledger:
                ledger.add(key, panel.score(method, scans, count)._asdict())
            counter.add(1)
        if (key := f"{number} | overpaint") not in ledger:
            ledger.add(key, score_overpaint(panel.examination))
        counter.add(1)
        if (key := f"{number} | default") not in ledger:
            ledger.add(key, asdict(default(panel.examination.stack["rgb_during"], panel.lost, detector)))
        counter.add(1)
    for index, name in enumerate(names):
        if (key := f"intact | {name}") not in ledger:
            ledger.add(key, {"marked": marked(read(name), detector)})
        if (key := f"drawn | {name}") not in ledger:
            ledger.add(key, asdict(default(*with_losses(read(name), seed=index), detector)))
        counter.add(1)
    scores = {
        (method, scans, count): [
            Score(**ledger[f"{number} | {method} | {scans} | {count}"]) for number in range(chosen.panels)
        ]
        for method, scans, count in cases
    }
    hidden = [ledger[f"{number} | overpaint"] for number in range(chosen.panels)]
    met = {
        "phantoms": [Agreement(**ledger[f"{number} | default"]) for number in range(chosen.panels)],
        "paintings with drawn losses": [Agreement(**ledger[f"drawn | {name}"]) for name in names],
    }
    alarms = {name: float(ledger[f"intact | {name}"]["marked"]) for name in names}
    _draw(scores, chosen, out)
    write_image(as_jpeg(_sheet(chosen, detector, seed)), out / "sheet.jpg")
    return Report(
        setting=_setting(chosen, len(names), data is not None),
        tables=[
            *(_table(scores, chosen, field) for field in (KAPPA, RANKED)),
            _overpaint_table(hidden),
            _met_table(met),
            _alarm_table(alarms),
        ],
        claims=check_claims(scores, hidden, alarms, chosen),
        notes=[
            "Panels differ more than methods do, see the spread; the autoencoder has learnt from other "
            "panels of the same kind, and from no painting.",
            "Labels drawn from all of a half are kinder than strokes: they meet every colour that there is.",
        ],
        pictures={
            "kappa.svg": "Kappa by labels a class, all scans; bars from the least to the most of the panels",
            "sheet.jpg": "A panel before treatment: visible, infrared, ultraviolet; what overpaint makes of "
            "it, where overpaint and retouches are; cleaned, what lacunae marks by default, where paint is "
            "lost",
        },
        device="cpu",
    )


# --- panels ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Panel:
    """A phantom with labels from its upper half, and pixels of its lower half that are measured.

    Attributes:
        examination: scans and truth.
        lost: (H, W), where paint is lost.
        seed: of the labels.
        asked: pixels a class that are measured.
    """

    examination: Examination
    lost: NDArray[np.bool_]
    seed: int
    asked: int

    @classmethod
    def of(cls, seed: int, scale: Scale) -> Panel:
        """Paint, damage and examine a panel."""
        made = multimodal(scale.rows, scale.cols, seed=seed, losses=LOSSES, overpaint=OVERPAINT)
        return cls(made, made.truth.losses.read(), seed, scale.asked)

    @cached_property
    def pictures(self) -> Mapping[str, NDArray[np.float32]]:
        """What nets from scratch see: (H, W, channels), 0 .. 1."""
        light = {
            scan.modality: scan.colour().astype(np.float32) / np.float32(255)
            for scan in self.examination.stack.scans
        }
        return {STACKED: np.concatenate(list(light.values()), axis=2), ALONE: light["rgb_during"]}

    @cached_property
    def features(self) -> Mapping[str, NDArray[np.float32]]:
        """What heads see: (H, W, features), the latents of FP-CAE last."""
        stack = self.examination.stack
        whole = Region.whole(stack.grid)
        alone = Stack((stack["rgb_during"],))
        return {
            name: seen(one.crop(whole), latents_of(one, device="cpu"), whole)
            for name, one in ((STACKED, stack), (ALONE, alone))
        }

    def score(self, method: str, scans: str, count: int) -> Score:
        """Learn from `count` labels a class by one method, and measure."""
        # The same labels for all methods; of a smaller count they are the first of a larger.
        places, lost = self._draw_pixels(slice(0, len(self.lost) // 2), count, stream=1)
        asked, truth = self._draw_pixels(slice(len(self.lost) // 2 + GUARD, None), self.asked, stream=2)
        spread = np.random.default_rng([self.seed, 3])
        below = np.argwhere(np.ones_like(self.lost[len(self.lost) // 2 + GUARD :]))
        anywhere = below[spread.permutation(len(below))[: 2 * self.asked]]
        anywhere[:, 0] += len(self.lost) // 2 + GUARD
        scores = self._scores(method, scans, places, lost, np.concatenate([asked, anywhere]))
        mine, others = scores[: len(asked)], scores[len(asked) :]
        there = self.lost[tuple(anywhere.T)]
        same = np.zeros_like(there)
        same[np.argsort(-others, kind="stable")[: there.sum()]] = True
        return Score(kappa(truth[None], mine[None] > 0), kappa(there[None], same[None]))

    def _draw_pixels(
        self, rows: slice, count: int, *, stream: int
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Draw as many pixels of both classes -> (places (n, 2), lost (n,))."""
        places = []
        for lost in (False, True):
            rng = np.random.default_rng([self.seed, stream, lost])
            where = np.argwhere(self.lost[rows] == lost)
            places.append(where[rng.permutation(len(where))[:count]] + (rows.start, 0))
        return np.concatenate(places), np.repeat([False, True], [len(one) for one in places])

    def _scores(
        self,
        method: str,
        scans: str,
        places: NDArray[np.int64],
        lost: NDArray[np.bool_],
        asked: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """Score pixels, above 0 what is held for lost."""
        if method in (TI_UNET, U_NET):
            learn = _finders.ti_unet if method == TI_UNET else _finders.plain_unet
            return learn(self.pictures[scans], places, lost, asked, seed=self.seed)
        if method == RAW:
            values = self.pictures[scans]
        else:
            features = self.features[scans]
            part = {FPCAE: slice(-LATENTS, None), BOTH: slice(None)}.get(method, slice(0, -LATENTS))
            values = features[..., part]
        ways = {SPARSE: _finders.kernel_sparse, BOOSTED: _finders.boosted_stumps}
        return ways.get(method, _finders.logistic)(values[tuple(places.T)], lost, values[tuple(asked.T)])


# --- overpaint and false alarms ----------------------------------------------------------------------


def score_overpaint(examination: Examination) -> dict[str, float]:
    """Return the area under the ROC curve of overpaint, by what is looked at; retouches do not count."""
    truth, stack = examination.truth, examination.stack
    over, retouched = (np.asarray(of[:, :]) for of in (truth.overpaint, truth.retouch))
    counts = ~retouched | over
    figures = {}
    for guides in (("irr", "uvf"), ("irr",), ("uvf",)):
        one = Stack((stack["rgb_before"], *(stack[name] for name in guides)))
        strength = Strengths(one, overpaint.make())[:, :]
        figures[" and ".join(guides)] = auc_roc(over, strength, annotated=counts)
    figures[RGB_ALONE] = auc_roc(over, rareness(stack["rgb_before"]), annotated=counts)
    return figures


def rareness(scan: Scan) -> NDArray[np.float64]:
    """Tell how rare the colours about each pixel are in a scan: Mahalanobis' distance, (H, W)."""
    colour = ndimage.gaussian_filter(
        scan.colour().astype(np.float64), (overpaint.GATHER, overpaint.GATHER, 0)
    )
    flat = colour.reshape(-1, colour.shape[2])
    off = flat - np.median(flat, axis=0)
    inverse = np.linalg.inv(np.cov(flat, rowvar=False) + 1e-3 * np.eye(flat.shape[1]))
    return np.asarray(np.sqrt(np.einsum("ij,jk,ik->i", off, inverse, off)).reshape(colour.shape[:2]))


def marked(image: Levels, detector: lacunae.LacunaeNet) -> float:
    """Return the share of a picture that detector `lacunae` marks by default."""
    return float(_marks(Scan(image), detector).mean())


def default(scan: Scan, lost: NDArray[np.bool_], detector: lacunae.LacunaeNet) -> Agreement:
    """Compare what detector `lacunae` marks by default with what is lost, pixel by pixel."""
    return agreement(lost, _marks(scan, detector))


def with_losses(image: Levels, *, seed: int) -> tuple[Scan, NDArray[np.bool_]]:
    """Draw ragged losses that bare some ground -> (scan, where)."""
    rng = np.random.default_rng([seed, 5])
    lost = random_losses(image.shape[:2], rng, share=(DRAWN, DRAWN))
    seen = simulate_losses(image.astype(np.float32) / np.float32(255), lost, rng)
    return Scan(np.rint(np.clip(seen, 0, 1) * 255).astype(np.uint8)), lost


def _marks(scan: Scan, detector: lacunae.LacunaeNet) -> NDArray[np.bool_]:
    strengths = Strengths(Stack((scan,)), detector)
    return threshold_and_trace(
        strengths, threshold=detector.threshold, trace=detector.trace, name=scan.name
    ).read()


# --- report -----------------------------------------------------------------------------------------


def _values(scores: Sequence[Score], field: str) -> list[float]:
    return [one.kappa if field == KAPPA else one.ranked for one in scores]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _table(scores: Scores, scale: Scale, field: str) -> Table:
    columns = [Column(str(count), 3, "higher") for count in scale.counts]
    if scale.panels > 1:
        columns.append(Column(f"spread at {FEW}", 3))
    rows = []
    for method, scans in dict.fromkeys((method, scans) for method, scans, _ in scores):
        name = method if scans == STACKED else f"{method}, {scans}"
        ours = {str(n): _mean(_values(scores[method, scans, n], field)) for n in scale.counts}
        if scale.panels > 1:
            ours[f"spread at {FEW}"] = float(np.std(_values(scores[method, scans, FEW], field), ddof=1))
        rows.append(Row(name, ours))
    what = (
        f"on {scale.asked} lost and {scale.asked} sound pixels of the lower half, at odds of 1"
        if field == KAPPA
        else f"on {2 * scale.asked} pixels anywhere in the lower half, as many marked as are lost"
    )
    note = (
        f"Mean over {scale.panels} panels, each with labels of its own; the spread is a standard deviation. "
        f"Cohen's kappa {what}."
    )
    return Table(f"{field[0].upper()}{field[1:]}, by labels a class", columns, rows, note)


def _overpaint_table(hidden: Sequence[Mapping[str, float]]) -> Table:
    columns = [Column("mean", 3, "higher"), Column("least", 3)]
    rows = [
        Row(name, {"mean": _mean(values), "least": min(values)})
        for name in hidden[0]
        for values in [[one[name] for one in hidden]]
    ]
    note = (
        "Area under the ROC curve of detector `overpaint` over panels before treatment, of which some 8 % "
        "are overpainted; retouches over losses, which it finds as well, count neither way. RGB alone, which "
        "the detector refuses: how rare the colours are."
    )
    return Table("Overpaint", columns, rows, note)


def _met_table(met: Mapping[str, Sequence[Agreement]]) -> Table:
    columns = [Column(name, 2) for name in ("precision", "recall", "F1", "median recall")]
    rows = []
    for name, each in met.items():
        whole = sum(each[1:], each[0])
        recalls = [one.recall for one in each]
        ours = (whole.precision, whole.recall, whole.f1, float(np.median(recalls)))
        rows.append(Row(name, dict(zip((column.name for column in columns), ours, strict=True))))
    note = (
        "Pixels that detector `lacunae` marks by default beside those that are lost, without tolerance, of "
        f"all pictures together; the median is over pictures. Drawn losses take {DRAWN:.0%} of a painting "
        "that the net has not learnt from; their kind is that of what taught it, some of the colour of the "
        "paint around."
    )
    return Table("Losses found by default", columns, rows, note)


def _alarm_table(alarms: Mapping[str, float]) -> Table:
    values = sorted(alarms.values())
    ours = {
        "mean, %": 100 * _mean(values),
        "median, %": 100 * float(np.median(values)),
        "most, %": 100 * values[-1],
        "pictures": float(len(values)),
        "above 1 %": float(sum(value > 0.01 for value in values)),
    }
    columns = [Column(name, 0 if name in ("pictures", "above 1 %") else 3) for name in ours]
    worst = max(alarms, key=alarms.__getitem__)
    note = (
        "Share of the area of intact pictures that detector `lacunae` marks as lost by default. Old "
        f"paintings may have losses of their own. Most is marked on {Path(worst).name}."
    )
    return Table("False alarms", columns, [Row("lacunae", ours)], note)


def check_claims(
    scores: Scores, hidden: Sequence[Mapping[str, float]], alarms: Mapping[str, float], scale: Scale
) -> list[Claim]:
    """Judge what was said of few labels, and what we ask of overpaint and false alarms."""
    few = FEW if FEW in scale.counts else scale.counts[0]

    def mean(method: str, scans: str = STACKED, count: int = few) -> float:
        return _mean(_values(scores[method, scans, count], KAPPA))

    def wins(method: str) -> str:
        pairs = zip(scores[FPCAE, STACKED, few], scores[method, STACKED, few], strict=True)
        return f"on {sum(one.kappa > other.kappa for one, other in pairs)} of {scale.panels} panels"

    smallest = [count for count in scale.counts if count <= few]
    both = _mean([one["irr and uvf"] for one in hidden])
    alone = _mean([one[RGB_ALONE] for one in hidden])
    alarm = _mean(list(alarms.values()))
    claims = [
        (
            f"With {few} labels a class features of FP-CAE tell losses better than raw pixels",
            mean(FPCAE) > mean(RAW),
            f"kappa {mean(FPCAE):.3f} against {mean(RAW):.3f}; {wins(RAW)}.",
        ),
        (
            f"With {few} labels a class features of FP-CAE tell losses better than a U-Net from scratch",
            mean(FPCAE) > mean(U_NET),
            f"kappa {mean(FPCAE):.3f} against {mean(U_NET):.3f}; {wins(U_NET)}.",
        ),
        (
            "With few labels a TI-UNet is at least as good as a U-Net",
            all(mean(TI_UNET, count=count) >= mean(U_NET, count=count) for count in smallest),
            "; ".join(
                f"{n} labels: {mean(TI_UNET, count=n):.3f} against {mean(U_NET, count=n):.3f}"
                for n in smallest
            )
            + ".",
        ),
        (
            "A TI-UNet is better than kernel sparse representation",
            mean(TI_UNET) > mean(SPARSE),
            f"{few} labels: kappa {mean(TI_UNET):.3f} against {mean(SPARSE):.3f}.",
        ),
        (
            "Several scans tell more than the visible one",
            mean(FPCAE) > mean(FPCAE, ALONE),
            f"{few} labels, features of FP-CAE: kappa {mean(FPCAE):.3f} against {mean(FPCAE, ALONE):.3f}.",
        ),
        (
            "Our own: overpaint is found with an area under the curve of 0.9, given IRR and UVF",
            both >= 0.9,
            f"{both:.3f}; by RGB alone {alone:.3f}.",
        ),
        (
            "Our own: less than 1 % of the area of intact paintings is marked as lost by default",
            alarm < 0.01,
            f"{100 * alarm:.2f} % over {len(alarms)} pictures; {sum(v > 0.01 for v in alarms.values())} of "
            "them are above 1 %.",
        ),
    ]
    return [Claim(text, _verdict(held, scale), why) for text, held, why in claims]


def _verdict(held: bool, scale: Scale) -> Verdict:
    if not scale.conclusive:
        return "not attempted"
    return "reproduced" if held else "not reproduced"


def _draw(scores: Scores, scale: Scale, out: Path) -> None:
    series = {
        method: [_mean(_values(scores[method, STACKED, count], KAPPA)) for count in scale.counts]
        for method in METHODS
    }
    spreads = {
        method: [
            (min(values), max(values))
            for count in scale.counts
            for values in [_values(scores[method, STACKED, count], KAPPA)]
        ]
        for method in METHODS
    }
    drawn = curves(
        series,
        labels=[str(count) for count in scale.counts],
        title="kappa, by labels a class",
        spreads=spreads,
    )
    write_image(drawn.encode(), out / "kappa.svg")


def _sheet(scale: Scale, detector: lacunae.LacunaeNet, seed: int) -> Levels:
    """Lay a panel out with what was found, in two rows: uint8 (h, w, 3)."""
    made = Panel.of(FIRST_SEED + 100 * seed, scale).examination
    stack, truth = made.stack, made.truth
    before = Stack(tuple(stack[name] for name in ("rgb_before", "irr", "uvf")))
    over = np.asarray(truth.overpaint[:, :]) | np.asarray(truth.retouch[:, :])
    during = stack["rgb_during"]
    planes = [
        *(scan.colour() for scan in before.scans),
        Strengths(before, overpaint.make())[:, :][..., None],
        np.uint8(255) * over[..., None],
        during.colour(),
        np.uint8(255) * _marks(during, detector)[..., None],
        np.uint8(255) * truth.losses.read()[..., None],
    ]
    shown = [np.broadcast_to(plane, (*stack.grid, 3)) for plane in planes]
    shown = [np.pad(one, ((0, 4), (0, 4), (0, 0)), constant_values=255) for one in shown]
    laid: Levels = np.concatenate([np.concatenate(row, axis=1) for row in (shown[:4], shown[4:])])
    return laid


def _setting(scale: Scale, count: int, paintings: bool) -> str:
    what = "intact paintings set aside" if paintings else "photographs that come with a dependency"
    return (
        f"{scale.panels} phantom panels of {scale.rows} x {scale.cols} pixels with five scans, losses, "
        "cracks, overpaint and retouches. Labels are pixels of their upper halves, drawn by chance, the same "
        f"for all methods; what is measured lies {GUARD} pixels or more below. Heads on features are "
        f"logistic regressions; nets from scratch take {_finders.STEPS} steps of {_finders.BATCH} labelled "
        "pixels with what is around them. Kernel sparse codes and stumps see statistics around pixels, too. "
        f"False alarms: {count} {what}."
    )
