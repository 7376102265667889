"""Images of a folder: some to learn from, some for validation, and the patches to measure on."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tratteggio.degradation import Damage, make_damage
from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.training.batches import Patch
from tratteggio.training.dataset import Request, Samples
from tratteggio.training.patches import AS_THEY_ARE, PER_PICTURE, Augment, Patches
from tratteggio.training.pictures import attributes_of, listed, split
from tratteggio.training.sources import Chosen, Folder, Halved, Reduced, Source, Whole, require_few

log = logging.getLogger("tratteggio")

HELD_OUT = 48  # patches to measure on: enough for a steady mean, few enough to look at often


class ImageSplit(NamedTuple):
    """The pictures of a run.

    Attributes:
        learnt: to learn from.
        aside: names of whole pictures that are only measured on.
        held_out: patches of these, always the same.
    """

    learnt: Chosen
    aside: tuple[str, ...]
    held_out: list[Patch]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the pictures to learn from."""
        return tuple(self.learnt.name(number) for number in range(len(self.learnt)))

    @property
    def manifest(self) -> dict[str, str]:
        """What a run keeps of this, by file name."""
        return {"pictures.txt": lines(self.names), "set_aside.txt": lines(self.aside)}


def lines(names: Iterable[str]) -> str:
    """Write names one per line."""
    return "".join(f"{name}\n" for name in names)


def make(request: Request) -> Samples:
    """Make patches of the images of a folder, damaged or degraded as the recipe says.

    Raises:
        BadUsage, UnreadableFile: as `split_images`.
        BadUsage: a net of several modalities, which needs the dataset "paintings".
    """
    recipe, inputs = request.recipe, request.inputs
    if len(inputs.modalities) > 1:
        raise BadUsage(
            f"{recipe.model} takes several modalities and cannot learn from single images; "
            "use `settings=['dataset=paintings']`"
        )
    found = split_request(request)
    return Samples(damaged_patches(request, found.learnt), found.held_out, found.names, found.manifest)


def split_request(request: Request) -> ImageSplit:
    """Open the images that a request names, and split them."""
    recipe = request.recipe
    return split_images(
        request.data,
        only=request.only,
        set_aside=request.validation,
        side=recipe.side,
        damage=make_damage(recipe.damage),
        channels=request.inputs.channels,
        whole=recipe.whole,
        halved=recipe.halved,
        reduced=recipe.reduced,
        attributes=request.inputs.attributes,
    )


def damaged_patches(request: Request, source: Source, *, anywhere: bool = False) -> Patches:
    """Return the patches of a run.

    Args:
        request: what is wanted.
        source: the images to learn from.
        anywhere: each patch lies anywhere, instead of so many of each image in a round.
    """
    recipe, inputs = request.recipe, request.inputs
    per_image = 1 if recipe.whole else PER_PICTURE
    return Patches(
        source,
        side=recipe.side,
        damage=make_damage(recipe.damage),
        augment=Augment.of(recipe.augment),
        seed=recipe.seed,
        per_picture=None if anywhere else per_image,
        modalities=tuple(inputs.modalities.values()),
        absent=recipe.absent,
        fixed=recipe.fixed,
        attributes=inputs.attributes,
        filled=request.filled,
    )


def split_images(
    folder: str | Path,
    *,
    only: str | Path | None,
    set_aside: float,
    side: int,
    damage: Damage,
    channels: int = 3,
    whole: bool = False,
    halved: bool = False,
    reduced: int | None = None,
    attributes: Sequence[str] = (),
) -> ImageSplit:
    """Open the pictures of a folder and set some aside, by their names alone.

    Pictures smaller than a patch are left out and told of: beyond them there is nothing to learn.

    Args:
        folder: of pictures, and folders of pictures.
        only: text file with the names to take, one per line, relative to the folder; None takes all.
        set_aside: about which share to keep for measuring, 0 .. 1; 0 keeps none.
        side: of a patch, in pixels.
        damage: of the patches that are measured on.
        channels: 3, or 1 for grey.
        whole: each picture is one patch, brought to the square `side`.
        halved: pictures are brought to half their size first.
        reduced: longer side in pixels that pictures are brought to first; None leaves them.
        attributes: that are told of pictures: names of folders that they lie in.

    Raises:
        BadUsage: no such folder, no picture in it, none as large as a patch, one alone where some are to be
            set aside, a share out of its range, or an attribute that no picture to learn from has.
        UnreadableFile: more than 5 % of the pictures cannot be read, or none of those set aside.
    """
    if not 0 <= set_aside < 1:
        raise BadUsage(f"the share to set aside must be 0 or more and less than 1, got {set_aside}")
    source: Source = Folder(folder, channels=channels, names=None if only is None else listed(only))
    if halved:
        source = Halved(source)
    if reduced is not None:
        source = Reduced(source, reduced)
    if whole:
        source = Whole(source, side)
    numbers = {source.name(number): number for number in _large(source, side)}
    learnt, aside = split(numbers, share=set_aside) if set_aside else (sorted(numbers), [])
    _require_shown(attributes, learnt, folder)
    failed: list[str] = []
    measured = [numbers[name] for name in aside]
    held_out = list(_held_out(source, measured, side, damage, attributes=attributes, failed=failed))
    if aside and not held_out:
        raise UnreadableFile(
            f"no validation image can be read, for example {failed[0]}; replace the damaged files"
        )
    unreadable = (*source.unreadable, *failed)
    require_few(unreadable, total=len(source) + len(source.unreadable))
    chosen = Chosen(source, tuple(numbers[name] for name in learnt), left_out=tuple(failed))
    return ImageSplit(chosen, tuple(name for name in aside if name not in failed), held_out)


def _require_shown(attributes: Sequence[str], names: Sequence[str], folder: str | Path) -> None:
    """Make sure that there is something to learn of every attribute."""
    for attribute in attributes:
        if not any(attributes_of(name, [attribute]).any() for name in names):
            raise BadUsage(
                f"no picture to learn from has the attribute {attribute!r}; attributes are the names of "
                f"folders that pictures lie in, and {folder} has no such one with pictures enough"
            )


def _large(source: Source, side: int) -> list[int]:
    """Number the pictures that are as large as a patch."""
    large = [number for number in range(len(source)) if min(source.grid(number)) >= side]
    small = [source.name(number) for number in range(len(source)) if min(source.grid(number)) < side]
    if not large:
        raise BadUsage(
            f"none of the {len(source)} pictures is as large as a patch of {side} x {side} pixels; "
            "choose smaller patches with `settings=['side=...']`"
        )
    if small:
        log.warning(
            "%d of %d images are smaller than a patch of %d pixels and are left out, for example %s",
            len(small), len(source), side, small[0],
        )  # fmt: skip
    return large


def _held_out(
    source: Source,
    numbers: list[int],
    side: int,
    damage: Damage,
    *,
    attributes: Sequence[str],
    failed: list[str],
) -> Iterator[Patch]:
    """Cut as many patches of each picture, upright; pictures that cannot be decoded are named in `failed`."""
    each = math.ceil(HELD_OUT / max(1, len(numbers)))
    for place, number in enumerate(numbers[:HELD_OUT]):
        patches = Patches(
            Chosen(source, (number,)), side=side, damage=damage, augment=AS_THEY_ARE, seed=place,
            per_picture=each, attributes=attributes,
        )  # fmt: skip
        try:
            yield from [patches[index] for index in range(each)]
        except UnreadableFile:  # which was told of when it was met
            failed.append(source.name(number))
