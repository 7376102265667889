"""The folder of an experiment: whose it is, and what is finished in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from tratteggio.errors import UnsafeOutput, UnwritableFile
from tratteggio.files.beside import beside
from tratteggio.files.documents import json_lines, read_json
from tratteggio.files.locks import take
from tratteggio.files.parts import PART, open_to_append, sweep_folder

JOB, LOCK = "job.json", "lock"


@contextmanager
def claim_folder(out: Path, job: Mapping[str, Any], *, overwrite: bool = False) -> Iterator[None]:
    """Make a folder the place of one experiment, or find it to be so already, and hold it in this block.

    Args:
        out: new, empty, or the folder of this very job.
        job: what makes two runs the same: experiment, scale, seed, data.
        overwrite: begin anew; what the folder holds of an experiment, whatever its job, is moved beside it.

    Raises:
        UnsafeOutput: the folder holds something else, or another job; the message says what differs. Or
            another process is at work in it.
        UnwritableFile: it cannot be made.
        UnreadableFile: what says which job it is of is damaged.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        entries = [entry for entry in out.iterdir() if entry.name != LOCK and not PART.fullmatch(entry.name)]
        if any(entry.is_symlink() for entry in out.iterdir()):
            raise UnsafeOutput(f"{out} holds a link, and an experiment never writes through one; remove it")
        if entries and not (out / JOB).is_file():
            raise UnsafeOutput(f"{out} is not empty and not the folder of an experiment; name another")
        hold = take(out / LOCK, of=out)
    except OSError as error:
        raise UnwritableFile(
            f"{out} cannot be the folder of an experiment: {error.strerror or error}"
        ) from error
    try:
        sweep_folder(out)
        if overwrite:
            _move_aside(out)
        _settle(out, job)
        yield
    finally:
        (out / LOCK).unlink(missing_ok=True)
        hold.release()


def _move_aside(out: Path) -> None:
    """Move what an older experiment left beside its folder: hours of work, and who knows what else."""
    older = out.resolve().with_name(f"{out.resolve().name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    entries = [entry for entry in out.iterdir() if entry.name != LOCK]
    try:
        if entries:
            older.mkdir()
        for entry in entries:
            entry.replace(older / entry.name)
    except OSError as error:
        raise UnwritableFile(f"{out} cannot be cleared: {error.strerror or error}") from error


def _settle(out: Path, job: Mapping[str, Any]) -> None:
    """Write down whose the folder is, or find it written."""
    file = out / JOB
    if not file.exists():
        with beside([file]) as (temporary,):
            temporary.write_text(json.dumps(job, indent=1) + "\n", "utf-8")
        return
    there = read_json(file, what="job of an experiment", remedy="name another folder")
    differing = [key for key in sorted({*there, *job}) if there.get(key) != job.get(key)]
    if differing:
        changes = "; ".join(f"{key:.80} {there.get(key)!s:.80}, not {job.get(key)}" for key in differing[:5])
        raise UnsafeOutput(f"{out} was begun with other choices ({changes}); name another folder")


class _Line(Struct):
    """One thing that is finished."""

    key: str
    value: dict[str, Any]


class Ledger:
    """What is finished, as lines of JSON that are added one by one: a kill costs the line in hand.

    Args:
        file: made when the first line is added.

    Raises:
        UnreadableFile: it holds something else.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._found: dict[str, dict[str, Any]] = {}
        if not file.exists():
            return
        for _, line in json_lines(file, _Line, what="ledger of an experiment", remedy=f"remove {file}"):
            self._found[line.key] = line.value
        if not file.read_bytes().endswith(b"\n"):  # what a kill has left of a line
            with beside([file]) as (temporary,):
                temporary.write_text(
                    "".join(_line(key, value) for key, value in self._found.items()), "utf-8"
                )

    def __contains__(self, key: str) -> bool:
        return key in self._found

    def __getitem__(self, key: str) -> dict[str, Any]:
        return self._found[key]

    def __len__(self) -> int:
        return len(self._found)

    def add(self, key: str, value: Mapping[str, Any]) -> None:
        """Note something as finished.

        Raises:
            UnwritableFile: no space, no permission.
        """
        line = _line(key, value)
        try:
            with open_to_append(self.file) as stream:
                stream.write(line.encode())
        except OSError as error:
            raise UnwritableFile(f"{self.file} could not be written: {error.strerror or error}") from error
        self._found[key] = dict(value)


def _line(key: str, value: Mapping[str, Any]) -> str:
    return json.dumps({"key": key, "value": value}) + "\n"
