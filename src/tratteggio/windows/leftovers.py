"""What interrupted and killed runs have left in a folder, and whether anybody is still at work on it."""

from __future__ import annotations

from pathlib import Path

from tratteggio.errors import UnsafeOutput
from tratteggio.files.locks import holder, in_use
from tratteggio.files.parts import parts_in
from tratteggio.windows.ledger import LOCK, require_ledger


def leftovers(folder: Path) -> dict[str, str]:
    """List unfinished files and jobs in a folder, each with what is to be done about it.

    Args:
        folder: looked into itself, and into the jobs that lie in it; not into other folders.

    Returns:
        path -> what is known of it.
    """
    jobs = [path for path in sorted(folder.glob("*.job")) if _is_ledger(path)]
    found = {str(job): _job(job) for job in jobs}
    runs = [path for path in (folder, folder / "state", folder / "samples") if path.is_dir()]
    for place in (*runs, *jobs):
        found |= {str(part): _part(part) for part in parts_in(place)}
    return found


def _is_ledger(path: Path) -> bool:
    try:
        require_ledger(path)
    except UnsafeOutput:
        return False
    return True


def _job(job: Path) -> str:
    if in_use(job / LOCK):
        return f"a running job of {holder(job / LOCK)}"
    return (
        "a stopped job; run the same command with `resume=True` to continue, or `overwrite=True` to start "
        "again"
    )


def _part(part: Path) -> str:
    if in_use(part):
        return "is being written"
    return "left by a run that was killed; the next run of the same output removes it"
