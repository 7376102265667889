"""Which pictures to learn from, by name: those of a folder, those of a list, those not set aside."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from tratteggio.errors import BadUsage, UnreadableFile
from tratteggio.files.kinds import image_suffixes
from tratteggio.files.source import require_seekable


def list_images(folder: str | Path) -> list[str]:
    """List the pictures in a folder and below by their suffix: relative paths with "/", sorted.

    Raises:
        UnreadableFile: no such folder.
        BadUsage: it is a file, or there is no picture in it.
    """
    root, suffixes = Path(folder), sorted(image_suffixes())
    if not root.exists():
        raise UnreadableFile(f"{folder}: no such folder; check the path")
    if not root.is_dir():
        raise BadUsage(f"{folder} is a file; name a folder of images ({', '.join(suffixes)})")
    found = sorted(
        f.relative_to(root).as_posix()
        for f in root.rglob("*")
        if f.suffix.lower() in suffixes and f.is_file()
    )
    if not found:
        raise BadUsage(f"{folder} holds no images ({', '.join(suffixes)})")
    return found


def read_image_list(file: str | Path) -> list[str]:
    """Read names from a text file, one per line; blank lines and those that begin with "#" do not count.

    Raises:
        UnreadableFile: missing, or not text.
    """
    try:
        require_seekable(Path(file))
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{file} must be a text file with one name per line: {error}") from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def split(names: Iterable[str], *, share: float = 0.1) -> tuple[list[str], list[str]]:
    """Set whole pictures aside for measuring, by their names alone -> (to learn from, set aside).

    A picture set aside stays so when others come or go, except that one at least is on each side.

    Args:
        names: two or more.
        share: about how many to set aside, 0 .. 1.

    Raises:
        BadUsage: fewer than two names.

    Example:
        >>> split(["a.png", "b.png", "c.png"], share=0.3)
        (['a.png', 'b.png'], ['c.png'])
    """
    ranked = sorted((_rank(name), name) for name in set(names))
    if len(ranked) < 2:
        raise BadUsage(
            f"at least two pictures are needed to set one aside, got {len(ranked)}; add some or set none"
        )
    count = sum(rank < share for rank, _ in ranked)
    aside = {name for _, name in ranked[: min(max(count, 1), len(ranked) - 1)]}
    learnt = {name for _, name in ranked} - aside
    return sorted(learnt), sorted(aside)


def attributes_of(name: str, attributes: Sequence[str]) -> NDArray[np.float32]:
    """Return which attributes a picture has, by its name alone: those that a folder above it is called after.

    Args:
        name: path of the picture, relative to the folder of all.
        attributes: (A,) names.

    Returns:
        (A,), 1 for those it has, 0 for the others.

    Example:
        >>> attributes_of("saint/gold/3.png", ["gold", "landscape", "saint"]).tolist()
        [1.0, 0.0, 1.0]
    """
    folders = PurePosixPath(name).parts[:-1]
    return np.array([attribute in folders for attribute in attributes], np.float32)


def _rank(name: str) -> float:
    """Return a number in [0, 1) that depends on a name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:7]) / 2**56
