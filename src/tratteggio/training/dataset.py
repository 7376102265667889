"""What a dataset must offer, and what a net and an objective may state about the samples they need.

A dataset is one file in `tratteggio.datasets` with a function `make(request) -> Samples`. A recipe names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from tratteggio.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

    from tratteggio.losses import Objective
    from tratteggio.training.batches import Patch, Patches


@runtime_checkable
class TakesModalities(Protocol):
    """A net of one or several modalities states their channels by name."""

    modalities: Mapping[str, int]


@runtime_checkable
class TakesAttributes(Protocol):
    """A net that is given attributes of an image states their names."""

    attributes: tuple[str, ...]


@runtime_checkable
class TakesChannels(Protocol):
    """A net for another number of channels than 3 states it."""

    colours: int


@runtime_checkable
class NeedsFitting(Protocol):
    """An objective that must know what is frequent among the samples, before the run begins."""

    def fitted(self, images: Iterable[Tensor], /) -> Objective:
        """Return the objective fitted to samples (C, H, W)."""


@dataclass(frozen=True)
class Inputs:
    """What a net takes.

    Attributes:
        channels: of an image.
        modalities: channels of each modality by name; empty if the net states none.
        attributes: names of what it is given of an image.
    """

    channels: int = 3
    modalities: Mapping[str, int] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()


def inputs_of(net: object) -> Inputs:
    """Return what a net states; what it does not state has its default."""
    return Inputs(
        channels=net.colours if isinstance(net, TakesChannels) else 3,
        modalities=net.modalities if isinstance(net, TakesModalities) else {},
        attributes=net.attributes if isinstance(net, TakesAttributes) else (),
    )


@dataclass(frozen=True)
class Request:
    """What samples are wanted.

    Attributes:
        recipe: side, damage, variation and so on.
        data: the folder.
        inputs: what the net takes.
        only: text file with the names to use; None uses all.
        validation: about which share of the images is the validation split; 0 for none.
        filled: number of the modality that alone is damaged; None damages all alike.
    """

    recipe: Recipe
    data: Path
    inputs: Inputs
    only: str | Path | None = None
    validation: float = 0.1
    filled: int | None = None


class Samples(NamedTuple):
    """What a net is trained on.

    Attributes:
        training: samples by index.
        validation: samples to measure on, always the same.
        names: of the images or paintings to learn from.
        manifest: what a run keeps of this, by file name.
        shown: truth of a batch -> what the net is shown of it; None shows what is known.
    """

    training: Patches
    validation: Sequence[Patch]
    names: tuple[str, ...]
    manifest: Mapping[str, str]
    shown: Callable[[Tensor], Tensor] | None = None


class Dataset(Protocol):
    """A module of `tratteggio.datasets`."""

    def make(self, request: Request, /) -> Samples:
        """Make the samples of a run."""
