"""How exactly scans are registered: examined phantoms, whose truth is known, and pairs of your own.

    python benchmarks/registration.py [--sizes 1024,2048] [--seeds 3] [--simpleitk] [--pair REF OTHER]

A phantom's infrared, X-ray and ultraviolet scans lie aside of its visible one by a homography and a smooth
field of up to 5 pixels, at scales of their own, with blur, noise and uneven light. Prints, per scan, the true
error where the scan shows the panel (mean and 95th percentile, pixels of the reference); the residual that
registration itself states from held-out places and the share of these that it could measure; and the root
mean square error that the fit expects of itself, measured or not. Goals: a mean below 0.5, 95 % below 1.

--simpleitk registers the same scans with SimpleITK (Mattes mutual information, affine, then cubic B-splines).
--pair prints the residual of two files.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np

from tratteggio import files
from tratteggio.align import locate
from tratteggio.align.locate import locate_all
from tratteggio.align.transform import inside
from tratteggio.painting import Region, Scan
from tratteggio.phantom import multimodal

STEP = 4  # every fourth pixel is compared with the truth
ORDER = ("irr", "uvf", "xray")  # those first that are most like the reference: they help with the next
Finder = Callable[[Scan, Sequence[Scan]], list[tuple[np.ndarray, str]]]


def ours(reference: Scan, sources: Sequence[Scan]) -> list[tuple[np.ndarray, str]]:
    """Return where each STEP-th pixel of the reference lies, and what registration says of itself."""
    rows, cols = (np.arange(0, side, STEP, dtype=float) for side in reference.grid)
    lines = []
    for found in locate_all(reference, sources, max_error=50):
        stated = found.residual
        told = f"{stated.mean:.2f} / {stated.p95:.2f} ({stated.share:.0%}) | {stated.expected.mean():.2f}"
        lines.append((found.transform.crossing(rows, cols), told))
    return lines


def simpleitk(reference: Scan, sources: Sequence[Scan]) -> list[tuple[np.ndarray, str]]:
    """The same by mutual information, which is told the scale."""
    return [(mutual_information(reference, source), "- | -") for source in sources]


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
    examined = multimodal(size, size, seed=seed, misregistered=True)
    visible = examined.stack["rgb_during"]
    reference = Scan(visible.read(), metadata=visible.metadata)
    own = np.stack(np.mgrid[0:size:STEP, 0:size:STEP], axis=-1)
    scans = [next(scan for scan in examined.scans if scan.modality == name) for name in ORDER]
    # Read whole, once: a phantom paints anew whatever is read.
    sources = [Scan(scan.read(), modality=scan.modality, metadata=scan.metadata) for scan in scans]
    lines = []
    for scan, (found, told) in zip(scans, find(reference, sources), strict=True):
        moved = examined.truth.displacements[scan.modality]
        bands = Region.whole((size, size)).bands(STEP * 64)
        true = own + np.concatenate([np.asarray(moved[band.slices])[::STEP, ::STEP] for band in bands])
        errors = np.linalg.norm(found - true, axis=-1)[inside(true, scan.grid)] * size / scan.grid[0]
        figures = f"{errors.mean():.3f}", f"{np.percentile(errors, 95):.3f}"
        lines.append([str(size), str(seed), scan.modality, *figures, told])
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="1024,2048", help="sides of the panels, pixels")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--simpleitk", action="store_true")
    parser.add_argument("--pair", nargs=2, metavar=("REF", "OTHER"), action="append", default=[])
    options = parser.parse_args()

    head = ["px", "seed", "scan", "true mean", "true p95", "stated mean / p95 (measured)", "expected"]
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
