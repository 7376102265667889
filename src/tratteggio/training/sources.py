"""Where patches come from: folders of pictures, arrays, stacks, phantoms. Pictures by number, at 8 bits.

Nets see 256 levels whatever the depth of the files: decoded pictures are kept, and uint8 is small.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tratteggio import files
from tratteggio.errors import BadUsage, UnreadableFile, UnsupportedFile
from tratteggio.files.icc import to_8bit
from tratteggio.painting import Scan, Stack
from tratteggio.painting.pixels import LUMA
from tratteggio.phantom import multimodal, panel
from tratteggio.seeds import require_seed
from tratteggio.training.image_lists import list_images

log = logging.getLogger("tratteggio")

Levels = NDArray[np.uint8]

MOST_UNREADABLE = 0.05  # share of the pictures that may be skipped


class Source(Protocol):
    """Pictures by number. Can be pickled, so that other processes read the same ones."""

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of pictures that were left out because they cannot be opened."""

    def __len__(self) -> int:
        """Return how many pictures there are."""

    def name(self, number: int) -> str:
        """Return the name of a picture, for messages."""

    def grid(self, number: int) -> tuple[int, int]:
        """Return (rows, cols) of a picture without decoding it."""

    def read(self, number: int) -> Levels:
        """Decode a picture: (H, W, C) uint8, C the same for all.

        Raises:
            UnreadableFile: it cannot be decoded.
        """


class Folder:
    """The pictures of a folder and of the folders in it: JPEG, PNG, TIFF.

    Args:
        folder: where they lie.
        channels: 3 (grey becomes RGB) or 1 (RGB becomes luma, 0.299 R + 0.587 G + 0.114 B).
        names: which of them, as paths relative to the folder; None takes all.

    Raises:
        BadUsage: no such folder, no picture in it, or a name that is not there.
        UnreadableFile: more than 5 % of the pictures cannot be opened.
    """

    def __init__(self, folder: str | Path, *, channels: int = 3, names: Iterable[str] | None = None) -> None:
        if channels not in (1, 3):
            raise BadUsage(f"a folder of pictures is read with 1 channel or 3, got {channels}")
        self.folder, self.channels = Path(folder), channels
        found = list_images(folder)
        wanted = found if names is None else sorted(set(names))
        missing = sorted(set(wanted) - set(found))
        if missing or not wanted:
            what = f"{_some(missing)} is not" if missing else "none is named"
            raise BadUsage(f"the images to use must be among the {len(found)} in {folder}, but {what}")
        opened: dict[str, tuple[int, int]] = {}
        failed = []
        for name in wanted:
            try:
                opened[name] = files.read(self.folder / name).grid
            except UnreadableFile as error:
                failed.append(name)
                log.warning("%s; the picture is left out", error)
        self.unreadable = tuple(failed)
        require_few(self.unreadable, total=len(wanted))
        self.names, self._grids = tuple(opened), tuple(opened.values())

    def __len__(self) -> int:
        return len(self.names)

    def name(self, number: int) -> str:
        """Return the path of a picture, relative to the folder."""
        return self.names[number]

    def grid(self, number: int) -> tuple[int, int]:
        """Return (rows, cols) as the file says."""
        return self._grids[number]

    def read(self, number: int) -> Levels:
        """Decode a picture: (H, W, channels)."""
        return _with_channels(
            _levels(files.read(self.folder / self.names[number])), self.channels, self.names[number]
        )


@dataclass(frozen=True)
class Chosen:
    """Some of the pictures of a source.

    Attributes:
        source: of all.
        numbers: which of its pictures, in which order.
        left_out: names of pictures that were left out beside those that `source` tells of.
    """

    source: Source
    numbers: tuple[int, ...]
    left_out: tuple[str, ...] = ()

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of pictures that were left out."""
        return (*self.source.unreadable, *self.left_out)

    def __len__(self) -> int:
        return len(self.numbers)

    def name(self, number: int) -> str:
        """Return the name of a picture."""
        return self.source.name(self.numbers[number])

    def grid(self, number: int) -> tuple[int, int]:
        """Return (rows, cols)."""
        return self.source.grid(self.numbers[number])

    def read(self, number: int) -> Levels:
        """Decode a picture."""
        return self.source.read(self.numbers[number])


@dataclass(frozen=True)
class _Resized(ABC):
    """The pictures of a source at another size."""

    source: Source

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of pictures that were left out."""
        return self.source.unreadable

    def __len__(self) -> int:
        return len(self.source)

    def name(self, number: int) -> str:
        """Return the name of a picture."""
        return self.source.name(number)

    @abstractmethod
    def grid(self, number: int) -> tuple[int, int]:
        """Return (rows, cols) of a picture as it is read."""

    def read(self, number: int) -> Levels:
        """Decode a picture and bring it to its grid, by Lanczos' window."""
        return _resize(self.source.read(number), self.grid(number))


@dataclass(frozen=True)
class Whole(_Resized):
    """The pictures of a source, each brought to a square whole, whatever its shape.

    Attributes:
        source: of pictures.
        side: of the square, in pixels.
    """

    side: int

    def grid(self, number: int) -> tuple[int, int]:  # noqa: ARG002 # the same for all
        """Return (side, side)."""
        return self.side, self.side


@dataclass(frozen=True)
class Halved(_Resized):
    """The pictures of a source at half their size.

    Attributes:
        source: of pictures, each of 2 x 2 pixels at least.
    """

    def grid(self, number: int) -> tuple[int, int]:
        """Return (rows, cols), rounded down."""
        rows, cols = self.source.grid(number)
        return rows // 2, cols // 2


@dataclass(frozen=True)
class Reduced(_Resized):
    """The pictures of a source, brought to a longer side; smaller ones stay as they are.

    Attributes:
        source: of pictures.
        longest: the longer side, in pixels.
    """

    longest: int

    def grid(self, number: int) -> tuple[int, int]:
        """Return (rows, cols), reduced."""
        rows, cols = self.source.grid(number)
        share = min(1.0, self.longest / max(rows, cols))
        return max(1, round(rows * share)), max(1, round(cols * share))


@dataclass(frozen=True)
class Joined:
    """The pictures of several sources, one after the other.

    Attributes:
        sources: one at least.
    """

    sources: tuple[Source, ...]

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Names of pictures that were left out, each once."""
        return tuple(dict.fromkeys(name for source in self.sources for name in source.unreadable))

    def __len__(self) -> int:
        return sum(map(len, self.sources))

    def name(self, number: int) -> str:
        """Return the name of a picture."""
        source, here = self._at(number)
        return source.name(here)

    def grid(self, number: int) -> tuple[int, int]:
        """Return (rows, cols)."""
        source, here = self._at(number)
        return source.grid(here)

    def read(self, number: int) -> Levels:
        """Decode a picture."""
        source, here = self._at(number)
        return source.read(here)

    def _at(self, number: int) -> tuple[Source, int]:
        for source in self.sources:
            if number < len(source):
                return source, number
            number -= len(source)
        raise IndexError(f"there are {len(self)} pictures")


class Arrays:
    """Pictures in memory.

    Args:
        arrays: each (H, W) or (H, W, C) uint8, C the same for all.

    Raises:
        BadUsage: no array, or one of another kind.
    """

    unreadable: tuple[str, ...] = ()

    def __init__(self, arrays: Sequence[Levels]) -> None:
        self.arrays = [array[..., None] if array.ndim == 2 else array for array in arrays]
        kinds = {(str(array.dtype), array.ndim, *array.shape[2:]) for array in self.arrays}
        if len(kinds) != 1 or next(iter(kinds))[:2] != ("uint8", 3):
            shapes = ", ".join(sorted({f"{array.dtype} {array.shape}" for array in arrays})) or "none"
            raise BadUsage(f"pictures in memory are uint8 (H, W) or (H, W, C) of one C, got {shapes}")

    def __len__(self) -> int:
        return len(self.arrays)

    def name(self, number: int) -> str:
        """Return "array 0" and so on."""
        return f"array {number}"

    def grid(self, number: int) -> tuple[int, int]:
        """Return (rows, cols)."""
        return self.arrays[number].shape[0], self.arrays[number].shape[1]

    def read(self, number: int) -> Levels:
        """Return a picture."""
        return self.arrays[number]


class Stacks:
    """Stacks of registered scans, the channels of all scans side by side in the order of the stack.

    Args:
        stacks: all of the same modalities.

    Raises:
        BadUsage: no stack, or modalities that differ.
    """

    unreadable: tuple[str, ...] = ()

    def __init__(self, stacks: Sequence[Stack]) -> None:
        kinds = {tuple((scan.modality, scan.channels) for scan in stack.scans) for stack in stacks}
        if len(kinds) != 1:
            raise BadUsage(f"stacks to learn from share their modalities and channels, got {sorted(kinds)}")
        self.stacks = tuple(stacks)

    def __len__(self) -> int:
        return len(self.stacks)

    def name(self, number: int) -> str:
        """Return the name of the primary scan."""
        return self.stacks[number].primary.name

    def grid(self, number: int) -> tuple[int, int]:
        """Return (rows, cols)."""
        return self.stacks[number].grid

    def read(self, number: int) -> Levels:
        """Decode a stack: (H, W, channels of all scans)."""
        return np.concatenate([_levels(scan) for scan in self.stacks[number].scans], axis=-1)


@dataclass(frozen=True)
class Phantoms:
    """Painted panels, one for each seed: saints without damage, or damaged panels of all motifs, examined.

    Attributes:
        count: how many.
        rows, cols: size of each in pixels.
        first_seed: seed of panel 0; the others follow.
        um_per_px: micrometres per pixel.
        examined: whether to give all scans of `phantom.multimodal`, side by side in the order of its stack
            (11 channels: rgb_before, rgb_during, irr, xray, uvf), instead of RGB.
    """

    count: int
    rows: int = 512
    cols: int = 384
    first_seed: int = 0
    um_per_px: float = 100.0
    examined: bool = False
    unreadable: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.count < 1:
            raise BadUsage(f"count of phantoms must be at least 1, got {self.count}")
        require_seed(self.first_seed)

    def __len__(self) -> int:
        return self.count

    def name(self, number: int) -> str:
        """Return "phantom 0" and so on, by seed."""
        return f"phantom {self.first_seed + number}"

    def grid(self, number: int) -> tuple[int, int]:  # noqa: ARG002 # all are of one size
        """Return (rows, cols)."""
        return self.rows, self.cols

    def read(self, number: int) -> Levels:
        """Paint a panel: (rows, cols, 3), or (rows, cols, 11) if examined."""
        seed = self.first_seed + number
        if self.examined:
            return Stacks([multimodal(self.rows, self.cols, seed=seed, um_per_px=self.um_per_px).stack]).read(
                0
            )
        return _levels(
            panel(self.rows, self.cols, seed=seed, um_per_px=self.um_per_px, cracks=0, losses=0).painted
        )


def require_few(unreadable: Sequence[str], *, total: int) -> None:
    """Make sure that at most 5 % of the pictures cannot be read.

    Raises:
        UnreadableFile: there are more; the message names some.
    """
    if len(unreadable) > MOST_UNREADABLE * total:
        raise UnreadableFile(
            f"{len(unreadable)} of {total} images cannot be read, more than 5 %: {_some(unreadable)}; "
            "replace or remove them"
        )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _resize(levels: Levels, grid: tuple[int, int]) -> Levels:
    """Bring a picture to (rows, cols)."""
    planes = [Image.fromarray(plane) for plane in np.moveaxis(levels, 2, 0)]
    return np.stack(
        [np.asarray(plane.resize(grid[::-1], Image.Resampling.LANCZOS)) for plane in planes], axis=2
    )


def _levels(scan: Scan) -> Levels:
    """Return the colour of a scan at 8 bits, rounded: (H, W, channels)."""
    colour = scan.colour()
    rounded: Levels
    if scan.metadata.white is not None:
        return to_8bit(colour, scan.white)
    if scan.dtype == np.uint8:
        return colour
    if scan.dtype == np.uint16:
        rounded = ((colour.astype(np.uint32) + 128) // 257).astype(np.uint8)
        return rounded
    if not (colour.min() >= 0 and colour.max() <= 1):  # so written that NaN fails too
        raise UnsupportedFile(
            f"{scan.name}: pictures of {scan.dtype} hold 0 .. 1, got {colour.min()} .. {colour.max()}"
        )
    rounded = np.rint(colour * 255).astype(np.uint8)
    return rounded


def _with_channels(levels: Levels, channels: int, name: str) -> Levels:
    """Turn grey into RGB or the other way round."""
    have = levels.shape[2]
    if have == channels:
        return levels
    if have == 1:
        return np.repeat(levels, channels, axis=2)
    if (have, channels) == (3, 1):
        luma = levels @ np.array(LUMA, np.float32)
        grey: Levels = np.rint(luma[..., None]).astype(np.uint8)
        return grey
    raise UnsupportedFile(f"{name} has {have} channels where {channels} are to be learnt from")
