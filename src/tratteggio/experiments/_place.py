"""The folder of an experiment: whose it is, and what is finished in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from tratteggio.errors import UnsafeOutput, UnwritableFile
from tratteggio.files.beside import beside
from tratteggio.files.documents import json_lines, read_json

JOB = "job.json"


def take_place(out: Path, job: Mapping[str, Any]) -> None:
    """Make a folder the place of one experiment, or find it to be so already.

    Args:
        out: new, empty, or the folder of this very job.
        job: what makes two runs the same: experiment, scale, seed, data.

    Raises:
        UnsafeOutput: the folder holds something else, or another job; the message says what differs.
        UnwritableFile: it cannot be made.
        UnreadableFile: what says which job it is of is damaged.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        taken = any(out.iterdir())
    except OSError as error:
        raise UnwritableFile(
            f"{out} cannot be the folder of an experiment: {error.strerror or error}"
        ) from error
    file = out / JOB
    if not taken:
        with beside([file]) as (temporary,):
            temporary.write_text(json.dumps(job, indent=1) + "\n", "utf-8")
        return
    if not file.exists():
        raise UnsafeOutput(f"{out} is not empty and not the folder of an experiment; name another")
    there = read_json(file, what="job of an experiment", remedy="name another folder")
    differing = [key for key in sorted({*there, *job}) if there.get(key) != job.get(key)]
    if differing:
        told = "; ".join(f"{key:.80} {there.get(key)!s:.80}, not {job.get(key)}" for key in differing[:5])
        raise UnsafeOutput(f"{out} was begun with other choices ({told}); name another folder")


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
            with self.file.open("a", encoding="utf-8") as stream:
                stream.write(line)
        except OSError as error:
            raise UnwritableFile(f"{self.file} could not be written: {error.strerror or error}") from error
        self._found[key] = dict(value)


def _line(key: str, value: Mapping[str, Any]) -> str:
    return json.dumps({"key": key, "value": value}) + "\n"
