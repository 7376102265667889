"""How a fill is shown inside the lacunae: one file each, and the file name is the finish's name.

A finish is a module with `make(restoration) -> Finish`, which may have keyword options of its own. To add
one, add a file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NoReturn, Protocol

import numpy as np

from tratteggio import registry
from tratteggio.options import Option, options_of, parse
from tratteggio.painting import Lacunae, Pixels, Region, Restoration, Scan
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array, Lost
from tratteggio.renamed import refuse_former

__all__ = ["Finish", "apply_finish", "require_finish"]


def __getattr__(name: str) -> NoReturn:
    refuse_former(__name__, name, {"finished": "apply_finish"})


class Finish(Protocol):
    """Shows a fill in its own way. The result for a pixel depends on its position, never on the tile.

    Attributes:
        halo: pixels around a pixel that influence how it is shown.
        parameters: what was chosen, for the history.
    """

    @property
    def halo(self) -> int: ...  # noqa: D102 (see above)

    @property
    def parameters(self) -> dict[str, Any]: ...  # noqa: D102

    def apply(self, fill: Array, lost: Lost, at: Region) -> Array:
        """Return the fill of one region as it is to be shown.

        Args:
            fill: (h, w, channels) in the dtype of the scan; only lost pixels mean anything.
            lost: (h, w) bool.
            at: where the region lies in the painting; already grown by `halo`.

        Returns:
            (h, w, channels) in the same dtype; read only where lost.
        """


@dataclass(frozen=True, eq=False, repr=False)
class Finished(LazyPixels):
    """A fill as a finish shows it, made region by region when it is read."""

    fill: Pixels
    lacunae: Lacunae
    finish: Finish

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W, channels), as the fill's."""
        return tuple(self.fill.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Depth of the fill."""
        return np.dtype(self.fill.dtype)

    def _read(self, region: Region) -> Array:
        if not self.lacunae.read(region).any():
            return np.asarray(self.fill[region.slices])
        window = region.grow(self.finish.halo, within=self.lacunae.grid)
        fill, lost = np.ascontiguousarray(self.fill[window.slices]), self.lacunae.read(window)
        shown = np.where(lost[..., None], self.finish.apply(fill, lost, window), fill)
        return np.asarray(shown[region.relative_to(window).slices])


def apply_finish(restoration: Restoration, finish: str) -> Restoration:
    """Return the restoration with a finish applied to its fill.

    Each region is computed when it is read. Apply a finish to the engine's own fill only: a second finish
    would hatch the hatching.

    Args:
        restoration: the proposal as the engine made it.
        finish: "mimetic" (as it is), "hatched" (tratteggio), "neutral" (even tone), "outlined", or one that
            another package offers; with options if needed, as "hatched:line_px=4".

    Raises:
        UnknownName: no such finish or option.
        BadUsage: a value that the option cannot take.
    """
    name, given = parse(finish, _options)
    made: Finish = registry.load("finish", name).make(restoration, **given)
    described = {"name": name, **made.parameters} | ({"options": given} if given else {})
    return replace(
        restoration,
        fill=Finished(restoration.fill, restoration.lacunae, made),
        history={**restoration.history, "finish": described},
    )


def require_finish(finish: str) -> tuple[str, dict[str, Any]]:
    """Check a finish and its options on a proposal of one pixel, before a painting is opened.

    Returns:
        its name and the options that were given.

    Raises:
        UnknownName, BadUsage: as `apply_finish`.
    """
    name, given = parse(finish, _options)
    one = np.zeros((1, 1, 3), np.uint8)
    sure = np.zeros((1, 1), np.float32)
    trial = Restoration(Scan(one), Lacunae(np.ones((1, 1), bool)), one, sure, {})
    registry.load("finish", name).make(trial, **given)
    return name, given


def _options(name: str) -> dict[str, Option]:
    with registry.usable("finish", name):
        return options_of(registry.load("finish", name).make, first=1)
