"""Outputs are written beside their place and renamed into it: whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tratteggio.errors import UnsafeOutput, UnwritableFile
from tratteggio.files.parts import Part, part_of, sweep
from tratteggio.names import followed

Before = Callable[[Sequence[Path]], None]


def refuse_overwrite(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Make sure that writing `target` cannot touch `source`: not the same path, link or hard link.

    Raises:
        UnsafeOutput: it would.
    """
    source, target = Path(source), Path(target)
    same = followed(source) == followed(target)
    if same or (source.exists() and target.exists() and source.samefile(target)):
        raise UnsafeOutput(
            f"{target} is the source {source}, which is never overwritten; name another output"
        )


def require_creatable(target: Path, *, replaces: str | None = None) -> None:
    """Make sure that a file, or a folder, could be written there, before long work starts.

    Args:
        target: where the output shall be.
        replaces: for an output that is a folder: the file by which an older one of its kind is known.

    Raises:
        UnwritableFile: no such folder, no permission, or something else stands there.
    """
    folder = target.parent
    if replaces is None and target.is_dir():
        raise UnwritableFile(f"{target} is a folder; name a file in it")
    if replaces is not None and target.exists() and not (target / replaces).is_file():
        raise UnwritableFile(f"{target} already exists and contains no {replaces}; name another output")
    if not folder.is_dir():
        raise UnwritableFile(f"{target} cannot be written: there is no folder {folder}; create it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnwritableFile(f"{target} cannot be written: no permission to write into {folder}")


@contextmanager
def beside(targets: Sequence[Path], *, before: Before | None = None) -> Iterator[list[Path]]:
    """Give an empty temporary file beside each target; rename all when the block ends well, remove all else.

    What a killed run left of these targets is removed first.

    Args:
        targets: where the outputs shall be; parts of one result, which appear together.
        before: called with the finished files just before they get their names; what it raises stops that.

    Yields:
        the files to write, in the order of the targets.

    Raises:
        UnwritableFile: no such folder, no permission, no space; what there was before is untouched.
    """
    for target in targets:
        require_creatable(target)
    sweep(targets)
    parts: list[Part] = []
    try:
        for target in targets:
            parts.append(Part(target))  # noqa: PERF401 what was made must be known if the next one fails
        yield [part.path for part in parts]
        for part in parts:
            _to_disk(part.path)
        if before:
            before([part.path for part in parts])
        for part in parts:
            part.place()
    except OSError as error:
        raise UnwritableFile(
            f"{targets[0]} could not be written: {error.strerror or error}; nothing was changed"
        ) from error
    finally:
        for part in parts:
            part.drop()


@contextmanager
def folder_beside(target: Path, *, replaces: str, before: Before | None = None) -> Iterator[Path]:
    """Give an empty temporary folder beside a target; rename it when the block ends well, remove it else.

    Args:
        target: where the folder shall be. An older one gives way to it, in the last moment.
        replaces: the file by which an older one of its kind is known; nothing else is ever replaced.
        before: as for `beside`.

    Raises:
        UnwritableFile: no such folder, no permission, no space; what there was before is untouched.
    """
    require_creatable(target, replaces=replaces)
    part: Part | None = None
    try:
        part = Part(target, folder=True)
        yield part.path
        for file in part.path.rglob("*"):
            if file.is_file():
                _to_disk(file)
        if before:
            before([part.path])
        _exchange(part, target)
        # Last: what a kill left may be the older folder, on its way out.
        sweep([target])
    except OSError as error:
        raise UnwritableFile(
            f"{target} could not be written: {error.strerror or error}; nothing was changed"
        ) from error
    finally:
        if part is not None:
            part.drop()


def _exchange(part: Part, target: Path) -> None:
    """Put a finished folder in the place of an older one, which comes back if that fails."""
    older = part_of(target)
    if target.exists():
        target.replace(older)
    try:
        part.place()
    except BaseException:
        if older.exists():
            older.replace(target)
        raise
    shutil.rmtree(older, ignore_errors=True)


def _to_disk(file: Path) -> None:
    """Force the content to the disk: a full disk must be noticed before the renaming."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
