"""The folder of a run: one process writes it, nothing in it leads elsewhere, and it can be begun anew."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from tratteggio.errors import UnsafeOutput, UnwritableFile
from tratteggio.files.locks import take
from tratteggio.files.parts import PART, sweep_folder

LOCK = "lock"
FOLDERS = ("state", "samples", "tensorboard")
OURS = re.compile(
    r"state|samples|tensorboard|lock|recipe\.json|journal\.jsonl|weights\.safetensors"
    r"|diverged-step-\d+-process-\d+\.npz|\..*\.part",
    re.DOTALL,
)

UNBEGUN = re.compile(r"state|lock|\..*\.part", re.DOTALL)


@contextmanager
def held(run: Path) -> Iterator[None]:
    """Hold the folder of a run while a process works on it, and remove what a killed one left unfinished.

    Args:
        run: the folder; it must exist.

    Raises:
        UnsafeOutput: another process holds it, or something in it is a link.
        UnwritableFile: no permission, no space.
    """
    _refuse_links(run)
    try:
        hold = take(run / LOCK, of=run)
    except OSError as error:
        raise UnwritableFile(f"{run} cannot be written: {error.strerror or error}") from error
    try:
        for folder in (run, *(run / name for name in FOLDERS)):
            sweep_folder(folder)
        yield
    finally:
        (run / LOCK).unlink(missing_ok=True)
        hold.release()


def is_begun(run: Path) -> bool:
    """Say whether a folder holds anything that a new run would be in the way of.

    A run that was killed before its first state stood has left nothing to go on from, and nothing to lose.
    """
    if not run.exists():
        return False
    rest = [entry for entry in run.iterdir() if not UNBEGUN.fullmatch(entry.name)]
    return bool(rest) or any(PART.fullmatch(entry.name) is None for entry in (run / "state").glob("*"))


def clear(run: Path, *, manifest: Collection[str] = ()) -> None:
    """Remove an older run, so that another can begin in its place; nothing else is ever removed.

    Args:
        run: the folder.
        manifest: names of further files that runs of this kind keep.

    Raises:
        UnsafeOutput: the folder holds something that no run leaves, or another process is at work in it.
        UnwritableFile: no permission.
    """
    if not is_begun(run):
        return
    foreign = sorted(
        entry.name for entry in run.iterdir() if not (OURS.fullmatch(entry.name) or entry.name in manifest)
    )
    if foreign or not (run / "state").is_dir():
        why = f"contains {foreign[0]}, which is not part of a run" if foreign else "contains no run"
        raise UnsafeOutput(f"{run} {why}, so it is not overwritten; name a new folder")
    with held(run):
        try:
            for entry in run.iterdir():
                if entry.name == LOCK:
                    continue
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        except OSError as error:
            raise UnwritableFile(f"{run} cannot be cleared: {error.strerror or error}") from error


def _refuse_links(run: Path) -> None:
    for entry in (*run.iterdir(), *(entry for name in FOLDERS for entry in (run / name).glob("*"))):
        if entry.is_symlink():
            raise UnsafeOutput(f"{entry} is a link, and a run does not write through links; remove it")
