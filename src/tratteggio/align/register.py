"""Scans of one painting, brought onto the grid of the first: files in, a stack out."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tratteggio import files
from tratteggio.align.control_points import locate_by_points, read_points, require_points
from tratteggio.align.locate import Registration, locate_each
from tratteggio.align.transform import Floats
from tratteggio.align.warp import warp
from tratteggio.errors import BadUsage, Misaligned
from tratteggio.files.beside import Before
from tratteggio.files.forms import Painting, scan_of
from tratteggio.files.record import input_of, make_record
from tratteggio.painting import Scan, Stack
from tratteggio.painting.modalities import MAIN, MODALITIES, name_meant

log = logging.getLogger("tratteggio")
MODALITY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, eq=False)
class Registered:
    """A stack whose scans were brought onto the grid of its reference, and how.

    Attributes:
        stack: the reference first; the others are resampled while they are read.
        registrations: transform and residual of each other scan, by modality.
        max_error: the greatest mean residual that was allowed, in pixels of the reference.
        failed: by modality, why a scan could not be brought onto the grid; it is not in the stack.
    """

    stack: Stack
    registrations: Mapping[str, Registration]
    max_error: float = 2.0
    failed: Mapping[str, Misaligned] = field(default_factory=dict)

    def history(self) -> dict[str, Any]:
        """Describe how the stack was made: sources, transforms, residuals; JSON-like."""
        reference, *others = self.stack.scans
        details = {
            "reference": {"modality": reference.modality, "source": Path(reference.name).name},
            "registered": {
                scan.modality: {
                    "source": Path(scan.name).name,
                    **self.registrations[scan.modality].as_json(),
                }
                for scan in others
            },
            **({"not_registered": sorted(self.failed)} if self.failed else {}),
        }
        return make_record(
            "register",
            inputs=map(input_of, self.stack.scans),
            options={"max_error": self.max_error},
            details=details,
        )

    def save(
        self,
        path: str | Path,
        *,
        progress: Callable[[int, int], None] | None = None,
        before: Before | None = None,
    ) -> None:
        """Write the stack with its transforms and residuals (.ome.zarr, .ome.tif).

        Args:
            path: where to; what is there gives way.
            progress: called with (pixels read, pixels in all).
            before: as for `tratteggio.files.beside`.

        Raises:
            BadUsage: an unknown suffix.
            UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
        """
        files.write_stack(self.stack, path, history=self.history(), progress=progress, before=before)


def register(
    reference: Painting,
    others: Mapping[str, Painting],
    *,
    modality: str | None = None,
    max_error: float = 2.0,
    points: Mapping[str, Floats] | str | Path | None = None,
    keep_matching: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Registered:
    """Bring scans of one painting onto the grid of the reference.

    Args:
        reference: an array, a scan, a stack, a restoration or a file, whose grid, pixels and depth stay as
            they are.
        others: the same, by what they show: "irr", "xray", "uvf", "rgb_before", ... Each that lies well
            helps to locate those that come after it.
        modality: what the reference shows; None takes a scan's own and "rgb" for a file.
        max_error: greatest mean residual allowed for each, in pixels of the reference. Scans with control
            points are kept above it, with a note.
        points: control points by modality, (k, 4) with k at least 4: column and row in the reference, column
            and row in the scan; or a CSV file of them, see `tratteggio.align.read_points`. Such a scan is
            located by its points alone.
        keep_matching: leave out scans that do not match, and name them in `Registered.failed`. By default
            one that does not match is an error.
        progress: called with (steps done, steps in all) while the scans are aligned.

    Returns:
        the stack, lazy, with transforms and residuals; `.save("panel.ome.zarr")` writes it.

    Raises:
        BadUsage: no other scan, a modality that cannot be, a scan that is constant or too small.
        Misaligned: a scan shares no contours with the reference, or its residual is above `max_error`; with
            `keep_matching`, no scan matches.
        UnreadableFile: a file is missing, damaged or of a kind we do not read.

    Example:
        >>> from tratteggio.painting import Scan
        >>> from tratteggio.phantom import panel
        >>> painted = panel(192, 160, seed=1).painted
        >>> inverted = Scan(255 - painted.read()[..., 0], name="negative")
        >>> register(painted, {"irr": inverted}).registrations["irr"].residual.mean < 0.5
        True
    """
    if not others:
        raise BadUsage("there is nothing to register; give at least one scan in addition to the reference")
    shown = modality or (MAIN if isinstance(reference, str | Path) else scan_of(reference).modality)
    for name in (shown, *others):
        require_modality(name)
    if shown in others:
        raise BadUsage(f"the reference and another scan both have modality {shown!r}; rename one of them")
    fixed = scan_of(reference, modality=shown)
    sources = [scan_of(source, modality=name) for name, source in others.items()]
    chosen = read_points(points) if isinstance(points, str | Path) else points or {}
    require_points(chosen, others)
    by_contours = [source for source in sources if source.modality not in chosen]
    located = locate_each(fixed, by_contours, max_error=max_error, progress=progress)
    found = dict(zip((source.modality for source in by_contours), located, strict=True))
    registrations: dict[str, Registration] = {}
    failed: dict[str, Misaligned] = {}
    for source in sources:
        name = source.modality
        one = locate_by_points(fixed, source, chosen[name]) if name in chosen else found[name]
        if isinstance(one, Misaligned):
            failed[name] = one
        else:
            registrations[name] = one
            _tell(source, one, max_error)
    if failed and not (keep_matching and registrations):
        raise next(iter(failed.values()))
    warped = [
        warp(source, registrations[source.modality].transform, fixed.metadata)
        for source in sources
        if source.modality in registrations
    ]
    return Registered(Stack((fixed, *warped)), registrations, max_error, failed)


def _tell(source: Scan, registration: Registration, max_error: float) -> None:
    """Note what a person should look at."""
    if turned := registration.describe_orientation():
        log.warning("%s (%s) is %s; it was brought upright", source.name, source.modality, turned)
    mean = registration.residual.mean
    if registration.method == "control points" and mean > max_error:
        log.warning(
            "the control points of %s are %.1f px off on average, more than max_error=%g; check them",
            source.modality, mean, max_error,
        )  # fmt: skip


def require_modality(name: str) -> None:
    """Refuse names that would make one modality go by two names.

    Raises:
        BadUsage: not a plain lower-case word, or another word for a modality that has a name here.
    """
    if meant := name_meant(name):
        raise BadUsage(f"the modality {name!r} is called {meant!r} here; write {meant}=FILE")
    if not MODALITY.fullmatch(name):
        raise BadUsage(
            "the name of a modality has lower-case letters, digits and '_', for example "
            f"{', '.join(MODALITIES)}; got {name!r}"
        )
