"""Scans of one painting, brought onto the grid of the first: files in, a stack out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tratteggio import files
from tratteggio.align.locate import Registration, locate_all
from tratteggio.align.warp import warp
from tratteggio.errors import BadUsage
from tratteggio.files.beside import Before
from tratteggio.files.forms import Painting, scan_of
from tratteggio.files.record import input_of, make_record
from tratteggio.painting import Stack
from tratteggio.painting.modalities import MAIN, MODALITIES, name_meant

MODALITY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, eq=False)
class Registered:
    """A stack whose scans were brought onto the grid of its reference, and how.

    Attributes:
        stack: the reference first; the others are resampled while they are read.
        registrations: transform and residual of each other scan, by modality.
        max_error: the greatest mean residual that was allowed, in pixels of the reference.
    """

    stack: Stack
    registrations: Mapping[str, Registration]
    max_error: float = 2.0

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
) -> Registered:
    """Bring scans of one painting onto the grid of the reference.

    Args:
        reference: an array, a scan, a stack, a restoration or a file, whose grid, pixels and depth stay as
            they are.
        others: the same, by what they show: "irr", "xray", "uvf", "rgb_before", ... Each that lies well
            helps to locate those that come after it.
        modality: what the reference shows; None takes a scan's own and "rgb" for a file.
        max_error: greatest mean residual allowed for each, in pixels of the reference.

    Returns:
        the stack, lazy, with transforms and residuals; `.save("panel.ome.zarr")` writes it.

    Raises:
        BadUsage: no other scan, a modality that cannot be, a scan that is constant or too small.
        Misaligned: a scan shares no contours with the reference, or its residual is above `max_error`.
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
    located = locate_all(fixed, sources, max_error=max_error)
    found = dict(zip(others, located, strict=True))
    warped = [warp(source, found[source.modality].transform, fixed.metadata) for source in sources]
    return Registered(Stack((fixed, *warped)), found, max_error)


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
