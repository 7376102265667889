"""How exactly scans are registered: examined phantoms, whose truth is known, and pairs of your own.

    python benchmarks/registration.py [--sizes 1024,2048] [--seeds 3] [--simpleitk] [--pair REF OTHER]

A phantom's infrared, X-ray and ultraviolet scans lie aside of its visible one by a homography and a smooth
field of up to 5 pixels, at scales of their own, with blur, noise and uneven light. Prints, per scan, the true
error where the scan shows the panel (mean and 95th percentile, pixels of the reference), and the same at the
held-out places where both scans show enough of one thing to be measured; the residual that registration says
it has there, and the share of the places that this is; and the root mean square error that the fit expects of
itself, measured or not. Goals: a mean below 0.5, 95 % below 1. A scan that is not recognised is refused.

--simpleitk registers the same scans with SimpleITK (Mattes mutual information, affine, then cubic B-splines);
it needs `pip install SimpleITK`.
--pair prints the residual of two files.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tratteggio import files
from tratteggio.align import locate
from tratteggio.align.locate import locate_all
from tratteggio.align.residual import Residual
from tratteggio.align.transform import inside
from tratteggio.errors import Misaligned
from tratteggio.painting import Region, Scan
from tratteggio.phantom import multimodal
from tratteggio.phantom.motifs import MOTIFS

STEP = 4  # every fourth pixel is compared with the truth
ORDER = ("irr", "uvf", "xray")  # those first that are most like the reference: they help with the next


class Found(NamedTuple):
    """What a way to register says of one scan.

    Attributes:
        places: where each STEP-th pixel of the reference lies in the scan; None if it was refused.
        stated: what registration says of itself; None if it says nothing.
    """

    places: np.ndarray | None
    stated: Residual | None


Finder = Callable[[Scan, Sequence[Scan]], list[Found]]


def ours(reference: Scan, sources: Sequence[Scan]) -> list[Found]:
    """Register all, one helping the next; if one is refused, each by itself."""
    rows, cols = (np.arange(0, side, STEP, dtype=float) for side in reference.grid)

    def found(*sources: Scan) -> list[Found]:
        located = locate_all(reference, sources, max_error=50)
        return [Found(one.transform.crossing(rows, cols), one.residual) for one in located]

    try:
        return found(*sources)
    except Misaligned:
        return [alone for source in sources for alone in _or_refused(found, source)]


def _or_refused(found: Callable[[Scan], list[Found]], source: Scan) -> list[Found]:
    try:
        return found(source)
    except Misaligned:
        return [Found(None, None)]


def simpleitk(reference: Scan, sources: Sequence[Scan]) -> list[Found]:
    """The same by mutual information, which is told the scale."""
    return [Found(mutual_information(reference, source), None) for source in sources]


def mutual_information(reference: Scan, source: Scan) -> np.ndarray:
    import SimpleITK as sitk  # noqa: N813 as its own documentation has it

    ratio = reference.grid[0] / source.grid[0]
    fixed, moving = (
        sitk.GetImageFromArray(scan.colour().mean(axis=-1).astype(np.float32)) for scan in (reference, source)
    )
    moving.SetSpacing((ratio, ratio))

    def method(shrink: list[int], share: float) -> sitk.ImageRegistrationMethod:
        made = sitk.ImageRegistrationMethod()
        made.SetMetricAsMattesMutualInformation(48)
        made.SetMetricSamplingStrategy(made.RANDOM)
        made.SetMetricSamplingPercentage(share, seed=1)
        made.SetInterpolator(sitk.sitkLinear)
        made.SetShrinkFactorsPerLevel(shrink)
        made.SetSmoothingSigmasPerLevel([side / 2 for side in shrink])
        return made

    affine, bent = sitk.AffineTransform(2), sitk.BSplineTransformInitializer(fixed, (10, 10))
    first = method([8, 4, 2, 1], 0.1)
    first.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-4, 200)
    first.SetOptimizerScalesFromPhysicalShift()
    first.SetInitialTransform(affine, inPlace=True)
    first.Execute(fixed, moving)
    second = method([4, 2, 1], 0.2)
    second.SetMovingInitialTransform(affine)
    second.SetOptimizerAsLBFGSB(numberOfIterations=60)
    second.SetInitialTransform(bent, inPlace=True)
    second.Execute(fixed, moving)
    whole = sitk.CompositeTransform([affine, bent])
    rows, cols = (range(0, side, STEP) for side in reference.grid)
    places = [[whole.TransformPoint((float(c), float(r)))[::-1] for c in cols] for r in rows]
    return np.array(places) / ratio


def measure(find: Finder, size: int, seed: int) -> list[list[str]]:
    motif = MOTIFS[seed % len(MOTIFS)]
    examined = multimodal(size, size, seed=seed, motif=motif, misregistered=True)
    visible = examined.stack["rgb_during"]
    reference = Scan(visible.read(), metadata=visible.metadata)
    own = np.stack(np.mgrid[0:size:STEP, 0:size:STEP], axis=-1)
    scans = [next(scan for scan in examined.scans if scan.modality == name) for name in ORDER]
    # Read whole, once: a phantom paints anew whatever is read.
    sources = [Scan(scan.read(), modality=scan.modality, metadata=scan.metadata) for scan in scans]
    lines = []
    for scan, (places, stated) in zip(scans, find(reference, sources), strict=True):
        line = [str(size), f"{motif} {seed}", scan.modality]
        if places is None:
            lines.append([*line, "refused", *"-----"])
            continue
        moved = examined.truth.displacements[scan.modality]
        bands = Region.whole((size, size)).bands(STEP * 64)
        true = own + np.concatenate([np.asarray(moved[band.slices])[::STEP, ::STEP] for band in bands])
        errors = np.linalg.norm(places - true, axis=-1) * size / scan.grid[0]
        errors[~inside(true, scan.grid)] = np.nan
        lines.append([*line, *figures(errors), *of_itself(stated, errors)])
    return lines


def of_itself(stated: Residual | None, errors: np.ndarray) -> list[str]:
    """Tell what registration says of itself, beside what is true there."""
    if stated is None or stated.expected is None:
        return list("----")
    at = (stated.places[stated.measured] / STEP).round().astype(int).clip(0, len(errors) - 1)
    claimed = f"{stated.mean:.2f} / {stated.p95:.2f} ({stated.share:.0%})"
    return [*figures(errors[at[:, 0], at[:, 1]]), claimed, f"{stated.expected.mean():.2f}"]


def figures(errors: np.ndarray) -> list[str]:
    return [f"{np.nanmean(errors):.3f}", f"{np.nanpercentile(errors, 95):.3f}"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="1024,2048", help="sides of the panels, pixels")
    parser.add_argument("--seeds", type=int, default=3, help="panels; motifs take turns")
    parser.add_argument("--simpleitk", action="store_true")
    parser.add_argument("--pair", nargs=2, metavar=("REF", "OTHER"), action="append", default=[])
    options = parser.parse_args()

    head = ["px", "panel", "scan", "mean", "p95", "mean where measured", "p95 where measured"]
    head += ["stated mean / p95 (share measured)", "expected"]
    for find in (ours, simpleitk)[: 1 + options.simpleitk]:
        print(f"\n{find.__name__}\n\n| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
        for size in map(int, options.sizes.split(",")):
            for seed in range(options.seeds):
                for line in measure(find, size, seed):
                    print("| " + " | ".join(line) + " |", flush=True)
    for reference, other in options.pair:
        found = locate(files.read(reference), files.read(other, modality="irr"), max_error=50)
        print(f"\n{other} on {reference}: {found.residual.figures()}")


if __name__ == "__main__":
    main()
