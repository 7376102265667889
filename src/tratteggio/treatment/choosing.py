"""Lacuna by lacuna: another fill, another finish, or none with a reason, as a person chose it.

A choice names its lacuna by one of its pixels, so it stays with it when other lacunae are added or removed.
All choices are part of the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadUsage
from tratteggio.finish import apply_finish
from tratteggio.painting import Groups, Lacunae, Pixels, Region, Restoration, Stack
from tratteggio.painting.lazy import LazyPixels
from tratteggio.painting.pixels import Array, Lost
from tratteggio.roles import Engine
from tratteggio.treatment.making import samplers

CELLS = 1 << 24  # up to so many pixels, lacunae are exact connected areas


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is done with one lacuna.

    Attributes:
        row, col: a pixel of the lacuna.
        sample: the number of another fill, see `samplers`; 0 is the one that the engine holds for best; None
            leaves it to the engine.
        finish: how it looks; None: as all others.
        leave: why it is not filled; None: it is filled.
    """

    row: int
    col: int
    sample: int | None = None
    finish: str | None = None
    leave: str | None = None


def group_lacunae(lacunae: Lacunae) -> Groups:
    """Return the lacunae one by one: connected areas, on a coarser grid if the painting is very large."""
    rows, cols = lacunae.grid
    cell = 1
    while -(-rows // cell) * -(-cols // cell) > CELLS:
        cell += 1
    return lacunae.groups(cell)


@dataclass(frozen=True, eq=False, repr=False)
class SomeLost(LazyPixels):
    """Some of the lacunae, as lazy pixels (H, W) bool.

    Attributes:
        lost: all of them.
        groups: which pixel belongs to which.
        kept: (groups + 1,) bool, by number.
    """

    lost: Pixels
    groups: Groups
    kept: Lost

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W)."""
        return tuple(self.lost.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Bool."""
        return np.dtype(np.bool_)

    def _read(self, region: Region) -> Lost:
        lost: Lost = np.asarray(self.lost[region.slices])
        return lost & self.kept[self.groups.label_map(region)]


@dataclass(frozen=True, eq=False)
class Chosen:
    """Choices, with the lacunae that they are about.

    Attributes:
        lacunae: all.
        groups: one by one.
        by_number: the choice for the lacuna of a number.
    """

    lacunae: Lacunae
    groups: Groups
    by_number: Mapping[int, Choice]

    @property
    def as_json(self) -> list[dict[str, Any]]:
        """For the history."""
        return [asdict(choice) for choice in self.by_number.values()]

    @property
    def left(self) -> dict[str, Any]:
        """Which lacunae are not filled, and why, for the history; empty: none."""
        out = [number for number, choice in self.by_number.items() if choice.leave is not None]
        if not out:
            return {}
        pixels = sum(int(self.groups.lost_px[number - 1]) for number in out)
        reasons = [self.by_number[number].leave for number in out]
        return {"lacunae": len(out), "lost_px": pixels, "reasons": reasons}

    def filled(self) -> Lacunae:
        """Return the lacunae that are filled.

        Raises:
            BadUsage: none is.
        """
        kept = np.ones(len(self.groups.regions) + 1, bool)
        for number, choice in self.by_number.items():
            kept[number] = choice.leave is None
        if not kept[1:].any():
            raise BadUsage("every lacuna is to be left as it is, so nothing would be filled")
        return Lacunae(SomeLost(self.lacunae.lost, self.groups, kept), self.lacunae.name)

    def finish(self, restoration: Restoration, finish: str) -> Restoration:
        """Apply a finish, and to single lacunae the finish that was chosen for them.

        Args:
            restoration: as the engine made it.
            finish: of all others.
        """
        whole = apply_finish(restoration, finish)
        names = sorted({choice.finish for choice in self.by_number.values() if choice.finish is not None})
        if not names:
            return whole
        number_of = np.zeros(len(self.groups.regions) + 1, np.int64)
        for number, choice in self.by_number.items():
            number_of[number] = 0 if choice.finish is None else 1 + names.index(choice.finish)
        fills = [whole.fill, *(apply_finish(restoration, name).fill for name in names)]
        return Restoration(
            whole.original, whole.lacunae, _Picked(tuple(fills), self.groups, number_of), whole.confidence,
            whole.history, whole.saver, whole.previewer,
        )  # fmt: skip


def choose(lacunae: Lacunae, choices: Sequence[Choice]) -> Chosen:
    """Find the lacunae that choices are about; those whose lacuna is gone are left out."""
    groups, by_number = group_lacunae(lacunae), {}
    whole = Region.whole(lacunae.grid)
    for choice in choices:
        here = Region(choice.row, choice.col, choice.row + 1, choice.col + 1)
        if here.meet(whole) == here and lacunae.read(here).all():
            by_number[int(groups.label_map(here)[0, 0])] = choice
    return Chosen(lacunae, groups, by_number)


def choose_samples(engine: Engine, chosen: Chosen) -> Engine:
    """Return an engine that fills each lacuna with the sample that was chosen for it.

    Raises:
        BadUsage: the engine makes only one fill.
    """
    wanted = {
        number: choice.sample
        for number, choice in chosen.by_number.items()
        if choice.sample is not None and choice.leave is None
    }
    most = max(wanted.values(), default=0)
    if not most and not wanted:
        return engine
    engines = (engine, *(samplers(engine, most) if most else ()))
    return _Sampled(engines, chosen.groups, wanted, chosen.as_json)


@dataclass(frozen=True, eq=False)
class _Sampled:
    """Several fills of one engine, one for each lacuna; satisfies `roles.Engine`."""

    engines: tuple[Engine, ...]
    groups: Groups
    wanted: Mapping[int, int]
    told: list[dict[str, Any]] = field(repr=False)

    @property
    def name(self) -> str:
        return self.engines[0].name

    @property
    def reads(self) -> tuple[str, ...] | None:
        return self.engines[0].reads

    @property
    def halo(self) -> int:
        return max(engine.halo for engine in self.engines)

    @property
    def local(self) -> bool:
        return all(engine.local for engine in self.engines)

    @property
    def learnt(self) -> bool:
        return any(engine.learnt for engine in self.engines)

    @property
    def capacity(self) -> int:
        return min(engine.capacity for engine in self.engines)

    @property
    def parameters(self) -> dict[str, Any]:
        chosen = [{"row": one["row"], "col": one["col"], "sample": one["sample"]} for one in self.told]
        return {**self.engines[0].parameters, "chosen": chosen}

    def prepare(self, stack: Stack, lacunae: Lacunae) -> Any:
        used = sorted({0, *self.wanted.values()})
        return stack.origin, {one: self.engines[one].prepare(stack, lacunae) for one in used}

    def fill(self, window: Stack, lacunae: Lacunae, context: Any) -> tuple[Array, NDArray[np.float32]]:
        origin, contexts = context
        top, left = window.origin[0] - origin[0], window.origin[1] - origin[1]
        numbers = self.groups.label_map(Region(top, left, top + window.grid[0], left + window.grid[1]))
        samples = np.zeros(len(self.groups.regions) + 1, np.int64)
        for number, sample in self.wanted.items():
            samples[number] = sample
        picked = samples[numbers]
        used = np.unique(picked[lacunae.read()])
        fill, confidence = self.engines[used[0]].fill(window, lacunae, contexts[int(used[0])])
        for one in used[1:]:
            other, sure = self.engines[one].fill(window, lacunae, contexts[int(one)])
            here = picked == one
            fill, confidence = np.where(here[..., None], other, fill), np.where(here, sure, confidence)
        return fill, confidence


@dataclass(frozen=True, eq=False, repr=False)
class _Picked(LazyPixels):
    """Fills of which each lacuna has one, as lazy pixels.

    Attributes:
        fills: (H, W, channels) each.
        groups: the lacunae.
        picked: (groups + 1,) which fill, by number.
    """

    fills: tuple[Pixels, ...]
    groups: Groups
    picked: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W, channels)."""
        return tuple(self.fills[0].shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Depth of the fills."""
        return np.dtype(self.fills[0].dtype)

    def _read(self, region: Region) -> Array:
        picked = self.picked[self.groups.label_map(region)]
        out = np.array(self.fills[0][region.slices])
        for number in np.unique(picked):
            if number:
                here = picked == number
                out[here] = np.asarray(self.fills[number][region.slices])[here]
        return out
