"""Outputs are written beside their place and renamed into it: whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tratteggio.errors import UnsafeOutput, UnwritableFile


def refuse_overwrite(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Make sure that writing `target` cannot touch `source`: not the same path, link or hard link.

    Raises:
        UnsafeOutput: it would.
    """
    source, target = Path(source), Path(target)
    same = source.resolve() == target.resolve()
    if same or (source.exists() and target.exists() and source.samefile(target)):
        raise UnsafeOutput(
            f"{target} is the source {source} itself, which is never overwritten; name another output"
        )


def require_place(target: Path, *, replaces: str | None = None) -> None:
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
        raise UnwritableFile(f"{target} is there already and holds no {replaces}; name another output")
    if not folder.is_dir():
        raise UnwritableFile(f"{target} cannot be written: there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnwritableFile(f"{target} cannot be written: no permission to write into {folder}")


@contextmanager
def beside(targets: Sequence[Path]) -> Iterator[list[Path]]:
    """Give an empty temporary file beside each target; rename all when the block ends well, remove all else.

    Args:
        targets: where the outputs shall be; parts of one result, which appear together.

    Yields:
        the files to write, in the order of the targets.

    Raises:
        UnwritableFile: no such folder, no permission, no space; what there was before is untouched.
    """
    for target in targets:
        require_place(target)
    temporary: list[Path] = []
    try:
        for target in targets:
            temporary.append(_create(target))  # noqa: PERF401 what was made must be known if the next one fails
        yield temporary
        for file in temporary:
            _to_disk(file)
        for file, target in zip(temporary, targets, strict=True):
            file.replace(target)
    except OSError as error:
        raise UnwritableFile(
            f"{targets[0]} could not be written: {error.strerror or error}; nothing was changed"
        ) from error
    finally:
        for file in temporary:
            with suppress(OSError):
                file.unlink(missing_ok=True)


@contextmanager
def folder_beside(target: Path, *, replaces: str) -> Iterator[Path]:
    """Give an empty temporary folder beside a target; rename it when the block ends well, remove it else.

    Args:
        target: where the folder shall be. An older one gives way to it, in the last moment.
        replaces: the file by which an older one of its kind is known; nothing else is ever replaced.

    Raises:
        UnwritableFile: no such folder, no permission, no space; what there was before is untouched.
    """
    require_place(target, replaces=replaces)
    folder, older = _sibling(target), _sibling(target)
    try:
        folder.mkdir()
        yield folder
        for file in folder.rglob("*"):
            if file.is_file():
                _to_disk(file)
        if target.exists():
            target.replace(older)
        try:
            folder.replace(target)
        except BaseException:
            if older.exists():
                older.replace(target)
            raise
        shutil.rmtree(older, ignore_errors=True)
    except OSError as error:
        raise UnwritableFile(
            f"{target} could not be written: {error.strerror or error}; nothing was changed"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sibling(target: Path) -> Path:
    return target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.part")


def _create(target: Path) -> Path:
    file = _sibling(target)
    # Not tempfile: its files can be read by their owner only, and would stay so after the renaming.
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return file


def _to_disk(file: Path) -> None:
    """Force the content to the disk: a full disk must be noticed before the renaming."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
