"""The options of a fill, with their checks: one frozen object for Python, files and the command line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tratteggio.calibration import require_limit
from tratteggio.errors import BadUsage
from tratteggio.finish import require_finish
from tratteggio.seeds import require_seed
from tratteggio.treatment.choosing import Choice


@dataclass(frozen=True, kw_only=True)
class FillOptions:
    """How a painting is filled, besides the engine.

    Attributes:
        finish: how the fill looks: mimetic, hatched, neutral or outlined, with options if needed, as
            "hatched:line_px=4".
        seed: the same seed gives the same bits.
        device: "auto", "cpu" or "cuda".
        tile: side of the square that is read at a time, in pixels; the result does not depend on it.
        memory: GiB that the work may take; chooses `tile`.
        calibrate: measure the error on synthetic holes in known paint, and calibrate the confidence.
        leave_above: leave a lacuna open if its fill is off by more than this share of the range in 1 of 10
            pixels, according to the confidence.
        mask_orientation: of a mask file over a scan with an orientation tag: "displayed" or "stored"; None
            decides by tags and sizes, and refuses what is ambiguous.
        mask_sense: what white in a mask file stands for: "lost", or "known" (black is lost then).
        mask_layer: of a mask file with layers: the name of the layer.
        mostly_lost: accept a mask that marks more than 90 % of the area.
        white: the sample value of white, as for `open`.
        choices: for single lacunae another fill, another finish, or none with a reason.

    Raises:
        UnknownName: no such finish.
        BadUsage: a value out of its range.

    Example:
        >>> FillOptions(tile=0)
        Traceback (most recent call last):
        tratteggio.errors.BadUsage: tile must be a number of pixels, 1 or more, got 0
    """

    finish: str = "mimetic"
    seed: int = 0
    device: str = "auto"
    tile: int | None = None
    memory: float | None = None
    calibrate: bool = False
    leave_above: float | None = None
    mask_orientation: str | None = None
    mask_sense: str = "lost"
    mask_layer: str | None = None
    mostly_lost: bool = False
    white: float | None = None
    choices: tuple[Choice, ...] = ()

    def __post_init__(self) -> None:
        require_finish(self.finish)
        for choice in self.choices:
            require_finish(choice.finish or self.finish)
        require_seed(self.seed)
        require_tile(self.tile)
        if self.leave_above is not None:
            require_limit(self.leave_above)

    def as_json(self) -> dict[str, Any]:
        """Return the options for a history."""
        return asdict(self)


def require_tile(tile: int | None) -> None:
    """Check a tile size.

    Raises:
        BadUsage: below 1.
    """
    if tile is not None and tile < 1:
        raise BadUsage(f"tile must be a number of pixels, 1 or more, got {tile}", option="tile")
