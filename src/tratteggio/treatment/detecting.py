"""Find damage in paintings of any size. The result is a hypothesis: an expert checks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from tratteggio import files
from tratteggio.damage import DamageMap, Strengths, merge_classes, threshold_and_trace
from tratteggio.errors import BadUsage
from tratteggio.files.forms import Painting
from tratteggio.files.record import make_record
from tratteggio.files.white import note_range
from tratteggio.painting import Lacunae, Metadata, Pixels, Scan
from tratteggio.renamed import renamed_arguments
from tratteggio.roles import Detector
from tratteggio.treatment.making import make_detector
from tratteggio.treatment.opening import (
    describe_others,
    describe_scan,
    list_inputs,
    open,  # noqa: A004 - reads as `tg.open`
    require_picture,
    select_scans,
    stack_of,
)
from tratteggio.windows.cluster import Scheduler, cluster_at

Progress = Callable[[int, int], None]

DETECTORS = ("lacunae", "cracks")
"""The default set: what `detect` and `survey` look for, and `inpaint` without a mask; a class each."""

ONE_DETECTOR = "a threshold or a map of strengths belongs to one detector; name one, as `detector='lacunae'`"


@renamed_arguments({"kind": "detector"})
def detect(
    painting: Painting,
    detector: str | Detector | None = None,
    *,
    threshold: float | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
    scheduler: Scheduler | None = None,
) -> Lacunae:
    """Find damage in a painting. The result is a hypothesis: check it before filling.

    Args:
        painting: an array (H, W) or (H, W, C), uint8, uint16 or float, where a second or fourth channel is
            opacity; or what `open` takes, a scan, a stack, a restoration.
        detector: a name, with options if needed, as "tophat:side=both"; or a detector. None takes the
            default set `DETECTORS`: all classes together.
        threshold: strengths from this value are damage, above 0 and at most 1; None takes the detector's own.
        seed: the same seed gives the same bits.
        device: "auto", "cpu" or "cuda".
        progress: called with (pixels done, pixels in all).
        scheduler: compute windows on the workers of a Dask cluster: an address, "local:2" for two processes
            here, or a `distributed.Client`. The bits are the same. See `windows.cluster`.

    Returns:
        where damage was found. Each window of the painting is searched once; one bit per pixel is kept.

    Raises:
        UnknownName: no such detector or option.
        BadUsage: a threshold out of its range or without a detector, or an option that is refused.
        BadPixels: NaN or infinite values.
        TratteggioError: as `open` and the detector raise.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> wall = rng.integers(180, 200, (96, 96)).astype(np.uint8)
        >>> wall[40:42, 5:90] = 30
        >>> detect(wall, "tophat").read()[41, 20:80].all()
        np.True_
    """
    if detector is None and threshold is not None:
        raise BadUsage(ONE_DETECTOR)
    stack = stack_of(painting)
    require_picture(stack.primary)
    found = {}
    with cluster_at(scheduler) as executor:
        for one in DETECTORS if detector is None else (detector,):
            made = make_detector(one, seed=seed, device=device)[0] if isinstance(one, str) else one
            seen = select_scans(made, stack)
            note_range(*seen.scans)
            strengths = Strengths(seen, made, progress=progress, executor=executor)
            found[made.damage] = _threshold(strengths, made, threshold)
    if detector is not None:
        return found.popitem()[1]
    name = f"what {' and '.join(DETECTORS)} found"
    return merge_classes(found, metadata=stack.primary.metadata, name=name).of(*found)


class Survey(NamedTuple):
    """The damage of a painting.

    Attributes:
        damage: the map, by class.
        history: how it was found.
    """

    damage: DamageMap
    history: dict[str, Any]


@renamed_arguments({"kinds": "detectors"})
def survey(
    source: str | Path,
    detectors: Sequence[str | Detector] = DETECTORS,
    *,
    threshold: float | None = None,
    strength: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    white: float | None = None,
    progress: Progress | None = None,
    scheduler: Scheduler | None = None,
) -> Survey:
    """Find damage of several classes in a painting.

    Args:
        source: what `open` takes.
        detectors: names, with options if needed, or detectors; each for another class of damage.
        threshold: as for `detect`; of one detector only.
        strength: also write the strength of damage, 255 = 1, .png or .tif; for one detector only. Use it to
            try other thresholds.
        seed, device, progress, scheduler: as for `detect`.
        white: the sample value of white, as for `open`.

    Raises:
        BadUsage: no detector, two for one class, or a threshold or map of strengths with several.
        UnsafeOutput: `strength` is the source.
        TratteggioError: as `detect` and `files.write` raise.
    """
    if not detectors:
        raise BadUsage("name at least one detector; `tratteggio.registry.names('detectors')` shows all")
    if len(detectors) > 1 and (threshold is not None or strength is not None):
        raise BadUsage(ONE_DETECTOR)
    made = [
        make_detector(one, seed=seed, device=device) if isinstance(one, str) else (one, one.name)
        for one in detectors
    ]
    classes = [detector.damage for detector, _ in made]
    if len(set(classes)) < len(classes):
        names = ", ".join(detector.name for detector, _ in made)
        raise BadUsage(f"a map takes one detector for each class, got {names} for {', '.join(classes)}")
    stack = open(source, white=white)
    require_picture(stack.primary)
    note_range(*stack.scans)
    lacunae, described = {}, []
    with cluster_at(scheduler) as executor:
        for detector, text in made:
            pixels: Pixels = Strengths(
                select_scans(detector, stack), detector, progress=progress, executor=executor
            )
            if strength:
                # Written first and read again: each window is searched once, and the mask is the file's.
                files.refuse_overwrite(source, strength)
                files.write(pixels, strength, metadata=keep_grid(stack.primary).metadata)
                pixels = files.read(strength).pixels
            here = lacunae[detector.damage] = _threshold(pixels, detector, threshold)
            described.append(
                _describe(detector, text, threshold) | {"found_px": here.lost_px, "found_share": here.share}
            )
    searched, others = describe_scan(stack.primary), describe_others(stack)
    history = make_record(
        "detect",
        what="a hypothesis: pixels that detectors mark as damage; an expert must check them",
        inputs=list_inputs(searched, others),
        options={"seed": seed, "device": device, "threshold": threshold, "white": white},
        details={"source": searched, "also_read": others, "detectors": described},
    )
    name = f"what {' and '.join(detector.name for detector, _ in made)} found in {stack.primary.name}"
    return Survey(merge_classes(lacunae, metadata=stack.primary.metadata, name=name), history)


def _describe(detector: Detector, text: str, threshold: float | None) -> dict[str, Any]:
    """Describe a detector and its threshold, for the history."""
    return {
        "name": detector.name,
        "words": text,
        "damage": detector.damage,
        "threshold": detector.threshold if threshold is None else threshold,
        "trace": detector.trace._asdict(),
        "parameters": detector.parameters,
    }


def _threshold(strengths: Pixels, detector: Detector, threshold: float | None) -> Lacunae:
    return threshold_and_trace(
        strengths,
        threshold=detector.threshold if threshold is None else threshold,
        trace=detector.trace,
        name=f"what {detector.name} found",
    )


def keep_grid(scan: Scan) -> Scan:
    """Return a scan on the same grid without profile and opacity, for masks and maps of this one."""
    metadata = scan.metadata
    return replace(
        scan, alpha=False, metadata=Metadata(metadata.resolution, metadata.unit, metadata.orientation)
    )
