"""Patches of each step in the order of the steps, made between them or ahead of time by other processes."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tratteggio.errors import TratteggioError

Floats = NDArray[np.float32]
Patch = tuple[Floats, Floats] | tuple[Floats, Floats, Floats]
"""Truth, known, and of a net that is told of them the attributes of the picture."""


class Patches(Protocol):
    """An endless sequence of patches, each a pure function of its index; can be pickled.

    If it has an attribute `seconds`, a mapping of running totals ("decode", "damage", ...), these appear
    among the stages of the journal. If it has `unreadable`, names of pictures that were left out so far, the
    run names them at its end.
    """

    def __getitem__(self, index: int, /) -> Patch:
        """Return truth (C, side, side) of 0 .. 1 and known (1 or C, side, side), 1 = known; both float32.

        For a net that is told of attributes, these follow: (A,) float32, 1 for those that the picture has.
        """


class Batch(NamedTuple):
    """The patches of one step, for one process.

    Attributes:
        truth: (B, C, side, side) float32 of 0 .. 1.
        known: (B, 1 or C, side, side) float32, 1 = known, 0 = lost.
        attributes: (B, A) float32, 1 for those that a picture has; None if there are none to tell.
        indices: (B,) int64, which patches these are.
        seconds: time it took to make them, by stage.
        unreadable: names of pictures that were left out so far.
    """

    truth: Tensor
    known: Tensor
    attributes: Tensor | None
    indices: Tensor
    seconds: Mapping[str, float]
    unreadable: Sequence[str]


class Shares(Dataset["Batch | TratteggioError"]):
    """Step -> this process's share of its batch, or the error met in making it.

    An error is handed over, since the loader would bury its sentence in the trace of another process.

    Args:
        patches: the sequence. Step s has the patches s * batch ... s * batch + batch - 1.
        batch: patches per step, over all processes.
        rank: which process this is.
        world: how many there are; divides `batch`.
    """

    def __init__(self, patches: Patches, *, batch: int, rank: int = 0, world: int = 1) -> None:
        self.patches = patches
        self.batch = batch
        self.share = batch // world
        self.rank = rank

    def __getitem__(self, step: int) -> Batch | TratteggioError:
        first = step * self.batch + self.rank * self.share
        indices = range(first, first + self.share)
        before, start = self._seconds(), time.perf_counter()
        try:
            patches = [self.patches[index] for index in indices]
        except TratteggioError as error:
            return error
        truth, known, *attributes = (
            torch.from_numpy(np.stack(arrays)) for arrays in zip(*patches, strict=True)
        )
        spent = {stage: total - before.get(stage, 0.0) for stage, total in self._seconds().items()}
        return Batch(
            truth,
            known,
            attributes[0] if attributes else None,
            torch.tensor(indices),
            seconds=spent or {"patches": time.perf_counter() - start},
            unreadable=tuple(getattr(self.patches, "unreadable", ())),
        )

    def _seconds(self) -> dict[str, float]:
        return dict(getattr(self.patches, "seconds", {}))


def loader(shares: Shares, steps: range, *, workers: int, pinned: bool) -> DataLoader[Any]:
    """Give the shares of the steps in their order.

    Args:
        shares: what is given.
        steps: which, in that order.
        workers: processes that make them ahead of time; 0 makes each when it is asked for.
        pinned: in memory that a GPU can fetch from by itself.
    """
    return DataLoader(
        shares,
        sampler=steps,
        batch_size=None,
        num_workers=workers,
        # Not forked: a copy of a process that runs threads may wait for ever for a lock that none holds.
        multiprocessing_context="spawn" if workers else None,
        worker_init_fn=_ignore_interrupts,
        pin_memory=pinned,
    )


def _ignore_interrupts(_: int) -> None:
    """Let Ctrl-C, which reaches all processes of a terminal, stop the main one only: it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
