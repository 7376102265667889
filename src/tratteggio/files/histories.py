"""What a history must hold, so that our own code can read it back: the schema of `OUT.history.json`.

Only keys that some verb reads are named here. All else in a history is kept and shown as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from tratteggio.errors import UnreadableFile
from tratteggio.files.documents import require

SCHEMA = 1
WHAT = "history"

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
FileName = Annotated[str, Meta(max_length=4096)]


class Source(Struct):
    """The scan that something was made from."""

    sha256: str | UnsetType = UNSET
    file: FileName | UnsetType = UNSET
    file_quoted: FileName | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.file is not UNSET and "\0" in self.file:
            raise ValueError("the name of a file holds no zero byte")


class LeftOpen(Struct):
    """The lacunae that were not filled."""

    lacunae: Count
    above: float | UnsetType = UNSET


class Calibration(Struct):
    """What trials showed of the confidence; one share for each level."""

    trials: Count
    levels: list[float]
    within_before: list[float]
    within_after: list[float]

    def __post_init__(self) -> None:
        if not len(self.levels) == len(self.within_before) == len(self.within_after):
            raise ValueError("levels, within_before and within_after must be equally long")
        if 0.9 not in self.levels:
            raise ValueError("levels must hold 0.9")


class History(Struct):
    """Any history."""

    schema: Annotated[int, Meta(ge=1)]
    source: Source | UnsetType = UNSET
    calibration: Calibration | UnsetType = UNSET
    left_open: LeftOpen | UnsetType = UNSET
    hypothesis: list[Step] | UnsetType = UNSET


class ProposalSource(Source, kw_only=True):
    """The scan that was filled."""

    sha256: str


class Filled(Struct):
    """The lacunae that were filled."""

    raster_sha256: str
    lost_px: Count


class Named(Struct):
    """An engine or a finish."""

    name: str


class Engine(Named):
    """What filled; `learnt` says whether trained weights had a part in it."""

    learnt: bool | UnsetType = UNSET


class Step(Struct):
    """A filter or an enhancer."""

    learnt: bool | UnsetType = UNSET


class Proposal(Struct):
    """What the history of a proposal holds beyond those of all others."""

    source: ProposalSource
    lacunae: Filled
    engine: Engine
    finish: Named
    filled_share: float


def require_history(found: Any, source: Path) -> dict[str, Any]:
    """Return a parsed history unchanged, once its keys are as they must be.

    Args:
        found: the parsed JSON.
        source: the file it comes from, for messages.

    Raises:
        UnreadableFile: no history, one that was written by a later version, or a key holds something else.
    """
    history: dict[str, Any] = require(found, dict[str, Any], source, what=WHAT)
    if "schema" not in history:
        raise UnreadableFile(f"{source} is not a history: it has no schema version")
    require(history, History, source, what=WHAT)
    if history["schema"] > SCHEMA:
        stated = str(history["schema"])[:20]
        raise UnreadableFile(
            f"{source} has schema {stated}, newer than {SCHEMA}; update tratteggio to read it"
        )
    return history


def require_proposal(history: dict[str, Any], source: Path) -> dict[str, Any]:
    """Return a history unchanged if it is that of a proposal.

    Raises:
        UnreadableFile: a key that proposals have is missing or holds something else.
    """
    require(history, Proposal, source, what="history of a proposal")
    return history
