"""How well real damage is found, and what is taken for damage that is none: all tables of one goal.

    python benchmarks/real_damage.py --data DATA --keep STRENGTHS          all tables
    python benchmarks/real_damage.py --data DATA --tables negatives,cracks
    python benchmarks/real_damage.py --data DATA --sheets SHEETS           overlays too, one per image

    negatives   share of the area that is marked in images without damage: mean and worst
    cracks      F1 with 2 pixels of tolerance on each set of photographs, beside detectors of scikit-image
    losses      F1 of each labelled mural and manuscript, by default
    strokes     the same after 12 and 40 strokes of a scripted labeller (`benchmarks/strokes.py`)
    faces       share of the pixels that `detect` and a fill of cracks and losses would change

Each row is given for the part that may be tuned on and for the part that is kept back (`benchmarks/beds.py`).
DATA holds `paintings/`, `murals/` and `cracks/`. STRENGTHS keeps what detectors answered, so that a broken
run goes on; empty it whenever the code or the weights of a detector have changed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

import beds
import detection
import numpy as np
from beds import Bed
from PIL import Image
from skimage.filters import apply_hysteresis_threshold
from skimage.morphology import skeletonize
from strokes import Labeller

import tratteggio as tg
from tratteggio.damage import Strengths, threshold_and_trace
from tratteggio.metrics import Agreement, agreement
from tratteggio.painting import Scan, Stack
from tratteggio.roles import Detector
from tratteggio.treatment import make_detector

TOLERANCE_PX = 2
ROUNDS = (4, 12, 24, 40)  # strokes; answers are looked at after each, and scored after 12 and 40
SCORED = (12, 40)
COLOURS = {"crack": (255, 210, 0), "loss": (230, 30, 40)}


class Finder:
    """Detectors of cracks and losses, with what they answered before.

    Args:
        names: of the detectors by class of damage, as `tratteggio detect --detector` takes them.
        keep: folder of strengths, or None.
        sheets: folder of overlays, or None.
        rivals: whether cracks are looked for by scikit-image too.
    """

    def __init__(
        self, names: dict[str, str], *, keep: Path | None, sheets: Path | None, rivals: bool
    ) -> None:
        self.detectors: dict[str, Detector] = {
            kind: make_detector(name, device="cpu")[0] for kind, name in names.items()
        }
        self.keep, self.sheets, self.rivals = keep, sheets, rivals
        for folder in (keep, sheets):
            if folder:
                folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, bed: Bed, kind: str) -> np.ndarray:
        """Return where damage of a class is found by default: (H, W) bool."""
        detector = self.detectors[kind]
        levels = self._levels(bed, detector)
        traced = threshold_and_trace(
            levels, threshold=detector.threshold, trace=detector.trace, name=bed.name
        ).read()
        if self.sheets and traced.any():
            self._show(bed, kind, traced)
        return traced

    def _levels(self, bed: Bed, detector: Detector) -> np.ndarray:
        strengths = Strengths(Stack((Scan(bed.pixels),)), detector)
        if self.keep is None:
            return strengths[:, :]
        file = self.keep / f"{detector.name}_{bed.name.replace(' ', '_')}.npy"
        if not file.exists():
            np.save(file, strengths[:, :])
        return np.load(file)

    def _show(self, bed: Bed, kind: str, traced: np.ndarray) -> None:
        pixels = bed.pixels if bed.pixels.ndim == 3 else np.repeat(bed.pixels[..., None], 3, axis=2)
        shown = pixels.copy()
        shown[traced] = COLOURS[kind]
        Image.fromarray(np.hstack([pixels, shown])).save(self.sheets / f"{kind}_{short(bed)}.jpg", quality=85)


def parts(rows: list[tuple[Bed, float]]) -> str:
    """Say mean and worst of shares, for the part that may be tuned on and for the one kept back."""
    cells = []
    for back in (False, True):
        mine = [(share, bed.name) for bed, share in rows if bed.kept_back is back]
        if not mine:
            cells += ["-", "-", "0"]
            continue
        worst, name = max(mine)
        mean = float(np.mean([share for share, _ in mine]))
        cells += [f"{mean:.2%}", f"{worst:.2%} ({Path(name).stem[:28]})", f"{len(mine)}"]
    return " | ".join(cells)


def negatives(data: Path, finder: Finder) -> None:
    head("Hard negatives: share of the area that is marked")
    print("| bed | class | tuning: mean | worst | images | kept back: mean | worst | images |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    every: dict[str, list[tuple[Bed, float]]] = {"crack": [], "loss": []}
    for bed_kind in ("drawn", "painted"):
        pictures = list(beds.negatives(data, bed_kind))
        for kind, rows in every.items():
            mine = [(bed, float(finder(bed, kind).mean())) for bed in pictures]
            print(f"| {bed_kind} | {kind} | {parts(mine)} |", flush=True)
            rows.extend(mine)
    for kind, rows in every.items():
        print(f"| all | {kind} | {parts(rows)} |")
    for kind, rows in every.items():
        shares = [share for _, share in rows]
        above = sum(share > 0.02 for share in shares)
        print(
            f"\n{kind}: mean {np.mean(shares):.2%}, worst {max(shares):.2%}, "
            f"{above} of {len(shares)} above 2 %"
        )


def cracks(data: Path, finder: Finder) -> None:
    head("Cracks: F1 with 2 pixels of tolerance (precision, recall)")
    finders: dict[str, Callable[[Bed], np.ndarray]] = {
        f"`{finder.detectors['crack'].name}`": lambda bed: finder(bed, "crack")
    }
    if finder.rivals:
        finders |= {
            f"{name} (scikit-image)": rival(name, *setting)
            for name, setting in tuned(data / "cracks").items()
        }
    print("| set | part | images |", " | ".join(finders), "|")
    print("| --- | --- | --- |", " | ".join("---" for _ in finders), "|")
    sets = [(kind, list(beds.cracked(data, kind))) for kind in beds.CRACK_SETS]
    sets.append(("phantoms, RGB", list(phantoms())))
    for kind, pictures in sets:
        for back in (False, True):
            mine = [bed for bed in pictures if bed.kept_back is back]
            if mine:
                cells = [said(pooled(mine, look, "crack")) for look in finders.values()]
                part = "kept back" if back else "tuning"
                print(f"| {kind} | {part} | {len(mine)} |", " | ".join(cells), "|", flush=True)


def tuned(folder: Path) -> dict[str, tuple[float, float, float]]:
    """Choose scales and thresholds of the rivals, on the images of `benchmarks/detection.py` for tuning."""
    sets = {"phantoms": list(detection.panels(detection.TUNING_SEEDS, scans=False))}
    sets |= {kind: list(detection.photographs(folder, kind, tuning=True)) for kind in detection.TUNED_ON}
    return {name: detection.tuned(one, sets) for name, one in detection.RIVALS.items()}


def phantoms() -> Iterable[Bed]:
    """Bring the panels that `benchmarks/detection.py` measures on."""
    for seed, sample in zip(
        detection.TEST_SEEDS, detection.panels(detection.TEST_SEEDS, scans=False), strict=True
    ):
        truth = sample.truth
        pixels = sample.stack.primary.colour()
        yield Bed(f"phantom_{seed}", True, pixels, {"crack": truth}, np.ones(truth.shape, bool))


def rival(name: str, scale: float, threshold: float, weak: float) -> Callable[[Bed], np.ndarray]:
    """Return a detector of scikit-image with its settings."""

    def look(bed: Bed) -> np.ndarray:
        grey = detection.Sample(Stack((Scan(bed.pixels),)), bed.damaged["crack"], bed.thin).grey
        strength = detection.RIVALS[name].strength(grey, scale)
        return np.asarray(apply_hysteresis_threshold(strength, weak * threshold, threshold), bool)

    return look


def pooled(pictures: list[Bed], look: Callable[[Bed], np.ndarray], kind: str) -> Agreement:
    """Count over all images of a set."""
    added = Agreement(0, 0, 0, 0)
    for bed in pictures:
        mask = look(bed)
        drawn = skeletonize(mask) if bed.thin else mask
        added += agreement(bed.damaged[kind], drawn, annotated=bed.annotated, tolerance_px=TOLERANCE_PX)
    return added


def losses(data: Path, finder: Finder) -> None:
    head("Losses by default: F1 pixel by pixel (precision, recall)")
    print("| image | part | lost | found | F1 |")
    print("| --- | --- | --- | --- | --- |")
    scores: dict[bool, list[float]] = {False: [], True: []}
    for bed in with_losses(data):
        mask = finder(bed, "loss")
        told = agreement(bed.damaged["loss"], mask, annotated=bed.annotated)
        scores[bed.kept_back].append(told.f1)
        print(
            f"| {short(bed)} | {part(bed)} | {bed.damaged['loss'][bed.annotated].mean():.2%} "
            f"| {mask[bed.annotated].mean():.2%} | {said(told)} |",
            flush=True,
        )
    print(f"\nmean F1: {means(scores)}\n")


def strokes(data: Path, finder: Finder) -> None:  # noqa: ARG001  (strokes teach a detector of their own)
    head("Losses after strokes of a scripted labeller: F1 pixel by pixel")
    print("| image | part |", " | ".join(f"{count} strokes" for count in SCORED), "|")
    print("| --- | --- |", " | ".join("---" for _ in SCORED), "|")
    scores: dict[int, dict[bool, list[float]]] = {count: {False: [], True: []} for count in SCORED}
    for bed in with_losses(data):
        labeller = Labeller(bed.damaged["loss"], bed.annotated)
        answer, cells = None, []
        for count in ROUNDS:
            labeller.draw(count, answer)
            taught = tg.learn(bed.pixels, labeller.codes, device="cpu")["loss"]
            answer = tg.detect(bed.pixels, taught).read()
            if count in SCORED:
                f1 = agreement(bed.damaged["loss"], answer, annotated=bed.annotated).f1
                scores[count][bed.kept_back].append(f1)
                cells.append(f"{f1:.3f}")
        print(f"| {short(bed)} | {part(bed)} |", " | ".join(cells), "|", flush=True)
    for count in SCORED:
        print(f"\nmean F1 after {count} strokes: {means(scores[count])}")


def with_losses(data: Path) -> Iterable[Bed]:
    """Bring images where paint is lost; a fresco with cracks alone says nothing here."""
    return (bed for bed in beds.lost(data) if bed.damaged["loss"].mean() > 0.003)


def faces(data: Path, finder: Finder) -> None:
    head("Faces and hands: share of the pixels that a fill of cracks and losses would change")
    print("| figure | part | crack | loss | together |")
    print("| --- | --- | --- | --- | --- |")
    every = []
    for bed in beds.figures(data):
        crack, loss = finder(bed, "crack"), finder(bed, "loss")
        every.append(float((crack | loss).mean()))
        print(
            f"| {short(bed)} | {part(bed)} | {crack.mean():.2%} | {loss.mean():.2%} | {every[-1]:.2%} |",
            flush=True,
        )
    print(
        f"\nmean {np.mean(every):.2%}, worst {max(every):.2%}, "
        f"{sum(one >= 0.002 for one in every)} of {len(every)} at 0.2 % or above\n"
    )


def short(bed: Bed) -> str:
    """Name an image without its suffix, and the corner of its box if it is a part of one."""
    file, _, corner = bed.name.partition(" ")
    return f"{Path(file).stem[:40]} {corner}".strip()


def part(bed: Bed) -> str:
    return "kept back" if bed.kept_back else "tuning"


def said(told: Agreement) -> str:
    return f"{told.f1:.3f} ({told.precision:.2f}, {told.recall:.2f})"


def means(scores: dict[bool, list[float]]) -> str:
    named = {"tuning": scores[False], "kept back": scores[True], "all": scores[False] + scores[True]}
    return ", ".join(f"{name} {np.mean(mine):.3f}" for name, mine in named.items() if mine)


def head(title: str) -> None:
    print(f"\n## {title}\n")


TABLES = {"negatives": negatives, "cracks": cracks, "losses": losses, "strokes": strokes, "faces": faces}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--crack", default="cracks", help="detector of cracks")
    parser.add_argument("--loss", default="lacunae", help="detector of losses")
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument(
        "--without-rivals", action="store_true", help="leave out scikit-image, which takes long"
    )
    options = parser.parse_args()
    finder = Finder(
        {"crack": options.crack, "loss": options.loss}, keep=options.keep, sheets=options.sheets,
        rivals=not options.without_rivals,
    )  # fmt: skip
    for table in options.tables.split(","):
        TABLES[table](options.data, finder)


if __name__ == "__main__":
    main()
