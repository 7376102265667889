"""Pictures of an experiment: those set aside in a folder, or ones that need no download."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tratteggio import files
from tratteggio.errors import UnreadableFile
from tratteggio.painting import Region
from tratteggio.phantom import multimodal, panel
from tratteggio.training.image_lists import list_images, split
from tratteggio.training.sources import Folder, require_few

log = logging.getLogger("tratteggio")

Levels = NDArray[np.uint8]

VALIDATION_SHARE = 0.2
"""Share of whole pictures, chosen by their names, that no net of an experiment learns from. Weights that we
ship are trained with the same share, so that what is measured here is new to them as well."""

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")


def photographs() -> dict[str, Levels]:
    """Return the photographs that come with scikit-image, by name; phantoms if it is not installed."""
    try:
        from skimage import data  # noqa: PLC0415 # optional
    except ModuleNotFoundError as error:
        if error.name != "skimage":
            raise
        return {f"phantom {seed}": _phantom(seed, rows=320, cols=256) for seed in range(4)}
    return {name: np.ascontiguousarray(getattr(data, name)()) for name in PHOTOGRAPHS}


def readable(folder: Path, names: Iterable[str]) -> Folder:
    """Open pictures of a folder by name, without those that cannot be decoded, which the log names.

    All are decoded once: better now than in the middle of the work.

    Raises:
        UnreadableFile: more than 5 % of them cannot be decoded.
        BadUsage: none is named, or one is not there.
    """
    opened = Folder(folder, names=names)
    sound = []
    for number in range(len(opened)):
        try:
            opened.read(number)
        except UnreadableFile as error:
            log.warning("%s; the picture is left out", error)
        else:
            sound.append(opened.name(number))
    broken = sorted({*opened.names} - {*sound})
    require_few([*opened.unreadable, *broken], total=len(opened) + len(opened.unreadable))
    return Folder(folder, names=sound) if broken else opened


def validation_images(data: Path | None, most: int) -> tuple[list[str], Callable[[str], Levels]]:
    """Choose pictures that no net has learnt from -> (their names, what decodes one).

    Args:
        data: folder; None takes photographs that need no download.
        most: of the pictures set aside.

    Raises:
        UnreadableFile, BadUsage: as `readable`.
    """
    if data is None:
        found = photographs()
        return sorted(found)[:most], found.__getitem__
    folder = readable(data, split(list_images(data), share=VALIDATION_SHARE)[1][:most])
    numbers = {folder.name(number): number for number in range(len(folder))}
    return sorted(numbers), lambda name: folder.read(numbers[name])


def pick_by_folder(names: Iterable[str], most: int) -> dict[str, list[str]]:
    """Choose pictures of each folder, evenly along the list -> folder, "" for none -> names.

    Args:
        names: relative paths with "/".
        most: of each folder.

    Example:
        >>> pick_by_folder(["a/1", "a/2", "a/3", "b/1"], 2)
        {'a': ['a/1', 'a/3'], 'b': ['b/1']}
    """
    folders: dict[str, list[str]] = {}
    for name in names:
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    return {
        folder: [listed[k] for k in np.unique(np.linspace(0, len(listed) - 1, most).round().astype(int))]
        for folder, listed in folders.items()
    }


def write_phantoms(folder: Path, *, count: int, rows: int, cols: int) -> None:
    """Paint panels into a folder, as PNG; those that are there already stay.

    Raises:
        UnwritableFile: no space, no permission.
    """
    folder.mkdir(exist_ok=True)
    for seed in range(count):
        target = folder / f"phantom-{seed}.png"
        if not target.exists():
            files.write(_phantom(seed, rows=rows, cols=cols), target)


def write_examined(folder: Path, *, count: int, rows: int, cols: int) -> None:
    """Paint panels and examine them, as OME-Zarr of five modalities; those that are there already stay.

    Raises:
        UnwritableFile: no space, no permission.
    """
    folder.mkdir(exist_ok=True)
    for seed in range(count):
        target = folder / f"phantom-{seed}.ome.zarr"
        if not target.exists():
            files.write_stack(multimodal(rows, cols, seed=seed).stack, target)


def rng_of(seed: int, *names: str) -> Generator:
    """Return random numbers that depend on a seed and on names alone.

    So a picture keeps its crop and its lacunae whatever other pictures come or go.

    Example:
        >>> rng_of(0, "a.png", "cracks").integers(100) == rng_of(0, "a.png", "cracks").integers(100)
        np.True_
    """
    digest = hashlib.sha256("\n".join(names).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8])])


def square(image: Levels, side: int, rng: Generator) -> Levels:
    """Cut a square out of a picture, anywhere; of a smaller picture all that there is."""
    rows, cols = (min(side, length) for length in image.shape[:2])
    top = int(rng.integers(image.shape[0] - rows + 1))
    left = int(rng.integers(image.shape[1] - cols + 1))
    return np.ascontiguousarray(image[Region(top, left, top + rows, left + cols).slices])


def _phantom(seed: int, *, rows: int, cols: int) -> Levels:
    painted = panel(rows, cols, seed=seed, cracks=0, losses=0).painted
    levels: Levels = painted.colour()
    return levels
