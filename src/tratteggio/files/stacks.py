"""Stacks on disk: OME-Zarr and OME-TIFF in and out, and folders with a `painting.toml` in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tratteggio.errors import BadUsage
from tratteggio.files.addresses import Remote
from tratteggio.files.beside import Before, beside, folder_beside, refuse_overwrite
from tratteggio.files.kinds import by_suffix, find_by_suffix, formats, recognize, stack_format, usable
from tratteggio.files.provenance import history_json
from tratteggio.files.reading import find_place, open_remote, open_scan, open_stack, stack_at
from tratteggio.files.untrusted import untrusted
from tratteggio.painting import Stack
from tratteggio.roles import StackReader, StackWriter

WHAT = "the suffix of a stack"


def read_stack(path: str | os.PathLike[str]) -> Stack:
    """Open a stack lazily: OME-Zarr 0.5, our OME-TIFF, a folder with a `painting.toml`, or one file alone.

    Args:
        path: a folder like `panel.ome.zarr`, or what `read` takes.

    Raises:
        BadUsage: a folder of another kind, or a `painting.toml` that cannot be followed.
        GridMismatch: the scans are not on one grid; `tratteggio register` brings them onto one.
        UnreadableFile: missing or damaged.
        UnsupportedFile: sound, but of a kind that we do not read (Zarr format 2, other axes, ...).
    """
    place = find_place(path)
    if isinstance(place, Remote):
        return Stack((open_remote(place),))
    path = place
    if (stack := stack_at(path)) is not None or (stack := open_stack(path, named=False)) is not None:
        return stack
    if path.is_dir():
        folders = [one.FACTS for one in formats(StackReader).values() if one.FACTS.folder]
        stacks = " or ".join(facts.title for facts in folders if facts.names_scans)
        files = " or ".join(str(facts.folder) for facts in folders if not facts.names_scans)
        raise BadUsage(
            f"{path} is a folder, but not an {stacks}, and it has no {files} that says what each file shows; "
            "write one, or name a file in the folder"
        )
    return Stack((open_scan(path),))


def write_stack(
    stack: Stack,
    path: str | os.PathLike[str],
    *,
    history: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
    before: Before | None = None,
) -> None:
    """Write a stack of any size as OME-Zarr or OME-TIFF; each scan is read once, from top to bottom.

    Depth, profile, scale, title and where each scan is seen are kept, and `read_stack` gives them back.

    Args:
        stack: what to write; nothing in it is changed.
        path: .ome.zarr (a folder) .ome.tif .ome.tiff
        history: how the stack came to be; what JSON can hold.
        progress: called with (pixels read, pixels in all), scans counted one by one.
        before: as for `beside`.

    Raises:
        BadUsage: an unknown suffix, a modality or channels that the format cannot hold.
        UnsafeOutput: the output is a source of the stack.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
    """
    path = Path(path)
    one = by_suffix(path, StackWriter, what=WHAT)
    for scan in stack.scans:
        for precious in (scan.name, Path(scan.name).parent):  # the file itself, or a scan in one
            refuse_overwrite(precious, path)
    one.require_stack(stack, path)
    plain = json.loads(history_json(history)) if history else None
    with _beside(path, one.FACTS.folder, before) as temporary, usable(one):
        one.write_stack(stack, temporary, history=plain, progress=progress)


@contextmanager
def _beside(path: Path, folder: str | None, before: Before | None) -> Iterator[Path]:
    """Give a temporary file or folder that gets its name when it is complete."""
    if folder is not None:
        with folder_beside(path, replaces=folder, before=before) as temporary:
            yield temporary
        return
    with beside([path], before=before) as [temporary]:
        yield temporary


def history_of(path: Path) -> dict[str, Any] | None:
    """Return how a stack on disk came to be, or None if it does not say."""
    one = stack_format(path)
    if one is None:
        return None
    with untrusted(path, what="stack: its history cannot be read"):
        return one.read_history(path)


def is_stack(path: Path) -> bool:
    """True if a folder is one painting: an OME-Zarr, or scans with a `painting.toml`."""
    return path.is_dir() and bool(recognize(path, StackReader))


def has_stack_suffix(path: Path) -> bool:
    """True if a suffix is that of a format which holds a stack."""
    return find_by_suffix(path, StackWriter) is not None


def require_stack_suffix(path: Path) -> None:
    """Make sure that a suffix is that of a format which holds a stack.

    Raises:
        BadUsage: another suffix.
    """
    by_suffix(path, StackWriter, what=WHAT)
