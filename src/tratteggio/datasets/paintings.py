"""Paintings of several modalities: one half of each to learn from, the other half for validation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tratteggio import treatment
from tratteggio.datasets import images
from tratteggio.datasets.images import damaged_patches, lines
from tratteggio.degradation import Damage, make_damage
from tratteggio.errors import BadUsage
from tratteggio.painting import Stack
from tratteggio.training.batches import Patch
from tratteggio.training.dataset import Request, Samples
from tratteggio.training.patches import AS_THEY_ARE, Patches
from tratteggio.training.sources import Source, Stacks
from tratteggio.training.spatial_split import split_spatially

HELD_OUT = 256  # small patches, quickly measured
MARKS = ("painting.toml", "zarr.json")  # what a folder holds that is one painting


class PaintingSplit(NamedTuple):
    """The paintings of a run.

    Attributes:
        learnt: halves to learn from.
        held_out: patches of the other halves, always the same.
        names: of the paintings.
    """

    learnt: Source
    held_out: list[Patch]
    names: tuple[str, ...]

    @property
    def manifest(self) -> dict[str, str]:
        """What a run keeps of this, by file name."""
        halves = "upper or left half" if self.held_out else "whole"
        return {"pictures.txt": lines(f"{name}, {halves}" for name in self.names)}


def make(request: Request) -> Samples:
    """Make patches of paintings with the modalities of the net. A net of one modality learns from images.

    Raises:
        BadUsage, GridMismatch, UnreadableFile: as `split_paintings`.
        BadUsage: a list of names, which this dataset does not take.
    """
    recipe, modalities = request.recipe, request.inputs.modalities
    if len(modalities) < 2:
        return images.make(request)
    if request.only is not None:
        raise BadUsage("a net of several modalities learns from all paintings there; leave `only=...` out")
    found = split_paintings(
        request.data,
        modalities=modalities,
        side=recipe.side,
        damage=make_damage(recipe.damage),
        filled=request.filled,
        set_aside=request.validation > 0,
    )
    training = damaged_patches(request, found.learnt, anywhere=True)
    return Samples(training, found.held_out, found.names, found.manifest)


def split_paintings(
    data: str | Path,
    *,
    modalities: Mapping[str, int],
    side: int,
    damage: Damage,
    filled: int | None,
    set_aside: bool,
) -> PaintingSplit:
    """Open the paintings of a folder and cut each in two, with a band of 32 pixels between the halves.

    Args:
        data: a painting (a folder with a painting.toml, an OME-Zarr), or a folder of such.
        modalities: channels of each that are wanted, by name; what else a painting has is left alone.
        side: of a patch, in pixels.
        damage: of the patches that are measured on.
        filled: number of the modality that alone is damaged there; None damages all alike.
        set_aside: False learns from both halves and measures nothing.

    Raises:
        BadUsage: no painting there, one that lacks a modality, or one too small to be cut.
        GridMismatch, UnreadableFile: as `treatment.open`.
    """
    places = paintings(data)
    source = opened(places, modalities)
    names = tuple(place.name for place in places)
    if not set_aside:
        return PaintingSplit(source, [], names)
    learnt, aside = split_spatially(source, guard=side)
    patches = Patches(
        aside, side=side, damage=damage, augment=AS_THEY_ARE, per_picture=None,
        modalities=tuple(modalities.values()), filled=filled,
    )  # fmt: skip
    return PaintingSplit(learnt, [patches[index] for index in range(HELD_OUT)], names)


def paintings(data: str | Path) -> list[Path]:
    """List the paintings of a folder, by name; the folder itself if it is one.

    Raises:
        BadUsage: there is none.
    """
    folder = Path(data)
    if _is_painting(folder):
        return [folder]
    found = sorted(place for place in folder.iterdir() if _is_painting(place)) if folder.is_dir() else []
    if not found:
        raise BadUsage(
            f"{folder} holds no painting of several modalities; each is a folder with a painting.toml, "
            "or an OME-Zarr that `tratteggio.register` wrote"
        )
    return found


def opened(places: Iterable[Path], modalities: Mapping[str, int]) -> Stacks:
    """Open paintings with the modalities that a net knows, in its order.

    Args:
        places: of the paintings.
        modalities: channels of each that is wanted, by name.

    Raises:
        BadUsage: a painting lacks one.
        GridMismatch, UnreadableFile: as `treatment.open`.
    """
    return Stacks([_wanted(treatment.open(place), modalities, place) for place in places])


def _is_painting(place: Path) -> bool:
    return any((place / mark).is_file() for mark in MARKS)


def _wanted(stack: Stack, modalities: Mapping[str, int], place: Path) -> Stack:
    there = {name: stack[name].channels for name in stack}
    lacking = [
        f"{name} of {channels} channels"
        for name, channels in modalities.items()
        if there.get(name) != channels
    ]
    if lacking:
        listed = ",".join(f"{name}={channels}" for name, channels in there.items())
        raise BadUsage(
            f"{place} lacks {', '.join(lacking)}, which the net is to learn; it holds {listed}: "
            f"name a net for these, such as `settings=['model=fp-cae:{listed}']`"
        )
    return Stack(tuple(stack[name] for name in modalities))
