"""The painting on the desk: what marking, detecting and filling share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tratteggio import treatment
from tratteggio.damage import DamageMap
from tratteggio.damage.classes import index_of
from tratteggio.errors import BadUsage, TratteggioError, UnsafeOutput, UnwritableFile
from tratteggio.files import provenance
from tratteggio.painting import Lacunae, Pixels, Region, Stack
from tratteggio.studio.folder import SessionFolder, why_not
from tratteggio.studio.jobs import Jobs
from tratteggio.studio.marking import Marking
from tratteggio.studio.marks import Shape, shape_of_mask
from tratteggio.treatment.reopening import recorded_source

VIEW_PX = 4 << 20  # of the largest view that is filled or learnt from in memory
BAND = 1024  # rows of whole tiles


class Desk:
    """A painting that is open, its marks, and the folder of its session.

    Args:
        source: what `treatment.open` takes, or a proposal that `inpaint` wrote: then its source is opened.
        changed: called, from any thread, whenever a task has something new to show.
        white: the sample value of white, as for `treatment.open`.
        read_only: nothing is written, not even beside the painting.

    Raises:
        TratteggioError: as `treatment.open` raises; or the marks beside the painting are of another one.
    """

    def __init__(
        self, source: Path, changed: Callable[[], None], *, white: float | None, read_only: bool
    ) -> None:
        source = source.resolve()
        proposal = _proposal(source)
        if proposal is not None:
            source = (source.parent / str(recorded_source(proposal))).resolve()
        self.source = source
        self.white = white
        self.stack: Stack = treatment.open(source, white=white)
        self._stamp = _stamp(source)
        self.notices: list[str] = []
        self.numbers = itertools.count(1)
        self.folder: SessionFolder | None = None
        if not read_only:
            try:
                self.folder = SessionFolder(source)
            except (UnsafeOutput, UnwritableFile) as error:
                self.notices.append(why_not(source, error))
        try:
            self.marking = Marking(self.stack.grid, None if self.folder is None else self.folder.journal)
        except BaseException:
            if self.folder is not None:
                self.folder.close(marked=True)
            raise
        self.jobs = Jobs(changed)

    @property
    def stem(self) -> str:
        """What the names of outputs begin with."""
        return self.source.name.split(".")[0] or self.source.name

    @property
    def source_now(self) -> str:
        """Whether the file is as it was when it was opened: "same", "changed" or "missing"."""
        now = _stamp(self.source)
        return "missing" if now is None else "same" if now == self._stamp else "changed"

    def writable(self) -> SessionFolder:
        """Return the folder of the session.

        Raises:
            BadUsage: the painting is only shown.
        """
        if self.folder is None:
            raise BadUsage("this studio only shows the painting")
        return self.folder

    def log(self, what: str, details: dict[str, Any]) -> None:
        """Add an entry to the treatment log."""
        self.writable().log(what, details)

    def damage_map(self) -> DamageMap:
        """Return the marks as a damage map."""
        return DamageMap(self.marking.marks.indices, self.stack.primary.metadata, "the marks of the studio")

    def to_fill(self, policies: dict[str, str]) -> Lacunae:
        """Return what is to be filled by the policies of the classes; others keep their default."""
        words = ",".join(f"{name}={policy}" for name, policy in policies.items())
        return treatment.lacunae_by_policy(self.damage_map(), words or None)

    def paint(
        self,
        parts: Mapping[str, Pixels],
        told: dict[str, Any],
        *,
        within: Region | None = None,
    ) -> Region | None:
        """Mark masks by class, as one change; returns what changed.

        Args:
            parts: (H, W) bool by class.
            told: what did it, for the journal.
            within: where; None means everywhere.
        """
        shapes = {name: self._shape(mask, within) for name, mask in parts.items()}
        return self.marking.replace(shapes, told)

    def erase(self, mask: Pixels, damage: str, told: dict[str, Any], *, within: Region) -> Region | None:
        """Take the marks of a class away under a mask (H, W) bool, as one change; returns what changed."""
        return self.marking.paint(self._shape(mask, within, marked=damage), None, told)

    def _shape(self, mask: Pixels, within: Region | None, *, marked: str | None = None) -> Shape:
        """Yield the tiles of a mask within a region; with `marked` only where that class is marked."""
        whole = Region.whole(self.stack.grid)
        region = whole if within is None else within.meet(whole)
        indices = self.marking.marks.indices
        for top in range(region.top // BAND * BAND, region.bottom, BAND):  # no tile twice
            band = Region(top, region.left, top + BAND, region.right).meet(region)
            part = np.asarray(mask[band.slices])
            if marked is not None:
                part = part & (np.asarray(indices[band.slices]) == index_of(marked))
            yield from shape_of_mask(part, top=band.top, left=band.left)


def _stamp(source: Path) -> tuple[int, int] | None:
    """Return what tells a file from the one that replaces it; None: it is not there."""
    try:
        told = source.stat()
    except OSError:
        return None
    return (told.st_mtime_ns, told.st_size) if source.is_file() else (0, 0)


def _proposal(source: Path) -> dict[str, Any] | None:
    """Return the history of a proposal, None for any other painting."""
    beside = provenance.sidecar(source, "history")
    if not source.is_file() or not beside.is_file():
        return None
    try:
        history = provenance.read_proposal(beside)
    except TratteggioError:
        return None
    return history if recorded_source(history) else None
