"""The plan of all files that a verb will write, checked against its inputs before the first pixel.

Nothing that is read is ever written over, no two outputs share a place, and what is there already stays
unless the user says otherwise.
"""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from tratteggio.errors import BadUsage, UnsafeOutput, UnwritableFile
from tratteggio.files.beside import refuse_overwrite, require_creatable
from tratteggio.files.kinds import find_by_suffix, stack_format
from tratteggio.files.parts import name_limit, part_of
from tratteggio.names import followed
from tratteggio.roles import StackWriter

PATH_BYTES = 4096
MOST_NAMED = 3


def require_outputs(
    outputs: Sequence[str | os.PathLike[str]],
    *,
    inputs: Iterable[str | os.PathLike[str]] = (),
    overwrite: bool = False,
    replaces: str | None = None,
) -> None:
    """Make sure, before long work starts, that all outputs can be written and harm nothing.

    Args:
        outputs: every file that will be written; a stack may be a folder.
        inputs: every file and stack that is read. A scan in a stack counts with its stack.
        overwrite: existing outputs may be replaced; inputs never.
        replaces: the file by which an older folder is known that an output may replace; None: by the suffix.

    Raises:
        UnsafeOutput: an output is an input, or lies in one, or two outputs are one file, or an output is
            there already.
        UnwritableFile: no such folder, no permission, something else stands there.
        BadUsage: a name is too long for the file system.
    """
    planned, read = [Path(path) for path in outputs], [Path(path) for path in inputs]
    for path in planned:
        require_name(path)
        kind = find_by_suffix(path, StackWriter)
        require_creatable(path, replaces=replaces or (kind.FACTS.folder if kind else None))
    for path in planned:
        for precious in read:
            _refuse_harm(precious, path)
    _require_apart(planned)
    if not overwrite:
        refuse_existing(planned)


def require_name(path: Path) -> None:
    """Make sure that the file system takes a name.

    Raises:
        BadUsage: it is too long.
    """
    limit, size = name_limit(path.parent), len(os.fsencode(path.name))
    if size > limit:
        raise BadUsage(
            f"the name {path.name} has {size} bytes, but this disk allows {limit}; "
            f"use an output name that is {size - limit} bytes shorter"
        )
    if len(os.fsencode(path)) >= PATH_BYTES:
        raise BadUsage(f"the path {path} has {PATH_BYTES} bytes or more; use a shorter path")


def refuse_existing(planned: Sequence[Path]) -> None:
    """Refuse outputs that are there already.

    Raises:
        UnsafeOutput: one is; the message names the first few.
    """
    there = [str(path) for path in planned if os.path.lexists(path)]
    if there:
        more = f" and {len(there) - MOST_NAMED} more" if len(there) > MOST_NAMED else ""
        exist = "exists" if len(there) == 1 else "exist"
        raise UnsafeOutput(
            f"{', '.join(there[:MOST_NAMED])}{more} already {exist}; add `overwrite=True` to "
            "replace, or name another output"
        )


def _refuse_harm(precious: Path, output: Path) -> None:
    """Refuse an output that is an input, lies in a stack that is read, or is a folder that holds an input."""
    stack = precious.parent if precious.parent.is_file() or stack_format(precious.parent) else None
    for one in filter(None, (precious, stack)):
        refuse_overwrite(one, output)
        place, target = followed(one), followed(output)
        if place in target.parents and stack_format(one):
            raise UnsafeOutput(f"{output} is inside the input {one}; name an output in another folder")
        if output.is_dir() and target in place.parents:
            raise UnsafeOutput(f"{output} contains the input {one}; name another output")


def _require_apart(planned: Sequence[Path]) -> None:
    """Refuse two outputs of one place, also where the file system takes two names for one."""
    by_name: dict[tuple[Path, str], list[Path]] = {}
    for path in planned:
        folded = unicodedata.normalize("NFC", path.name).casefold()
        by_name.setdefault((followed(path.parent), folded), []).append(path)
    for (folder, _), alike in by_name.items():
        for one, other in pairwise(alike):
            if one.name == other.name or _one_place(folder, one.name, other.name):
                raise UnsafeOutput(
                    f"the outputs {one} and {other} would be the same file; rename an input, or use two "
                    "output folders"
                )


def _one_place(folder: Path, one: str, other: str) -> bool:
    """Ask the file system whether two names that differ in case or in normalisation are one file."""
    trial = part_of(folder / "names")
    try:
        trial.mkdir()
        (trial / one).touch()
        return os.path.lexists(trial / other)
    except OSError as error:
        raise UnwritableFile(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            shutil.rmtree(trial)
