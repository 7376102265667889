"""Outputs are written beside their place and renamed into it: whole or not at all."""

from __future__ import annotations

import os
import secrets
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


def require_place(target: Path) -> None:
    """Make sure that a file could be written there, before long work starts.

    Raises:
        UnwritableFile: no such folder, a folder stands there, or no permission.
    """
    folder = target.parent
    if target.is_dir():
        raise UnwritableFile(f"{target} is a folder; name a file in it")
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


def _create(target: Path) -> Path:
    file = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.part")
    # Not tempfile: its files can be read by their owner only, and would stay so after the renaming.
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return file


def _to_disk(file: Path) -> None:
    """Force the content to the disk: a full disk must be noticed before the renaming."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
